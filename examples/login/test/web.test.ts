import { DirectoryId, OrganizationId, ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import * as PlatformCookies from "@effect/platform/Cookies"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as Changes from "../src/Changes.ts"
import * as Settings from "../src/Settings.ts"
import * as Token from "../src/Token.ts"
import * as Cookies from "../src/web/Cookies.ts"
import * as LiveStatus from "../src/web/LiveStatus.ts"

const at = (externalUrl: string) =>
  Layer.succeed(Settings.Settings, {
    externalUrl,
    organizationId: OrganizationId.make("8a6b1e9e-7d1c-11ee-b962-0242ac120002"),
    directoryId: DirectoryId.make("9c0f6f3a-7d1c-11ee-b962-0242ac120002"),
    serviceId: ServiceId.make("a5a2d6d4-7d1c-11ee-b962-0242ac120002"),
    authenticatorUrl: Option.none()
  })

const written = (response: HttpServerResponse.HttpServerResponse) =>
  PlatformCookies.toSetCookieHeaders(response.cookies)

describe("cookies", () => {
  it.effect("are for one host and for https alone where the site has https", () =>
    Effect.gen(function*() {
      const { clear, write } = yield* Cookies.Cookies
      const token = yield* Token.random
      assert.deepStrictEqual(written(write("session", token)(HttpServerResponse.empty())), [
        `__Host-session=${token}; Path=/; HttpOnly; Secure; SameSite=Lax`
      ])
      assert.deepStrictEqual(written(clear("session")(HttpServerResponse.empty())), [
        "__Host-session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax"
      ])
    }).pipe(Effect.provide(Layer.provide(Cookies.layer, at("https://login.example.com")))))
})

describe("the live status of a page", () => {
  /** What it sends until it has sent that much, while the status changes as the test says. */
  const sent = (
    count: number,
    meanwhile: (status: Ref.Ref<string>, token: Token.Token) => Effect.Effect<void, never, Changes.Changes>
  ) =>
    Effect.gen(function*() {
      const live = yield* LiveStatus.make
      const token = yield* Token.random
      const status = yield* Ref.make("waiting")
      const { body } = live(token, Ref.get(status))
      if (body._tag !== "Stream") return yield* Effect.dieMessage("no stream")
      const chunks = yield* Effect.fork(
        body.stream.pipe(Stream.decodeText(), Stream.take(count), Stream.runCollect, Effect.orDie)
      )
      yield* TestClock.adjust(0)
      yield* meanwhile(status, token)
      return Array.from(yield* Fiber.join(chunks))
    }).pipe(Effect.provide(Changes.layerMemory))

  it.effect("is sent at once, and with each change that is announced", () =>
    Effect.gen(function*() {
      const chunks = yield* sent(2, (status, token) =>
        Effect.gen(function*() {
          yield* Ref.set(status, "completed")
          yield* (yield* Changes.Changes).announce(token)
        }))
      assert.deepStrictEqual(chunks, ["event: status\ndata: waiting\n\n", "event: status\ndata: completed\n\n"])
    }))

  it.effect("keeps its connection, and notices changes that nobody announced", () =>
    Effect.gen(function*() {
      const chunks = yield* sent(3, (status) =>
        Effect.gen(function*() {
          yield* TestClock.adjust("15 seconds")
          yield* Ref.set(status, "completed")
          yield* TestClock.adjust("15 seconds")
        }))
      assert.deepStrictEqual(chunks.slice(1), [":\n\n", "event: status\ndata: completed\n\n"])
    }))
})
