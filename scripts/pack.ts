/**
 * Proves what would be published: builds, packs every package, and tries the tarballs as a stranger would.
 *
 *     pnpm pack:check
 *
 * publint and are-the-types-wrong look at each tarball. Then the tarballs are unpacked into an empty project, whose
 * other dependencies are links into this workspace, and its program is type-checked and run.
 */
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Workspace from "./workspace.ts"

const bin = (name: string): string => Path.join(Workspace.root, "node_modules", ".bin", name)

const room = Fs.mkdtempSync(Path.join(Os.tmpdir(), "pack-check-"))
process.on("exit", () => Fs.rmSync(room, { recursive: true, force: true }))

let failures = 0

const fail = (what: string, output = ""): void => {
  failures += 1
  console.error(`FAILED ${what}${output === "" ? "" : `\n${output.trimEnd()}`}`)
}

interface Run {
  readonly ok: boolean
  readonly output: string
}

const run = (command: string, args: ReadonlyArray<string>, cwd: string): Run => {
  const { error, status, stderr, stdout } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    // colour codes would end up in logs; npm_config_package of an outer npx would steer the inner one
    env: {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== "npm_config_package")),
      NO_COLOR: "1",
      FORCE_COLOR: "0"
    }
  })
  return { ok: status === 0, output: error === undefined ? `${stdout}${stderr}` : String(error) }
}

const step = (what: string, command: string, args: ReadonlyArray<string>, cwd: string): boolean => {
  const { ok, output } = run(command, args, cwd)
  if (ok) {
    console.log(`ok     ${what}`)
  } else {
    fail(what, output)
  }
  return ok
}

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const manifestOf = (folder: string): Manifest => JSON.parse(Fs.readFileSync(Path.join(folder, "package.json"), "utf8"))

const published = Workspace.packages
  .map((pkg) => ({ ...pkg, manifest: manifestOf(pkg.folder), modules: Workspace.modules(pkg) }))
  .filter(({ manifest }) => manifest.private !== true)

type Published = (typeof published)[number]

const build = (): boolean => {
  // A file whose source is gone would be packed as well, so dist starts empty.
  for (const { folder } of published) {
    Fs.rmSync(Path.join(folder, "dist"), { recursive: true, force: true })
  }
  return step("build", bin("tsc"), ["-b", "--force"], Workspace.root) &&
    step("build: the pages", bin("tsx"), [Path.join("scripts", "page.ts")], Workspace.root)
}

const tarballs = new Map<string, string>()

const pack = (pkg: Published): boolean => {
  const folder = Path.join(room, "tarballs", pkg.name)
  Fs.mkdirSync(folder, { recursive: true })
  const [command, ...args] = Workspace.pnpm()
  const packed = step(`${pkg.name}: pack`, command, [...args, "pack", "--pack-destination", folder], pkg.folder)
  const tarball = packed ? Fs.readdirSync(folder).find((file) => file.endsWith(".tgz")) : undefined
  if (tarball !== undefined) {
    tarballs.set(pkg.name, Path.join(folder, tarball))
  }
  return tarball !== undefined
}

const checkContents = (pkg: Published, tarball: string, unpacked: string): void => {
  const before = failures
  const files = run("tar", ["-tzf", tarball], room).output.trim().split("\n").map((file) =>
    file.replace("package/", "")
  )
  const required = [
    "LICENSE",
    "README.md",
    "package.json",
    ...["index", ...pkg.modules.map(({ path }) => path)].flatMap((path) => [
      `dist/${path}.js`,
      `dist/${path}.js.map`,
      `dist/${path}.d.ts`,
      `src/${path}.ts`
    ]),
    ...(["authenticator", "console"].includes(pkg.name) ? ["dist/page/index.html"] : [])
  ]
  for (const file of required.filter((file) => !files.includes(file))) {
    fail(`${pkg.name}: the tarball lacks ${file}`)
  }
  const known =
    /^(LICENSE|README\.md|package\.json|CHANGELOG\.md|src\/.+\.ts|dist\/.+\.(js|js\.map|d\.ts|d\.ts\.map)|deploy\/[\w.]+|(dist|src\/internal)\/page\/[^/]+\.(html|css|svg)|src\/internal\/page\.css|dist\/page\/world-[\w-]+\.json)$/
  for (const file of files.filter((file) => !known.test(file) || /\.test\.|(^|\/)test\//.test(file))) {
    fail(`${pkg.name}: the tarball has ${file}, which nobody needs`)
  }
  const manifest = Fs.readFileSync(Path.join(unpacked, "package.json"), "utf8")
  for (const protocol of ["workspace:", "catalog:"]) {
    if (manifest.includes(protocol)) {
      fail(`${pkg.name}: the packed package.json says ${protocol}, which only this workspace understands`)
    }
  }
  if (failures === before) {
    console.log(`ok     ${pkg.name}: contents (${files.length} files)`)
  }
}

const project = Path.join(room, "project")

const link = (dependency: string, from: string): void => {
  const target = Path.join(project, "node_modules", dependency)
  const source = Path.join(from, "node_modules", dependency)
  if (!Fs.existsSync(target) && Fs.existsSync(source)) {
    Fs.mkdirSync(Path.dirname(target), { recursive: true })
    Fs.symlinkSync(Fs.realpathSync(source), target)
  }
}

const install = (pkg: Published, tarball: string): string => {
  const target = Path.join(project, "node_modules", pkg.manifest.name)
  Fs.mkdirSync(target, { recursive: true })
  step(`${pkg.name}: unpack`, "tar", ["-xzf", tarball, "--strip-components=1", "-C", target], room)
  for (const dependency of Object.keys({ ...pkg.manifest.dependencies, ...pkg.manifest.peerDependencies })) {
    if (!dependency.startsWith(`${Workspace.scope}/`)) {
      link(dependency, pkg.folder)
    }
  }
  return target
}

const specifiers = (pkg: Published, visible: boolean): ReadonlyArray<string> =>
  pkg.modules.filter((module) => module.public === visible).map(({ path }) => `${pkg.manifest.name}/${path}`)

const consume = (): void => {
  const all = published.flatMap((pkg) => [pkg.manifest.name, ...specifiers(pkg, true)])
  link("@types/node", Workspace.root)
  Fs.writeFileSync(Path.join(project, "package.json"), JSON.stringify({ private: true, type: "module" }))
  Fs.writeFileSync(
    Path.join(project, "consumer.ts"),
    [
      ...all.map((specifier, index) => `import * as m${index} from ${JSON.stringify(specifier)}`),
      `export const modules: ReadonlyArray<object> = [${all.map((_, index) => `m${index}`).join(", ")}]`
    ].join("\n")
  )
  // @effect/sql-pg names types of pg, and does not bring them; who has their own declarations checked brings them too
  Fs.writeFileSync(
    Path.join(project, "pg.d.ts"),
    `declare module "pg" {
  export interface CustomTypesConfig { readonly getTypeParser: Function }
  export interface Pool { readonly options: object }
}
`
  )
  for (const [moduleResolution, module] of [["node16", "node16"], ["bundler", "esnext"]] as const) {
    const file = Path.join(project, `tsconfig.${moduleResolution}.json`)
    const compilerOptions = {
      module,
      moduleResolution,
      target: "es2022",
      lib: ["es2022", "dom", "dom.iterable"],
      types: ["node"],
      strict: true,
      exactOptionalPropertyTypes: true,
      // our declaration files are what is under test
      skipLibCheck: false,
      noEmit: true
    }
    Fs.writeFileSync(file, JSON.stringify({ compilerOptions, files: ["consumer.ts", "pg.d.ts"] }))
    step(`consumer: tsc, moduleResolution ${moduleResolution}`, bin("tsc"), ["-p", file], project)
  }
  // packages/testing imports vitest, which refuses to load outside its runner: there, finding the file has to do
  const loaded = published.filter(({ name }) => name !== "testing").flatMap((pkg) => [
    pkg.manifest.name,
    ...specifiers(pkg, true)
  ])
  Fs.writeFileSync(
    Path.join(project, "consumer.mjs"),
    `
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
for (const specifier of ${JSON.stringify(all)}) {
  if (!existsSync(fileURLToPath(import.meta.resolve(specifier)))) throw new Error(specifier + " leads to no file")
}
for (const specifier of ${JSON.stringify(loaded)}) await import(specifier)
const closed = ${
      JSON.stringify(published.flatMap((pkg) => [...specifiers(pkg, false), `${pkg.manifest.name}/internal/x`]))
    }
for (const specifier of closed) {
  const code = await import(specifier).then(() => "no error", (error) => error.code)
  if (code !== "ERR_PACKAGE_PATH_NOT_EXPORTED") throw new Error(specifier + " is internal, yet its import gave " + code)
}
`
  )
  step("consumer: public modules load, internal ones do not", process.execPath, ["consumer.mjs"], project)
  Fs.writeFileSync(
    Path.join(project, "consumer.cjs"),
    `for (const specifier of ${JSON.stringify(loaded)}) require(specifier)`
  )
  if ("require_module" in process.features && process.features.require_module === true) {
    step("consumer: public modules can be required", process.execPath, ["consumer.cjs"], project)
  } else {
    console.log(`skip   consumer: Node ${process.version} cannot require ES modules`)
  }
  Fs.writeFileSync(
    Path.join(project, "page.mjs"),
    `
import * as Authenticator from "${Workspace.scope}/authenticator/NodeAuthenticatorPage"
import * as Console from "${Workspace.scope}/console/NodeConsolePage"
import { Effect } from "effect"
for (const { assets } of [Authenticator, Console]) {
  const files = await Effect.runPromise(assets)
  // Each is named by the page, or by its script.
  const texts = files.map(({ body }) => new TextDecoder().decode(body)).join("")
  const missing = files.filter(({ name }) => !texts.includes(name))
  if (!files.some(({ name }) => name === "") || files.length !== 5 || missing.length > 0) {
    throw new Error("the page is not whole")
  }
}
`
  )
  step("consumer: the pages are there without what makes them", process.execPath, ["page.mjs"], project)
}

if (build()) {
  // attw and publint of one tarball do not depend on the other tarballs, the project does
  const packed = published.filter(pack)
  for (const pkg of packed) {
    const tarball = tarballs.get(pkg.name) ?? ""
    checkContents(pkg, tarball, install(pkg, tarball))
    step(`${pkg.name}: publint`, bin("publint"), ["run", "--strict", tarball], room)
    // attw does not expand "./*"
    const entries = pkg.modules.filter((module) => module.public).map(({ path }) => path)
    const included = entries.length === 0 ? [] : ["--include-entrypoints", ...entries]
    const profile = ["--profile", "esm-only", "--format", "ascii"]
    step(`${pkg.name}: are the types wrong`, bin("attw"), [tarball, ...profile, ...included], room)
  }
  if (packed.length === published.length) {
    consume()
  }
}

console.log(failures === 0 ? "pack: no problems" : `pack: ${failures} ${failures === 1 ? "problem" : "problems"}`)
process.exitCode = failures === 0 ? 0 : 1
