import * as BrowserSuite from "@effect-launchkey/testing/BrowserSuite"
import * as PageChecks from "@effect-launchkey/testing/PageChecks"
import * as Browser from "@effect-launchkey/testing/TestBrowser"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import type { BrowserContext, Page } from "playwright-core"
import * as Fake from "./support/fake.ts"
import { layer as platform, Served } from "./support/platform.ts"
import { layer as world, World } from "./support/world.ts"

const at = <A>(act: () => Promise<A>) => Effect.promise(act)

const wide = { viewport: { width: 1360, height: 900 }, reducedMotion: "reduce" } as const

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true })

const heading = (page: Page, name: string) => at(() => page.getByRole("heading", { name, exact: true }).waitFor())

const says = (page: Page, text: string) => at(() => page.locator(".news", { hasText: text }).first().waitFor())

const nav = (page: Page, name: string) =>
  at(() => page.getByRole("navigation", { name: "Console" }).getByRole("link", { name }).click())

/** The page before a fake of its API, and before a platform. */
const everything = Layer.mergeAll(world, platform, Browser.layer)

/** A device with a passkey's place in it, whose owner agrees to everything. */
const authenticator = (context: BrowserContext, page: Page) =>
  at(async () => {
    const session = await context.newCDPSession(page)
    await session.send("WebAuthn.enable")
    await session.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true
      }
    })
  })

const service = `#/org/${Fake.ids.organization}/dir/${Fake.ids.directory}/svc/${Fake.ids.service}`

const open = (
  hash: string,
  options: Parameters<typeof Browser.visit>[1] = wide,
  meant: RegExp = Browser.answered(401)
) =>
  Effect.gen(function*() {
    const { page: address, state } = yield* World
    state.signedIn = true
    return yield* Browser.visit(`${address}${hash}`, options, { meant })
  })

BrowserSuite.register(() => {
  layer(everything, { excludeTestServices: true })("the console in a browser", (it) => {
    it.scoped("is entered by an invitation, does what an operator does, and is left", () =>
      Effect.gen(function*() {
        const { ask, heard, invite, linkedDevice, page: address, pass } = yield* Served
        const { context, page } = yield* Browser.visit(address, wide, { meant: Browser.answered(401, 403) })
        yield* authenticator(context, page)
        yield* heading(page, "Sign in")
        const invitation = yield* invite("Grace")
        yield* at(() => page.goto(`${address}${invitation}`))
        yield* heading(page, "You are invited")
        assert.strictEqual(yield* at(async () => new URL(page.url()).hash), "")
        yield* at(() => page.getByLabel("What this passkey is to be called").fill("Laptop"))
        yield* at(() => button(page, "Make a passkey").click())

        yield* at(() => page.getByRole("link", { name: "Organization", exact: true }).click())
        yield* at(() => button(page, "New directory").click())
        yield* at(() => page.getByRole("dialog").getByLabel("Name").fill("Customers"))
        yield* at(() => page.keyboard.press("Enter"))
        yield* heading(page, "Customers")
        yield* at(() => page.goBack())
        yield* at(() => page.getByRole("link", { name: "Directory", exact: true }).click())
        yield* at(() => page.getByRole("link", { name: "Vault" }).click())
        yield* at(() => page.getByRole("link", { name: "Edit the policy" }).click())
        yield* at(() => page.locator(".land").first().waitFor())
        yield* at(() => page.getByLabel("Kind").selectOption("Depends on the place"))
        yield* at(() => button(page, "Add a circle").click())
        yield* at(() => page.getByLabel("Name (optional)").fill("Office"))
        yield* at(() => page.getByLabel("Latitude").fill("48.2"))
        yield* at(() => page.getByLabel("Longitude").fill("16.37"))
        yield* at(() => page.getByLabel("Radius").fill("250"))
        yield* at(() => page.getByText("In “Office” (within 250 m)").waitFor())
        yield* pass("11 minutes")
        yield* at(() => button(page, "Set the policy").click())
        yield* at(() => page.getByRole("dialog", { name: "Use your passkey" }).waitFor())
        yield* at(() => button(page, "Continue").click())
        yield* says(page, "The policy is set")
        yield* heading(page, "Vault")
        yield* at(() => page.getByText("In “Office” (within 250 m)").waitFor())

        const device = yield* linkedDevice("ada", { name: "Ada's phone" })
        yield* at(() => page.getByRole("link", { name: "Directory", exact: true }).click())
        yield* at(() => page.getByRole("textbox", { name: "User" }).fill("ada"))
        yield* at(() => page.keyboard.press("Enter"))
        yield* at(() => page.getByRole("cell", { name: "Ada's phone", exact: true }).waitFor())
        assert.notInclude(page.url(), "ada")

        yield* nav(page, "Live requests")
        yield* at(() => page.locator(".pill[data-reach=Live]").waitFor())
        const request = page.getByRole("row").filter({ hasText: yield* ask("ada") })
        yield* at(() => request.getByText("open").waitFor())
        yield* device.deny({ fraud: true })
        yield* at(() => request.getByText("answered").waitFor())

        yield* nav(page, "Fraud")
        yield* at(() => page.getByRole("button", { name: /ask again$/ }).click())
        yield* at(() => page.getByRole("dialog").getByLabel("User").fill("ada"))
        yield* at(() => page.keyboard.press("Enter"))
        yield* says(page, "The service may ask the user again.")

        yield* nav(page, "Deliveries")
        yield* at(() => button(page, "Replay delivery 1").click())
        yield* at(() => button(page, "Deliver again").click())
        yield* says(page, "Delivery 1 is on its way again.")
        yield* Effect.repeat(heard, { until: (times) => times === 2, schedule: Schedule.spaced("20 millis") })
        const twice = page.locator("summary[aria-label=\"Attempts of delivery 1\"]", { hasText: "2" })
        yield* Effect.repeat(
          at(async () => {
            await button(page, "Look again").click()
            return await twice.isVisible()
          }),
          { until: (shown) => shown, schedule: Schedule.spaced("50 millis") }
        )

        yield* nav(page, "Audit")
        for (const act of ["replayed a webhook", "let it ask again after a report of fraud", "set the policy"]) {
          yield* at(() => page.getByRole("row").filter({ hasText: act }).getByText("Grace").waitFor())
        }
        yield* at(() => button(page, "Verify the chain").click())
        yield* at(() => page.getByText("entries follow on each other").waitFor())

        yield* at(() => button(page, "Sign out").click())
        yield* at(() => button(page, "Sign in with a passkey").click())
        yield* heading(page, "Audit log")
      }), { timeout: 60_000 })

    it.scoped("says what a policy cannot be at the field, and sends nothing", () =>
      Effect.gen(function*() {
        const { state } = yield* World
        const { page } = yield* open(`${service}/policy`)
        yield* at(() => page.getByLabel("Kind").selectOption("Certain factors"))
        yield* at(() => button(page, "Add a territory").click())
        const before = state.audit.length
        yield* at(() => button(page, "Set the policy").click())
        yield* at(() => page.getByRole("alert").getByText("2 things are to be mended").waitFor())
        const focused = yield* at(() => page.evaluate(() => document.activeElement?.getAttribute("aria-label")))
        assert.strictEqual(focused, "Factors")
        assert.strictEqual(state.audit.length, before)
      }))

    it.scoped("moves and sizes a circle by its handles, and asks before what was changed is left", () =>
      Effect.gen(function*() {
        const { page } = yield* open(`${service}/policy`)
        yield* at(() => page.locator(".land").first().waitFor())
        yield* at(() => page.getByLabel("Kind").selectOption("A number of methods"))
        if ((yield* at(() => page.getByLabel("Latitude").count())) === 0) {
          yield* at(() => button(page, "Add a circle").click())
        }
        const values = () =>
          at(() => Promise.all(["Latitude", "Longitude", "Radius"].map((label) => page.getByLabel(label).inputValue())))
        const drag = (what: "centre" | "radius", x: number, y: number) =>
          at(async () => {
            const box = await page.locator(`.handle.${what} .reach`).boundingBox()
            if (box === null) throw new Error("no handle")
            const [left, top] = [box.x + box.width / 2, box.y + box.height / 2]
            await page.mouse.move(left, top)
            await page.mouse.down()
            await page.mouse.move(left + x, top + y, { steps: 3 })
            await page.mouse.up()
          })
        const first = yield* values()
        yield* drag("centre", 60, -30)
        const moved = yield* values()
        assert.isAbove(Number(moved[0]), Number(first[0]))
        assert.isAbove(Number(moved[1]), Number(first[1]))
        assert.strictEqual(moved[2], first[2])
        yield* drag("radius", 40, 0)
        const sized = yield* values()
        assert.deepStrictEqual(sized.slice(0, 2), moved.slice(0, 2))
        assert.isAbove(Number(sized[2]), Number(moved[2]))
        yield* at(() => page.locator(".drawing").focus())
        const before = yield* at(() => page.locator(".lands").getAttribute("transform"))
        yield* at(() => page.keyboard.press("+"))
        yield* at(() => page.keyboard.press("ArrowLeft"))
        assert.notStrictEqual(yield* at(() => page.locator(".lands").getAttribute("transform")), before)
        yield* nav(page, "Audit")
        yield* at(() => button(page, "Cancel").last().click())
        yield* heading(page, "Policy")
        yield* nav(page, "Audit")
        yield* at(() => button(page, "Leave").click())
        yield* heading(page, "Audit log")
      }))

    it.scoped("moves and sizes a circle by keys, says where it is, and keeps it in sight", () =>
      Effect.gen(function*() {
        const { page } = yield* open(`${service}/policy`)
        yield* at(() => page.locator(".land").first().waitFor())
        yield* at(() => page.getByLabel("Kind").selectOption("A number of methods"))
        yield* at(() => button(page, "Add a circle").click())
        yield* at(() => page.getByLabel("Name (optional)").last().fill("Office"))
        const press = (...keys: ReadonlyArray<string>) =>
          at(async () => {
            for (const key of keys) await page.keyboard.press(key)
            const values = ["Latitude", "Longitude", "Radius"].map((label) => page.getByLabel(label).last())
            const [latitude = 0, longitude = 0, radius = 0] = await Promise.all(
              values.map(async (value) => Number(await value.inputValue()))
            )
            return { latitude, longitude, radius }
          })
        const cross = page.getByRole("button", { name: "Office" })
        yield* at(() => cross.focus())
        const view = () => at(() => page.locator(".lands").getAttribute("transform"))
        const seen = yield* view()
        const first = yield* press()
        const moved = yield* press("ArrowUp", "ArrowRight")
        assert.isAbove(moved.latitude, first.latitude)
        assert.isAbove(moved.longitude, first.longitude)
        assert.strictEqual(moved.radius, first.radius)
        const nudged = yield* press("Shift+ArrowLeft")
        assert.approximately(
          moved.longitude - nudged.longitude,
          (moved.longitude - first.longitude) / 10,
          0.001
        )
        const larger = yield* press("+", "+")
        assert.isAbove(larger.radius, nudged.radius)
        assert.deepStrictEqual({ ...yield* press("-"), radius: 0 }, { ...larger, radius: 0 })
        assert.strictEqual(yield* view(), seen)
        yield* at(() => page.getByRole("status").filter({ hasText: /^Office: \S+, \S+, within / }).waitFor())
        yield* press(...Array<string>(60).fill("ArrowLeft"))
        const [map, handle] = yield* at(() =>
          Promise.all([page.locator(".drawing").boundingBox(), cross.boundingBox()])
        )
        assert.isAtLeast(handle?.x ?? 0, map?.x ?? Infinity)
        assert.notStrictEqual(yield* view(), seen)
        assert.isTrue(yield* at(() => cross.evaluate((element) => element === document.activeElement)))
      }))

    it.scoped("tells what came up once each, and no more at a time than leaves the page in sight", () =>
      Effect.gen(function*() {
        const { page } = yield* open("#/platform-keys")
        yield* heading(page, "Platform keys")
        yield* at(() =>
          page.evaluate(() => ["offline", "online", "offline"].map((type) => dispatchEvent(new Event(type))))
        )
        yield* at(() => button(page, "Rotate").click())
        yield* at(() => page.getByRole("dialog").getByRole("button", { name: "Rotate" }).click())
        yield* says(page, "A new key is announced.")
        const told = yield* at(() => page.locator(".news p").allTextContents())
        assert.deepStrictEqual(told, [
          "This computer is offline: what is shown may be old.",
          "A new key is announced."
        ])
      }))

    it.scoped("asks for names once for the pages that show them, and anew where it is to look again", () =>
      Effect.gen(function*() {
        const { page } = yield* open("#/fraud")
        const asked: Array<string> = []
        yield* heading(page, "Reports of fraud")
        page.on("request", (request) => asked.push(new URL(request.url()).pathname.replace("/console/api", "")))
        yield* nav(page, "Audit")
        yield* heading(page, "Audit log")
        assert.notInclude(asked, "/organizations/list")
        yield* at(() => Promise.all([page.waitForRequest("**/organizations/list"), button(page, "Look again").click()]))
      }))

    it.scoped("listens to requests again after something between refused it, such as a proxy", () =>
      Effect.gen(function*() {
        const { page } = yield* open("#/platform-keys", wide, Browser.answered(401, 502))
        yield* heading(page, "Platform keys")
        yield* at(() => page.route("**/requests/live*", (route) => route.fulfill({ status: 502 }), { times: 1 }))
        yield* nav(page, "Live requests")
        yield* at(() => page.locator(".pill[data-reach=Reconnecting]").waitFor())
        yield* at(() => page.locator(".pill[data-reach=Live]").waitFor())
      }))

    it.scoped("shows who is not signed in any more where to sign in, and says what went wrong otherwise", () =>
      Effect.gen(function*() {
        const { state } = yield* World
        const { page } = yield* open("#/platform-keys", wide, /status of 401|net::ERR_FAILED/)
        yield* heading(page, "Platform keys")
        yield* at(() => page.route("**/api/audit/list", (route) => route.abort()))
        yield* nav(page, "Audit")
        yield* heading(page, "This page cannot be shown")
        yield* at(() => page.unroute("**/api/audit/list"))
        yield* at(() => button(page, "Try again").click())
        yield* heading(page, "Audit log")
        state.signedIn = false
        yield* nav(page, "Organizations")
        yield* at(() => page.getByText("Your session is over.").waitFor())
      }))

    for (const [colorScheme, width] of [["light", 1360], ["dark", 320]] as const) {
      it.scoped(`can be read, named and hit in the ${colorScheme}, ${width} pixels wide`, () =>
        Effect.gen(function*() {
          const { page: address, state } = yield* World
          const options = { colorScheme, reducedMotion: "reduce", viewport: { width, height: 900 } } as const
          const { page } = yield* open("#/", options)
          const found: Array<string> = []
          for (
            const [hash, ready] of [
              ["#/", "Organizations"],
              [service, "Vault"],
              [`${service}/policy`, "Policy"],
              ["#/requests", "Live requests"],
              ["#/deliveries", "Webhook deliveries"],
              ["#/fraud", "Reports of fraud"],
              ["#/audit", "Audit log"],
              ["#/platform-keys", "Platform keys"],
              ["#/account", "Your account"]
            ] as const
          ) {
            yield* at(() => page.evaluate((hash) => location.hash = hash, hash))
            yield* at(() => page.getByRole("heading", { level: 2, name: ready, exact: true }).waitFor())
            const problems = yield* at(() => page.evaluate(PageChecks.accessibility, 24))
            found.push(...problems.map((problem) => `${ready}: ${problem}`))
          }
          state.signedIn = false
          yield* at(() => page.goto(`${address}#invite=${Fake.ids.invitation}`))
          yield* at(() => page.reload())
          yield* heading(page, "Sign in")
          found.push(...(yield* at(() => page.evaluate(PageChecks.accessibility, 24))))
          assert.deepStrictEqual(found, [])
        }))
    }

    it.scoped(
      "does not run what an attacker would have it run",
      () => Effect.flatMap(World, ({ page }) => Browser.withstands(page))
    )
  })
})
