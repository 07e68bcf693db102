import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as DenialReason from "@effect-launchkey/core/DenialReason"
import * as BrowserSuite from "@effect-launchkey/testing/BrowserSuite"
import * as PageChecks from "@effect-launchkey/testing/PageChecks"
import * as Browser from "@effect-launchkey/testing/TestBrowser"
import { directoryId } from "@effect-launchkey/testing/TestPlatform"
import { assert, layer } from "@effect/vitest"
import { Context, Duration, Effect, Layer, Option, Schedule } from "effect"
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core"
import * as checks from "./support/checks.ts"
import { layer as world, World } from "./support/world.ts"

const office = { name: "Office", latitude: 36.120825, longitude: -115.157216, radius: 250 }

const reasons = [
  DenialReason.ordinary("1", "I do not want to do this now"),
  DenialReason.fraudulent("2", "I did not ask for this")
]

const at = <A>(act: () => Promise<A>) => Effect.promise(act)

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true })

const linked = (user: string, options?: BrowserContextOptions) =>
  Effect.gen(function*() {
    const { linkUrl } = yield* World
    const visited = yield* Browser.visit(yield* linkUrl(user), options)
    yield* at(() => button(visited.page, "Link this browser").click())
    yield* at(() => visited.page.locator(".pill[data-reach=Live]").waitFor())
    return visited
  })

const says = (page: Page, text: string) => at(() => page.locator(".news", { hasText: text }).first().waitFor())

const asks = (page: Page, title: string) => at(() => page.getByRole("article", { name: title }).waitFor())

/** Has the browser's service worker take a push, as if one had come. */
const pushed = async (context: BrowserContext, page: Page, origin: string) => {
  const session = await context.newCDPSession(page)
  const registration = new Promise<string>((resolve) =>
    session.on("ServiceWorker.workerRegistrationUpdated", ({ registrations: [found] }) => {
      if (found !== undefined) resolve(found.registrationId)
    })
  )
  await session.send("ServiceWorker.enable")
  await session.send("ServiceWorker.deliverPushMessage", { origin, registrationId: await registration, data: "" })
  await session.detach()
}

const asksNothing = (page: Page) => at(() => page.getByText("Nothing waits for you").waitFor())

const outcome = ({ denialReason, reason, type }: {
  readonly type: Option.Option<string>
  readonly reason: Option.Option<string>
  readonly denialReason: Option.Option<string>
}) => [type, reason, denialReason].map(Option.getOrUndefined)

class Linked extends Context.Tag("test/Linked")<Linked, Effect.Effect.Success<ReturnType<typeof linked>>>() {}

const everything = Layer.scoped(Linked, linked("shared")).pipe(Layer.provideMerge(Layer.merge(world, Browser.layer)))

BrowserSuite.register(() => {
  layer(everything, { excludeTestServices: true })("the authenticator in a browser", (it) => {
    it.scoped("links by the code in its address, which it keeps nowhere", () =>
      Effect.gen(function*() {
        const { linkUrl, store } = yield* World
        const { page } = yield* Browser.visit(yield* linkUrl("links"))
        yield* at(() => button(page, "Link this browser").click())
        yield* says(page, "This device is linked.")
        assert.strictEqual(new URL(page.url()).hash, "")
        const [device] = yield* store.devices({ directoryId, identifier: "links" })
        assert.deepInclude(device, { status: "LINKED", type: Option.some("Browser") })
        assert.match(Option.getOrThrow(device?.name ?? Option.none()), /^Chrome on /)
      }))

    it.scoped("links by a code that is typed, after saying what is wrong with another", () =>
      Effect.gen(function*() {
        const { linkUrl, page: address } = yield* World
        const link = new URLSearchParams(new URL(yield* linkUrl("types")).hash.slice(1))
        const { page } = yield* Browser.visit(address)
        yield* at(() => page.getByLabel("Link code").fill("aaaaaaa"))
        yield* at(() => page.getByLabel("SDK key").fill(link.get("sdk_key") ?? ""))
        yield* at(() => page.keyboard.press("Enter"))
        yield* at(() => page.getByRole("alert").filter({ hasText: "The code is not known" }).waitFor())
        yield* at(() => page.getByLabel("Link code").fill((link.get("code") ?? "").toUpperCase()))
        yield* at(() => page.keyboard.press("Enter"))
        yield* asksNothing(page)
      }))

    it.scoped("shows what a service asks, as text alone, and approves it", () =>
      Effect.gen(function*() {
        const { answer, ask } = yield* World
        const { page } = yield* Linked
        const title = "<img src=x onerror=alert(1)> Open the shop"
        const id = yield* ask("shared", { title, context: "from <b>Berlin</b>", ttl: Duration.seconds(90) })
        yield* asks(page, title)
        yield* at(() => page.getByText("from <b>Berlin</b>").waitFor())
        yield* at(() => page.getByText(/^1 min \d+ s left$/).waitFor())
        assert.strictEqual(yield* at(() => page.locator("article img").count()), 0)
        assert.strictEqual(yield* at(() => page.title()), "(1) Authenticator")
        yield* at(() => button(page, "Approve").click())
        yield* says(page, "Approved: Service.")
        yield* asksNothing(page)
        assert.isTrue((yield* answer(id)).authorized)
        // What was focused is gone, and its user stays near.
        const focused = yield* at(() => page.evaluate(() => document.activeElement?.textContent))
        assert.strictEqual(focused, "Requests")
      }))

    it.scoped("reports fraud by one of the reasons that the request offers", () =>
      Effect.gen(function*() {
        const { answer, ask } = yield* World
        const { page } = yield* linked("reports-it")
        const id = yield* ask("reports-it", { title: "Report it", denialReasons: reasons })
        yield* asks(page, "Report it")
        yield* at(() => button(page, "Report fraud").click())
        const dialog = page.getByRole("dialog", { name: "What is wrong?" })
        yield* at(() => dialog.getByRole("radio", { name: "I did not ask for this" }).waitFor())
        assert.strictEqual(yield* at(() => dialog.getByRole("radio").count()), 1)
        yield* at(() => button(page, "Report fraud").last().click())
        yield* says(page, "Reported as fraud: Service.")
        assert.deepStrictEqual(outcome(yield* answer(id)), ["DENIED", "FRAUDULENT", "2"])
      }))

    it.scoped("denies once a reason is picked, and leaves the request to who does not", () =>
      Effect.gen(function*() {
        const { answer, ask } = yield* World
        const { page } = yield* Linked
        const id = yield* ask("shared", { title: "Open the shop", denialReasons: reasons })
        yield* asks(page, "Open the shop")
        yield* at(() => button(page, "Deny").click())
        const dialog = page.getByRole("dialog", { name: "Why do you deny it?" })
        yield* at(() => dialog.waitFor())
        yield* at(() => page.keyboard.press("Escape"))
        // the browser moves the focus before the page knows that the dialog is closed, and takes another answer
        yield* at(() => dialog.waitFor({ state: "detached" }))
        yield* at(() => page.getByRole("button", { name: "Deny", disabled: false }).waitFor())
        const focused = yield* at(() => page.evaluate(() => document.activeElement?.textContent))
        assert.strictEqual(focused, "Deny")
        yield* at(() => page.keyboard.press("Enter"))
        yield* at(() => dialog.getByRole("button", { name: "Deny" }).click())
        yield* at(() => dialog.getByRole("alert").filter({ hasText: "Pick one first." }).waitFor())
        yield* at(() => dialog.getByText("I do not want to do this now").click())
        yield* at(() => dialog.getByRole("button", { name: "Deny" }).click())
        yield* says(page, "Denied: Service.")
        assert.deepStrictEqual(outcome(yield* answer(id)), ["DENIED", "DISAPPROVED", "1"])
      }))

    it.scoped("asks for a PIN where a policy does, and tells the wrong from the right one after a reload", () =>
      Effect.gen(function*() {
        const { answer, ask } = yield* World
        const { page } = yield* linked("knows")
        const first = yield* ask("knows", { title: "First", policy: AuthPolicy.factors(["knowledge"]) })
        yield* asks(page, "First")
        yield* at(() => button(page, "Approve").click())
        yield* at(() => page.getByLabel("New PIN").fill("4711"))
        yield* at(() => page.getByLabel("The same again").fill("4711"))
        yield* at(() => button(page, "Save PIN").click())
        yield* says(page, "Approved")
        assert.isTrue((yield* answer(first)).authorized)

        const second = yield* ask("knows", { title: "Second", policy: AuthPolicy.any(1) })
        yield* at(() => page.reload())
        yield* asks(page, "Second")
        yield* at(() => button(page, "Approve").click())
        const dialog = page.getByRole("dialog", { name: "Enter your PIN" })
        yield* at(() => dialog.getByLabel("PIN").fill("4712"))
        yield* at(() => page.keyboard.press("Enter"))
        yield* at(() => dialog.getByText("That is not the PIN. 4 attempts are left.").waitFor())
        yield* at(() => dialog.getByLabel("PIN").fill("4711"))
        yield* at(() => page.keyboard.press("Enter"))
        yield* says(page, "Approved")
        const { authorized, servicePins } = yield* answer(second)
        assert.isTrue(authorized)
        // What it shares with the service outlives the page.
        assert.lengthOf(servicePins, 2)
      }))

    it.scoped("has its user enter the number that is shown where they sign in", () =>
      Effect.gen(function*() {
        const { answer, askWithNumber } = yield* World
        const { page } = yield* linked("enters-number")
        const { id, number } = yield* askWithNumber("enters-number", { title: "Open the shop" })
        yield* asks(page, "Open the shop")
        yield* at(() => button(page, "Approve").click())
        const dialog = page.getByRole("dialog", { name: "Enter the number" })
        yield* at(() => dialog.getByLabel("Number").fill("4"))
        yield* at(() => page.keyboard.press("Enter"))
        yield* at(() => dialog.getByText("The number has two digits.").waitFor())
        yield* at(() => dialog.getByLabel("Number").fill(number))
        yield* at(() => page.keyboard.press("Enter"))
        yield* says(page, "Approved")
        assert.isTrue((yield* answer(id)).authorized)
      }))

    it.scoped("ends a request by a number that is wrong, and says so", () =>
      Effect.gen(function*() {
        const { answer, askWithNumber } = yield* World
        const { page } = yield* linked("mistypes")
        const { id, number } = yield* askWithNumber("mistypes", { title: "Open the shop" })
        yield* asks(page, "Open the shop")
        yield* at(() => button(page, "Approve").click())
        yield* at(() => page.getByRole("textbox", { name: "Number" }).fill(number === "10" ? "11" : "10"))
        yield* at(() => page.keyboard.press("Enter"))
        yield* says(page, "has ended: that was not the number.")
        yield* asksNothing(page)
        assert.deepStrictEqual(outcome(yield* answer(id)), ["FAILED", "AUTHENTICATION", undefined])
      }))

    it.scoped("notifies its user, once they want it, of no more than that something waits", () =>
      Effect.gen(function*() {
        const { baseUrl, store } = yield* World
        const user = "is-notified"
        const { context, page } = yield* linked(user, { permissions: ["notifications"] })
        // There is no push service here: the browser would ask its maker's.
        yield* at(() => page.evaluate(checks.withPushService))
        yield* at(() => button(page, "Notify me").click())
        yield* says(page, "You are notified here when a request waits.")
        const [device] = yield* store.devices({ directoryId, identifier: user })
        const endpoint = device === undefined ? Option.none() : yield* store.pushEndpoint(device.id)
        assert.deepStrictEqual(endpoint, Option.some("https://push.example.com/87"))
        yield* at(() => pushed(context, page, new URL(baseUrl).origin))
        const shown = yield* at(() => page.evaluate(checks.notifications))
        assert.deepStrictEqual(shown, [["A request waits", "", "request"]])
        yield* at(() => button(page, "Do not notify me").click())
        yield* says(page, "You are no longer notified here.")
        assert.deepStrictEqual(device === undefined ? undefined : yield* store.pushEndpoint(device.id), Option.none())
      }))

    it.scoped("tells where it is to a policy with a fence, and to no other", () =>
      Effect.gen(function*() {
        const { answer, ask } = yield* World
        const { context, page } = yield* linked("walks", { geolocation: office })
        const id = yield* ask("walks", { title: "Open", policy: AuthPolicy.none({ geofences: [office] }) })
        yield* asks(page, "Open")
        yield* at(() => page.getByText("Only in “Office” (within 250 m).").waitFor())
        yield* at(() => button(page, "Approve").click())
        yield* at(() => page.getByRole("alert").filter({ hasText: "this page may not know" }).waitFor())
        yield* at(() => context.grantPermissions(["geolocation"]))
        yield* at(() => button(page, "Approve").click())
        yield* says(page, "Approved")
        const { authorized, methods } = yield* answer(id)
        assert.isTrue(authorized)
        const passed = Option.getOrThrow(methods).filter(({ passed }) => passed === true)
        assert.deepStrictEqual(passed.map(({ kind }) => kind), ["GEOFENCING"])
      }))

    it.scoped("lets a request go when its time is over", () =>
      Effect.gen(function*() {
        const { ask } = yield* World
        const { page } = yield* linked("waits")
        yield* at(() => page.clock.install())
        yield* at(() => page.reload())
        yield* ask("waits", { title: "Open the shop", ttl: Duration.seconds(30) })
        yield* asks(page, "Open the shop")
        yield* at(() => page.clock.fastForward(31_000))
        yield* says(page, "The request of Service has expired.")
        yield* asksNothing(page)
      }))

    it.scoped("lists where its user is signed in, and ends it there", () =>
      Effect.gen(function*() {
        const { service, store } = yield* World
        const { page } = yield* Linked
        yield* Effect.orDie(service.startSession({ payload: { user: "shared" } }))
        yield* at(() => button(page, "Sign out of Service").click())
        yield* at(() => page.getByText("You are signed in nowhere.").waitFor())
        assert.lengthOf(yield* store.sessions({ directoryId, identifier: "shared" }), 0)
      }))

    it.scoped("is one of two devices, and hears at once what the other answered", () =>
      Effect.gen(function*() {
        const { ask } = yield* World
        const [one, other] = yield* Effect.all([linked("has-two"), linked("has-two")])
        yield* ask("has-two", { title: "Open the shop" })
        yield* asks(one.page, "Open the shop")
        yield* asks(other.page, "Open the shop")
        yield* at(() => button(one.page, "Deny").click())
        yield* says(one.page, "Denied")
        yield* asksNothing(other.page)
      }))

    it.scoped("says that it is offline, and comes back by itself", () =>
      Effect.gen(function*() {
        const { ask } = yield* World
        const { context, page } = yield* Linked
        yield* at(() => context.setOffline(true))
        yield* at(() => page.getByText("Offline. What services ask appears here").waitFor())
        yield* ask("shared", { title: "Open the shop" })
        yield* at(() => context.setOffline(false))
        yield* asks(page, "Open the shop")
        yield* at(() => page.locator(".pill[data-reach=Live]").waitFor())
        yield* at(() => button(page, "Deny").click())
        yield* asksNothing(page)
      }))

    it.scoped("listens again after its stream was cut", () =>
      Effect.gen(function*() {
        const { ask, server } = yield* World
        const { page } = yield* Linked
        server.closeAllConnections()
        yield* ask("shared", { title: "Open the shop" })
        yield* asks(page, "Open the shop")
        yield* at(() => page.locator(".pill[data-reach=Live]").waitFor())
        yield* at(() => button(page, "Deny").click())
        yield* asksNothing(page)
      }))

    it.scoped("is listened to no longer than it is open", () =>
      Effect.gen(function*() {
        const { listening } = yield* World
        const until = (count: number) =>
          listening.pipe(
            Effect.repeat({ until: (now) => now === count, schedule: Schedule.spaced("20 millis") }),
            Effect.timeout("8 seconds"),
            Effect.orDie
          )
        // The page that the tests share stays open.
        yield* until(1)
        const { page } = yield* linked("user-closes")
        yield* until(2)
        yield* at(() => page.close())
        yield* until(1)
      }))

    it.scoped("says that it is not accepted where its directory ended the link, and forgets it when it is told", () =>
      Effect.gen(function*() {
        const { store } = yield* World
        const { page } = yield* linked("user-ended")
        for (const { id } of yield* store.devices({ directoryId, identifier: "user-ended" })) {
          yield* store.removeDevice(id)
        }
        yield* at(() => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange"))))
        yield* at(() => button(page, "Forget the link").click())
        yield* at(() => button(page, "Forget").click())
        yield* at(() => page.getByRole("heading", { name: "Link this browser" }).waitFor())
        assert.isUndefined(yield* at(() => page.evaluate(checks.kept)))
      }))

    it.scoped("ends its own link when its user is sure", () =>
      Effect.gen(function*() {
        const { store } = yield* World
        const { page } = yield* linked("leaves")
        yield* at(() => button(page, "Unlink this browser").click())
        yield* at(() => button(page, "Unlink").click())
        yield* says(page, "This device is unlinked.")
        assert.lengthOf(yield* store.devices({ directoryId, identifier: "leaves" }), 0)
      }))

    it.scoped("keeps keys that no script can read", () =>
      Effect.gen(function*() {
        const { page } = yield* Linked
        assert.deepStrictEqual(yield* at(() => page.evaluate(checks.exported)), [
          ["signing", false, ["sign"], "InvalidAccessError"],
          ["decryption", false, ["decrypt"], "InvalidAccessError"]
        ])
      }))

    for (const colorScheme of ["light", "dark"] as const) {
      it.scoped(`can be read, named and hit in the ${colorScheme}`, () =>
        Effect.gen(function*() {
          const { ask, page: address } = yield* World
          const user = `sees-${colorScheme}`
          const found: Array<string> = []
          const check = (page: Page, where: string) =>
            Effect.map(
              at(() => page.evaluate(PageChecks.accessibility, 40)),
              (problems) => found.push(...problems.map((each) => `${where}: ${each}`))
            )
          const options = { colorScheme, reducedMotion: "reduce" } as const
          const empty = yield* Browser.visit(address, options)
          yield* at(() => empty.page.getByLabel("Link code").waitFor())
          yield* check(empty.page, "link")
          const { page } = yield* linked(user, options)
          yield* check(page, "nothing")
          yield* ask(user, {
            title: "Open the shop",
            context: "Why",
            denialReasons: reasons,
            policy: AuthPolicy.any(7)
          })
          yield* asks(page, "Open the shop")
          yield* at(() => button(page, "Approve").click())
          yield* at(() => button(page, "Tell the service").waitFor())
          yield* check(page, "request")
          yield* at(() => button(page, "Deny").click())
          yield* at(() => page.getByRole("dialog").waitFor())
          yield* check(page, "dialog")
          assert.deepStrictEqual(found, [])
        }))
    }

    it.scoped("is filled in by keyboard, in the order in which it is read", () =>
      Effect.gen(function*() {
        const { page: address } = yield* World
        const { page } = yield* Browser.visit(address)
        yield* at(() => page.getByLabel("Link code").focus())
        const order: Array<string | undefined> = []
        for (let step = 0; step < 4; step++) {
          order.push(
            yield* at(() =>
              page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent || undefined)
            )
          )
          yield* at(() => page.keyboard.press("Tab"))
        }
        assert.deepStrictEqual(order, ["code", "sdk-key", "name", "Link this browser"])
      }))

    it.scoped(
      "does not run what an attacker would have it run",
      () => Effect.flatMap(World, ({ page }) => Browser.withstands(page))
    )
  })
})
