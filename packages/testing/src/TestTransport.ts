/**
 * A transport with canned replies: no keys, no server, no wire. For what a program makes of an answer; whether the
 * answer is to be believed is the real transport's affair.
 *
 * @since 0.1.0
 */
import { statusCode, WireError } from "@effect-launchkey/core/ApiError"
import { AuthorizationRequestId, DeviceAnswer, LegacyDeviceAnswer } from "@effect-launchkey/core/Authorization"
import type * as Entity from "@effect-launchkey/core/EntityIdentifier"
import { Service as ServiceIdentifier } from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import * as Answer from "@effect-launchkey/transport/Answer"
import * as Jose from "@effect-launchkey/transport/Jose"
import type * as Keyring from "@effect-launchkey/transport/Keyring"
import * as Transport from "@effect-launchkey/transport/Transport"
import { MessageRejected, operation, TransportError } from "@effect-launchkey/transport/TransportError"
import * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientRequest } from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import * as answers from "./internal/answers.ts"

/**
 * What the transport hands on once it has opened an answer: plain JSON.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reply {
  readonly status: number
  /** Default none; for an error one without a code, as the transport writes it in place of an empty body. */
  readonly body?: unknown
  /** In place of `body`, to the letter: for answers that are no JSON. */
  readonly text?: string | undefined
  readonly headers?: { readonly [name: string]: string } | undefined
}

/**
 * A request as the client made it: before it would be sealed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Request {
  readonly method: string
  readonly path: string
  /** Whom the client acts for, such as `"svc:<uuid>"`. */
  readonly subject: string
  /** The JSON; undefined where there is none. */
  readonly body: unknown
  /** Milliseconds since the epoch, on Effect's clock. */
  readonly at: number
}

/**
 * A reply, or what finds one for a request.
 *
 * @since 0.1.0
 * @category models
 */
export type Responder =
  | Reply
  | TransportError
  | MessageRejected
  | ((request: Request) => Reply | Effect.Effect<Reply, TransportError | MessageRejected>)

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** What was sent, in order. */
  readonly requests: Effect.Effect<ReadonlyArray<Request>>
  /** What each device's answer that was opened had to be about, in order. */
  readonly expectations: Effect.Effect<ReadonlyArray<Answer.Expected>>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class TestTransport extends Context.Tag("@effect-launchkey/testing/TestTransport")<TestTransport, Service>() {}

/**
 * What was sent, in order.
 *
 * @since 0.1.0
 * @category constructors
 */
export const requests: Effect.Effect<ReadonlyArray<Request>, never, TestTransport> = Effect.flatMap(
  TestTransport,
  (journal) => journal.requests
)

/**
 * What each device's answer that was opened had to be about, in order.
 *
 * @since 0.1.0
 * @category constructors
 */
export const expectations: Effect.Effect<ReadonlyArray<Answer.Expected>, never, TestTransport> = Effect.flatMap(
  TestTransport,
  (journal) => journal.expectations
)

/**
 * Nothing to say: 204. For a response that is asked for, nobody has answered yet.
 *
 * @since 0.1.0
 * @category constructors
 */
export const noContent: Reply = { status: 204 }

/**
 * @since 0.1.0
 * @category constructors
 */
export const json = (status: number, body: unknown): Reply => ({ status, body })

/**
 * A refusal, signed by the platform, as the transport hands it on. `data` is added to `error_data`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const error = (status: number, code: string, detail: unknown = "", data: object = {}): Reply => ({
  status,
  body: {
    error_code: code,
    error_detail: detail,
    error_data: { authenticated: true, ...data }
  } satisfies WireError
})

/**
 * Whom an answer is about, and from which device and request it comes.
 *
 * @since 0.1.0
 * @category models
 */
export interface AnsweredBy {
  /** Default: the request whose response was asked for. */
  readonly authorizationRequestId?: AuthorizationRequestId | undefined
  readonly deviceId?: string | undefined
  /** Default `["1234"]`. */
  readonly servicePins?: ReadonlyArray<string> | undefined
  readonly serviceUserHash?: string | undefined
  /** Default none. */
  readonly organizationUserHash?: string | undefined
  readonly userPushId?: string | undefined
}

/**
 * What a device answered; by default it approved.
 *
 * @since 0.1.0
 * @category models
 */
export interface AnsweredOptions extends AnsweredBy {
  /** Default `AUTHORIZED`. */
  readonly type?: DeviceAnswer["type"] | undefined
  /** Default `APPROVED`. */
  readonly reason?: DeviceAnswer["reason"] | undefined
  /** Default none. */
  readonly denialReason?: string | undefined
  /** Default none. */
  readonly policy?: Option.Option.Value<DeviceAnswer["policy"]> | undefined
  /** Default none. */
  readonly methods?: Option.Option.Value<DeviceAnswer["methods"]> | undefined
}

/** Stands for the key to which an answer would be sealed. */
const keyId = KeyId.make("00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00")

/** The request whose response was asked for, unless another is named. */
const requestOf = ({ authorizationRequestId }: AnsweredBy, { path }: Request) =>
  authorizationRequestId ?? AuthorizationRequestId.make(path.slice(path.lastIndexOf("/") + 1))

const encodeAnswer = Schema.encodeSync(Schema.parseJson(DeviceAnswer))
const encodeLegacyAnswer = Schema.encodeSync(Schema.parseJson(LegacyDeviceAnswer))

/**
 * A device's answer to the request whose response is asked for. What it says is checked as ever, although nothing of
 * it is encrypted: an answer to another request is refused.
 *
 * @since 0.1.0
 * @category constructors
 */
export const answered = (options: AnsweredOptions = {}): (request: Request) => Reply => (request) =>
  json(
    200,
    answers.relayed(
      options,
      { auth: "", auth_jwe: encodeAnswer(answers.answer(options, requestOf(options, request))) },
      keyId
    )
  )

/**
 * The answer of a device of the first generation, which tells no more than whether the user approved. Default: yes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const answeredLegacy =
  (options: AnsweredBy & { readonly authorized?: boolean | undefined } = {}): (request: Request) => Reply =>
  (request) =>
    json(
      200,
      answers.relayed(options, {
        auth: Encoding.encodeBase64(
          encodeLegacyAnswer({
            ...answers.facts(options, requestOf(options, request)),
            authorized: options.authorized ?? true
          })
        )
      }, keyId)
    )

const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder() }

/** Opens what the replies above hold, by no key at all: everything else is the real transport's own reading. */
const unsealed: { readonly jose: Jose.Service; readonly keyring: Keyring.Service } = {
  jose: {
    ...Jose.make,
    parseJwe: (token) => Effect.succeed({ header: { alg: "RSA-OAEP", enc: "A256CBC-HS512", kid: keyId }, token })
  },
  keyring: {
    signingKeyId: keyId,
    decryptionKeyIds: [keyId],
    sign: () => Effect.dieMessage("TestTransport signs nothing"),
    decrypt: ({ token }) => Effect.succeed(utf8.encoder.encode(token)),
    decryptOaep: (_, ciphertext) => Effect.succeed(ciphertext)
  }
}

const textOf = ({ body, status, text }: Reply): string => {
  if (text !== undefined) return text
  if (body !== undefined) return JSON.stringify(body)
  return status < 400 ? "" : JSON.stringify(error(status, statusCode(status)).body)
}

const respond = (request: HttpClientRequest, reply: Reply): HttpClientResponse.HttpClientResponse => {
  const text = textOf(reply)
  const response = HttpClientResponse.fromWeb(
    request,
    new Response(text === "" ? null : text, { status: reply.status, headers: reply.headers ?? {} })
  )
  // At once, since a test's clock does not wait for promises.
  return Object.defineProperties(response, {
    text: { value: Effect.succeed(text) },
    arrayBuffer: { value: Effect.sync(() => utf8.encoder.encode(text).buffer) }
  })
}

const find = (
  responder: Responder,
  request: Request
): Effect.Effect<Reply, TransportError | MessageRejected> => {
  const found = typeof responder === "function" ? responder(request) : responder
  if (Effect.isEffect(found)) return found
  return found instanceof TransportError || found instanceof MessageRejected
    ? Effect.fail(found)
    : Effect.succeed(found)
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Default `"svc:00000000-0000-4000-8000-000000000000"`. */
  readonly issuer?: Entity.Issuer | undefined
}

const isList = (replies: Responder | ReadonlyArray<Responder>): replies is ReadonlyArray<Responder> =>
  Array.isArray(replies)

/**
 * Replies from a list, one after the other; to a request for which none is left it dies. A single reply, or a function,
 * answers every request.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerReplies = (
  replies: Responder | ReadonlyArray<Responder>,
  options: Options = {}
): Layer.Layer<Transport.Transport | TestTransport> =>
  Layer.effectContext(Effect.gen(function*() {
    const sent = yield* Ref.make<ReadonlyArray<Request>>([])
    const expected = yield* Ref.make<ReadonlyArray<Answer.Expected>>([])

    const next = (request: Request): Effect.Effect<Reply, TransportError | MessageRejected> =>
      Effect.flatMap(Ref.modify(sent, (all) => [all.length, [...all, request]]), (index) => {
        const responder = isList(replies) ? replies[index] : replies
        return responder === undefined
          ? Effect.dieMessage(
            `TestTransport has no reply to request ${index + 1}, ${operation(request.method, request.path)}: ` +
              `${isList(replies) ? replies.length : 1} given. Give another, or one alone to answer every request.`
          )
          : find(responder, request)
      })

    const httpClient: Transport.Service["httpClient"] = (subject) =>
      HttpClient.makeWith<TransportError | MessageRejected, never, TransportError | MessageRejected, never>(
        Effect.flatMap((request) =>
          Effect.gen(function*() {
            const reply = yield* next({
              method: request.method,
              path: request.url,
              subject,
              body: request.body._tag === "Uint8Array" ? JSON.parse(utf8.decoder.decode(request.body.body)) : undefined,
              at: yield* Clock.currentTimeMillis
            })
            return respond(request, reply)
          })
        ),
        Effect.succeed
      )

    return Context.empty().pipe(
      Context.add(Transport.Transport, {
        issuer: options.issuer ?? ServiceIdentifier.make("svc:00000000-0000-4000-8000-000000000000"),
        httpClient,
        openAnswer: (relayed, about) =>
          Effect.zipRight(
            Ref.update(expected, (all) => [...all, about]),
            Answer.open(relayed, unsealed.keyring, about).pipe(
              Effect.provideService(Jose.Jose, unsealed.jose),
              Effect.mapError(({ reason }) =>
                new MessageRejected({ kind: "DeviceAnswer", reason, operation: "GET /service/v3/auths/…" })
              )
            )
          ),
        openWebhook: () =>
          Effect.dieMessage("TestTransport opens no webhooks. TestWebhooks forges them, for a transport that does.")
      }),
      Context.add(TestTransport, { requests: Ref.get(sent), expectations: Ref.get(expected) })
    )
  }))
