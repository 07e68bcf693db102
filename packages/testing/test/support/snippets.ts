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

export const snippetsOf = (document: string): ReadonlyArray<string> =>
  Array.from(readFileSync(join(root, document), "utf8").matchAll(/^```ts\n([\s\S]*?)^```/gm), ([, code]) => code ?? "")
