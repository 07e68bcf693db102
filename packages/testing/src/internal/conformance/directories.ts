import { SdkKey } from "@effect-launchkey/core/Device"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import { ConformanceTarget } from "../../ConformanceTarget.ts"
import * as pkcs12 from "./pkcs12.ts"
import { fresh, type It, organizationWith } from "./scene.ts"
import { nowhere, organizationCredentials, tenant } from "./tenant.ts"

const webhookUrl = "https://a.webhook.url/path"

const forbidden = <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), ({ _tag }) => assert.strictEqual(_tag, "Forbidden"))

/** A directory with everything that one may have. */
const complete = Effect.gen(function*() {
  const world = yield* tenant
  const { directory, directoryId, organization } = world
  yield* organization.updateDirectory(directoryId, {
    active: true,
    androidKey: "Hello Android",
    iosP12: pkcs12.legacy.base64,
    webhookUrl
  })
  const sdkKeys = [yield* organization.generateSdkKey(directoryId), yield* organization.generateSdkKey(directoryId)]
  const serviceIds = [
    yield* directory.createService(yield* fresh("service")),
    yield* directory.createService(yield* fresh("service"))
  ]
  return { ...world, sdkKeys, serviceIds }
})

/** A directory of another organization. */
const foreignDirectory = Effect.gen(function*() {
  const { keys: { stranger } } = yield* ConformanceTarget
  const credentials = yield* organizationCredentials(yield* organizationWith([[stranger, "BOTH"]]), stranger)
  const organization = yield* credentials.organizationClient
  return yield* Effect.flatMap(fresh("directory"), organization.createDirectory)
})

const reading = (it: It) =>
  describe("a directory", () => {
    it.effect("that is new has a name, is active, asks why users deny, and has nothing else (B-085, B-278)", () =>
      Effect.gen(function*() {
        const { organization } = yield* tenant
        const name = yield* fresh("directory")
        const id = yield* organization.createDirectory(name)
        assert.deepStrictEqual({ ...yield* organization.getDirectory(id) }, {
          id,
          name,
          active: true,
          androidKey: Option.none(),
          denialContextInquiryEnabled: true,
          iosCertificateFingerprint: Option.none(),
          premium: false,
          sdkKeys: [],
          serviceIds: [],
          webhookUrl: Option.none()
        })
        assert.deepStrictEqual(yield* organization.listDirectoryKeys(id), [])
        assert.deepStrictEqual(yield* organization.listSdkKeys(id), [])
      }))

    it.effect("of a name that the organization has used fails with DirectoryNameInUse (B-086)", () =>
      Effect.gen(function*() {
        const { organization } = yield* tenant
        const name = yield* fresh("directory")
        yield* organization.createDirectory(name)
        for (const same of [name, name.toUpperCase(), ` ${name} `]) {
          assert.strictEqual((yield* Effect.flip(organization.createDirectory(same)))._tag, "DirectoryNameInUse")
        }
      }))

    it.effect("is told with all that it was given, by itself, by its id and among all (B-087, B-088, B-090)", () =>
      Effect.gen(function*() {
        const { directoryId, name, organization, sdkKeys, serviceIds } = yield* complete
        const directory = yield* organization.getDirectory(directoryId)
        assert.deepInclude({ ...directory }, {
          id: directoryId,
          name,
          active: true,
          androidKey: Option.some("Hello Android"),
          iosCertificateFingerprint: Option.some(pkcs12.legacy.fingerprint),
          sdkKeys,
          serviceIds,
          webhookUrl: Option.some(webhookUrl)
        })
        assert.deepStrictEqual(yield* organization.getDirectories([directoryId]), [directory])
        assert.deepStrictEqual(yield* organization.getDirectories([]), [])
        assert.deepStrictEqual((yield* organization.listDirectories).at(-1), directory)
      }))

    it.effect("that never was, or is another organization's, is not read (B-089, B-091)", () =>
      Effect.gen(function*() {
        const { directoryId, organization } = yield* tenant
        for (const id of [nowhere.directoryId, yield* foreignDirectory]) {
          yield* forbidden(organization.getDirectory(id))
          yield* forbidden(organization.getDirectories([id]))
          yield* forbidden(organization.getDirectories([directoryId, id]))
        }
      }))

    it.effect("that never was, or is another organization's, is not acted for", () =>
      Effect.gen(function*() {
        const { credentials } = yield* tenant
        for (const id of [nowhere.directoryId, yield* foreignDirectory]) {
          const directory = yield* credentials.directoryClient(id)
          yield* forbidden(directory.linkDevice("anyone"))
          yield* forbidden(directory.listServices)
        }
      }))
  })

const changing = (it: It) =>
  describe("changing a directory", () => {
    const after = (change: Parameters<Effect.Effect.Success<typeof tenant>["organization"]["updateDirectory"]>[1]) =>
      Effect.gen(function*() {
        const { directoryId, organization } = yield* complete
        const before = yield* organization.getDirectory(directoryId)
        yield* organization.updateDirectory(directoryId, change)
        return { before: { ...before }, after: { ...yield* organization.getDirectory(directoryId) } }
      })

    const cases = [
      ["makes it inactive (B-092)", { active: false }, { active: false }],
      [
        "sets the key for Android (B-093)",
        { androidKey: "A new Android Key" },
        { androidKey: Option.some("A new Android Key") }
      ],
      ["clears the key for Android (B-094)", { androidKey: null }, { androidKey: Option.none() }],
      [
        "sets the certificate for iOS, whose fingerprint is told (B-095)",
        { iosP12: pkcs12.modern.base64 },
        { iosCertificateFingerprint: Option.some(pkcs12.modern.fingerprint) }
      ],
      [
        "takes the certificate for iOS as bytes too",
        { iosP12: new Uint8Array(Option.getOrThrow(Option.getRight(Encoding.decodeBase64(pkcs12.modern.base64)))) },
        { iosCertificateFingerprint: Option.some(pkcs12.modern.fingerprint) }
      ],
      [
        "clears the certificate for iOS (B-096)",
        { iosP12: null },
        { iosCertificateFingerprint: Option.none() }
      ],
      [
        "sets the address for webhooks (B-097)",
        { webhookUrl: "https://another.webhook.url/path" },
        { webhookUrl: Option.some("https://another.webhook.url/path") }
      ],
      ["clears the address for webhooks (B-098)", { webhookUrl: null }, { webhookUrl: Option.none() }],
      [
        "ends the question why a user denies (B-099)",
        { denialContextInquiryEnabled: false },
        { denialContextInquiryEnabled: false }
      ],
      ["leaves everything that is not given", {}, {}]
    ] as const

    for (const [name, change, expected] of cases) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const directory = yield* after(change)
          assert.deepStrictEqual<object>(directory.after, { ...directory.before, ...expected })
        }))
    }

    it.effect("refuses what is no PKCS#12 without a password, and changes nothing then", () =>
      Effect.gen(function*() {
        const { directoryId, organization } = yield* complete
        const failure = yield* Effect.flip(
          organization.updateDirectory(directoryId, { active: false, iosP12: Encoding.encodeBase64("no certificate") })
        )
        assert.deepInclude(failure, { _tag: "InvalidParameters", origin: "Platform" })
        assert(failure._tag === "InvalidParameters")
        assert.property(failure.detail, "ios_p12")
        const directory = yield* organization.getDirectory(directoryId)
        assert.isTrue(directory.active)
        assert.deepStrictEqual(directory.iosCertificateFingerprint, Option.some(pkcs12.legacy.fingerprint))
      }))

    it.effect("that never was, or is another organization's, fails with Forbidden (B-100)", () =>
      Effect.gen(function*() {
        const { organization } = yield* tenant
        yield* forbidden(organization.updateDirectory(nowhere.directoryId, { active: true }))
        yield* forbidden(organization.updateDirectory(yield* foreignDirectory, { active: true }))
      }))
  })

const sdkKeys = (it: It) =>
  describe("an SDK key", () => {
    it.effect("is its directory's once it is generated (B-119, B-121)", () =>
      Effect.gen(function*() {
        const { directoryId, organization } = yield* tenant
        const first = yield* organization.generateSdkKey(directoryId)
        assert.deepStrictEqual((yield* organization.getDirectory(directoryId)).sdkKeys, [first])
        const second = yield* organization.generateSdkKey(directoryId)
        assert.deepStrictEqual(yield* organization.listSdkKeys(directoryId), [first, second])
      }))

    it.effect("is gone once it is removed (B-123)", () =>
      Effect.gen(function*() {
        const { directoryId, organization } = yield* tenant
        const first = yield* organization.generateSdkKey(directoryId)
        const last = yield* organization.generateSdkKey(directoryId)
        yield* organization.removeSdkKey(directoryId, last)
        assert.deepStrictEqual(yield* organization.listSdkKeys(directoryId), [first])
      }))

    it.effect("that the directory does not have fails with InvalidSdkKey, the last one or not (B-125)", () =>
      Effect.gen(function*() {
        const { directoryId, organization } = yield* tenant
        const unknown = SdkKey.make(nowhere.serviceId)
        yield* organization.generateSdkKey(directoryId)
        const removal = Effect.flip(organization.removeSdkKey(directoryId, unknown))
        assert.strictEqual((yield* removal)._tag, "InvalidSdkKey")
        yield* organization.generateSdkKey(directoryId)
        assert.strictEqual((yield* removal)._tag, "InvalidSdkKey")
        assert.lengthOf(yield* organization.listSdkKeys(directoryId), 2)
      }))

    it.effect("that is the last one stays: LastRemainingSdkKey (B-126)", () =>
      Effect.gen(function*() {
        const { directoryId, organization } = yield* tenant
        const only = yield* organization.generateSdkKey(directoryId)
        const failure = yield* Effect.flip(organization.removeSdkKey(directoryId, only))
        assert.strictEqual(failure._tag, "LastRemainingSdkKey")
        assert.deepStrictEqual(yield* organization.listSdkKeys(directoryId), [only])
      }))

    it.effect("of a directory that never was, or is another organization's, fails with Forbidden (B-120, B-122, B-124)", () =>
      Effect.gen(function*() {
        const { directoryId, organization } = yield* tenant
        const key = yield* organization.generateSdkKey(directoryId)
        yield* organization.generateSdkKey(directoryId)
        for (const id of [nowhere.directoryId, yield* foreignDirectory]) {
          yield* forbidden(organization.generateSdkKey(id))
          yield* forbidden(organization.listSdkKeys(id))
          yield* forbidden(organization.removeSdkKey(id, key))
        }
      }))
  })

export const directories = (it: It): void => {
  reading(it)
  changing(it)
  sdkKeys(it)
}
