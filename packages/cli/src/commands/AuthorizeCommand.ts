/**
 * `launchkey authorize`, `response` and `cancel`: ask a user, read what the device answered, take the question back.
 *
 * @see docs/cli.md
 * @since 0.1.0
 */
import * as Polling from "@effect-launchkey/clients/Polling"
import type * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import { InvalidParameters } from "@effect-launchkey/core/ApiError"
import * as Authorization from "@effect-launchkey/core/Authorization"
import { DenialReason, DenialReasons } from "@effect-launchkey/core/DenialReason"
import * as Issues from "@effect-launchkey/core/Issues"
import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as Console from "effect/Console"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Failure from "../Failure.ts"
import * as Acting from "../internal/acting.ts"
import * as Policies from "../internal/authPolicy.ts"
import * as Given from "../internal/given.ts"
import * as Interruption from "../internal/interruption.ts"
import * as Leaf from "../internal/leaf.ts"
import * as Response from "../internal/response.ts"
import { fields, none, printable } from "../internal/text.ts"
import { AwaitFailed, NotYet, Unusable } from "../internal/unusable.ts"
import { withTimeLeft } from "../internal/waiting.ts"
import * as Stdio from "../Stdio.ts"

const acting = { service: Acting.serviceOption, ...Acting.profile }

const requestId = Given.id(Authorization.AuthorizationRequestId, "authorization request", "authorize")

const requestArgument = Args.text({ name: "REQUEST" }).pipe(
  Args.withDescription("Id of the authorization request, as `launchkey authorize` prints it.")
)

const repeated = (name: string, description: string) =>
  Options.text(name).pipe(Options.withDescription(description), Options.repeated)

/** The request stays on the user's device unless it is taken back. */
const stillOpen = (id: Authorization.AuthorizationRequestId) =>
  Interruption.leaves({
    problem: "Nobody waits for the answer any more. The request is still open, on the user's device too.",
    details: { authorizationRequestId: id, canceled: false },
    next: `Read the answer with \`launchkey response ${id}\`, or take the request back with \`launchkey cancel ${id}\`.`
  })

const withdraw = (client: ServiceClient.Service, id: Authorization.AuthorizationRequestId) =>
  client.cancel(id).pipe(
    Effect.flatMap(() =>
      Interruption.leaves({
        problem: "The request is canceled, and nobody waits for an answer any more.",
        details: { authorizationRequestId: id, canceled: true },
        next: "Ask again when you want to."
      })
    ),
    Effect.catchTags({
      AuthorizationResponseExists: () =>
        Interruption.leaves({
          problem: "The user had answered already, so there was nothing to cancel.",
          details: { authorizationRequestId: id, canceled: false },
          next: `Read the answer with \`launchkey response ${id}\`.`
        })
    }),
    Effect.catchAll((error) => {
      const { problem } = Failure.describe(error)
      return Interruption.leaves({
        problem: `The request may still be open: canceling it failed. ${problem}`,
        details: { authorizationRequestId: id, canceled: false },
        next: `Try again with \`launchkey cancel ${id}\`.`
      })
    })
  )

/** What Ctrl-C does while one waits: asks whether to take the request back, unless that was said before. */
const interrupted = (
  client: ServiceClient.Service,
  id: Authorization.AuthorizationRequestId,
  unasked: boolean
) =>
  Effect.gen(function*() {
    const { ask } = yield* Stdio.Stdio
    const cancel = unasked || Option.contains(yield* ask("Cancel the request too?"), true)
    if (cancel) yield* withdraw(client, id)
  }).pipe(
    // In a fiber that is not interrupted itself, where time limits work.
    Effect.interruptible,
    Effect.forkDaemon,
    Effect.flatMap(Fiber.join)
  )

interface Waiting {
  readonly client: ServiceClient.Service
  readonly request: Authorization.AuthorizationRequest | Authorization.AuthorizationRequestId
  readonly ttl: Duration.Duration
  /** Default the client's own, for the time to live. */
  readonly schedule?: Schedule.Schedule<unknown>
  readonly cancelOnInterrupt: boolean
}

const wait = ({ cancelOnInterrupt, client, request, schedule, ttl }: Waiting) => {
  const id = typeof request === "string" ? request : request.id
  const awaitFailed = (cause: AwaitFailed["cause"]) => new AwaitFailed({ id, cause })
  return withTimeLeft(client.awaitResponse(request, { schedule }), "Waiting for the user", ttl).pipe(
    Effect.onInterrupt(() => interrupted(client, id, cancelOnInterrupt)),
    Effect.catchTags({ TransportError: awaitFailed, MessageRejected: awaitFailed }),
    (waiting) => Effect.zipRight(stillOpen(id), waiting)
  )
}

const cancelOnInterrupt = Options.boolean("cancel-on-interrupt").pipe(
  Options.withDescription("Where the waiting is interrupted, cancel the request without asking.")
)

/** `ID=TEXT`. */
const denialReason = (fraud: boolean) => (text: string) => {
  const at = text.indexOf("=")
  return at < 1
    ? Effect.fail(
      new Unusable({
        what: "Arguments",
        problem: `--${fraud ? "fraud" : "denial"}-reason is not of the form ID=TEXT`,
        next: `Give an id of 1 to 5 characters and what the user reads, such as --${
          fraud ? "fraud-reason 2='Not me'" : "denial-reason 1='Not now'"
        }.`
      })
    )
    : Effect.succeed({ id: text.slice(0, at), reason: text.slice(at + 1), fraud })
}

const policyOf = (flags: Policies.Flags, file: Option.Option<string>) =>
  Effect.gen(function*() {
    if (Option.isNone(file)) return Policies.given(flags) ? yield* Policies.fromFlags(flags) : undefined
    if (Policies.given(flags)) {
      return yield* new Unusable({
        what: "Arguments",
        problem: "--policy has the whole policy, and options for parts of it are given beside it",
        next: "Give one or the other."
      })
    }
    return yield* Policies.fromJson(yield* Given.text(file.value))
  })

const Body = Schema.typeSchema(Authorization.CreateAuthorization).pipe(
  Schema.omit("denialReasons"),
  Schema.extend(Schema.Struct({ denialReasons: Schema.optionalWith(DenialReasons, { exact: true }) }))
)

/** The body as a client seals it. Every problem of it at once. */
const asSent = (body: unknown) =>
  Schema.decodeUnknown(Body, { errors: "all" })(body).pipe(
    Effect.flatMap(Schema.encode(Authorization.CreateAuthorization)),
    Effect.mapError(({ issue }) =>
      new InvalidParameters({
        origin: "Client",
        issues: Issues.of(issue),
        detail: undefined
      })
    )
  )

const Asked = Schema.Struct({
  /** Null where nothing was sent. */
  authorizationRequestId: Schema.OptionFromNullOr(Authorization.AuthorizationRequestId),
  deviceIds: Schema.OptionFromNullOr(Schema.Array(Authorization.DeviceId)),
  pushPackage: Schema.OptionFromNullOr(Schema.String),
  /** What the user enters to approve; null where nothing is to be entered. */
  numberMatch: Schema.OptionFromNullOr(Authorization.MatchNumber),
  /** The body of the request, as it was sealed, or would be. */
  sent: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  /** Null where it was not waited for. */
  response: Schema.OptionFromNullOr(Response.Answer)
})

const asked = ({ deviceIds, id, numberMatch, pushPackage }: Authorization.AuthorizationRequest) =>
  fields([
    ["Authorization request", id],
    ["Devices asked", Option.match(deviceIds, { onNone: () => none, onSome: (ids) => ids.join(", ") })],
    ["Push package", Option.getOrElse(pushPackage, () => none)],
    ...Option.toArray(Option.map(numberMatch, (number) => ["Number to enter", number] as const))
  ])

const pretty = (json: unknown) => JSON.stringify(json, null, 2).split("\n").map(printable).join("\n")

const Reasons = Schema.Struct({ denial_reasons: Schema.optional(Schema.Array(DenialReason)) })

/**
 * @since 0.1.0
 * @category constructors
 */
export const authorize = Leaf.make("authorize", {
  description: "Asks a user to authorize, and waits for the answer. Ctrl-C offers to cancel the request.",
  config: {
    user: Given.userArgument,
    context: Given.optional("context", "What the user is asked to approve: up to 400 characters."),
    title: Given.optional("title", "Shown above it: up to 200 characters. Services of directories only."),
    ttl: Given.durationOption("ttl", "How long the user has: 30 to 600 seconds, such as 2m. Default 5m."),
    pushTitle: Given.optional("push-title", "Title of the notification. Services of directories only."),
    pushBody: Given.optional("push-body", "Text of the notification. Services of directories only."),
    denialReason: repeated("denial-reason", "ID=TEXT: a reason that the user may deny for. Give two or more."),
    fraudReason: repeated("fraud-reason", "ID=TEXT: one that reports fraud. At least one where there are any."),
    policy: Given.optional("policy", "The policy as JSON, in place of the options for it; - for standard input."),
    require: Given.optional("require", "So many methods, as 2, or these factors, as knowledge,possession."),
    geofence: repeated("geofence", "[NAME=]LATITUDE,LONGITUDE,RADIUS: decimal degrees, WGS 84, and metres."),
    denyRooted: Options.boolean("deny-rooted").pipe(
      Options.withDescription("Refuse a device that finds itself rooted or jailbroken.")
    ),
    numberMatch: Options.boolean("number-matching").pipe(
      Options.withDescription("The user has to enter a number to approve, which is printed once the user is asked.")
    ),
    noWait: Options.boolean("no-wait").pipe(
      Options.withDescription("End once the user is asked; `launchkey response` has the answer.")
    ),
    cancelOnInterrupt,
    dryRun: Options.boolean("dry-run").pipe(Options.withDescription("Print what would be sent, and send nothing.")),
    ...acting
  },
  result: Asked,
  text: ({ authorizationRequestId, response, sent }) =>
    Option.match(response, {
      onSome: (answer) =>
        Response.text(
          answer,
          Option.getOrElse(Schema.decodeUnknownOption(Reasons)(sent), () => ({
            denial_reasons: undefined
          })).denial_reasons
        ),
      onNone: () =>
        Option.match(authorizationRequestId, {
          onNone: () => `${pretty(sent)}\nNothing was sent: --dry-run.`,
          onSome: (id) => `The user is asked. \`launchkey response ${id}\` has the answer.`
        })
    }),
  end: ({ response }) => Option.match(response, { onNone: () => "done", onSome: Response.end })
}, (given) =>
  Effect.gen(function*() {
    const denialReasons = [
      ...(yield* Effect.forEach(given.denialReason, denialReason(false))),
      ...(yield* Effect.forEach(given.fraudReason, denialReason(true)))
    ]
    const options = Object.fromEntries(
      Object.entries({
        context: Option.getOrUndefined(given.context),
        title: Option.getOrUndefined(given.title),
        ttl: Option.getOrUndefined(given.ttl),
        pushTitle: Option.getOrUndefined(given.pushTitle),
        pushBody: Option.getOrUndefined(given.pushBody),
        policy: yield* policyOf(given, given.policy),
        denialReasons: denialReasons.length === 0 ? undefined : denialReasons,
        numberMatch: given.numberMatch ? true : undefined
      }).filter(([, value]) => value !== undefined)
    )
    const sent = yield* asSent({ ...options, user: given.user })
    const unsent = {
      authorizationRequestId: Option.none(),
      deviceIds: Option.none(),
      pushPackage: Option.none(),
      numberMatch: Option.none()
    }
    if (given.dryRun) return { ...unsent, sent, response: Option.none() }
    const client = yield* Acting.service(given)
    const request = yield* client.authorize(given.user, options)
    yield* Console.error(asked(request))
    const { deviceIds, id, numberMatch, pushPackage, ttl } = request
    return {
      authorizationRequestId: Option.some(id),
      deviceIds,
      pushPackage,
      numberMatch,
      sent,
      response: given.noWait
        ? Option.none()
        : Option.some(
          Response.fromResponse(
            yield* wait({ client, request, ttl, cancelOnInterrupt: given.cancelOnInterrupt })
          )
        )
    }
  }))

/**
 * @since 0.1.0
 * @category constructors
 */
export const response = Leaf.make("response", {
  description: "Reads the answer to an authorization request, once, or waits for it.",
  config: {
    request: requestArgument,
    wait: Options.boolean("wait").pipe(Options.withDescription("Wait for the answer where there is none yet.")),
    ttl: Given.durationOption("ttl", "With --wait, for how long. Default 5m."),
    cancelOnInterrupt,
    ...acting
  },
  result: Response.Answer,
  text: (answer) => Response.text(answer),
  end: Response.end
}, (given) =>
  Effect.gen(function*() {
    const id = yield* requestId(given.request)
    const client = yield* Acting.service(given)
    if (given.wait) {
      const ttl = Option.getOrElse(given.ttl, () => Authorization.defaultTimeToLive)
      return Response.fromResponse(
        yield* wait({
          client,
          request: id,
          ttl,
          schedule: Polling.defaultSchedule(ttl),
          cancelOnInterrupt: given.cancelOnInterrupt
        })
      )
    }
    const answer = yield* Effect.flatten(client.getResponse(id)).pipe(
      Effect.catchTag("NoSuchElementException", () =>
        new NotYet({
          problem: "There is no answer: nobody has answered yet, or the platform does not know the request",
          next: "Ask again later, or give --wait."
        }))
    )
    return Response.fromResponse(answer)
  }))

/**
 * @since 0.1.0
 * @category constructors
 */
export const cancel = Leaf.make("cancel", {
  description: "Takes an authorization request back that nobody has answered yet.",
  config: { request: requestArgument, ...acting },
  result: Schema.Struct({ authorizationRequestId: Authorization.AuthorizationRequestId }),
  text: ({ authorizationRequestId }) => `Canceled authorization request ${authorizationRequestId}.`
}, (given) =>
  Effect.gen(function*() {
    const authorizationRequestId = yield* requestId(given.request)
    yield* (yield* Acting.service(given)).cancel(authorizationRequestId)
    return { authorizationRequestId }
  }))
