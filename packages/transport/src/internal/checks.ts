/**
 * The checks that messages of every kind have in common, under their numbers in docs/protocol.md "Verification". In which
 * order a message meets them is said by `Envelope`.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Claims from "../Claims.ts"
import * as ContentHash from "../ContentHash.ts"
import type * as Dialect from "../Dialect.ts"
import type { FindKey, Seconds } from "../Envelope.ts"
import * as Jose from "../Jose.ts"
import type * as Keyring from "../Keyring.ts"
import { Refusal, type RejectionReason } from "../Rejection.ts"
import { parseJson } from "./strictJson.ts"

interface HashClaims {
  readonly hash?: string | undefined
  readonly func?: string | undefined
}

const refuse = (reason: RejectionReason) => new Refusal({ reason })

export const check = (holds: boolean, reason: RejectionReason): Effect.Effect<void, Refusal> =>
  holds ? Effect.void : refuse(reason)

export const readClaims = <A>(
  payload: Uint8Array,
  decode: (json: unknown) => Option.Option<A>
): Effect.Effect<A, Refusal> =>
  Effect.flatMap(
    parseJson(payload, "ClaimsMalformed"),
    (json) => Option.match(decode(json), { onNone: () => refuse("ClaimsMalformed"), onSome: Effect.succeed })
  )

export const parseToken = Effect.fnUntraced(function*(token: string | undefined, { keyIdOptional }: Dialect.Dialect) {
  // 1. There is a token, of a length that a header may have.
  yield* check(token !== undefined && token !== "", "TokenMissing")
  yield* check((token as string).length <= Claims.maximumTokenLength, "TokenTooLarge")
  // 2. It is a JWS of the form, header members and algorithms that the protocol knows, and names a key.
  const jose = yield* Jose.Jose
  return yield* jose.parseJws(token as string, { keyIdOptional })
})

export const verified = Effect.fnUntraced(function*<E>(
  jws: Jose.UnverifiedJws,
  findKey: FindKey<E>,
  presumedKey: Effect.Effect<Jose.PublicKey, Refusal | E> = refuse("KeyIdInvalid")
) {
  const jose = yield* Jose.Jose
  const { kid } = jws.header
  // 3. The key that it names is known.
  const key = yield* (kid === undefined ? presumedKey : findKey(kid))
  // 4. The signature verifies under that key.
  return { keyId: key.keyId, payload: yield* jose.verify(jws, key) }
})

export const checkTimes = Effect.fnUntraced(function*(
  claims: { readonly iat: Seconds; readonly nbf: Seconds; readonly exp: Seconds },
  now: Seconds,
  leeway: Seconds
) {
  // 9. Its time has not passed, and has come.
  yield* check(now < claims.exp + leeway, "Expired")
  yield* check(now >= claims.nbf - leeway, "NotYetValid")
  yield* check(now >= claims.iat - leeway, "NotYetValid")
})

const hashFunctions = ContentHash.HashFunction.literals

export const checkHash = Effect.fnUntraced(
  function*(facts: HashClaims, body: Uint8Array, { hashNames }: Dialect.Dialect) {
    // 12. A body has a hash, and nothing else has.
    yield* check(body.length > 0 || (facts.hash === undefined && facts.func === undefined), "HashUnexpected")
    yield* check(body.length === 0 || (facts.hash !== undefined && facts.func !== undefined), "HashMissing")
    if (body.length === 0) return
    // 13. The hash is of a function that the protocol knows, and of this very body.
    const func = hashFunctions.find((one) => hashNames[one] === facts.func)
    if (func === undefined) return yield* refuse("AlgorithmNotAllowed")
    const jose = yield* Jose.Jose
    yield* check(ContentHash.equals(facts.hash ?? "", yield* jose.digest(func, body)), "HashMismatch")
  }
)

const latin1 = new TextDecoder("latin1")

export const decryptBody = Effect.fnUntraced(function*(body: Uint8Array, keyring: Keyring.Service) {
  const jose = yield* Jose.Jose
  // 15. The body is a JWE of the form and algorithms that the protocol knows; one of our keys opens it.
  return yield* keyring.decrypt(yield* jose.parseJwe(latin1.decode(body)))
})

export const hashed = Effect.fnUntraced(function*(
  body: Uint8Array | undefined,
  func: ContentHash.HashFunction,
  { hashNames }: Dialect.Dialect
) {
  if (body === undefined || body.length === 0) return {}
  const jose = yield* Jose.Jose
  return { hash: yield* jose.digest(func, body), func: hashNames[func] }
})
