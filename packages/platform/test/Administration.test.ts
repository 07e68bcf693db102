import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as Authenticator from "@effect-launchkey/platform/Authenticator"
import * as PlatformClock from "@effect-launchkey/platform/PlatformClock"
import * as Store from "@effect-launchkey/platform/Store"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import { assert, describe, layer } from "@effect/vitest"
import { DateTime, Effect, Either, Option } from "effect"
import * as crypto from "node:crypto"

const administration = Administration.Administration
const { directoryId, organizationId, sdkKey } = TestPlatform
const nowhere = "00000000-0000-4000-8000-000000000000"

const rsa = (modulusLength: number) =>
  crypto.generateKeyPairSync("rsa", {
    modulusLength,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" }
  })

const unlinked = Effect.flatMap(
  TestPlatform.TestPlatform,
  ({ baseUrl }) => Authenticator.make({ baseUrl, name: "Phone" })
)

layer(TestPlatform.layer)("administration", (it) => {
  it.effect("reads an empty text of a new service as none, as of a changed one", () =>
    Effect.gen(function*() {
      const { createService } = yield* administration
      const created = yield* createService(directoryId, { name: "Bare", description: "", icon: "", callbackUrl: "" })
      assert.deepInclude({ ...created }, {
        description: Option.none(),
        icon: Option.none(),
        callbackUrl: Option.none()
      })
    }))

  describe("names", () => {
    it.effect("of directories are taken once in an organization, whatever their case and outer space", () =>
      Effect.gen(function*() {
        const { createDirectory, createOrganization } = yield* administration
        const { id } = yield* createOrganization("Acme")
        const created = yield* createDirectory(id, "Staff")
        assert.strictEqual(created.organizationId, id)
        const failures = yield* Effect.forEach(
          ["Staff", "STAFF", " staff "],
          (name) => Effect.flip(createDirectory(id, name))
        )
        assert.deepStrictEqual(failures.map(({ _tag }) => _tag), Array(3).fill("DirectoryNameInUse"))
        const other = yield* createOrganization("Acme")
        yield* createDirectory(other.id, "Staff")
      }))

    it.effect("of directories are taken once, however many ask at once", () =>
      Effect.gen(function*() {
        const { createDirectory } = yield* administration
        const attempts = yield* Effect.all(
          Array.from({ length: 20 }, () => Effect.either(createDirectory(organizationId, "At once"))),
          { concurrency: "unbounded" }
        )
        assert.lengthOf(attempts.filter(Either.isRight), 1)
      }))

    it.effect("of services are taken once under their owner, whatever their case and outer space", () =>
      Effect.gen(function*() {
        const { createService } = yield* administration
        const ofDirectory = yield* createService(directoryId, "Shop")
        assert.deepStrictEqual(ofDirectory.directoryId, Option.some(directoryId))
        assert.strictEqual(ofDirectory.organizationId, organizationId)
        assert.strictEqual((yield* Effect.flip(createService(directoryId, " sHOP")))._tag, "ServiceNameTaken")
        const ofOrganization = yield* createService(organizationId, "Shop")
        assert.deepStrictEqual(ofOrganization.directoryId, Option.none())
        assert.strictEqual((yield* Effect.flip(createService(organizationId, "shop")))._tag, "ServiceNameTaken")
      }))
  })

  it.effect("owners that do not exist are not found", () =>
    Effect.gen(function*() {
      const { addKey, createDirectory, createSdkKey, createService, linkDevice } = yield* administration
      const entities = [
        Entity.organization(Entity.OrganizationId.make(nowhere)),
        Entity.directory(Entity.DirectoryId.make(nowhere)),
        Entity.service(Entity.ServiceId.make(nowhere)),
        Entity.device(nowhere)
      ]
      const failures: ReadonlyArray<{ readonly _tag: string }> = yield* Effect.all([
        Effect.flip(createDirectory(Entity.OrganizationId.make(nowhere), "Staff")),
        Effect.flip(createSdkKey(Entity.DirectoryId.make(nowhere))),
        Effect.flip(createService(Entity.DirectoryId.make(nowhere), "Shop")),
        Effect.flip(linkDevice({ directoryId: Entity.DirectoryId.make(nowhere), identifier: "alice" })),
        ...entities.map((entity) => Effect.flip(addKey(entity, TestKeys.stranger.publicKey)))
      ])
      assert.deepStrictEqual(failures.map(({ _tag }) => _tag), Array(8).fill("EntityNotFound"))
    }))

  describe("keys", () => {
    const service = Effect.gen(function*() {
      const { createService } = yield* administration
      return Entity.service((yield* createService(directoryId, crypto.randomUUID())).id)
    })

    it.effect("are named by their fingerprint, in SPKI and PKCS#1 alike", () =>
      Effect.gen(function*() {
        const { addKey } = yield* administration
        assert.strictEqual(yield* addKey(yield* service, TestKeys.stranger.publicKey), TestKeys.stranger.keyId)
        const pkcs1 = crypto.createPublicKey(TestKeys.stranger.publicKey).export({ type: "pkcs1", format: "pem" })
        assert.strictEqual(yield* addKey(yield* service, String(pkcs1)), TestKeys.stranger.keyId)
      }))

    it.effect("belong to an entity once", () =>
      Effect.gen(function*() {
        const { addKey } = yield* administration
        const entity = yield* service
        yield* addKey(entity, TestKeys.stranger.publicKey)
        const failure = yield* Effect.flip(addKey(entity, TestKeys.stranger.publicKey, { type: "SIGNATURE" }))
        assert.strictEqual(failure._tag, "PublicKeyAlreadyInUse")
        yield* addKey(yield* service, TestKeys.stranger.publicKey)
      }))

    it.effect("are kept with what they may do, until when, oldest first", () =>
      Effect.gen(function*() {
        const { addKey } = yield* administration
        const entity = yield* service
        const expires = DateTime.unsafeMake("2030-01-01T00:00:00Z")
        yield* addKey(entity, TestKeys.stranger.publicKey)
        yield* addKey(entity, TestKeys.encryption.publicKey, { type: "ENCRYPTION", active: false, expires })
        const keys = yield* Effect.flatMap(Store.Store, (store) => store.keys(entity))
        assert.deepStrictEqual(
          keys.map(({ active, expires, id, type }) => ({ active, expires, id, type })),
          [
            { active: true, expires: Option.none(), id: TestKeys.stranger.keyId, type: "BOTH" },
            { active: false, expires: Option.some(expires), id: TestKeys.encryption.keyId, type: "ENCRYPTION" }
          ]
        )
      }))

    const unacceptable = [
      ["below 2048 bits", () => rsa(1024).publicKey],
      ["that are private", () => rsa(2048).privateKey],
      ["that are no PEM", () => "MIIB"],
      ["of no text at all", () => ""],
      [
        "of another kind",
        () => String(crypto.generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }))
      ]
    ] as const
    for (const [name, pem] of unacceptable) {
      it.effect(`${name} are refused, and nothing of them is repeated`, () =>
        Effect.gen(function*() {
          const { addKey } = yield* administration
          const key = pem()
          const failure = yield* Effect.flip(addKey(yield* service, key))
          assert(failure._tag === "InvalidPublicKey")
          const body = key.split("\n")[1]
          if (body !== undefined) assert.notInclude(String(failure.detail), body)
        }))
    }
  })

  describe("a link", () => {
    const start = (identifier: string, options?: Parameters<Administration.Service["linkDevice"]>[1]) =>
      Effect.flatMap(administration, ({ linkDevice }) => linkDevice({ directoryId, identifier }, options))

    it.effect("creates the user, whose device is pending, and has a code of seven characters", () =>
      Effect.gen(function*() {
        const store = yield* Store.Store
        const { code, deviceId } = yield* start("link-new")
        assert.match(code, /^[a-z2-9]{7}$/)
        const devices = yield* store.devices({ directoryId, identifier: "link-new" })
        assert.deepStrictEqual(devices.map(({ id, status }) => [id, status]), [[deviceId, "LINK_PENDING"]])
      }))

    it.effect("may last from five minutes to a day, and lasts a day unless told otherwise", () =>
      Effect.gen(function*() {
        const now = yield* Effect.flatMap(PlatformClock.PlatformClock, (clock) => clock.now)
        const lasting = (ttl?: number) =>
          Effect.map(
            start("link-ttl", ttl === undefined ? undefined : { ttl: ttl * 1000 }),
            ({ expires }) => DateTime.distance(now, expires) / 1000
          )
        assert.strictEqual(yield* lasting(), 86_400)
        assert.strictEqual(yield* lasting(300), 300)
        assert.strictEqual(yield* lasting(86_400), 86_400)
        for (const ttl of [299, 86_401]) {
          const failure = yield* Effect.flip(lasting(ttl))
          assert.deepInclude(failure, { _tag: "InvalidParameters", origin: "Platform" })
        }
      }))

    it.effect("is for an identifier of 1 to 255 characters, none of them a control character", () =>
      Effect.gen(function*() {
        yield* start("🔑".repeat(255))
        for (const identifier of ["", "x".repeat(256), "ali\u0000ce", "alice\n", "\u007f"]) {
          assert.strictEqual((yield* Effect.flip(start(identifier)))._tag, "InvalidDirectoryIdentifier")
        }
      }))

    it.effect("serves one device, however many use its code at once", () =>
      Effect.gen(function*() {
        const { code } = yield* start("link-race")
        const attempts = yield* Effect.all(
          Array.from(
            { length: 4 },
            () => Effect.flatMap(unlinked, (device) => Effect.either(device.link(code, sdkKey)))
          ),
          { concurrency: "unbounded" }
        )
        assert.lengthOf(attempts.filter(Either.isRight), 1)
        for (const attempt of attempts) {
          if (Either.isLeft(attempt)) assert.strictEqual(attempt.left._tag, "EntityNotFound")
        }
      }))

    it.effect("serves none once its time has passed", () =>
      Effect.gen(function*() {
        const { code } = yield* start("link-expired", { ttl: "5 minutes" })
        yield* Effect.flatMap(PlatformClock.PlatformClock, (clock) => clock.advance("5 minutes"))
        const device = yield* unlinked
        assert.strictEqual((yield* Effect.flip(device.link(code, sdkKey)))._tag, "EntityNotFound")
      }))

    it.effect("leaves no device once its time has passed, and one that was completed in time", () =>
      Effect.gen(function*() {
        const store = yield* Store.Store
        const clock = yield* PlatformClock.PlatformClock
        const user = { directoryId, identifier: "link-abandoned" }
        yield* start(user.identifier, { ttl: "5 minutes" })
        const completed = yield* start(user.identifier, { ttl: "5 minutes" })
        yield* Effect.flatMap(unlinked, (device) => device.link(completed.code, sdkKey))
        const ids = Effect.map(store.devices(user), (devices) => devices.map(({ id }) => id))
        yield* clock.advance("6 minutes")
        assert.lengthOf(yield* ids, 2)
        const next = yield* start(user.identifier)
        assert.deepStrictEqual(yield* ids, [completed.deviceId, next.deviceId])
      }))

    it.effect("serves the SDK keys of its directory alone", () =>
      Effect.gen(function*() {
        const { createDirectory, createSdkKey } = yield* administration
        const { code } = yield* start("link-sdk-key")
        const device = yield* unlinked
        const other = yield* createDirectory(organizationId, crypto.randomUUID())
        const foreign = yield* createSdkKey(other.id)
        assert.strictEqual((yield* Effect.flip(device.link(code, foreign)))._tag, "InvalidSdkKey")
        yield* device.link(code, yield* createSdkKey(directoryId))
      }))
  })
})
