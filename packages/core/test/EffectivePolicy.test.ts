import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as AuthPolicy from "../src/AuthPolicy.ts"
import * as EffectivePolicy from "../src/EffectivePolicy.ts"
import * as ServicePolicy from "../src/ServicePolicy.ts"

const read = (json: unknown) => Schema.decodeUnknown(EffectivePolicy.EffectivePolicy)(json)
const write = Schema.encodeSync(EffectivePolicy.EffectivePolicy)
const merged = (service: ServicePolicy.KnownPolicy, request: AuthPolicy.AuthPolicy) =>
  write(EffectivePolicy.merge(service, request))

const office = { name: "Office", radius: 150, latitude: 23.4, longitude: -56.7 }
const wireOffice = { type: "GEO_CIRCLE", name: "Office", radius: 150, latitude: 23.4, longitude: -56.7 }
const nevada = { country: "US", administrativeArea: "US-NV" }
const wireNevada = { type: "TERRITORY", country: "US", administrative_area: "US-NV" }
const times = {
  name: "Nights",
  days: ["Friday"],
  start: { hour: 22, minute: 0 },
  end: { hour: 6, minute: 0 },
  timeZone: "UTC"
} as const

const nothing = {
  amount: 0,
  factors: [],
  countsMethods: false,
  denyRootedJailbroken: false,
  denyEmulatorSimulator: false,
  fences: [],
  timeFences: [],
  conditional: null
}

const conditional = ServicePolicy.conditionalGeofence({
  fences: [nevada],
  inside: ServicePolicy.factors(["knowledge"]),
  outside: ServicePolicy.methodAmount(3),
  denyEmulatorSimulator: true
})

describe("the policies of a service and a request together", () => {
  const merges = (
    name: string,
    service: ServicePolicy.KnownPolicy,
    request: AuthPolicy.AuthPolicy,
    expected: object
  ) => it(name, () => assert.deepStrictEqual(merged(service, request), { ...nothing, ...expected }))

  merges("demand nothing where neither does", ServicePolicy.none, AuthPolicy.none(), {})
  merges("demand the larger amount, the request's", ServicePolicy.methodAmount(1), AuthPolicy.any(3), {
    amount: 3,
    countsMethods: true
  })
  merges("demand the larger amount, the service's", ServicePolicy.legacy({ any: 4 }), AuthPolicy.any(3), {
    amount: 4,
    countsMethods: true
  })
  merges("demand the factors of both", ServicePolicy.factors(["possession"]), AuthPolicy.factors(["knowledge"]), {
    factors: ["knowledge", "possession"]
  })
  merges("demand an amount and factors at once", ServicePolicy.methodAmount(2), AuthPolicy.factors(["inherence"]), {
    amount: 2,
    factors: ["inherence"],
    countsMethods: true
  })
  merges("demand factors and an amount at once", ServicePolicy.legacy({ factors: ["inherence"] }), AuthPolicy.any(2), {
    amount: 2,
    factors: ["inherence"],
    countsMethods: true
  })
  merges(
    "deny what either denies",
    ServicePolicy.methodAmount(0, { denyEmulatorSimulator: true }),
    AuthPolicy.none({ denyRootedJailbroken: true }),
    { countsMethods: true, denyRootedJailbroken: true, denyEmulatorSimulator: true }
  )
  merges(
    "deny what the service denies",
    ServicePolicy.legacy({ denyRootedJailbroken: true }),
    AuthPolicy.none(),
    { denyRootedJailbroken: true }
  )
  merges(
    "demand one fence of each",
    ServicePolicy.factors(["knowledge"], { fences: [nevada, office] }),
    AuthPolicy.none({ geofences: [office] }),
    { factors: ["knowledge"], fences: [[wireNevada, wireOffice], [wireOffice]] }
  )
  merges(
    "keep the places and the times of a legacy policy",
    ServicePolicy.legacy({ geofences: [office], timeFences: [times] }),
    AuthPolicy.none(),
    {
      fences: [[wireOffice]],
      timeFences: [{
        name: "Nights",
        days: ["Friday"],
        "start hour": 22,
        "start minute": 0,
        "end hour": 6,
        "end minute": 0,
        timezone: "UTC"
      }]
    }
  )
  merges("keep a condition", conditional, AuthPolicy.none(), {
    denyEmulatorSimulator: true,
    conditional: {
      fences: [wireNevada],
      inside: { amount: 0, factors: ["knowledge"] },
      outside: { amount: 3, factors: [] }
    }
  })
  merges("demand an amount in both places of a condition", conditional, AuthPolicy.any(2, { geofences: [office] }), {
    amount: 2,
    countsMethods: true,
    denyEmulatorSimulator: true,
    fences: [[wireOffice]],
    conditional: {
      fences: [wireNevada],
      inside: { amount: 2, factors: ["knowledge"] },
      outside: { amount: 3, factors: [] }
    }
  })
  merges("demand factors in both places of a condition", conditional, AuthPolicy.factors(["possession"]), {
    factors: ["possession"],
    denyEmulatorSimulator: true,
    conditional: {
      fences: [wireNevada],
      inside: { amount: 0, factors: ["knowledge", "possession"] },
      outside: { amount: 3, factors: ["possession"] }
    }
  })

  it("are merged by a pipe too, and equal by their members", () =>
    assert.isTrue(Equal.equals(
      conditional.pipe(EffectivePolicy.merge(AuthPolicy.any(1))),
      EffectivePolicy.merge(conditional, AuthPolicy.any(1))
    )))

  it.effect.prop(
    "are never looser than either",
    [ServicePolicy.KnownPolicy, AuthPolicy.AuthPolicy],
    ([service, request]) =>
      Effect.sync(() => {
        const both = EffectivePolicy.merge(service, request)
        const sides = [
          EffectivePolicy.merge(service, AuthPolicy.none()),
          EffectivePolicy.merge(ServicePolicy.none, request)
        ]
        const holds = (demand: EffectivePolicy.Demand, side: EffectivePolicy.Demand) =>
          demand.amount >= side.amount && side.factors.every((factor) => demand.factors.includes(factor))
        for (const side of sides) {
          assert.isTrue(holds(both, side))
          assert.isTrue(both.denyRootedJailbroken || !side.denyRootedJailbroken)
          assert.isTrue(both.denyEmulatorSimulator || !side.denyEmulatorSimulator)
          assert.isTrue(side.fences.every((group) => both.fences.some((other) => Equal.equals(group, other))))
          assert.isTrue(side.timeFences.every((fence) => both.timeFences.includes(fence)))
          for (const place of ["inside", "outside"] as const) {
            const [whole, part] = [both, side].map(({ conditional, ...demand }) =>
              Option.match(conditional, { onNone: () => demand, onSome: (one) => one[place] })
            )
            assert.isTrue(whole !== undefined && part !== undefined && holds(whole, part))
          }
        }
      })
  )
})

describe("the stricter of each", () => {
  const known = (policy: ServicePolicy.KnownPolicy) => "fences" in policy ? policy.fences : policy.geofences

  // What an unknown fence holds is equal only to itself, and a platform stores none.
  const storable = (policy: ServicePolicy.KnownPolicy) => known(policy).every(({ _tag }) => _tag !== "UnknownFence")

  /** What either policy can say: all of it but places. */
  const asService = ({ denyRootedJailbroken, requirement }: AuthPolicy.AuthPolicy) => {
    switch (requirement._tag) {
      case "None":
        return ServicePolicy.legacy({ denyRootedJailbroken })
      case "Amount":
        return ServicePolicy.legacy({ any: requirement.amount, denyRootedJailbroken })
      case "Factors":
        return ServicePolicy.legacy({ factors: requirement.factors, denyRootedJailbroken })
    }
  }

  const asRequest = ({ denyRootedJailbroken, requirement }: AuthPolicy.AuthPolicy) => {
    switch (requirement._tag) {
      case "None":
        return AuthPolicy.none({ denyRootedJailbroken })
      case "Amount":
        return AuthPolicy.any(requirement.amount, { denyRootedJailbroken })
      case "Factors":
        return AuthPolicy.factors(requirement.factors, { denyRootedJailbroken })
    }
  }

  it.effect.prop(
    "does not depend on which of the two says it, where both can",
    [AuthPolicy.AuthPolicy, AuthPolicy.AuthPolicy],
    ([one, other]) =>
      Effect.sync(() => {
        assert.deepStrictEqual(
          merged(asService(one), asRequest(other)),
          merged(asService(other), asRequest(one))
        )
      }),
    { fastCheck: { numRuns: 30 } }
  )

  it.effect.prop(
    "of a policy and itself demands no more than it does",
    [AuthPolicy.AuthPolicy],
    ([policy]) =>
      Effect.sync(() => {
        const itself = asService(policy)
        assert.deepStrictEqual(merged(itself, asRequest(policy)), merged(itself, AuthPolicy.none()))
      }),
    { fastCheck: { numRuns: 30 } }
  )

  it.effect.prop(
    "with a request of no demands is the service's",
    [ServicePolicy.KnownPolicy],
    ([policy]) =>
      Effect.sync(() => {
        FastCheck.pre(storable(policy))
        const alone = EffectivePolicy.merge(policy, AuthPolicy.none())
        assert.isTrue(
          Equal.equals(alone, EffectivePolicy.merge(policy, AuthPolicy.none({ denyRootedJailbroken: false })))
        )
        assert.strictEqual(
          alone.fences.length,
          policy._tag !== "ConditionalGeofence" && known(policy).length > 0 ? 1 : 0
        )
        assert.deepStrictEqual(alone.timeFences, policy._tag === "Legacy" ? policy.timeFences : [])
      }),
    { fastCheck: { numRuns: 30 } }
  )

  it.effect.prop(
    "demands nothing that neither does",
    [ServicePolicy.KnownPolicy, AuthPolicy.AuthPolicy],
    ([service, request]) =>
      Effect.sync(() => {
        FastCheck.pre(storable(service))
        const both = EffectivePolicy.merge(service, request)
        const [alone, other] = [
          EffectivePolicy.merge(service, AuthPolicy.none()),
          EffectivePolicy.merge(ServicePolicy.none, request)
        ]
        assert.strictEqual(both.amount, Math.max(alone.amount, other.amount))
        assert.isTrue(both.factors.every((factor) => alone.factors.includes(factor) || other.factors.includes(factor)))
        assert.strictEqual(both.denyRootedJailbroken, alone.denyRootedJailbroken || other.denyRootedJailbroken)
        assert.strictEqual(both.denyEmulatorSimulator, alone.denyEmulatorSimulator)
        assert.strictEqual(both.fences.length, alone.fences.length + other.fences.length)
        assert.strictEqual(both.timeFences.length, alone.timeFences.length)
        assert.strictEqual(Option.isSome(both.conditional), service._tag === "ConditionalGeofence")
        for (const place of ["inside", "outside"] as const) {
          const demands = Option.all([both.conditional, alone.conditional])
          if (Option.isNone(demands)) continue
          const [whole, part] = [demands.value[0][place], demands.value[1][place]]
          assert.strictEqual(whole.amount, Math.max(part.amount, other.amount))
          assert.isTrue(whole.factors.every((one) => part.factors.includes(one) || other.factors.includes(one)))
        }
      }),
    { fastCheck: { numRuns: 30 } }
  )
})

describe("the JSON", () => {
  it.effect.prop("is read back", [EffectivePolicy.EffectivePolicy], ([policy]) =>
    Effect.gen(function*() {
      const json = JSON.stringify(write(policy))
      const again = yield* read(JSON.parse(json))
      assert.strictEqual(JSON.stringify(write(again)), json)
      // What an unknown fence holds is equal only to itself.
      if (!json.includes("POLYGON") && !json.includes("geo_circle") && !json.includes("\"type\":7")) {
        assert.isTrue(Equal.equals(again, policy))
      }
    }), { fastCheck: { numRuns: 50 } })

  it.effect("whose condition is looser than the whole is read with the whole in it", () =>
    Effect.gen(function*() {
      const none = { amount: 0, factors: [] }
      const policy = yield* read({
        ...nothing,
        amount: 2,
        conditional: { fences: [wireNevada], inside: none, outside: none }
      })
      assert.deepStrictEqual(Option.map(policy.conditional, ({ inside }) => inside.amount), Option.some(2))
    }))

  for (const member of Object.keys(nothing)) {
    it.effect(`is refused without ${member}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(read({ ...nothing, [member]: undefined }))
        assert.deepStrictEqual(ParseResult.ArrayFormatter.formatErrorSync(error)[0]?.path, [member])
      }))
  }

  it.effect("is refused with a group of no fence", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(read({ ...nothing, fences: [[]] }))
      assert.include(error.message, "a group of fences is empty; give at least one fence, or leave the group out")
    }))

  it.effect("is not written for a plain object", () =>
    Effect.gen(function*() {
      assert.isFalse(EffectivePolicy.isEffectivePolicy(nothing))
      const error = yield* Effect.flip(Schema.encodeUnknown(EffectivePolicy.EffectivePolicy)(nothing))
      assert.include(error.message, "not a policy in effect; make one with EffectivePolicy.merge")
    }))
})
