import { KeyId } from "@effect-launchkey/core/KeyId"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Fiber, Option, Ref, TestClock } from "effect"
import * as Jose from "../src/Jose.ts"
import * as RemoteKeys from "../src/RemoteKeys.ts"
import { TransportError } from "../src/TransportError.ts"
import { keys } from "./support/vectors.ts"

const current = keys.api_current
const previous = keys.api_previous
const previousId = KeyId.make(previous.kid)

const away = new TransportError({ reason: "Unreachable", operation: "GET" })

type Served = Effect.Effect<Option.Option<string>, TransportError>

/** A platform that serves whatever it is told to, and counts. */
const platform = Effect.gen(function*() {
  const fetches = yield* Ref.make<ReadonlyArray<string>>([])
  const currentKey = yield* Ref.make<Effect.Effect<{ pem: string; keyId: string | undefined }, TransportError>>(
    Effect.succeed({ pem: current.public_spki_pem, keyId: current.kid })
  )
  const byId = yield* Ref.make<Served>(Effect.succeedSome(previous.public_spki_pem))
  const remote = yield* RemoteKeys.make({
    current: Effect.zipRight(Ref.update(fetches, (all) => [...all, "current"]), Effect.flatten(Ref.get(currentKey))),
    byId: (keyId) => Effect.zipRight(Ref.update(fetches, (all) => [...all, keyId]), Effect.flatten(Ref.get(byId)))
  })
  return {
    remote,
    fetches: Ref.get(fetches),
    serveCurrent: (pem: string, keyId: string | undefined) => Ref.set(currentKey, Effect.succeed({ pem, keyId })),
    serve: (pem: Option.Option<string>) => Ref.set(byId, Effect.succeed(pem)),
    leave: Effect.zipRight(Ref.set(currentKey, Effect.fail(away)), Ref.set(byId, Effect.fail(away)))
  }
})

layer(Jose.layer)("RemoteKeys", (it) => {
  describe("the current key", () => {
    it.effect("is the one that the platform serves", () =>
      Effect.gen(function*() {
        const { remote } = yield* platform
        assert.strictEqual((yield* remote.current).keyId, current.kid)
      }))

    it.effect("is fetched once for all who ask at the same time, and again after 300 seconds", () =>
      Effect.gen(function*() {
        const { fetches, remote, serveCurrent } = yield* platform
        yield* Effect.all(Array.from({ length: 20 }, () => remote.current), { concurrency: "unbounded" })
        yield* serveCurrent(previous.public_spki_pem, previous.kid)
        yield* TestClock.adjust("300 seconds")
        assert.strictEqual((yield* remote.current).keyId, current.kid)
        assert.deepStrictEqual(yield* fetches, ["current"])
        yield* TestClock.adjust("1 millis")
        assert.strictEqual((yield* remote.current).keyId, previous.kid)
      }))

    for (
      const [what, pem, keyId] of [
        ["that the header names otherwise", current.public_spki_pem, previous.kid],
        ["that no header names", current.public_spki_pem, undefined],
        ["that the header names in upper case", current.public_spki_pem, current.kid.toUpperCase()],
        ["that is no key", "<html>", current.kid],
        ["that is private", current.private_pkcs8_pem, current.kid]
      ] as const
    ) {
      it.effect(`is not one ${what}`, () =>
        Effect.gen(function*() {
          const { remote, serveCurrent } = yield* platform
          yield* serveCurrent(pem, keyId)
          const error = yield* Effect.flip(remote.current)
          assert.strictEqual(error._tag, "TransportError")
          assert.strictEqual(error.reason, "AnswerUnusable")
          assert.strictEqual(error.operation, "GET /public/v3/public-key")
        }))
    }

    it.effect("serves for 300 seconds more while the platform is away, and no longer", () =>
      Effect.gen(function*() {
        const { leave, remote } = yield* platform
        yield* remote.current
        yield* leave
        yield* TestClock.adjust("599 seconds")
        assert.strictEqual((yield* remote.current).keyId, current.kid)
        yield* TestClock.adjust("2 seconds")
        assert.deepStrictEqual(yield* Effect.flip(remote.current), away)
      }))
  })

  describe("a key by its id", () => {
    it.effect("is the one with that fingerprint", () =>
      Effect.gen(function*() {
        const { remote } = yield* platform
        const key = yield* remote.get(previousId)
        assert.strictEqual(key.keyId, previous.kid)
      }))

    it.effect("is unknown when what is served has another fingerprint", () =>
      Effect.gen(function*() {
        const { remote, serve } = yield* platform
        yield* serve(Option.some(keys.attacker.public_spki_pem))
        const refusal = yield* Effect.flip(remote.get(previousId))
        assert.strictEqual(refusal._tag, "Refusal")
        assert.strictEqual(refusal.reason, "KeyUnknown")
      }))

    it.effect("is fetched once for all who ask at the same time", () =>
      Effect.gen(function*() {
        const { fetches, remote } = yield* platform
        const fibers = yield* Effect.forEach(
          Array.from({ length: 20 }, () => remote.get(previousId)),
          (get) => Effect.fork(get)
        )
        yield* Fiber.joinAll(fibers)
        assert.deepStrictEqual(yield* fetches, [previousId])
      }))

    it.effect("is fetched again after 300 seconds", () =>
      Effect.gen(function*() {
        const { fetches, remote } = yield* platform
        yield* remote.get(previousId)
        yield* TestClock.adjust("300 seconds")
        yield* remote.get(previousId)
        assert.strictEqual((yield* fetches).length, 1)
        yield* TestClock.adjust("1 millis")
        yield* remote.get(previousId)
        assert.strictEqual((yield* fetches).length, 2)
      }))

    it.effect("is not asked for again within 60 seconds after the platform did not know it", () =>
      Effect.gen(function*() {
        const { fetches, remote, serve } = yield* platform
        yield* serve(Option.none())
        const refusal = yield* Effect.flip(remote.get(previousId))
        assert.strictEqual(refusal._tag, "Refusal")
        yield* serve(Option.some(previous.public_spki_pem))
        yield* TestClock.adjust("60 seconds")
        yield* Effect.flip(remote.get(previousId))
        assert.strictEqual((yield* fetches).length, 1)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual((yield* remote.get(previousId)).keyId, previous.kid)
      }))

    it.effect("is asked for again at once after the platform was away", () =>
      Effect.gen(function*() {
        const { fetches, leave, remote, serve } = yield* platform
        yield* leave
        assert.deepStrictEqual(yield* Effect.flip(remote.get(previousId)), away)
        yield* serve(Option.some(previous.public_spki_pem))
        assert.strictEqual((yield* remote.get(previousId)).keyId, previous.kid)
        assert.strictEqual((yield* fetches).length, 2)
      }))

    it.effect("serves for 300 seconds more while the platform is away, and no longer", () =>
      Effect.gen(function*() {
        const { leave, remote } = yield* platform
        yield* remote.get(previousId)
        yield* leave
        yield* TestClock.adjust("599 seconds")
        assert.strictEqual((yield* remote.get(previousId)).keyId, previous.kid)
        yield* TestClock.adjust("2 seconds")
        assert.deepStrictEqual(yield* Effect.flip(remote.get(previousId)), away)
      }))

    it.effect("is no longer served once the platform says that it does not know it", () =>
      Effect.gen(function*() {
        const { remote, serve } = yield* platform
        yield* remote.get(previousId)
        yield* serve(Option.none())
        yield* TestClock.adjust("301 seconds")
        const refusal = yield* Effect.flip(remote.get(previousId))
        assert.strictEqual(refusal._tag, "Refusal")
      }))

    it.effect("is not asked for where it is the current one, as long as that is at hand", () =>
      Effect.gen(function*() {
        const { fetches, remote, serveCurrent } = yield* platform
        yield* remote.current
        assert.strictEqual((yield* remote.get(KeyId.make(current.kid))).keyId, current.kid)
        assert.deepStrictEqual(yield* fetches, ["current"])
        yield* serveCurrent(previous.public_spki_pem, previous.kid)
        yield* TestClock.adjust("301 seconds")
        yield* Effect.flip(remote.get(KeyId.make(current.kid)))
        assert.deepStrictEqual(yield* fetches, ["current", current.kid])
      }))

    it.effect("is another one's than the current key's, although that is at hand", () =>
      Effect.gen(function*() {
        const { remote } = yield* platform
        yield* remote.current
        assert.strictEqual((yield* remote.get(previousId)).keyId, previous.kid)
      }))

    /** No key has it. */
    const forged = (n: number) =>
      KeyId.make(`00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:${n.toString(16).padStart(2, "0")}`)

    /** As whoever sends messages with forged key ids causes it. */
    const storm = (remote: RemoteKeys.RemoteKeys, from: number, to: number) =>
      Effect.forEach(
        Array.from({ length: to - from }, (_, i) => forged(from + i)),
        (keyId) => Effect.flip(remote.get(keyId)),
        { concurrency: "unbounded" }
      )

    it.effect("is withheld once twenty that do not exist were asked for within a minute", () =>
      Effect.gen(function*() {
        const { fetches, remote, serve } = yield* platform
        yield* serve(Option.none())
        const errors = yield* storm(remote, 0, 200)
        assert.strictEqual((yield* fetches).length, 20)
        assert.strictEqual(errors.filter(({ _tag }) => _tag === "Refusal").length, 20)
        const last = errors.at(-1)
        assert.strictEqual(last?._tag === "TransportError" && last.reason, "KeyWithheld")
        assert.strictEqual(last?._tag === "TransportError" && last.sent, false)
        assert.notInclude(String(last?.message), forged(199))
      }))

    it.effect("is withheld for no longer than the minute, and its absence was not remembered meanwhile", () =>
      Effect.gen(function*() {
        const { remote, serve } = yield* platform
        yield* serve(Option.none())
        yield* storm(remote, 0, 20)
        yield* serve(Option.some(previous.public_spki_pem))
        assert.strictEqual((yield* Effect.flip(remote.get(previousId)))._tag, "TransportError")
        yield* TestClock.adjust("59999 millis")
        assert.strictEqual((yield* Effect.flip(remote.get(previousId)))._tag, "TransportError")
        yield* TestClock.adjust("1 millis")
        assert.strictEqual((yield* remote.get(previousId)).keyId, previous.kid)
      }))

    it.effect("that is known is asked for again whatever else is asked for", () =>
      Effect.gen(function*() {
        const { fetches, remote, serve } = yield* platform
        yield* remote.get(previousId)
        yield* TestClock.adjust("301 seconds")
        yield* serve(Option.none())
        yield* storm(remote, 0, 30)
        yield* serve(Option.some(previous.public_spki_pem))
        assert.strictEqual((yield* remote.get(previousId)).keyId, previous.kid)
        assert.strictEqual((yield* fetches).filter((id) => id === previousId).length, 2)
      }))

    it.effect("counts as any other once the platform does not know it any more", () =>
      Effect.gen(function*() {
        const { remote, serve } = yield* platform
        yield* remote.get(previousId)
        yield* TestClock.adjust("301 seconds")
        yield* serve(Option.none())
        assert.strictEqual((yield* Effect.flip(remote.get(previousId)))._tag, "Refusal")
        yield* TestClock.adjust("61 seconds")
        yield* storm(remote, 0, 20)
        const error = yield* Effect.flip(remote.get(previousId))
        assert.strictEqual(error._tag === "TransportError" && error.reason, "KeyWithheld")
      }))

    it.effect("that cannot be read says which answer was unusable, and none of it", () =>
      Effect.gen(function*() {
        const { remote, serve } = yield* platform
        yield* serve(Option.some("-----BEGIN NOISE-----"))
        const error = yield* Effect.flip(remote.get(previousId))
        assert.strictEqual(error._tag, "TransportError")
        assert.notInclude(error.message, "NOISE")
        assert.notInclude(error.message, previousId)
      }))
  })
})
