/**
 * Writes what each package promises to programs: every exported declaration of every public module, without its comments,
 * in `api/<package>.api.md`. A change of it is a change for users, and shows as one in a review.
 *
 *     pnpm api            writes it, of what was last built (`pnpm build`)
 *     pnpm api --check    fails where it is another
 */
import * as Fs from "node:fs"
import * as Path from "node:path"
import ts from "typescript"
import * as Workspace from "./workspace.ts"

const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed })

const print = (node: ts.Node, source: ts.SourceFile): string => printer.printNode(ts.EmitHint.Unspecified, node, source)

/** In which order the compiler lists members depends on what it looked at before. */
const sorted = (source: ts.SourceFile): ts.TransformerFactory<ts.Statement> => (context) => {
  const inOrder = <N extends ts.Node>(nodes: ReadonlyArray<N>): ReadonlyArray<N> =>
    nodes.map((node) => ({ node, text: print(node, source) })).sort((a, b) => a.text < b.text ? -1 : 1)
      .map(({ node }) => node)
  const visit = (node: ts.Node): ts.Node => {
    const inner = ts.visitEachChild(node, visit, context)
    return ts.isUnionTypeNode(inner)
      ? ts.factory.createUnionTypeNode(inOrder(inner.types))
      : ts.isIntersectionTypeNode(inner)
      ? ts.factory.createIntersectionTypeNode(inOrder(inner.types))
      : ts.isTypeLiteralNode(inner) && inner.members.every(ts.isPropertySignature)
      ? ts.factory.createTypeLiteralNode(inOrder(inner.members))
      : inner
  }
  return (node) => ts.visitNode(node, visit, ts.isStatement)
}

const declarations = (file: string): ReadonlyArray<string> => {
  const source = ts.createSourceFile(file, Fs.readFileSync(file, "utf8"), ts.ScriptTarget.ES2022, true)
  return source.statements
    .filter((statement) => !ts.isImportDeclaration(statement) && !/^export\s*\{\s*\};?$/.test(statement.getText()))
    .map((statement) => print(ts.transform(statement, [sorted(source)]).transformed[0] ?? statement, source))
}

const report = ({ folder, name, ...pkg }: Workspace.Package): string | undefined => {
  const modules = Workspace.modules({ folder, name, ...pkg }).filter((module) => module.public)
  const built = modules.map(({ path }) => ({ path, file: Path.join(folder, "dist", `${path}.d.ts`) }))
  return built.every(({ file }) => Fs.existsSync(file))
    ? [
      `# ${Workspace.scope}/${name}`,
      "",
      "<!-- Written by `pnpm api` from the declaration files. Do not edit. -->",
      ...built.flatMap(({ file, path }) => ["", `## ${path}`, "", "```ts", ...declarations(file), "```"]),
      ""
    ].join("\n")
    : undefined
}

const problems: Array<Workspace.Problem> = []

for (const pkg of Workspace.packages) {
  const { private: unpublished } = JSON.parse(Fs.readFileSync(Path.join(pkg.folder, "package.json"), "utf8")) as {
    readonly private?: boolean
  }
  if (unpublished === true) continue
  const file = Path.join(Workspace.root, "api", `${pkg.name}.api.md`)
  const text = report(pkg)
  if (text === undefined) {
    problems.push({ file: pkg.folder, line: 1, problem: "was not built: run `npx -y pnpm@12 build`" })
  } else if (!process.argv.includes("--check")) {
    Fs.mkdirSync(Path.dirname(file), { recursive: true })
    Fs.writeFileSync(file, text)
  } else if (!Fs.existsSync(file) || Fs.readFileSync(file, "utf8") !== text) {
    problems.push({
      file,
      line: 1,
      problem: "is not what the package has: run `npx -y pnpm@12 api`, and say in a changeset what users have to do"
    })
  }
}

Workspace.report("api", problems)
