/** Processes of their own, which speak with their parent by messages. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../../../", import.meta.url))

export interface Child {
  /** What it says next. Dies where that is not of the schema, or where it has ended. */
  readonly next: <A, I>(schema: Schema.Schema<A, I>) => Effect.Effect<A>
  readonly tell: (message: object) => Effect.Effect<void>
  /** As `kill -9` does, and until it is gone. */
  readonly kill: Effect.Effect<void>
  readonly ended: Effect.Effect<void>
}

/** Killed with its scope, if it has not ended by then. */
export const start = (program: URL, settings: object): Effect.Effect<Child, never, Scope.Scope> =>
  Effect.gen(function*() {
    const said = yield* Queue.unbounded<Effect.Effect<unknown>>()
    const ended = yield* Deferred.make<void>()
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        fork(fileURLToPath(program), [JSON.stringify(settings)], {
          cwd: root,
          execArgv: ["--max-semi-space-size=64", "--import", "tsx"],
          stdio: ["ignore", "ignore", "inherit", "ipc"]
        })
      ),
      (child) => Effect.zipRight(Effect.sync(() => child.kill("SIGKILL")), Deferred.await(ended))
    )
    child.on("message", (message) => Queue.unsafeOffer(said, Effect.succeed(message)))
    child.on("exit", (code, signal) => {
      Queue.unsafeOffer(said, Effect.dieMessage(`A child has ended with ${code ?? signal}`))
      Deferred.unsafeDone(ended, Effect.void)
    })
    return {
      next: (schema) =>
        Effect.flatten(Queue.take(said)).pipe(Effect.flatMap(Schema.decodeUnknown(schema)), Effect.orDie),
      // who has ended hears nothing, which `next` and `ended` tell
      tell: (message) => Effect.async<void>((resume) => void child.send(message, () => resume(Effect.void))),
      kill: Effect.zipRight(Effect.sync(() => child.kill("SIGKILL")), Deferred.await(ended)),
      ended: Deferred.await(ended)
    }
  })
