import * as PromiseClients from "@effect-launchkey/clients/PromiseClients"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as WebhookEgress from "@effect-launchkey/platform/WebhookEgress"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Schedule } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { app } from "../src/app.ts"

const origin = "https://app.example.com"

/** Where the routes are served. */
class Address extends Context.Tag("Address")<Address, string>() {}

const Live = Layer.scoped(
  Address,
  Effect.gen(function*() {
    const { baseUrl } = yield* TestPlatform.TestPlatform
    const httpClient = yield* HttpClient.HttpClient
    const clients = yield* Effect.acquireRelease(
      Effect.sync(() =>
        PromiseClients.make({
          issuer: `svc:${TestPlatform.serviceId}`,
          baseUrl,
          signingKey: TestKeys.service.privateKey,
          answersByWebhook: true,
          httpClient: Layer.succeed(HttpClient.HttpClient, httpClient)
        })
      ),
      (clients) => Effect.promise(() => clients.dispose())
    )
    const routes = yield* Effect.promise(() => app(clients, TestPlatform.serviceId))
    const server = yield* Effect.acquireRelease(
      Effect.promise(async () => {
        const server = createServer(routes)
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
        return server
      }),
      (server) =>
        Effect.sync(() => {
          server.close()
          server.closeAllConnections()
        })
    )
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { serve } = yield* WebhookEgress.WebhookReceivers
    const onward = (request: Request) => fetch(new Request(request.url.replace(origin, address), request))
    yield* serve(origin, Effect.orDie(HttpApp.fromWebHandler(onward)))
    const { updateService } = yield* Administration.Administration
    yield* updateService({ id: TestPlatform.serviceId, callbackUrl: `${origin}/webhook` })
    return address
  })
).pipe(Layer.provideMerge(TestPlatform.layer), Layer.orDie)

const post = async (url: string, user: string, signal: AbortSignal): Promise<number> => {
  const body = new URLSearchParams({ user, amount: "€ 100" })
  const response = await fetch(url, { method: "POST", body, signal })
  await response.text()
  return response.status
}

const transfer = (user: string) =>
  Effect.flatMap(Address, (address) => Effect.promise((signal) => post(`${address}/transfers`, user, signal)))

const deviceOf = (user: string) => Effect.flatMap(TestPlatform.TestPlatform, (_) => _.linkedDevice(user))

layer(Live, { excludeTestServices: true })("a route on Express that waits for approval", (it) => {
  for (const [answer, status] of [["approve", 200], ["deny", 403]] as const) {
    it.effect(`answers ${status} where the user's answer is to ${answer}, told by webhook`, () =>
      Effect.gen(function*() {
        const user = `${answer}@example.com`
        const device = yield* deviceOf(user)
        const waiting = yield* Effect.fork(transfer(user))
        yield* Effect.retry(device[answer](), Schedule.spaced("20 millis"))
        assert.strictEqual(yield* Fiber.join(waiting), status)
      }))
  }

  it.effect("takes the request back from the device where the browser has gone", () =>
    Effect.gen(function*() {
      const user = "gone@example.com"
      const device = yield* deviceOf(user)
      const waiting = yield* Effect.fork(transfer(user))
      yield* Effect.repeat(device.pending, {
        until: (open) => open.length === 1,
        schedule: Schedule.spaced("20 millis")
      })
      yield* Fiber.interruptFork(waiting)
      yield* Effect.repeat(device.pending, {
        until: (open) => open.length === 0,
        schedule: Schedule.spaced("20 millis")
      })
    }))

  it.effect("says so where there is nobody to ask", () =>
    Effect.map(transfer("nobody"), (status) => assert.strictEqual(status, 404)))
})
