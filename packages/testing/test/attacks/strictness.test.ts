import { assert, describe, it } from "@effect/vitest"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"

const docs = Path.resolve(Path.dirname(fileURLToPath(import.meta.url)), "../../../../docs")

const rows = Fs.readFileSync(Path.join(docs, "strictness.md"), "utf8").split("\n").filter((line) =>
  line.startsWith("| ") && !line.startsWith("| What ")
)

/** As it stands in a source: quotes within are escaped there. */
const escaped = (text: string) => text.replaceAll("\"", "\\\"")

describe("the table of differences in strictness", () => {
  it("has its rows", () => {
    assert.isAtLeast(rows.length, 40)
  })

  for (const row of rows) {
    const [what = ""] = row.slice(2).split(" | ")
    it(`names a test that there is: ${what}`, () => {
      const [, file = "", name = ""] = /\]\(([^)]+)\) “([^”]+)” \|$/.exec(row) ?? []
      const source = Fs.readFileSync(Path.join(docs, file), "utf8")
      assert.isTrue(source.includes(name) || source.includes(escaped(name)), `${file} has no "${name}"`)
      assert.strictEqual(row.split(/(?<!\\) \| /).length, 6, "six columns")
    })
  }
})
