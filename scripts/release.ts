/**
 * Packs what would be published into `release/`, with `SHA256SUMS`. Publishes nothing. Run `pnpm pack:check` before: it
 * builds, and tries the same tarballs.
 *
 *     pnpm release:prepare [--expect VERSION]
 */
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { parseArgs } from "node:util"
import * as Workspace from "./workspace.ts"

const { values: { expect } } = parseArgs({ options: { expect: { type: "string" } } })

const folder = Path.join(Workspace.root, "release")
Fs.rmSync(folder, { recursive: true, force: true })
Fs.mkdirSync(folder)

interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly publishConfig?: { readonly access?: string; readonly provenance?: boolean }
}

const published = Workspace.packages
  .map((pkg) => ({
    ...pkg,
    manifest: JSON.parse(Fs.readFileSync(Path.join(pkg.folder, "package.json"), "utf8")) as Manifest
  }))
  .filter(({ manifest }) => manifest.private !== true)

const problems: Array<Workspace.Problem> = []

for (const { folder: from, manifest } of published) {
  const found = (problem: string): void =>
    void problems.push({ file: Path.join(from, "package.json"), line: 1, problem })
  if (manifest.publishConfig?.provenance !== true || manifest.publishConfig.access !== "public") {
    found("publishConfig is without access \"public\" or provenance true")
  }
  if (expect !== undefined && manifest.version !== expect) {
    found(`has version ${manifest.version} and not ${expect}: run \`npx -y pnpm@12 changeset version\` first`)
  }
  const [command, ...args] = Workspace.pnpm()
  const { status, stderr, stdout } = spawnSync(command, [...args, "pack", "--pack-destination", folder], {
    cwd: from,
    encoding: "utf8"
  })
  if (status !== 0) found(`could not be packed: ${stderr}${stdout}`)
}

const tarballs = Fs.readdirSync(folder).filter((name) => name.endsWith(".tgz")).sort()
const sums = tarballs.map((name) =>
  `${createHash("sha256").update(Fs.readFileSync(Path.join(folder, name))).digest("hex")}  ${name}\n`
)
Fs.writeFileSync(Path.join(folder, "SHA256SUMS"), sums.join(""))
process.stdout.write(sums.join(""))

Workspace.report(`release (${tarballs.length} of ${published.length} packages)`, problems)
