/**
 * Looks up every link in every Markdown file of the repository: the file that it names, and the heading in it. Links to
 * other hosts are counted, and not followed.
 *
 *     pnpm links
 */
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Workspace from "./workspace.ts"

const tracked = spawnSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: Workspace.root, encoding: "utf8" })
const files = tracked.stdout.split("\n").filter((file) => Fs.existsSync(Path.join(Workspace.root, file)))

const withoutCode = (text: string): string =>
  text.replace(/^(```|~~~)[\s\S]*?^\1\s*$/gm, (block) => "\n".repeat(block.split("\n").length - 1))

/** As GitHub names headings: lower case, punctuation gone, spaces to hyphens, a number where the name is taken. */
const anchorsOf = (text: string): ReadonlySet<string> => {
  const seen = new Map<string, number>()
  const anchors = new Set<string>()
  for (const [, heading = ""] of withoutCode(text).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const slug = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase().replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, "")
      .replaceAll(" ", "-")
    const times = seen.get(slug) ?? 0
    seen.set(slug, times + 1)
    anchors.add(times === 0 ? slug : `${slug}-${times}`)
  }
  for (const [, id = ""] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id)
  return anchors
}

const read = new Map<string, string>()
const textOf = (file: string): string => {
  const text = read.get(file) ?? Fs.readFileSync(file, "utf8")
  read.set(file, text)
  return text
}

const problems: Array<Workspace.Problem> = []
let local = 0
let elsewhere = 0

for (const name of files.filter((file) => file.endsWith(".md"))) {
  const file = Path.join(Workspace.root, name)
  const text = withoutCode(textOf(file))
  text.split("\n").forEach((line, i) => {
    const prose = line.replace(/`[^`]*`/g, (code) => " ".repeat(code.length))
    const links = Array.from(line.matchAll(/\]\(<?([^\s)>]+)>?(?:\s+"[^"]*")?\)/g))
      .filter(({ index }) => prose[index] === "]")
      .map(([, target = ""]) => target)
    for (const target of [...links, ...Array.from(prose.matchAll(/^\s*\[[^\]]+\]:\s+(\S+)/g), ([, to]) => to ?? "")]) {
      const found = (problem: string): void => void problems.push({ file, line: i + 1, problem })
      if (/^[a-z][a-z+.-]*:/i.test(target)) {
        elsewhere += 1
        continue
      }
      local += 1
      const [path = "", anchor] = target.split("#", 2)
      const to = path === "" ? file : Path.resolve(Path.dirname(file), decodeURIComponent(path))
      if (!Fs.existsSync(to)) {
        found(`"${target}" leads to no file`)
      } else if (!to.startsWith(Workspace.root)) {
        found(`"${target}" leads out of the repository`)
      } else if (anchor !== undefined && to.endsWith(".md") && !anchorsOf(textOf(to)).has(anchor)) {
        found(`"${target}" names no heading of ${Workspace.relative(to)}`)
      }
    }
  })
}

Workspace.report(`links (${local} in the repository, ${elsewhere} to elsewhere not followed)`, problems)
