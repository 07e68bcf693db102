import { layer } from "@effect/vitest"
import * as Jose from "../../src/Jose.ts"
import * as NodeJose from "../../src/NodeJose.ts"

const engines = { WebCrypto: Jose.layer, "node:crypto": NodeJose.layer }

/** The same of every engine. */
export const onEach = (name: string, body: Parameters<ReturnType<typeof layer<Jose.Jose, never>>>[1]): void => {
  for (const [engine, jose] of Object.entries(engines)) layer(jose)(`${name} over ${engine}`, body)
}
