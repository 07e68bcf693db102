/** Where the page begins. */
import { h, icon, news as makeNews } from "@effect-launchkey/platform/PageElements"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as Device from "./device.ts"
import * as home from "./home.ts"
import { paths } from "./icons.ts"
import * as Link from "./link.ts"
import * as linking from "./linking.ts"
import * as Notifying from "./notifying.ts"
import * as Vault from "./vault.ts"

const reaches: { readonly [R in Device.Reach]: string } = {
  Connecting: "Connecting",
  Live: "Live",
  Polling: "Checking",
  Offline: "Offline",
  Refused: "Not accepted"
}

const services = Layer.mergeAll(RemoteApi.layer, Vault.layerIndexedDb).pipe(
  Layer.provideMerge(Layer.mergeAll(Jose.layer, FetchHttpClient.layer)),
  Layer.provideMerge(
    Layer.succeed(FetchHttpClient.RequestInit, {
      cache: "no-store",
      credentials: "omit",
      referrerPolicy: "no-referrer"
    })
  )
)

const frame = () => {
  const pill = h("span", { class: "pill", role: "status", "aria-label": "Connection" })
  pill.hidden = true
  const main = h("main", { id: "main", "aria-busy": "true" })
  const { element: news, tell } = makeNews()
  document.getElementById("app")?.replaceChildren(
    h(
      "header",
      { class: "top" },
      h("span", { class: "logo" }, icon(paths.shield)),
      h("h1", {}, "Authenticator"),
      pill
    ),
    main,
    news
  )
  return { pill, main, tell }
}

const unusable = (problem: string) =>
  h("section", { class: "card", role: "alert" }, h("h2", {}, "This browser cannot be used"), h("p", {}, problem))

/** A code in the address is read once, so that it is in no history, no bookmark and no reload. */
const linkInAddress = (): Option.Option<Link.Link> => {
  const link = Link.fromFragment(location.hash)
  if (location.hash !== "") history.replaceState(null, "", location.pathname)
  return link
}

const page = Effect.gen(function*() {
  const { main, pill, tell } = frame()
  if (!globalThis.isSecureContext || globalThis.crypto.subtle === undefined) {
    main.replaceChildren(unusable("Keys are kept on secure pages alone: open this page by https, or on localhost."))
    return
  }
  const runtime = yield* Effect.runtime()
  const run = (effect: Effect.Effect<unknown>) => void Runtime.runFork(runtime)(effect)
  const device = yield* Device.make(new URL("..", location.href).href.replace(/\/$/, ""), Notifying.browser)

  const meta = document.querySelector("meta[name=sdk-key]")?.getAttribute("content") ?? ""
  let offered = linkInAddress()
  let showing: "Starting" | "Broken" | "Unlinked" | "Linked" = "Starting"
  let linkView: linking.View | undefined
  let homeView: home.View | undefined

  const arrived = () => {
    const link = linkInAddress()
    if (Option.isNone(link)) return
    if (linkView === undefined) {
      run(device.tell("This browser is linked already. Unlink it first, or open the link in another browser."))
    } else linkView.offer(link.value)
  }

  const show = (state: Device.State, now: number) => {
    const first = showing === "Starting"
    const other = state._tag !== showing
    showing = state._tag
    main.setAttribute("aria-busy", String(state._tag === "Starting"))
    pill.hidden = state._tag !== "Linked"
    switch (state._tag) {
      case "Starting":
        break
      case "Broken":
        main.replaceChildren(unusable(state.problem))
        break
      case "Unlinked":
        if (!other) break
        homeView = undefined
        linkView = linking.make(device, meta === "" ? undefined : meta, run)
        main.replaceChildren(linkView.element)
        if (Option.isSome(offered)) linkView.offer(offered.value)
        else if (!first) linkView.focus()
        break
      case "Linked":
        pill.textContent = reaches[state.reach]
        pill.dataset["reach"] = state.reach
        if (homeView === undefined) {
          linkView = undefined
          homeView = home.make(device, run)
          main.replaceChildren(homeView.element)
          if (!first) homeView.focus()
          else if (Option.isSome(offered)) {
            run(device.tell("This browser is linked already. Unlink it first, or open the link in another browser."))
          }
        }
        homeView.update(state)
        homeView.tick(now)
        document.title = state.requests.length === 0 ? "Authenticator" : `(${state.requests.length}) Authenticator`
        break
    }
    if (state._tag !== "Starting") offered = Option.none()
    if (state._tag !== "Linked") document.title = "Authenticator"
  }

  addEventListener("hashchange", arrived)
  addEventListener("online", () => run(device.online))
  addEventListener("offline", () => run(device.offline))
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") run(device.wake)
  })

  yield* Effect.all([
    Stream.runForEach(device.state.changes, (state) => Effect.map(Clock.currentTimeMillis, (now) => show(state, now))),
    Effect.repeat(Effect.map(Clock.currentTimeMillis, (now) => homeView?.tick(now)), Schedule.spaced("1 second")),
    Stream.runForEach(Stream.fromQueue(device.news), tell)
  ], { concurrency: "unbounded", discard: true })
})

Effect.runFork(page.pipe(Effect.scoped, Effect.provide(services)))
