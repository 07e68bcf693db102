/**
 * Every vector of the corpus through the `Jose` port, held to Wycheproof's result within this protocol's algorithms,
 * key sizes and exponents, and to refusal outside of them: there, valid vectors are refused as well.
 *
 * What reaches the port, and how:
 *
 * - **JWS** and **JWE**: the vector's own text goes through `parseJws`/`parseJwe`, its key through `importPublicKey` or
 *   `importPrivateKey` as a PEM, and the text again through `verify` or `decrypt`. The protocol asks for a kid of its own
 *   form, which no vector has, and which cannot be added to a protected header without breaking what protects it. So,
 *   and only where `parse…` refuses for `KeyIdInvalid`, the kid alone is replaced, `parse…` runs again over that text,
 *   and the cryptography over the original one, under the key that the corpus says belongs to it. All other checks of
 *   the header are the port's, and are made.
 * - **The content cipher** goes through `parseJwe` and `decrypt`, as a JWE around the vector's key, IV and ciphertext. A
 *   JWE's AAD is its header, so the vector's own cannot be given: the tag is made anew for the header by node:crypto, and
 *   differs from the right one in the same bits in which the vector's differs from the right one for its AAD.
 * - **OAEP with SHA-1** goes through `decryptOaep`.
 * - **OAEP with SHA-256** and **raw signatures** go through the port's import of keys, and **bypass** the rest of it: the
 *   port does the one only for content keys of 64 octets, and the other only over JWS signing inputs. They are given to
 *   WebCrypto with the very CryptoKeys that the port holds. Blocks that must not open also go through `decrypt`, as the
 *   encrypted key of a JWE.
 */
import { KeyId } from "@effect-launchkey/core/KeyId"
import { Data, Effect, Redacted } from "effect"
import * as crypto from "node:crypto"
import * as Keys from "../../../src/internal/keys.ts"
import * as Jose from "../../../src/Jose.ts"
import type { Refusal } from "../../../src/Rejection.ts"
import { base64url } from "../bare.ts"
import { type Jwk, privatePem, publicPem } from "../jwk.ts"
import type { CipherGroup, File, JoseGroup, OaepGroup, SignatureGroup } from "./corpus.ts"

/** Where a vector was refused, and why. */
class Refused extends Data.TaggedError("Refused")<{
  readonly at: "parse" | "key" | "check"
  readonly reason: string
}> {}

export interface Outcome {
  readonly file: string
  readonly tcId: number
  readonly comment: string
  readonly inScope: boolean
  readonly result: "valid" | "invalid" | "acceptable"
  /** What was said in the end: accepted, accepted with another content than the vector's, or where it was refused. */
  readonly said: "accepted" | "other content" | Refused
}

interface Case {
  readonly vector: { readonly tcId: number; readonly comment: string; readonly result: Outcome["result"] }
  readonly inScope: boolean
  readonly attempt: Effect.Effect<Uint8Array, Refused>
  /** What is to come out of it, where it is accepted. */
  readonly content: Uint8Array
}

const hex = (text: string): Buffer => Buffer.from(text, "hex")

const refused = (at: Refused["at"], reason: string) => Effect.fail(new Refused({ at, reason }))

/** The corpus has no kid of ours; this one stands for any. */
const someKeyId = KeyId.make(Array.from({ length: 16 }, () => "00").join(":"))

const headerOf = (token: string): { readonly alg?: unknown; readonly enc?: unknown; readonly kid?: unknown } => {
  try {
    return Object(JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()))
  } catch {
    return {}
  }
}

/** The port's own parse; a second time, with a kid of the protocol's form, where the first had no other objection. */
const parsed = <Parsed>(
  parse: (token: string) => Effect.Effect<Parsed, Refusal>,
  token: string
): Effect.Effect<Parsed, Refused> =>
  parse(token).pipe(
    Effect.catchIf(({ reason }) => reason === "KeyIdInvalid", () => {
      const header = base64url(JSON.stringify({ ...headerOf(token), kid: someKeyId }))
      return parse([header, ...token.split(".").slice(1)].join("."))
    }),
    Effect.mapError(({ reason }) => new Refused({ at: "parse", reason }))
  )

const checked = <A>(check: Effect.Effect<A, Refusal>): Effect.Effect<A, Refused> =>
  Effect.mapError(check, ({ reason }) => new Refused({ at: "check", reason }))

const bitsOf = (modulus: Uint8Array): number => {
  const text = BigInt(`0x0${Buffer.from(modulus).toString("hex")}`).toString(2)
  return text === "0" ? 0 : text.length
}

/** RSA keys that the protocol takes: 2048 bits to 8192, an exponent from 65537 to 33 bits. */
const isKeyInScope = (modulus: Uint8Array, exponent: Uint8Array): boolean => {
  const bits = bitsOf(modulus)
  const e = BigInt(`0x0${Buffer.from(exponent).toString("hex")}`)
  return bits >= 2048 && bits <= 8192 && e >= 65537n && e < 2n ** 33n
}

const isJwkInScope = ({ e, kty, n }: Jwk): boolean =>
  kty === "RSA" && isKeyInScope(Buffer.from(n ?? "", "base64url"), Buffer.from(e ?? "", "base64url"))

/** The key that the header names, as a set's user would choose it. */
const keyFor = (group: JoseGroup, kid: unknown, half: "public" | "private"): Jwk => {
  const one = group[half] ?? group.private ?? { kty: "none" }
  if (!("keys" in one)) return one
  return one.keys.find((key) => key.kid === kid) ?? one.keys[0] ?? { kty: "none" }
}

/** Runs the vectors of a file; keys stay imported from one file to the next. */
export const make: Effect.Effect<
  (file: File) => Effect.Effect<ReadonlyArray<Outcome>>,
  never,
  Jose.Jose
> = Effect.gen(function*() {
  const jose = yield* Jose.Jose

  // vectors share their groups' keys, and proving a private key costs more than using it
  const publicKey = yield* Effect.cachedFunction((pem: string) =>
    Effect.mapError(jose.importPublicKey(pem), ({ reason }) => new Refused({ at: "key", reason }))
  )
  const privateKey = yield* Effect.cachedFunction((pem: string) =>
    Effect.mapError(
      jose.importPrivateKey(Redacted.make(pem)),
      ({ reason }) => new Refused({ at: "key", reason })
    )
  )

  const signedToken = (group: JoseGroup, vector: JoseGroup["tests"][number]): Case => {
    const token = typeof vector.jws === "object" ? JSON.stringify(vector.jws) : vector.jws ?? ""
    const { alg, kid } = headerOf(token)
    const jwk = keyFor(group, kid, "public")
    return {
      vector,
      inScope: /^RS(256|384|512)$/.test(String(alg ?? jwk.alg)) && isJwkInScope(jwk),
      content: Buffer.from(token.split(".")[1] ?? "", "base64url"),
      attempt: Effect.gen(function*() {
        const { header, payload } = yield* parsed(jose.parseJws, token)
        const pem = publicPem(jwk)
        if (pem === undefined) return yield* refused("key", "no PEM")
        const key = yield* publicKey(pem)
        return yield* checked(jose.verify({ header: { alg: header.alg, kid: key.keyId }, payload, token }, key))
      })
    }
  }

  const encryptedToken = (group: JoseGroup, vector: JoseGroup["tests"][number]): Case => {
    const token = typeof vector.jwe === "object" ? JSON.stringify(vector.jwe) : vector.jwe ?? ""
    const { alg, enc, kid } = headerOf(token)
    const jwk = keyFor(group, kid, "private")
    return {
      vector,
      inScope: /^RSA-OAEP(-256)?$/.test(String(alg ?? jwk.alg)) && (enc ?? vector.enc) === "A256CBC-HS512"
        && isJwkInScope(jwk),
      content: hex(vector.pt ?? ""),
      attempt: Effect.gen(function*() {
        const { header } = yield* parsed(jose.parseJwe, token)
        const pem = privatePem(jwk)
        if (pem === undefined) return yield* refused("key", "no PEM")
        const key = yield* privateKey(pem)
        return yield* checked(jose.decrypt({ header: { ...header, kid: key.keyId }, token }, key))
      })
    }
  }

  const signature = (group: SignatureGroup, vector: SignatureGroup["tests"][number]): Case => ({
    vector,
    inScope: isKeyInScope(hex(group.publicKey.modulus), hex(group.publicKey.publicExponent)),
    content: hex(vector.msg),
    attempt: Effect.gen(function*() {
      const key = yield* publicKey(group.publicKeyPem)
      const algorithm = Jose.SignatureAlgorithm.literals.find((name) => name.slice(2) === group.sha.slice(4))
      if (algorithm === undefined) return yield* refused("check", "AlgorithmNotAllowed")
      const genuine = yield* Effect.tryPromise({
        try: async () =>
          globalThis.crypto.subtle.verify(
            Keys.webCrypto[algorithm].name,
            await Keys.cryptoKey(key, algorithm),
            Uint8Array.from(hex(vector.sig)),
            Uint8Array.from(hex(vector.msg))
          ),
        catch: () => new Refused({ at: "check", reason: "SignatureInvalid" })
      })
      return genuine ? hex(vector.msg) : yield* refused("check", "SignatureInvalid")
    })
  })

  const oaep256 = (block: Buffer, key: Jose.PrivateKey) =>
    Effect.tryPromise({
      try: async () =>
        new Uint8Array(
          await globalThis.crypto.subtle.decrypt(
            { name: "RSA-OAEP" },
            await Keys.cryptoKey(key, "RSA-OAEP-256"),
            Uint8Array.from(block)
          )
        ),
      catch: () => new Refused({ at: "check", reason: "DecryptionFailed" })
    })

  /** The block in the place of a content key, in a JWE that is otherwise in order. */
  const asEncryptedKey = (block: Buffer, key: Jose.PrivateKey) => {
    const header = base64url(JSON.stringify({ alg: "RSA-OAEP-256", enc: "A256CBC-HS512", kid: key.keyId }))
    const token = [header, ...[block, Buffer.alloc(16), Buffer.alloc(16), Buffer.alloc(32)].map(base64url)].join(".")
    return Effect.flatMap(parsed(jose.parseJwe, token), (jwe) => checked(jose.decrypt(jwe, key)))
  }

  const oaepBlock = (group: OaepGroup, vector: OaepGroup["tests"][number]): Case => {
    const hashes = `${group.sha} ${group.mgfSha}`
    const sha1 = hashes === "SHA-1 SHA-1"
    const sha256 = hashes === "SHA-256 SHA-256"
    const block = hex(vector.ct)
    return {
      vector,
      inScope: (sha1 || sha256) && vector.label === ""
        && isKeyInScope(hex(group.privateKey.modulus), hex(group.privateKey.publicExponent)),
      content: hex(vector.msg),
      attempt: Effect.gen(function*() {
        const key = yield* privateKey(group.privateKeyPem)
        const first = checked(jose.decryptOaep(block, key))
        if (sha1) return yield* first
        if (sha256 && vector.result === "valid") return yield* oaep256(block, key)
        // whatever else it was made with, none of our ways may open it
        return yield* oaep256(block, key).pipe(
          Effect.orElse(() => first),
          Effect.orElse(() => asEncryptedKey(block, key))
        )
      })
    }
  }

  // the key to seal the cipher's keys to, where there are any
  const own = yield* Effect.cached(jose.generateKey())

  const cipher = (vector: CipherGroup["tests"][number]): Case => {
    const [key, iv, ciphertext, tag] = [hex(vector.key), hex(vector.iv), hex(vector.ct), hex(vector.tag)]
    const rightTag = (aad: Buffer): Buffer => {
      const length = Buffer.alloc(8)
      length.writeBigUInt64BE(BigInt(aad.length * 8))
      return crypto.createHmac("sha512", key.subarray(0, 32)).update(Buffer.concat([aad, iv, ciphertext, length]))
        .digest().subarray(0, 32)
    }
    const difference = rightTag(hex(vector.aad)).map((octet, index) => octet ^ (tag[index] ?? 0))
    return {
      vector,
      inScope: true,
      content: hex(vector.msg),
      attempt: Effect.gen(function*() {
        const { privateKey } = yield* own
        const header = base64url(JSON.stringify({ alg: "RSA-OAEP-256", enc: "A256CBC-HS512", kid: privateKey.keyId }))
        const encryptedKey = crypto.publicEncrypt({
          key: privateKey.publicKey.pem,
          padding: crypto.constants.RSA_PKCS1_OAEP_PADDING,
          oaepHash: "sha256"
        }, key)
        const moved = rightTag(Buffer.from(header)).map((octet, index) => octet ^ (difference[index] ?? 0))
        const token = [header, ...[encryptedKey, iv, ciphertext, moved].map(base64url)].join(".")
        return yield* checked(jose.decrypt(yield* parsed(jose.parseJwe, token), privateKey))
      })
    }
  }

  const casesOf = (file: File): ReadonlyArray<Case> => {
    switch (file.kind) {
      case "jose":
        return file.testGroups.flatMap((group) =>
          group.tests.map((vector) =>
            // where the text is empty, the file does not say what it would have been: a group is of one kind throughout
            group.tests.some(({ jwe }) => jwe !== undefined)
              ? encryptedToken(group, vector)
              : signedToken(group, vector)
          )
        )
      case "signature":
        return file.testGroups.flatMap((group) => group.tests.map((vector) => signature(group, vector)))
      case "oaep":
        return file.testGroups.flatMap((group) => group.tests.map((vector) => oaepBlock(group, vector)))
      case "cipher":
        return file.testGroups.flatMap((group) => group.tests.map(cipher))
    }
  }

  return (file: File): Effect.Effect<ReadonlyArray<Outcome>> =>
    Effect.forEach(casesOf(file), ({ attempt, content, inScope, vector }) =>
      attempt.pipe(
        Effect.map((found) => Buffer.compare(found, content) === 0 ? "accepted" as const : "other content" as const),
        Effect.merge,
        Effect.map((said) => ({
          file: file.name,
          tcId: vector.tcId,
          comment: vector.comment,
          result: vector.result,
          inScope,
          said
        }))
      ), { concurrency: 4 })
})
