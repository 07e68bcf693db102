/**
 * The files of a page on Node: those that its package was published with, or, from its sources, made in memory.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import * as PageWorker from "./PageWorker.ts"
import * as StaticPage from "./StaticPage.ts"

/**
 * Where the sources of a page are: a folder with `main.ts`, `style.css`, `icon.svg` and the `index.html` that names them.
 * `style.css` may import `page.css`: what every page starts from, and the looks of what `PageElements` makes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sources {
  /** What its script is named by: `"authenticator"`. */
  readonly name: string
  readonly folder: string
  /** Whether there is a service worker, `worker.ts`, as well. Default false. */
  readonly worker?: boolean | undefined
  /**
   * Where further files are that the document names, by the names that it has for them. Asked for sources alone: what
   * they are taken from need not be installed beside a built page.
   */
  readonly files?: (() => Readonly<Record<string, string>>) | undefined
}

/**
 * Where a built page stands, below the compiled modules of its package.
 *
 * @since 0.1.0
 * @category models
 */
export const builtFolder = "page"

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml"
}

const hash = (body: Uint8Array): string => createHash("sha256").update(body).digest("base64url").slice(0, 16)

const index = "index.html"

/** Those whose names have no hash in them. */
const changing: ReadonlySet<string> = new Set([index, PageWorker.name])

/** A file of the page by the name that it is kept under. */
const asset = (file: string, body: Uint8Array): StaticPage.Asset => ({
  name: file === index ? "" : file,
  contentType: contentTypes[Path.extname(file)] ?? "application/octet-stream",
  body: new Uint8Array(body),
  etag: `"${hash(body)}"`,
  immutable: !changing.has(file)
})

const named = (file: string, body: Uint8Array): StaticPage.Asset => {
  const { ext, name } = Path.parse(file)
  return asset(`${name}-${hash(body)}${ext}`, body)
}

const utf8 = new TextEncoder()

/** What the styles of pages import as `page.css`. It is not compiled: below `dist` this finds it among the sources. */
const pageStyles = fileURLToPath(new URL("../src/internal/page.css", import.meta.url))

const bundled = async (
  { files = () => ({}), folder, name, worker = false }: Sources
): Promise<ReadonlyArray<StaticPage.Asset>> => {
  // Whoever installs a package with a page has the page, and not this.
  const esbuild = await import("esbuild")
  const workerPoint = Path.parse(PageWorker.name).name
  const { outputFiles } = await esbuild.build({
    entryPoints: {
      [name]: Path.join(folder, "main.ts"),
      style: Path.join(folder, "style.css"),
      ...(worker ? { [workerPoint]: Path.join(folder, "worker.ts") } : {})
    },
    outdir: folder,
    write: false,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    legalComments: "none",
    alias: { "page.css": pageStyles },
    logLevel: "silent"
  })
  const output = (base: string) => {
    const file = outputFiles.find(({ path }) => Path.basename(path) === base)
    if (file === undefined) throw new Error(`esbuild made no ${base}`)
    return file.contents
  }
  const made = (base: string) => named(base, output(base))
  const parts: Array<readonly [placeholder: string, asset: StaticPage.Asset]> = [
    ["main.js", made(`${name}.js`)],
    ["style.css", made("style.css")]
  ]
  for (const [file, from] of Object.entries({ "icon.svg": Path.join(folder, "icon.svg"), ...files() })) {
    parts.push([file, named(file, await Fs.readFile(from))])
  }
  const html = parts.reduce(
    (text, [placeholder, { name }]) => text.replace(`"${placeholder}"`, `"${name}"`),
    await Fs.readFile(Path.join(folder, index), "utf8")
  )
  return [
    asset(index, utf8.encode(html)),
    ...parts.map(([, part]) => part),
    ...(worker ? [asset(PageWorker.name, output(PageWorker.name))] : [])
  ]
}

const orMissing = (page: string, load: () => Promise<ReadonlyArray<StaticPage.Asset>>) =>
  Effect.tryPromise({ try: load, catch: (cause) => new StaticPage.AssetsMissing({ page, cause }) })

/**
 * Makes the page of its sources, by esbuild.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bundle = (sources: Sources): Effect.Effect<ReadonlyArray<StaticPage.Asset>, StaticPage.AssetsMissing> =>
  orMissing(sources.name, () => bundled(sources))

/**
 * The page of the package whose module asks: {@link bundle} of its sources where the module is one of them, and what was
 * built where it is compiled.
 *
 * @since 0.1.0
 * @category constructors
 */
export const assets = (
  /** Of the module that asks, beside which the built page is. */
  moduleUrl: string,
  sources: Sources
): Effect.Effect<ReadonlyArray<StaticPage.Asset>, StaticPage.AssetsMissing> =>
  moduleUrl.endsWith(".ts")
    ? bundle(sources)
    : orMissing(sources.name, async () => {
      const built = Path.join(Path.dirname(fileURLToPath(moduleUrl)), builtFolder)
      const names = await Fs.readdir(built)
      return Promise.all(names.map(async (name) => asset(name, await Fs.readFile(Path.join(built, name)))))
    })
