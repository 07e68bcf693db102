import * as Jose from "@effect-launchkey/transport/Jose"
import * as Effect from "effect/Effect"

export const lowerCase = "abcdefghijklmnopqrstuvwxyz0123456789"
export const mixedCase = `ABCDEFGHIJKLMNOPQRSTUVWXYZ${lowerCase}`
export const digits = "0123456789"

/** Each character as likely as any other. */
export const text = (length: number, alphabet: string): Effect.Effect<string> =>
  Effect.flatMap(Jose.Jose, (jose) => {
    const limit = 256 - 256 % alphabet.length
    const more = (found: string): Effect.Effect<string> =>
      found.length >= length
        ? Effect.succeed(found.slice(0, length))
        : Effect.flatMap(jose.randomBytes(length * 2), (octets) =>
          more(
            found + Array.from(octets).filter((octet) => octet < limit)
              .map((octet) => alphabet.charAt(octet % alphabet.length)).join("")
          ))
    return more("")
  })
