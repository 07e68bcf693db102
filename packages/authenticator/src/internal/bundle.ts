import { createHash } from "node:crypto"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import type { Asset } from "../AuthenticatorPage.ts"

/** Below the compiled modules. */
export const builtFolder = "page"

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml"
}

const hash = (body: Uint8Array): string => createHash("sha256").update(body).digest("base64url").slice(0, 16)

const index = "index.html"

/** A file of the page by the name that it is kept under. */
export const asset = (file: string, body: Uint8Array): Asset => ({
  name: file === index ? "" : file,
  contentType: contentTypes[Path.extname(file)] ?? "application/octet-stream",
  body: new Uint8Array(body),
  etag: `"${hash(body)}"`,
  immutable: file !== index
})

const named = (file: string, body: Uint8Array): Asset => {
  const { ext, name } = Path.parse(file)
  return asset(`${name}-${hash(body)}${ext}`, body)
}

const utf8 = new TextEncoder()

/** Makes the page of its sources, below the folder of this package's modules. */
export const make = async (sources: string): Promise<ReadonlyArray<Asset>> => {
  // Whoever installs the package has the page, and not this.
  const esbuild = await import("esbuild")
  const folder = Path.join(sources, "internal", "page")
  const { outputFiles } = await esbuild.build({
    entryPoints: { authenticator: Path.join(folder, "main.ts"), style: Path.join(folder, "style.css") },
    outdir: folder,
    write: false,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    legalComments: "none",
    logLevel: "silent"
  })
  const [script, style] = [".js", ".css"].map((extension) => {
    const file = outputFiles.find(({ path }) => path.endsWith(extension))
    if (file === undefined) throw new Error(`esbuild made no ${extension}`)
    return named(Path.basename(file.path), file.contents)
  }) as [Asset, Asset]
  const icon = named("icon.svg", await Fs.readFile(Path.join(folder, "icon.svg")))
  const html = (await Fs.readFile(Path.join(folder, index), "utf8"))
    .replace("icon.svg", icon.name)
    .replace("style.css", style.name)
    .replace("main.js", script.name)
  return [asset(index, utf8.encode(html)), script, style, icon]
}
