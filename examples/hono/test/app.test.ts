import * as PendingAuthorizations from "@effect-launchkey/clients/PendingAuthorizations"
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as WebhookInbox from "@effect-launchkey/clients/WebhookInbox"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as WebhookEgress from "@effect-launchkey/platform/WebhookEgress"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as HttpApp from "@effect/platform/HttpApp"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, ManagedRuntime, Schedule } from "effect"
import { app } from "../src/app.ts"

const origin = "https://app.example.com"

class Routes extends Context.Tag("Routes")<Routes, { readonly fetch: (request: Request) => Promise<Response> }>() {}

const Service = Layer.merge(
  ServiceClient.layer({ serviceId: TestPlatform.serviceId }),
  ServiceWebhook.layer({ serviceId: TestPlatform.serviceId })
).pipe(Layer.provide([PendingAuthorizations.layerMemory(), WebhookInbox.layerMemory()]))

/** The routes beside a platform that sends its webhooks to them. */
const Live = Layer.scoped(
  Routes,
  Effect.gen(function*() {
    const services = yield* Effect.context<ServiceClient.ServiceClient | ServiceWebhook.ServiceWebhook>()
    const runtime = yield* Effect.acquireRelease(
      Effect.sync(() => ManagedRuntime.make(Layer.succeedContext(services))),
      (runtime) => runtime.disposeEffect
    )
    const routes = app(runtime)
    const fetch = async (request: Request) => routes.fetch(request)
    const { serve } = yield* WebhookEgress.WebhookReceivers
    yield* serve(origin, Effect.orDie(HttpApp.fromWebHandler(fetch)))
    const { updateService } = yield* Administration.Administration
    yield* updateService({ id: TestPlatform.serviceId, callbackUrl: `${origin}/webhook` })
    return { fetch }
  })
).pipe(Layer.provide(Service), Layer.provideMerge(TestPlatform.layer), Layer.orDie)

const transfer = (form: Readonly<Record<string, string>>) =>
  Effect.flatMap(Routes, ({ fetch }) =>
    Effect.promise(async (signal) => {
      const { status } = await fetch(
        new Request(`${origin}/transfers`, { method: "POST", body: new URLSearchParams(form), signal })
      )
      return status
    }))

const deviceOf = (user: string) => Effect.flatMap(TestPlatform.TestPlatform, (_) => _.linkedDevice(user))

layer(Live, { excludeTestServices: true })("a route on Hono that waits for approval", (it) => {
  for (const [answer, status] of [["approve", 200], ["deny", 403]] as const) {
    it.effect(`answers ${status} where the user's answer is to ${answer}, told by webhook`, () =>
      Effect.gen(function*() {
        const user = `${answer}@example.com`
        const device = yield* deviceOf(user)
        const waiting = yield* Effect.fork(transfer({ user, amount: "€ 100" }))
        yield* Effect.retry(device[answer](), Schedule.spaced("20 millis"))
        assert.strictEqual(yield* Fiber.join(waiting), status)
      }))
  }

  it.effect("takes the request back from the device where the browser has gone", () =>
    Effect.gen(function*() {
      const user = "gone@example.com"
      const device = yield* deviceOf(user)
      const waiting = yield* Effect.fork(transfer({ user, amount: "€ 100" }))
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

  it.effect("says so where there is nobody to ask, or nothing to ask for", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* transfer({ user: "nobody", amount: "€ 100" }), 404)
      assert.strictEqual(yield* transfer({ user: "ada" }), 400)
    }))
})
