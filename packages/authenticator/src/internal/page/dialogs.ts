/** What the page asks its user. */
import { MatchNumber } from "@effect-launchkey/core/Authorization"
import type { PendingAuthorization } from "@effect-launchkey/core/Device"
import * as LinkedDevice from "@effect-launchkey/platform/LinkedDevice"
import { confirm, dialog, h } from "@effect-launchkey/platform/PageElements"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type Asking, LocationUnknown } from "./approval.ts"
import * as Pin from "./pin.ts"

const isNumber = Schema.is(MatchNumber)

const digits = (id: string, label: string, autocomplete: string) => {
  const input = h("input", {
    id,
    type: "password",
    inputmode: "numeric",
    autocomplete,
    maxlength: "12",
    required: true,
    class: "pin"
  })
  return { input, row: h("div", { class: "field" }, h("label", { for: id }, label), input) }
}

const enter = (label: string, problem: string | undefined): Effect.Effect<Option.Option<string>> => {
  const pin = digits("pin", "PIN", "off")
  const said = h("p", { class: "problem", role: "alert" }, problem ?? "")
  return dialog<Option.Option<string>>({
    title: "Enter your PIN",
    body: [pin.row, said],
    actions: [
      {
        label,
        kind: "primary",
        take: () => {
          if (Pin.pattern.test(pin.input.value)) return Option.some(pin.input.value)
          said.textContent = "A PIN has 4 to 12 digits."
          pin.input.focus()
          return undefined
        }
      },
      { label: "Cancel", kind: "plain", take: () => Option.none() }
    ]
  }, Option.none())
}

const enterNumber: Effect.Effect<Option.Option<string>> = Effect.suspend(() => {
  const input = h("input", {
    id: "number",
    type: "text",
    inputmode: "numeric",
    autocomplete: "off",
    maxlength: "2",
    required: true,
    class: "number"
  })
  const said = h("p", { class: "problem", role: "alert" })
  input.addEventListener("input", () => {
    said.textContent = ""
  })
  return dialog<Option.Option<string>>({
    title: "Enter the number",
    body: [
      h("p", {}, "It is shown where you sign in. If you are not signing in, cancel and report fraud."),
      h("div", { class: "field" }, h("label", { for: "number" }, "Number"), input),
      said
    ],
    actions: [
      {
        label: "Approve",
        kind: "primary",
        take: () => {
          if (isNumber(input.value)) return Option.some(input.value)
          said.textContent = "The number has two digits."
          input.focus()
          return undefined
        }
      },
      { label: "Cancel", kind: "plain", take: () => Option.none() }
    ]
  }, Option.none())
})

/** The PIN that the device has, before it gets another. */
export const currentPin = enter("Continue", undefined)

export const pinProblem = (checked: "Wrong" | "Locked"): string =>
  checked === "Wrong" ? "That is not the PIN." : "Too many wrong PINs: wait a while before you try again."

export const choosePin = (why: string): Effect.Effect<Option.Option<string>> => {
  const first = digits("new-pin", "New PIN, 4 to 12 digits", "new-password")
  const second = digits("repeated-pin", "The same again", "new-password")
  const said = h("p", { class: "problem", role: "alert" })
  return dialog<Option.Option<string>>({
    title: "Choose a PIN",
    body: [h("p", {}, why), first.row, second.row, said],
    actions: [
      {
        label: "Save PIN",
        kind: "primary",
        take: () => {
          if (!Pin.pattern.test(first.input.value)) {
            said.textContent = "A PIN has 4 to 12 digits."
            first.input.focus()
          } else if (first.input.value !== second.input.value) {
            said.textContent = "The two differ."
            second.input.focus()
          } else return Option.some(first.input.value)
          return undefined
        }
      },
      { label: "Cancel", kind: "plain", take: () => Option.none() }
    ]
  }, Option.none())
}

/** Why the user refuses; none where they leave it. With `fraud`, only for what reports fraud. */
export const refusal = (
  { denialReasons, serviceName }: PendingAuthorization,
  fraud: boolean
): Effect.Effect<Option.Option<LinkedDevice.Outcome>> => {
  const offered = fraud ? denialReasons.filter((reason) => reason.fraud) : denialReasons
  if (offered.length === 0) {
    return fraud
      ? Effect.map(
        confirm(
          "Report fraud?",
          `${serviceName} learns that you did not ask for this, and that somebody may be using your name.`,
          "Report fraud"
        ),
        (sure) => sure ? Option.some(LinkedDevice.denied({ fraud })) : Option.none()
      )
      : Effect.succeed(Option.some(LinkedDevice.denied({ fraud })))
  }
  const said = h("p", { class: "problem", role: "alert" })
  const choices = offered.map((reason, index) => ({
    reason,
    input: h("input", {
      type: "radio",
      name: "reason",
      id: `reason-${index}`,
      value: String(index),
      checked: offered.length === 1
    })
  }))
  return dialog<Option.Option<LinkedDevice.Outcome>>({
    title: fraud ? "What is wrong?" : "Why do you deny it?",
    body: [
      h(
        "fieldset",
        { class: "choices" },
        h("legend", {}, `${serviceName} learns your answer.`),
        ...choices.map(({ input, reason }) =>
          h(
            "label",
            { for: input.id, class: "choice" },
            input,
            h("span", {}, reason.reason),
            reason.fraud ? h("span", { class: "tag" }, "reports fraud") : undefined
          )
        )
      ),
      said
    ],
    actions: [
      {
        label: fraud ? "Report fraud" : "Deny",
        kind: "danger",
        take: () => {
          const chosen = choices.find(({ input }) => input.checked)
          if (chosen !== undefined) return Option.some(LinkedDevice.denied(chosen.reason))
          said.textContent = "Pick one first."
          choices[0]?.input.focus()
          return undefined
        }
      },
      { label: "Cancel", kind: "plain", take: () => Option.none() }
    ]
  }, Option.none())
}

const locate = Effect.async<{ readonly latitude: number; readonly longitude: number }, LocationUnknown>((resume) => {
  if (!("geolocation" in navigator)) {
    resume(new LocationUnknown({ reason: "SENSOR" }))
    return
  }
  navigator.geolocation.getCurrentPosition(
    ({ coords: { latitude, longitude } }) => resume(Effect.succeed({ latitude, longitude })),
    ({ PERMISSION_DENIED, code }) =>
      resume(new LocationUnknown({ reason: code === PERMISSION_DENIED ? "PERMISSION" : "SENSOR" })),
    { enableHighAccuracy: true, maximumAge: 60_000, timeout: 20_000 }
  )
})

export const asking: Asking = {
  enterPin: (problem) => enter("Approve", problem),
  enterNumber,
  choosePin: choosePin("The service asks for a PIN, and this device has none yet. It stays in this browser."),
  locate
}
