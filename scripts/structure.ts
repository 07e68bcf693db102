/**
 * Checks that the code stands where the floor plan says: which package may import which, no import cycles, one home
 * for jose, closed internals, identifiers that name the file they live in, and docstrings that name sections there are.
 *
 *     pnpm structure
 */
import * as Fs from "node:fs"
import * as Path from "node:path"
import ts from "typescript"
import * as Workspace from "./workspace.ts"

interface Floor {
  /** Workspace packages whose modules src may import. */
  readonly packages: ReadonlyArray<string>
  /** Workspace packages that its tests import besides, for what they do at a platform from outside. */
  readonly tests?: ReadonlyArray<string>
  /** Other modules src may import. */
  readonly modules: RegExp
}

const effect = String.raw`effect(/.+)?`
const platform = String.raw`@effect/platform(/.+)?`

/** What each package's src stands on. A package that is missing here is a finding: decide its floor first. */
const floors: Readonly<Record<string, Floor>> = {
  core: { packages: [], modules: new RegExp(String.raw`^(${effect}|@effect/platform/HttpApi\w*)$`) },
  transport: {
    packages: ["core"],
    modules: new RegExp(String.raw`^(${effect}|${platform}|jose|@noble/hashes/.+)$`)
  },
  sql: {
    packages: ["core"],
    modules: new RegExp(String.raw`^(${effect}|@effect/sql(-.+)?(/.+)?|@effect/experimental/.+)$`)
  },
  clients: { packages: ["core", "sql", "transport"], modules: new RegExp(String.raw`^(${effect}|${platform}|uqr)$`) },
  platform: {
    packages: ["core", "sql", "transport"],
    modules: new RegExp(
      String.raw`^(${effect}|${platform}|uqr|node-forge|otpauth|ipaddr\.js|@simplewebauthn/server(/.+)?)$`
    )
  },
  // Stands beside the others, and none of them may name it but the command, when it is asked to: what speaks v3 loads
  // nothing of v1.
  legacy: { packages: ["core", "transport"], modules: new RegExp(String.raw`^(${effect}|${platform})$`) },
  authenticator: {
    packages: ["core", "transport", "platform"],
    modules: new RegExp(String.raw`^(${effect}|${platform})$`)
  },
  console: {
    packages: ["core", "platform"],
    tests: ["clients"],
    modules: new RegExp(
      String.raw`^(${effect}|${platform}|d3-geo|topojson-(client|specification)|iso-3166|@simplewebauthn/browser)$`
    )
  },
  cli: {
    packages: ["core", "sql", "transport", "clients", "platform", "legacy", "authenticator", "console"],
    modules: new RegExp(
      String.raw`^(${effect}|${platform}|@effect/platform-node(/.+)?|@effect/cli(/.+)?|uqr|node:.+)$`
    )
  },
  testing: {
    packages: ["core", "sql", "transport", "clients", "platform"],
    modules: new RegExp(
      String.raw`^(${effect}|${platform}|@effect/platform-node(/.+)?|node:.+|@effect/vitest|vitest|playwright-core)$`
    )
  }
}

const joseHome = "packages/transport/src/Jose.ts"

/** Core's one module of data from elsewhere: ISO 3166 changes often, and only who makes a territory has to load it. */
const isoHome = "packages/core/src/internal/iso3166.ts"

/** The modules that need Node: all else of their packages is for any runtime. */
const nodeHomes = ["platform/src/NodeWebhookEgress", "transport/src/NodeJose"].map((module) => `packages/${module}.ts`)

/** What has the files of pages on Node, and makes them of their sources where they were not built. */
const pageHomes = [
  "platform/src/NodeStaticPage",
  "authenticator/src/NodeAuthenticatorPage",
  "console/src/NodeConsolePage"
]
  .map((module) => `packages/${module}.ts`)

/** Stores for those who install a driver of theirs: nothing else may load what they stand on. */
const sqlHomes = ["clients", "platform", "testing"].map((name) => `packages/${name}/src/sql/`)

/**
 * The modules of the libraries that know of Effect's HTTP, which another major version of it has elsewhere: all else, such
 * as what is sealed and which policy is asked for, does not move with it.
 *
 * @see docs/effect-4.md
 */
const httpHomes: Readonly<Record<string, RegExp>> = {
  core: /^(Api|api\/\w+)$/,
  transport:
    /^(DerivedClient|DeviceHints|Redaction|RemoteApi|Tracing|Transport|internal\/(attempts|exchange|readResponse|unsent))$/,
  clients: /^(\w+Client|\w+Credentials|PromiseClients|Webhook|internal\/(credentials|hosting|serviceManagement))$/
}

const categories = [
  "models",
  "schemas",
  "errors",
  "tags",
  "constructors",
  "layers",
  "combinators",
  "schedules",
  "guards",
  "conversions"
]

const problems: Array<Workspace.Problem> = []

interface Import {
  readonly node: ts.Node
  readonly specifier: string
  /** Erased by the compiler, so it cannot take part in a cycle of evaluation. */
  readonly typeOnly: boolean
}

const importsOf = (source: ts.SourceFile): ReadonlyArray<Import> => {
  const imports: Array<Import> = []
  const add = (node: ts.Node, specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier !== undefined && ts.isStringLiteralLike(specifier)) {
      imports.push({ node, specifier: specifier.text, typeOnly })
    }
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node, node.moduleSpecifier, node.importClause?.isTypeOnly === true)
    } else if (ts.isExportDeclaration(node)) {
      add(node, node.moduleSpecifier, node.isTypeOnly)
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node, node.argument.literal, true)
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node, node.arguments[0], false)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return imports
}

/** `@effect-launchkey/core/api/ServiceApi` as its package and the path below src. */
const workspaceModule = (specifier: string): { readonly name: string; readonly path: string } | undefined => {
  if (!specifier.startsWith(`${Workspace.scope}/`)) {
    return undefined
  }
  const [name = "", ...path] = specifier.slice(Workspace.scope.length + 1).split("/")
  return { name, path: path.join("/") }
}

const checkImports = (pkg: Workspace.Package, source: ts.SourceFile, place: "src" | "test"): void => {
  const floor = floors[pkg.name]
  if (floor === undefined) {
    return
  }
  for (const { node, specifier } of importsOf(source)) {
    const found = (problem: string): void => {
      problems.push(Workspace.problemAt(source, node, problem))
    }
    if (specifier.startsWith(".")) {
      const target = Path.resolve(Path.dirname(source.fileName), specifier)
      if (!target.startsWith(pkg.folder + Path.sep)) {
        found(`"${specifier}" leaves the package: import it by its package name`)
      } else if (!/\.(ts|json)$/.test(specifier)) {
        found(`"${specifier}" has no .ts extension: write the file's own name`)
      } else if (place === "src" && /(^|\/)index\.ts$/.test(specifier)) {
        found(`"${specifier}" is the barrel: import the module itself`)
      } else if (place === "src" && !target.startsWith(Path.join(pkg.folder, "src") + Path.sep)) {
        found(`"${specifier}" leaves src`)
      }
      continue
    }
    const other = workspaceModule(specifier)
    if (other !== undefined) {
      if (other.path.split("/").includes("internal")) {
        found(`"${specifier}" is internal to ${other.name}: use or make a public module`)
      }
      const allowed = place === "src" ? floor.packages : [...floor.packages, ...floor.tests ?? [], pkg.name, "testing"]
      if (!allowed.includes(other.name)) {
        found(
          `${pkg.name} may not import ${other.name}: its ${place} may import ${
            allowed.join(", ") || "no other package"
          }`
        )
      } else if (place === "src" && other.path === "") {
        found(`"${specifier}" is the barrel: import the module itself, as "${specifier}/<Module>"`)
      } else if (place === "src" && other.name === "legacy" && !ts.isCallExpression(node)) {
        found(
          `"${specifier}" is of the API v1, which whoever speaks v3 loads nothing of: import() it where it is asked for`
        )
      }
      continue
    }
    const module = Path.relative(Path.join(pkg.folder, "src"), source.fileName).replace(/\.ts$/, "")
    if (place === "src" && specifier.startsWith("@effect/platform") && httpHomes[pkg.name]?.test(module) === false) {
      found(
        `"${specifier}" is HTTP, of which ${pkg.name} has its own modules know: give this one what it needs as a parameter, or add it to httpHomes`
      )
    } else if (place === "src" && specifier === "jose" && Workspace.relative(source.fileName) !== joseHome) {
      found(`only ${joseHome} imports jose: ask the Jose port`)
    } else if (specifier === "iso-3166" && Workspace.relative(source.fileName) === isoHome) {
      continue
    } else if (specifier.startsWith("node:") && nodeHomes.includes(Workspace.relative(source.fileName))) {
      continue
    } else if (/^(?:node:.+|esbuild)$/.test(specifier) && pageHomes.includes(Workspace.relative(source.fileName))) {
      continue
    } else if (
      /^@effect\/sql(-.+)?(\/.+)?$/.test(specifier) &&
      sqlHomes.some((home) => Workspace.relative(source.fileName).startsWith(home))
    ) {
      continue
    } else if (place === "src" && !floor.modules.test(specifier)) {
      found(`${pkg.name} may not import "${specifier}": the floor plan has ${floor.modules.source}`)
    }
  }
}

const checkCycles = (sources: ReadonlyMap<string, ts.SourceFile>): void => {
  const edges = new Map<string, ReadonlyArray<{ readonly to: string; readonly node: ts.Node }>>()
  for (const [file, source] of sources) {
    edges.set(
      file,
      importsOf(source).flatMap(({ node, specifier, typeOnly }) => {
        const other = workspaceModule(specifier)
        const to = specifier.startsWith(".")
          ? Path.resolve(Path.dirname(file), specifier)
          : other !== undefined
          ? Path.join(Workspace.root, "packages", other.name, "src", `${other.path || "index"}.ts`)
          : undefined
        return typeOnly || to === undefined || !sources.has(to) ? [] : [{ to, node }]
      })
    )
  }
  const done = new Set<string>()
  const trail: Array<string> = []
  const walk = (file: string): void => {
    trail.push(file)
    for (const { to, node } of edges.get(file) ?? []) {
      const start = trail.indexOf(to)
      const source = sources.get(file)
      if (start !== -1 && source !== undefined) {
        const cycle = [...trail.slice(start), to].map(Workspace.relative).join(" → ")
        problems.push(Workspace.problemAt(source, node, `import cycle: ${cycle}`))
      } else if (!done.has(to)) {
        walk(to)
      }
    }
    trail.pop()
    done.add(file)
  }
  for (const file of sources.keys()) {
    if (!done.has(file)) {
      walk(file)
    }
  }
}

type Kind = "tag key" | "schema identifier" | "error tag"

interface Identifier {
  readonly kind: Kind
  readonly node: ts.Node
  readonly value: string | undefined
  readonly className: string | undefined
}

/** `Context.Tag` of `Context.Tag("…")`, of `Context.Reference<X>()("…")` and the like. */
const calleeName = (call: ts.CallExpression): { readonly name: string; readonly curried: boolean } => {
  const callee = call.expression
  return ts.isCallExpression(callee)
    ? { name: callee.expression.getText(), curried: true }
    : { name: callee.getText(), curried: false }
}

const keyed = new Set(["Context.Tag", "Context.GenericTag", "Effect.Tag"])
const keyedWhenCurried = new Set(["Context.Reference", "Effect.Service", "HttpApiMiddleware.Tag"])
const schemaClasses = new Set(["Schema.Class", "Schema.TaggedClass", "Schema.TaggedError", "Schema.TaggedRequest"])

const identifiersOf = (source: ts.SourceFile): ReadonlyArray<Identifier> => {
  const found: Array<Identifier> = []
  const visit = (node: ts.Node, className: string | undefined): void => {
    const add = (kind: Kind, value: ts.Node | undefined): void => {
      found.push({
        kind,
        node: value ?? node,
        value: value !== undefined && ts.isStringLiteralLike(value) ? value.text : undefined,
        className
      })
    }
    if (ts.isCallExpression(node)) {
      const { curried, name } = calleeName(node)
      const [first] = node.arguments
      if (curried ? keyedWhenCurried.has(name) : keyed.has(name)) {
        add("tag key", first)
      }
      if (!curried && schemaClasses.has(name) && first !== undefined) {
        add("schema identifier", first)
      }
      if ((curried && name === "Schema.TaggedError") || (!curried && name === "Data.TaggedError")) {
        add("error tag", first)
      }
    }
    if (
      ts.isPropertyAssignment(node) && ts.isIdentifier(node.name) && node.name.text === "identifier" &&
      ts.isStringLiteralLike(node.initializer)
    ) {
      add("schema identifier", node.initializer)
    }
    const inner = ts.isClassDeclaration(node)
      ? node.name?.text
      : ts.isVariableDeclaration(node) && ts.isIdentifier(node.name)
      ? node.name.text
      : className
    ts.forEachChild(node, (child) => visit(child, inner))
  }
  visit(source, undefined)
  return found
}

const seen = new Map<string, string>()

const checkIdentifiers = (pkg: Workspace.Package, module: Workspace.Module, source: ts.SourceFile): void => {
  const own = `${Workspace.scope}/${pkg.name}/${module.path}`
  for (const { className, kind, node, value } of identifiersOf(source)) {
    const found = (problem: string): void => {
      problems.push(Workspace.problemAt(source, node, problem))
    }
    if (value === undefined) {
      if (kind === "tag key") {
        found("the tag key is not a string literal, so nobody can check it")
      }
      continue
    }
    const suffix = value.startsWith(`${own}/`) || value.startsWith(`${own}.`) ? value.slice(own.length + 1) : undefined
    const mustMatch = kind === "tag key" || value.startsWith(`${Workspace.scope}/`)
    if (mustMatch && value !== own && suffix === undefined) {
      found(`${kind} "${value}" does not name its file: write "${own}", or "${own}/<Name>"`)
    } else if (kind === "tag key" && suffix !== undefined && className !== undefined && suffix !== className) {
      found(`tag key "${value}" does not name its class: write "${own}/${className}"`)
    }
    const id = `${kind} ${value}`
    const { line } = Workspace.problemAt(source, node, "")
    const before = seen.get(id)
    if (before !== undefined) {
      found(`${kind} "${value}" is taken by ${before}`)
    } else {
      seen.set(id, `${Workspace.relative(source.fileName)}:${line}`)
    }
  }
}

const checkClock = (source: ts.SourceFile): void => {
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && node.expression.getText() === "Date" && (node.arguments ?? []).length === 0) {
      problems.push(
        Workspace.problemAt(source, node, "new Date() reads the wall clock: time comes from Effect's Clock")
      )
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
}

const declaredNames = (statement: ts.Statement): ReadonlyArray<string> => {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => ts.isIdentifier(name) ? [name.text] : [])
  }
  return (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) && statement.name !== undefined
    ? [statement.name.text]
    : []
}

const checkDocs = (source: ts.SourceFile): void => {
  const overloads = new Set<string>()
  for (const statement of source.statements) {
    const exported = ts.canHaveModifiers(statement) &&
      (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
    const names = declaredNames(statement)
    const name = names.join(", ")
    if (!exported || name === "" || (ts.isFunctionDeclaration(statement) && overloads.has(name))) {
      continue
    }
    if (ts.isFunctionDeclaration(statement)) {
      overloads.add(name)
    }
    const tags = ts.getJSDocTags(statement)
    const text = (tag: string): string | undefined => {
      const comment = tags.find(({ tagName }) => tagName.text === tag)?.comment
      return typeof comment === "string" ? comment.trim() : ts.getTextOfJSDocComment(comment)?.trim()
    }
    const category = text("category")
    if (text("since") === undefined) {
      problems.push(Workspace.problemAt(source, statement, `${name} is exported without a docstring that has @since`))
    } else if (category === undefined || !categories.includes(category)) {
      problems.push(
        Workspace.problemAt(
          source,
          statement,
          `${name} has ${category === undefined ? "no @category" : `@category ${category}`}: choose from ${
            categories.join(", ")
          }`
        )
      )
    }
  }
}

const protocol = "docs/protocol.md"

/** The sections to which docstrings send their readers. */
const protocolSections = new Set(
  Array.from(
    Fs.readFileSync(Path.join(Workspace.root, protocol), "utf8").matchAll(/^#+ (.+)$/gm),
    ([, heading]) => heading
  )
)

const checkSections = (source: ts.SourceFile): void => {
  for (const { 1: section = "", index } of source.text.matchAll(/docs\/protocol\.md "([^"]+)"/g)) {
    if (!protocolSections.has(section)) {
      problems.push({
        file: source.fileName,
        line: source.getLineAndCharacterOfPosition(index).line + 1,
        problem: `${protocol} has no section "${section}": name one of its headings`
      })
    }
  }
}

const checkFocus = (source: ts.SourceFile): void => {
  const visit = (node: ts.Node): void => {
    if (
      ts.isPropertyAccessExpression(node) && node.name.text === "only" &&
      /^(it|test|describe|suite)\b/.test(node.expression.getText())
    ) {
      problems.push(Workspace.problemAt(source, node, `${node.getText()} leaves every other test out`))
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
}

const sources = new Map<string, ts.SourceFile>()

for (const pkg of Workspace.packages) {
  if (floors[pkg.name] === undefined) {
    problems.push({
      file: Path.join(pkg.folder, "package.json"),
      line: 1,
      problem: `${pkg.name} has no place in the floor plan: add it to scripts/structure.ts`
    })
  }
  const index = Path.join(pkg.folder, "src", "index.ts")
  if (Fs.existsSync(index)) {
    sources.set(index, Workspace.parse(index))
  }
  for (const module of Workspace.modules(pkg)) {
    const source = Workspace.parse(module.file)
    sources.set(module.file, source)
    checkImports(pkg, source, "src")
    checkIdentifiers(pkg, module, source)
    checkClock(source)
    checkSections(source)
    if (module.public) {
      checkDocs(source)
      if (!/^[A-Z][A-Za-z0-9]*$/.test(Path.posix.basename(module.path))) {
        problems.push({
          file: module.file,
          line: 1,
          problem: "a public module is named in PascalCase: rename it, or move it to internal/"
        })
      }
    }
  }
  for (const file of Workspace.sources(Path.join(pkg.folder, "test"))) {
    const source = Workspace.parse(file)
    checkImports(pkg, source, "test")
    checkFocus(source)
  }
}
checkCycles(sources)

Workspace.report("structure", [...problems].sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line))
