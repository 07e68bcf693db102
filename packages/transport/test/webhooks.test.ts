import * as HttpClient from "@effect/platform/HttpClient"
import { assert, layer } from "@effect/vitest"
import { Effect, Ref, TestClock } from "effect"
import * as Keyring from "../src/Keyring.ts"
import * as RemoteApi from "../src/RemoteApi.ts"
import * as Transport from "../src/Transport.ts"
import * as forge from "./support/forge.ts"
import * as scripted from "./support/scripted.ts"
import * as known from "./support/vectors.ts"
import { Known } from "./support/vectors.ts"

const event = `{"service_user_hash":"a-hash-for-nobody-to-see","api_time":"2023-11-14T22:13:20Z"}`

interface Platform {
  /** Milliseconds by which the platform's clock is ahead of ours; it may change. */
  readonly offset?: Ref.Ref<number>
  readonly away?: Ref.Ref<boolean>
  readonly options?: Partial<Transport.Options>
}

/** A transport at the time of the vectors by its platform's clock, and what remembers its tokens. */
const connected = Effect.fnUntraced(function*({ away, offset, options }: Platform = {}) {
  const keys = yield* Known
  const gone = away ?? (yield* Ref.make(false))
  const ahead = offset ?? (yield* Ref.make(0))
  yield* TestClock.setTime(known.now * 1000 - (yield* Ref.get(ahead)))
  const platform = yield* scripted.make((seen) =>
    Effect.flatMap(
      Effect.all([Ref.get(gone), Ref.get(ahead)]),
      ([gone, millis]) => gone ? Effect.succeed(new Response("", { status: 503 })) : scripted.publicAnswer(seen, millis)
    )
  )
  const transport = yield* Transport.make({
    issuer: known.service,
    baseUrl: "https://api.example.com",
    ...options
  }).pipe(
    Effect.provideService(Keyring.Keyring, keys.service),
    Effect.provideServiceEffect(RemoteApi.RemoteApi, RemoteApi.make),
    Effect.provideService(HttpClient.HttpClient, platform.client)
  )
  const seen = yield* Ref.make<ReadonlyArray<{ tokenId: string; until: number }>>([])
  const open = (delivery: Partial<Omit<Transport.Delivery, "body">> & forge.Forgery = {}) =>
    transport.openWebhook({
      subject: known.service,
      token: forge.webhookToken({ ...delivery, body: event }),
      method: "POST",
      path: "/hook",
      firstSeen: ({ tokenId, until }) =>
        Ref.modify(seen, (all) => [
          !all.some((token) => token.tokenId === tokenId),
          [...all, { tokenId, until }]
        ]),
      ...delivery,
      body: forge.bytes(event)
    })
  return { ...platform, transport, open, seen: Ref.get(seen) }
})

layer(Known.layer)("Transport.openWebhook", (it) => {
  it.effect("opens what the platform tells, and tells nobody else who sent it", () =>
    Effect.gen(function*() {
      const { calls, open } = yield* connected()
      const opened = yield* open()
      assert.strictEqual(forge.text(opened.body), event)
      assert.strictEqual(opened.digest, forge.sha256(event))
      assert.deepStrictEqual(yield* calls, [])
    }))

  it.effect("refuses the second delivery of a token", () =>
    Effect.gen(function*() {
      const { open } = yield* connected()
      yield* open()
      const error = yield* Effect.flip(open())
      assert.strictEqual(error._tag, "MessageRejected")
      assert.deepInclude({ ...error }, { kind: "Webhook", reason: "Replayed", operation: "POST /hook" })
    }))

  it.effect("believes a platform of another name only where it was told the name", () =>
    Effect.gen(function*() {
      const { open } = yield* connected({ options: { platform: "other" } })
      yield* open({ claims: { iss: "other" } })
      const error = yield* Effect.flip(open({ claims: { jti: "another" } }))
      assert.strictEqual(error._tag === "MessageRejected" && error.reason, "IssuerMismatch")
    }))

  it.effect("trusts none but the pinned keys", () =>
    Effect.gen(function*() {
      const { open } = yield* connected({ options: { pinnedKeys: [known.keys.api_previous.kid] } })
      yield* open({ signedBy: "api_previous" })
      const error = yield* Effect.flip(open({ claims: { jti: "another" } }))
      assert.strictEqual(error._tag === "MessageRejected" && error.reason, "KeyUnknown")
    }))

  it.effect("names no value of a message that it refuses", () =>
    Effect.gen(function*() {
      const { open } = yield* connected()
      const token = forge.webhookToken({ body: event })
      const error = yield* Effect.flip(open({ token, path: "/other" }))
      const shown = `${error.message} ${JSON.stringify(error)} ${String(error)}`
      for (const secret of [token, "a-hash-for-nobody-to-see", forge.sha256(event), forge.tokenId]) {
        assert.notInclude(shown, secret)
      }
    }))

  for (const hours of [-1, 1]) {
    it.effect(`tells on our clock how long to remember a token, where the platform's is ${hours} h ahead`, () =>
      Effect.gen(function*() {
        const offset = yield* Ref.make(hours * 3_600_000)
        const { open, seen } = yield* connected({ offset })
        yield* open()
        const [token] = yield* seen
        const ours = known.now - hours * 3600
        // Its expiry of five seconds, one of which is over, and the leeway; and five more for the clocks.
        assert.isAtLeast(token?.until ?? 0, ours + 4 + 5 + 5 - 1)
        assert.isAtMost(token?.until ?? 0, ours + 4 + 5 + 5 + 1)
      }))
  }

  it.effect("measures the platform's clock anew before it refuses a webhook for its time", () =>
    Effect.gen(function*() {
      const offset = yield* Ref.make(0)
      const { count, open, seen } = yield* connected({ offset })
      yield* open({ claims: { jti: "first" } })
      // Our clock loses a minute, which the measured offset does not tell.
      yield* TestClock.setTime((known.now - 60) * 1000)
      yield* Ref.set(offset, 60_000)
      yield* open({ claims: { jti: "second" } })
      assert.strictEqual(yield* count("/ping"), 2)
      assert.deepStrictEqual((yield* seen).map(({ tokenId }) => tokenId), ["first", "second"])
    }))

  it.effect("pings once in ten seconds however many webhooks it refuses for their time", () =>
    Effect.gen(function*() {
      const { count, open } = yield* connected()
      yield* open({ claims: { jti: "first" } })
      yield* TestClock.adjust("1 minute")
      const late = Effect.flip(open({ claims: { jti: "second" } }))
      const errors = yield* Effect.all(Array.from({ length: 20 }, () => late))
      assert.isTrue(errors.every((error) => error._tag === "MessageRejected" && error.reason === "Expired"))
      assert.strictEqual(yield* count("/ping"), 2)
      yield* TestClock.adjust("9 seconds")
      yield* late
      assert.strictEqual(yield* count("/ping"), 2)
      yield* TestClock.adjust("1 seconds")
      yield* late
      assert.strictEqual(yield* count("/ping"), 3)
    }))

  it.effect("does not say that a webhook is forged when the platform cannot be asked", () =>
    Effect.gen(function*() {
      const away = yield* Ref.make(true)
      const { open, seen } = yield* connected({ away })
      assert.strictEqual((yield* Effect.flip(open()))._tag, "TransportError")
      yield* Ref.set(away, false)
      yield* open()
      assert.strictEqual((yield* seen).length, 1)
    }))

  it.effect("fails with what the memory of tokens fails with", () =>
    Effect.gen(function*() {
      const { transport } = yield* connected()
      const error = yield* Effect.flip(transport.openWebhook({
        subject: known.service,
        token: forge.webhookToken({ body: event }),
        method: "POST",
        path: "/hook",
        body: forge.bytes(event),
        firstSeen: () => Effect.fail("full" as const)
      }))
      assert.strictEqual(error, "full")
    }))
})
