/**
 * Compact JWE under a shared key alone, as what rests in a store is sealed: `dir` with AES-256-GCM.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7518#section-4.5
 * @see https://www.rfc-editor.org/rfc/rfc7518#section-5.3
 */
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import { Refusal } from "../Rejection.ts"
import * as Compact from "./compact.ts"

/** Octets. */
export const sizes = { key: 32, iv: 12, tag: 16 } as const

export interface UnverifiedDirectJwe {
  readonly header: {
    readonly alg: "dir"
    readonly enc: "A256GCM"
    readonly kid: string
    readonly cty: string | undefined
  }
  readonly token: string
}

/** Octets of a token whose parts are canonical base64url. The protected header counts as it is written. */
export const partsOf = (token: string) => {
  const [header = "", , iv = "", ciphertext = "", tag = ""] = token.split(".")
  return {
    additional: new TextEncoder().encode(header),
    iv: Compact.decode(iv),
    ciphertext: Compact.decode(ciphertext),
    tag: Compact.decode(tag)
  }
}

export const headerOf = (keyId: string, contentType: string | undefined): string =>
  Encoding.encodeBase64Url(
    JSON.stringify({ alg: "dir", enc: "A256GCM", kid: keyId, ...(contentType !== undefined && { cty: contentType }) })
  )

/** The encrypted key is empty, as there is none. */
export const tokenOf = (header: string, iv: Uint8Array, ciphertext: Uint8Array, tag: Uint8Array): string =>
  [header, "", ...[iv, ciphertext, tag].map((part) => Encoding.encodeBase64Url(part))].join(".")

export const parse = (text: string): Either.Either<UnverifiedDirectJwe, Refusal> =>
  Either.gen(function*() {
    const parts = text.split(".", 6)
    const [protectedHeader = "", encryptedKey, iv = "", , tag = ""] = parts
    if (parts.length !== 5) return yield* Either.left(new Refusal({ reason: "BodyNotEncrypted" }))
    const { alg, cty, enc, kid } = yield* Compact.readHeader(parts, protectedHeader, "BodyMalformed")
    if (alg !== "dir" || enc !== "A256GCM") return yield* Either.left(new Refusal({ reason: "AlgorithmNotAllowed" }))
    if (typeof kid !== "string" || kid === "") return yield* Either.left(new Refusal({ reason: "KeyIdInvalid" }))
    if (cty !== undefined && typeof cty !== "string") {
      return yield* Either.left(new Refusal({ reason: "HeaderNotAllowed" }))
    }
    return encryptedKey === "" && Compact.byteLength(iv) === sizes.iv && Compact.byteLength(tag) === sizes.tag
      ? { header: { alg, enc, kid, cty }, token: text }
      : yield* Either.left(new Refusal({ reason: "BodyMalformed" }))
  })
