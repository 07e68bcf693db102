/** Requests into the platform as it is served: its own keys, permissions and memory behind the sealed app. */
import { DeviceId } from "@effect-launchkey/core/Authorization"
import { LinkingCode } from "@effect-launchkey/core/Device"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as Platform from "@effect-launchkey/platform/Platform"
import * as Store from "@effect-launchkey/platform/Store"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import { RejectionReason } from "@effect-launchkey/transport/Rejection"
import * as Headers from "@effect/platform/Headers"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Clock, Context, DateTime, Effect, HashMap, Layer, Logger, LogLevel, Option, Schema } from "effect"
import type { Message } from "./messages.ts"
import * as messages from "./messages.ts"
import { type Outcome, Receivers } from "./receivers.ts"

export interface Answer {
  readonly status: number
  readonly headers: { readonly [name: string]: string }
  readonly body: string
  /** What the platform logs, and tells nobody. */
  readonly reason: RejectionReason | undefined
}

export interface Service {
  readonly send: (message: Message) => Effect.Effect<Answer>
}

export class ForgedPlatform
  extends Context.Tag("@effect-launchkey/testing/test/ForgedPlatform")<ForgedPlatform, Service>()
{}

const fixedClock = (seconds: number): Clock.Clock => ({
  ...Clock.make(),
  unsafeCurrentTimeMillis: () => seconds * 1000,
  unsafeCurrentTimeNanos: () => BigInt(Math.round(seconds * 1000)) * 1_000_000n,
  currentTimeMillis: Effect.succeed(seconds * 1000),
  currentTimeNanos: Effect.succeed(BigInt(Math.round(seconds * 1000)) * 1_000_000n)
})

/** Also what `Request` would refuse or put right: any text as method, path or header. */
const requestOf = ({ body, method, path, token }: Message): HttpServerRequest.HttpServerRequest => {
  const plain = HttpServerRequest.fromWeb(
    new Request("http://platform/", { method: "POST", ...(body.length === 0 ? {} : { body: Buffer.from(body) }) })
  ).modify({
    url: path,
    headers: token === undefined ? Headers.empty : Headers.fromInput({ authorization: `IOV-JWT ${token}` })
  })
  return Object.create(plain, { method: { value: method } }) as HttpServerRequest.HttpServerRequest
}

const isReason = Schema.is(RejectionReason)

const send = (app: HttpApp.Default) => (message: Message): Effect.Effect<Answer> =>
  Effect.suspend(() => {
    let reason: RejectionReason | undefined
    const listening = Logger.replace(
      Logger.defaultLogger,
      Logger.make(({ annotations }) => {
        const logged = Option.getOrUndefined(HashMap.get(annotations, "reason"))
        if (isReason(logged)) reason = logged
      })
    )
    return app.pipe(
      Effect.scoped,
      Effect.provideService(HttpServerRequest.HttpServerRequest, requestOf(message)),
      Effect.flatMap((response) => {
        const web = HttpServerResponse.toWeb(response)
        return Effect.map(Effect.promise(() => web.text()), (body): Answer => ({
          status: web.status,
          headers: Object.fromEntries(web.headers),
          body,
          reason
        }))
      }),
      Effect.withClock(fixedClock(message.now)),
      Logger.withMinimumLogLevel(LogLevel.Debug),
      Effect.provide(listening)
    )
  })

const linked = Effect.gen(function*() {
  const store = yield* Store.Store
  const administration = yield* Administration.Administration
  const at = DateTime.unsafeMake(messages.issuedAt * 1000)
  const id = DeviceId.make(messages.deviceId)
  yield* store.insertLinking(
    { code: LinkingCode.make("abcdefg"), deviceId: id, expires: at, requester: Option.none() },
    {
      id,
      user: { directoryId: TestPlatform.directoryId, identifier: "somebody" },
      status: "LINKED",
      name: Option.some("Device"),
      type: Option.none(),
      created: at,
      updated: at
    }
  )
  yield* administration.addKey(Entity.device(id), TestKeys.device.publicKey)
})

const make = Effect.gen(function*() {
  yield* Effect.orDie(linked)
  return { send: send(yield* Platform.httpApp) } satisfies Service
})

/** With the test platform's entities, and the device that the messages name. */
export const layer: Layer.Layer<ForgedPlatform> = Layer.effect(ForgedPlatform, make).pipe(
  Layer.provide(TestPlatform.layerPlatform)
)

/** The text of every 401 to a request. */
export const unauthorized = JSON.stringify({
  error_code: "HTTP-401",
  error_detail: "the request's signature, key or time was not accepted"
})

const behindTheSignature: ReadonlyArray<RejectionReason> = [
  "BodyNotEncrypted",
  "BodyMalformed",
  "DecryptionKeyUnknown",
  "DecryptionFailed"
]

/** Whether a status is one that a refusal for the reason may have. */
const fits = (status: number, reason: RejectionReason): boolean =>
  reason === "NotPermitted"
    ? status === 403
    : status === 401 || status === 400 && (behindTheSignature.includes(reason) ||
          ["HeaderNotAllowed", "AlgorithmNotAllowed", "KeyIdInvalid"].includes(reason))

/** What becomes of a request. What the platform answers must fit what it logs. */
const open = ({ send }: Service) => (message: Message): Effect.Effect<Outcome> =>
  Effect.gen(function*() {
    if (message.seen) yield* send(message)
    const { body, reason, status } = yield* send(message)
    // what was believed may still ask for what there is not, or may not be
    if (reason === undefined) {
      return status < 500 ? "accepted" : yield* Effect.dieMessage(`An answer of ${status} without a reason`)
    }
    if (!fits(status, reason)) return yield* Effect.dieMessage(`An answer of ${status} for ${reason}`)
    if (status === 401 && body !== unauthorized) return yield* Effect.dieMessage("A 401 of another text")
    return reason
  })

/** The platform in the place of the codec: for requests alone. */
export const receivers: Layer.Layer<Receivers> = Layer.effect(
  Receivers,
  Effect.map(ForgedPlatform, (platform) => ({ open: open(platform) }))
).pipe(Layer.provide(layer))

/** A request to the platform as it is served. */
export const openServed = (message: Message): Effect.Effect<Outcome, never, ForgedPlatform> =>
  Effect.flatMap(ForgedPlatform, (platform) => open(platform)(message))
