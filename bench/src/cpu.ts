/** CPU time of ours by each engine, beside the same cryptography bare. */
import { figures } from "./benchmark.ts"
import { type Measured, ratio, type Spread, spread } from "./measure.ts"

export interface Cpu {
  /** Microseconds of CPU time: over WebCrypto, and what the same costs bare. */
  readonly ours: Spread
  readonly jose: Spread
  readonly toJose: Spread
  /** The same over `NodeJose`. */
  readonly oursByNode: Spread
  readonly node: Spread
  readonly toNode: Spread
}

/** As four subjects were compared; a floor that was left out has nothing. */
export interface Compared {
  readonly webCrypto: Measured
  readonly byNode: Measured
  readonly jose: Measured
  readonly node: Measured
}

const none: Measured = { micros: [], callsPerSecond: [], latencies: [] }

export const compared = (
  [webCrypto = none, byNode = none, jose = none, node = none]: ReadonlyArray<Measured>
): Compared => ({ webCrypto, byNode, jose, node })

export const of = ({ byNode, jose, node, webCrypto }: Compared): Cpu => ({
  ours: spread(webCrypto.micros),
  jose: spread(jose.micros),
  toJose: ratio(webCrypto.micros, jose.micros),
  oursByNode: spread(byNode.micros),
  node: spread(node.micros),
  toNode: ratio(byNode.micros, node.micros)
})

export const head = ["ours, µs", "jose, µs", "ratio", "ours by NodeJose, µs", "node:crypto, µs", "ratio"]

export const cells = (cpu: Cpu): ReadonlyArray<string> => [
  figures(cpu.ours, 0),
  figures(cpu.jose, 0),
  figures(cpu.toJose, 2),
  figures(cpu.oursByNode, 0),
  figures(cpu.node, 0),
  figures(cpu.toNode, 2)
]
