import { allFactors, type Factor } from "@effect-launchkey/core/Factor"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { fresh, type It } from "./scene.ts"
import { foreignService, nowhere, owners } from "./tenant.ts"

export const circles = [
  { name: "Large Fence", latitude: 45.1250, longitude: 150.51, radius: 15200 },
  { name: "Small Fence", latitude: -50.0111, longitude: -140, radius: 100 }
]

export const territory = { name: "US-NV", country: "US", administrativeArea: "US-NV", postalCode: "89120" }

const fences = [
  ...circles,
  territory,
  { name: "US-CA", country: "US", administrativeArea: "US-CA", postalCode: "90001" }
]

const timeFences: ServicePolicy.LegacyOptions["timeFences"] = [
  {
    name: "Week Days",
    days: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
    start: { hour: 0, minute: 0 },
    end: { hour: 23, minute: 59 },
    timeZone: "America/Los_Angeles"
  },
  {
    name: "Week Ends",
    days: ["Saturday", "Sunday"],
    start: { hour: 0, minute: 0 },
    end: { hour: 23, minute: 59 },
    timeZone: "America/New_York"
  }
]

const geofences = [
  { name: "Location Alpha", latitude: 12.3, longitude: 23.4, radius: 500 },
  { name: "Location Beta", latitude: 32.1, longitude: 43.2, radius: 1000 }
]

const knowledge = ServicePolicy.factors(["knowledge"])
const two = ServicePolicy.methodAmount(2)

const conditional = {
  "a directory": {
    fences: [{ name: "cool geofence", latitude: 30, longitude: 30, radius: 3000 }],
    inside: knowledge,
    outside: knowledge
  },
  "an organization": { fences: [{ name: "test1", country: "US" }], inside: knowledge, outside: knowledge }
} satisfies Record<string, ServicePolicy.ConditionalOptions>

const combinations: ReadonlyArray<ReadonlyArray<Factor>> = [
  ["knowledge"],
  ["inherence"],
  ["possession"],
  ["knowledge", "inherence"],
  ["knowledge", "possession"],
  ["inherence", "possession"],
  ["knowledge", "inherence", "possession"]
]

const ownedBy = (it: It, { owner, rows, services }: (typeof owners)[number]) =>
  describe(`the policy of ${owner}'s service`, () => {
    // The behaviours of both owners were counted in the same order.
    const both = (...ids: ReadonlyArray<number>) => rows(ids, ids.map((id) => id + 116))

    const world = Effect.gen(function*() {
      const client = yield* services
      return { client, id: yield* client.createService(yield* fresh("service")) }
    })

    const stored = (policy: ServicePolicy.ServicePolicy) =>
      Effect.gen(function*() {
        const { client, id } = yield* world
        yield* client.setServicePolicy(id, policy)
        return yield* client.getServicePolicy(id)
      })

    it.effect(`demands nothing where none was set${both(20)}`, () =>
      Effect.gen(function*() {
        const { client, id } = yield* world
        const policy = yield* client.getServicePolicy(id)
        assert.deepStrictEqual({ ...policy }, {
          ...ServicePolicy.none,
          requirement: { _tag: "None" },
          geofences: [],
          timeFences: [],
          denyRootedJailbroken: false
        })
      }))

    const fixture = conditional[owner]

    const cases: ReadonlyArray<readonly [string, ReadonlyArray<number>, ServicePolicy.KnownPolicy]> = [
      ["a legacy one of two factors", [21, 38], ServicePolicy.legacy({ any: 2 })],
      ["a legacy one of every factor", [22, 39], ServicePolicy.legacy({ factors: allFactors })],
      ["a legacy one against rooted devices", [23, 40], ServicePolicy.legacy({ denyRootedJailbroken: true })],
      ["a legacy one of times", [24, 41], ServicePolicy.legacy({ timeFences })],
      ["a legacy one of places", [25, 42], ServicePolicy.legacy({ geofences })],
      [
        "a legacy one of everything with a number of factors",
        [43],
        ServicePolicy.legacy({ any: 2, denyRootedJailbroken: true, geofences, timeFences })
      ],
      [
        "a legacy one of everything with every factor",
        [44],
        ServicePolicy.legacy({ factors: allFactors, denyRootedJailbroken: true, geofences, timeFences })
      ],
      ...[0, 1, 2, 3, 4, 5].map((amount) =>
        [`any ${amount} methods`, [45], ServicePolicy.methodAmount(amount)] as const
      ),
      ["no methods within fences", [27, 46], ServicePolicy.methodAmount(0, { fences })],
      ...combinations.map((factors) => [factors.join(" and "), [47], ServicePolicy.factors(factors)] as const),
      ["a factor within fences", [28, 48], ServicePolicy.factors(["knowledge"], { fences })],
      [
        "a factor on no rooted device",
        [49],
        ServicePolicy.factors(["knowledge"], { denyRootedJailbroken: true })
      ],
      ["two methods on no rooted device", [50], ServicePolicy.methodAmount(2, { denyRootedJailbroken: true })],
      ["a factor on no emulator", [51], ServicePolicy.factors(["knowledge"], { denyEmulatorSimulator: true })],
      ["two methods on no emulator", [52], ServicePolicy.methodAmount(2, { denyEmulatorSimulator: true })],
      ["a factor inside a fence", [29, 53], ServicePolicy.conditionalGeofence(fixture)],
      ["two methods inside a fence", [30, 54], ServicePolicy.conditionalGeofence({ ...fixture, inside: two })],
      ["a factor outside a fence", [31, 55], ServicePolicy.conditionalGeofence({ ...fixture, inside: two })],
      ["two methods outside a fence", [32, 56], ServicePolicy.conditionalGeofence({ ...fixture, outside: two })],
      [
        "a condition of five fences",
        [33, 57],
        ServicePolicy.conditionalGeofence({ ...fixture, fences: [...fixture.fences, ...fences] })
      ],
      [
        "a condition on no rooted device and no emulator",
        [],
        ServicePolicy.conditionalGeofence({ ...fixture, denyRootedJailbroken: true, denyEmulatorSimulator: true })
      ]
    ]

    for (const [name, ids, policy] of cases) {
      it.effect(`is read as it was set: ${name}${both(...ids)}`, () =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* stored(policy), policy)
        }))
    }

    it.effect("is none that the platform does not know: InvalidPolicyInput, and the one before stays (B-252)", () =>
      Effect.gen(function*() {
        const { client, id } = yield* world
        yield* client.setServicePolicy(id, knowledge)
        const unknown = yield* Schema.decode(ServicePolicy.ServicePolicy)({ type: "PHASE_OF_MOON", phase: "full" })
        const fences = yield* Schema.decode(ServicePolicy.ServicePolicy)({
          type: "METHOD_AMOUNT",
          amount: 1,
          fences: [{ type: "SPHERE", name: "Earth" }]
        })
        for (const policy of [unknown, fences]) {
          assert.strictEqual((yield* Effect.flip(client.setServicePolicy(id, policy)))._tag, "InvalidPolicyInput")
        }
        assert.deepStrictEqual(yield* client.getServicePolicy(id), knowledge)
      }))

    it.effect("is replaced as a whole", () =>
      Effect.gen(function*() {
        const { client, id } = yield* world
        yield* client.setServicePolicy(id, ServicePolicy.methodAmount(2, { denyRootedJailbroken: true, fences }))
        yield* client.setServicePolicy(id, knowledge)
        assert.deepStrictEqual(yield* client.getServicePolicy(id), knowledge)
      }))

    it.effect(`is none once it is removed, whether there was one or not${both(34, 35)}`, () =>
      Effect.gen(function*() {
        const { client, id } = yield* world
        yield* client.removeServicePolicy(id)
        assert.deepStrictEqual(yield* client.getServicePolicy(id), ServicePolicy.none)
        yield* client.setServicePolicy(id, ServicePolicy.legacy({ any: 1 }))
        yield* client.removeServicePolicy(id)
        assert.deepStrictEqual(yield* client.getServicePolicy(id), ServicePolicy.none)
      }))

    it.effect(`of a service that is another's or nobody's fails with ServiceNotFound${both(26, 36, 37)}`, () =>
      Effect.gen(function*() {
        const client = yield* services
        for (const id of [nowhere.serviceId, yield* foreignService]) {
          const failures = yield* Effect.all([
            Effect.flip(client.getServicePolicy(id)),
            Effect.flip(client.setServicePolicy(id, ServicePolicy.legacy({ any: 2 }))),
            Effect.flip(client.removeServicePolicy(id))
          ])
          assert.deepStrictEqual(failures.map(({ _tag }) => _tag), Array(3).fill("ServiceNotFound"))
        }
      }))
  })

const construction = (it: It) =>
  describe("a conditional geofence", () => {
    const fixture = conditional["a directory"]
    const refusals = (branch: ServicePolicy.KnownPolicy) =>
      (["inside", "outside"] as const).map((side) =>
        Either.match(ServicePolicy.fromOptions({ ...fixture, _tag: "ConditionalGeofence", [side]: branch }), {
          onLeft: ({ _tag, issues }) => `${_tag} ${issues.every(({ path }) => path.startsWith(side))}`,
          onRight: () => "accepted"
        })
      )
    const refused = ["InvalidPolicy true", "InvalidPolicy true"]

    it.effect("nests no policy that refuses devices (B-189, B-190, B-191, B-192)", () =>
      Effect.sync(() => {
        for (const denial of [{ denyRootedJailbroken: true }, { denyEmulatorSimulator: true }]) {
          assert.deepStrictEqual(refusals(ServicePolicy.factors(["knowledge"], denial)), refused)
          assert.deepStrictEqual(refusals(ServicePolicy.methodAmount(2, denial)), refused)
        }
      }))

    it.effect("nests no conditional geofence (B-193)", () =>
      Effect.sync(() => assert.deepStrictEqual(refusals(ServicePolicy.conditionalGeofence(fixture)), refused)))
  })

export const policies = (it: It): void => {
  for (const owner of owners) ownedBy(it, owner)
  construction(it)
}
