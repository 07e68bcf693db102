/** Where things are, for the scripts beside this file. */
import * as Fs from "node:fs"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"

export const root = Path.resolve(Path.dirname(fileURLToPath(import.meta.url)), "..")

export const scope = "@effect-launchkey"

/** The pnpm that runs this script, as a command and its first arguments: nested npx calls disturb each other. */
export const pnpm = (): readonly [string, ...ReadonlyArray<string>] => {
  const outer = process.env["npm_execpath"] ?? ""
  return !/pnpm/.test(outer)
    ? ["npx", "-y", "pnpm@12"]
    : /\.[cm]?js$/.test(outer)
    ? [process.execPath, outer]
    : [outer]
}

/** Path from the root, with forward slashes. */
export const relative = (file: string): string => Path.relative(root, file).replaceAll(Path.sep, "/")

export interface Package {
  readonly name: string
  readonly folder: string
}

export const packages: ReadonlyArray<Package> = Fs.readdirSync(Path.join(root, "packages"))
  .filter((name) => Fs.existsSync(Path.join(root, "packages", name, "package.json")))
  .sort()
  .map((name) => ({ name, folder: Path.join(root, "packages", name) }))

/** Every TypeScript file below a folder that may not exist, sorted, so that generated text is stable. */
export const sources = (folder: string): ReadonlyArray<string> => {
  if (!Fs.existsSync(folder)) {
    return []
  }
  return Fs.readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.name !== "node_modules" && entry.name !== "dist")
    .flatMap((entry) => {
      const path = Path.join(folder, entry.name)
      return entry.isDirectory() ? sources(path) : entry.name.endsWith(".ts") ? [path] : []
    })
    .sort()
}

export interface Module {
  /** The path below `src` without extension: `AuthPolicy`, `api/ServiceApi`, `internal/call`. */
  readonly path: string
  readonly file: string
  /** May be imported from outside the package. A command, `bin`, is run and not imported. */
  readonly public: boolean
}

/** The modules of a package; its generated barrel is none. */
export const modules = (pkg: Package): ReadonlyArray<Module> => {
  const src = Path.join(pkg.folder, "src")
  return sources(src)
    .map((file) => ({ file, path: Path.relative(src, file).replaceAll(Path.sep, "/").replace(/\.ts$/, "") }))
    .filter(({ path }) => path !== "index")
    .map(({ file, path }) => ({ file, path, public: path !== "bin" && !path.split("/").includes("internal") }))
}

export const parse = (file: string): ts.SourceFile =>
  ts.createSourceFile(file, Fs.readFileSync(file, "utf8"), ts.ScriptTarget.ES2022, true)

const isDocComment = (text: string, { pos }: ts.CommentRange): boolean => text.startsWith("/**", pos)

/**
 * The docstring of a module: the first comment of the file. A comment that sits right on a declaration is that
 * declaration's own, so a file without imports needs two.
 */
export const moduleComment = (source: ts.SourceFile): string | undefined => {
  const comments = (ts.getLeadingCommentRanges(source.text, 0) ?? []).filter((range) =>
    isDocComment(source.text, range)
  )
  const [first] = comments
  const statement = source.statements[0]
  const isOfDeclaration = comments.length === 1 && statement !== undefined && !ts.isImportDeclaration(statement) &&
    !ts.isExportDeclaration(statement)
  return first === undefined || isOfDeclaration ? undefined : source.text.slice(first.pos, first.end)
}

export interface Problem {
  readonly file: string
  readonly line: number
  readonly problem: string
}

export const problemAt = (source: ts.SourceFile, node: ts.Node, problem: string): Problem => ({
  file: source.fileName,
  line: source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1,
  problem
})

/** Prints one line per problem and leaves the exit code to match. */
export const report = (what: string, problems: ReadonlyArray<Problem>): void => {
  for (const { file, line, problem } of problems) {
    console.error(`${relative(file)}:${line}: ${problem}`)
  }
  if (problems.length > 0) {
    console.error(`${what}: ${problems.length} ${problems.length === 1 ? "problem" : "problems"}`)
    process.exitCode = 1
  } else {
    console.log(`${what}: no problems`)
  }
}
