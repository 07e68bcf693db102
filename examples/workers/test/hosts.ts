/** The Worker, in this process and in workerd: what takes a request and gives its answer. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as esbuild from "esbuild"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Workerd from "../../../runtimes/src/workerd.ts"
import { CellsObject, type Namespace, type State } from "../src/cells.ts"
import worker, { type Env } from "../src/worker.ts"

export type Handler = (request: Request) => Promise<Response>

export type Host = (variables: Omit<Env, "CELLS">) => Effect.Effect<Handler, never, Scope.Scope>

/** One object of the class, over a map. */
export const namespace = (): Namespace => {
  const cells = new Map<string, unknown>()
  let alarm: number | null = null
  const state: State = {
    storage: {
      kv: {
        get: (name) => cells.get(name),
        put: (name, cell) => void cells.set(name, cell),
        delete: (name) => cells.delete(name),
        list: () => cells
      },
      getAlarm: () => Promise.resolve(alarm),
      setAlarm: async (time) => void (alarm = time)
    }
  }
  const object = new CellsObject(state)
  return { idFromName: (name) => name, get: () => object }
}

export const inProcess: Host = (variables) =>
  Effect.sync(() => {
    const env = { ...variables, CELLS: namespace() }
    return (request) => worker.fetch(request, env)
  })

export const workerdPath = process.env["WORKERD_PATH"]

const config = (folder: string, bindings: Readonly<Record<string, string>>): string =>
  `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "loopback", network = (allow = ["private"])),
    (name = "objects", disk = (path = ${JSON.stringify(folder)}, writable = true))
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);

const main :Workerd.Worker = (
  modules = [(name = "worker.mjs", esModule = embed "worker.mjs")],
  compatibilityDate = "2026-11-01",
  bindings = [
${Object.entries(bindings).map(([name, text]) => `    (name = "${name}", text = ${JSON.stringify(text)}),`).join("\n")}
    (name = "CELLS", durableObjectNamespace = "CellsObject")
  ],
  durableObjectNamespaces = [(className = "CellsObject", uniqueKey = "cells", enableSql = true)],
  durableObjectStorage = (localDisk = "objects"),
  globalOutbound = "loopback"
);
`

/** As it would be deployed: one module, without anything of Node's. */
const bundled = Effect.promise(() =>
  esbuild.build({
    entryPoints: [fileURLToPath(new URL("../src/worker.ts", import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    conditions: ["workerd", "worker", "browser"],
    target: "es2022",
    logLevel: "error"
  })
)

export const onWorkerd: Host = (variables) =>
  Effect.gen(function*() {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "worker-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
    )
    const { outputFiles: [module] } = yield* bundled
    writeFileSync(join(folder, "worker.mjs"), module?.text ?? "")
    writeFileSync(join(folder, "config.capnp"), config(folder, { ...variables }))
    const { port, running } = yield* Effect.acquireRelease(
      Effect.sync(() => Workerd.serve(workerdPath ?? "workerd", folder)),
      ({ running }) => Effect.promise(() => running.end())
    )
    const listening = yield* Effect.promise(() =>
      Promise.race([
        port,
        running.ended.then((said) => {
          throw new Error(`workerd ${said}`)
        })
      ])
    )
    return (request) => {
      const { pathname, search } = new URL(request.url)
      return fetch(new Request(`http://127.0.0.1:${listening}${pathname}${search}`, request))
    }
  })
