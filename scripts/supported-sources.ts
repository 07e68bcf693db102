/** Who calls, serves and tests each endpoint, for `supported.ts`: found in the sources. */
import * as Fs from "node:fs"
import * as Path from "node:path"
import ts from "typescript"
import { type Endpoint, endpoints, withinTransport } from "./supported-contract.ts"
import * as Workspace from "./workspace.ts"

const eachNode = (root: ts.Node, visit: (node: ts.Node) => void): void => {
  visit(root)
  ts.forEachChild(root, (child) => eachNode(child, visit))
}

const nodesOf = <N extends ts.Node>(root: ts.Node, is: (node: ts.Node) => node is N): ReadonlyArray<N> => {
  const nodes: Array<N> = []
  eachNode(root, (node) => {
    if (is(node)) nodes.push(node)
  })
  return nodes
}

const textOf = (node: ts.Node | undefined): string | undefined =>
  node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined

const nameOf = (node: ts.Node): string | undefined =>
  "name" in node && node.name !== undefined && ts.isIdentifier(node.name as ts.Node)
    ? (node.name as ts.Identifier).text
    : undefined

export interface Source {
  readonly pkg: string
  /** `ServiceClient`, also for the file below internal/ that does what the module of that name says. */
  readonly module: string
  readonly file: string
  readonly ast: ts.SourceFile
}

const sources: ReadonlyArray<Source> = Workspace.packages.flatMap((pkg) =>
  Workspace.modules(pkg).map(({ file, path }) => {
    const base = Path.posix.basename(path)
    return {
      pkg: pkg.name,
      module: `${base.slice(0, 1).toUpperCase()}${base.slice(1)}`,
      file,
      ast: Workspace.parse(file)
    }
  })
)

const modules = new Map<string, Array<Source>>()
for (const source of sources) {
  modules.set(source.module, [...(modules.get(source.module) ?? []), source])
}

/** Whether the identifier refers to a binding, rather than naming a member. */
const isReference = (node: ts.Identifier): boolean =>
  !(ts.isPropertyAccessExpression(node.parent) && node.parent.name === node) &&
  !(ts.isPropertyAssignment(node.parent) && node.parent.name === node) &&
  !(ts.isBindingElement(node.parent) && node.parent.propertyName === node)

const isNamed = (node: ts.Node): node is ts.VariableDeclaration | ts.PropertyAssignment =>
  ts.isVariableDeclaration(node) || ts.isPropertyAssignment(node)

/** What a module's service promises: the members of its interface, which has the module's name or is called `Service`. */
const promised = ({ module }: Source): ReadonlySet<string> =>
  new Set(
    (modules.get(module) ?? []).flatMap(({ ast }) =>
      ast.statements.filter(ts.isInterfaceDeclaration).filter(({ name }) => ["Service", module].includes(name.text))
        .flatMap(({ members }) => members.flatMap((member) => nameOf(member) ?? []))
    )
  )

const exportsOf = ({ ast }: Source): ReadonlyMap<string, ts.Node> =>
  new Map<string, ts.Node>(ast.statements.flatMap((statement): ReadonlyArray<readonly [string, ts.Node]> => {
    if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)) {
      return statement.exportClause.elements.map((element) => [element.name.text, element])
    }
    const exported = ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true
    if (!exported) return []
    return ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.map((declaration) => [nameOf(declaration) ?? "", declaration])
      : [[nameOf(statement) ?? "", statement]]
  }))

/**
 * The promised members by which each call in the file is reached, through whatever the file keeps in constants; or,
 * where none is, what the file exports.
 */
const membersThatReach = (source: Source, call: ts.Node): ReadonlyArray<string> => {
  const members = promised(source)
  const bindings = nodesOf(source.ast, isNamed).flatMap((node) => {
    const name = nameOf(node)
    return name === undefined || node.initializer === undefined ? [] : [{ name, node }]
  })
  const contains = (outer: ts.Node, inner: ts.Node) => outer.pos <= inner.pos && inner.end <= outer.end
  const reaching = new Set<string>()
  const reached = new Set<string>()
  const visit = (target: (node: ts.Node) => boolean): void => {
    for (const { name, node } of bindings) {
      if (!target(node)) continue
      if (ts.isPropertyAssignment(node) && members.has(name)) {
        reaching.add(name)
      } else if (ts.isVariableDeclaration(node) && !reached.has(name)) {
        reached.add(name)
        if (
          nodesOf(source.ast, ts.isShorthandPropertyAssignment).some((short) => short.name.text === name) &&
          members.has(name)
        ) {
          reaching.add(name)
        }
        visit((other) =>
          other !== node &&
          nodesOf(other, ts.isIdentifier).some((identifier) =>
            identifier.text === name && isReference(identifier) && !contains(node, identifier)
          )
        )
      }
    }
  }
  visit((node) => contains(node, call))
  return reaching.size > 0
    ? Array.from(reaching)
    : Array.from(exportsOf(source).keys()).filter((name) => reached.has(name))
}

export interface Caller {
  readonly module: string
  readonly members: ReadonlyArray<string>
  /** The module that has these members for several clients. */
  readonly shared?: string
}

export const callers = new Map<string, Array<Caller>>()

const addCaller = (key: string, caller: Caller): void => {
  callers.set(key, [...(callers.get(key) ?? []), caller])
}

/** The group that a call derives a client of: `HttpApiClient.group(…, { group: "service" })`, `DerivedClient.make(ServiceApi, …)`. */
const groupOf = ({ arguments: [first, options], expression }: ts.CallExpression): string | undefined => {
  if (expression.getText() === "DerivedClient.make") {
    return first?.getText().replace(/Api$/, "").replace(/^./, (letter) => letter.toLowerCase())
  }
  if (expression.getText() !== "HttpApiClient.group" || options === undefined) return undefined
  if (!ts.isObjectLiteralExpression(options)) return undefined
  return textOf(
    options.properties.filter(ts.isPropertyAssignment).find((property) => nameOf(property) === "group")?.initializer
  )
}

/** Of which groups clients are derived, and what each is kept in, if it is. */
const derivations = ({ ast }: Source) =>
  nodesOf(ast, ts.isCallExpression).flatMap((call) => {
    const group = groupOf(call)
    let node: ts.Node = call
    while (!ts.isVariableDeclaration(node) && !ts.isStatement(node)) node = node.parent
    return group === undefined ? [] : [{ group, variable: ts.isVariableDeclaration(node) ? nameOf(node) : undefined }]
  })

const calledEndpoint = (call: ts.CallExpression): { readonly on: string; readonly name: string } | undefined =>
  ts.isPropertyAccessExpression(call.expression) && ts.isIdentifier(call.expression.expression)
    ? { on: call.expression.expression.text, name: call.expression.name.text }
    : undefined

const endpointsOf = new Map<string, Set<string>>()
for (const { group, name } of endpoints) {
  endpointsOf.set(group, (endpointsOf.get(group) ?? new Set()).add(name))
}

/** The file below internal/ that a namespace of this file is. */
const internalOf = (source: Source, namespace: string): Source | undefined => {
  const specifier = source.ast.statements.filter(ts.isImportDeclaration).find(({ importClause }) =>
    importClause?.namedBindings !== undefined && ts.isNamespaceImport(importClause.namedBindings) &&
    importClause.namedBindings.name.text === namespace
  )?.moduleSpecifier
  const path = textOf(specifier)
  return path?.startsWith("./internal/") === true
    ? sources.find(({ file }) => file === Path.resolve(Path.dirname(source.file), path))
    : undefined
}

for (const source of sources) {
  if (source.pkg === "testing" || source.file.split(Path.sep).includes("internal")) continue
  const derived = derivations(source)
  for (const { group, variable } of derived) {
    const names = endpointsOf.get(group) ?? new Set<string>()
    for (const call of nodesOf(source.ast, ts.isCallExpression)) {
      const called = calledEndpoint(call)
      if (called === undefined) continue
      const others = derived.filter((other) => other.variable === called.on)
      if (names.has(called.name) && (others.length === 0 || others.some((other) => other.group === group))) {
        addCaller(`${group}.${called.name}`, {
          module: source.module,
          members: membersThatReach(source, call)
        })
      }
      const helper = call.arguments.some((argument) => ts.isIdentifier(argument) && argument.text === variable)
        ? internalOf(source, called.on)
        : undefined
      for (const inner of helper === undefined ? [] : nodesOf(helper.ast, ts.isCallExpression)) {
        const innerCalled = calledEndpoint(inner)
        if (helper !== undefined && innerCalled !== undefined && names.has(innerCalled.name)) {
          addCaller(`${group}.${innerCalled.name}`, {
            module: source.module,
            members: membersThatReach(helper, inner),
            shared: helper.module
          })
        }
      }
    }
  }
}

/** The groups that a call is for: the one that it names, or those that the parameter may name which it passes on. */
const groupsOf = (source: Source, argument: ts.Expression | undefined): ReadonlyArray<string> => {
  const group = textOf(argument)
  if (group !== undefined || argument === undefined) return group === undefined ? [] : [group]
  return nodesOf(source.ast, ts.isParameter)
    .filter(({ name }) => name.getText() === argument.getText())
    .flatMap(({ type }) => type === undefined ? [] : nodesOf(type, ts.isStringLiteral))
    .map(({ text }) => text)
}

export const handlers = new Map<string, Source>()
for (const source of sources.filter(({ pkg }) => pkg === "platform")) {
  for (const call of nodesOf(source.ast, ts.isCallExpression)) {
    if (call.expression.getText() !== "HttpApiBuilder.group") continue
    const groups = groupsOf(source, call.arguments[1])
    for (const handle of nodesOf(call, ts.isCallExpression)) {
      if (ts.isPropertyAccessExpression(handle.expression) && handle.expression.name.text === "handle") {
        for (const group of groups) handlers.set(`${group}.${textOf(handle.arguments[0]) ?? ""}`, source)
      }
    }
  }
}

export interface TestFile {
  readonly file: string
  /** The file that vitest runs for it. */
  readonly runs: string
  readonly label: string
}

export const conformanceRun = Path.join(Workspace.root, "packages/testing/test/conformance.test.ts")

export const conformance = "conformance/"

/** The files that a file brings along, itself included. */
const imported = (file: string, seen: ReadonlySet<string> = new Set()): ReadonlySet<string> =>
  seen.has(file) ? seen : Workspace.parse(file).statements.filter(ts.isImportDeclaration).reduce(
    (all, { moduleSpecifier }) => {
      const path = textOf(moduleSpecifier)
      return path?.startsWith(".") === true ? imported(Path.resolve(Path.dirname(file), path), all) : all
    },
    new Set(seen).add(file) as ReadonlySet<string>
  )

const inSuite = imported(Path.join(Workspace.root, "packages/testing/src/Conformance.ts"))

export const tests: ReadonlyArray<TestFile> = Workspace.packages.flatMap((pkg) => [
  ...Workspace.sources(Path.join(pkg.folder, "test")).filter((file) => file.endsWith(".test.ts")).map((file) => ({
    file,
    label: `${pkg.name}/${Path.basename(file, ".test.ts")}`,
    runs: file
  })),
  ...Workspace.sources(Path.join(pkg.folder, "src/internal/conformance")).filter((file) => inSuite.has(file)).map((
    file
  ) => ({
    file,
    label: `${conformance}${Path.basename(file, ".ts")}`,
    runs: conformanceRun
  }))
]).filter(({ file }) => /\bit\.(effect|scoped)/.test(Fs.readFileSync(file, "utf8")))

const options = ts.parseJsonConfigFileContent(
  ts.readConfigFile(Path.join(Workspace.root, "tsconfig.check.json"), ts.sys.readFile).config,
  ts.sys,
  Workspace.root
).options

const program = ts.createProgram(tests.map(({ file }) => file), options)
const checker = program.getTypeChecker()

const moduleAt = new Map(sources.map(({ file, module }) => [file, module]))

const moduleOf = (symbol: ts.Symbol | undefined): string | undefined =>
  moduleAt.get(Path.resolve(symbol?.declarations?.[0]?.getSourceFile().fileName ?? ""))

const members = new Set(Array.from(callers.values()).flat().flatMap((caller) => caller.members))

/**
 * `Module.member` for each member of a client that the file reads, by the type of what it reads it from. What two
 * clients share is neither's where the type does not tell whose it is.
 */
const readsOf = (file: string): ReadonlySet<string> => {
  const ast = program.getSourceFile(file)
  const accesses = ast === undefined ? [] : nodesOf(ast, ts.isPropertyAccessExpression)
  return new Set(
    accesses.filter(({ name }) => members.has(name.text)).map(({ expression, name }) => {
      const type = checker.getTypeAtLocation(expression)
      return `${moduleOf(type.symbol) ?? moduleOf(checker.getSymbolAtLocation(name)) ?? ""}.${name.text}`
    })
  )
}

const reads = new Map(tests.map(({ file }) => [file, readsOf(file)]))

const isText = (node: ts.Node): node is ts.StringLiteralLike | ts.TemplateLiteralLikeNode =>
  ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)

export const textsOf = ({ file }: TestFile): ReadonlyArray<string> => {
  const ast = program.getSourceFile(file)
  return ast === undefined ? [] : nodesOf(ast, isText).map(({ text }) => text)
}

/** The files of tests that call the endpoint: by the method of a client, or by its path where a transport calls it. */
export const testsOf = (endpoint: Endpoint, clients: ReadonlyArray<Caller>): ReadonlyArray<TestFile> => {
  const calls = clients.flatMap(({ members, module, shared = module }) =>
    members.flatMap((member) => [`${module}.${member}`, `${shared}.${member}`])
  )
  const path = endpoint.path.replace(/<.*$/, "")
  return endpoint.group === withinTransport
    ? tests.filter((test) =>
      textsOf(test).some((text) => text === path || (path.endsWith("/") && text.startsWith(path)))
    )
    : tests.filter(({ file }) => calls.some((call) => reads.get(file)?.has(call) === true))
}

/** Every name that stands for a value or a member within a declaration. */
const membersOf = (statement: ts.Node): ReadonlySet<string> =>
  new Set(
    [
      ...nodesOf(statement, ts.isPropertySignature),
      ...nodesOf(statement, ts.isMethodSignature),
      ...nodesOf(statement, ts.isMethodDeclaration),
      ...nodesOf(statement, ts.isGetAccessorDeclaration),
      ...nodesOf(statement, ts.isPropertyAssignment)
    ].flatMap((node) => nameOf(node) ?? [])
  )

/** Whether there is such a `Module.member` or `Module.declaration.member`, for users to import. */
export const exists = (reference: string): boolean => {
  const [module = "", ...path] = reference.split(".")
  return (modules.get(module) ?? []).filter(({ file }) => !file.split(Path.sep).includes("internal")).some((source) => {
    const exported = exportsOf(source)
    const [first = "", second] = path
    const declaration = exported.get(first)
    return second === undefined
      ? declaration !== undefined || Array.from(exported.values()).some((node) => membersOf(node).has(first))
      : declaration !== undefined && membersOf(declaration).has(second)
  })
}
