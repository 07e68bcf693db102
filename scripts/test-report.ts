/**
 * The report of vitest that a script is given by `--results`.
 */
import * as Fs from "node:fs"
import * as Path from "node:path"

interface Assertion {
  readonly ancestorTitles: ReadonlyArray<string>
  readonly title: string
  readonly status: string
}

interface Result {
  readonly name: string
  readonly status: string
  readonly assertionResults: ReadonlyArray<Assertion>
}

const at = process.argv.indexOf("--results")

/** Where it should be. */
export const path = at === -1 ? undefined : process.argv[at + 1] ?? ""

const read = (file: string): ReadonlyArray<Result> => {
  const { testResults }: { readonly testResults: ReadonlyArray<Result> } = JSON.parse(Fs.readFileSync(file, "utf8"))
  return testResults.map((result) => ({ ...result, name: Path.resolve(result.name) }))
}

/** What became of each file; undefined where there is no report. */
export const results = path !== undefined && Fs.existsSync(path) ? read(path) : undefined

export const separator = " > "

/** The whole name of a test, as `vitest list` has it. */
export const nameOf = ({ ancestorTitles, title }: Assertion): string => [...ancestorTitles, title].join(separator)
