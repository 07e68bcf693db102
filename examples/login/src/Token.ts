/** What a cookie holds: whoever shows it is the browser that it was given to. */
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Schema from "effect/Schema"

/** 32 random bytes, in base64url. */
export const Token = Schema.String.pipe(Schema.pattern(/^[\w-]{43}$/), Schema.brand("Token"))

export type Token = typeof Token.Type

// Not of Effect's Random, which can be seeded and so foretold.
const bytes = (count: number) => Effect.sync(() => crypto.getRandomValues(new Uint8Array(count)))

export const random: Effect.Effect<Token> = Effect.map(
  bytes(32),
  (those) => Token.make(Encoding.encodeBase64Url(those))
)

/** Two digits that a user compares on two screens. */
export const randomDigits: Effect.Effect<string> = Effect.map(
  bytes(4),
  ({ buffer }) => String(new DataView(buffer).getUint32(0) % 100).padStart(2, "0")
)
