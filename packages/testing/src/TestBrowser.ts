/**
 * A real browser, where there is one, for tests of pages.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer, type Scope } from "effect"
import * as Assert from "node:assert/strict"
import * as Fs from "node:fs"
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core"
import * as PageChecks from "./PageChecks.ts"

const places = [
  process.env["CHROME_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
]

/**
 * Where it is; undefined where there is none. `CHROME_PATH` names it elsewhere.
 *
 * @since 0.1.0
 * @category models
 */
export const executable = places.find((path) => path !== undefined && Fs.existsSync(path))

/**
 * What is said where there is none.
 *
 * @since 0.1.0
 * @category models
 */
export const absent = "no Chromium was found; install one, or give its path in CHROME_PATH"

/**
 * @since 0.1.0
 * @category tags
 */
export class RunningBrowser
  extends Context.Tag("@effect-launchkey/testing/TestBrowser/RunningBrowser")<RunningBrowser, Browser>()
{}

/**
 * Chromium, without a window.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<RunningBrowser> = Layer.scoped(
  RunningBrowser,
  Effect.acquireRelease(
    Effect.promise(() =>
      chromium.launch({
        ...(executable === undefined ? {} : { executablePath: executable }),
        args: [
          "--no-sandbox",
          "--disable-gpu",
          "--disable-quic",
          "--no-first-run",
          "--disable-background-networking",
          "--disable-component-update",
          "--disable-sync"
        ]
      })
    ),
    (browser) => Effect.promise(() => browser.close())
  )
)

/**
 * A profile of its own, so another device, until the scope ends.
 *
 * @since 0.1.0
 * @category constructors
 */
export const profile = (
  options: BrowserContextOptions = {}
): Effect.Effect<BrowserContext, never, RunningBrowser | Scope.Scope> =>
  Effect.flatMap(RunningBrowser, (browser) =>
    Effect.acquireRelease(
      Effect.promise(() => browser.newContext({ viewport: { width: 390, height: 844 }, ...options })),
      (context) => Effect.promise(() => context.close())
    ))

/**
 * What is said on a page's console of an answer with such a status.
 *
 * @since 0.1.0
 * @category constructors
 */
export const answered = (...statuses: ReadonlyArray<number>): RegExp =>
  new RegExp(`^Failed to load resource: the server responded with a status of (?:${statuses.join("|")}) `)

/**
 * A page in a profile of its own, which by the end of the scope has violated no policy, thrown nothing and asked no other
 * origin. Where `meant` says which errors are to be on its console, there were no others.
 *
 * @since 0.1.0
 * @category constructors
 */
export const visit = (
  url: string,
  options?: BrowserContextOptions,
  { meant }: { readonly meant?: RegExp } = {}
): Effect.Effect<{ readonly context: BrowserContext; readonly page: Page }, never, RunningBrowser | Scope.Scope> =>
  Effect.gen(function*() {
    const context = yield* profile(options)
    const found: Array<string> = []
    yield* Effect.addFinalizer(() => Effect.sync(() => Assert.deepStrictEqual(found, [])))
    context.on("page", (page) => {
      page.on("pageerror", ({ message }) => found.push(message))
      page.on("console", (message) => {
        const violation = /content.security.policy|trusted.?type/i.test(message.text())
        const error = meant !== undefined && message.type() === "error" && !meant.test(message.text())
        if (violation || error) found.push(message.text())
      })
      page.on("request", (request) => {
        if (new URL(request.url()).origin !== new URL(url).origin) found.push(request.url())
      })
    })
    const page = yield* Effect.promise(() => context.newPage())
    page.setDefaultTimeout(10_000)
    yield* Effect.promise(() => page.goto(url))
    return { context, page }
  })

/**
 * That a page runs nothing of what injected markup would try, and reaches no other origin.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withstands = (url: string): Effect.Effect<void, never, RunningBrowser | Scope.Scope> =>
  Effect.gen(function*() {
    const context = yield* profile()
    const tried = yield* Effect.promise(async () => {
      const page = await context.newPage()
      await page.goto(url)
      return page.evaluate(PageChecks.attacks)
    })
    Assert.deepStrictEqual(tried, ["innerHTML: TypeError", "inline script: did not run", "other origin: TypeError"])
  })
