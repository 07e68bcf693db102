/** Whom the platform's webhooks reach: it opens them as any receiver does, and often fails at first. */
import type { Receiver as WebhookReceiver } from "@effect-launchkey/clients/Webhook"
import type { DirectoryEvent, ServiceEvent } from "@effect-launchkey/core/Webhook"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import { Deferred, Effect, Either, FiberSet, Redacted, type Scope } from "effect"
import * as Https from "node:https"
import { certificate } from "./certificate.ts"

type Event = ServiceEvent | DirectoryEvent

export interface Receiver {
  /** Has it receive webhooks by one more address, which it yields. */
  readonly at: (name: string, receiver: WebhookReceiver<Event>) => string
  /** How often each event was taken. */
  readonly taken: ReadonlyMap<string, number>
  /** Deliveries that were answered with each status. */
  readonly statuses: ReadonlyMap<number, number>
  /** Until a delivery arrives that is not answered yet. */
  readonly arrival: Effect.Effect<void>
}

/** What is told, as a word of the driver's. */
const eventOf = (event: Event): string => {
  switch (event._tag) {
    case "AuthorizationResponded":
      return `answer ${event.response.authorizationRequestId}`
    case "SessionEnded":
      return `end ${event.serviceUserHash}`
    case "DeviceLinkCompleted":
      return `link ${event.deviceId}`
    case "UnknownEvent":
      return "unknown"
  }
}

export const make = (random: () => number): Effect.Effect<Receiver, never, Scope.Scope> =>
  Effect.gen(function*() {
    const run = yield* FiberSet.makeRuntime<never>()
    const receivers = new Map<string, WebhookReceiver<Event>>()
    const taken = new Map<string, number>()
    const failed = new Set<string>()
    const statuses = new Map<number, number>()
    let arrived = yield* Deferred.make<void>()

    const statusOf = (path: string, token: string | undefined, body: Uint8Array) =>
      Effect.gen(function*() {
        const receiver = receivers.get(path)
        if (receiver === undefined) return 404
        let name = ""
        const outcome = yield* Effect.either(receiver.handle({ token, method: "POST", path, body }, (event) => {
          name = eventOf(event)
          // Some fail at first, and are sent again after a while.
          if (failed.has(name) || random() > 0.25) return Effect.void
          failed.add(name)
          return Effect.fail({ _tag: "NotNow" as const })
        }))
        if (Either.isLeft(outcome)) return outcome.left._tag === "MessageRejected" ? 401 : 503
        // Of one that was taken before, the inbox does not say which it is.
        if (name === "") name = "again"
        taken.set(name, (taken.get(name) ?? 0) + 1)
        if (random() < 0.2) yield* Effect.sleep(50 + random() * 300)
        return 204
      })

    const key = Redacted.value(TestKeys.platform.privateKey)
    const server = Https.createServer({ cert: certificate, key }, (request, response) => {
      const chunks: Array<Buffer> = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      request.on("error", () => {})
      request.on("end", () => {
        Deferred.unsafeDone(arrived, Effect.void)
        const token = request.headers["x-iov-jwt"]
        run(Effect.map(
          statusOf(request.url ?? "", typeof token === "string" ? token : undefined, Buffer.concat(chunks)),
          (status) => {
            statuses.set(status, (statuses.get(status) ?? 0) + 1)
            response.writeHead(status).end()
          }
        ))
      })
    })
    // Whoever is killed breaks off.
    server.on("clientError", () => {})
    server.on("tlsClientError", () => {})
    const port = yield* Effect.acquireRelease(
      Effect.async<number>((resume) => {
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          resume(Effect.succeed(address !== null && typeof address === "object" ? address.port : 0))
        })
      }),
      () =>
        Effect.async<void>((resume) => {
          server.closeAllConnections()
          server.close(() => resume(Effect.void))
        })
    )
    return {
      at: (name, receiver) => {
        receivers.set(`/${name}`, receiver)
        return `https://localhost:${port}/${name}`
      },
      taken,
      statuses,
      arrival: Effect.flatMap(Deferred.make<void>(), (next) => {
        arrived = next
        return Deferred.await(next)
      })
    }
  })
