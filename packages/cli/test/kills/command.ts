/** The command `launchkey` in processes of its own, which can be killed at any moment. */
import { Deferred, Effect, Schema, type Scope } from "effect"
import { build, type Plugin } from "esbuild"
import { type ChildProcess, spawn } from "node:child_process"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"

/** Other packages stay what they are: only what this project wrote is made into JavaScript. */
const others: Plugin = {
  name: "others",
  setup: ({ onResolve, resolve }) => {
    const asked = {}
    onResolve({ filter: /^[^./]/ }, async ({ importer, kind, path, pluginData, resolveDir }) => {
      if (pluginData === asked || path.startsWith("@effect-launchkey/")) return undefined
      const { errors, path: found } = await resolve(path, { importer, kind, resolveDir, pluginData: asked })
      return errors.length > 0 ? { errors } : { path: found, external: true }
    })
  }
}

/** The command as it is now, in JavaScript: what Node itself reads starts in half the time. Yields its file. */
export const built = (folder: string): Effect.Effect<string> =>
  Effect.promise(async () => {
    const standby = fileURLToPath(new URL("./standby.ts", import.meta.url))
    await build({
      entryPoints: [standby],
      outdir: folder,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      conditions: [],
      plugins: [others],
      logLevel: "error"
    })
    return Path.join(folder, "standby.mjs")
  })

const Line = Schema.decodeUnknownOption(Schema.parseJson(Schema.Struct({
  message: Schema.Unknown,
  logLevel: Schema.String
})))

export interface Command {
  /** Lets it run with these arguments. */
  readonly run: (...args: ReadonlyArray<string>) => Effect.Effect<void>
  /** Until it answers calls. Fails where it has ended before, with what it said. */
  readonly serving: Effect.Effect<void, string>
  readonly signal: (signal: "SIGKILL" | "SIGTERM") => Effect.Effect<void>
  /** Until it has ended; with its code, null where it was killed. */
  readonly ended: Effect.Effect<number | null>
  /** What it logged as an error. */
  readonly errors: () => ReadonlyArray<string>
}

/** A process that has the command loaded already. It is killed with the scope. */
export const standby = (
  program: string,
  env: Readonly<Record<string, string>>
): Effect.Effect<Command, never, Scope.Scope> =>
  Effect.gen(function*() {
    const loaded = yield* Deferred.make<void>()
    const serving = yield* Deferred.make<void, string>()
    const ended = yield* Deferred.make<number | null>()
    const done = <A, E>(deferred: Deferred.Deferred<A, E>, effect: Effect.Effect<A, E>) =>
      Deferred.unsafeDone(deferred, effect)
    const child: ChildProcess = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, [program], { env: { ...process.env, ...env } })),
      (child) => Effect.zipRight(Effect.sync(() => child.kill("SIGKILL")), Deferred.await(ended))
    )
    let said = ""
    child.stdout?.on("data", () => done(loaded, Effect.void))
    child.stderr?.on("data", (chunk) => {
      said += String(chunk)
      if (said.includes("\"message\":\"Serving\"")) done(serving, Effect.void)
    })
    // Who was killed before it was told anything reads nothing any more.
    child.stdin?.on("error", () => {})
    child.once("close", (code) => {
      done(ended, Effect.succeed(code))
      done(loaded, Effect.void)
      done(serving, Effect.fail(said))
    })
    return {
      run: (...args) =>
        Effect.zipRight(
          Deferred.await(loaded),
          Effect.sync(() => void child.stdin?.write(`${JSON.stringify(args)}\n`))
        ),
      serving: Deferred.await(serving),
      signal: (signal) => Effect.sync(() => void child.kill(signal)),
      ended: Deferred.await(ended),
      errors: () =>
        said.split("\n").filter((line) => {
          const read = Line(line)
          return read._tag === "None" ? line !== "" : ["ERROR", "FATAL"].includes(read.value.logLevel)
        })
    }
  })
