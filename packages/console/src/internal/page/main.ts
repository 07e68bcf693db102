/** Where the page begins: the frame, who is signed in, and which page is shown. */
import { Directory, Service } from "@effect-launchkey/core/EntityIdentifier"
import type { Session } from "@effect-launchkey/platform/ConsoleApi"
import { confirm, h, icon, news as makeNews } from "@effect-launchkey/platform/PageElements"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import type { App, Page } from "./app.ts"
import { calling } from "./app.ts"
import * as Client from "./client.ts"
import { paths } from "./icons.ts"
import * as names from "./names.ts"
import { account } from "./pages/account.ts"
import { audit } from "./pages/audit.ts"
import { deliveries } from "./pages/deliveries.ts"
import { fraud } from "./pages/fraud.ts"
import * as organizations from "./pages/organizations.ts"
import { platformKeys } from "./pages/platformKeys.ts"
import { requests } from "./pages/requests.ts"
import * as signIn from "./pages/signIn.ts"
import type { Problem } from "./problems.ts"
import * as ui from "./ui.ts"

const services = Layer.provideMerge(
  FetchHttpClient.layer,
  Layer.succeed(FetchHttpClient.RequestInit, {
    cache: "no-store",
    credentials: "same-origin",
    referrerPolicy: "no-referrer"
  })
)

const sections = [
  ["Organizations", "#/"],
  ["Live requests", "#/requests"],
  ["Deliveries", "#/deliveries"],
  ["Fraud", "#/fraud"],
  ["Audit", "#/audit"],
  ["Platform keys", "#/platform-keys"]
] as const

const asOf = Schema.decodeUnknownOption(Schema.Union(Service, Directory))

/** The page that an address of the console names. */
const route = (
  app: App,
  hash: string,
  named: Effect.Effect<names.Names, Problem>
): Effect.Effect<Page, Problem> => {
  const [first = "", id = "", ...rest] = hash.replace(/^#\/?/, "").split("/")
  switch (first) {
    case "requests":
      return Effect.flatMap(named, (names) => requests(app, names, id === "" ? Option.none() : asOf(id)))
    case "deliveries":
      return Effect.flatMap(named, (names) => deliveries(app, names))
    case "fraud":
      return Effect.flatMap(named, (names) => fraud(app, names))
    case "audit":
      return Effect.flatMap(named, (names) => audit(app, names))
    case "platform-keys":
      return platformKeys(app)
    case "account":
      return account(app)
    case "org": {
      const [kind, second = "", ...below] = rest
      const inDirectory = kind === "dir" ? second : undefined
      const [what, serviceId, page] = kind === "dir" ? below : rest
      if (what === "svc" && serviceId !== undefined) {
        const place = { organizationId: id, directoryId: inDirectory, serviceId }
        return page === "policy" ? organizations.policy(app, place) : organizations.service(app, place)
      }
      return inDirectory === undefined
        ? organizations.organization(app, id)
        : organizations.directory(app, id, inDirectory)
    }
    default:
      return organizations.list(app)
  }
}

const frame = () => {
  const nav = h("nav", { "aria-label": "Console" })
  const who = h("div", { class: "who" })
  const main = h("main", { id: "main", tabindex: "-1" })
  const { element: news, tell } = makeNews()
  const skip = h("a", { class: "skip", href: "#main" }, "Skip to the page")
  skip.addEventListener("click", (event) => {
    event.preventDefault()
    main.focus()
  })
  document.getElementById("app")?.replaceChildren(
    skip,
    h("header", { class: "top" }, h("span", { class: "logo" }, icon(paths.lines)), h("h1", {}, "Console"), who),
    nav,
    main,
    news
  )
  return { nav, who, main, tell }
}

/** An invitation in the address is read once, so that it is in no history, no bookmark and no reload. */
const invitationInAddress = (): string | undefined => {
  const token = /^#invite=([\w-]+)$/.exec(location.hash)?.[1]
  if (token !== undefined) history.replaceState(null, "", location.pathname)
  return token
}

const page = Effect.gen(function*() {
  const { main, nav, tell, who } = frame()
  const runtime = yield* Effect.runtime()
  const fork = (effect: Effect.Effect<void>) => Runtime.runFork(runtime)(effect)
  const api = yield* Client.make

  let session: Session | undefined
  let shown: Page | undefined
  let running: Fiber.RuntimeFiber<void> | undefined
  let hash = location.hash
  let visits = 0

  const run = (effect: Effect.Effect<unknown, Problem>) =>
    void fork(effect.pipe(
      Effect.asVoid,
      Effect.catchAll(({ signedOut, text }) => signedOut ? Effect.void : tell(text))
    ))

  const bare = () => {
    session = undefined
    shown = undefined
    nav.hidden = true
    who.replaceChildren()
    visits++
    if (running !== undefined) fork(Effect.asVoid(Fiber.interrupt(running)))
    running = undefined
    main.removeAttribute("aria-busy")
  }

  const enter = (ended: boolean) =>
    Effect.sync(() => {
      bare()
      document.title = "Sign in – Console"
      main.replaceChildren(signIn.signIn({ api, run: fork, entered }, ended))
      main.querySelector("h2")?.focus()
    })

  const entered = (now: Session) =>
    Effect.sync(() => {
      session = now
      nav.hidden = false
      const { name } = now.operator
      who.replaceChildren(
        h("a", { href: "#/account", title: "Your passkeys and sessions" }, name),
        ui.button("Sign out", "plain small", () => run(Effect.zipRight(call(api.account.signOut()), enter(false))))
      )
      visit(true)
    })

  const call = calling(api, Effect.suspend(() => session === undefined ? Effect.void : enter(true)))

  const [known, forgetNames] = yield* Effect.cachedInvalidateWithTTL(names.load({ api, call }), "1 minute")
  const named = Effect.tapError(known, () => forgetNames)

  /** Keeps the focus where it was, if that is still there. */
  const show = (next: Page, moved: boolean) => {
    const before = document.activeElement
    const place = before instanceof HTMLElement && main.contains(before) ? before.getAttribute("aria-label") : null
    shown = next
    document.title = `${next.title} – Console`
    const heading = h("h2", { tabindex: "-1" }, next.title)
    const trail = next.trail ?? []
    main.replaceChildren(
      ...(trail.length === 0 ? [] : [h(
        "nav",
        { class: "trail", "aria-label": "Above this page" },
        ...trail.flatMap(([text, href], index) => [
          ...(index === 0 ? [] : [h("span", { "aria-hidden": "true" }, "/")]),
          ui.link(text, href)
        ])
      )]),
      heading,
      ...next.content
    )
    main.removeAttribute("aria-busy")
    const again = place === null ? null : main.querySelector<HTMLElement>(`[aria-label="${CSS.escape(place)}"]`)
    if (moved) scrollTo(0, 0)
    ;(again ?? heading).focus({ preventScroll: !moved })
  }

  const failed = ({ text }: Problem) => {
    shown = undefined
    main.removeAttribute("aria-busy")
    const heading = h("h2", { tabindex: "-1" }, "This page cannot be shown")
    main.replaceChildren(
      heading,
      h(
        "section",
        { class: "card", role: "alert" },
        h("p", {}, text),
        ui.button("Try again", "primary", () => visit(true))
      )
    )
    heading.focus()
  }

  const visit = (moved: boolean) => {
    if (session === undefined) return
    const mine = ++visits
    const current = session
    const app: App = {
      api,
      session: current,
      run,
      call,
      tell,
      reload: Effect.zipRight(forgetNames, Effect.sync(() => visit(false))),
      go: (href) =>
        Effect.sync(() => {
          if (location.hash === href) visit(true)
          else location.hash = href
        }),
      left: enter(false)
    }
    for (const link of nav.querySelectorAll("a")) {
      const at = link.getAttribute("href") ?? ""
      const here = at === "#/" ? /^$|^#\/?$|^#\/org\//.test(location.hash) : location.hash.startsWith(at)
      if (here) link.setAttribute("aria-current", "page")
      else link.removeAttribute("aria-current")
    }
    if (running !== undefined) fork(Effect.asVoid(Fiber.interrupt(running)))
    running = undefined
    main.setAttribute("aria-busy", "true")
    if (moved) main.replaceChildren(h("p", { class: "loading", role: "status" }, "Loading…"))
    fork(
      route(app, location.hash, named).pipe(
        Effect.matchEffect({
          onFailure: (problem) => Effect.sync(() => mine === visits && !problem.signedOut && failed(problem)),
          onSuccess: (next) =>
            Effect.sync(() => {
              if (mine !== visits) return
              show(next, moved)
              if (next.running !== undefined) running = fork(next.running)
            })
        }),
        Effect.asVoid
      )
    )
  }

  nav.append(...sections.map(([text, href]) => ui.link(text, href)))
  nav.hidden = true

  const arrived = () => {
    const token = invitationInAddress()
    if (token !== undefined) return invited(token)
    if (location.hash === hash) return
    const before = hash
    if (session === undefined || shown?.mayLeave === undefined || shown.mayLeave()) {
      hash = location.hash
      visit(true)
      return
    }
    // the address goes back while it is asked, and forward if that is meant
    const next = location.hash
    history.replaceState(null, "", before)
    run(Effect.map(
      confirm("Leave without setting it?", "What you changed here is lost.", "Leave"),
      (sure) => {
        if (!sure) return
        hash = next
        location.hash = next
        visit(true)
      }
    ))
  }

  const invited = (token: string) => {
    bare()
    document.title = "Invitation – Console"
    main.replaceChildren(signIn.invitation({ api, run: fork, entered }, token, () => {}))
    main.querySelector("h2")?.focus()
  }

  addEventListener("hashchange", arrived)
  addEventListener("beforeunload", (event) => {
    if (shown?.mayLeave !== undefined && !shown.mayLeave()) event.preventDefault()
  })
  addEventListener("offline", () => fork(tell("This computer is offline: what is shown may be old.")))
  addEventListener("online", () => fork(tell("This computer is online again.")))

  const token = invitationInAddress()
  if (token !== undefined) {
    hash = ""
    invited(token)
    return
  }
  yield* Effect.matchEffect(api.account.session(), {
    onFailure: (error) =>
      error._tag === "SignInNeeded" ? enter(false) : Effect.sync(() => {
        bare()
        main.replaceChildren(
          h(
            "section",
            { class: "card entry", role: "alert" },
            h("h2", { tabindex: "-1" }, "The console cannot be reached"),
            h("p", {}, "The platform does not answer, or not as it should. Try again in a moment."),
            ui.button("Try again", "primary", () => location.reload())
          )
        )
      }),
    onSuccess: entered
  })
})

Effect.runFork(Effect.provide(page, services))
