/**
 * Serves authenticators: linking, pending requests and their answers, sessions.
 *
 * @see docs/protocol.md "The device API"
 * @since 0.1.0
 */
import {
  AuthorizationRequestCanceled,
  AuthorizationResponseExists,
  EntityNotFound,
  InvalidParameters,
  InvalidPublicKey,
  InvalidSdkKey,
  RateLimited,
  RequestTimedOut,
  Unauthorized
} from "@effect-launchkey/core/ApiError"
import type { AuthorizationPackage, AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import type { AnswerAuthorization } from "@effect-launchkey/core/Device"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Caller from "../Caller.ts"
import * as NumberMatching from "../internal/numberMatching.ts"
import * as Prompts from "../internal/prompts.ts"
import { authorizationAnswered, deviceLinked } from "../internal/webhooks.ts"
import * as PlatformClock from "../PlatformClock.ts"
import * as PlatformSettings from "../PlatformSettings.ts"
import { ServedApi } from "../ServedApi.ts"
import * as Store from "../Store.ts"
import * as UserNames from "../UserNames.ts"
import * as UserSessions from "../UserSessions.ts"
import * as WebPush from "../WebPush.ts"

const detail = undefined

const invalid = (problems: Record<string, string>) =>
  new InvalidParameters({ origin: "Platform", issues: [], detail: problems })

/**
 * @since 0.1.0
 * @category layers
 */
export const linking = HttpApiBuilder.group(ServedApi, "linking", (handlers) =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const store = yield* Store.Store
    const clock = yield* PlatformClock.PlatformClock
    const { linkAttempts, sdkKeyAttempts } = yield* PlatformSettings.PlatformSettings

    return handlers.handle("link", ({ payload }) =>
      Effect.gen(function*() {
        const key = yield* Effect.mapError(
          jose.importPublicKey(payload.publicKey),
          ({ message }) => new InvalidPublicKey({ detail: message })
        )
        const now = yield* clock.now
        const limited = Effect.fnUntraced(function*(what: string, limit: PlatformSettings.Limit) {
          const wait = yield* store.attempt(`${what} attempts`, limit, now)
          if (Option.isSome(wait)) return yield* new RateLimited({ retryAfter: wait })
        })
        yield* limited(`link by ${payload.sdkKey}`, linkAttempts)
        const unknown = new EntityNotFound({ detail: "the linking code is unknown, expired or used" })
        const link = yield* store.linking(payload.code)
        if (Option.isNone(link)) return yield* unknown
        const directory = yield* Effect.flatMap(store.device(link.value.deviceId), (device) =>
          Effect.map(
            Effect.transposeMapOption(device, ({ user }) => store.directory(user.directoryId)),
            Option.flatten
          ))
        if (!Option.exists(directory, ({ sdkKeys }) => sdkKeys.includes(payload.sdkKey))) {
          yield* limited(`link of ${payload.code}`, sdkKeyAttempts)
          return yield* new InvalidSdkKey({ detail })
        }
        const linked = yield* store.transaction(Effect.gen(function*() {
          const linked = yield* store.completeLinking(payload.code, now, ({ linkExpires: _, ...device }) => ({
            ...device,
            status: "LINKED",
            name: Option.some(payload.name),
            type: Option.some(payload.type),
            updated: now
          }))
          if (Option.isNone(linked)) return yield* unknown
          yield* store.insertKey(Entity.device(linked.value.id), {
            id: key.keyId,
            pem: key.pem,
            type: "BOTH",
            active: true,
            created: now,
            expires: Option.none()
          })
          yield* Option.match(Option.all([directory, link.value.requester]), {
            onNone: () => Effect.void,
            onSome: ([to, requester]) =>
              deviceLinked(to, requester, { deviceId: linked.value.id, publicKey: key.pem, publicKeyId: key.keyId })
          })
          return linked.value
        }))
        return { deviceId: linked.id }
      }))
  }))

/**
 * @since 0.1.0
 * @category layers
 */
export const device = HttpApiBuilder.group(ServedApi, "device", (handlers) =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const store = yield* Store.Store
    const clock = yield* PlatformClock.PlatformClock
    const push = yield* WebPush.WebPush
    const numbers = yield* NumberMatching.make
    const prompts = yield* Prompts.make

    const calling = Effect.flatMap(Caller.deviceId, (id) =>
      Effect.flatMap(store.device(id), (device) =>
        Option.isSome(device)
          ? Effect.succeed(device.value)
          : Effect.fail(new Unauthorized({ authenticated: true, detail: "the device is no longer linked" }))))

    const serviceOf = (id: Entity.ServiceId) =>
      Effect.map(store.service(id), Option.getOrUndefined)

    const pending = Effect.gen(function*() {
      const { id, user } = yield* calling
      const open = (yield* store.openAuthorizations(user, yield* clock.now)).filter(({ deviceIds }) =>
        deviceIds.includes(id)
      )
      return yield* Effect.forEach(open, (authorization) =>
        Effect.map(serviceOf(authorization.serviceId), (service) => ({
          id: authorization.id,
          serviceId: authorization.serviceId,
          serviceName: service?.name ?? "",
          title: Option.fromNullable(authorization.request.title),
          context: Option.fromNullable(authorization.request.context),
          created: authorization.created,
          expires: authorization.expires,
          policy: authorization.policy,
          denialReasons: authorization.request.denialReasons ?? [],
          recipientKey: authorization.requester.recipient.pem,
          recipientKeyId: authorization.requester.recipient.id,
          ...(authorization.number === undefined ? {} : { numberMatch: true })
        })))
    })

    const answer = (id: AuthorizationRequestId, sealed: typeof AnswerAuthorization.Type) =>
      Effect.gen(function*() {
        const caller = yield* calling
        const asked = Option.filter(yield* store.authorization(id), ({ deviceIds }) =>
          deviceIds.includes(caller.id))
        if (Option.isNone(asked)) return yield* new EntityNotFound({ detail: "no such authorization request" })
        const { number, requester, serviceId, user } = asked.value
        const { recipient } = requester
        if (sealed.keyId !== recipient.id) {
          return yield* invalid({ public_key_id: "expected the request's recipient_key_id" })
        }
        // The platform cannot read an answer, only see that whoever asked can.
        if (sealed.jwe !== undefined) {
          const jwe = yield* Effect.option(jose.parseJwe(sealed.jwe))
          if (!Option.exists(jwe, ({ header }) => header.kid === recipient.id)) {
            return yield* invalid({ auth_jwe: "expected a JWE to the request's recipient key" })
          }
        }
        if (number !== undefined && sealed.outcome === "APPROVED" && sealed.number === undefined) {
          return yield* invalid({ number: "expected the number that is shown where the user signs in" })
        }
        const service = yield* serviceOf(serviceId)
        const now = yield* clock.now
        const names = {
          serviceUserHash: yield* UserNames.serviceUserHash(serviceId, user),
          organizationUserHash: yield* Effect.transposeMapOption(
            Option.fromNullable(service),
            ({ organizationId }) => UserNames.organizationUserHash(organizationId, user)
          ),
          userPushId: yield* UserNames.userPushId(serviceId, user),
          keyId: recipient.id,
          ...(number === undefined ? {} : { numberMatched: sealed.number === number })
        }
        if (number !== undefined && sealed.number !== undefined && sealed.number !== number) {
          if (Store.isOpen(asked.value, now)) {
            return yield* yield* numbers.mismatch(asked.value, service, names, caller.id, now)
          }
        }
        const relayed: AuthorizationPackage = {
          ...names,
          oaep: Option.some(sealed.oaep),
          jwe: Option.fromNullable(sealed.jwe)
        }
        const state = yield* store.transaction(Effect.gen(function*() {
          const before = yield* store.closeAuthorization(id, now, { _tag: "Answered", answer: relayed })
          const state = Option.getOrElse(before, () => asked.value)
          if (Store.isOpen(state, now) && service !== undefined) {
            yield* authorizationAnswered(service, requester, relayed)
          }
          if (Store.isOpen(state, now)) yield* prompts.answered(state, caller.id, sealed.outcome, now)
          return state
        }))
        if (state.state._tag === "Answered") return yield* new AuthorizationResponseExists({ detail })
        if (state.state._tag === "Canceled") return yield* new AuthorizationRequestCanceled({ detail })
        if (!Store.isOpen(state, now)) return yield* new RequestTimedOut({ detail })
      })

    return handlers
      .handle("pendingAuthorizations", () => pending)
      .handle("answerAuthorization", ({ path, payload }) => answer(path.id, payload))
      .handle("pushKey", () => Effect.as(calling, { publicKey: push.publicKey }))
      .handle("subscribePush", ({ payload: { endpoint } }) =>
        Effect.gen(function*() {
          const { id } = yield* calling
          if (Option.isNone(push.publicKey)) {
            return yield* new EntityNotFound({ detail: "the platform sends no pushes" })
          }
          yield* store.setPushEndpoint(id, Option.some(endpoint))
        }))
      .handle("unsubscribePush", () => Effect.flatMap(calling, ({ id }) => store.setPushEndpoint(id, Option.none())))
      .handle("unlink", () => Effect.flatMap(calling, ({ id }) => store.removeDevice(id)))
      .handle("sessions", () => Effect.flatMap(calling, ({ user }) => UserSessions.list(user)))
      .handle("endSessions", ({ payload }) =>
        Effect.flatMap(calling, ({ user }) =>
          UserSessions.end(user, payload.serviceId)))
  }))
