/** The page of a linked browser. */
import type { PendingAuthorization } from "@effect-launchkey/core/Device"
import type { Session } from "@effect-launchkey/core/Session"
import { confirm, h, icon, keyed } from "@effect-launchkey/platform/PageElements"
import * as PolicyWords from "@effect-launchkey/platform/PolicyWords"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Device, Linked } from "./device.ts"
import * as dialogs from "./dialogs.ts"
import { paths } from "./icons.ts"
import * as words from "./words.ts"

export interface View {
  readonly element: HTMLElement
  readonly update: (state: Linked) => void
  /** What changes with time alone. */
  readonly tick: (now: number) => void
  readonly focus: () => void
}

type Run = (effect: Effect.Effect<unknown>) => void

const tints = 6

const avatar = (name: string) =>
  h("span", { class: `avatar tint-${words.tint(name, tints)}`, "aria-hidden": "true" }, words.initial(name))

interface Card {
  readonly element: HTMLElement
  readonly update: (request: PendingAuthorization) => void
  readonly tick: (now: number) => void
}

const card = (request: PendingAuthorization, device: Device, run: Run): Card => {
  const id = `request-${request.id}`
  const created = DateTime.toEpochMillis(request.created)
  const expires = DateTime.toEpochMillis(request.expires)
  const title = Option.getOrElse(request.title, () => "Is it you?")
  const left = h("span", { class: "left", role: "timer" })
  const bar = h("progress", { max: String(Math.max(1, expires - created)), "aria-hidden": "true" })
  const demands = PolicyWords.sentences(request.policy)
  const problem = h("div", { class: "unmet", role: "alert" })
  problem.hidden = true

  const button = (kind: string, path: string, label: string) =>
    h("button", { type: "button", class: kind, "aria-describedby": id }, icon(path), label)
  const approve = button("primary", paths.check, "Approve")
  const deny = button("plain", paths.cross, "Deny")
  const fraud = button("quiet", paths.flag, "Report fraud")
  const buttons = [approve, deny, fraud]

  const during = (effect: Effect.Effect<unknown>) =>
    run(
      Effect.sync(() => buttons.forEach((each) => each.setAttribute("aria-disabled", "true"))).pipe(
        Effect.zipRight(effect),
        Effect.ensuring(Effect.sync(() => buttons.forEach((each) => each.removeAttribute("aria-disabled"))))
      )
    )
  const clicked = (element: HTMLButtonElement, effect: Effect.Effect<unknown>) =>
    element.addEventListener("click", () => {
      if (element.getAttribute("aria-disabled") === null) during(effect)
    })

  clicked(
    approve,
    Effect.map(device.approve(request, dialogs.asking), (approval) => {
      if (approval._tag !== "Unmet") return
      const tell = h("button", { type: "button", class: "plain" }, "Tell the service")
      clicked(tell, device.answer(request, approval.outcome))
      problem.replaceChildren(h("p", {}, approval.why), tell)
      problem.hidden = false
    })
  )
  const refuse = (asFraud: boolean) =>
    Effect.flatMap(
      dialogs.refusal(request, asFraud),
      Option.match({ onNone: () => Effect.void, onSome: (outcome) => device.answer(request, outcome) })
    )
  clicked(deny, refuse(false))
  clicked(fraud, refuse(true))

  const element = h(
    "article",
    { class: "card request", "aria-labelledby": id },
    h(
      "header",
      {},
      avatar(request.serviceName),
      h(
        "div",
        {},
        h("p", { class: "service" }, request.serviceName || "A service without a name"),
        h("h3", { id, tabindex: "-1" }, title)
      )
    ),
    Option.isSome(request.context) ? h("p", { class: "context" }, request.context.value) : undefined,
    demands.length > 0
      ? h(
        "ul",
        { class: "demands", "aria-label": "What the service asks for" },
        ...demands.map((text) => h("li", {}, text))
      )
      : undefined,
    problem,
    h("div", { class: "time" }, bar, left),
    h("div", { class: "actions" }, approve, deny, fraud)
  )
  return {
    element,
    update: () => {},
    tick: (now) => {
      bar.value = Math.max(0, expires - now)
      const text = words.timeLeft(expires - now)
      if (left.textContent !== text) left.textContent = text
      element.classList.toggle("urgent", expires - now < 20_000)
    }
  }
}

const sessionRow = (session: Session, device: Device, run: Run) => {
  const since = h("p", { class: "hint" })
  const end = h("button", { type: "button", class: "plain small" }, "Sign out")
  end.setAttribute("aria-label", `Sign out of ${session.serviceName}`)
  end.addEventListener("click", () => run(device.endSession(session)))
  const element = h(
    "li",
    { class: "session" },
    avatar(session.serviceName),
    h("div", {}, h("p", { class: "service" }, session.serviceName), since),
    end
  )
  return {
    element,
    update: () => {},
    tick: (now: number) => {
      const text = `Signed in ${words.ago(session.created, DateTime.unsafeMake(now))}`
      if (since.textContent !== text) since.textContent = text
    }
  }
}

export const make = (device: Device, run: Run): View => {
  const cards = new Map<string, Card>()
  const rows = new Map<string, ReturnType<typeof sessionRow>>()
  const requestsTitle = h("h2", { id: "requests-title", tabindex: "-1" }, "Requests")
  const list = h("div", { class: "requests" })
  const nothing = h(
    "div",
    { class: "card empty" },
    icon(paths.inbox),
    h("p", { class: "strong" }, "Nothing waits for you"),
    h("p", { class: "hint" }, "When a service asks whether it is you, it appears here by itself.")
  )
  const offline = h(
    "p",
    { class: "banner", role: "status" },
    "Offline. What services ask appears here once the platform can be reached again."
  )

  const anew = h("button", { type: "button", class: "plain" }, "Forget the link")
  anew.addEventListener("click", () =>
    run(Effect.if(
      confirm(
        "Forget the link?",
        "The key of this browser is deleted. To come back, link it again.",
        "Forget"
      ),
      { onTrue: () => device.forget, onFalse: () => Effect.void }
    )))
  const refused = h(
    "div",
    { class: "unmet", role: "status" },
    h(
      "p",
      {},
      "The platform does not accept this device. If it was unlinked, forget the link and link it again. If not, check "
        + "this computer's clock; it is tried again by itself."
    ),
    anew
  )

  const sessions = h("ul", { class: "sessions" })
  const noSessions = h("p", { class: "hint" }, "You are signed in nowhere.")
  const everywhere = h("button", { type: "button", class: "plain wide" }, "Sign out everywhere")
  everywhere.addEventListener("click", () =>
    run(Effect.if(
      confirm("Sign out everywhere?", "Every service that you are signed in to ends your session.", "Sign out"),
      { onTrue: () => device.endSessions, onFalse: () => Effect.void }
    )))

  const name = h("dd")
  const since = h("dd")
  const keyId = h("dd", { class: "mono" })
  const pin = h("button", { type: "button", class: "plain" })
  const notify = h("button", { type: "button", class: "plain" }, "Notify me")
  notify.setAttribute("aria-pressed", "false")
  const notified = (on: boolean) => {
    notify.setAttribute("aria-pressed", String(on))
    notify.textContent = on ? "Do not notify me" : "Notify me"
  }
  notify.addEventListener(
    "click",
    () => run(Effect.map(device.setNotified(notify.getAttribute("aria-pressed") !== "true"), notified))
  )
  run(Effect.map(device.notified, notified))
  const unlink = h("button", { type: "button", class: "danger-quiet" }, "Unlink this browser")
  unlink.addEventListener("click", () =>
    run(Effect.if(
      confirm(
        "Unlink this browser?",
        "Its key is deleted, and services can no longer ask you here. To come back, link it again.",
        "Unlink"
      ),
      { onTrue: () => device.unlink, onFalse: () => Effect.void }
    )))
  let hasPin = false
  pin.addEventListener("click", () =>
    run(Effect.gen(function*() {
      if (hasPin) {
        const entered = yield* dialogs.currentPin
        if (Option.isNone(entered)) return
        const checked = yield* device.checkPin(entered.value)
        if (checked !== "Right") return yield* device.tell(dialogs.pinProblem(checked))
      }
      const chosen = yield* dialogs.choosePin("Services may ask for it before you approve. It stays in this browser.")
      if (Option.isSome(chosen) && (yield* device.setPin(chosen.value))) yield* device.tell("The PIN is kept.")
    })))

  const element = h(
    "div",
    { class: "home" },
    h(
      "section",
      { class: "main", "aria-labelledby": "requests-title" },
      requestsTitle,
      offline,
      refused,
      list,
      nothing
    ),
    h(
      "div",
      { class: "side" },
      h(
        "section",
        { class: "card", "aria-labelledby": "sessions-title" },
        h("h2", { id: "sessions-title" }, "Signed in"),
        sessions,
        noSessions,
        everywhere
      ),
      h(
        "section",
        { class: "card", "aria-labelledby": "device-title" },
        h("h2", { id: "device-title" }, "This device"),
        h(
          "dl",
          {},
          h("dt", {}, "Name"),
          name,
          h("dt", {}, "Linked"),
          since,
          h("dt", {}, "Key"),
          keyId
        ),
        h("div", { class: "actions" }, notify, pin, unlink)
      )
    )
  )

  let ahead = 0
  let linked: DateTime.Utc | undefined
  return {
    element,
    update: (state) => {
      // Where the focused request goes away, its user stays near.
      const lost = list.contains(document.activeElement)
      keyed(
        list,
        new Map(state.requests.map((request) => [request.id, request])),
        cards,
        (request) => card(request, device, run)
      )
      if (lost && !list.contains(document.activeElement)) {
        const next = list.querySelector("h3")
        ;(next ?? requestsTitle).focus()
      }
      keyed(
        sessions,
        new Map(state.sessions.map((session) => [`${session.serviceId}`, session])),
        rows,
        (session) => sessionRow(session, device, run)
      )
      nothing.hidden = state.requests.length > 0 || state.reach === "Connecting" || state.reach === "Refused"
      offline.hidden = state.reach !== "Offline"
      refused.hidden = state.reach !== "Refused"
      noSessions.hidden = state.sessions.length > 0
      everywhere.hidden = state.sessions.length < 2
      name.textContent = state.name
      keyId.textContent = state.keyId
      hasPin = state.hasPin
      pin.textContent = hasPin ? "Change PIN" : "Set a PIN"
      linked = state.linked
      ahead = state.ahead
    },
    tick: (now) => {
      cards.forEach((each) => each.tick(now + ahead))
      rows.forEach((each) => each.tick(now + ahead))
      if (linked !== undefined) {
        const text = words.ago(linked, DateTime.unsafeMake(now))
        if (since.textContent !== text) since.textContent = text
      }
    },
    focus: () => requestsTitle.focus()
  }
}
