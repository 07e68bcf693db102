import { assert, it } from "@effect/vitest"
import { readFileSync } from "node:fs"

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8")

it("is the program of the README, to the letter", () => {
  const [, program] = /^```ts\n([\s\S]*?)^```/m.exec(read("../../../README.md")) ?? []
  assert.strictEqual(read("../src/main.ts"), program)
})
