/** Requests as they come and are answered. */
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as ConsoleApi from "@effect-launchkey/platform/ConsoleApi"
import { h, keyed } from "@effect-launchkey/platform/PageElements"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { App, Page } from "../app.ts"
import type { Names } from "../names.ts"
import type { Problem } from "../problems.ts"
import * as ui from "../ui.ts"

type Request = ConsoleApi.Request

const states: { readonly [S in Request["state"]]: readonly [string, "good" | "plain" | "warn"] } = {
  OPEN: ["open", "warn"],
  ANSWERED: ["answered", "good"],
  CANCELED: ["canceled", "plain"],
  EXPIRED: ["expired", "plain"]
}

type Reach = "Connecting" | "Live" | "Paused" | "Reconnecting"

const row = (request: Request, names: Names) => {
  const state = h("td", { role: "cell", "data-label": "State" })
  const update = ({ state: now }: Request) => {
    const [text, tone] = states[now]
    if (state.textContent !== text) state.replaceChildren(ui.tag(text, tone))
  }
  const cell = (label: string, child: Node) => h("td", { role: "cell", "data-label": label }, child)
  const element = h(
    "tr",
    { role: "row" },
    state,
    cell("Service", names.of(Entity.service(request.serviceId))),
    cell("Directory", names.of(Entity.directory(request.directoryId))),
    cell("Asked", ui.time(request.created)),
    cell("Expires", ui.time(request.expires)),
    cell("Id", ui.mono(request.id))
  )
  return { element, update }
}

const decode = Schema.decodeUnknownEither(ConsoleApi.live.Requests)

export const requests = (
  { api, call, run }: App,
  names: Names,
  of: Option.Option<typeof ConsoleApi.RequestsOf.Type>
): Effect.Effect<Page, Problem> =>
  Effect.map(
    call(api.operating.listRequests({
      payload: { limit: ConsoleApi.live.limit, ...(Option.isSome(of) ? { of: of.value } : {}) }
    })),
    (first) => {
      const body = h("tbody", { role: "rowgroup" })
      const columns = ["State", "Service", "Directory", "Asked", "Expires", "Id"]
      const list = h(
        "table",
        { role: "table", "aria-label": "Requests" },
        h(
          "thead",
          { role: "rowgroup" },
          h("tr", { role: "row" }, ...columns.map((name) => h("th", { role: "columnheader", scope: "col" }, name)))
        ),
        body
      )
      const nothing = ui.empty("Nobody was asked yet. The next request appears here.")
      const pill = h("span", { class: "pill", role: "status" })
      const shown = new Map<string, ReturnType<typeof row>>()
      let latest = first
      let paused = false
      let reach: Reach = "Connecting"
      const show = () => {
        keyed(body, new Map(latest.map((request) => [request.id, request])), shown, (request) => row(request, names))
        list.hidden = latest.length === 0
        nothing.hidden = latest.length > 0
      }
      const say = () => {
        const now: Reach = paused ? "Paused" : reach
        pill.textContent = now
        pill.dataset["reach"] = now
      }
      const pause = ui.button("Pause", "plain small", () => {
        paused = !paused
        pause.textContent = paused ? "Go on" : "Pause"
        if (!paused) show()
        say()
      })
      show()
      say()
      const query = Option.match(of, { onNone: () => "", onSome: (of) => `?of=${encodeURIComponent(of)}` })
      const running = Effect.scoped(Effect.zipRight(
        Effect.acquireRelease(
          Effect.sync(() => {
            const source = new EventSource(new URL(`..${ConsoleApi.live.path}${query}`, location.href))
            source.addEventListener("open", () => {
              reach = "Live"
              say()
            })
            source.addEventListener("message", ({ data }) => {
              const read = decode(data)
              if (Either.isLeft(read)) return
              latest = read.right
              if (!paused) show()
            })
            source.addEventListener("error", () => {
              reach = "Reconnecting"
              say()
              // a stream that is refused for good ends with the session, which this call finds out
              if (source.readyState === EventSource.CLOSED) run(Effect.ignore(call(api.account.session())))
            })
            return source
          }),
          (source) => Effect.sync(() => source.close())
        ),
        Effect.never
      ))
      return {
        title: "Live requests",
        running,
        content: [
          ui.section(
            Option.match(of, {
              onNone: () => "All requests",
              onSome: (of) => `Requests of ${names.text(of)}`
            }),
            [
              pill,
              pause,
              ...(Option.isSome(of)
                ? [h("a", { class: "button plain small", href: "#/requests" }, "All requests")]
                : [])
            ],
            list,
            nothing,
            h(
              "p",
              { class: "hint" },
              `The latest ${ConsoleApi.live.limit}. Who is asked, what for and the answer are the service's own affair, `
                + "and are not shown."
            )
          )
        ]
      }
    }
  )
