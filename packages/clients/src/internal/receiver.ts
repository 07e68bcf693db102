import type { EntityIdentifier } from "@effect-launchkey/core/EntityIdentifier"
import * as Body from "@effect-launchkey/transport/Body"
import type { RejectionReason } from "@effect-launchkey/transport/Rejection"
import { Transport } from "@effect-launchkey/transport/Transport"
import { MessageRejected, operation } from "@effect-launchkey/transport/TransportError"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type { StoreUnavailable } from "../StoreUnavailable.ts"
import { type Delivery, EventInProgress, type OpenError, type Receiver } from "../Webhook.ts"
import { type Service as Inbox, WebhookInbox } from "../WebhookInbox.ts"
import { durationInput, exact } from "./inputs.ts"
import { annotated } from "./logging.ts"
import { counted, handledAfter, type Receiving } from "./received.ts"

const Lease = Schema.DurationFromSelf.pipe(
  Schema.filter((lease) =>
    Duration.isFinite(lease) && Duration.greaterThanOrEqualTo(lease, Duration.seconds(1)) ||
    "shorter than a second, or endless; give one such as \"30 seconds\""
  )
)

const Path = Schema.String.pipe(
  Schema.filter((path) =>
    /^(?:\/[^?#]*)?$/.test(path) || "not a path; give that of the URL that the platform calls, such as \"/webhook\""
  )
)

/** What the options of every receiver have in common. */
export const fields = {
  path: Schema.optionalWith(Path, exact),
  lease: Schema.optionalWith(durationInput(Lease, "such as \"30 seconds\""), exact)
}

export interface Message {
  readonly encrypted: boolean
  readonly json: { readonly [member: string]: unknown }
  /** What it calls itself. */
  readonly type: Option.Option<string>
  readonly digest: string
  readonly operation: string
  readonly rejected: (reason: RejectionReason) => MessageRejected
}

/** What a message tells. */
export interface Told<Event> {
  readonly event: Event
  /** The same for every delivery of the event, and for no other event. */
  readonly key: string
  /** When it happened, on the platform's clock, where it says so. */
  readonly at?: DateTime.Utc
  /** What is done with the event before its handler sees it. */
  readonly before?: Effect.Effect<unknown, StoreUnavailable>
}

/** What the message is by the schema. */
export const decode = <A, I>(schema: Schema.Schema<A, I>) => {
  const decodeOption = Schema.decodeUnknownOption(schema)
  return ({ json, rejected }: Message): Effect.Effect<A, MessageRejected> =>
    Option.match(decodeOption(json), { onNone: () => rejected("BodyMalformed"), onSome: Effect.succeed })
}

/** The same message again is the same event: nothing else of it is known. */
export const unknown = <Event>(subject: EntityIdentifier, { digest }: Message, event: Event): Told<Event> => ({
  event,
  key: `${subject} unknown ${digest}`
})

/** What a message tells, and when that happened or was sealed: seconds since the epoch on Effect's clock. */
interface Read<Event> {
  readonly told: Told<Event>
  readonly since: number
}

interface Options<Event> {
  readonly subject: EntityIdentifier
  readonly path: string | undefined
  readonly lease: Duration.Duration | undefined
  readonly name: Receiving
  readonly tell: (message: Message) => Effect.Effect<Told<Event>, MessageRejected>
}

export const make = <Event extends { readonly _tag: string }>(
  { lease = Duration.seconds(30), name, path, subject, tell }: Options<Event>
): Effect.Effect<Receiver<Event>, never, Transport | WebhookInbox> =>
  Effect.gen(function*() {
    const transport = yield* Transport
    const inbox = yield* WebhookInbox

    const read = Effect.fnUntraced(function*(delivery: Delivery): Effect.fn.Return<Read<Event>, OpenError> {
      const calledPath = path ?? delivery.path.replace(/[?#].*$/s, "")
      const { method } = delivery
      const called = operation(method, calledPath)
      const rejected = (reason: RejectionReason) => new MessageRejected({ kind: "Webhook", reason, operation: called })
      const { body, clockOffset, digest, encrypted, issued } = yield* transport.openWebhook({
        subject,
        token: delivery.token,
        method,
        path: calledPath,
        body: delivery.body,
        firstSeen: inbox.firstSeen
      })
      const json = yield* Effect.mapError(Body.json(body), ({ reason }) => rejected(reason))
      if (!Predicate.isReadonlyRecord(json)) return yield* rejected("BodyMalformed")
      const type = typeof json.type === "string" ? Option.some(json.type) : Option.none()
      const told = yield* tell({ digest, encrypted, json, operation: called, rejected, type })
      yield* Effect.annotateCurrentSpan("event", told.event._tag)
      const at = told.at === undefined ? issued : DateTime.toEpochMillis(told.at) / 1000
      return { told, since: at - clockOffset }
    })

    return {
      open: (delivery) =>
        read(delivery).pipe(
          Effect.map(({ told }) => told.event),
          counted(name, () => "Opened"),
          Effect.withSpan(`${name}.open`, { kind: "consumer" })
        ),
      handle: (delivery, handler) =>
        read(delivery).pipe(
          Effect.flatMap(({ since, told: { before = Effect.void, event, key } }) =>
            Effect.tap(
              once({ inbox, key, lease }, Effect.zipRight(before, Effect.suspend(() => handler(event)))),
              (outcome) => outcome === "Handled" ? handledAfter(event._tag, since) : Effect.void
            )
          ),
          counted(name, (outcome) => outcome),
          Effect.withSpan(`${name}.handle`, { kind: "consumer" })
        )
    }
  })

/** Repeating it costs little; having to handle the event again because it was not done costs more. */
const completing = Schedule.upTo(Schedule.exponential("50 millis"), "3 seconds")

/** Runs the work unless the event is handled already or is being handled elsewhere. Only work that succeeds counts. */
const once = <E, R>(
  { inbox, key, lease }: { readonly inbox: Inbox; readonly key: string; readonly lease: Duration.Duration },
  work: Effect.Effect<unknown, E, R>
): Effect.Effect<"Handled" | "HandledBefore", E | StoreUnavailable | EventInProgress, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const claim = yield* inbox.claim(key, lease)
      if (claim._tag === "Handled") return "HandledBefore"
      if (claim._tag === "InProgress") return yield* new EventInProgress()
      const { ticket } = claim

      const keepClaim = inbox.renew(key, ticket, lease).pipe(
        Effect.tapError((error) =>
          Effect.logWarning("The claim to a webhook that is being handled was not renewed", error)
        ),
        // Who cannot reach the store may well be alone with that, but has no better to do than to ask again.
        Effect.orElseSucceed(() => true),
        Effect.filterOrFail((held) => held, () => new EventInProgress()),
        Effect.delay(Duration.times(lease, 1 / 3)),
        Effect.forever
      )

      // What a handler has done counts, also where it is done at the moment of an interruption.
      const done = yield* Ref.make(false)
      const noted = Effect.uninterruptibleMask((restore) => Effect.zipRight(restore(work), Ref.set(done, true)))
      const exit = yield* Effect.exit(restore(Effect.raceFirst(noted, keepClaim)))
      if (Exit.isFailure(exit) && !(yield* Ref.get(done))) {
        // Otherwise the retry would have to wait for the lease to pass.
        yield* Effect.catchAll(
          inbox.release(key, ticket),
          (error) => Effect.logWarning("A webhook whose handler failed was not given back", error)
        )
        return yield* Effect.failCause(exit.cause)
      }
      const mine = yield* Effect.retry(inbox.complete(key, ticket), completing)
      if (!mine) {
        yield* Effect.logWarning(
          "A webhook was handled for longer than its claim to it lasted, and may have been handled elsewhere too. " +
            "Was this process suspended? Else give a longer lease."
        )
      }
      return "Handled"
    }).pipe(annotated)
  )
