/**
 * Every test file fails if what it made the product emit gives away what it must not: see `leaks.ts`. With `LEAK_REPORT`
 * in the environment, the file of that name gets a line of JSON for each test file: how much was heard, and what was found.
 */
import { appendFileSync } from "node:fs"
import { afterAll, expect } from "vitest"
import * as leaks from "./leaks.ts"

leaks.install()

afterAll(() => {
  const recording = leaks.ended()
  const findings = recording.findings()
  const report = process.env["LEAK_REPORT"]
  if (report !== undefined) {
    const file = expect.getState().testPath
    const { heard, secrets, texts } = recording
    const line = { file, heard, texts: texts.size, secrets: secrets.size, findings }
    appendFileSync(report, `${JSON.stringify(line)}\n`)
  }
  if (findings.length > 0) {
    const shown = findings.slice(0, 20).map(({ channel, excerpt, what }) => `- ${what} in a ${channel}: ${excerpt}`)
    throw new Error(
      `${findings.length} leaks. Have the product say what happened without repeating it:\n${shown.join("\n")}`
    )
  }
})
