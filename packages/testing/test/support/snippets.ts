/** The TypeScript in the documents. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../../../../", import.meta.url))

/** The README and the guides, by their paths from the root. */
export const documents: ReadonlyArray<string> = [
  "README.md",
  ...readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`)
]

/** The modules of the SDK whose docstrings may have examples, by their paths from the root. */
const modules: ReadonlyArray<string> = ["core", "transport", "clients"].flatMap((pkg) =>
  readdirSync(join(root, "packages", pkg, "src")).filter((name) => name.endsWith(".ts"))
    .map((name) => `packages/${pkg}/src/${name}`)
)

/** Every example in a docstring. */
export const examples: ReadonlyArray<string> = modules.flatMap((module) =>
  Array.from(
    readFileSync(join(root, module), "utf8").matchAll(/^ \* @example\n \* ```ts\n([\s\S]*?)^ \* ```/gm),
    ([, code]) => (code ?? "").replaceAll(/^ \* ?/gm, "")
  )
)

export const snippetsOf = (document: string): ReadonlyArray<string> =>
  Array.from(readFileSync(join(root, document), "utf8").matchAll(/^```ts\n([\s\S]*?)^```/gm), ([, code]) => code ?? "")
