/** Processes of a benchmark's own, so that what one uses is not counted as another's. */
import { type ChildProcess, fork } from "node:child_process"
import * as Path from "node:path"
import * as V8 from "node:v8"
import * as Vm from "node:vm"

export interface Used {
  /** Milliseconds of CPU time since the process began, on all its threads. */
  readonly cpu: number
  /** Bytes of the process in memory. */
  readonly rss: number
}

export const used = (): Used => {
  const { system, user } = process.cpuUsage()
  return { cpu: (user + system) / 1000, rss: process.memoryUsage.rss() }
}

/** `heapUsed` after a collection, in bytes. */
export const heap = (): number => {
  V8.setFlagsFromString("--expose_gc")
  Vm.runInNewContext("gc")()
  return process.memoryUsage().heapUsed
}

/** A module of this folder, or a script elsewhere that plain Node runs, as a process of its own. */
export const start = (module: string, args: ReadonlyArray<string | number>): ChildProcess =>
  fork(Path.resolve(import.meta.dirname, module), args.map(String), {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    ...(Path.isAbsolute(module) ? { execArgv: [] } : {})
  })

/** What it says next. */
export const said = <A>(child: ChildProcess): Promise<A> =>
  new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`A process of the benchmark ended with ${code}`))
    child.once("exit", ended)
    child.once("message", (message) => {
      child.off("exit", ended)
      resolve(message as A)
    })
  })
