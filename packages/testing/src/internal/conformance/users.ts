import * as LinkQrCode from "@effect-launchkey/clients/LinkQrCode"
import { AuthorizationRequestId, DeviceId } from "@effect-launchkey/core/Authorization"
import { type LinkStarted, SdkKey } from "@effect-launchkey/core/Device"
import type { TotpConfiguration } from "@effect-launchkey/core/Totp"
import * as PlatformSettings from "@effect-launchkey/platform/PlatformSettings"
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { ConformanceTarget } from "../../ConformanceTarget.ts"
import { oneTimeCode } from "./oneTimeCode.ts"
import { advance, fresh, type It, now } from "./scene.ts"
import { completeLink, nowhere, tenant } from "./tenant.ts"

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const tagOf = <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), ({ _tag }) => _tag)

/** A new directory with an SDK key, and a user of whom it knows nothing. */
const linkable = Effect.gen(function*() {
  const world = yield* tenant
  const sdkKey = yield* world.organization.generateSdkKey(world.directoryId)
  return { ...world, sdkKey, user: yield* fresh("user") }
})

/** The image at the link's address, wherever this platform is reached. */
const image = ({ qrCodeUrl }: LinkStarted) =>
  Effect.gen(function*() {
    const { baseUrl } = yield* ConformanceTarget
    const { pathname } = new URL(qrCodeUrl)
    const answer = yield* HttpClient.get(`${baseUrl}${pathname}`)
    return { status: answer.status, type: answer.headers["content-type"], text: yield* answer.text }
  })

const linking = (it: It) =>
  describe("linking a device", () => {
    it.effect("yields a code, the address of an image of it, and the id of the device (B-001, B-229, B-230)", () =>
      Effect.gen(function*() {
        const { directory, user } = yield* linkable
        const link = yield* directory.linkDevice(user)
        assert.match(link.code, /^[a-z0-9]{7}$/)
        assert.match(link.deviceId, uuid)
        assert.strictEqual(new URL(link.qrCodeUrl).pathname, `/public/v3/qr/${link.code}`)
        const { status, text, type } = yield* image(link)
        assert.strictEqual(status, 200)
        assert.include(type ?? "", "image/svg+xml")
        assert.match(text, /^<svg /)
        // Of the same modules as the one that is drawn here, whatever the margin.
        const modules = (svg: string) => (svg.match(/h1v1h-1z|M\d+ ?,?\d+/g) ?? []).length
        assert.strictEqual(modules(text), modules(LinkQrCode.svg(link)))
      }))

    it.effect("may be given the time that the code serves, after which it serves none (B-002)", () =>
      Effect.gen(function*() {
        const { directory, sdkKey, user } = yield* linkable
        const link = yield* directory.linkDevice(user, { ttl: "5 minutes" })
        yield* advance("4 minutes")
        assert.strictEqual((yield* image(link)).status, 200)
        assert.lengthOf(yield* directory.listDevices(user), 1)
        yield* advance("1 minutes")
        assert.strictEqual((yield* image(link)).status, 404)
        assert.strictEqual(yield* tagOf(completeLink(link.code, sdkKey)), "EntityNotFound")
        assert.deepStrictEqual(yield* directory.listDevices(user), [])
        assert.strictEqual(yield* tagOf(directory.unlinkDevice(user, link.deviceId)), "EntityNotFound")
      }))

    it.effect("gives the code no less than five minutes and no more than a day: nothing is sent (B-228)", () =>
      Effect.gen(function*() {
        const { directory, user } = yield* linkable
        for (const ttl of ["299 seconds", "86401 seconds"] as const) {
          const failure = yield* Effect.flip(directory.linkDevice(user, { ttl }))
          assert.deepInclude(failure, { _tag: "InvalidParameters", origin: "Client" })
          assert(failure._tag === "InvalidParameters")
          assert.deepStrictEqual(failure.issues.map(({ path }) => path), ["ttl"])
        }
        assert.deepStrictEqual(yield* directory.listDevices(user), [])
      }))

    it.effect("gives the code a day where no time is given (B-227)", () =>
      Effect.gen(function*() {
        const { directory, user } = yield* linkable
        const link = yield* directory.linkDevice(user)
        yield* advance("23 hours")
        assert.strictEqual((yield* image(link)).status, 200)
        yield* advance("1 hours")
        assert.strictEqual((yield* image(link)).status, 404)
      }))

    it.effect("lists the device, not active and without name or type, until it is complete (B-003, B-005, B-233)", () =>
      Effect.gen(function*() {
        const { directory, user } = yield* linkable
        const link = yield* directory.linkDevice(user)
        const [device, ...others] = yield* directory.listDevices(user)
        assert.deepStrictEqual(others, [])
        assert(device !== undefined)
        assert.deepInclude({ ...device }, {
          id: link.deviceId,
          name: Option.none(),
          type: Option.none(),
          status: "LINK_PENDING"
        })
        assert.isFalse(device.active)
        assert.deepStrictEqual(device.updated, device.created)
      }))

    it.effect("makes the device active once it is complete, under its own name, and the code serves no more (B-004)", () =>
      Effect.gen(function*() {
        const { directory, sdkKey, user } = yield* linkable
        const link = yield* directory.linkDevice(user)
        const { deviceId } = yield* completeLink(link.code, sdkKey)
        assert.strictEqual(deviceId, link.deviceId)
        const [device, ...others] = yield* directory.listDevices(user)
        assert.deepStrictEqual(others, [])
        assert(device !== undefined)
        assert.deepInclude({ ...device }, {
          id: deviceId,
          name: Option.some("Phone"),
          type: Option.some("Android"),
          status: "LINKED"
        })
        assert.isTrue(device.active)
        assert.strictEqual((yield* image(link)).status, 404)
        assert.strictEqual(yield* tagOf(completeLink(link.code, sdkKey)), "EntityNotFound")
      }))

    it.effect("is completed with an SDK key of the directory alone", () =>
      Effect.gen(function*() {
        const { directory, directoryId, organization, sdkKey, user } = yield* linkable
        const link = yield* directory.linkDevice(user)
        const foreign = (yield* linkable).sdkKey
        for (const wrong of [foreign, SdkKey.make(nowhere.serviceId)]) {
          assert.strictEqual(yield* tagOf(completeLink(link.code, wrong)), "InvalidSdkKey")
        }
        yield* organization.generateSdkKey(directoryId)
        yield* organization.removeSdkKey(directoryId, sdkKey)
        assert.strictEqual(yield* tagOf(completeLink(link.code, sdkKey)), "InvalidSdkKey")
      }))

    it.effect("creates the user, by an identifier of 1 to 255 characters that need not be a UUID (B-226, B-277)", () =>
      Effect.gen(function*() {
        const { directory } = yield* linkable
        for (const user of ["x".repeat(33), crypto.randomUUID(), "é 🔑 A/B", "y".repeat(255)]) {
          assert.strictEqual(yield* tagOf(directory.listSessions(user)), "EntityNotFound")
          yield* directory.linkDevice(user)
          assert.deepStrictEqual(yield* directory.listSessions(user), [])
          assert.lengthOf(yield* directory.listDevices(user), 1)
        }
      }))

    it.effect("for an identifier that is none fails with InvalidDirectoryIdentifier (B-231)", () =>
      Effect.gen(function*() {
        const { directory } = yield* linkable
        for (const user of ["y".repeat(256), "line\nbreak", "\u0000"]) {
          assert.strictEqual(yield* tagOf(directory.linkDevice(user)), "InvalidDirectoryIdentifier")
          assert.strictEqual(yield* tagOf(directory.generateTotp(user)), "InvalidDirectoryIdentifier")
        }
      }))

    it.effect("may be for as many devices as a user has, oldest first", () =>
      Effect.gen(function*() {
        const { directory, sdkKey, user } = yield* linkable
        const first = yield* directory.linkDevice(user)
        const second = yield* directory.linkDevice(user)
        assert.notStrictEqual(first.code, second.code)
        yield* completeLink(second.code, sdkKey)
        assert.deepStrictEqual(
          (yield* directory.listDevices(user)).map(({ active, id }) => [id, active]),
          [[first.deviceId, false], [second.deviceId, true]]
        )
      }))
  })

const unlinking = (it: It) =>
  describe("a user's devices", () => {
    it.effect("are none where there is no such user (B-006)", () =>
      Effect.gen(function*() {
        const { directory } = yield* linkable
        assert.deepStrictEqual(yield* directory.listDevices("I do not exist"), [])
      }))

    it.effect("are another's in another directory", () =>
      Effect.gen(function*() {
        const { directory, user } = yield* linkable
        yield* directory.linkDevice(user)
        assert.deepStrictEqual(yield* (yield* linkable).directory.listDevices(user), [])
      }))

    it.effect("are unlinked while their link is pending, whose code serves no more (B-007, B-234)", () =>
      Effect.gen(function*() {
        const { directory, sdkKey, user } = yield* linkable
        const link = yield* directory.linkDevice(user)
        yield* directory.unlinkDevice(user, link.deviceId)
        assert.deepStrictEqual(yield* directory.listDevices(user), [])
        assert.strictEqual(yield* tagOf(completeLink(link.code, sdkKey)), "EntityNotFound")
        assert.strictEqual(yield* tagOf(directory.unlinkDevice(user, link.deviceId)), "EntityNotFound")
      }))

    it.effect("are unlinked once they are linked, and can do no more then", () =>
      Effect.gen(function*() {
        const { directory, sdkKey, user } = yield* linkable
        const { code } = yield* directory.linkDevice(user)
        const { device, deviceId } = yield* completeLink(code, sdkKey)
        assert.deepStrictEqual(yield* device.pending, [])
        yield* directory.unlinkDevice(user, deviceId)
        assert.deepStrictEqual(yield* directory.listDevices(user), [])
        assert.strictEqual(yield* tagOf(device.pending), "Unauthorized")
      }))

    it.effect("are not unlinked where there is no such device or user: EntityNotFound (B-008, B-009)", () =>
      Effect.gen(function*() {
        const { directory, user } = yield* linkable
        const link = yield* directory.linkDevice(user)
        const unknown = DeviceId.make("67c87654-aed9-11e7-98e9-0469f8dc10a5")
        assert.strictEqual(yield* tagOf(directory.unlinkDevice(user, unknown)), "EntityNotFound")
        assert.strictEqual(yield* tagOf(directory.unlinkDevice("Invalid User", link.deviceId)), "EntityNotFound")
        const other = yield* fresh("user")
        yield* directory.linkDevice(other)
        assert.strictEqual(yield* tagOf(directory.unlinkDevice(other, link.deviceId)), "EntityNotFound")
        assert.lengthOf(yield* directory.listDevices(user), 1)
      }))
  })

const sessions = (it: It) =>
  describe("a user's sessions", () => {
    const withService = Effect.gen(function*() {
      const world = yield* linkable
      const name = yield* fresh("service")
      const icon = "https://a.service.url/icon"
      const serviceId = yield* world.directory.createService(name, { icon })
      yield* world.directory.linkDevice(world.user)
      return { ...world, name, icon, serviceId, service: yield* world.credentials.serviceClient(serviceId) }
    })

    it.effect("are told to the directory, with the service, its icon and the request (B-257)", () =>
      Effect.gen(function*() {
        const { directory, icon, name, service, serviceId, user } = yield* withService
        const authorizationRequestId = AuthorizationRequestId.make("824d59a4-ffec-47b3-b5e0-54e32777f879")
        yield* service.sessionStart(user, { authorizationRequestId })
        const [session, ...others] = yield* directory.listSessions(user)
        assert.deepStrictEqual(others, [])
        assert(session !== undefined)
        assert.deepInclude(session, {
          serviceId,
          serviceName: name,
          serviceIcon: Option.some(icon),
          authorizationRequestId: Option.some(authorizationRequestId)
        })
        assert.isAtMost(Math.abs(DateTime.distance(session.created, yield* now)), 5_000)
      }))

    it.effect("are told without an icon where the service has none (B-259)", () =>
      Effect.gen(function*() {
        const { directory, service, serviceId, user } = yield* withService
        yield* directory.updateService(serviceId, { icon: null })
        yield* service.sessionStart(user)
        assert.deepStrictEqual((yield* directory.listSessions(user))[0]?.serviceIcon, Option.none())
      }))

    it.effect("are none at first, even while the user's only device is pending (B-078)", () =>
      Effect.gen(function*() {
        const { directory, user } = yield* withService
        assert.deepStrictEqual(yield* directory.listSessions(user), [])
      }))

    it.effect("are ended all at once by the directory, which is no error where there is none (B-076)", () =>
      Effect.gen(function*() {
        const { credentials, directory, service, user } = yield* withService
        const other = yield* credentials.serviceClient(yield* directory.createService(yield* fresh("service")))
        yield* service.sessionStart(user)
        yield* other.sessionStart(user)
        assert.lengthOf(yield* directory.listSessions(user), 2)
        yield* directory.endAllSessions(user)
        assert.deepStrictEqual(yield* directory.listSessions(user), [])
        yield* directory.endAllSessions(user)
      }))

    it.effect("end for the directory when the service ends them", () =>
      Effect.gen(function*() {
        const { directory, service, user } = yield* withService
        yield* service.sessionStart(user)
        yield* service.sessionEnd(user)
        assert.deepStrictEqual(yield* directory.listSessions(user), [])
      }))

    it.effect("of a user the directory does not know are neither told nor ended: EntityNotFound (B-077, B-079)", () =>
      Effect.gen(function*() {
        const { directory } = yield* withService
        assert.strictEqual(yield* tagOf(directory.listSessions("Myxlplix")), "EntityNotFound")
        assert.strictEqual(yield* tagOf(directory.endAllSessions("Myxlplix")), "EntityNotFound")
      }))
  })

const oneTimeCodes = (it: It) =>
  describe("one-time codes", () => {
    const world = Effect.gen(function*() {
      const { credentials, directory, user } = yield* linkable
      const service = yield* credentials.serviceClient(yield* directory.createService(yield* fresh("service")))
      return { directory, service, user, totp: yield* directory.generateTotp(user) }
    })

    /** Some steps from now. */
    const codeAt = ({ algorithm, digits, period, secret }: TotpConfiguration, steps = 0) =>
      Effect.flatMap(now, (now) =>
        oneTimeCode(
          { algorithm, digits, period, secret: Redacted.value(secret) },
          DateTime.toEpochMillis(now) / 1000 + steps * period
        ))

    /** So far into a step that none ends before the test does. */
    const midStep = Effect.flatMap(
      now,
      (now) => advance(Duration.millis(45_000 - DateTime.toEpochMillis(now) % 30_000))
    )

    it.effect("are configured as every application can do them (B-081)", () =>
      Effect.gen(function*() {
        const { totp } = yield* world
        assert.include(["SHA1", "SHA256", "SHA512"], totp.algorithm)
        assert.isAtLeast(totp.digits, 6)
        assert.isAtLeast(totp.period, 30)
        assert.match(Redacted.value(totp.secret), /^[A-Z2-7]{32}$/)
      }))

    it.effect("are right while they are shown (B-223, B-261)", () =>
      Effect.gen(function*() {
        const { service, totp, user } = yield* world
        yield* midStep
        assert.isTrue(yield* service.verifyTotp(user, yield* codeAt(totp)))
      }))

    it.effect("are right a step late or early, and no further", () =>
      Effect.gen(function*() {
        const { service, totp, user } = yield* world
        yield* midStep
        const verified = (steps: number) =>
          Effect.flatMap(codeAt(totp, steps), (code) => service.verifyTotp(user, code))
        assert.isFalse(yield* verified(-2))
        assert.isTrue(yield* verified(-1))
        assert.isTrue(yield* verified(1))
        assert.isFalse(yield* verified(2))
      }))

    it.effect("are right once, and none from before the last that was", () =>
      Effect.gen(function*() {
        const { service, totp, user } = yield* world
        yield* midStep
        const earlier = yield* codeAt(totp, -1)
        const code = yield* codeAt(totp)
        assert.isTrue(yield* service.verifyTotp(user, code))
        assert.isFalse(yield* service.verifyTotp(user, code))
        assert.isFalse(yield* service.verifyTotp(user, earlier))
        yield* advance("30 seconds")
        assert.isTrue(yield* service.verifyTotp(user, yield* codeAt(totp)))
      }))

    it.effect("are wrong where they are another user's, or no codes at all (B-224)", () =>
      Effect.gen(function*() {
        const { service, user } = yield* world
        yield* midStep
        const others = yield* codeAt((yield* world).totp)
        for (const code of ["notvalid", "1", "٣٣٣٣٣٣", "123456789", ` ${others}`, others]) {
          assert.isFalse(yield* service.verifyTotp(user, code))
        }
      }))

    it.effect("are of the last configuration, in place of the one before (B-260)", () =>
      Effect.gen(function*() {
        const { directory, service, totp, user } = yield* world
        yield* midStep
        const anew = yield* directory.generateTotp(user)
        assert.notStrictEqual(Redacted.value(anew.secret), Redacted.value(totp.secret))
        assert.isFalse(yield* service.verifyTotp(user, yield* codeAt(totp)))
        assert.isTrue(yield* service.verifyTotp(user, yield* codeAt(anew)))
      }))

    it.effect("of a user without a configuration, or without a name here, fail with EntityNotFound (B-225)", () =>
      Effect.gen(function*() {
        const { directory, service } = yield* world
        const user = yield* fresh("user")
        assert.strictEqual(yield* tagOf(service.verifyTotp(user, "123456")), "EntityNotFound")
        yield* directory.linkDevice(user)
        assert.strictEqual(yield* tagOf(service.verifyTotp(user, "123456")), "EntityNotFound")
      }))

    it.effect("are none once they are removed, which is no error where there were none (B-080)", () =>
      Effect.gen(function*() {
        const { directory, service, totp, user } = yield* world
        yield* midStep
        yield* directory.removeTotp(user)
        assert.strictEqual(yield* tagOf(service.verifyTotp(user, yield* codeAt(totp))), "EntityNotFound")
        yield* directory.removeTotp(user)
        yield* directory.removeTotp("nobody that anyone ever heard of")
      }))

    it.effect("are tried so often and no more: RateLimited, which tells when again", () =>
      Effect.gen(function*() {
        const { service, totp, user } = yield* world
        const other = yield* world
        const { limit } = PlatformSettings.defaults.totpAttempts
        yield* midStep
        for (let attempt = 0; attempt < limit; attempt++) {
          assert.isFalse(yield* service.verifyTotp(user, "notvalid"))
        }
        const limited = yield* Effect.flip(service.verifyTotp(user, yield* codeAt(totp)))
        assert(limited._tag === "RateLimited")
        const wait = Option.getOrThrow(limited.retryAfter)
        assert.isTrue(Duration.between(wait, { minimum: "50 seconds", maximum: "60 seconds" }))
        // Another user is not kept waiting.
        assert.isTrue(yield* other.service.verifyTotp(other.user, yield* codeAt(other.totp)))
        yield* advance(wait)
        yield* midStep
        assert.isTrue(yield* service.verifyTotp(user, yield* codeAt(totp)))
      }))
  })

export const users = (it: It): void => {
  linking(it)
  unlinking(it)
  sessions(it)
  oneTimeCodes(it)
}
