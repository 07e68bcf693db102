/**
 * Serves the endpoints of a service: authorizations and sessions.
 *
 * @see docs/protocol.md "Authorizations"
 * @since 0.1.0
 */
import {
  AuthorizationInProgress,
  AuthorizationRequestCanceled,
  AuthorizationResponseExists,
  EntityNotFound,
  Forbidden,
  InvalidParameters,
  RequestTimedOut
} from "@effect-launchkey/core/ApiError"
import {
  AuthorizationRequestId,
  type CreateAuthorization,
  defaultTimeToLive,
  Pending
} from "@effect-launchkey/core/Authorization"
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as EffectivePolicy from "@effect-launchkey/core/EffectivePolicy"
import type { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Caller from "../Caller.ts"
import * as NumberMatching from "../internal/numberMatching.ts"
import * as Prompts from "../internal/prompts.ts"
import * as Permissions from "../Permissions.ts"
import * as PlatformClock from "../PlatformClock.ts"
import { ServedApi } from "../ServedApi.ts"
import * as Store from "../Store.ts"
import * as Totps from "../Totps.ts"
import * as UserNames from "../UserNames.ts"

const detail = undefined

const invalid = (problems: Record<string, string>) =>
  new InvalidParameters({ origin: "Platform", issues: [], detail: problems })

/** What a request may ask for only in the name of a directory's service. */
const directoryOnly = (request: CreateAuthorization): ReadonlyArray<string> => [
  ...(request.title === undefined ? [] : ["title"]),
  ...(request.pushTitle === undefined ? [] : ["push_title"]),
  ...(request.pushBody === undefined ? [] : ["push_body"]),
  ...(request.denialReasons === undefined ? [] : ["denial_reasons"])
]

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = HttpApiBuilder.group(ServedApi, "service", (handlers) =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const store = yield* Store.Store
    const clock = yield* PlatformClock.PlatformClock
    const totps = yield* Totps.Totps
    const permissions = yield* Permissions.make
    const prompts = yield* Prompts.make

    const activeService = (id: ServiceId) =>
      Effect.gen(function*() {
        const service = yield* store.service(id)
        if (Option.isNone(service)) return yield* new Forbidden({ detail })
        const directory = yield* Effect.transposeMapOption(service.value.directoryId, store.directory).pipe(
          Effect.map(Option.flatten)
        )
        if (!service.value.active || Option.exists(directory, ({ active }) => !active)) {
          return yield* new Forbidden({ detail: "the service or its directory is inactive" })
        }
        return { service: service.value, directory }
      })

    /** By the directory's identifier for the user, or by a name that the service was told. */
    const findUser = (service: Store.ServiceRecord, name: string) =>
      Effect.gen(function*() {
        const user = Option.map(service.directoryId, (directoryId) => ({ directoryId, identifier: name }))
        if (Option.isSome(user) && (yield* store.hasUser(user.value))) return user.value
        const pushed = yield* store.userByPushId(name.toLowerCase(), service.id)
        return Option.isSome(pushed) ? pushed.value : yield* new EntityNotFound({ detail: "no such user" })
      })

    const create = (request: CreateAuthorization) =>
      Effect.gen(function*() {
        const { issuer, serviceId, signingKeyId } = yield* Caller.service
        const { directory, service } = yield* activeService(serviceId)
        if (Option.isNone(directory)) {
          const [first] = directoryOnly(request)
          if (first !== undefined) return yield* invalid({ [first]: "only a service of a directory may give this" })
        }
        if (request.denialReasons !== undefined && Option.exists(directory, (_) => !_.denialContextInquiryEnabled)) {
          return yield* invalid({ denial_reasons: "the directory does not ask users for reasons" })
        }
        const user = yield* findUser(service, request.user)
        const deviceIds = (yield* store.devices(user)).flatMap(({ id, status }) =>
          status === "LINK_PENDING" ? [] : [id]
        )
        if (deviceIds.length === 0) return yield* new EntityNotFound({ detail: "the user has no linked device" })
        const created = yield* clock.now
        yield* prompts.admit(serviceId, user, created)
        const recipient = yield* permissions.encryptionKey(issuer, signingKeyId)
        if (Option.isNone(recipient)) return yield* new Forbidden({ detail: "the issuer has no key to encrypt to" })

        const authorization: Store.Authorization = {
          id: AuthorizationRequestId.make(yield* jose.randomUuid),
          serviceId,
          user,
          request,
          policy: EffectivePolicy.merge(service.policy, request.policy ?? AuthPolicy.none()),
          deviceIds,
          requester: { issuer, recipient: { id: recipient.value.id, pem: recipient.value.pem } },
          ...(request.numberMatch === true ? { number: yield* NumberMatching.draw } : {}),
          created,
          expires: DateTime.addDuration(created, request.ttl ?? defaultTimeToLive),
          state: { _tag: "Open" }
        }
        const opened = yield* store.openAuthorization(authorization)
        if (Either.isLeft(opened)) {
          return yield* new AuthorizationInProgress({
            authorizationRequestId: Option.some(opened.left.id),
            expires: Option.some(opened.left.expires),
            fromSameService: opened.left.serviceId === serviceId,
            detail
          })
        }
        const pushId = yield* UserNames.userPushId(serviceId, user)
        yield* store.transaction(
          Effect.zipRight(prompts.asked(user, created), store.rememberPushId(pushId, serviceId, user))
        )
        const { id, number } = authorization
        return { id, deviceIds, ...(number === undefined ? {} : { numberMatch: number }) }
      })

    /** A request of another service is as unknown as one that never was. */
    const ownAuthorization = (id: AuthorizationRequestId) =>
      Effect.gen(function*() {
        const { serviceId } = yield* Caller.service
        return Option.filter(yield* store.authorization(id), (_) => _.serviceId === serviceId)
      })

    const get = (id: AuthorizationRequestId) =>
      Effect.gen(function*() {
        const authorization = yield* ownAuthorization(id)
        if (Option.isNone(authorization)) return new Pending()
        const { expires, state } = authorization.value
        switch (state._tag) {
          case "Answered":
            return state.answer
          case "Canceled":
            return yield* new AuthorizationRequestCanceled({ detail })
          case "Open":
            return DateTime.lessThan(yield* clock.now, expires)
              ? new Pending()
              : yield* new RequestTimedOut({ detail })
        }
      })

    const cancel = (id: AuthorizationRequestId) =>
      Effect.gen(function*() {
        const now = yield* clock.now
        const own = yield* ownAuthorization(id)
        if (Option.isNone(own)) return yield* new EntityNotFound({ detail: "no such authorization request" })
        const before = Option.getOrElse(yield* store.closeAuthorization(id, now, { _tag: "Canceled" }), () => own.value)
        if (before.state._tag === "Answered") return yield* new AuthorizationResponseExists({ detail })
        if (before.state._tag === "Canceled") return yield* new AuthorizationRequestCanceled({ detail })
        if (!Store.isOpen(before, now)) return yield* new EntityNotFound({ detail: "the request has expired" })
      })

    return handlers
      .handle("createAuthorization", ({ payload }) => create(payload))
      .handle("getAuthorization", ({ path }) => get(path.id))
      .handle("cancelAuthorization", ({ path }) => cancel(path.id))
      .handle("startSession", ({ payload }) =>
        Effect.gen(function*() {
          const { issuer, serviceId } = yield* Caller.service
          const { service } = yield* activeService(serviceId)
          yield* store.startSession({
            user: yield* findUser(service, payload.user),
            serviceId,
            issuer,
            authorizationRequestId: Option.fromNullable(payload.authorizationRequestId),
            created: yield* clock.now
          })
        }))
      .handle("endSession", ({ payload }) =>
        Effect.gen(function*() {
          const { serviceId } = yield* Caller.service
          const { service } = yield* activeService(serviceId)
          yield* store.endSession(yield* findUser(service, payload.user), serviceId)
        }))
      .handle("verifyTotp", ({ payload }) =>
        Effect.gen(function*() {
          const { serviceId } = yield* Caller.service
          const { service } = yield* activeService(serviceId)
          return { valid: yield* totps.verify(yield* findUser(service, payload.user), payload.code) }
        }))
  }))
