/**
 * For commands that run until they are told to end. npx passes a signal on to the shell below it, which ends without
 * telling what it runs. So this looks whether the processes between npx and this one still have the parents that they
 * began with, and has it end as if it had been told.
 */
import * as Fs from "node:fs"

/** Of another process; undefined where there is none, or no /proc. */
const stat = (pid: number): { readonly name: string; readonly parent: number } | undefined => {
  try {
    const [, name, parent] = /^\d+ \((.*)\) \S (\d+) /s.exec(Fs.readFileSync(`/proc/${pid}/stat`, "utf8")) ?? []
    return name === undefined ? undefined : { name, parent: Number(parent) }
  } catch {
    return undefined
  }
}

const belowNpx = (): ReadonlyMap<number, number> => {
  const parents = new Map<number, number>()
  for (let pid = process.pid;;) {
    const { name, parent } = stat(pid) ?? { name: "", parent: 0 }
    if (parent === 0) return new Map()
    if (name.startsWith("npm ")) return parents
    parents.set(pid, parent)
    pid = parent
  }
}

export const endWithNpx = (): void => {
  const parents = belowNpx()
  const watch = setInterval(() => {
    if ([...parents].some(([pid, parent]) => stat(pid)?.parent !== parent)) {
      clearInterval(watch)
      process.kill(process.pid, "SIGTERM")
    }
  }, 250)
  watch.unref()
}
