/** The public keys of an entity. */
import type { EntityIdentifier } from "@effect-launchkey/core/EntityIdentifier"
import type { KeyId } from "@effect-launchkey/core/KeyId"
import type { PublicKey } from "@effect-launchkey/platform/OperatingApi"
import { confirm, h } from "@effect-launchkey/platform/PageElements"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { App } from "../app.ts"
import type { Problem } from "../problems.ts"
import * as ui from "../ui.ts"

const uses: { readonly [T in (typeof PublicKey.Type)["type"]]: string } = {
  BOTH: "signs and decrypts",
  SIGNATURE: "signs",
  ENCRYPTION: "decrypts"
}

export const notPem = (value: string): string | undefined =>
  value.startsWith("-----BEGIN ") ? undefined : "Give a public key in PEM."

const isUse = (value: string): value is keyof typeof uses => value in uses

export const keys = (
  { api, call, reload, run, tell }: App,
  entity: EntityIdentifier
): Effect.Effect<HTMLElement, Problem> => {
  const add = Effect.gen(function*() {
    const pem = ui.area(
      "Public key",
      "",
      { rows: "6", placeholder: "-----BEGIN PUBLIC KEY-----" },
      "PEM, RSA of 2048 bits or more"
    )
    const use = ui.select(
      "What its private half does",
      Object.entries(uses).map(([value, text]) => ({ value, text })),
      "BOTH",
      () => {}
    )
    const given = yield* ui.ask("Add a key", "Add", [
      { field: pem, problem: notPem },
      { field: use, problem: () => undefined }
    ])
    if (Option.isNone(given)) return
    const [text = "", type = ""] = given.value
    yield* call(api.operating.addKey({ payload: { entity, pem: text, ...(isUse(type) ? { type } : {}) } }))
    yield* tell("The key is there.")
    yield* reload
  })
  const remove = (keyId: KeyId) =>
    Effect.gen(function*() {
      const sure = yield* confirm(
        "Remove the key?",
        `Whoever still signs with ${keyId} is refused from then on. This cannot be undone, but the key can be added again.`,
        "Remove"
      )
      if (!sure) return
      yield* call(api.operating.removeKey({ payload: { entity, keyId } }))
      yield* tell("The key is removed.")
      yield* reload
    })
  const turn = (keyId: KeyId, active: boolean) =>
    Effect.zipRight(call(api.operating.updateKey({ payload: { entity, keyId, active } })), reload)
  return Effect.map(call(api.operating.listKeys({ payload: { entity } })), (all) =>
    ui.section(
      "Keys",
      [ui.button("Add a key", "plain small", () => run(add))],
      ui.table(
        "Keys",
        ["Id", "Use", "State", "Created", "Expires", "Do"],
        all.map(({ active, created, expires, id, type }) => [
          ui.mono(id),
          uses[type],
          active ? ui.tag("active", "good") : ui.tag("inactive", "warn"),
          ui.time(created),
          ui.timeOr(expires, "never"),
          h(
            "div",
            { class: "actions" },
            ui.button(active ? "Turn off" : "Turn on", "plain small", () => run(turn(id, !active)), {
              "aria-label": `Turn ${active ? "off" : "on"} ${id}`
            }),
            ui.button("Remove", "quiet small", () => run(remove(id)), { "aria-label": `Remove ${id}` })
          )
        ]),
        "There is none: nobody can act for it."
      )
    ))
}
