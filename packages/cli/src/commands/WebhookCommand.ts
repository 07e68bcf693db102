/**
 * `launchkey webhook`: what a webhook tells, and whether it is to be believed.
 *
 * @see docs/cli.md
 * @since 0.1.0
 */
import * as DirectoryWebhook from "@effect-launchkey/clients/DirectoryWebhook"
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import type * as Webhook from "@effect-launchkey/clients/Webhook"
import * as WebhookInbox from "@effect-launchkey/clients/WebhookInbox"
import type { InvalidParameters } from "@effect-launchkey/core/ApiError"
import { DeviceId } from "@effect-launchkey/core/Authorization"
import * as EntityIdentifier from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import type { DirectoryEvent, ServiceEvent } from "@effect-launchkey/core/Webhook"
import * as Claims from "@effect-launchkey/transport/Claims"
import * as Envelope from "@effect-launchkey/transport/Envelope"
import * as Jose from "@effect-launchkey/transport/Jose"
import { Refusal, type RejectionReason } from "@effect-launchkey/transport/Rejection"
import * as Transport from "@effect-launchkey/transport/Transport"
import { MessageRejected, operation, TransportError } from "@effect-launchkey/transport/TransportError"
import * as Args from "@effect/cli/Args"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import * as Acting from "../internal/acting.ts"
import { connect, type Connected } from "../internal/connecting.ts"
import * as Given from "../internal/given.ts"
import * as Leaf from "../internal/leaf.ts"
import * as RawRequest from "../internal/rawRequest.ts"
import * as Response from "../internal/response.ts"
import { fields, printable } from "../internal/text.ts"
import { Unusable } from "../internal/unusable.ts"
import * as Checks from "../internal/webhookChecks.ts"
import * as Profile from "../Profile.ts"

const Event = Schema.Union(
  Schema.Struct({ type: Schema.Literal("AuthorizationResponded"), response: Response.Answer }),
  Schema.Struct({
    type: Schema.Literal("SessionEnded"),
    serviceUserHash: Schema.String,
    ended: Schema.DateTimeUtc
  }),
  Schema.Struct({
    type: Schema.Literal("DeviceLinkCompleted"),
    deviceId: DeviceId,
    publicKeyId: KeyId,
    publicKey: Schema.String
  }),
  /** Verified, and of a kind that this version does not know, or that is told to another. */
  Schema.Struct({ type: Schema.Literal("UnknownEvent"), name: Schema.OptionFromNullOr(Schema.String) })
)

const toEvent = (event: ServiceEvent | DirectoryEvent): typeof Event.Type => {
  switch (event._tag) {
    case "AuthorizationResponded":
      return { type: event._tag, response: Response.fromResponse(event.response) }
    case "SessionEnded":
      return { type: event._tag, serviceUserHash: event.serviceUserHash, ended: event.ended }
    case "DeviceLinkCompleted":
      return {
        type: event._tag,
        deviceId: event.deviceId,
        publicKeyId: event.publicKeyId,
        publicKey: event.publicKey
      }
    case "UnknownEvent":
      return { type: event._tag, name: event.type }
  }
}

const eventText = (event: typeof Event.Type): string => {
  switch (event.type) {
    case "AuthorizationResponded":
      return `It tells what a device answered. ${Response.text(event.response)}`
    case "SessionEnded":
      return `It tells that a session is to end.\n${
        fields([["User, to this service", event.serviceUserHash], ["Asked for", DateTime.formatIso(event.ended)]])
      }`
    case "DeviceLinkCompleted":
      return `It tells that a device is linked.\n${
        fields([["Device", event.deviceId], ["Its key", event.publicKeyId]])
      }`
    case "UnknownEvent":
      return `It tells something that has no meaning here: ${
        printable(Option.getOrElse(event.name, () => "it has no name"))
      }.`
  }
}

const Verified = Schema.Struct({
  verified: Schema.Boolean,
  /** Whose credentials it is to be meant for, and whom it is to be about. */
  audience: EntityIdentifier.Issuer,
  subject: EntityIdentifier.EntityIdentifier,
  checks: Schema.Array(Checks.Check),
  event: Schema.NullOr(Event)
})

const marks = { holds: "ok    ", fails: "FAILS ", notReached: "–     ", notMade: "?     " } as const

const checkText = ({ found, next, status, step, what }: Checks.Check): string =>
  [
    `${marks[status]}${step === null ? "  " : String(step).padStart(2)}  ${what}${
      found === null ? "" : `: ${printable(found)}`
    }`,
    ...(next === null ? [] : [`          Next: ${next}`])
  ].join("\n")

const ageless = (checks: ReadonlyArray<Checks.Check>): boolean =>
  checks.some(({ status, step }) => step === Checks.steps.time.step && status === "notMade")

/** Of whoever sent it, and so for telling alone. */
const claimed = (payload: Uint8Array) =>
  Schema.decodeUnknownOption(Schema.parseJson(Claims.WebhookClaims))(new TextDecoder().decode(payload))

const time = (seconds: number): string =>
  Option.match(DateTime.make(seconds * 1000), { onNone: () => "no time", onSome: DateTime.formatIso })

interface Arrived {
  readonly method: string
  readonly path: string
  readonly token: string | undefined
  readonly body: Uint8Array
}

/** What each check looks at: nothing of it is believed. */
const looks = (
  { body, method, path, token }: Arrived,
  jws: Option.Option<Jose.UnverifiedJws>,
  now: number
): { readonly [Name in Checks.StepName]?: string | undefined } => {
  const claims = Option.flatMap(jws, ({ payload }) => claimed(payload))
  return {
    size: `${body.length} octets`,
    ...(token === undefined ? {} : { token: `${token.length} characters` }),
    ...Option.match(jws, {
      onNone: () => ({}),
      onSome: ({ header }) => ({ form: header.alg, key: header.kid, signature: header.alg })
    }),
    ...Option.match(claims, {
      onNone: () => ({}),
      onSome: ({ aud, exp, iat, iss, nbf, request, sub }) => ({
        parties: `from ${iss}, for ${Claims.audienceOf(aud)}`,
        subject: sub,
        time: `issued ${time(iat)}, from ${time(nbf)} until ${time(exp)}; looked at ${time(now)}`,
        request: `${request.meth} ${request.path}` +
          (request.meth === method && request.path === path ? "" : `; it came as ${method} ${path}`),
        hashed: `${body.length === 0 ? "no body" : "a body"}, ${request.hash === undefined ? "no hash" : "a hash"}`,
        ...(request.func === undefined ? {} : { hash: request.func })
      })
    })
  }
}

interface Outcome {
  readonly progress: Checks.Progress
  readonly failed: Option.Option<RejectionReason>
  readonly anyTime: boolean
}

const report = (
  looks: { readonly [Name in Checks.StepName]?: string | undefined },
  { anyTime, failed, progress }: Outcome
): ReadonlyArray<Checks.Check> => {
  const at = Option.map(failed, (reason) => Checks.failing(reason, progress))
  const until = Option.match(at, { onNone: () => Checks.order.length, onSome: (name) => Checks.order.indexOf(name) })
  return Checks.order.map((name, i) => {
    const { step, what } = Checks.steps[name]
    const found = looks[name] ?? null
    if (i > until) return { step, what, status: "notReached", found: null, reason: null, next: null }
    if (i === until && Option.isSome(failed)) {
      return { step, what, status: "fails", found, reason: failed.value, next: Checks.remedy(name, failed.value) }
    }
    if (name === "replay") {
      const found = "one delivery alone does not tell; a receiver remembers each"
      return { step, what, status: "notMade", found, reason: null, next: null }
    }
    return { step, what, status: name === "time" && anyTime ? "notMade" : "holds", found, reason: null, next: null }
  })
}

interface Listening {
  readonly arrived: Arrived
  readonly audience: EntityIdentifier.EntityIdentifier
  readonly subject: EntityIdentifier.EntityIdentifier
  readonly now: number
  readonly pinned: ReadonlyArray<KeyId> | undefined
}

/** By the receiver itself, which is watched on its way. */
const verifying = Effect.fnUntraced(function*(
  { connection, keyring, transport }: Connected,
  { arrived, audience, now, pinned, subject }: Listening
) {
  const progress = yield* Ref.make<Checks.Progress>("begun")
  const body = yield* Ref.make("plain JSON")
  const watched: Transport.Service = {
    ...transport,
    openWebhook: (delivery) =>
      Envelope.openWebhook({
        ...delivery,
        firstSeen: () => Effect.as(Ref.set(progress, "hashHeld"), true),
        keyring: {
          ...keyring,
          decrypt: (jwe) =>
            Effect.zipRight(Ref.set(body, `encrypted to ${jwe.header.kid} by ${jwe.header.alg}`), keyring.decrypt(jwe))
        },
        findKey: (keyId) =>
          Ref.set(progress, "keyAskedFor").pipe(
            Effect.zipRight(connection.keys.get(keyId)),
            Effect.filterOrFail(
              () => pinned === undefined || pinned.includes(keyId),
              () => new Refusal({ reason: "KeyUnknown" })
            )
          ),
        audience,
        now,
        leeway: Claims.leeway.default
      }).pipe(
        Effect.tap(() => Ref.set(progress, "opened")),
        // It is looked at as of `now`, whatever the time is here.
        Effect.map((opened) => ({ ...opened, clockOffset: 0 })),
        Effect.mapError((error) =>
          error instanceof Refusal
            ? new MessageRejected({
              kind: "Webhook",
              reason: error.reason,
              operation: operation(delivery.method, delivery.path)
            })
            : error
        )
      )
  }
  const id = EntityIdentifier.uuidOf(subject)
  const receiving: Effect.Effect<
    ServiceEvent | DirectoryEvent,
    Webhook.OpenError | InvalidParameters,
    Transport.Transport | WebhookInbox.WebhookInbox
  > = EntityIdentifier.typeOf(subject) === "dir"
    ? Effect.flatMap(DirectoryWebhook.make({ directoryId: id }), ({ open }) => open(arrived))
    : Effect.flatMap(ServiceWebhook.make({ serviceId: id }), ({ open }) => open(arrived))
  const opened = yield* receiving.pipe(
    Effect.provideService(Transport.Transport, watched),
    Effect.provideService(WebhookInbox.WebhookInbox, yield* WebhookInbox.makeMemory()),
    Effect.map((event): Either.Either<ServiceEvent | DirectoryEvent, RejectionReason> => Either.right(event)),
    Effect.catchTag("MessageRejected", ({ reason }) => Effect.succeed(Either.left(reason)))
  )
  return { opened, progress: yield* Ref.get(progress), body: yield* Ref.get(body) }
})

const required = (problem: string, next: string) => new Unusable({ what: "Arguments", problem, next })

const requestOf = Effect.fnUntraced(function*(
  given: {
    readonly request: Option.Option<string>
    readonly headers: Option.Option<string>
    readonly body: Option.Option<string>
  }
) {
  if (Option.isSome(given.request) && Option.isNone(given.headers) && Option.isNone(given.body)) {
    return yield* RawRequest.parse(yield* Given.octets(given.request.value))
  }
  if (Option.isNone(given.request) && Option.isSome(given.headers) && Option.isSome(given.body)) {
    const head = yield* RawRequest.head(yield* Given.text(given.headers.value))
    return { ...head, body: yield* Given.octets(given.body.value) }
  }
  return yield* required(
    "Where the webhook is has to be said once",
    "Give one file that has the whole request, or - for standard input; or --headers and --body, a file each."
  )
})

/** Whom it is to be about. */
const listening = Effect.fnUntraced(function*(
  given: { readonly service: Option.Option<string>; readonly directory: Option.Option<string> },
  entity: EntityIdentifier.EntityIdentifier
) {
  if (Option.isSome(given.service) && Option.isSome(given.directory)) {
    return yield* required("A webhook is told to a service or to a directory", "Give --service or --directory.")
  }
  if (Option.isSome(given.service)) return EntityIdentifier.service(yield* Given.serviceId(given.service.value))
  if (Option.isSome(given.directory)) return EntityIdentifier.directory(yield* Given.directoryId(given.directory.value))
  if (EntityIdentifier.typeOf(entity) === "org") {
    return yield* required(
      "For whom to listen is not said: the profile is that of an organization",
      "Give --service or --directory and its id."
    )
  }
  return entity
})

const issued = "issued"

const verify = Leaf.make("verify", {
  description: "Verifies a webhook as a receiver does, and explains each check: which holds, which fails, what to do.",
  config: {
    request: Args.text({ name: "REQUEST" }).pipe(
      Args.withDescription("File with the request as it came: request line, headers, empty line, body; - for stdin."),
      Args.optional
    ),
    headers: Given.optional("headers", "In place of REQUEST: file with its headers, one a line."),
    body: Given.optional("body", "With --headers: file with the octets of its body; - for standard input."),
    method: Given.optional("method", "The method by which it came. Default: that of the request line, or POST."),
    path: Given.optional("path", "The path that the platform called. Default: that of the request line."),
    at: Given.optional(
      "at",
      `When it came, as 2031-01-01T00:00:00Z, or ${issued} to pass over its age. Default: the platform's time now.`
    ),
    service: Acting.serviceOption,
    directory: Acting.directoryOption,
    ...Acting.profile
  },
  result: Verified,
  text: ({ checks, event, verified }) => {
    const explained = checks.map(checkText).join("\n")
    return verified
      ? `${explained}\n\nThe webhook is genuine${ageless(checks) ? ", whenever it came" : ""}. ${
        event === null ? "" : eventText(event)
      }`
      : `${explained}\n\nThe webhook is not to be believed.`
  },
  end: ({ verified }) => verified ? "done" : "negative"
}, (given) =>
  Effect.gen(function*() {
    const profile = yield* Profile.choose(given)
    const subject = yield* listening(given, profile.entity)
    const raw = yield* requestOf(given)
    const path = Option.getOrElse(Option.map(given.path, RawRequest.pathOf), () => raw.path)
    if (path === undefined) {
      return yield* required("The path that the platform called is not said", "Give --path, such as --path /webhook.")
    }
    const arrived: Arrived = {
      method: Option.getOrElse(given.method, () => raw.method ?? "POST").toUpperCase(),
      path,
      token: raw.headers.get(Claims.tokenHeader),
      body: raw.body
    }
    const jose = yield* Jose.Jose
    const jws = arrived.token === undefined
      ? Option.none<Jose.UnverifiedJws>()
      : yield* Effect.option(jose.parseJws(arrived.token))
    const connected = yield* connect(profile)
    const issuedAt = Option.map(Option.flatMap(jws, ({ payload }) => claimed(payload)), ({ iat }) => iat)
    const anyTime = Option.contains(given.at, issued)
    const platformTime = connected.connection.clock.now
    const now = yield* Option.match(given.at, {
      onNone: () => platformTime,
      onSome: (text) =>
        anyTime
          ? Option.match(issuedAt, { onNone: () => platformTime, onSome: Effect.succeed })
          : Option.match(DateTime.make(text), {
            onNone: () =>
              Effect.fail(required("--at is no time", `Give one such as 2031-01-01T00:00:00Z, or ${issued}.`)),
            onSome: (date) => Effect.succeed(DateTime.toEpochMillis(date) / 1000)
          })
    })
    const { body, opened, progress } = yield* verifying(connected, {
      arrived,
      audience: profile.entity,
      subject,
      now,
      pinned: profile.pinnedKeys
    })
    const event = Option.map(Either.getRight(opened), toEvent)
    return {
      verified: Option.isSome(event),
      audience: profile.entity,
      subject,
      checks: report(
        {
          ...looks(arrived, jws, now),
          body,
          ...Option.match(event, { onNone: () => ({}), onSome: ({ type }) => ({ content: type }) })
        },
        { anyTime, failed: Either.getLeft(opened), progress }
      ),
      event: Option.getOrNull(event)
    }
  }).pipe(
    // The platform is asked for its time and its keys alone.
    Effect.catchTag("TransportError", ({ cause, operation, reason }) =>
      Effect.fail(new TransportError({ cause, operation, reason, sent: false }))),
    Effect.catchTag("StoreUnavailable", Effect.die)
  ))

/**
 * @since 0.1.0
 * @category constructors
 */
export const command = Leaf.group("webhook", "What a webhook tells, and whether it is to be believed.", [verify])
