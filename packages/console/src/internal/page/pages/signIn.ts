/** How an operator comes in. */
import type { Session } from "@effect-launchkey/platform/ConsoleApi"
import { h, icon } from "@effect-launchkey/platform/PageElements"
import * as Effect from "effect/Effect"
import type { Client } from "../client.ts"
import { paths } from "../icons.ts"
import * as passkeys from "../passkeys.ts"
import * as problems from "../problems.ts"
import * as ui from "../ui.ts"

interface Coming {
  readonly api: Client
  readonly run: (effect: Effect.Effect<void>) => void
  readonly entered: (session: Session) => Effect.Effect<void>
}

const card = (title: string, ...children: ReadonlyArray<Node>) =>
  h("section", { class: "card entry" }, h("h2", { tabindex: "-1" }, title), ...children)

const unusable = () =>
  card(
    "This browser cannot be used",
    h("p", {}, "It has no passkeys here: open the console by https, or on localhost, in a browser that knows them.")
  )

/** Runs while the button says so, and says what went wrong. */
const attempt = (
  { run }: Coming,
  submit: HTMLButtonElement,
  problem: HTMLElement,
  effect: Effect.Effect<void, { readonly _tag: string; readonly message: string }>
) => {
  problem.textContent = ""
  submit.disabled = true
  run(effect.pipe(
    Effect.catchAll((error) =>
      Effect.sync(() => {
        problem.textContent = problems.of(error)
      })
    ),
    Effect.ensuring(Effect.sync(() => {
      submit.disabled = false
    }))
  ))
}

const alert = () => h("p", { class: "problem", role: "alert" })

/** `ended` where there was a session that is over. */
export const signIn = (coming: Coming, ended: boolean): HTMLElement => {
  if (!passkeys.supported()) return unusable()
  const { api, entered } = coming
  const problem = alert()
  const submit = ui.button("Sign in with a passkey", "primary", () =>
    attempt(
      coming,
      submit,
      problem,
      api.access.signInOptions().pipe(
        Effect.flatMap(passkeys.use),
        Effect.flatMap((payload) => api.access.signIn({ payload })),
        Effect.flatMap(entered)
      )
    ))
  submit.prepend(icon(paths.key))
  return card(
    "Sign in",
    h(
      "p",
      { class: "lead" },
      ended
        ? "Your session is over. Sign in again, and go on where you were."
        : "For who operates this platform. Your browser or device asks for your passkey."
    ),
    problem,
    submit,
    h(
      "p",
      { class: "hint" },
      "No passkey yet? Whoever has the platform's machine can invite you: ",
      h("code", {}, "launchkey admin operator invite")
    )
  )
}

/** `done` takes the invitation out of the page, whatever became of it. */
export const invitation = (coming: Coming, token: string, done: () => void): HTMLElement => {
  if (!passkeys.supported()) return unusable()
  const { api, entered } = coming
  const problem = alert()
  const name = ui.input("What this passkey is to be called", passkeys.suggestedName(), () => {}, {
    maxlength: "64",
    hint: "so that you can tell it from others of yours"
  })
  const submit = h("button", { type: "submit", class: "primary" }, icon(paths.key), "Make a passkey")
  const form = h("form", { novalidate: true }, name.row, problem, submit)
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    const passkeyName = name.control.value.trim()
    name.complain(ui.needed(passkeyName) ?? "")
    if (passkeyName === "") {
      name.control.focus()
      return
    }
    attempt(
      coming,
      submit,
      problem,
      api.access.invitationOptions({ payload: { token } }).pipe(
        Effect.flatMap(({ options }) => passkeys.create(options)),
        Effect.flatMap((response) => api.access.acceptInvitation({ payload: { token, passkeyName, response } })),
        Effect.tap(Effect.sync(done)),
        Effect.flatMap(entered)
      )
    )
  })
  return card(
    "You are invited",
    h(
      "p",
      { class: "lead" },
      "Make a passkey, and you operate this platform. It stays in this device, in your phone or on a security key; "
        + "nothing is typed, and nothing can be given away by mistake."
    ),
    form,
    ui.button("I have a passkey already", "plain", () => {
      done()
      location.reload()
    })
  )
}
