/**
 * The packages as a user installs them: built, and imported by plain Node. In the workspace their exports name the
 * sources, which would measure the compiler too.
 */
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

/** Builds what `clients` needs and installs it into a folder of its own; gives the folder, to be removed after use. */
export const install = (): string => {
  execFileSync(process.execPath, [
    createRequire(import.meta.url).resolve("typescript/bin/tsc"),
    "-b",
    "packages/clients"
  ], {
    cwd: root
  })
  const folder = Fs.realpathSync(Fs.mkdtempSync(Path.join(Os.tmpdir(), "installed-")))
  const modules = Path.join(folder, "node_modules")
  for (const name of ["core", "transport", "clients"]) {
    const from = Path.join(root, "packages", name)
    const manifest: Manifest = JSON.parse(Fs.readFileSync(Path.join(from, "package.json"), "utf8"))
    const to = Path.join(modules, manifest.name)
    Fs.cpSync(Path.join(from, "dist"), Path.join(to, "dist"), { recursive: true })
    Fs.writeFileSync(
      Path.join(to, "package.json"),
      JSON.stringify({ name: manifest.name, type: "module", exports: manifest.publishConfig?.exports })
    )
    for (const other of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
      if (!other.startsWith("@effect-launchkey/")) link(modules, other, from)
    }
  }
  for (const name of ["@effect/platform-node", "undici"]) link(modules, name, Path.join(root, "bench"))
  return folder
}
