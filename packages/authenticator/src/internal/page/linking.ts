/** The page of a browser that is no device yet. */
import { h, icon } from "@effect-launchkey/platform/PageElements"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Device } from "./device.ts"
import { paths } from "./icons.ts"
import type { Link } from "./link.ts"
import { canScan, scan } from "./scan.ts"
import * as words from "./words.ts"

export interface View {
  readonly element: HTMLElement
  /** Fills in what a link brought. */
  readonly offer: (link: Link) => void
  readonly focus: () => void
}

interface Field {
  readonly row: HTMLElement
  readonly input: HTMLInputElement
}

const field = (
  name: string,
  label: string,
  hint: string,
  attributes: Readonly<Record<string, string>>
): Field => {
  const input = h("input", {
    id: name,
    name,
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    required: true,
    "aria-describedby": `${name}-hint`,
    ...attributes
  })
  const row = h(
    "div",
    { class: "field" },
    h("label", { for: name }, label),
    input,
    h("p", { id: `${name}-hint`, class: "hint" }, hint)
  )
  return { row, input }
}

export const make = (
  device: Device,
  knownSdkKey: string | undefined,
  run: (effect: Effect.Effect<unknown>) => void
): View => {
  const code = field("code", "Link code", "Seven letters and digits, from the service that you want to use.", {
    class: "code",
    maxlength: "7"
  })
  const name = field("name", "Name of this device", "How you will know it among your devices.", { maxlength: "255" })
  name.input.value = words.deviceName(navigator.userAgent)
  const sdkKey = field("sdk-key", "SDK key", "Comes with the code. A link or QR image may bring it by itself.", {
    maxlength: "36"
  })
  if (knownSdkKey !== undefined) {
    sdkKey.input.value = knownSdkKey
    sdkKey.row.hidden = true
  }
  const problem = h("p", { class: "problem", role: "alert" })
  const submit = h("button", { type: "submit", class: "primary wide" }, "Link this browser")
  const inputs = [code.input, sdkKey.input, name.input]

  const complain = (text: string, at?: HTMLInputElement) => {
    problem.textContent = text
    for (const input of inputs) input.removeAttribute("aria-invalid")
    if (at !== undefined) {
      at.setAttribute("aria-invalid", "true")
      at.focus()
    }
  }

  const offer = ({ code: offered, sdkKey: key }: Link) => {
    complain("")
    code.input.value = offered
    if (key !== undefined) {
      sdkKey.input.value = key
      sdkKey.row.hidden = true
    }
    ;(sdkKey.row.hidden || sdkKey.input.value !== "" ? submit : sdkKey.input).focus()
  }

  const scanning = h("button", { type: "button", class: "plain wide" }, icon(paths.camera), "Scan a QR image")
  scanning.hidden = !canScan()
  scanning.addEventListener("click", () =>
    run(Effect.flatMap(
      scan(location.href.split("#", 1)[0] ?? ""),
      (found) =>
        Effect.sync(() => {
          if (typeof found === "string") complain(found)
          else if (Option.isSome(found)) offer(found.value)
        })
    )))

  const form = h(
    "form",
    { novalidate: true, "aria-labelledby": "link-title" },
    code.row,
    sdkKey.row,
    name.row,
    problem,
    submit,
    scanning
  )
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    const missing = inputs.find(({ value }) => value.trim() === "")
    if (missing !== undefined) {
      complain("Fill this in first.", missing)
      return
    }
    complain("")
    submit.disabled = true
    submit.textContent = "Linking…"
    run(
      device.link({
        code: code.input.value,
        sdkKey: sdkKey.input.value.trim().toLowerCase(),
        name: name.input.value.trim()
      }).pipe(
        Effect.map(Option.match({
          onNone: () => {},
          onSome: (text) => complain(text, /SDK key/.test(text) && !sdkKey.row.hidden ? sdkKey.input : code.input)
        })),
        Effect.ensuring(Effect.sync(() => {
          submit.disabled = false
          submit.textContent = "Link this browser"
        }))
      )
    )
  })

  const element = h(
    "section",
    { class: "card linking" },
    h("h2", { id: "link-title", tabindex: "-1" }, "Link this browser"),
    h(
      "p",
      { class: "lead" },
      "It becomes a device of yours: services ask you here whether it is really you. Its key stays in this browser."
    ),
    form
  )
  return { element, offer, focus: () => code.input.focus() }
}
