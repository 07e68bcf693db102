/** An operator's own passkeys and sessions. */
import { confirm, h } from "@effect-launchkey/platform/PageElements"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { App, Page } from "../app.ts"
import * as passkeys from "../passkeys.ts"
import type { Problem } from "../problems.ts"
import * as ui from "../ui.ts"

export const account = ({ api, call, left, reload, run, session, tell }: App): Effect.Effect<Page, Problem> =>
  Effect.gen(function*() {
    const [own, sessions] = yield* Effect.all([call(api.account.listPasskeys()), call(api.account.listSessions())])
    const called = new Map(own.map(({ id, name }) => [id, name]))
    const add = Effect.gen(function*() {
      const name = ui.input("What it is to be called", passkeys.suggestedName(), () => {}, { maxlength: "64" })
      const given = yield* ui.ask("Add a passkey", "Make it", [{ field: name, problem: ui.needed }])
      if (Option.isNone(given)) return
      const [named = ""] = given.value
      const response = yield* call(Effect.flatMap(api.account.passkeyOptions(), passkeys.create))
      yield* call(api.account.addPasskey({ payload: { name: named, response } }))
      yield* tell("The passkey is added.")
      yield* reload
    })
    const remove = (passkey: (typeof own)[number]) =>
      Effect.gen(function*() {
        const sure = yield* confirm(
          "Remove the passkey?",
          `${passkey.name} opens this console no more, and its sessions end. Delete it on its device as well.`,
          "Remove"
        )
        if (!sure) return
        yield* call(api.account.removePasskey({ payload: { id: passkey.id } }))
        yield* tell("The passkey is removed.")
        yield* reload
      })
    const end = (id: (typeof sessions)[number]["id"]) =>
      call(api.account.endSession({ payload: { id } })).pipe(
        Effect.zipRight(tell("The session is ended.")),
        Effect.zipRight(reload)
      )
    return {
      title: "Your account",
      content: [
        ui.section(
          "Passkeys",
          [ui.button("Add a passkey", "plain small", () => run(add))],
          h(
            "p",
            { class: "hint" },
            `You are ${session.operator.name}. Have two passkeys, so that you are not locked out.`
          ),
          ui.table(
            "Passkeys",
            ["Name", "Kept", "Made", "Used last", "Do"],
            own.map((passkey) => [
              passkey.name,
              passkey.synced ? "on several devices" : "on one device",
              ui.time(passkey.created),
              ui.timeOr(passkey.lastUsed, "never"),
              ui.button("Remove", "quiet small", () => run(remove(passkey)), {
                "aria-label": `Remove ${passkey.name}`
              })
            ]),
            "There is none."
          )
        ),
        ui.section(
          "Sessions",
          [],
          ui.table(
            "Sessions",
            ["Passkey", "Begun", "Used last", "Ends at the latest", "Do"],
            sessions.map(({ current, expires, id, lastUsed, passkeyId, started }) => [
              called.get(passkeyId) ?? "a removed passkey",
              ui.time(started),
              ui.time(lastUsed),
              ui.time(expires),
              current
                ? ui.button(
                  "Sign out here",
                  "plain small",
                  () => run(Effect.zipRight(call(api.account.signOut()), left))
                )
                : ui.button("End", "quiet small", () => run(end(id)))
            ]),
            "There is none."
          )
        )
      ]
    }
  })
