/** `list` and `verify` for the audit log. */
import * as AuditLog from "@effect-launchkey/platform/AuditLog"
import * as Options from "@effect/cli/Options"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Admin from "./admin.ts"
import * as Given from "./given.ts"
import * as Leaf from "./leaf.ts"
import { none, rows } from "./text.ts"
import { Unusable } from "./unusable.ts"

const list = Leaf.make("list", {
  description: "Lists who changed what, oldest first.",
  config: {
    after: Options.integer("after").pipe(
      Options.withDescription("Begins behind this entry. Default 0: at the first."),
      Options.withDefault(0)
    ),
    limit: Given.limit,
    ...Admin.option
  },
  result: Schema.Array(AuditLog.Entry),
  text: (entries) =>
    rows(
      ["Entry", "When", "Who", "What", "On", "Key"],
      entries.map(({ act, actor, at, keyId, on, sequence }) => [
        String(sequence),
        DateTime.formatIso(at),
        actor,
        act,
        on,
        Option.getOrElse(keyId, () => none)
      ]),
      "No entries."
    )
}, ({ after, config, limit }) =>
  Effect.flatMap(
    Admin.connect(config),
    (admin) => Admin.answered(admin.listAudit({ payload: { after, limit } }))
  ))

/** `12:<hash>`, as `audit verify` prints it. */
const anchorOf = (text: string) => {
  const [, sequence, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  return sequence === undefined || hash === undefined
    ? Effect.fail(
      new Unusable({
        what: "Arguments",
        problem: "That is no head of an audit log",
        next: "Give its number and hash, as `launchkey admin audit verify` prints them: 12:<64 hex digits>."
      })
    )
    : Effect.succeed({ sequence: Number(sequence), hash })
}

const verify = Leaf.make("verify", {
  description: "Reads the whole log, and names the first entry that was changed, taken out or put in.",
  config: {
    anchor: Options.text("anchor").pipe(
      Options.withDescription("A head that was kept elsewhere, as this command prints it: 12:<hash>."),
      Options.optional
    ),
    ...Admin.option
  },
  result: AuditLog.Verdict,
  end: ({ broken }) => Option.isSome(broken) ? "negative" : "done",
  text: ({ broken, head, holds }) =>
    [
      Option.match(broken, {
        onNone: () => `All ${holds} entries hold.`,
        onSome: ({ reason, sequence }) => `Entry ${sequence} does not hold: ${reason}. Those before it do.`
      }),
      ...Option.toArray(Option.map(head, ({ hash, sequence }) => `Head: ${sequence}:${hash}`))
    ].join("\n")
}, ({ anchor, config }) =>
  Effect.gen(function*() {
    const against = yield* Effect.transposeMapOption(anchor, anchorOf)
    const payload = Option.match(against, { onNone: () => ({}), onSome: (anchor) => ({ anchor }) })
    return yield* Admin.answered((yield* Admin.connect(config)).verifyAudit({ payload }))
  }))

export const commands = [list, verify] as const
