import { FailureReason } from "@effect-launchkey/core/Authorization"
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as DenialReason from "@effect-launchkey/core/DenialReason"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as ResponsePolicy from "@effect-launchkey/core/ResponsePolicy"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { ConformanceTarget, type Service } from "../../ConformanceTarget.ts"
import { approve, ask, deny, fresh, type It, linked, responseTo, scene, serviceActedForBy, verdict } from "./scene.ts"
import { otherService, ownDirectory } from "./tenant.ts"

const verdicts = (it: It) =>
  describe("a device's verdict", () => {
    it.effect("approves, and names the request, the device and nothing of a denial (B-207, B-273)", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        const request = yield* service.authorize(user)
        assert.strictEqual(yield* device.approve(), request.id)
        const response = yield* responseTo(service, request)
        assert.strictEqual(verdict(response), "AUTHORIZED APPROVED yes")
        assert.strictEqual(response.authorizationRequestId, request.id)
        assert.deepStrictEqual(request.deviceIds, Option.some([response.deviceId]))
        assert.deepStrictEqual(response.fraud, Option.some(false))
        assert.deepStrictEqual(response.denialReason, Option.none())
      }))

    it.effect("denies without a reason where none is offered (B-208)", () =>
      Effect.gen(function*() {
        const response = yield* ask(yield* scene(), deny)
        assert.strictEqual(verdict(response), "DENIED DISAPPROVED no")
        assert.deepStrictEqual(response.fraud, Option.some(false))
        assert.deepStrictEqual(response.denialReason, Option.none())
      }))

    const denialReasons = [
      DenialReason.ordinary("1", "Wrong time"),
      DenialReason.fraudulent("2", "Not me"),
      DenialReason.ordinary("🔑", "Changed my mind")
    ]

    it.effect("denies for an ordinary reason, which is no fraud (B-243)", () =>
      Effect.gen(function*() {
        const world = yield* scene()
        const response = yield* ask(world, (device) => device.deny({ denialReason: "🔑" }), { denialReasons })
        assert.strictEqual(verdict(response), "DENIED DISAPPROVED no")
        assert.deepStrictEqual(response.denialReason, Option.some("🔑"))
        assert.deepStrictEqual(response.fraud, Option.some(false))
      }))

    it.effect("denies for a fraudulent reason, which is fraud (B-242)", () =>
      Effect.gen(function*() {
        const world = yield* scene()
        const response = yield* ask(world, (device) => device.deny({ denialReason: "2" }), { denialReasons })
        assert.strictEqual(verdict(response), "DENIED FRAUDULENT no")
        assert.deepStrictEqual(response.denialReason, Option.some("2"))
        assert.deepStrictEqual(response.fraud, Option.some(true))
      }))

    it.effect("denies for fraud where the request offers no reasons and the device asks for its own (B-241)", () =>
      Effect.gen(function*() {
        const response = yield* ask(yield* scene(), (device) => device.deny({ fraud: true }))
        assert.strictEqual(verdict(response), "DENIED FRAUDULENT no")
        assert.deepStrictEqual(response.fraud, Option.some(true))
        assert.deepStrictEqual(response.denialReason, Option.none())
      }))

    for (const reason of FailureReason.literals) {
      it.effect(`fails for ${reason}`, () =>
        Effect.gen(function*() {
          const response = yield* ask(yield* scene(), (device) => device.fail(reason))
          assert.strictEqual(verdict(response), `FAILED ${reason} no`)
          assert.deepStrictEqual(response.fraud, Option.some(false))
        }))
    }

    it.effect("of the first generation tells whether the user approved, and no more (B-272)", () =>
      Effect.gen(function*() {
        const world = yield* scene({ format: "legacy" })
        const approved = yield* ask(world, approve, { policy: AuthPolicy.any(1) })
        assert.strictEqual(verdict(approved), "- - yes")
        const denied = yield* ask(world, deny)
        assert.strictEqual(verdict(denied), "- - no")
        for (const { denialReason, fraud, methods, policy } of [approved, denied]) {
          const told: ReadonlyArray<Option.Option<unknown>> = [denialReason, fraud, methods, policy]
          assert.isTrue(told.every(Option.isNone))
        }
      }))

    it.effect("is the first of two devices', and the other's is refused", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        const second = yield* linked(user)
        const request = yield* service.authorize(user)
        const answers = yield* Effect.all([Effect.either(approve(device)), Effect.either(deny(second))], {
          concurrency: 2
        })
        const refused = answers.flatMap((answer) => Either.isLeft(answer) ? [answer.left._tag] : [])
        assert.lengthOf(refused, 1)
        assert.include(["NothingPending", "AuthorizationResponseExists"], refused[0])
        const response = yield* responseTo(service, request)
        assert.strictEqual(response.authorized, Either.isRight(answers[0]))
        assert.strictEqual((yield* Effect.flip(second.approve(request.id)))._tag, "NothingPending")
      }))
  })

const inside = { latitude: 36.1208, longitude: -115.1572 }
const outside = { latitude: 36.2, longitude: -115.1572 }
const office = { name: "office", radius: 200, ...inside }

const policies = (it: It) =>
  describe("a policy", () => {
    const approved = "AUTHORIZED APPROVED yes"
    const unmet = "FAILED POLICY no"
    const cases: ReadonlyArray<
      readonly [string, AuthPolicy.AuthPolicy, Parameters<Service["linkedDevice"]>[1], string]
    > = [
      ["of as many methods as the user has is met", AuthPolicy.any(3), {}, approved],
      ["of more methods than the user has is not", AuthPolicy.any(4), {}, unmet],
      [
        "of all factors is met by a method of each",
        AuthPolicy.factors(["knowledge", "inherence", "possession"]),
        {},
        approved
      ],
      [
        "of a factor the user has no method of is not met",
        AuthPolicy.factors(["knowledge", "inherence"]),
        { methods: ["PIN_CODE", "CIRCLE_CODE", "WEARABLES"] },
        unmet
      ],
      ["of a geofence is met inside it", AuthPolicy.none({ geofences: [office] }), { location: inside }, approved],
      ["of a geofence is not met outside it", AuthPolicy.none({ geofences: [office] }), { location: outside }, unmet],
      [
        "of two geofences is met inside one",
        AuthPolicy.none({ geofences: [{ radius: 100, ...outside }, office] }),
        { location: inside },
        approved
      ],
      [
        "of a geofence cannot be met by a device that does not know where it is",
        AuthPolicy.none({ geofences: [office] }),
        {},
        "FAILED SENSOR no"
      ],
      [
        "against rooted devices is not met by one",
        AuthPolicy.none({ denyRootedJailbroken: true }),
        { rootedOrJailbroken: true },
        unmet
      ],
      ["against rooted devices is met by others", AuthPolicy.none({ denyRootedJailbroken: true }), {}, approved],
      [
        "without a word of rooted devices is met by one",
        AuthPolicy.any(1),
        { rootedOrJailbroken: true },
        approved
      ]
    ]

    for (const [name, policy, device, expected] of cases) {
      it.effect(`${name}, and is reported as it was asked`, () =>
        Effect.gen(function*() {
          const response = yield* ask(yield* scene(device), approve, { policy })
          assert.strictEqual(verdict(response), expected)
          assert.deepStrictEqual(response.policy, Option.some(ResponsePolicy.fromAuthPolicy(policy)))
        }))
    }

    it.effect("is reported with a denial too, geofences with and without names (B-203, B-204, B-205, B-206)", () =>
      Effect.gen(function*() {
        const world = yield* scene()
        const unnamed = [
          { radius: 150, latitude: 23.4, longitude: -56.7 },
          { radius: 100, latitude: -23.4, longitude: 56.7 }
        ]
        const named = unnamed.map((fence, index) => ({ ...fence, name: `geo ${index + 1}` }))
        for (const geofences of [unnamed, named]) {
          const policy = AuthPolicy.any(3, { geofences })
          const response = yield* ask(world, deny, { policy })
          const reported = Option.getOrThrow(response.policy)
          assert.deepStrictEqual(
            reported.fences.map((fence) => fence._tag === "GeoCircleFence" ? { ...fence } : undefined),
            geofences
          )
          assert.deepStrictEqual(reported.requirement, Option.some("AMOUNT"))
          assert.strictEqual(reported.amount, 3)
        }
        const factors = AuthPolicy.factors(["inherence", "possession"])
        const reported = Option.getOrThrow((yield* ask(world, deny, { policy: factors })).policy)
        assert.isTrue(reported.inherenceRequired)
        assert.isTrue(reported.possessionRequired)
        assert.isFalse(reported.knowledgeRequired)
      }))

    it.effect("is met by methods that the answer names, beside all the others", () =>
      Effect.gen(function*() {
        const world = yield* scene({ methods: ["PIN_CODE", "FINGERPRINT"] })
        const response = yield* ask(world, approve, { policy: AuthPolicy.any(2) })
        const methods = Option.getOrThrow(response.methods)
        assert.deepStrictEqual(
          methods.map(({ kind }) => kind),
          ["WEARABLES", "GEOFENCING", "LOCATIONS", "PIN_CODE", "CIRCLE_CODE", "FACE", "FINGERPRINT"]
        )
        assert.deepStrictEqual(
          methods.flatMap(({ kind, passed }) => passed === true ? [kind] : []),
          ["PIN_CODE", "FINGERPRINT"]
        )
        assert.deepStrictEqual(
          methods.flatMap(({ kind, set }) => set === true ? [kind] : []),
          ["PIN_CODE", "FINGERPRINT"]
        )
      }))
  })

const names = (it: It) =>
  describe("a user's names", () => {
    it.effect("stay the same for one user and service, whatever the device answers", () =>
      Effect.gen(function*() {
        const world = yield* scene()
        const first = yield* ask(world, approve)
        const second = yield* ask(world, deny)
        assert.strictEqual(second.serviceUserHash, first.serviceUserHash)
        assert.deepStrictEqual(second.organizationUserHash, first.organizationUserHash)
        assert.strictEqual(second.userPushId, first.userPushId)
      }))

    it.effect("differ between users", () =>
      Effect.gen(function*() {
        const [first, second] = yield* Effect.all([
          Effect.flatMap(scene(), (world) => ask(world, approve)),
          Effect.flatMap(scene(), (world) => ask(world, approve))
        ])
        assert.notStrictEqual(first.serviceUserHash, second.serviceUserHash)
        assert.notDeepEqual(first.organizationUserHash, second.organizationUserHash)
        assert.notStrictEqual(first.userPushId, second.userPushId)
      }))

    it.effect("differ between services, save the organization's, which is the same for all of its services", () =>
      Effect.gen(function*() {
        const world = yield* scene()
        const first = yield* ask(world, approve)
        const second = yield* ask({ ...world, service: yield* otherService }, approve)
        assert.notStrictEqual(second.serviceUserHash, first.serviceUserHash)
        assert.notStrictEqual(second.userPushId, first.userPushId)
        assert.isTrue(Option.isSome(first.organizationUserHash))
        assert.deepStrictEqual(second.organizationUserHash, first.organizationUserHash)
      }))

    it.effect("hold nothing of the name that the directory gave", () =>
      Effect.gen(function*() {
        const world = yield* scene()
        const { organizationUserHash, serviceUserHash, userPushId } = yield* ask(world, approve)
        for (const name of [serviceUserHash, Option.getOrThrow(organizationUserHash), userPushId]) {
          assert.notInclude(name, world.user)
        }
      }))
  })

const pins = (it: It) =>
  describe("service PINs", () => {
    it.effect("are five, the first in being the first out, and one is added with each answer", () =>
      Effect.gen(function*() {
        const world = yield* scene()
        const answers = yield* Effect.forEach([approve, deny, approve, approve, approve, approve], (answer) =>
          Effect.map(ask(world, answer), ({ servicePins }) => servicePins))
        assert.deepStrictEqual(
          answers.map(({ length }) =>
            length
          ),
          [1, 2, 3, 4, 5, 5]
        )
        answers.slice(1).forEach((pins, index) => {
          assert.deepStrictEqual(pins.slice(0, -1), answers[index]?.slice(-4))
        })
        assert.isTrue(answers.flat().every((pin) => /^\d{4}$/.test(pin)))
      }))

    it.effect("are a device's own with each service", () =>
      Effect.gen(function*() {
        const world = yield* scene()
        yield* ask(world, approve)
        assert.lengthOf((yield* ask({ ...world, service: yield* otherService }, approve)).servicePins, 1)
        const second = yield* linked(world.user)
        assert.lengthOf((yield* ask({ ...world, device: second }, approve)).servicePins, 1)
        assert.lengthOf((yield* ask(world, approve)).servicePins, 2)
      }))
  })

const sealing = (it: It) =>
  describe("an answer", () => {
    it.effect("is sealed for whoever asked: the directory's is not the service's to open", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        const { directoryId, keys, serviceId } = yield* ConformanceTarget
        const directory = yield* serviceActedForBy(serviceId, Entity.directory(directoryId), keys.directory)
        const request = yield* directory.authorize(user)
        yield* device.approve()
        assert.isTrue((yield* responseTo(directory, request)).authorized)
        const refused = yield* Effect.flip(service.getResponse(request.id))
        assert.deepInclude(refused, { kind: "DeviceAnswer", reason: "DecryptionKeyUnknown" })
      }))

    it.effect("is sealed to the key that asked, else to the newest for encryption, else to the newest for both (B-269)", () =>
      Effect.gen(function*() {
        const { keys: { device, directory: third, encryption, organization, stranger } } = yield* ConformanceTarget
        const directory = yield* (yield* ownDirectory).directoryClient
        const cases = [
          [stranger, stranger, [[stranger, "BOTH"], [third, "BOTH"], [encryption, "ENCRYPTION"]]],
          [
            stranger,
            encryption,
            [[organization, "ENCRYPTION"], [third, "BOTH"], [encryption, "ENCRYPTION"], [stranger, "SIGNATURE"]]
          ],
          [stranger, third, [[device, "BOTH"], [third, "BOTH"], [stranger, "SIGNATURE"]]]
        ] as const
        const { device: phone, user } = yield* scene()
        for (const [signing, opening, keys] of cases) {
          const id = yield* Effect.flatMap(fresh("service"), directory.createService)
          for (const [{ publicKey }, type] of keys) yield* directory.addServiceKey(id, publicKey, { type })
          // Beside the one it signs with it has that key alone to open by: were another one chosen, it could read nothing.
          const others = opening === signing ? [] : [opening]
          const service = yield* serviceActedForBy(id, Entity.service(id), signing, others)
          assert.isTrue((yield* ask({ user, device: phone, service }, approve)).authorized)
        }
      }))
  })

export const answers = (it: It): void => {
  verdicts(it)
  policies(it)
  names(it)
  pins(it)
  sealing(it)
}
