/** Webhooks on their way, and what became of them. */
import type { Delivery } from "@effect-launchkey/platform/OperatingApi"
import { confirm, h } from "@effect-launchkey/platform/PageElements"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { App, Page } from "../app.ts"
import type { Names } from "../names.ts"
import type { Problem } from "../problems.ts"
import * as ui from "../ui.ts"

type Delivery = typeof Delivery.Type

const kinds: { readonly [K in Delivery["kind"]]: string } = {
  AUTHORIZATION_RESPONSE: "an answer",
  SESSION_END: "the end of a session",
  DEVICE_LINK_COMPLETION: "a completed link"
}

const states: { readonly [S in Delivery["state"]]: readonly [string, "good" | "bad" | "warn"] } = {
  PENDING: ["on its way", "warn"],
  DELIVERED: ["delivered", "good"],
  GIVEN_UP: ["given up", "bad"],
  REFUSED: ["refused", "bad"]
}

const failures: { readonly [F in Option.Option.Value<Delivery["attempts"][number]["failure"]>]: string } = {
  NoEgress: "the platform sends none",
  UrlRefused: "the address is not allowed",
  NameUnresolved: "the name is not known",
  AddressRefused: "the address is not public",
  ConnectionFailed: "no connection",
  TimedOut: "no answer in time"
}

const attempt = ({ at, failure, status }: Delivery["attempts"][number]) =>
  h(
    "li",
    {},
    ui.time(at),
    `: ${
      Option.getOrElse(
        Option.orElse(
          Option.map(status, (status) => `answered ${status}`),
          () => Option.map(failure, (reason) => failures[reason])
        ),
        () => "nothing is known"
      )
    }`
  )

const attempts = ({ attempts, id }: Delivery): HTMLElement =>
  attempts.length === 0 ? h("span", {}, "none yet") : h(
    "details",
    {},
    h("summary", { "aria-label": `Attempts of delivery ${id}` }, String(attempts.length)),
    h("ol", { class: "attempts" }, ...attempts.map(attempt))
  )

export const deliveries = (
  { api, call, reload, run, tell }: App,
  names: Names
): Effect.Effect<Page, Problem> =>
  Effect.map(call(api.operating.listDeliveries()), (all) => {
    const replay = (id: number) =>
      Effect.gen(function*() {
        const sure = yield* confirm(
          "Deliver it once more?",
          "Whoever receives it has to bear with hearing the same twice.",
          "Deliver again"
        )
        if (!sure) return
        yield* call(api.operating.replayDelivery({ payload: { id } }))
        yield* tell(`Delivery ${id} is on its way again.`)
        yield* reload
      })
    const shown = h("div", { "aria-live": "polite" })
    const filter = { state: "", of: "" }
    const show = () => {
      const chosen = all.filter(({ state, subject, url }) =>
        (filter.state === "" || state === filter.state) &&
        `${url} ${subject} ${names.text(subject)}`.toLowerCase().includes(filter.of.trim().toLowerCase())
      )
      shown.replaceChildren(ui.table(
        "Deliveries",
        ["No.", "State", "Tells of", "To", "Address", "Created", "Attempts", "Do"],
        [...chosen].sort((a, b) => b.id - a.id).map((delivery) => {
          const [text, tone] = states[delivery.state]
          return [
            String(delivery.id),
            ui.tag(text, tone),
            kinds[delivery.kind],
            names.of(delivery.subject),
            ui.mono(delivery.url === "" ? "no address" : delivery.url),
            ui.time(delivery.created),
            attempts(delivery),
            delivery.state === "PENDING" ?
              "–" :
              ui.button("Replay", "plain small", () => run(replay(delivery.id)), {
                "aria-label": `Replay delivery ${delivery.id}`
              })
          ]
        }),
        all.length === 0 ? "No webhook was due yet." : "None of them is so."
      ))
    }
    show()
    return {
      title: "Webhook deliveries",
      content: [
        ui.section(
          "Deliveries",
          [ui.button("Look again", "plain small", () => run(reload))],
          h(
            "div",
            { class: "filters" },
            ui.select(
              "State",
              [
                { value: "", text: "Any" },
                ...Object.entries(states).map(([value, [text]]) => ({ value, text }))
              ],
              "",
              (value) => {
                filter.state = value
                show()
              }
            ).row,
            ui.input("Service, directory or address", "", (value) => {
              filter.of = value
              show()
            }, { type: "search" }).row
          ),
          shown
        )
      ]
    }
  })
