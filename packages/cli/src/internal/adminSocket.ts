/** Where the process that serves a platform hears `launchkey admin`: a socket of its user alone. */
import type * as HttpApp from "@effect/platform/HttpApp"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Fs from "node:fs/promises"
import * as Net from "node:net"
import { CannotListen } from "../CannotListen.ts"
import * as Listening from "./listening.ts"
import { Unusable } from "./unusable.ts"

/** Whether a process listens there. */
export const isServed = (path: string): Effect.Effect<boolean, Unusable> =>
  Effect.async((resume) => {
    const connection = Net.connect({ path })
    connection.once("connect", () => {
      connection.destroy()
      resume(Effect.succeed(true))
    })
    connection.once("error", (error) => {
      const code = "code" in error ? error.code : undefined
      resume(
        code === "ENOENT" || code === "ECONNREFUSED" ? Effect.succeed(false) : Effect.fail(
          new Unusable({
            what: "File",
            problem: `${path} cannot be connected to: ${String(code)}`,
            next: "Act as the user that serves the platform, such as with `sudo -u launchkey`."
          })
        )
      )
    })
    return Effect.sync(() => connection.destroy())
  })

/** Of what this process makes from now on, others may do nothing with it. */
const ownOnly = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => process.umask(0o177)),
    () => effect,
    (before) => Effect.sync(() => process.umask(before))
  )

export const listen = (
  app: HttpApp.Default,
  path: string
): Effect.Effect<Listening.Listening, CannotListen | Unusable, Scope.Scope> =>
  Effect.gen(function*() {
    if (yield* isServed(path)) {
      return yield* new CannotListen({ host: path, port: 0, cause: new Error("another process listens there") })
    }
    // A process that was killed leaves its socket behind, which nobody can listen on. Where that stays, listening fails.
    yield* Effect.ignore(Effect.tryPromise(async () => (await Fs.lstat(path)).isSocket() && Fs.unlink(path)))
    return yield* ownOnly(Listening.listen(app, { at: { path } }))
  })
