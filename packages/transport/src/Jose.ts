/**
 * JOSE as this protocol uses it: compact JWS with RSASSA-PKCS1-v1_5, compact JWE with RSA-OAEP and A256CBC-HS512, and
 * the few primitives beside them. A port, so that another engine can stand in for WebCrypto.
 *
 * @since 0.1.0
 */
import { KeyId } from "@effect-launchkey/core/KeyId"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as jose from "jose"
import { ContentEncryptionAlgorithm, KeyEncryptionAlgorithm, SignatureAlgorithm } from "./Algorithms.ts"
import type { HashFunction } from "./ContentHash.ts"
import * as Compact from "./internal/compact.ts"
import * as DirectJwe from "./internal/directJwe.ts"
import * as Keys from "./internal/keys.ts"
import type { PrivateKey, PublicKey } from "./internal/keys.ts"
import * as RsaKey from "./internal/rsaKey.ts"
import { InvalidKey } from "./InvalidKey.ts"
import { Refusal, type RejectionReason } from "./Rejection.ts"

export { ContentEncryptionAlgorithm, KeyEncryptionAlgorithm, SignatureAlgorithm } from "./Algorithms.ts"
export { keyIdOf, PrivateKey, PublicKey } from "./internal/keys.ts"
export { InvalidKey } from "./InvalidKey.ts"

/**
 * A token whose form and header are as they must be, and whose **signature nobody has checked**: `payload` is what a
 * stranger wrote. Only `verify` turns it into something to believe; until then it says which key to ask for.
 *
 * @since 0.1.0
 * @category models
 */
export interface UnverifiedJws {
  /** Without `kid` only where it was read as one that need not name its key. */
  readonly header: { readonly alg: SignatureAlgorithm; readonly kid: KeyId | undefined }
  readonly payload: Uint8Array
  readonly token: string
}

/**
 * A compact JWE whose form and header are as they must be. Nothing vouches for the header until `decrypt` has succeeded.
 *
 * @since 0.1.0
 * @category models
 */
export interface UnverifiedJwe {
  readonly header: {
    readonly alg: KeyEncryptionAlgorithm
    readonly enc: ContentEncryptionAlgorithm
    readonly kid: KeyId
  }
  readonly token: string
}

/**
 * A compact JWE under a shared key, whose form and header are as they must be. Nothing vouches for the header until
 * `decryptDirect` has succeeded.
 *
 * @since 0.1.0
 * @category models
 */
export interface UnverifiedDirectJwe extends DirectJwe.UnverifiedDirectJwe {}

/**
 * More than one RSA-OAEP block takes: at most the modulus' octets less 42, so 214 for a 2048 bit key.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8017#section-7.1.1
 * @since 0.1.0
 * @category errors
 */
export class PlaintextTooLong extends Data.TaggedError("PlaintextTooLong")<{
  /** Octets. */
  readonly length: number
  /** Octets. */
  readonly maximum: number
}> {
  override get message(): string {
    return `The plaintext has ${this.length} octets, and this key takes at most ${this.maximum} in one RSA-OAEP block. `
      + "Send less, or seal it as a JWE."
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /**
   * Reads an unencrypted PKCS#8 or PKCS#1 PEM, told apart by content rather than label, and proves that its two halves
   * belong together by one signature. Fails with `InvalidKey` for anything else, for RSA below 2048 bits and for public
   * exponents below 65537.
   */
  readonly importPrivateKey: (pem: Redacted.Redacted<string>) => Effect.Effect<PrivateKey, InvalidKey>
  /** Reads a SubjectPublicKeyInfo or PKCS#1 PEM, told apart by content, under the same conditions. */
  readonly importPublicKey: (pem: string) => Effect.Effect<PublicKey, InvalidKey>
  /** A new pair with the exponent 65537, 2048 bits unless told otherwise; its PEM is PKCS#8. */
  readonly generateKey: (
    modulusLength?: 2048 | 3072 | 4096
  ) => Effect.Effect<{ readonly privateKey: PrivateKey; readonly privateKeyPem: Redacted.Redacted<string> }>
  /**
   * A compact JWS of `payload`, octet for octet, under the protected header `alg`, `typ` if given, `kid`. The algorithm
   * defaults to `RS256`.
   */
  readonly sign: (options: {
    readonly key: PrivateKey
    readonly algorithm?: SignatureAlgorithm | undefined
    readonly header?: { readonly typ?: "JWT" | undefined } | undefined
    readonly payload: string
  }) => Effect.Effect<string>
  /**
   * Everything that is checked about a token before a key is looked up: three parts in canonical base64url, a header
   * without ambiguity, its algorithm and its key id. Fails with `TokenMalformed`, `HeaderNotAllowed`,
   * `AlgorithmNotAllowed` or `KeyIdInvalid`. Keys inside the header (`jwk`, `jku`, `x5c` …) are never used. With
   * `keyIdOptional` a token need not name its key; one that does is read as ever.
   */
  readonly parseJws: (
    token: string,
    options?: { readonly keyIdOptional?: boolean | undefined }
  ) => Effect.Effect<UnverifiedJws, Refusal>
  /** The signed payload. Fails with `KeyUnknown` if `kid` names another key than this, else `SignatureInvalid`. */
  readonly verify: (jws: UnverifiedJws, key: PublicKey) => Effect.Effect<Uint8Array, Refusal>
  /** RSASSA-PKCS1-v1_5 with SHA-256 over the octets themselves, in no envelope. */
  readonly signBytes: (bytes: Uint8Array, key: PrivateKey) => Effect.Effect<Uint8Array>
  /** Whether `signBytes` with the other half makes this signature of these octets. */
  readonly verifyBytes: (bytes: Uint8Array, signature: Uint8Array, key: PublicKey) => Effect.Effect<boolean>
  /**
   * A compact JWE of `plaintext` under the protected header `alg`, `enc`, `kid`, and `cty` if given. The algorithm
   * defaults to `RSA-OAEP-256`.
   */
  readonly encrypt: (options: {
    readonly plaintext: Uint8Array
    readonly key: PublicKey
    readonly algorithm?: KeyEncryptionAlgorithm | undefined
    readonly contentType?: string | undefined
  }) => Effect.Effect<string>
  /**
   * Everything that is checked about a JWE before a key is chosen. Fails with `BodyNotEncrypted` for what is no compact JWE
   * at all, with `BodyMalformed`, `HeaderNotAllowed`, `AlgorithmNotAllowed` or `KeyIdInvalid` for what is a wrong one.
   */
  readonly parseJwe: (text: string) => Effect.Effect<UnverifiedJwe, Refusal>
  /** The plaintext. Every failure is the same `DecryptionFailed`: telling them apart would help to forge. */
  readonly decrypt: (jwe: UnverifiedJwe, key: PrivateKey) => Effect.Effect<Uint8Array, Refusal>
  /**
   * A compact JWE of `plaintext` under a shared key of 32 octets, with the protected header `alg` `dir`, `enc` `A256GCM`,
   * `kid`, and `cty` if given. For what rests in a store: nothing of the protocol is sealed so. A key serves for 2^32 of
   * them.
   *
   * @see https://www.rfc-editor.org/rfc/rfc7518#section-5.3
   */
  readonly encryptDirect: (options: {
    readonly plaintext: Uint8Array
    readonly key: Redacted.Redacted<Uint8Array>
    readonly keyId: string
    readonly contentType?: string | undefined
  }) => Effect.Effect<string>
  /** As `parseJwe`, for what `encryptDirect` makes; its `kid` may be any text. */
  readonly parseDirectJwe: (text: string) => Effect.Effect<UnverifiedDirectJwe, Refusal>
  /** The plaintext. Every failure is the same `DecryptionFailed`. */
  readonly decryptDirect: (
    jwe: UnverifiedDirectJwe,
    key: Redacted.Redacted<Uint8Array>
  ) => Effect.Effect<Uint8Array, Refusal>
  /** One RSAES-OAEP block with SHA-1, MGF1 with SHA-1 and an empty label, as devices' first answers are sealed. */
  readonly encryptOaep: (plaintext: Uint8Array, key: PublicKey) => Effect.Effect<Uint8Array, PlaintextTooLong>
  /** Opens what `encryptOaep` makes. Every failure is the same `DecryptionFailed`. */
  readonly decryptOaep: (ciphertext: Uint8Array, key: PrivateKey) => Effect.Effect<Uint8Array, Refusal>
  /** Lower-case hex. */
  readonly digest: (hashFunction: HashFunction, bytes: Uint8Array) => Effect.Effect<string>
  /** HMAC with SHA-256: 32 octets. */
  readonly hmacSha256: (key: Uint8Array, data: Uint8Array) => Effect.Effect<Uint8Array>
  /** A version 4 UUID in lower case. */
  readonly randomUuid: Effect.Effect<string>
  /** At most 65,536 octets at a time. */
  readonly randomBytes: (length: number) => Effect.Effect<Uint8Array>
}

const isSignatureAlgorithm = Schema.is(SignatureAlgorithm)
const isKeyEncryptionAlgorithm = Schema.is(KeyEncryptionAlgorithm)
const isContentEncryptionAlgorithm = Schema.is(ContentEncryptionAlgorithm)
const isKeyId = Schema.is(KeyId)

const utf8 = new TextEncoder()
const hashNames: { readonly [F in HashFunction]: string } = { S256: "SHA-256", S384: "SHA-384", S512: "SHA-512" }

// WebCrypto takes no view of shared memory, and another thread must not change what is being sealed
const owned = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes)

const aesKey = (key: Redacted.Redacted<Uint8Array>, use: "encrypt" | "decrypt") =>
  crypto.subtle.importKey("raw", owned(Redacted.value(key)), "AES-GCM", false, [use])

const refused = (reason: RejectionReason) => Either.left(new Refusal({ reason }))

const parseJws = (
  token: string,
  options?: { readonly keyIdOptional?: boolean | undefined }
): Either.Either<UnverifiedJws, Refusal> => {
  const parts = token.split(".")
  const [protectedHeader, payload, signature] = parts
  if (parts.length !== 3 || !protectedHeader || payload === undefined || signature === undefined) {
    return refused("TokenMalformed")
  }
  return Either.flatMap(
    Compact.readHeader(parts, protectedHeader, "TokenMalformed"),
    ({ alg, kid, typ }): Either.Either<UnverifiedJws, Refusal> => {
      if (typ !== undefined && !(typeof typ === "string" && typ.toUpperCase() === "JWT")) {
        return refused("HeaderNotAllowed")
      }
      if (!isSignatureAlgorithm(alg)) return refused("AlgorithmNotAllowed")
      const named = kid !== undefined || options?.keyIdOptional !== true
      if (named && !isKeyId(kid)) return refused("KeyIdInvalid")
      // after the algorithm, so that an unsecured token ("none", without a signature) is named for what it is
      if (payload === "" || signature === "") return refused("TokenMalformed")
      return Either.right({
        header: { alg, kid: isKeyId(kid) ? kid : undefined },
        // few read it before it is verified
        get payload() {
          return Compact.decode(payload)
        },
        token
      })
    }
  )
}

const parseJwe = (text: string): Either.Either<UnverifiedJwe, Refusal> => {
  // six suffice to see that there are more than five
  const parts = text.split(".", 6)
  const [protectedHeader, encryptedKey, iv, ciphertext, tag] = parts
  if (
    parts.length !== 5 || encryptedKey === undefined || iv === undefined || ciphertext === undefined
    || tag === undefined
  ) {
    return refused("BodyNotEncrypted")
  }
  return Either.flatMap(
    Compact.readHeader(parts, protectedHeader ?? "", "BodyMalformed"),
    ({ alg, enc, kid }): Either.Either<UnverifiedJwe, Refusal> => {
      if (!isKeyEncryptionAlgorithm(alg) || !isContentEncryptionAlgorithm(enc)) return refused("AlgorithmNotAllowed")
      if (!isKeyId(kid)) return refused("KeyIdInvalid")
      const octets = Compact.byteLength(ciphertext)
      return encryptedKey !== "" && Compact.byteLength(iv) === 16 && Compact.byteLength(tag) === 32
          && octets >= 16 && octets % 16 === 0
        ? Either.right({ header: { alg, enc, kid }, token: text })
        : refused("BodyMalformed")
    }
  )
}

const importKey = <Numbers, Key>(
  read: Either.Either<Numbers, InvalidKey>,
  importNumbers: (numbers: Numbers) => Promise<Key>
): Effect.Effect<Key, InvalidKey> =>
  Effect.flatMap(read, (numbers) =>
    Effect.tryPromise({
      try: () => importNumbers(numbers),
      catch: () => new InvalidKey({ reason: "MalformedPem" })
    }))

/**
 * JOSE over WebCrypto, which Node, Bun, Deno, edge runtimes and browsers' secure contexts have.
 *
 * Keys were tried when they were imported, so sealing with one cannot fail but by a bug; opening takes anything.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Service = {
  importPrivateKey: (pem) => importKey(RsaKey.readPrivate(Redacted.value(pem)), Keys.importPrivate),

  importPublicKey: (pem) => importKey(RsaKey.readPublic(pem), Keys.importPublic),

  generateKey: (modulusLength = 2048) =>
    Effect.promise(async () => {
      const options = { ...Keys.webCrypto.RS256, modulusLength, publicExponent: Uint8Array.of(1, 0, 1) }
      const pair = await crypto.subtle.generateKey(options, true, ["sign", "verify"])
      return RsaKey.toPem("PRIVATE KEY", new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey)))
    }).pipe(
      Effect.flatMap((pem) =>
        Effect.map(importKey(RsaKey.readPrivate(pem), Keys.importPrivate), (privateKey) => ({
          privateKey,
          privateKeyPem: Redacted.make(pem)
        }))
      ),
      // the engine's own key: not from outside
      Effect.orDie
    ),

  sign: ({ algorithm = "RS256", header, key, payload }) =>
    Effect.promise(async () =>
      new jose.CompactSign(utf8.encode(payload))
        .setProtectedHeader({ alg: algorithm, ...(header?.typ && { typ: header.typ }), kid: key.keyId })
        .sign(await Keys.cryptoKey(key, algorithm))
    ),

  parseJws,

  verify: (jws, key) =>
    jws.header.kid !== undefined && jws.header.kid !== key.keyId
      ? Effect.fail(new Refusal({ reason: "KeyUnknown" }))
      : Effect.tryPromise({
        try: async () => {
          const { alg } = jws.header
          const verifying = await Keys.cryptoKey(key, alg)
          return (await jose.compactVerify(jws.token, verifying, { algorithms: [alg] })).payload
        },
        catch: () => new Refusal({ reason: "SignatureInvalid" })
      }),

  signBytes: (bytes, key) =>
    Effect.promise(async () =>
      new Uint8Array(
        await crypto.subtle.sign(Keys.webCrypto.RS256.name, await Keys.cryptoKey(key, "RS256"), owned(bytes))
      )
    ),

  verifyBytes: (bytes, signature, key) =>
    Effect.tryPromise(async () =>
      crypto.subtle.verify(
        Keys.webCrypto.RS256.name,
        await Keys.cryptoKey(key, "RS256"),
        owned(signature),
        owned(bytes)
      )
    ).pipe(Effect.orElseSucceed(() => false)),

  encrypt: ({ algorithm = "RSA-OAEP-256", contentType, key, plaintext }) =>
    Effect.promise(async () =>
      new jose.CompactEncrypt(owned(plaintext))
        .setProtectedHeader({
          alg: algorithm,
          enc: "A256CBC-HS512",
          kid: key.keyId,
          ...(contentType !== undefined && { cty: contentType })
        })
        .encrypt(await Keys.cryptoKey(key, algorithm))
    ),

  parseJwe,

  decrypt: (jwe, key) =>
    Effect.tryPromise({
      try: async () => {
        const { alg, enc } = jwe.header
        const { plaintext } = await jose.compactDecrypt(jwe.token, await Keys.cryptoKey(key, alg), {
          keyManagementAlgorithms: [alg],
          contentEncryptionAlgorithms: [enc]
        })
        return plaintext
      },
      catch: () => new Refusal({ reason: "DecryptionFailed" })
    }),

  encryptDirect: ({ contentType, key, keyId, plaintext }) =>
    Effect.promise(async () => {
      const header = DirectJwe.headerOf(keyId, contentType)
      const iv = crypto.getRandomValues(new Uint8Array(DirectJwe.sizes.iv))
      const sealed = new Uint8Array(
        await crypto.subtle.encrypt(
          { name: "AES-GCM", iv, additionalData: utf8.encode(header) },
          await aesKey(key, "encrypt"),
          owned(plaintext)
        )
      )
      const end = sealed.length - DirectJwe.sizes.tag
      return DirectJwe.tokenOf(header, iv, sealed.subarray(0, end), sealed.subarray(end))
    }),

  parseDirectJwe: DirectJwe.parse,

  decryptDirect: ({ token }, key) =>
    Effect.tryPromise({
      try: async () => {
        const { additional, ciphertext, iv, tag } = DirectJwe.partsOf(token)
        return new Uint8Array(
          await crypto.subtle.decrypt(
            { name: "AES-GCM", iv, additionalData: additional },
            await aesKey(key, "decrypt"),
            new Uint8Array([...ciphertext, ...tag])
          )
        )
      },
      catch: () => new Refusal({ reason: "DecryptionFailed" })
    }),

  encryptOaep: (plaintext, key) => {
    const maximum = Math.ceil(key.modulusLength / 8) - 42
    return plaintext.length > maximum
      ? Effect.fail(new PlaintextTooLong({ length: plaintext.length, maximum }))
      : Effect.promise(async () =>
        new Uint8Array(
          await crypto.subtle.encrypt({ name: "RSA-OAEP" }, await Keys.cryptoKey(key, "RSA-OAEP"), owned(plaintext))
        )
      )
  },

  decryptOaep: (ciphertext, key) =>
    Effect.tryPromise({
      try: async () =>
        new Uint8Array(
          await crypto.subtle.decrypt({ name: "RSA-OAEP" }, await Keys.cryptoKey(key, "RSA-OAEP"), owned(ciphertext))
        ),
      catch: () => new Refusal({ reason: "DecryptionFailed" })
    }),

  digest: (hashFunction, bytes) =>
    Effect.promise(async () => {
      const octets = new Uint8Array(await crypto.subtle.digest(hashNames[hashFunction], owned(bytes)))
      return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("")
    }),

  hmacSha256: (key, data) =>
    Effect.promise(async () => {
      // WebCrypto takes no empty key; HMAC fills up each with zeros, so that one of them is the same key
      const octets = key.length === 0 ? new Uint8Array(1) : owned(key)
      const imported = await crypto.subtle.importKey("raw", octets, { name: "HMAC", hash: "SHA-256" }, false, ["sign"])
      return new Uint8Array(await crypto.subtle.sign("HMAC", imported, owned(data)))
    }),

  randomUuid: Effect.sync(() => crypto.randomUUID()),

  randomBytes: (length) => Effect.sync(() => crypto.getRandomValues(new Uint8Array(length)))
}

/**
 * WebCrypto's, unless another is provided: `Layer.provide(NodeJose.layer)` below whatever seals and opens.
 *
 * @since 0.1.0
 * @category tags
 */
export class Jose extends Context.Reference<Jose>()("@effect-launchkey/transport/Jose", {
  defaultValue: () => make
}) {}

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Jose> = Layer.succeed(Jose, make)
