/** Texts that let in whoever has them. What is kept of one is its hash. */
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"

/** SHA-256, as lower-case hex. */
export const hashOf = (token: string): Effect.Effect<string> =>
  Effect.flatMap(Jose.Jose, (jose) => jose.digest("S256", new TextEncoder().encode(token)))

/** 256 bits, base64url. */
export const random: Effect.Effect<string> = Effect.flatMap(
  Jose.Jose,
  (jose) => Effect.map(jose.randomBytes(32), Encoding.encodeBase64Url)
)
