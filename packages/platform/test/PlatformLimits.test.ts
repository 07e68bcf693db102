import * as Administration from "@effect-launchkey/platform/Administration"
import * as PlatformClock from "@effect-launchkey/platform/PlatformClock"
import * as PlatformSettings from "@effect-launchkey/platform/PlatformSettings"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import { exchange, opened } from "./support/forge.ts"

const { directoryId, sdkKey } = TestPlatform

const some = { limit: 3, window: Duration.minutes(1) }

const live = TestPlatform.layer.pipe(
  Layer.provide(Layer.succeed(PlatformSettings.PlatformSettings, {
    ...PlatformSettings.defaults,
    authorizations: some,
    linkAttempts: { limit: 12, window: Duration.minutes(1) },
    sdkKeyAttempts: some
  }))
)

const started = (identifier: string) =>
  Effect.flatMap(Administration.Administration, (_) => _.linkDevice({ directoryId, identifier }))

/** Completes a link as any program can that is no authenticator. */
const link = (code: string, by: string) =>
  Effect.gen(function*() {
    const { baseUrl } = yield* TestPlatform.TestPlatform
    const { headers, status } = yield* HttpClient.execute(
      HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post(`${baseUrl}/device/v3/link`), {
        code,
        sdk_key: by,
        name: "Phone",
        type: "Android",
        public_key: TestKeys.device.publicKey
      })
    )
    return `${status} ${headers["retry-after"] ?? "-"}`
  })

const advance = (by: Duration.DurationInput) =>
  Effect.flatMap(PlatformClock.PlatformClock, (clock) => clock.advance(by))

layer(live)("of what is tried too often", (it) => {
  it.effect("requests for one user are refused with 429 and the whole seconds to wait, until the first is a minute old", () =>
    Effect.gen(function*() {
      const { linkedDevice } = yield* TestPlatform.TestPlatform
      yield* linkedDevice("often")
      const ask = Effect.map(
        exchange({ path: "/service/v3/auths", json: { username: "often" } }),
        (answer) => {
          const { error_data } = JSON.parse(opened(answer)) as {
            readonly error_data?: { readonly retry_after?: number }
          }
          const { headers, status } = answer.received
          return [status, headers["retry-after"], error_data?.retry_after]
        }
      )
      assert.deepStrictEqual(yield* ask, [200, undefined, undefined])
      yield* advance("10 seconds")
      assert.deepStrictEqual(yield* ask, [409, undefined, undefined])
      assert.deepStrictEqual(yield* ask, [409, undefined, undefined])
      assert.deepStrictEqual(yield* ask, [429, "50", 50])
      yield* advance("49001 millis")
      assert.deepStrictEqual(yield* ask, [429, "1", 1])
      yield* advance("999 millis")
      assert.deepStrictEqual(yield* ask, [409, undefined, undefined])
      assert.deepStrictEqual(yield* ask, [429, "10", 10])
    }))

  it.effect("wrong SDK keys of one code are refused, and neither its right one nor another code's", () =>
    Effect.gen(function*() {
      const [one, other] = [yield* started("guessed"), yield* started("not-guessed")]
      const wrong = (n: number) => `0f4f1d1e-7d1d-11ee-b962-0242ac12000${n}`
      const outcomes = yield* Effect.forEach([1, 2, 3, 4], (n) => link(one.code, wrong(n)))
      assert.deepStrictEqual(outcomes, ["400 -", "400 -", "400 -", "429 60"])
      assert.strictEqual(yield* link(other.code, wrong(5)), "400 -")
      assert.strictEqual(yield* link(one.code, sdkKey), "200 -")
      yield* advance("1 minutes")
    }))

  it.effect("codes tried with one SDK key are refused, the right one too, for as long as it says", () =>
    Effect.gen(function*() {
      yield* advance("1 minutes")
      const { code } = yield* started("late")
      const guesses = yield* Effect.forEach(
        Array.from({ length: 12 }, (_, n) => `aaaaa${10 + n}`),
        (guess) => link(guess, sdkKey)
      )
      assert.deepStrictEqual(guesses, Array(12).fill("404 -"))
      assert.strictEqual(yield* link(code, sdkKey.toUpperCase()), "429 60")
      yield* advance("59 seconds")
      assert.strictEqual(yield* link(code.toUpperCase(), sdkKey), "429 1")
      yield* advance("1 seconds")
      assert.strictEqual(yield* link(` ${code.toUpperCase()} `, sdkKey), "200 -")
    }))
})
