import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as Platform from "@effect-launchkey/platform/Platform"
import * as InMemory from "@effect-launchkey/testing/InMemory"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import type { InvalidKey } from "@effect-launchkey/transport/InvalidKey"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as RemoteKeys from "@effect-launchkey/transport/RemoteKeys"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import * as crypto from "node:crypto"

interface Weak {
  readonly what: string
  readonly publicKey: string
  /** Undefined where no engine makes one. */
  readonly privateKey: string | undefined
  readonly reason: InvalidKey["reason"]
}

const spki = { type: "spki", format: "pem" } as const
const pkcs8 = { type: "pkcs8", format: "pem" } as const

const made = (what: string, reason: Weak["reason"], pair: crypto.KeyPairKeyObjectResult): Weak => ({
  what,
  reason,
  publicKey: pair.publicKey.export(spki).toString(),
  privateKey: pair.privateKey.export(pkcs8).toString()
})

const good = crypto.generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" })

/** Numbers that no engine would make, and that some take. */
const numbers = (what: string, reason: Weak["reason"], change: { readonly n?: Buffer; readonly e?: Buffer }): Weak => ({
  what,
  reason,
  publicKey: crypto.createPublicKey({
    key: {
      kty: "RSA",
      n: change.n?.toString("base64url") ?? good.n ?? "",
      e: change.e?.toString("base64url") ?? "AQAB"
    },
    format: "jwk"
  }).export(spki).toString(),
  privateKey: undefined
})

const even = Buffer.from(good.n ?? "", "base64url")
even[255] = (even[255] ?? 0) & 0xfe

const weak: ReadonlyArray<Weak> = [
  made("1024 bits", "ModulusTooSmall", crypto.generateKeyPairSync("rsa", { modulusLength: 1024 })),
  made("2047 bits", "ModulusTooSmall", crypto.generateKeyPairSync("rsa", { modulusLength: 2047 })),
  made(
    "the exponent 3",
    "ExponentTooSmall",
    crypto.generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 3 })
  ),
  numbers("the exponent 1, for which everything is its own signature", "ExponentTooSmall", { e: Buffer.of(1) }),
  numbers("an even exponent", "ExponentTooSmall", { e: Buffer.of(1, 0, 2) }),
  numbers("an exponent beyond what engines take", "Unsupported", { e: Buffer.of(2, 0, 0, 0, 1) }),
  numbers("an even modulus", "MalformedPem", { n: even }),
  made("another algorithm: P-256", "NotRsa", crypto.generateKeyPairSync("ec", { namedCurve: "P-256" })),
  made("another algorithm: Ed25519", "NotRsa", crypto.generateKeyPairSync("ed25519")),
  made("RSASSA-PSS alone", "Unsupported", crypto.generateKeyPairSync("rsa-pss", { modulusLength: 2048 }))
]

/** The id that it would have, so that nothing but the key itself is wrong. */
const keyIdOf = (pem: string) =>
  Jose.keyIdOf(new Uint8Array(crypto.createPublicKey(pem).export({ type: "spki", format: "der" })))

const Services = Layer.provideMerge(TestPlatform.layerPlatform, Jose.layer)

layer(Services)("a key of", (it) => {
  for (const { privateKey, publicKey, reason, what } of weak) {
    it.effect(`${what}: request into the platform: no entity may sign with it`, () =>
      Effect.gen(function*() {
        const administration = yield* Administration.Administration
        const service = Entity.service(TestPlatform.serviceId)
        const error = yield* Effect.flip(administration.addKey(service, publicKey))
        assert.strictEqual(error._tag, "InvalidPublicKey")
      }))

    it.effect(`${what}: response into the client, webhook: none is verified with it, whoever serves it`, () =>
      Effect.gen(function*() {
        const keyId = keyIdOf(publicKey)
        const keys = yield* RemoteKeys.make({
          current: Effect.succeed({ pem: publicKey, keyId }),
          byId: () => Effect.succeed(Option.some(publicKey))
        })
        assert.deepInclude({ ...yield* Effect.flip(keys.get(keyId)) }, {
          _tag: "TransportError",
          reason: "AnswerUnusable"
        })
        assert.deepInclude({ ...yield* Effect.flip(keys.current) }, {
          _tag: "TransportError",
          reason: "AnswerUnusable"
        })
      }))

    it.effect(`${what}: device package: no device is linked with it, and no answer opened`, () =>
      Effect.gen(function*() {
        const administration = yield* Administration.Administration
        const client = InMemory.make(yield* Platform.httpApp)
        const { code } = yield* administration.linkDevice({
          directoryId: TestPlatform.directoryId,
          identifier: "somebody"
        })
        const response = yield* HttpClient.execute(
          HttpClientRequest.post("http://localhost/device/v3/link").pipe(
            HttpClientRequest.bodyUnsafeJson({
              code,
              sdk_key: TestPlatform.sdkKey,
              name: "Device",
              type: "test",
              public_key: publicKey
            })
          )
        ).pipe(Effect.provideService(HttpClient.HttpClient, client))
        assert.strictEqual(response.status, 400)
        assert.include(yield* response.text, "KEY-001")
        if (privateKey === undefined) return
        const jose = yield* Jose.Jose
        const error = yield* Effect.flip(jose.importPrivateKey(Redacted.make(privateKey)))
        assert.strictEqual(error.reason, reason)
      }))

    it.effect(`${what}: is told apart by its reason, without any of it`, () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        const error = yield* Effect.flip(jose.importPublicKey(publicKey))
        assert.strictEqual(error.reason, reason)
        assert.notInclude(error.message, publicKey.split("\n")[1] ?? "")
      }))
  }
})
