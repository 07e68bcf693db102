/** `ServiceClient` by each engine, each beside its own floor, under each load. */
import { figures, table } from "./benchmark.ts"
import * as Cpu from "./cpu.ts"
import * as Fixture from "./fixture.ts"
import * as FloorJose from "./floorJose.ts"
import * as FloorNode from "./floorNode.ts"
import {
  compare,
  type Exchange,
  type Measured,
  quantile,
  ratio,
  type Settings,
  type Spread,
  spread
} from "./measure.ts"
import * as Ours from "./ours.ts"

export interface Row extends Cpu.Cpu {
  readonly operation: Fixture.Operation
  readonly inFlight: number
  readonly callsPerSecond: Readonly<Record<"ours" | "jose" | "oursByNode" | "node", number>>
  /** Ours divided by the floor's. */
  readonly throughput: { readonly toJose: Spread; readonly toNode: Spread }
  /** Milliseconds. */
  readonly latency: { readonly ours: Latency; readonly oursByNode: Latency }
}

interface Latency {
  readonly p50: number
  readonly p99: number
}

export interface Options extends Settings {
  /** So many calls at a time. */
  readonly loads: ReadonlyArray<number>
  readonly onlyOurs: boolean
}

/** Of ids: more than calls in flight. Every subject goes through the same. */
export const ringSize = 256

export const measure = async (
  platform: Ours.Platform,
  exchange: Exchange,
  options: Options,
  tell: (text: string) => void
): Promise<ReadonlyArray<Row>> => {
  const ours = [await Ours.make("ours", platform), await Ours.make("ours, by NodeJose", platform)]
  const floors = options.onlyOurs
    ? []
    : [await FloorJose.make(platform.next, exchange), FloorNode.make(platform.next, exchange)]
  const rows: Array<Row> = []
  for (const inFlight of options.loads) {
    for (const operation of Fixture.operations) {
      const compared = Cpu.compared(await compare([...ours, ...floors], operation, inFlight, options))
      const { byNode, jose, node, webCrypto } = compared
      const perSecond = (of: Measured) => spread(of.callsPerSecond).median
      const latency = (of: Measured) => ({ p50: quantile(of.latencies, 0.5), p99: quantile(of.latencies, 0.99) })
      const row: Row = {
        operation,
        inFlight,
        ...Cpu.of(compared),
        callsPerSecond: {
          ours: perSecond(webCrypto),
          jose: perSecond(jose),
          oursByNode: perSecond(byNode),
          node: perSecond(node)
        },
        throughput: {
          toJose: ratio(webCrypto.callsPerSecond, jose.callsPerSecond),
          toNode: ratio(byNode.callsPerSecond, node.callsPerSecond)
        },
        latency: { ours: latency(webCrypto), oursByNode: latency(byNode) }
      }
      rows.push(row)
      const [over, by] = [row.ours.median.toFixed(0), row.oursByNode.median.toFixed(0)]
      tell(`${operation}, ${inFlight} in flight: ${over} µs over WebCrypto, ${by} µs over NodeJose`)
    }
  }
  await Promise.all(ours.map(({ end }) => end()))
  return rows
}

const speedHead = [
  "operation",
  "in flight",
  "ours, calls/s",
  "p50, ms",
  "p99, ms",
  "jose, calls/s",
  "ratio",
  "ours by NodeJose, calls/s",
  "p50, ms",
  "p99, ms",
  "node:crypto, calls/s",
  "ratio"
]

export const speedTable = (rows: ReadonlyArray<Row>) =>
  table(
    speedHead,
    rows.map(({ callsPerSecond, inFlight, latency, operation, throughput }) => [
      operation,
      inFlight,
      callsPerSecond.ours.toFixed(0),
      latency.ours.p50.toFixed(1),
      latency.ours.p99.toFixed(1),
      callsPerSecond.jose.toFixed(0),
      figures(throughput.toJose, 2),
      callsPerSecond.oursByNode.toFixed(0),
      latency.oursByNode.p50.toFixed(1),
      latency.oursByNode.p99.toFixed(1),
      callsPerSecond.node.toFixed(0),
      figures(throughput.toNode, 2)
    ])
  )

export const cpuTable = (rows: ReadonlyArray<Row>) =>
  table(
    ["operation", "in flight", ...Cpu.head],
    rows.map((row) => [row.operation, row.inFlight, ...Cpu.cells(row)])
  )
