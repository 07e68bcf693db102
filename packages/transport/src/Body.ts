/**
 * Bodies from outside, read no further than a message may be long.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
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
  Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    let length = 0
    return Stream.runForEach(stream, (chunk) => {
      length += chunk.length
      if (length > maximum) return Effect.fail(new Refusal({ reason: "BodyTooLarge" }))
      chunks.push(chunk)
      return Effect.void
    }).pipe(Effect.map(() => {
      const [first] = chunks
      if (chunks.length === 1 && first !== undefined) return first
      const body = new Uint8Array(length)
      let offset = 0
      for (const chunk of chunks) {
        body.set(chunk, offset)
        offset += chunk.length
      }
      return body
    }))
  })
