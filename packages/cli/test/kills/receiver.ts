/** Whom the platform's webhooks reach: it opens them as any receiver does, and often fails at first. */
import type { Receiver as WebhookReceiver } from "@effect-launchkey/clients/Webhook"
import * as WebhookInbox from "@effect-launchkey/clients/WebhookInbox"
import type { DirectoryEvent, ServiceEvent } from "@effect-launchkey/core/Webhook"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import { Deferred, Effect, Either, FiberRef, FiberSet, Layer, Option, Redacted, type Scope } from "effect"
import * as Https from "node:https"
import { certificate } from "./certificate.ts"

type Event = ServiceEvent | DirectoryEvent

export interface Receiver {
  /** Has it receive webhooks by one more address, which it yields. */
  readonly at: (name: string, receiver: WebhookReceiver<Event>) => string
  /** Where it remembers what it has taken: its webhooks are to be made on it. */
  readonly inbox: Layer.Layer<WebhookInbox.WebhookInbox>
  /** How often each event was told after it was taken; 0 where it was told once. */
  readonly taken: ReadonlyMap<string, number>
  /** Deliveries that were answered with each status. */
  readonly statuses: ReadonlyMap<number, number>
  /** Until it has taken an event that nobody told it before: it never answers that delivery. Yields the event. */
  readonly held: Effect.Effect<string>
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
    const memory = yield* WebhookInbox.makeMemory()
    /** By which key the inbox was asked for the event of this delivery. */
    const asked = yield* FiberRef.make("")
    const inbox = Layer.succeed(WebhookInbox.WebhookInbox, {
      ...memory,
      claim: (event, lease) => Effect.zipRight(FiberRef.set(asked, event), memory.claim(event, lease))
    })
    const names = new Map<string, string>()
    const taken = new Map<string, number>()
    const failed = new Set<string>()
    const statuses = new Map<number, number>()
    let holding = Option.none<Deferred.Deferred<string>>()

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
        const key = yield* FiberRef.get(asked)
        if (outcome.right === "HandledBefore") {
          const known = names.get(key) ?? "nothing that was taken"
          taken.set(known, (taken.get(known) ?? 0) + 1)
          return 204
        }
        names.set(key, name)
        taken.set(name, 0)
        if (Option.isSome(holding)) {
          yield* Deferred.succeed(holding.value, name)
          holding = Option.none()
          return yield* Effect.never
        }
        if (random() < 0.2) yield* Effect.sleep(50 + random() * 300)
        return 204
      }).pipe(Effect.locally(asked, ""))

    const key = Redacted.value(TestKeys.platform.privateKey)
    const server = Https.createServer({ cert: certificate, key }, (request, response) => {
      const chunks: Array<Buffer> = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      request.on("error", () => {})
      request.on("end", () => {
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
      inbox,
      taken,
      statuses,
      held: Effect.flatMap(Deferred.make<string>(), (next) => {
        holding = Option.some(next)
        return Effect.onInterrupt(Deferred.await(next), () => Effect.sync(() => void (holding = Option.none())))
      })
    }
  })
