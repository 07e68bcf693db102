import * as Jose from "@effect-launchkey/transport/Jose"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import vectors from "./vectors/legacy-v1.json" with { type: "json" }

export { vectors }

export const { config } = vectors

export const serverTime = DateTime.unsafeMake("2016-05-01T12:00:00Z")

/** Has the test's clock show what the platform's showed when the vectors were made. */
export const atServerTime = TestClock.setTime(serverTime.epochMillis)

export const privateKey = (of: keyof typeof vectors.keys) =>
  Effect.orDie(Jose.make.importPrivateKey(Redacted.make(vectors.keys[of].private_key_pem)))

export const publicKey = (of: keyof typeof vectors.keys) =>
  Effect.orDie(Jose.make.importPublicKey(vectors.keys[of].public_key_pem))

export const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (octet) => Number.parseInt(octet, 16))
