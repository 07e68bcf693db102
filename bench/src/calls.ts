/** Client CPU per call, as a ratio to what the same cryptography costs bare. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Layer from "effect/Layer"
import { atMost, type Benchmark, type Goal } from "./benchmark.ts"
import * as Fixture from "./fixture.ts"
import * as Operations from "./operations.ts"
import * as Peer from "./peer.ts"

const goals = (rows: ReadonlyArray<Operations.Row>): ReadonlyArray<Goal> => {
  const worst = (operation: Fixture.Operation, ratio: "toJose" | "toNode") =>
    Math.max(...rows.filter((row) => row.operation === operation).map((row) => row[ratio].median))
  return [
    ...Fixture.operations.map((operation) =>
      atMost(1.15, worst(operation, "toJose"), {
        goal: `CPU of a client's ${operation} over WebCrypto / the same bare with jose`,
        unit: ""
      })
    ),
    ...Fixture.operations.map((operation) =>
      atMost(operation === "pending poll" ? 1.6 : 1.3, worst(operation, "toNode"), {
        goal: `CPU of a client's ${operation} over NodeJose / the same bare with node:crypto`,
        unit: ""
      })
    )
  ]
}

export const benchmark: Benchmark = {
  name: "calls",
  run: async ({ ours, quick }, tell) => {
    const settings = quick
      ? { loads: [1, 32], warmUpCalls: 1, rounds: 2, sliceMillis: 1 }
      : { loads: [1, 8, 32, 128], warmUpCalls: 500, rounds: 9, sliceMillis: 200 }
    const fixture = await Fixture.make(Operations.ringSize)
    const rows = await Operations.measure(
      {
        baseUrl: "https://mfa.example.com",
        httpClient: Layer.succeed(HttpClient.HttpClient, Peer.make(fixture)),
        next: Fixture.ringOf(fixture.tokenIds)
      },
      (operation, { tokenId }) => fixture.answer(operation, tokenId),
      { ...settings, onlyOurs: ours },
      tell
    )
    return {
      figures: { settings, rows },
      goals: goals(rows),
      how: `${settings.rounds} rounds, median (least–most)`,
      tables: `${Operations.cpuTable(rows)}\n\n${Operations.speedTable(rows)}`
    }
  }
}
