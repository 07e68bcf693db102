/** A program that waits for responses and takes webhooks, over one store, until it is killed. */
import { AuthorizationRequest, type AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as TestWebhooks from "@effect-launchkey/testing/TestWebhooks"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { fromRequest, PendingAuthorizations } from "../../../src/PendingAuthorizations.ts"
import * as ServiceClient from "../../../src/ServiceClient.ts"
import * as ServiceWebhook from "../../../src/ServiceWebhook.ts"
import { layer } from "../once/store.ts"
import { Command, type Said, Settings, user } from "./messages.ts"

const { lease, place } = Schema.decodeUnknownSync(Settings)(process.argv[2])
const { serviceId } = TestPlatform

const say = (said: Said): Effect.Effect<void> => Effect.sync(() => process.send?.(said))

/** The store, which says what is asked of it. */
const overheard = Layer.effect(
  PendingAuthorizations,
  Effect.map(PendingAuthorizations, (store) => ({
    ...store,
    awaitAnswer: (key) => Effect.zipRight(say({ _tag: "Waiting", id: key.id }), store.awaitAnswer(key)),
    complete: (key, answer) =>
      Effect.tap(store.complete(key, answer), (first) => say({ _tag: "Completed", id: key.id, first }))
  }))
)

const runtime = ManagedRuntime.make(
  Layer.merge(
    ServiceClient.layer({ serviceId }),
    ServiceWebhook.layer({ serviceId, lease: Option.getOrThrow(Duration.decodeUnknown(lease)) })
  ).pipe(
    Layer.provideMerge(overheard),
    Layer.provide(layer(place)),
    Layer.provide(TestWebhooks.layer()),
    Layer.merge(Logger.minimumLogLevel(LogLevel.None))
  )
)

const wait = (request: Parameters<ServiceClient.Service["awaitResponse"]>[0], id: AuthorizationRequestId) =>
  Effect.gen(function*() {
    const { authorized } = yield* (yield* ServiceClient.ServiceClient).awaitResponse(request)
    yield* say({ _tag: "Answered", id, authorized })
  })

const perform = (command: typeof Command.Type) =>
  Effect.gen(function*() {
    const store = yield* PendingAuthorizations
    switch (command._tag) {
      case "Begin": {
        const { id } = command
        const request = new AuthorizationRequest({
          id,
          ttl: Duration.minutes(5),
          deviceIds: Option.none(),
          pushPackage: Option.none()
        })
        const remembered = yield* fromRequest(serviceId, request, { user: { serviceUserHash: user } })
        yield* store.remember(remembered)
        return yield* wait(remembered, id)
      }
      case "Resume": {
        const { id } = command
        return yield* wait(yield* Effect.flatten(store.find({ serviceId, id })), id)
      }
      case "Deliver": {
        const handled = (yield* ServiceWebhook.ServiceWebhook).handle(command, () =>
          Effect.zipRight(say({ _tag: "Handling" }), command.hangs ? Effect.never : Effect.void))
        const outcome = yield* Effect.catchAll(handled, ({ _tag }) =>
          Effect.succeed(_tag))
        return yield* say({ _tag: "Outcome", outcome })
      }
    }
  })

process.on("message", (message) => {
  // what fails here ends the process, and its parent hears of that
  void runtime.runPromise(Effect.flatMap(Schema.decodeUnknown(Command)(message), perform))
})
process.on("disconnect", () => process.exit())
await runtime.runPromise(say({ _tag: "Ready" }))
