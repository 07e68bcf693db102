import * as AuthenticatorPage from "@effect-launchkey/authenticator/AuthenticatorPage"
import * as NodeAuthenticatorPage from "@effect-launchkey/authenticator/NodeAuthenticatorPage"
import * as BrowserSuite from "@effect-launchkey/testing/BrowserSuite"
import * as Browser from "@effect-launchkey/testing/TestBrowser"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Simulation from "../play/Simulation.ts"
import * as World from "../play/World.ts"

const TwoPages = World.layer({
  port: 0,
  platformPort: 0,
  authenticator: Option.some({ mount: NodeAuthenticatorPage.make, path: AuthenticatorPage.path })
}).pipe(Layer.provide(Logger.remove(Logger.defaultLogger)))

const Simulated = World.layer(
  { port: 0, platformPort: 0, authenticator: Option.none() },
  (sdk) => Layer.provideMerge(Simulation.layer({ pace: "100 millis" }), sdk)
).pipe(Layer.provide(Logger.remove(Logger.defaultLogger)))

/** With what its pages complain of on their consoles. */
const watched = Effect.map(Browser.profile(), (context) => {
  context.setDefaultTimeout(30_000)
  const complaints: Array<string> = []
  context.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text())
  })
  context.on("weberror", (error) => complaints.push(String(error.error())))
  return { context, complaints }
})

BrowserSuite.register(() => {
  it.scopedLive("links, logs in and logs out with the authenticator in a second window", () =>
    Effect.gen(function*() {
      const address = yield* World.Address
      const { complaints, context } = yield* watched
      yield* Effect.promise(async () => {
        const page = await context.newPage()
        await page.goto(address)
        await page.getByRole("link", { name: "Link a device" }).click()
        await page.getByLabel("User name").fill("windows@example.com")
        await page.getByRole("button", { name: "Show the code" }).click()
        const [device] = await Promise.all([
          context.waitForEvent("page"),
          page.getByRole("link", { name: "Open the authenticator" }).click()
        ])
        assert.notStrictEqual(new URL(device.url()).origin, address)
        await device.getByRole("button", { name: "Link this browser" }).click()
        await page.getByRole("heading", { name: "Device linked" }).waitFor()

        await page.getByRole("link", { name: "Log in with it" }).click()
        await page.getByRole("button", { name: "Log in" }).click()
        const number = await page.locator(".number").textContent()
        await device.getByText(`Approve only if the page shows the number ${number}.`).waitFor()
        await device.getByRole("button", { name: "Approve" }).click()
        await page.getByRole("heading", { name: "Hello, windows@example.com" }).waitFor()

        await device.getByRole("button", { name: "Sign out of Lighthouse" }).click()
        await page.getByText("Your session has ended.").waitFor()
        assert.deepStrictEqual(complaints, [])
      })
    }).pipe(Effect.provide(Layer.merge(TwoPages, Browser.layer))), 120_000)

  it.scopedLive("does the same without scripts, by loading its pages again", () =>
    Effect.gen(function*() {
      const address = yield* World.Address
      const context = yield* Browser.profile({ javaScriptEnabled: false })
      yield* Effect.promise(async () => {
        const page = await context.newPage()
        await page.goto(`${address}/link`)
        await page.getByLabel("User name").fill("scriptless@example.com")
        await page.getByRole("button", { name: "Show the code" }).click()
        await page.getByRole("heading", { name: "Device linked" }).waitFor()
        await page.getByRole("link", { name: "Log in with it" }).click()
        await page.getByRole("button", { name: "Log in" }).click()
        await page.getByRole("heading", { name: "Hello, scriptless@example.com" }).waitFor()
      })
    }).pipe(Effect.provide(Layer.merge(Simulated, Browser.layer))), 120_000)
})
