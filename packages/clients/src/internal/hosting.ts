import * as Body from "@effect-launchkey/transport/Body"
import { maximumBodyLength, tokenHeader } from "@effect-launchkey/transport/Claims"
import type { RejectionReason } from "@effect-launchkey/transport/Rejection"
import { MessageRejected, operation } from "@effect-launchkey/transport/TransportError"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import type { Delivery, Receiver } from "../Webhook.ts"
import { annotated } from "./logging.ts"
import { rejected } from "./measured.ts"

export const maximumLength = maximumBodyLength.webhook

export interface Reply {
  readonly status: 204 | 401 | 500 | 503
  readonly headers: { readonly [name: string]: string }
}

/** The host has left nothing of the body that could be verified. */
export class BodyUnusable
  extends Data.TaggedError("BodyUnusable")<{ readonly problem: string; readonly remedy: string }>
{
  override get message(): string {
    return `${this.problem} The signature is over the octets of the body as they came. ${this.remedy}`
  }
}

/** Whoever sent the request is gone before its body came. */
export class BodyMissing extends Data.TaggedError("BodyMissing")<{ readonly cause: unknown }> {}

export type Unread = BodyUnusable | BodyMissing | MessageRejected

export const tooLarge = ({ method, path }: Omit<Delivery, "body">): MessageRejected =>
  new MessageRejected({ kind: "Webhook", reason: "BodyTooLarge", operation: operation(method, path) })

/** What is wrong with a host more often than with the sender. */
const hints: { readonly [Reason in RejectionReason]?: string } = {
  TokenMissing: "Does a proxy on the way drop the header X-IOV-JWT?",
  AudienceMismatch:
    "A webhook is for the credentials whose call led to it: receive it by a transport with the issuer that made the call.",
  SubjectMismatch: "Each service and each directory has a receiver and a URL of its own.",
  MethodMismatch: "Does a proxy on the way change the method? Webhooks are POSTs, and a redirect makes GETs of them.",
  PathMismatch: "Is the path rewritten on the way? Then give the receiver, as `path`, the one that the platform calls.",
  HashMissing: "Does something on the way change the body?",
  HashUnexpected: "Has something on the way, such as a body parser, taken the body?",
  HashMismatch: "Does something on the way parse the body and write it anew? Take the octets as they came.",
  DecryptionKeyUnknown:
    "Keep private keys that were replaced among the decryption keys, for as long as requests are open.",
  Expired: "If the others are too, deliveries wait too long in front of this program.",
  BodyTooLarge: `Webhooks have at most ${maximumLength} bytes.`
}

class HandlerFailed extends Data.TaggedError("HandlerFailed")<{ readonly failure: Cause.Cause<unknown> }> {}

const answer = (status: Reply["status"]): Reply => ({
  status,
  headers: { "cache-control": "no-store", ...(status === 503 ? { "retry-after": "5" } : {}) }
})

/** Nobody waits for it any more. */
export const interrupted: Reply = answer(503)

export const failed: Reply = answer(500)

/** Handles what was delivered, and tells what to answer. */
export const reply = <Event, E, R1, R2>(
  receiver: Receiver<Event>,
  delivery: Effect.Effect<Delivery, Unread, R1>,
  handler: (event: Event) => Effect.Effect<unknown, E, R2>
): Effect.Effect<Reply, never, R1 | R2> =>
  delivery.pipe(
    // What does not get as far as the receiver, which counts all that does.
    Effect.tapErrorTag("MessageRejected", rejected),
    Effect.flatMap((delivered) =>
      receiver.handle(delivered, (event) =>
        // Whatever a handler may fail with, which may be one of the errors below, it is not about the message.
        Effect.catchAllCause(handler(event), (failure) =>
          Cause.isInterruptedOnly(failure) ? Effect.interrupt : new HandlerFailed({ failure })))
    ),
    Effect.as(answer(204)),
    Effect.catchTags({
      MessageRejected: (error) =>
        Effect.as(Effect.logWarning(`${error.message} ${hints[error.reason] ?? ""}`.trimEnd()), answer(401)),
      HandlerFailed: ({ failure }) =>
        Effect.as(
          Effect.logError("The handler of a webhook failed, so its sender is asked to send it again", failure),
          answer(500)
        ),
      BodyUnusable: (error) =>
        Effect.as(Effect.logError(error.message), answer(500)),
      BodyMissing: ({ cause }) => Effect.as(Effect.logDebug("The body of a webhook did not come", cause), answer(503)),
      EventInProgress: (error) => Effect.as(Effect.logDebug(error.message), answer(503)),
      StoreUnavailable: (error) => Effect.as(Effect.logError(error.message, Cause.fail(error)), answer(503)),
      TransportError: (error) => Effect.as(Effect.logWarning(error.message, Cause.fail(error)), answer(503))
    }),
    annotated
  )

/** Of a URL, or of a path with a query. */
export const pathOf = (url: string): string =>
  url.startsWith("/") || !URL.canParse(url) ? url.replace(/[?#].*$/s, "") : new URL(url).pathname

/** Whether something has read a body, of a `Request` or of a readable stream of Node.js. */
export const isConsumed = (source: unknown): boolean =>
  Predicate.isReadonlyRecord(source)
  && (source.bodyUsed === true || source.readableDidRead === true || source.readableEnded === true)

/** Whether the sender says itself that there is more than a webhook may have. */
const announcesTooMuch = (contentLength: string | null | undefined): boolean =>
  Number(contentLength ?? 0) > maximumLength

export const fromEffect = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<Delivery, Unread> =>
  Effect.suspend((): Effect.Effect<Delivery, Unread> => {
    const head = {
      token: request.headers[tokenHeader],
      method: request.method,
      path: pathOf(request.originalUrl)
    }
    if (isConsumed(request.source)) {
      return new BodyUnusable({
        problem: "The body of a webhook was read before its receiver got it.",
        remedy: "Have no middleware read it, and in an HttpApi declare no payload for the endpoint."
      })
    }
    if (announcesTooMuch(request.headers["content-length"])) return tooLarge(head)
    // A Web request without a body has no stream either: there is nothing to wait for.
    const isEmpty = Predicate.isReadonlyRecord(request.source) && request.source.body === null
    return Effect.map(
      isEmpty ? Effect.succeed(new Uint8Array(0)) : readStream(request.stream, head),
      (body) => ({ ...head, body })
    )
  })

export const fromWeb = (request: Request): Effect.Effect<Delivery, Unread> =>
  Effect.suspend((): Effect.Effect<Delivery, Unread> => {
    const head = {
      token: request.headers.get(tokenHeader) ?? undefined,
      method: request.method,
      path: pathOf(request.url)
    }
    const stream = request.body
    if (isConsumed(request) || stream?.locked === true) {
      return new BodyUnusable({
        problem: "The body of a webhook was read before its receiver got it.",
        remedy: "Pass on the Request before anything calls its json(), text() or the like: in Hono `c.req.raw`, in " +
          "Next.js the request of a route handler."
      })
    }
    if (announcesTooMuch(request.headers.get("content-length"))) return tooLarge(head)
    return Effect.map(
      stream === null ? Effect.succeed(new Uint8Array(0)) : readStream(
        Stream.fromReadableStream({ evaluate: () => stream, onError: (cause) => new BodyMissing({ cause }) }),
        head
      ),
      (body) => ({ ...head, body })
    )
  })

/** Reads no more than a webhook may have. */
const readStream = <E>(
  stream: Stream.Stream<Uint8Array, E>,
  head: Omit<Delivery, "body">
): Effect.Effect<Uint8Array, BodyMissing | MessageRejected> =>
  Stream.mapError(stream, (cause) => new BodyMissing({ cause })).pipe(
    (missing) => Body.collect(missing, maximumLength),
    Effect.catchTag("Refusal", () => tooLarge(head))
  )
