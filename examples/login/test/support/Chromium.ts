/** A real browser, where this machine has one. `EXPECT_BROWSER` says that it must. */
import * as Effect from "effect/Effect"
import { accessSync, constants } from "node:fs"
import { type BrowserContext, chromium } from "playwright-core"

const places = [
  process.env["CHROME_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
]

const path = places.find((place) => {
  if (place === undefined) return false
  try {
    accessSync(place, constants.X_OK)
    return true
  } catch {
    return false
  }
})

export const skipped = path === undefined && process.env["EXPECT_BROWSER"] === undefined

export const none = "No Chromium was found: install it, or give its path in CHROME_PATH."

/** What a page complains of on its console. */
interface Context {
  readonly context: BrowserContext
  readonly complaints: ReadonlyArray<string>
}

export const make = Effect.acquireRelease(
  Effect.promise(() =>
    path === undefined
      ? Promise.reject(new Error(none))
      : chromium.launch({
        executablePath: path,
        args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
      })
  ),
  (browser) => Effect.promise(() => browser.close())
).pipe(Effect.flatMap((browser) =>
  Effect.promise(async (): Promise<Context> => {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 } })
    context.setDefaultTimeout(30_000)
    const complaints: Array<string> = []
    context.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text())
    })
    context.on("weberror", (error) => complaints.push(String(error.error())))
    return { context, complaints }
  })
))
