/** workerd, which serves what a folder's `config.capnp` says on a port that is free. */
import * as Fs from "node:fs"
import * as Path from "node:path"
import { type Running, started } from "./running.ts"

/** The port is never told where it ends before: then `running` has why. */
export const serve = (
  command: string,
  folder: string
): { readonly running: Running; readonly port: Promise<number> } => {
  const control = Path.join(folder, "control")
  Fs.writeFileSync(control, "")
  const running = started("sh", ["-c", `exec "$1" serve --control-fd=3 config.capnp 3>control`, "sh", command], folder)
  const port = new Promise<number>((resolve) => {
    const watch = setInterval(() => {
      const told = /"event":"listen".*"port":(\d+)/.exec(Fs.readFileSync(control, "utf8"))?.[1]
      if (told === undefined) return
      clearInterval(watch)
      resolve(Number(told))
    }, 50)
    void running.ended.then(() => clearInterval(watch))
  })
  return { running, port }
}
