/**
 * Counts which modules of Effect and of its platform the sources import, and where: what a move to another major version of
 * Effect is about. docs/effect-4.md has its output.
 *
 *     pnpm effect-imports
 */
import ts from "typescript"
import * as Workspace from "./workspace.ts"

const counts = new Map<string, Map<string, number>>()

for (const pkg of Workspace.packages) {
  for (const { file } of Workspace.modules(pkg)) {
    for (const statement of Workspace.parse(file).statements) {
      const from = ts.isImportDeclaration(statement) && ts.isStringLiteral(statement.moduleSpecifier)
        ? statement.moduleSpecifier.text
        : ""
      if (!/^(effect|@effect\/[^/]+)(\/|$)/.test(from)) continue
      const of = counts.get(from) ?? new Map<string, number>()
      counts.set(from, of.set(pkg.name, (of.get(pkg.name) ?? 0) + 1))
    }
  }
}

const names = Workspace.packages.map(({ name }) => name)
const total = (of: ReadonlyMap<string, number>): number => Array.from(of.values()).reduce((sum, n) => sum + n, 0)
const row = (cells: ReadonlyArray<string | number>): string => `| ${cells.join(" | ")} |`

const groups = [
  { title: "HTTP of @effect/platform", is: (from: string) => from.startsWith("@effect/platform/") },
  { title: "other packages of Effect", is: (from: string) => /^@effect\/(?!platform\/)/.test(from) },
  { title: "effect", is: (from: string) => from.startsWith("effect") }
]

for (const { is, title } of groups) {
  const rows = Array.from(counts).filter(([from]) => is(from)).sort(([, a], [, b]) => total(b) - total(a))
  console.log(`\n${title}: ${rows.length} modules, ${rows.reduce((sum, [, of]) => sum + total(of), 0)} imports\n`)
  console.log(row(["Module", ...names, "all"]))
  console.log(row(["---", ...names.map(() => "--:"), "--:"]))
  for (const [from, of] of rows) {
    console.log(row([`\`${from}\``, ...names.map((name) => of.get(name) ?? ""), total(of)]))
  }
}
