/** The peer of `loopbackPeer.ts`, started. */
import { fork } from "node:child_process"
import { once } from "node:events"
import * as Path from "node:path"
import type { Ready } from "./loopbackPeer.ts"

export interface Peer {
  readonly baseUrl: string
  readonly tokenIds: ReadonlyArray<string>
  readonly end: () => void
}

export const start = async (): Promise<Peer> => {
  const child = fork(Path.join(import.meta.dirname, "loopbackPeer.ts"))
  const [message] = await Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code]) => {
      throw new Error(`The peer ended with ${code} before it listened: run bench/src/loopbackPeer.ts alone to see why`)
    })
  ])
  const { port, tokenIds }: Ready = message
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    tokenIds,
    end: () => {
      if (child.connected) child.disconnect()
    }
  }
}
