import * as FileSystem from "@effect/platform/FileSystem"
import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Cli from "../src/Cli.ts"
import { table } from "../src/ExitCode.ts"
import { environment } from "../src/Profile.ts"
import { read, root, Sandboxed, sandboxed } from "./support/launchkey.ts"
import * as Transcript from "./support/transcript.ts"

const file = `${root}docs/cli.md`

/** The command that the line runs. */
const named = (line: string): string | undefined =>
  [...Cli.commands.keys()].find((name) => line.startsWith(`launchkey ${name} `) || line === `launchkey ${name}`)

layer(sandboxed, { excludeTestServices: true })("docs/cli.md", (it) => {
  it.effect("shows what commands print, and JSON as their schemas have it", () =>
    Effect.gen(function*() {
      const document = yield* read(file)
      const told = yield* Transcript.play(document, yield* Sandboxed)
      if (process.env["CLI_DOCS"] === "write") {
        const written = told.reduceRight(
          (text, { shown, step: { at, expected } }) => text.slice(0, at) + shown + text.slice(at + expected.length),
          document
        )
        return yield* Effect.flatMap(FileSystem.FileSystem, (fs) => fs.writeFileString(file, written))
      }
      for (const { actual, expected, json, step } of told) {
        assert.strictEqual(actual, expected, step.command)
        if (json === undefined) continue
        const schema = Cli.commands.get(named(step.command) ?? "")
        assert(schema !== undefined, step.command)
        const result = yield* Schema.decodeUnknown(schema)(json)
        assert.deepStrictEqual(yield* Schema.encodeUnknown(schema)(result), json, step.command)
      }
    }), 120_000)

  it.effect("has each command, each end and each variable", () =>
    Effect.gen(function*() {
      const document = yield* read(file)
      const shown = new Set(Array.from(document.matchAll(/^\$ (.*)$/gm), ([, line = ""]) => named(line)))
      for (const name of Cli.commands.keys()) {
        assert(shown.has(name) || document.includes(`\`launchkey ${name}`), `launchkey ${name}`)
      }
      for (const { code, meaning } of Object.values(table)) assert.include(document, `| ${code} | ${meaning} |`)
      for (const [name, meaning] of Object.entries(environment)) {
        assert.include(document, `| \`${name}\` | ${meaning} |`)
      }
    }))
})
