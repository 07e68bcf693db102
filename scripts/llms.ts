/**
 * Writes llms.txt: what the project is and where its guides are, one line each, for readers that are programs.
 *
 *     pnpm llms           writes it
 *     pnpm llms --check   fails where it is old
 *
 * @see https://llmstxt.org
 */
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Workspace from "./workspace.ts"

const read = (file: string): string => Fs.readFileSync(Path.join(Workspace.root, file), "utf8")

/** The title and the first sentence below it. */
const head = (file: string): { readonly title: string; readonly sentence: string } => {
  const text = read(file)
  const [, title = file] = /^# (.+)$/m.exec(text) ?? []
  const paragraph = text.slice(text.indexOf(title) + title.length).split(/\n\s*\n/)
    .map((block) => block.trim()).find((block) => /^(?!```)[A-Z“"`[]/.test(block)) ?? ""
  const plain = paragraph.replace(/\s+/g, " ").replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
  const [sentence = plain] = /^.+?[.:](?= |$)/.exec(plain) ?? []
  return { title, sentence: sentence.replace(/:$/, ".") }
}

const line = (file: string): string => {
  const { sentence, title } = head(file)
  return `- [${title}](${file}): ${sentence}`
}

const guides = Fs.readdirSync(Path.join(Workspace.root, "docs")).filter((name) => name.endsWith(".md")).sort()
  .map((name) => `docs/${name}`)

const packages = Workspace.packages.map(({ name }) => {
  const { description } = JSON.parse(read(`packages/${name}/package.json`)) as { readonly description: string }
  return `- [${Workspace.scope}/${name}](packages/${name}/README.md): ${description}.`
})

const { sentence, title } = head("README.md")

const text = `# ${title}

> ${sentence}

Every module can be imported alone, as in \`${Workspace.scope}/core/AuthPolicy\`. Every failure is in the type of the method
that can fail so. The vendor's hosted API is gone: programs call the platform of this project, or one that is compatible.

## Start

- [README](README.md): install, the first program, and a table "I want to …" that leads to each module.
${["docs/getting-started.md"].map(line).join("\n")}

## Guides

${guides.filter((file) => file !== "docs/getting-started.md").map(line).join("\n")}

## Reference

- [SUPPORTED.md](SUPPORTED.md): every endpoint and capability, where it is, and which test calls it.
- [OpenAPI document](docs/openapi.json): what is in the messages of each call; a platform serves it at /openapi.json.
- [SECURITY.md](SECURITY.md): who may do what, what is not promised, what to do when a key is stolen.
- [CHANGELOG.md](CHANGELOG.md): what changed for users.

## Packages

${packages.join("\n")}
`

const file = Path.join(Workspace.root, "llms.txt")

if (process.argv.includes("--check")) {
  const old = !Fs.existsSync(file) || Fs.readFileSync(file, "utf8") !== text
  Workspace.report("llms", old ? [{ file, line: 1, problem: "is old: run `npx -y pnpm@12 llms`" }] : [])
} else {
  Fs.writeFileSync(file, text)
  console.log("wrote llms.txt")
}
