/**
 * Bodies from outside, read no further than a message may be long.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as strictJson from "./internal/strictJson.ts"
import { Refusal } from "./Rejection.ts"

/**
 * The bytes of a body in one piece. Refuses with `BodyTooLarge` as soon as more than `maximum` bytes have come, and
 * reads no more.
 *
 * @since 0.1.0
 * @category constructors
 */
export const collect = <E, R>(
  stream: Stream.Stream<Uint8Array, E, R>,
  maximum: number
): Effect.Effect<Uint8Array, E | Refusal, R> =>
  // Pulled by hand: a sink costs several times what the rest of an exchange does.
  Effect.flatMap(Stream.toPull(stream), (pull) => {
    const chunks: Array<Uint8Array> = []
    let length = 0
    const more: Effect.Effect<void, Option.Option<E | Refusal>, R> = Effect.flatMap(pull, (arrived) => {
      for (const chunk of arrived) {
        length += chunk.length
        if (length > maximum) return Effect.fail(Option.some(new Refusal({ reason: "BodyTooLarge" })))
        chunks.push(chunk)
      }
      return more
    })
    return more.pipe(
      Effect.catchAll(Option.match({ onNone: () => Effect.void, onSome: (error) => Effect.fail(error) })),
      Effect.map(() => {
        const [first] = chunks
        if (chunks.length === 1 && first !== undefined) return first
        const body = new Uint8Array(length)
        let offset = 0
        for (const chunk of chunks) {
          body.set(chunk, offset)
          offset += chunk.length
        }
        return body
      })
    )
  }).pipe(Effect.scoped)

/**
 * A body, or what one decrypts to, as JSON that can be read in one way only: UTF-8 without a byte order mark, no member
 * twice in one object, no deeper than 32. Refuses anything else with `BodyMalformed`.
 *
 * @see docs/protocol.md "Tokens"
 * @since 0.1.0
 * @category conversions
 */
export const json = (bytes: Uint8Array): Either.Either<unknown, Refusal> => strictJson.parseJson(bytes, "BodyMalformed")
