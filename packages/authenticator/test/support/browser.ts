/** A real browser, where there is one. */
import { Context, Effect, Layer } from "effect"
import * as Fs from "node:fs"
import { type Browser, type BrowserContextOptions, chromium } from "playwright-core"

const places = [
  process.env["CHROME_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
]

export const executable = places.find((path) => path !== undefined && Fs.existsSync(path))

/** Whether there has to be one: then its absence fails a test, rather than skipping those that need it. */
export const expected = process.env["EXPECT_BROWSER"] === "1"

export const absent = "no Chromium was found; install one, or give its path in CHROME_PATH"

export class RunningBrowser extends Context.Tag("test/RunningBrowser")<RunningBrowser, Browser>() {}

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

/** A profile of its own, so another device, until the scope ends. */
export const profile = (options: BrowserContextOptions = {}) =>
  Effect.flatMap(RunningBrowser, (browser) =>
    Effect.acquireRelease(
      Effect.promise(() => browser.newContext({ viewport: { width: 390, height: 844 }, ...options })),
      (context) => Effect.promise(() => context.close())
    ))
