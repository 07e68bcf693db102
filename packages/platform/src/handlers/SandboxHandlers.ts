/**
 * Serves the control API of the sandbox.
 *
 * @see docs/sandbox.md
 * @since 0.1.0
 */
import type { DeviceId } from "@effect-launchkey/core/Authorization"
import { LinkingCode } from "@effect-launchkey/core/Device"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Authenticator from "../Authenticator.ts"
import {
  type NewDevice,
  type NewOrganization,
  type Resend,
  type Response,
  SandboxApi,
  SandboxConflict,
  SandboxFailed,
  SandboxNotFound,
  SandboxRefused
} from "../SandboxApi.ts"
import * as SandboxState from "../SandboxState.ts"

const noCode = new SandboxNotFound({
  error: "No device waits for this linking code: it is unknown, expired or used. Start a link, and give its code."
})

const noDevice = new SandboxNotFound({
  error: "The sandbox has no such device, or it is linked no longer. Link one by POST /sandbox/devices."
})

const noWebhook = new SandboxNotFound({
  error: "The sandbox has no such webhook, or has sent nothing of it yet. GET /sandbox/webhooks lists them."
})

const toFailure = ({ message }: StoreUnavailable) => new SandboxFailed({ error: message })

type DeviceError = Authenticator.AnswerError | Authenticator.DenialReasonNotOffered

/** What the platform refuses the device, as whoever moves the device may read it. */
const toRefusal = (error: DeviceError): SandboxNotFound | SandboxRefused | SandboxFailed => {
  switch (error._tag) {
    case "NotLinked":
    case "Unauthorized":
    case "Forbidden":
      return noDevice
    // The request was closed between being listed and being answered.
    case "AuthorizationRequestCanceled":
    case "AuthorizationResponseExists":
    case "EntityNotFound":
    case "RequestTimedOut":
    case "NothingPending":
      return new SandboxNotFound({ error: error.message })
    case "DenialReasonNotOffered":
    case "NumberNeeded":
    case "NumberMismatch":
      return new SandboxRefused({ error: error.message })
    case "InvalidParameters":
    case "InvalidRoute":
    case "MessageRejected":
    case "TransportError":
    case "UnexpectedApiError":
      return new SandboxFailed({ error: error.message })
  }
}

const toLinkRefusal = (error: Authenticator.LinkError) => {
  switch (error._tag) {
    case "EntityNotFound":
      return noCode
    case "InvalidSdkKey":
    case "RateLimited":
    case "InvalidParameters":
      return new SandboxRefused({ error: error.message })
    case "InvalidPublicKey":
    case "InvalidRoute":
    case "MessageRejected":
    case "TransportError":
    case "UnexpectedApiError":
      return new SandboxFailed({ error: error.message })
  }
}

const readCode = Schema.decodeOption(LinkingCode)

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = HttpApiBuilder.group(SandboxApi, "sandbox", (handlers) =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const state = yield* SandboxState.SandboxState

    const createOrganization = ({ id: given, keys, name }: typeof NewOrganization.Type) =>
      Effect.gen(function*() {
        const { administration, store } = yield* state.world
        const id = given ?? Entity.OrganizationId.make(yield* jose.randomUuid)
        // Nothing is created of a call that is refused.
        const refused = (index: number) => (problem: string) =>
          new SandboxRefused({ error: `keys[${index}].public_key: ${problem}` })
        const keyIds = yield* Effect.forEach(keys, ({ pem }, index) =>
          jose.importPublicKey(pem).pipe(
            Effect.mapBoth({ onFailure: ({ message }) => refused(index)(message), onSuccess: ({ keyId }) => keyId })
          ))
        const repeated = keyIds.findIndex((keyId, index) => keyIds.indexOf(keyId) < index)
        if (repeated !== -1) return yield* refused(repeated)("the same key again; give each once")
        if (Option.isSome(yield* store.organization(id))) {
          return yield* new SandboxConflict({
            error: `Organization ${id} exists. Reset the sandbox, or leave organization_id out for a new one.`
          })
        }
        yield* store.insertOrganization({ id, name: name ?? "Organization" })
        yield* Effect.forEach(keys, ({ pem, type }, index) =>
          Effect.mapError(
            administration.addKey(Entity.organization(id), pem, { type }),
            (error) => error._tag === "StoreUnavailable" ? error : refused(index)(error.message)
          ), { discard: true })
        return { id, keyIds }
      }).pipe(Effect.catchTag("StoreUnavailable", toFailure))

    const linkDevice = ({ code: text, name, sdkKey: given }: typeof NewDevice.Type) =>
      Effect.gen(function*() {
        const { addDevice, makeDevice, store, timed } = yield* state.world
        const code = yield* Effect.mapError(readCode(text), () => noCode)
        const linking = yield* Effect.flatMap(store.linking(code), Effect.mapError(() => noCode))
        const { user } = yield* Effect.flatMap(store.device(linking.deviceId), Effect.mapError(() => noCode))
        const directory = yield* store.directory(user.directoryId)
        const sdkKey = given ?? Option.getOrUndefined(Option.flatMapNullable(directory, ({ sdkKeys }) => sdkKeys[0]))
        if (sdkKey === undefined) {
          return yield* new SandboxRefused({
            error: "The directory has no SDK key, which no device links without. Generate one, and start again."
          })
        }
        const device = yield* makeDevice(name ?? "Sandbox device")
        const deviceId = yield* Effect.mapError(timed(device.link(code, sdkKey)), toLinkRefusal)
        yield* addDevice(deviceId, device)
        return { deviceId }
      }).pipe(Effect.catchTag("StoreUnavailable", toFailure))

    const withDevice = <A>(id: DeviceId, use: (device: Authenticator.Authenticator) => Effect.Effect<A, DeviceError>) =>
      Effect.gen(function*() {
        const { device, timed } = yield* state.world
        const found = yield* Effect.flatMap(device(id), Effect.mapError(() => noDevice))
        return yield* Effect.mapError(timed(use(found)), toRefusal)
      })

    const respond = (
      { action, denialReason, id, number, reason, ...told }: typeof Response.Type
    ) =>
    (device: Authenticator.Authenticator) => {
      switch (action) {
        case "approve":
          return device.approve(id, { ...told, number })
        case "deny":
        case "fraud":
          return device.deny({ ...told, id, denialReason, fraud: action === "fraud" })
        case "fail":
          return device.fail(reason ?? "AUTHENTICATION", id, told)
      }
    }

    const resendWebhook = (id: number, as: typeof Resend.Type) =>
      Effect.gen(function*() {
        const { timed, webhooks } = yield* state.world
        const answer = yield* Effect.either(timed(webhooks.resend(id, as)))
        if (Either.isLeft(answer)) return { status: Option.none(), failure: Option.some(answer.left.reason) }
        return Option.isSome(answer.right)
          ? { status: answer.right, failure: Option.none() }
          : yield* noWebhook
      })

    return handlers
      .handle("createOrganization", ({ payload }) => createOrganization(payload))
      .handle("linkDevice", ({ payload }) => linkDevice(payload))
      .handle("pendingAuthorizations", ({ path }) => withDevice(path.deviceId, ({ pending }) => pending))
      .handle(
        "respond",
        ({ path, payload }) => Effect.map(withDevice(path.deviceId, respond(payload)), (id) => ({ id }))
      )
      .handle(
        "logout",
        ({ path, payload }) => withDevice(path.deviceId, ({ endSessions }) => endSessions(payload.serviceId))
      )
      .handle("unlinkDevice", ({ path }) =>
        Effect.zipLeft(
          withDevice(path.deviceId, ({ unlink }) => unlink),
          Effect.flatMap(state.world, ({ forgetDevice }) => forgetDevice(path.deviceId))
        ))
      .handle(
        "addFault",
        ({ payload }) => Effect.flatMap(state.world, ({ addFault }) => addFault(payload.fault, payload.count))
      )
      .handle("advanceClock", ({ payload }) =>
        Effect.flatMap(state.world, ({ advance }) =>
          Effect.map(
            advance(Duration.seconds(payload.seconds), { tokens: payload.tokens ?? false }),
            (now) => ({ now })
          )))
      .handle("webhooks", () =>
        Effect.mapError(Effect.flatMap(state.world, ({ webhooks }) => webhooks.sender.log), toFailure))
      .handle("resendWebhook", ({ path, payload }) =>
        resendWebhook(path.id, payload.as))
      .handle("reset", () => Effect.mapError(state.reset, toFailure))
      .handle("stats", () => state.stats)
  }))
