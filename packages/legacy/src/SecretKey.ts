/**
 * The proof that every call of the API v1 carries: the application's secret and the time, encrypted to the platform,
 * and the application's signature of that.
 *
 * The signature covers nothing else of the call, and the encryption is RSA-OAEP with SHA-1.
 *
 * @see docs/legacy.md "Weak spots"
 * @since 0.1.0
 */
import * as Body from "@effect-launchkey/transport/Body"
import * as Jose from "@effect-launchkey/transport/Jose"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as base64 from "./internal/base64.ts"
import * as PlatformDate from "./PlatformDate.ts"

/**
 * What `secret_key` says.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stamped {
  readonly secret: Redacted.Redacted<string>
  /** By the platform's clock. */
  readonly stamped: DateTime.Utc
}

/**
 * The two parameters of a call, both base64. They differ each time, as the encryption is random.
 *
 * @since 0.1.0
 * @category models
 */
export interface Proof {
  readonly secretKey: string
  readonly signature: string
}

const utf8 = new TextEncoder()
const readUtf8 = new TextDecoder("utf-8", { fatal: true })

const plaintext = ({ secret, stamped }: Stamped): Uint8Array =>
  utf8.encode(JSON.stringify({ secret: Redacted.value(secret), stamped: PlatformDate.format(stamped) }))

/**
 * Octets that {@link seal} encrypts: a key of 2048 bits takes 214.
 *
 * @since 0.1.0
 * @category conversions
 */
export const plaintextLength = (stamped: Stamped): number => plaintext(stamped).length

/**
 * Writes strict JSON, on one line of base64. The signature is over the ciphertext's octets.
 *
 * @since 0.1.0
 * @category constructors
 */
export const seal = (
  stamped: Stamped,
  keys: { readonly platformKey: Jose.PublicKey; readonly signingKey: Jose.PrivateKey }
): Effect.Effect<Proof, Jose.PlaintextTooLong> =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const ciphertext = yield* jose.encryptOaep(plaintext(stamped), keys.platformKey)
    const signature = yield* jose.signBytes(ciphertext, keys.signingKey)
    return { secretKey: Encoding.encodeBase64(ciphertext), signature: Encoding.encodeBase64(signature) }
  })

const text = String.raw`u?(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')`
const member = new RegExp(String.raw`\s*${text}\s*:\s*${text}\s*(,(?=\s*[u'"])|$)`, "y")

/** A Python dict of texts as Python prints it, or with its quotes mixed as others did. */
const parseDict = (source: string): Readonly<Record<string, string>> | undefined => {
  const [, inner] = /^\s*\{([\s\S]*)\}\s*$/.exec(source) ?? []
  if (inner === undefined) return undefined
  const members = new Map<string, string>()
  const unescaped = (escaped: string) => escaped.replace(/\\(['"\\])/g, "$1")
  member.lastIndex = 0
  while (member.lastIndex < inner.length) {
    const found = member.exec(inner)
    if (found === null) return undefined
    const name = unescaped(found[1] ?? found[2] ?? "")
    if (members.has(name)) return undefined
    members.set(name, unescaped(found[3] ?? found[4] ?? ""))
  }
  return Object.fromEntries(members)
}

/**
 * Reads what any of the old SDKs wrote: JSON, blanks after it, the print of a Python dict with or without `u` before
 * its quotes, mixed quotes, members in any order and further ones, fractions of a second. None for anything else.
 *
 * @since 0.1.0
 * @category conversions
 */
export const parse = (octets: Uint8Array): Option.Option<Stamped> =>
  Option.gen(function*() {
    const source = yield* Option.liftThrowable(() => readUtf8.decode(octets))()
    const members = yield* Option.getRight(Body.json(octets)).pipe(
      Option.orElse(() => Option.fromNullable(parseDict(source))),
      Option.filter(Predicate.isRecord)
    )
    const { secret, stamped } = members
    if (typeof secret !== "string" || typeof stamped !== "string") return yield* Option.none()
    return { secret: Redacted.make(secret), stamped: yield* PlatformDate.parse(stamped) }
  })

/**
 * The octets of a parameter as it came, whatever line breaks are in it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const octets = (parameter: string): Option.Option<Uint8Array> => base64.decode(parameter)
