/** Requests as they come and are answered. */
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as ConsoleApi from "@effect-launchkey/platform/ConsoleApi"
import { h, keyed } from "@effect-launchkey/platform/PageElements"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
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

/** When a stream that was refused is asked for again. */
const again = Schedule.jittered(Schedule.spaced("2 seconds"))

/** How many older ones are kept. */
const most = 1000

const decode = Schema.decodeUnknownEither(ConsoleApi.live.Requests)

export const requests = (
  { api, call, run }: App,
  names: Names,
  of: Option.Option<typeof ConsoleApi.RequestsOf.Type>
): Effect.Effect<Page, Problem> => {
  const page = (before?: Pick<Request, "created" | "id">) =>
    call(api.operating.listRequests({
      payload: { limit: ConsoleApi.live.limit, of: Option.getOrUndefined(of), before }
    }))
  return Effect.map(
    page(),
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
      /** What was asked for besides, and what the stream tells no more of since. */
      let older: ReadonlyArray<Request> = []
      let paused = false
      let reach: Reach = "Connecting"
      const show = () => {
        const all = [...latest, ...older].map((request) => [request.id, request] as const)
        keyed(body, new Map(all), shown, (request) => row(request, names))
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
      const more = ui.button("Older", "plain", () =>
        run(Effect.gen(function*() {
          const last = older.at(-1) ?? latest.at(-1)
          if (last === undefined) return
          const next = yield* page({ created: last.created, id: last.id })
          older = [...older, ...next]
          more.hidden = next.length < ConsoleApi.live.limit
          show()
        })))
      more.hidden = first.length < ConsoleApi.live.limit
      show()
      say()
      const query = Option.match(of, { onNone: () => "", onSome: (of) => `?of=${encodeURIComponent(of)}` })
      /** Ends where the browser does not try again by itself: the stream was refused, by whoever answered. */
      const listening = Effect.async<void>((resume) => {
        const source = new EventSource(new URL(`..${ConsoleApi.live.path}${query}`, location.href))
        source.addEventListener("open", () => {
          reach = "Live"
          say()
        })
        source.addEventListener("message", ({ data }) => {
          const read = decode(data)
          if (Either.isLeft(read)) return
          if (older.length > 0) {
            const still = new Set(read.right.map(({ id }) => id))
            older = [...latest.filter(({ id }) => !still.has(id)), ...older].slice(0, most)
          } else more.hidden = read.right.length < ConsoleApi.live.limit
          latest = read.right
          if (!paused) show()
        })
        source.addEventListener("error", () => {
          reach = "Reconnecting"
          say()
          if (source.readyState === EventSource.CLOSED) resume(Effect.void)
        })
        return Effect.sync(() => source.close())
      })
      // Where it was refused with the session, this call finds out, and leaves the page; what else is wrong, the pill says.
      const running = listening.pipe(
        Effect.zipRight(Effect.either(call(api.account.session()))),
        Effect.repeat(again),
        Effect.asVoid
      )
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
            more,
            h(
              "p",
              { class: "hint" },
              `The latest ${ConsoleApi.live.limit} change as they are answered; older ones show what they were when read. Who is asked, what for and the answer are the service's own affair, `
                + "and are not shown."
            )
          )
        ]
      }
    }
  )
}
