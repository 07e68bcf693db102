/** Who changed what, and whether the log that says so holds. */
import type * as AuditEntry from "@effect-launchkey/platform/AuditEntry"
import * as Operator from "@effect-launchkey/platform/Operator"
import { h } from "@effect-launchkey/platform/PageElements"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { App, Page } from "../app.ts"
import type { Names } from "../names.ts"
import type { Problem } from "../problems.ts"
import * as ui from "../ui.ts"

type Entry = AuditEntry.Entry

const acts: { readonly [A in AuditEntry.Act]: string } = {
  "organization.create": "created the organization",
  "directory.create": "created the directory",
  "directory.update": "changed the directory",
  "directory.sdk-key.create": "made an SDK key",
  "directory.sdk-key.remove": "removed an SDK key",
  "service.create": "created the service",
  "service.update": "changed the service",
  "service.policy.set": "set the policy",
  "key.add": "added a key",
  "key.update": "changed a key",
  "key.remove": "removed a key",
  "device.unlink": "unlinked a device",
  "platform.key.rotate": "rotated the platform's key",
  "platform.key.retire": "retired a key of the platform",
  "platform.key.rewrap": "sealed the platform's keys anew",
  "platform.import": "imported an account",
  "webhook.replay": "replayed a webhook",
  "operator.invite": "invited the operator",
  "operator.remove": "removed the operator",
  "operator.sign-in": "signed in",
  "operator.sign-in.refused": "was refused to sign in",
  "operator.sessions.end": "ended sessions",
  "operator.passkey.add": "added a passkey",
  "operator.passkey.remove": "removed a passkey",
  "fraud.report": "reported fraud by",
  "fraud.lift": "let it ask again after a report of fraud",
  "prompt.limit": "was kept from asking a user more often",
  "number.mismatch": "entered a wrong number for"
}

/** Entries of a page. */
const size = 100

const broken = {
  Missing: "is missing",
  Detached: "does not follow on the one before",
  Altered: "is not what was written",
  Replaced: "was replaced"
} as const

export const audit = ({ api, call, reload, run }: App, names: Names): Effect.Effect<Page, Problem> =>
  Effect.gen(function*() {
    const operators = yield* call(api.operating.listOperators())
    const called = new Map<string, string>(operators.map(({ id, name }) => [Operator.identifier(id), name]))
    const who = (identifier: string): Node => {
      const name = called.get(identifier)
      return name !== undefined
        ? h("span", { title: identifier }, name)
        : identifier === "admin" || identifier === "operator"
        ? document.createTextNode("the machine's admin")
        : identifier === "platform"
        ? document.createTextNode("the platform")
        : names.of(identifier)
    }
    const shown = h("div", { "aria-live": "polite" })
    const older = ui.button("Older", "plain", () => run(more))
    const row = ({ act, actor, at, keyId, on, sequence }: Entry) => [
      String(sequence),
      ui.time(at),
      who(actor),
      acts[act],
      who(on),
      Option.match(keyId, { onNone: () => "–", onSome: ui.mono })
    ]
    let entries: ReadonlyArray<Entry> = []
    const more = Effect.suspend(() =>
      call(api.operating.listAudit({ payload: { before: entries.at(-1)?.sequence, limit: size } }))
    ).pipe(
      Effect.map((next) => {
        entries = [...entries, ...next]
        older.hidden = next.length < size
        shown.replaceChildren(
          ui.table(
            "Audit log",
            ["No.", "When", "Who", "Did", "On", "Key"],
            entries.map(row),
            "Nothing was written down yet. The log is kept where the platform has a store that stays."
          )
        )
      })
    )
    yield* more
    const verdict = h("p", { role: "status", class: "verdict" })
    const verify = Effect.map(call(api.operating.verifyAudit({ payload: {} })), ({ broken: at, head, holds }) => {
      verdict.replaceChildren(
        ...Option.match(at, {
          onNone: () => [
            ui.tag("holds", "good"),
            ` All ${holds} entries follow on each other. `,
            ...Option.match(head, {
              onNone: () => [],
              onSome: ({ hash }) => ["The last hash is ", ui.mono(hash), ": keep it elsewhere to tell later."]
            })
          ],
          onSome: ({ reason, sequence }) => [
            ui.tag("broken", "bad"),
            ` Entry ${sequence} ${broken[reason]}; the ${holds} before it hold.`
          ]
        })
      )
    })
    return {
      title: "Audit log",
      content: [
        ui.section(
          "Entries, the latest first",
          [
            ui.button("Verify the chain", "plain small", () => run(verify)),
            ui.button("Look again", "plain small", () => run(reload))
          ],
          verdict,
          shown,
          older
        )
      ]
    }
  })
