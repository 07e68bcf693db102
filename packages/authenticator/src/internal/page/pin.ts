/** The knowledge factor: a PIN that never leaves the page, kept as its PBKDF2. */
import * as Effect from "effect/Effect"

export interface PinHash {
  readonly salt: Uint8Array<ArrayBuffer>
  readonly iterations: number
  readonly hash: Uint8Array<ArrayBuffer>
}

/** Digits, so that phones show their number pad. */
export const pattern = /^\d{4,12}$/

/** OWASP's advice for PBKDF2 with SHA-256. */
const iterations = 600_000

/** How many wrong PINs in a row a request survives. */
export const maximumAttempts = 5

const firstLock = 30_000
const longestLock = 3_600_000

/** For how many milliseconds no PIN is tried after so many wrong ones: none, then twice as long each time. */
export const lockAfter = (wrong: number): number =>
  wrong === 0 || wrong % maximumAttempts !== 0
    ? 0
    : Math.min(longestLock, firstLock * 2 ** (wrong / maximumAttempts - 1))

const derive = (pin: string, salt: Uint8Array<ArrayBuffer>, iterations: number) =>
  Effect.promise(async () => {
    const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveBits"])
    const bits = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, key, 256)
    return new Uint8Array(bits)
  })

export const make = (pin: string): Effect.Effect<PinHash> =>
  Effect.suspend(() => {
    const salt = crypto.getRandomValues(new Uint8Array(16))
    return Effect.map(derive(pin, salt, iterations), (hash) => ({ salt, iterations, hash }))
  })

export const matches = (pin: string, kept: PinHash): Effect.Effect<boolean> =>
  Effect.map(
    derive(pin, kept.salt, kept.iterations),
    (hash) => hash.reduce((different, octet, index) => different | (octet ^ (kept.hash[index] ?? 0)), 0) === 0
  )
