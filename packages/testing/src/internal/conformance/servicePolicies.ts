import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import type { AuthMethod } from "@effect-launchkey/core/Factor"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { circles, territory } from "./policies.ts"
import { approve, ask, deny, fresh, type It, linked, scene, verdict } from "./scene.ts"
import { ownDirectory } from "./tenant.ts"

/** A user with a device, and a service of this policy, both of the target's directory. */
const policed = (policy: ServicePolicy.ServicePolicy, options?: Parameters<typeof linked>[1]) =>
  Effect.gen(function*() {
    const credentials = yield* ownDirectory
    const directory = yield* credentials.directoryClient
    const serviceId = yield* directory.createService(yield* fresh("service"))
    yield* directory.setServicePolicy(serviceId, policy)
    const user = yield* fresh("user")
    return { user, device: yield* linked(user, options), service: yield* credentials.serviceClient(serviceId) }
  })

const knowledge = ServicePolicy.factors(["knowledge"])

const fixture = {
  fences: [{ name: "cool geofence", latitude: 30, longitude: 30, radius: 3000 }],
  inside: knowledge,
  outside: knowledge
}

const large = { name: "Large Fence", latitude: 41, longitude: -141, radius: 234_400 }

const inside = { latitude: 36.1208, longitude: -115.1572 }
const office = { name: "office", radius: 200, ...inside }
const elsewhere = { latitude: 36.2, longitude: -115.1572 }

const reporting = (it: It) =>
  describe("a device reports", () => {
    const cases: ReadonlyArray<
      readonly [
        name: string,
        policy: ServicePolicy.ServicePolicy,
        requirement: string,
        fences: ReadonlyArray<object>
      ]
    > = [
      ["the factors that the service requires (B-195)", ServicePolicy.factors(["inherence"]), "TYPES", []],
      ["the amount of methods that the service requires (B-196)", ServicePolicy.methodAmount(2), "AMOUNT", []],
      [
        "that the service requires this or that by place (B-197)",
        ServicePolicy.conditionalGeofence({ ...fixture, fences: [...fixture.fences, large] }),
        "COND_GEO",
        [large]
      ],
      [
        "the circles beside the factors (B-198)",
        ServicePolicy.factors(["knowledge"], { fences: circles }),
        "TYPES",
        circles
      ],
      ["the circles beside the amount (B-199)", ServicePolicy.methodAmount(0, { fences: circles }), "AMOUNT", circles],
      [
        "the territory beside the factors (B-200)",
        ServicePolicy.factors(["knowledge"], { fences: [territory] }),
        "TYPES",
        [territory]
      ],
      [
        "the territory beside the amount (B-201)",
        ServicePolicy.methodAmount(0, { fences: [territory] }),
        "AMOUNT",
        [territory]
      ],
      [
        "the territory of a condition (B-202)",
        ServicePolicy.conditionalGeofence({ ...fixture, fences: [...fixture.fences, territory] }),
        "COND_GEO",
        [territory]
      ]
    ]

    for (const [name, policy, requirement, fences] of cases) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const response = yield* ask(yield* policed(policy), deny)
          assert.isFalse(response.authorized)
          const reported = Option.getOrThrow(response.policy)
          assert.deepStrictEqual(reported.requirement, Option.some(requirement))
          const seen = reported.fences.map((fence) => ({ ...fence }))
          for (const fence of fences) assert.deepInclude(seen, fence)
          assert.strictEqual(reported.inherenceRequired, policy._tag === "Factors" && policy.factors[0] === "inherence")
          assert.strictEqual(reported.amount, policy._tag === "MethodAmount" ? policy.amount : 0)
        }))
    }

    it.effect("every method, as it stands on a fresh device (B-194)", () =>
      Effect.gen(function*() {
        const response = yield* ask(yield* scene({ methods: [] }), approve)
        const methods = Option.getOrThrow(response.methods)
        const row = (
          { active, allowed, error, kind, passed, set, supported, userRequired }: AuthMethod
        ) => [kind, set, active, allowed, supported, userRequired, passed, error]
        assert.deepStrictEqual(methods.map(row), [
          ["WEARABLES", false, false, true, false, null, null, null],
          ["GEOFENCING", null, true, true, true, null, null, null],
          ["LOCATIONS", false, false, true, true, null, null, null],
          ["PIN_CODE", false, false, true, true, null, null, null],
          ["CIRCLE_CODE", false, false, true, true, null, null, null],
          ["FACE", false, false, true, false, null, null, null],
          ["FINGERPRINT", false, false, true, true, null, null, null]
        ])
      }))
  })

const following = (it: It) =>
  describe("the policy of a service", () => {
    const approved = "AUTHORIZED APPROVED yes"
    const unmet = "FAILED POLICY no"
    const pinOnly = { methods: ["PIN_CODE"] } as const
    const byPlace = ServicePolicy.conditionalGeofence({
      fences: [office],
      inside: ServicePolicy.methodAmount(1),
      outside: ServicePolicy.methodAmount(3)
    })

    const cases: ReadonlyArray<
      readonly [
        name: string,
        policy: ServicePolicy.ServicePolicy,
        device: NonNullable<Parameters<typeof linked>[1]>,
        request: AuthPolicy.AuthPolicy,
        expected: string
      ]
    > = [
      [
        "applies although the request asks for less (B-254)",
        ServicePolicy.methodAmount(2),
        pinOnly,
        AuthPolicy.any(1),
        unmet
      ],
      ["applies beside what the request asks for", knowledge, pinOnly, AuthPolicy.factors(["inherence"]), unmet],
      ["is met where both are", knowledge, {}, AuthPolicy.factors(["inherence"]), approved],
      [
        "of a condition asks for less inside its fence",
        byPlace,
        { ...pinOnly, location: inside },
        AuthPolicy.none(),
        approved
      ],
      [
        "of a condition asks for more outside its fence",
        byPlace,
        { ...pinOnly, location: elsewhere },
        AuthPolicy.none(),
        unmet
      ],
      [
        "of a condition adds to what the request asks for",
        byPlace,
        { ...pinOnly, location: inside },
        AuthPolicy.any(3),
        unmet
      ],
      [
        "refuses emulators",
        ServicePolicy.methodAmount(1, { denyEmulatorSimulator: true }),
        { emulator: true },
        AuthPolicy.none(),
        unmet
      ],
      [
        "and the request each have their fence, and the device is in both or fails",
        ServicePolicy.methodAmount(0, { fences: [office] }),
        { location: inside },
        AuthPolicy.none({ geofences: [{ name: "home", radius: 100, ...elsewhere }] }),
        unmet
      ]
    ]

    for (const [name, policy, device, request, expected] of cases) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const response = yield* ask(yield* policed(policy, device), approve, { policy: request })
          assert.strictEqual(verdict(response), expected)
        }))
    }

    it.effect("is the one there is when the request is made", () =>
      Effect.gen(function*() {
        const credentials = yield* ownDirectory
        const directory = yield* credentials.directoryClient
        const serviceId = yield* directory.createService(yield* fresh("service"))
        const world = { ...yield* scene(pinOnly), service: yield* credentials.serviceClient(serviceId) }
        assert.strictEqual(verdict(yield* ask(world, approve)), approved)
        yield* directory.setServicePolicy(serviceId, ServicePolicy.methodAmount(2))
        assert.strictEqual(verdict(yield* ask(world, approve)), unmet)
        yield* directory.removeServicePolicy(serviceId)
        assert.strictEqual(verdict(yield* ask(world, approve)), approved)
      }))
  })

export const servicePolicies = (it: It): void => {
  reporting(it)
  following(it)
}
