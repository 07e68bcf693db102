/**
 * Who changed what on the platform, and when: entries that are only ever added, each with a hash over itself and the one
 * before, so that none can be changed or taken out unnoticed.
 *
 * @see docs/operating.md "Audit log"
 * @since 0.1.0
 */
import type { KeyId } from "@effect-launchkey/core/KeyId"
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { type Act, type Actor, Entry, type Head, type Target, type Verdict } from "./AuditEntry.ts"
import * as Caller from "./Caller.ts"

export * from "./AuditEntry.ts"

/**
 * What is told to the log. It holds ids alone: no name, key or address.
 *
 * @since 0.1.0
 * @category models
 */
export interface Recorded {
  readonly act: Act
  readonly on: typeof Target.Type
  /** The key that the act was about. */
  readonly keyId?: KeyId | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service<Unavailable = StoreUnavailable> {
  /** In the name of the caller whose request is being served, or else of whoever has the platform's own machine. */
  readonly record: (recorded: Recorded) => Effect.Effect<void, Unavailable>
  /** Those after a sequence number, by default from the first on; oldest first, at most `limit`. */
  readonly entries: (options: {
    readonly after?: number | undefined
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<Entry>, Unavailable>
  /** None while nothing was recorded. */
  readonly head: Effect.Effect<Option.Option<Head>, Unavailable>
}

/**
 * A log that nobody keeps.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none: Service<never> = {
  record: () => Effect.void,
  entries: () => Effect.succeed([]),
  head: Effect.succeedNone
}

/**
 * Default: nobody keeps one.
 *
 * @since 0.1.0
 * @category tags
 */
export class AuditLog extends Context.Reference<AuditLog>()("@effect-launchkey/platform/AuditLog", {
  defaultValue: (): Service => none
}) {}

/**
 * Who acts where no message was opened that says so. Default: whoever has the platform's own machine.
 *
 * @since 0.1.0
 * @category tags
 */
export class Acting extends Context.Reference<Acting>()("@effect-launchkey/platform/AuditLog/Acting", {
  defaultValue: (): typeof Actor.Type => "admin"
}) {}

/**
 * What the first entry has in place of the hash of one before.
 *
 * @since 0.1.0
 * @category models
 */
export const origin: Head = { sequence: 0, hash: "0".repeat(64) }

/** The form of RFC 8785: members in the order of their names, no space. Values here are texts, integers and null. */
const canonical = (members: Readonly<Record<string, unknown>>): string =>
  `{${Object.keys(members).sort().map((name) => `${JSON.stringify(name)}:${JSON.stringify(members[name])}`).join(",")}}`

const encode = Schema.encodeSync(Entry)

const hashOf = (entry: Entry): Effect.Effect<string> =>
  Effect.flatMap(Jose.Jose, (jose) => {
    const { hash: _, ...members } = encode(entry)
    return jose.digest("S256", new TextEncoder().encode(canonical(members)))
  })

/**
 * The entry that follows on the head, in the name of the caller whose request is being served, or else of whoever has
 * the platform's own machine.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8785
 * @since 0.1.0
 * @category constructors
 */
export const following = (head: Head, { act, keyId, on }: Recorded): Effect.Effect<Entry> =>
  Effect.gen(function*() {
    const caller = yield* Caller.Caller
    const acting = yield* Acting
    const entry: Entry = {
      act,
      actor: Option.match(caller, { onNone: () => acting, onSome: ({ issuer }) => issuer }),
      at: yield* DateTime.now,
      hash: origin.hash,
      keyId: Option.fromNullable(keyId),
      on,
      previous: head.hash,
      sequence: head.sequence + 1
    }
    return { ...entry, hash: yield* hashOf(entry) }
  })

/**
 * Those before a sequence number, by default up to the last; latest first, at most `limit`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const latest = <E>(
  log: Pick<Service<E>, "entries" | "head">,
  { before, limit }: { readonly before?: number | undefined; readonly limit: number }
): Effect.Effect<ReadonlyArray<Entry>, E> =>
  Effect.gen(function*() {
    const { sequence } = Option.getOrElse(yield* log.head, () => origin)
    const last = Math.min(sequence, (before ?? Infinity) - 1)
    if (last < 1) return []
    const after = Math.max(0, last - limit)
    return (yield* log.entries({ after, limit: last - after })).filter((entry) => entry.sequence <= last).reverse()
  })

const page = 500

/**
 * Reads the whole log. That its end was cut off shows by an anchor alone: a head that was kept elsewhere.
 *
 * @since 0.1.0
 * @category combinators
 */
export const verify = <E>(
  log: Pick<Service<E>, "entries" | "head">,
  options: { readonly anchor?: Head | undefined } = {}
): Effect.Effect<Verdict, E> =>
  Effect.gen(function*() {
    // Where the log keeps its head beside its entries, that is an anchor too.
    const anchors = [...Option.toArray(yield* log.head), ...Option.toArray(Option.fromNullable(options.anchor))]
    let head = origin
    const broken = (reason: "Missing" | "Detached" | "Altered" | "Replaced"): Verdict => ({
      holds: head.sequence,
      broken: Option.some({ sequence: head.sequence + 1, reason }),
      head: head.sequence === 0 ? Option.none() : Option.some(head)
    })
    for (;;) {
      const entries = yield* log.entries({ after: head.sequence, limit: page })
      for (const entry of entries) {
        if (entry.sequence !== head.sequence + 1) return broken("Missing")
        if (entry.previous !== head.hash) return broken("Detached")
        if (entry.hash !== (yield* hashOf(entry))) return broken("Altered")
        if (anchors.some(({ hash, sequence }) => sequence === entry.sequence && hash !== entry.hash)) {
          return broken("Replaced")
        }
        head = { sequence: entry.sequence, hash: entry.hash }
      }
      if (entries.length === 0) break
    }
    if (anchors.some(({ sequence }) => sequence > head.sequence)) return broken("Missing")
    return {
      holds: head.sequence,
      broken: Option.none(),
      head: head.sequence === 0 ? Option.none() : Option.some(head)
    }
  })

/**
 * @since 0.1.0
 * @category constructors
 */
export const makeMemory: Effect.Effect<Service<never>> = Effect.gen(function*() {
  const log = yield* Ref.make<ReadonlyArray<Entry>>([])
  const inTurn = (yield* Effect.makeSemaphore(1)).withPermits(1)
  const head = Effect.map(Ref.get(log), (entries) => Option.fromNullable(entries.at(-1)))
  return {
    record: (recorded) =>
      inTurn(Effect.gen(function*() {
        const entry = yield* following(Option.getOrElse(yield* head, () => origin), recorded)
        yield* Ref.update(log, (entries) => [...entries, entry])
      })),
    entries: ({ after = 0, limit }) => Effect.map(Ref.get(log), (entries) => entries.slice(after, after + limit)),
    head: Effect.map(head, Option.map(({ hash, sequence }) => ({ hash, sequence })))
  }
})

/**
 * Remembers until the process ends.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<never> = Layer.effect(AuditLog, makeMemory)
