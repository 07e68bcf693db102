/**
 * Whole calls over a socket of the loopback interface, against a peer in another process that has no cryptography to do:
 * speed, and the CPU time of the client's process alone, beside the same by the bare libraries and `undici`.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Agent, request } from "undici"
import { atLeast, type Benchmark, type Goal } from "./benchmark.ts"
import * as Fixture from "./fixture.ts"
import type { Exchange } from "./measure.ts"
import * as Operations from "./operations.ts"
import * as Peer from "./peerProcess.ts"

/** By whom the floors reach the peer: one request and one answer, as bare as `undici` has them. */
const exchangeBy = (dispatcher: Agent, baseUrl: string): Exchange => async (_, { body, method, path, token }) => {
  const answer = await request(`${baseUrl}${path}`, {
    dispatcher,
    method,
    headers: {
      authorization: `IOV-JWT ${token}`,
      ...(body !== undefined && { "content-type": "application/jose" })
    },
    ...(body !== undefined && { body })
  })
  const opened = new Uint8Array(await answer.body.arrayBuffer())
  return { status: answer.statusCode, token: String(answer.headers["x-iov-jwt"]), body: opened }
}

/** At so many in flight is the goal. */
const atLoad = 32

const goals = (rows: ReadonlyArray<Operations.Row>): ReadonlyArray<Goal> => {
  const least = (floor: "toJose" | "toNode") =>
    Math.min(
      ...rows.filter(({ inFlight }) => inFlight === atLoad).map(({ throughput }) => throughput[floor].median)
    )
  const goal = (floor: "toJose" | "toNode", by: string) =>
    atLeast(0.85, least(floor), {
      goal: `least of the operations' throughput over loopback, ${atLoad} in flight, ${by} and undici`,
      unit: ""
    })
  return [goal("toJose", "over WebCrypto / bare jose"), goal("toNode", "over NodeJose / bare node:crypto")]
}

export const benchmark: Benchmark = {
  name: "loopback",
  run: async ({ ours, quick }, tell) => {
    const settings = quick
      ? { loads: [1, 32], warmUpCalls: 1, rounds: 2, sliceMillis: 1 }
      : { loads: [1, 8, 32, 128], warmUpCalls: 150, rounds: 5, sliceMillis: 200 }
    const { baseUrl, end, tokenIds } = await Peer.start()
    const dispatcher = new Agent()
    try {
      const rows = await Operations.measure(
        { baseUrl, httpClient: NodeHttpClient.layerUndici, next: Fixture.ringOf(tokenIds) },
        exchangeBy(dispatcher, baseUrl),
        { ...settings, onlyOurs: ours },
        tell
      )
      return {
        figures: { settings, rows },
        goals: goals(rows),
        how: `${settings.rounds} rounds, median (least–most)`,
        tables: `${Operations.speedTable(rows)}\n\n${Operations.cpuTable(rows)}`
      }
    } finally {
      await dispatcher.close()
      end()
    }
  }
}
