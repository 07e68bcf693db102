/**
 * Writes THIRD-PARTY-NOTICES.md: what the published packages depend on, directly or not, under which licence. What users
 * choose themselves, the peers, is named as such.
 *
 *     pnpm notices           writes it
 *     pnpm notices --check   fails where it is old, or where a licence is none that we know to be permissive
 */
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Workspace from "./workspace.ts"

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly author?: string | { readonly name: string }
  readonly repository?: string | { readonly url: string }
  readonly private?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const permissive = new Set(["MIT", "ISC", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "BlueOak-1.0.0"])
/** Chosen among several, or named as the package's own licence file has it. */
const chosen = new Map([["(BSD-3-Clause OR GPL-2.0)", "BSD-3-Clause"]])

const manifestOf = (folder: string): Manifest =>
  JSON.parse(Fs.readFileSync(Path.join(folder, "package.json"), "utf8")) as Manifest

/** Where a package finds another, as Node looks for it. */
const locate = (name: string, from: string): string | undefined => {
  for (let folder = Fs.realpathSync(from); folder !== Path.dirname(folder); folder = Path.dirname(folder)) {
    const candidate = Path.join(folder, "node_modules", name)
    if (Fs.existsSync(Path.join(candidate, "package.json"))) return Fs.realpathSync(candidate)
  }
  return undefined
}

const found = new Map<string, { readonly manifest: Manifest; readonly folder: string; readonly by: Set<string> }>()
const peers = new Set<string>()
const problems: Array<Workspace.Problem> = []

const follow = (name: string, from: string, by: string): void => {
  const folder = locate(name, from)
  if (folder === undefined) {
    problems.push({ file: Path.join(from, "package.json"), line: 1, problem: `${name} is not installed` })
    return
  }
  const manifest = manifestOf(folder)
  const known = found.get(manifest.name)
  if (known !== undefined) {
    if (known.by.has(by)) return
    known.by.add(by)
  } else {
    found.set(manifest.name, { manifest, folder, by: new Set([by]) })
  }
  for (const dependency of Object.keys(manifest.dependencies ?? {})) follow(dependency, folder, by)
}

for (const pkg of Workspace.packages) {
  const manifest = manifestOf(pkg.folder)
  if (manifest.private === true) continue
  for (const name of Object.keys(manifest.peerDependencies ?? {})) {
    if (!name.startsWith(`${Workspace.scope}/`)) peers.add(name)
  }
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    if (!name.startsWith(`${Workspace.scope}/`)) follow(name, pkg.folder, pkg.name)
  }
}

/** What the console's page is made of besides, which an installation does not bring along: the page has it in it. */
for (const name of ["@simplewebauthn/browser", "d3-geo", "topojson-client", "world-atlas"]) {
  follow(name, Path.join(Workspace.root, "packages", "console"), "console's page")
}

const licenceOf = ({ license = "" }: Manifest): string => chosen.get(license) ?? license

const copyrightOf = (folder: string): string => {
  const file = Fs.readdirSync(folder).find((name) => /^(licen[cs]e|copying|notice)(\.|-|$)/i.test(name))
  const [line] = file === undefined
    ? []
    : /^\W*copyright.*\d{4}.*$/im.exec(Fs.readFileSync(Path.join(folder, file), "utf8")) ?? []
  return line?.trim().replaceAll("|", "") ?? "–"
}

const rows = Array.from(found.values()).sort((a, b) => a.manifest.name < b.manifest.name ? -1 : 1)

for (const { folder, manifest } of rows) {
  if (!permissive.has(licenceOf(manifest))) {
    problems.push({
      file: Path.join(folder, "package.json"),
      line: 1,
      problem: `${manifest.name} is under "${
        manifest.license ?? "no licence"
      }": look at it, then add it to scripts/notices.ts`
    })
  }
}

const text = `# Third-party notices

<!-- Written by \`pnpm notices\`. Do not edit. -->

What an installation of the packages of this project brings along, under which licence; each package contains the text of
its own. None of it is copied into our tarballs but what the pages are made of, which is below.

| Package | Licence | Copyright | Of |
|---|---|---|---|
${
  rows.map(({ by, folder, manifest }) =>
    `| \`${manifest.name}\` | ${licenceOf(manifest)} | ${copyrightOf(folder)} | ${Array.from(by).sort().join(", ")} |`
  ).join("\n")
}

Peers, which a program chooses and installs itself: ${Array.from(peers).sort().map((name) => `\`${name}\``).join(", ")}.

The authenticator's page is one bundle in the tarball of \`${Workspace.scope}/authenticator\`: our code, and of \`effect\`,
\`@effect/platform\`, \`find-my-way-ts\`, \`multipasta\`, \`jose\` and \`@noble/hashes\` what it uses, all under the MIT licence.

The console's page is one bundle in the tarball of \`${Workspace.scope}/console\`: our code, and what it uses of \`effect\`,
\`@effect/platform\`, and of those that the table names as of the console's page. Its map is data of Natural Earth, which is
in the public domain.
`

const file = Path.join(Workspace.root, "THIRD-PARTY-NOTICES.md")

if (!process.argv.includes("--check")) {
  Fs.writeFileSync(file, text)
} else if (!Fs.existsSync(file) || Fs.readFileSync(file, "utf8") !== text) {
  problems.push({ file, line: 1, problem: "is old: run `npx -y pnpm@12 notices`" })
}

Workspace.report(`notices (${rows.length} packages)`, problems)
