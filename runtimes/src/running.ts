/** Programs that are started here, and end here. */
import { spawn } from "node:child_process"

export interface Running {
  readonly ended: Promise<string>
  readonly end: () => Promise<unknown>
}

export const started = (command: string, args: ReadonlyArray<string>, cwd: string): Running => {
  // a group of its own, as some are scripts that start the runtime
  const child = spawn(command, args, { cwd, detached: true, stdio: ["ignore", "pipe", "pipe"] })
  let said = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => said += String(chunk))
  const ended = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(String(error)))
    child.on("close", (code, signal) => resolve(`ended with ${code ?? signal}\n${said.slice(-4000)}`))
  })
  return {
    ended,
    end: () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL")
      } catch {
        // it has ended
      }
      return ended
    }
  }
}
