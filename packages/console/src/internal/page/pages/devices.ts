/** The devices of a user, who is named in no address. */
import type { DirectoryId } from "@effect-launchkey/core/EntityIdentifier"
import type { Device } from "@effect-launchkey/platform/OperatingApi"
import { confirm, h } from "@effect-launchkey/platform/PageElements"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { App } from "../app.ts"
import * as ui from "../ui.ts"

const states: { readonly [S in (typeof Device.Type)["status"]]: readonly [string, "good" | "warn"] } = {
  LINKED: ["linked", "good"],
  LINK_PENDING: ["is being linked", "warn"],
  UNLINK_PENDING: ["is being unlinked", "warn"]
}

export const devices = ({ api, call, run, tell }: App, directoryId: DirectoryId): HTMLElement => {
  const user = ui.input("User", "", () => {}, { hint: "as the directory names them" })
  const found = h("div", { "aria-live": "polite" })
  const show = (name: string): Effect.Effect<void, never> =>
    call(api.operating.listDevices({ payload: { directoryId, user: name } })).pipe(
      Effect.match({
        onFailure: ({ text }) => h("p", { class: "problem" }, text),
        onSuccess: (all) =>
          ui.table(
            "Devices",
            ["Name", "Type", "State", "Linked", "Do"],
            all.map((device) => {
              const name = Option.getOrElse(device.name, () => "without a name")
              const [text, tone] = states[device.status]
              return [
                name,
                Option.getOrElse(device.type, () => "–"),
                ui.tag(text, tone),
                ui.time(device.created),
                ui.button("Unlink", "quiet small", () => run(unlink(device.id, name)), {
                  "aria-label": `Unlink ${name}`
                })
              ]
            }),
            "The user has no device, or there is no such user."
          )
      }),
      Effect.map((shown) => found.replaceChildren(shown))
    )
  const unlink = (deviceId: (typeof Device.Type)["id"], name: string) =>
    Effect.gen(function*() {
      const sure = yield* confirm(
        "Unlink the device?",
        `${name} answers nothing more from then on. This cannot be undone: it would have to be linked again.`,
        "Unlink"
      )
      if (!sure) return
      const named = user.control.value.trim()
      yield* call(api.operating.unlinkDevice({ payload: { directoryId, user: named, deviceId } }))
      yield* tell("The device is unlinked.")
      yield* show(named)
    })
  const form = h(
    "form",
    { class: "find", novalidate: true },
    user.row,
    h("button", { type: "submit", class: "plain" }, "Find devices")
  )
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    const name = user.control.value.trim()
    user.complain(ui.needed(name) ?? "")
    if (name === "") user.control.focus()
    else run(show(name))
  })
  return ui.section("Devices of a user", [], form, found)
}
