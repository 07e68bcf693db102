/** The platform's own keys, which sign what it answers. */
import type { PlatformKey } from "@effect-launchkey/platform/OperatingApi"
import { confirm, h } from "@effect-launchkey/platform/PageElements"
import * as Effect from "effect/Effect"
import type { App, Page } from "../app.ts"
import type { Problem } from "../problems.ts"
import * as ui from "../ui.ts"

type PlatformKey = typeof PlatformKey.Type

const states: { readonly [S in PlatformKey["state"]]: readonly [string, "good" | "warn" | "plain"] } = {
  ANNOUNCED: ["announced", "warn"],
  SIGNING: ["signs", "good"],
  PREVIOUS: ["signed before", "plain"]
}

export const platformKeys = ({ api, call, reload, run, tell }: App): Effect.Effect<Page, Problem> =>
  Effect.map(call(api.operating.listPlatformKeys()), (all) => {
    const rotate = Effect.gen(function*() {
      const sure = yield* confirm(
        "Rotate the key?",
        "A new key is announced, and signs once everybody had the time to hear of it. This cannot be taken back.",
        "Rotate"
      )
      if (!sure) return
      yield* call(api.operating.rotatePlatformKey())
      yield* tell("A new key is announced.")
      yield* reload
    })
    const retire = (key: PlatformKey) =>
      Effect.gen(function*() {
        const sure = yield* confirm(
          "Retire the key?",
          `Nothing that was encrypted for ${key.id} can be read from then on. This cannot be undone.`,
          "Retire"
        )
        if (!sure) return
        yield* call(api.operating.retirePlatformKey({ payload: { keyId: key.id } }))
        yield* tell("The key is retired.")
        yield* reload
      })
    return {
      title: "Platform keys",
      content: [
        ui.section(
          "Keys of the platform",
          [ui.button("Rotate", "plain small", () => run(rotate))],
          h("p", { class: "hint" }, "By them clients know that an answer is the platform's. One signs at a time."),
          ui.table(
            "Keys of the platform",
            ["Id", "State", "Created", "Signs from", "Do"],
            all.map((key) => {
              const [text, tone] = states[key.state]
              return [
                ui.mono(key.id),
                ui.tag(text, tone),
                ui.timeOr(key.created, "with the process"),
                ui.timeOr(key.signsFrom, "with the process"),
                key.state === "PREVIOUS"
                  ? ui.button("Retire", "quiet small", () => run(retire(key)), { "aria-label": `Retire ${key.id}` })
                  : "–"
              ]
            }),
            "There is none."
          )
        )
      ]
    }
  })
