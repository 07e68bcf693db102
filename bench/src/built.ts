/**
 * The packages as a user installs them: built, and imported by plain Node. In the workspace their exports name the
 * sources, which would measure the compiler too.
 */
import { buildSync } from "esbuild"
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import { createRequire } from "node:module"
import * as Os from "node:os"
import * as Path from "node:path"

export const root = Path.resolve(import.meta.dirname, "../..")

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly publishConfig?: { readonly exports: unknown }
}

const link = (modules: string, name: string, from: string): void => {
  const [at, target] = [Path.join(modules, name), Path.join(from, "node_modules", name)]
  if (Fs.existsSync(at) || !Fs.existsSync(target)) return
  Fs.mkdirSync(Path.dirname(at), { recursive: true })
  Fs.symlinkSync(Fs.realpathSync(target), at)
}

const scope = "@effect-launchkey/"

const manifestOf = (name: string): Manifest =>
  JSON.parse(Fs.readFileSync(Path.join(root, "packages", name, "package.json"), "utf8"))

/** The packages, and those of the workspace that they depend on. */
const withOthers = (packages: ReadonlyArray<string>, found = new Set<string>()): ReadonlySet<string> => {
  for (const name of packages) {
    if (found.has(name)) continue
    found.add(name)
    const others = Object.keys(manifestOf(name).dependencies ?? {}).filter((other) => other.startsWith(scope))
    withOthers(others.map((other) => other.slice(scope.length)), found)
  }
  return found
}

/** Builds packages and installs them into a folder of their own; gives the folder, to be removed after use. */
export const install = (...packages: ReadonlyArray<string>): string => {
  execFileSync(process.execPath, [
    createRequire(import.meta.url).resolve("typescript/bin/tsc"),
    "-b",
    ...packages.map((name) => Path.join("packages", name))
  ], {
    cwd: root
  })
  const folder = Fs.realpathSync(Fs.mkdtempSync(Path.join(Os.tmpdir(), "installed-")))
  const modules = Path.join(folder, "node_modules")
  for (const name of withOthers(packages)) {
    const from = Path.join(root, "packages", name)
    const manifest = manifestOf(name)
    const to = Path.join(modules, manifest.name)
    Fs.cpSync(Path.join(from, "dist"), Path.join(to, "dist"), { recursive: true })
    Fs.writeFileSync(
      Path.join(to, "package.json"),
      JSON.stringify({ name: manifest.name, type: "module", exports: manifest.publishConfig?.exports })
    )
    for (const other of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
      if (!other.startsWith(scope)) link(modules, other, from)
    }
  }
  for (const name of ["@effect/platform-node", "undici"]) link(modules, name, Path.join(root, "bench"))
  return folder
}

/** Modules of this folder, with what they import of it, as plain Node runs them where packages were installed. */
export const scripts = (folder: string, modules: ReadonlyArray<string>): void => {
  buildSync({
    entryPoints: modules.map((name) => Path.join(import.meta.dirname, `${name}.ts`)),
    bundle: true,
    format: "esm",
    packages: "external",
    platform: "node",
    outdir: folder,
    outExtension: { ".js": ".mjs" }
  })
}
