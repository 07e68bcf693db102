import { DirectoryId } from "@effect-launchkey/core/EntityIdentifier"
import type { TotpConfiguration } from "@effect-launchkey/core/Totp"
import * as MemoryStore from "@effect-launchkey/platform/MemoryStore"
import * as PlatformClock from "@effect-launchkey/platform/PlatformClock"
import * as PlatformSettings from "@effect-launchkey/platform/PlatformSettings"
import * as Totps from "@effect-launchkey/platform/Totps"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, FastCheck, Layer, Option, Redacted, TestClock } from "effect"
import * as crypto from "node:crypto"

const live = Layer.provide(Totps.layer, Layer.merge(MemoryStore.layer(), PlatformClock.layer))

const user = { directoryId: DirectoryId.make("0f4f1d1e-7d1d-11ee-b962-0242ac120002"), identifier: "ada" }

const base32 = (text: string): Buffer => {
  const bits = Array.from(
    text,
    (letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")
  )
  return Buffer.from((bits.join("").match(/.{8}/g) ?? []).map((octet) => Number.parseInt(octet, 2)))
}

/** The code of a step, as RFC 4226 has it. */
const codeOf = ({ secret }: TotpConfiguration, step: number) => {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = crypto.createHmac("sha1", base32(Redacted.value(secret))).update(counter).digest()
  const offset = (mac.at(-1) ?? 0) & 0x0f
  return Redacted.make(String((mac.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, "0"))
}

const period = 30_000

/** Some step of this century. */
const someStep = 60_000_000

const generated = Effect.gen(function*() {
  const totps = yield* Totps.Totps
  yield* TestClock.setTime(someStep * period)
  const totp = yield* totps.generate(user)
  return { totps, totp, verify: (step: number) => totps.verify(user, codeOf(totp, someStep + step)) }
})

const checked = (name: string, test: () => Effect.Effect<void, unknown, Totps.Totps>) =>
  it.effect(name, () => Effect.provide(test(), live))

describe("a one-time code", () => {
  it.effect.prop(
    "is right from a step before its own to the end of the step after, to the millisecond",
    [
      FastCheck.integer({ min: -3, max: 3 }),
      FastCheck.oneof(
        FastCheck.constantFrom(0, 1, period - 1),
        FastCheck.integer({ min: 0, max: period - 1 })
      )
    ],
    ([off, within]) =>
      Effect.gen(function*() {
        const { verify } = yield* generated
        yield* TestClock.setTime(someStep * period + within)
        assert.strictEqual(yield* verify(off), Math.abs(off) <= 1)
      }).pipe(Effect.provide(live)),
    { fastCheck: { numRuns: 40 } }
  )

  it.effect.prop(
    "is right once, and no more once a later one was",
    [FastCheck.array(FastCheck.integer({ min: -2, max: 2 }), { maxLength: 9 })],
    ([steps]) =>
      Effect.gen(function*() {
        const { verify } = yield* generated
        let last = Number.NEGATIVE_INFINITY
        for (const step of steps) {
          const right = Math.abs(step) <= 1 && step > last
          assert.strictEqual(yield* verify(step), right, `${steps.join(" ")} at ${step}`)
          if (right) last = step
        }
      }).pipe(Effect.provide(live)),
    { fastCheck: { numRuns: 40 } }
  )

  checked("of a new secret is right in a step that was used with the one before", () =>
    Effect.gen(function*() {
      const { totps, verify } = yield* generated
      assert.isTrue(yield* verify(1))
      const anew = yield* totps.generate(user)
      assert.isFalse(yield* verify(0))
      assert.isTrue(yield* totps.verify(user, codeOf(anew, someStep - 1)))
    }))

  checked("counts with the zeros in front of it, and without is another text", () =>
    Effect.gen(function*() {
      const { totp, totps } = yield* generated
      const zeros = Array.from({ length: 2_000 }, (_, n) => n).find((n) =>
        Redacted.value(codeOf(totp, someStep + n)).startsWith("0")
      )
      assert(zeros !== undefined)
      yield* TestClock.setTime((someStep + zeros) * period)
      const code = Redacted.value(codeOf(totp, someStep + zeros))
      for (const other of [code.replace(/^0+/, ""), `0${code}`, ` ${code}`, `${code}\n`, ""]) {
        assert.isFalse(yield* totps.verify(user, Redacted.make(other)))
      }
      assert.isTrue(yield* totps.verify(user, Redacted.make(code)))
    }))

  checked(
    "may be tried ten times a minute, and again to the millisecond when the oldest try is a minute old",
    () =>
      Effect.gen(function*() {
        const { totp, totps, verify } = yield* generated
        const { limit, window } = PlatformSettings.defaults.totpAttempts
        const waitOf = (step: number) =>
          Effect.map(
            Effect.flip(verify(step)),
            (error) => error._tag === "RateLimited" ? error.retryAfter : Option.none()
          )
        // right and wrong alike
        assert.isTrue(yield* verify(0))
        yield* TestClock.adjust("10 seconds")
        for (let tried = 1; tried < limit; tried++) assert.isFalse(yield* totps.verify(user, Redacted.make("wrong")))
        assert.deepStrictEqual(yield* waitOf(1), Option.some(Duration.seconds(50)))
        yield* TestClock.adjust(Duration.subtract(window, Duration.millis(10_001)))
        assert.deepStrictEqual(yield* waitOf(2), Option.some(Duration.millis(1)))
        yield* TestClock.adjust("1 millis")
        // What was refused was not counted, and the code not used up.
        assert.isTrue(yield* totps.verify(user, codeOf(totp, someStep + 2)))
        assert.deepStrictEqual(yield* waitOf(3), Option.some(Duration.seconds(10)))
      })
  )
})
