/**
 * Installs what would be published into empty projects, by each package manager, compiles the README's program there as
 * `node16` and as `bundler`, and runs it against a platform. Needs the registry, and what `pnpm build` made.
 *
 *     pnpm pack:managers [npm] [pnpm] [yarn]
 */
import { spawn, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import ts from "typescript"
import * as Workspace from "./workspace.ts"

const room = Fs.mkdtempSync(Path.join(Os.tmpdir(), "managers-"))
process.on("exit", () => Fs.rmSync(room, { recursive: true, force: true }))

// npm_config_package of an outer npx would steer the inner one, and a frozen lockfile is not for an empty project
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== "npm_config_package" && name !== "CI")),
  NO_COLOR: "1"
}

const problems: Array<Workspace.Problem> = []

const step = (what: string, command: string, args: ReadonlyArray<string>, cwd: string, more: object = {}): string => {
  const started = performance.now()
  const { error, status, stderr, stdout } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    env: { ...env, ...more },
    maxBuffer: 64 * 1024 * 1024,
    timeout: 300_000
  })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${what} (${seconds} s)`)
  if (status !== 0) {
    console.error(error === undefined ? `${stdout}${stderr}`.trimEnd() : String(error))
    problems.push({ file: cwd, line: 1, problem: `${what} failed` })
  }
  return stdout
}

const scope = Workspace.scope

const manifestOf = (name: string): { readonly dependencies?: Readonly<Record<string, string>> } =>
  JSON.parse(Fs.readFileSync(Path.join(Workspace.root, "packages", name, "package.json"), "utf8"))

/** What the README has people install of this workspace, and what that depends on. */
const names = new Set(["core", "transport", "clients"])
for (const name of names) {
  for (const dependency of Object.keys(manifestOf(name).dependencies ?? {})) {
    if (dependency.startsWith(`${scope}/`)) names.add(dependency.slice(scope.length + 1))
  }
}

const tarballs = new Map(Array.from(names, (name) => {
  const folder = Path.join(room, "tarballs", name)
  Fs.mkdirSync(folder, { recursive: true })
  const [command, ...args] = Workspace.pnpm()
  step(
    `${name}: pack`,
    command,
    [...args, "pack", "--pack-destination", folder],
    Path.join(Workspace.root, "packages", name)
  )
  const file = Fs.readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? ""
  // relative to each project: yarn takes a path that it is given in two ways for two packages
  return [`${scope}/${name}`, `file:${Path.join("..", "tarballs", name, file)}`] as const
}))

const catalog = new Map(
  Array.from(
    Fs.readFileSync(Path.join(Workspace.root, "pnpm-workspace.yaml"), "utf8").matchAll(
      /^ {2}"?([@\w/-]+)"?: ([~^\d].*)$/gm
    ),
    ([, name = "", range = ""]) => [name, range] as const
  )
)

/** What the README has people install; yarn leaves the peers of peers to them. */
const asked = ["effect", "@effect/platform", "@effect/platform-node"]
const peersOfPeers = ["@effect/rpc", "@effect/sql", "@effect/cluster", "@effect/workflow", "@effect/experimental"]

const rangeOf = (name: string): string => {
  const installed = Path.join(Workspace.root, "node_modules", ".pnpm", "node_modules", name, "package.json")
  return catalog.get(name) ?? (JSON.parse(Fs.readFileSync(installed, "utf8")) as { readonly version: string }).version
}

/** Yarn wants the binaries of every platform to be in the registry, even those of what is optional. */
const accelerator = Path.join(room, "no-accelerator")
Fs.mkdirSync(accelerator)
Fs.writeFileSync(
  Path.join(accelerator, "package.json"),
  JSON.stringify({ name: "msgpackr-extract", version: "3.0.0", main: "none.js" })
)
const withoutAccelerator = { "msgpackr-extract": `file:${accelerator}` }

const managers = {
  npm: {
    install: ["npm", "install", "--no-audit", "--no-fund"],
    manifest: {
      overrides: Object.fromEntries(
        Array.from(tarballs.keys(), (name) => [name, `$${name}`])
      )
    },
    more: []
  },
  pnpm: { install: ["npx", "-y", "pnpm@12", "install", "--ignore-scripts"], manifest: {}, more: [] },
  yarn: {
    install: ["npx", "-y", "yarn@1", "install", "--non-interactive", "--ignore-scripts"],
    manifest: {
      resolutions: { ...Object.fromEntries(tarballs), ...withoutAccelerator }
    },
    more: peersOfPeers
  }
} as const

type Manager = keyof typeof managers
const isManager = (name: string): name is Manager => name in managers
const chosen = process.argv.slice(2).filter(isManager)

const readme = Fs.readFileSync(Path.join(Workspace.root, "README.md"), "utf8")
const [, program = ""] = /^```ts\n([\s\S]*?)^```/m.exec(readme) ?? []

/** A platform with a user whose device approves, and what a program has to know of it. */
const platform = (): { readonly settings: Record<string, string>; readonly stop: () => void } => {
  const told = Path.join(room, "platform.json")
  const child = spawn(Path.join(Workspace.root, "node_modules", ".bin", "tsx"), [
    Path.join(Workspace.root, "scripts", "approving.ts"),
    told
  ], { stdio: "inherit", env })
  const clock = new Int32Array(new SharedArrayBuffer(4))
  for (let i = 0; i < 600 && !Fs.existsSync(told); i += 1) Atomics.wait(clock, 0, 0, 100)
  return {
    settings: JSON.parse(Fs.readFileSync(told, "utf8")) as Record<string, string>,
    stop: () => void child.kill()
  }
}

const { settings, stop } = platform()

for (const name of chosen.length === 0 ? Object.keys(managers).filter(isManager) : chosen) {
  const { install: [command, ...args], manifest, more } = managers[name]
  const project = Path.join(room, name)
  Fs.mkdirSync(project)
  Fs.writeFileSync(
    Path.join(project, "package.json"),
    JSON.stringify({
      name: "project",
      private: true,
      type: "module",
      dependencies: Object.fromEntries([
        ...[...asked, ...more, "@types/node"].map((name) => [name, rangeOf(name)] as const),
        ...tarballs
      ]),
      ...manifest
    })
  )
  if (name === "pnpm") {
    const overrides = Array.from(tarballs, ([name, file]) => `  "${name}": "${file}"\n`).join("")
    Fs.writeFileSync(
      Path.join(project, "pnpm-workspace.yaml"),
      `overrides:\n${overrides}allowBuilds:\n  "@parcel/watcher": false\n  msgpackr-extract: false\n`
    )
  }
  step(`${name}: install`, command, args, project)
  Fs.writeFileSync(Path.join(project, "program.ts"), program)
  for (const [moduleResolution, module] of [["node16", "node16"], ["bundler", "esnext"]]) {
    const config = Path.join(project, `tsconfig.${moduleResolution}.json`)
    const compilerOptions = {
      module,
      moduleResolution,
      target: "es2022",
      lib: ["es2022", "dom", "dom.iterable"],
      types: ["node"],
      strict: true,
      skipLibCheck: true,
      noEmit: true
    }
    Fs.writeFileSync(config, JSON.stringify({ compilerOptions, files: ["program.ts"] }))
    step(`${name}: the README's program compiles, ${moduleResolution}`, process.execPath, [
      Path.join(Workspace.root, "node_modules", "typescript", "bin", "tsc"),
      "-p",
      config
    ], project)
  }
  const { outputText } = ts.transpileModule(program, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
  })
  Fs.writeFileSync(Path.join(project, "program.mjs"), outputText)
  const output = step(`${name}: it runs`, process.execPath, ["program.mjs"], project, settings)
  if (output !== "approved\n") {
    problems.push({ file: project, line: 1, problem: `${name}: the program said ${JSON.stringify(output)}` })
  }
}
stop()

Workspace.report("managers", problems)
