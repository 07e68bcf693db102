/**
 * Webhooks as a platform would send them, forged with its test key: for handlers, without any server.
 *
 * @see docs/webhooks.md "Testing"
 * @since 0.1.0
 */
import { AuthorizationRequestId, DeviceId } from "@effect-launchkey/core/Authorization"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import type { KeyId } from "@effect-launchkey/core/KeyId"
import { AuthorizationWebhook, DeviceLinkWebhook, SessionEndWebhook } from "@effect-launchkey/core/Webhook"
import * as Platform from "@effect-launchkey/platform/Platform"
import * as Answer from "@effect-launchkey/transport/Answer"
import * as Claims from "@effect-launchkey/transport/Claims"
import * as Envelope from "@effect-launchkey/transport/Envelope"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as InMemory from "./InMemory.ts"
import * as answers from "./internal/answers.ts"
import * as TestKeys from "./TestKeys.ts"
import * as TestPlatform from "./TestPlatform.ts"
import type { AnsweredOptions } from "./TestTransport.ts"

/**
 * Everything has a default, and together they are those of `TestPlatform`: what is forged so is believed by its
 * transport too.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Partial<Keyring.Options> {
  /** The service that listens. Default {@link TestPlatform.serviceId}. */
  readonly serviceId?: string | undefined
  /** The directory that listens. Default {@link TestPlatform.directoryId}. */
  readonly directoryId?: string | undefined
  /** Whose credentials the receiver has, such as `"dir:<uuid>"`. Default: the service. */
  readonly issuer?: string | undefined
  /** The callback URL, from which the signed path is taken. Default `"http://localhost/webhook"`. */
  readonly url?: string | undefined
}

/**
 * An HTTP request of the platform's: as a receiver takes it, and what it was made from. The same value delivered again
 * is a replay.
 *
 * @since 0.1.0
 * @category models
 */
export interface Delivery {
  /** The header `X-IOV-JWT`. */
  readonly token: string
  readonly method: string
  /** Of the callback URL, without its query. */
  readonly path: string
  readonly body: Uint8Array
  /** The callback URL. */
  readonly url: string
  /** The names in lower case. */
  readonly headers: { readonly [Claims.tokenHeader]: string; readonly "content-type": string }
  /** What is told, to seal it again. */
  readonly content: Content
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Content {
  /** Whom it is about. */
  readonly subject: Entity.EntityIdentifier
  /** The JSON. */
  readonly plaintext: string
  /** The key that it is encrypted to; undefined where it is sent as plain JSON. */
  readonly recipient: KeyId | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface SealOptions {
  /** Which of the receiver's decryption keys to encrypt to. Default the first: the signing key, if that decrypts. */
  readonly recipient?: KeyId | undefined
}

/**
 * What a device answered; by default it approved.
 *
 * @since 0.1.0
 * @category models
 */
export interface AuthorizationResponseOptions extends AnsweredOptions, SealOptions {
  /** Default a new one. */
  readonly authorizationRequestId?: AuthorizationRequestId | undefined
  /** False stands for type `DENIED` with reason `DISAPPROVED`, unless those are given. Default true. */
  readonly authorized?: boolean | undefined
  /** Whether a device of the first generation answered, which tells no more than whether the user approved. */
  readonly legacy?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface SessionEndOptions {
  /** Default that of {@link Service.authorizationResponse}. */
  readonly serviceUserHash?: string | undefined
  /** When the user asked for it; whole seconds are told. Default now. */
  readonly ended?: DateTime.DateTime.Input | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface DeviceLinkOptions extends SealOptions {
  /** Default a new one. */
  readonly deviceId?: string | undefined
  /** Default {@link TestKeys.device}. */
  readonly key?: Pick<TestKeys.TestKey, "keyId" | "publicKey"> | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface UnknownOptions extends SealOptions {
  /** Who is told. Default the service. */
  readonly to?: "service" | "directory" | undefined
  /** Whether it is encrypted. Default true. */
  readonly encrypted?: boolean | undefined
}

/**
 * Those that take a delivery make another of it, which an honest receiver must treat as they say.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** To a service: a device has answered. */
  readonly authorizationResponse: (options?: AuthorizationResponseOptions) => Effect.Effect<Delivery>
  /** To a service: a user wants to be logged out. Plain JSON. */
  readonly sessionEnd: (options?: SessionEndOptions) => Effect.Effect<Delivery>
  /** To a directory: a device has completed its link. */
  readonly deviceLink: (options?: DeviceLinkOptions) => Effect.Effect<Delivery>
  /** Any JSON, such as of a kind that is not known yet. */
  readonly unknown: (json: unknown, options?: UnknownOptions) => Effect.Effect<Delivery>
  /** An honest retry: the same event under a new token. Handled once, with the first. */
  readonly again: (delivery: Delivery) => Effect.Effect<Delivery>
  /** One bit of the body is another. Refused: `HashMismatch`. */
  readonly tampered: (delivery: Delivery) => Effect.Effect<Delivery>
  /** Sealed an hour ago. Refused: `Expired`. */
  readonly late: (delivery: Delivery) => Effect.Effect<Delivery>
  /** Sealed in an hour. Refused: `NotYetValid`. */
  readonly early: (delivery: Delivery) => Effect.Effect<Delivery>
  /** Signed by a key that is not the platform's. Refused: `KeyUnknown`. */
  readonly wrongKey: (delivery: Delivery) => Effect.Effect<Delivery>
  /** As `wrongKey`, and under the id of the platform's key. Refused: `SignatureInvalid`. */
  readonly wrongSignature: (delivery: Delivery) => Effect.Effect<Delivery>
  /** Meant for somebody else's credentials. Refused: `AudienceMismatch`. */
  readonly misaddressed: (delivery: Delivery) => Effect.Effect<Delivery>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class TestWebhooks extends Context.Tag("@effect-launchkey/testing/TestWebhooks")<TestWebhooks, Service>() {}

const encode = <A, I>(schema: Schema.Schema<A, I>) => Schema.encodeSync(Schema.parseJson(schema))
const encodeAuthorization = encode(Schema.encodedSchema(AuthorizationWebhook))
const encodeSessionEnd = encode(SessionEndWebhook)
const encodeDeviceLink = encode(DeviceLinkWebhook)

const utf8 = new TextEncoder()

const method = "POST"

/** Seconds. */
const hour = 3600

const somebodyElse = Entity.Service.make("svc:00000000-0000-4000-8000-000000000000")

/** The options with their defaults. One that cannot be used is a mistake in a test, so it ends the test. */
const settled = Effect.fnUntraced(function*(options: Options) {
  const service = Entity.service(
    yield* Effect.orDie(Schema.decode(Entity.ServiceId)(options.serviceId ?? TestPlatform.serviceId))
  )
  const directory = Entity.directory(
    yield* Effect.orDie(Schema.decode(Entity.DirectoryId)(options.directoryId ?? TestPlatform.directoryId))
  )
  const url = options.url ?? "http://localhost/webhook"
  return {
    service,
    directory,
    issuer: yield* Effect.orDie(Schema.decode(Entity.Issuer)(options.issuer ?? service)),
    url,
    path: yield* Effect.sync(() => new URL(url).pathname),
    keys: { ...options, signingKey: options.signingKey ?? TestKeys.service.privateKey }
  }
})

/** The same token under a key id that is not that of the key which signed it. */
const claimingKey = (token: string, keyId: KeyId): string => {
  const [, ...rest] = token.split(".")
  return [Encoding.encodeBase64Url(JSON.stringify({ alg: "RS256", typ: "JWT", kid: keyId })), ...rest].join(".")
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Effect.Effect<Service> =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const { directory, issuer, keys, path, service, url } = yield* settled(options)
    const { decryptionKeyIds } = yield* Effect.orDie(Keyring.make(keys))
    const recipients = new Map(
      (yield* Effect.forEach([keys.signingKey, ...keys.decryptionKeys ?? []], (pem) =>
        Effect.orDie(jose.importPrivateKey(pem))))
        .map(({ keyId, publicKey }) => [keyId, publicKey])
    )
    const keyringOf = (key: TestKeys.TestKey) =>
      Effect.flatMap(
        Effect.orDie(jose.importPrivateKey(key.privateKey)),
        (signing) =>
          Effect.provideService(Keyring.fromKeys({ signing, decryption: [] }), Jose.Jose, jose)
      )
    const platform = yield* keyringOf(TestKeys.platform)
    const stranger = yield* keyringOf(TestKeys.stranger)

    const recipientOf = (keyId: KeyId | undefined): Effect.Effect<Jose.PublicKey> => {
      const chosen = keyId ?? decryptionKeyIds[0]
      const key = chosen === undefined ? undefined : recipients.get(chosen)
      return key === undefined
        ? Effect.dieMessage(`The receiver has no key ${chosen} to decrypt with. Give it to TestWebhooks as an option.`)
        : Effect.succeed(key)
    }

    const seal = Effect.fnUntraced(function*(
      content: Content,
      forged: {
        readonly keyring?: Keyring.Service
        readonly audience?: Entity.EntityIdentifier
        readonly after?: number
      } = {}
    ) {
      const now = yield* Clock.currentTimeMillis
      const { body, contentType, token } = yield* Envelope.sealWebhook({
        keyring: forged.keyring ?? platform,
        audience: forged.audience ?? issuer,
        subject: content.subject,
        method,
        path,
        now: now / 1000 + (forged.after ?? 0),
        body: {
          plaintext: utf8.encode(content.plaintext),
          recipient: content.recipient === undefined ? undefined : yield* recipientOf(content.recipient)
        }
      })
      const delivery: Delivery = {
        token,
        method,
        path,
        body,
        url,
        headers: { [Claims.tokenHeader]: token, "content-type": contentType },
        content
      }
      return delivery
    }, Effect.provideService(Jose.Jose, jose))

    const encrypted = (subject: Entity.EntityIdentifier, keyId: KeyId | undefined, plaintext: string) =>
      Effect.flatMap(recipientOf(keyId), (recipient) => seal({ subject, plaintext, recipient: recipient.keyId }))

    return {
      authorizationResponse: (response = {}) =>
        Effect.gen(function*() {
          const recipient = yield* recipientOf(response.recipient)
          const id = response.authorizationRequestId ?? AuthorizationRequestId.make(yield* jose.randomUuid)
          const denied = response.authorized === false ? { type: "DENIED", reason: "DISAPPROVED" } as const : {}
          const { jwe, oaep } = yield* Answer.seal(
            answers.answer({ ...denied, ...response }, id),
            recipient
          )
          const sealed = response.legacy === true ? { auth: oaep } : { auth: oaep, auth_jwe: jwe }
          return yield* encrypted(
            service,
            recipient.keyId,
            encodeAuthorization({
              ...answers.relayed(response, sealed, recipient.keyId),
              type: "AUTHORIZATION_RESPONSE"
            })
          )
        }).pipe(Effect.provideService(Jose.Jose, jose)),
      sessionEnd: ({ ended, serviceUserHash } = {}) =>
        Effect.gen(function*() {
          const at = ended === undefined ? yield* DateTime.now : DateTime.toUtc(DateTime.unsafeMake(ended))
          return yield* seal({
            subject: service,
            plaintext: encodeSessionEnd({ serviceUserHash: serviceUserHash ?? answers.serviceUserHash, ended: at }),
            recipient: undefined
          })
        }),
      deviceLink: ({ deviceId, key, recipient } = {}) =>
        Effect.gen(function*() {
          const { keyId, publicKey } = key ?? TestKeys.device
          return yield* encrypted(
            directory,
            recipient,
            encodeDeviceLink({
              type: "DEVICE_LINK_COMPLETION",
              deviceId: DeviceId.make(deviceId ?? (yield* jose.randomUuid)),
              publicKey,
              publicKeyId: keyId
            })
          )
        }),
      unknown: (json, { encrypted: secret, recipient, to } = {}) => {
        const subject = to === "directory" ? directory : service
        const plaintext = JSON.stringify(json)
        return secret === false
          ? seal({ subject, plaintext, recipient: undefined })
          : encrypted(subject, recipient, plaintext)
      },
      again: ({ content }) => seal(content),
      tampered: (delivery) =>
        Effect.sync(() => ({
          ...delivery,
          body: delivery.body.map((octet, i) => i === delivery.body.length >> 1 ? octet ^ 1 : octet)
        })),
      late: ({ content }) => seal(content, { after: -hour }),
      early: ({ content }) => seal(content, { after: hour }),
      wrongKey: ({ content }) => seal(content, { keyring: stranger }),
      wrongSignature: ({ content }) =>
        Effect.map(seal(content, { keyring: stranger }), (delivery) => {
          const token = claimingKey(delivery.token, platform.signingKeyId)
          return { ...delivery, token, headers: { ...delivery.headers, [Claims.tokenHeader]: token } }
        }),
      misaddressed: ({ content }) => seal(content, { audience: somebodyElse })
    }
  })

/**
 * The forging alone: for a program that brings its transport, such as that of `TestPlatform`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerForging = (options: Options = {}): Layer.Layer<TestWebhooks> =>
  Layer.effect(TestWebhooks, make(options))

/**
 * With a transport that believes what is forged: it has the receiver's credentials, and a platform in this process.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options = {}): Layer.Layer<TestWebhooks | Transport.Transport> =>
  Layer.unwrapEffect(Effect.map(settled(options), ({ issuer, keys }) =>
    Layer.merge(
      layerForging(options),
      Layer.orDie(Transport.layer({ ...keys, issuer, baseUrl: "http://localhost" })).pipe(
        Layer.provide(InMemory.layer(Platform.httpApp)),
        Layer.provide(TestPlatform.layerPlatform)
      )
    )))

/**
 * For a host that takes Web requests, or for `fetch`. `origin`, such as `"http://127.0.0.1:3000"`, takes the place of the
 * callback URL's.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toWebRequest = ({ body, headers, method, url }: Delivery, origin?: string): Request => {
  const { pathname, search } = new URL(url)
  return new Request(origin === undefined ? url : `${origin}${pathname}${search}`, {
    method,
    headers,
    body: new Uint8Array(body)
  })
}

/**
 * For a handler that is an Effect.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toServerRequest = (delivery: Delivery): HttpServerRequest.HttpServerRequest =>
  HttpServerRequest.fromWeb(toWebRequest(delivery))
