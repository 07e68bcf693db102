/** The pages. */
import * as LinkQrCode from "@effect-launchkey/clients/LinkQrCode"
import type { Device } from "@effect-launchkey/core/Device"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { LoginInProgress } from "../Logins.ts"
import type { Link, Login, LoginStatus, Session } from "../Store.ts"
import { type Html, html, nothing, trusted } from "./Html.ts"
import { button, failure, layout, notice, timeLeft } from "./Layout.ts"

const secondsUntil = (now: DateTime.Utc, end: DateTime.Utc): number => DateTime.distance(now, end) / 1000

const userField = (user: string) =>
  html`<label for="user">User name</label>
<input id="user" name="user" value="${user}" required maxlength="100" autocomplete="username" autocapitalize="none" spellcheck="false" autofocus>`

/** A form of one text, with what was wrong with it the last time. */
export interface FormState {
  readonly user?: string
  readonly problem?: string
  readonly notice?: string
}

const remarks = ({ notice: told, problem }: FormState): Html =>
  html`${told === undefined ? nothing : notice(told)}${problem === undefined ? nothing : failure(problem)}`

export const loginForm = (state: FormState = {}): Html =>
  layout(
    { title: "Log in" },
    html`<h1>Log in</h1>
<p class="lead">No password: your device asks you.</p>
${remarks(state)}
<form method="post" action="/login">
${userField(state.user ?? "")}
<button class="primary">Log in</button>
</form>
<p class="aside">First time here? <a href="/link">Link a device</a></p>`
  )

export const loginWaiting = ({ deadline, digits, user }: Login, now: DateTime.Utc): Html =>
  layout(
    { title: "Check your device", live: { path: "/login/events", status: "Waiting" } },
    html`<h1>Check your device</h1>
<p class="lead">Approve the login of <b>${user}</b> only if your device shows this number.</p>
<p class="digits"><span class="pulse" aria-hidden="true"></span><span class="number">${digits}</span></p>
<p class="aside">Waiting for your answer. ${timeLeft(secondsUntil(now, deadline))} left.</p>
${button("/login/cancel", "Cancel", "plain")}`
  )

const explanations: Readonly<Record<Exclude<LoginStatus["_tag"], "Waiting" | "Approved" | "Denied">, string>> = {
  Failed: "Your device could not do what this login asks for. See what it says, and try again.",
  Expired: "Nobody answered in time. Have your device at hand and try again.",
  Canceled: "The login was canceled.",
  Unknown: "We could not learn what your device answered. Nobody was logged in; try again."
}

const ends = (status: Exclude<LoginStatus, { readonly _tag: "Waiting" | "Approved" }>): {
  readonly title: string
  readonly text: string
} => {
  if (status._tag !== "Denied") return { title: "Not logged in", text: explanations[status._tag] }
  return status.fraud
    ? {
      title: "Reported",
      text: "This login was reported as not yours, and nobody was logged in. If it was you after all, begin again."
    }
    : { title: "Denied", text: "The login was denied on your device. Nobody was logged in." }
}

export const loginEnded = (status: Exclude<LoginStatus, { readonly _tag: "Waiting" | "Approved" }>): Html => {
  const { text, title } = ends(status)
  return layout(
    { title },
    html`<h1>${title}</h1>
${failure(text)}
<a class="button primary" href="/login">Try again</a>`
  )
}

export const loginInProgress = ({ expires, of }: LoginInProgress, now: DateTime.Utc): Html => {
  const until = Option.match(expires, {
    onNone: () => nothing,
    onSome: (end) => html` It waits for ${timeLeft(secondsUntil(now, end))} more.`
  })
  switch (of) {
    case "ours":
      return layout(
        { title: "A login is open" },
        html`<h1>A login is open</h1>
<p class="lead">You began it in this browser, and your device has not answered yet.${until}</p>
<a class="button primary" href="/login/waiting">Go on with it</a>
${button("/login/again", "Cancel it and ask again", "plain")}`
      )
    case "here":
      return layout(
        { title: "A login is open" },
        html`<h1>A login is open</h1>
<p class="lead">Another browser waits for this user's device.${until}</p>
${notice("If it is not yours, report it on your device. Only the browser that began it can go on with it or cancel it.")}
<a class="button primary" href="/login">Try again</a>`
      )
    case "another service":
      return layout(
        { title: "Your device is busy" },
        html`<h1>Your device is busy</h1>
<p class="lead">Another service asks it something. Answer that first.${until}</p>
<a class="button primary" href="/login">Try again</a>`
      )
  }
}

export const linkForm = (state: FormState & { readonly owner?: boolean } = {}): Html =>
  layout(
    { title: "Link a device" },
    html`<h1>Link a device</h1>
<p class="lead">${
      state.owner === true
        ? "It will be able to log you in, as your other devices are."
        : "Choose a name. The device that you link to it will be what you log in with."
    }</p>
${remarks(state)}
<form method="post" action="/link">
${state.owner === true ? html`<p><b>${state.user ?? ""}</b></p>` : userField(state.user ?? "")}
<button class="primary">Show the code</button>
</form>
<p class="aside">${
      state.owner === true ? html`<a href="/">Back</a>` : html`Linked already? <a href="/login">Log in</a>`
    }</p>`
  )

export const linkWaiting = (link: Link, authenticatorUrl: Option.Option<string>, now: DateTime.Utc): Html =>
  layout(
    { title: "Scan the code", live: { path: "/link/events", status: "waiting" } },
    html`<h1>Scan the code</h1>
<p class="lead">Read it with the authenticator on your device, or type it there.</p>
<div class="qr" role="img" aria-label="QR code of the linking code ${link.code}">${trusted(LinkQrCode.svg(link))}</div>
<p class="code" id="code">${link.code}</p>
${
      Option.match(authenticatorUrl, {
        onNone: () => nothing,
        onSome: (url) =>
          html`<a class="button primary" href="${`${url}#code=${link.code}`}" target="_blank" rel="noopener">Open the authenticator</a>`
      })
    }
<p class="aside">Waiting for your device. ${timeLeft(secondsUntil(now, link.expires))} left.</p>
<p class="aside"><a href="/link">Start again</a></p>`
  )

export const linkCompleted = (loggedIn: boolean): Html =>
  layout(
    { title: "Device linked" },
    html`<h1>Device linked</h1>
<p class="done" aria-hidden="true"><svg viewBox="0 0 24 24" width="64" height="64"><circle cx="12" cy="12" r="11"/><path d="m7 12.5 3.5 3.5 7-7.5"/></svg></p>
<p class="lead">From now on it answers for you.</p>
${
      loggedIn
        ? html`<a class="button primary" href="/">Back</a>`
        : html`<a class="button primary" href="/login">Log in with it</a>`
    }`
  )

const deviceRow = ({ name, type }: Device) =>
  html`<li><span>${Option.getOrElse(name, () => "A device")}</span><span class="kind">${
    Option.getOrElse(type, () => "")
  }</span></li>`

export const account = (
  { started, user }: Session,
  devices: Option.Option<ReadonlyArray<Device>>
): Html =>
  layout(
    { title: "Logged in", live: { path: "/account/events", status: "open" }, wide: true },
    html`<h1>Hello, ${user}</h1>
<p class="lead">Logged in at ${
      DateTime.format(started, { locale: "en-GB", timeStyle: "short", timeZone: "UTC" })
    } UTC. Log out here or on your device: this page notices.</p>
<h2>Your devices</h2>
${
      Option.match(devices, {
        onNone: () => notice("They cannot be shown at the moment."),
        onSome: (those) => html`<ul class="devices">${those.map(deviceRow)}</ul>`
      })
    }
<div class="actions">
<a class="button plain" href="/link">Link another device</a>
${button("/logout", "Log out")}
</div>`
  )

export const foreignForm: Html = layout(
  { title: "Refused" },
  html`<h1>Refused</h1>
${failure("This form was not sent from a page of this site, so nothing was done.")}
<a class="button primary" href="/">Start again here</a>`
)

export const notFound: Html = layout(
  { title: "Not found" },
  html`<h1>Not found</h1>
<p class="lead">There is no such page.</p>
<a class="button primary" href="/">Go to the start</a>`
)

export const problem = (text: string): Html =>
  layout(
    { title: "Problem" },
    html`<h1>That did not work</h1>${failure(text)}<a class="button primary" href="/">Go on</a>`
  )

export const tooOften = (wait: Option.Option<Duration.Duration>): Html =>
  problem(
    `Your device was asked too often. Wait ${
      Option.match(wait, {
        onNone: () => "a little",
        onSome: (time) => `${Math.ceil(Duration.toSeconds(time))} seconds`
      })
    }, then try again.`
  )
