/** What answers the page in tests of the page alone: the console's contract over a few variables, which believes every passkey. */
import { EntityNotFound } from "@effect-launchkey/core/ApiError"
import { AuthorizationRequestId, DeviceId } from "@effect-launchkey/core/Authorization"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import type * as AuditEntry from "@effect-launchkey/platform/AuditEntry"
import * as ConsoleApi from "@effect-launchkey/platform/ConsoleApi"
import type * as OperatingApi from "@effect-launchkey/platform/OperatingApi"
import * as Operator from "@effect-launchkey/platform/Operator"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { DateTime, Effect, Layer, Option, Schedule, Schema, Stream } from "effect"

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`

const at = (minutes: number) => DateTime.unsafeMake(Date.UTC(2030, 5, 3, 9, 0) + minutes * 60_000)

const token = "I".repeat(43)

export const ids = {
  organization: Entity.OrganizationId.make(uuid(1)),
  directory: Entity.DirectoryId.make(uuid(2)),
  service: Entity.ServiceId.make(uuid(3)),
  operator: Operator.OperatorId.make(uuid(4)),
  session: Operator.SessionId.make(uuid(5)),
  invitation: token
}

const keyId = (n: number) =>
  KeyId.make(Array.from({ length: 16 }, (_, i) => ((i * 37 + n * 11) % 256).toString(16).padStart(2, "0")).join(":"))

const pem = "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n"

/** Whatever a test wants to be so. */
export const state = () => {
  const requests: Array<ConsoleApi.Request> = (["OPEN", "ANSWERED", "EXPIRED", "CANCELED"] as const).map((
    state,
    index
  ) => ({
    id: AuthorizationRequestId.make(uuid(100 + index)),
    serviceId: ids.service,
    directoryId: ids.directory,
    state,
    created: at(-index),
    expires: at(5 - index)
  }))
  const service: typeof OperatingApi.Service.Type = {
    id: ids.service,
    organizationId: ids.organization,
    directoryId: Option.some(ids.directory),
    name: "Vault",
    description: Option.some("Opens the vault in the cellar"),
    icon: Option.none(),
    callbackUrl: Option.some("https://vault.example.com/launchkey"),
    active: true,
    policy: ServicePolicy.methodAmount(1)
  }
  const deliveries: Array<typeof OperatingApi.Delivery.Type> = [
    {
      id: 1,
      kind: "AUTHORIZATION_RESPONSE",
      url: "https://vault.example.com/launchkey",
      subject: Entity.service(ids.service),
      created: at(-60),
      state: "DELIVERED",
      attempts: [{ at: at(-60), status: Option.some(204), failure: Option.none() }]
    },
    {
      id: 2,
      kind: "SESSION_END",
      url: "https://vault.example.com/launchkey",
      subject: Entity.service(ids.service),
      created: at(-30),
      state: "GIVEN_UP",
      attempts: [
        { at: at(-30), status: Option.some(500), failure: Option.none() },
        { at: at(-25), status: Option.none(), failure: Option.some("ConnectionFailed") }
      ]
    }
  ]
  return {
    signedIn: false,
    verified: true,
    passkeys: [] as Array<typeof ConsoleApi.Passkey.Type>,
    services: [service],
    requests,
    deliveries,
    devices: [{
      id: DeviceId.make(uuid(50)),
      name: Option.some("Ada's phone"),
      type: Option.some("Android"),
      status: "LINKED",
      created: at(-500),
      updated: at(-500)
    }] as Array<typeof OperatingApi.Device.Type>,
    audit: [] as Array<AuditEntry.Entry>,
    fraud: [{
      authorizationRequestId: AuthorizationRequestId.make(uuid(103)),
      serviceId: ids.service,
      directoryId: ids.directory,
      deviceId: DeviceId.make(uuid(50)),
      at: at(-3)
    }] as Array<typeof OperatingApi.FraudReport.Type>,
    directories: [{
      id: ids.directory,
      organizationId: ids.organization,
      name: "Employees",
      active: true,
      denialContextInquiryEnabled: true,
      webhookUrl: Option.none(),
      sdkKeys: 1
    }] as Array<typeof OperatingApi.Directory.Type>,
    organizations: [{ id: ids.organization, name: "Example Ltd" }] as Array<typeof OperatingApi.Organization.Type>,
    keys: [1, 2].map((n) => ({
      id: keyId(n),
      pem,
      type: "BOTH",
      active: n === 1,
      created: at(-n * 1000),
      expires: Option.none()
    })) as ReadonlyArray<typeof OperatingApi.PublicKey.Type>,
    platformKeys: [
      { id: keyId(3), state: "SIGNING", created: Option.some(at(-900)), signsFrom: Option.some(at(-800)) },
      { id: keyId(4), state: "PREVIOUS", created: Option.some(at(-9000)), signsFrom: Option.some(at(-8000)) }
    ] as Array<typeof OperatingApi.PlatformKey.Type>
  }
}

export type State = ReturnType<typeof state>

const operator = { id: ids.operator, name: "Grace" }

const challenge = { challenge: "Y2hhbGxlbmdl", timeout: 60_000, rpId: "localhost" }

const write = (now: State, act: AuditEntry.Act, on: AuditEntry.Entry["on"]) => {
  const sequence = now.audit.length + 1
  now.audit.push({
    act,
    on,
    actor: Operator.identifier(ids.operator),
    at: at(sequence),
    hash: String(sequence).padStart(64, "a"),
    keyId: Option.none(),
    previous: String(sequence - 1).padStart(64, "a"),
    sequence
  })
}

const sessionOf = (now: State): ConsoleApi.Session => ({
  id: ids.session,
  operator,
  passkeyId: now.passkeys[0]?.id ?? Operator.PasskeyId.make("none"),
  started: at(0),
  verified: at(0),
  expires: at(30)
})

const layers = (now: State) => {
  const creation = () => ({
    rp: { id: "localhost", name: "Console" },
    user: { id: "b3BlcmF0b3I", name: "Grace", displayName: "Grace" },
    challenge: challenge.challenge,
    pubKeyCredParams: [{ alg: -7, type: "public-key" as const }],
    authenticatorSelection: { residentKey: "required" as const, userVerification: "required" as const },
    attestation: "none" as const
  })
  const keep = (id: Operator.PasskeyId, name: string) => {
    const passkey = { id, name, created: at(0), lastUsed: Option.none(), synced: false }
    now.passkeys.push(passkey)
    return passkey
  }
  const request = { ...challenge, userVerification: "required" as const }
  const enter = () => {
    now.signedIn = true
    now.verified = true
    write(now, "operator.sign-in", Operator.identifier(ids.operator))
    return sessionOf(now)
  }
  const access = HttpApiBuilder.group(ConsoleApi.ConsoleApi, "access", (handlers) =>
    handlers
      .handle("signInOptions", () => Effect.succeed(request))
      .handle("signIn", ({ payload }) =>
        now.passkeys.some(({ id }) => id === payload.id)
          ? Effect.sync(enter)
          : Effect.fail(new ConsoleApi.PasskeyRefused()))
      .handle("invitationOptions", ({ payload }) =>
        payload.token === token
          ? Effect.succeed({ operator, options: creation() })
          : Effect.fail(new ConsoleApi.InvitationRefused()))
      .handle("acceptInvitation", ({ payload }) =>
        Effect.sync(() => {
          keep(payload.response.id, payload.passkeyName)
          return enter()
        })))
  const account = HttpApiBuilder.group(ConsoleApi.ConsoleApi, "account", (handlers) =>
    handlers
      .handle("session", () => Effect.sync(() => sessionOf(now)))
      .handle("verificationOptions", () => Effect.succeed(request))
      .handle("verify", () =>
        Effect.sync(() => {
          now.verified = true
          return sessionOf(now)
        }))
      .handle("signOut", () =>
        Effect.sync(() => {
          now.signedIn = false
        }))
      .handle("listSessions", () =>
        Effect.sync(() => [{
          id: ids.session,
          passkeyId: sessionOf(now).passkeyId,
          started: at(0),
          lastUsed: at(1),
          expires: at(720),
          current: true
        }]))
      .handle("endSession", () => Effect.void)
      .handle("listPasskeys", () => Effect.sync(() => now.passkeys))
      .handle("passkeyOptions", () => Effect.sync(creation))
      .handle("addPasskey", ({ payload }) => Effect.sync(() => keep(payload.response.id, payload.name)))
      .handle("removePasskey", ({ payload }) =>
        now.passkeys.length === 1
          ? Effect.fail(new ConsoleApi.LastPasskey())
          : Effect.sync(() => {
            now.passkeys = now.passkeys.filter(({ id }) => id !== payload.id)
          })))
  const operating = HttpApiBuilder.group(ConsoleApi.ConsoleApi, "operating", (handlers) =>
    handlers
      .handle("listOrganizations", () => Effect.sync(() => now.organizations))
      .handle("createOrganization", ({ payload }) =>
        Effect.sync(() => {
          const id = Entity.OrganizationId.make(uuid(10 + now.organizations.length))
          now.organizations.push({ id, name: payload.name })
          return { id, keyId: keyId(9) }
        }))
      .handle("listDirectories", ({ payload }) =>
        Effect.sync(() =>
          now.directories.filter(({ organizationId }) => organizationId === payload.organizationId)
        ))
      .handle("createDirectory", ({ payload }) =>
        Effect.sync(() => {
          const id = Entity.DirectoryId.make(uuid(20 + now.directories.length))
          now.directories.push({
            id,
            organizationId: payload.organizationId,
            name: payload.name,
            active: true,
            denialContextInquiryEnabled: true,
            webhookUrl: Option.none(),
            sdkKeys: 0
          })
          return { id }
        }))
      .handle("updateDirectory", ({ payload }) =>
        Effect.sync(() => {
          now.directories = now.directories.map((directory) =>
            directory.id === payload.id ? { ...directory, active: payload.active ?? directory.active } : directory
          )
        }))
      .handle("listServices", ({ payload }) =>
        Effect.sync(() =>
          now.services.filter(({ directoryId, organizationId }) =>
            payload.owner ===
              Option.match(directoryId, {
                onNone: () =>
                  Entity.organization(organizationId),
                onSome: Entity.directory
              })
          )
        ))
      .handle("createService", () =>
        Effect.succeed({ id: ids.service }))
      .handle("updateService", () =>
        Effect.void)
      .handle("setPolicy", ({ payload }) =>
        Effect.sync(() => {
          now.services = now.services.map((service) =>
            service.id === payload.serviceId ? { ...service, policy: payload.policy } : service
          )
          write(now, "service.policy.set", Entity.service(payload.serviceId))
        }))
      .handle("listKeys", () => Effect.sync(() => now.keys))
      .handle("addKey", () => Effect.succeed({ keyId: keyId(8) }))
      .handle("updateKey", () => Effect.void)
      .handle("removeKey", ({ payload }) =>
        Effect.sync(() => {
          now.keys = now.keys.filter(({ id }) => id !== payload.keyId)
        }))
      .handle("listDevices", ({ payload }) =>
        payload.user === "ada"
          ? Effect.sync(() => now.devices)
          : Effect.fail(new EntityNotFound({ detail: undefined })))
      .handle("unlinkDevice", () =>
        Effect.sync(() => {
          now.devices = []
        }))
      .handle("listRequests", () => Effect.sync(() => now.requests))
      .handle("listDeliveries", () => Effect.sync(() => now.deliveries))
      .handle("replayDelivery", ({ payload }) =>
        Effect.sync(() => {
          now.deliveries = now.deliveries.map((delivery) =>
            delivery.id === payload.id ? { ...delivery, state: "PENDING" } : delivery
          )
          write(now, "webhook.replay", Entity.service(ids.service))
          return now.deliveries.find(({ id }) => id === payload.id) ?? now.deliveries[0]!
        }))
      .handle("listPlatformKeys", () => Effect.sync(() => now.platformKeys))
      .handle("rotatePlatformKey", () =>
        Effect.sync(() => {
          const announced = { ...now.platformKeys[0]!, id: keyId(7), state: "ANNOUNCED" as const }
          now.platformKeys = [announced, ...now.platformKeys]
          return announced
        }))
      .handle("retirePlatformKey", () => Effect.void)
      .handle("listAudit", ({ payload }) =>
        Effect.sync(() =>
          now.audit.filter(({ sequence }) =>
            sequence < (payload.before ?? Infinity)
          ).reverse().slice(0, payload.limit)
        ))
      .handle("listFraud", () =>
        Effect.sync(() => now.fraud))
      .handle("liftFraud", ({ payload }) =>
        Effect.sync(() =>
          write(now, "fraud.lift", Entity.service(payload.serviceId))
        ))
      .handle("verifyAudit", () =>
        Effect.sync(() => {
          const last = now.audit.at(-1)
          return {
            holds: now.audit.length,
            broken: Option.none(),
            head: Option.map(Option.fromNullable(last), ({ hash, sequence }) => ({ hash, sequence }))
          }
        }))
      .handle("listOperators", () => Effect.succeed([operator])))
  return Layer.mergeAll(access, account, operating).pipe(
    Layer.provide(Layer.succeed(
      ConsoleApi.SignedIn,
      Effect.suspend(() => now.signedIn ? Effect.succeed(sessionOf(now)) : Effect.fail(new ConsoleApi.SignInNeeded()))
    )),
    Layer.provide(Layer.succeed(
      ConsoleApi.RecentlyVerified,
      Effect.suspend(() => now.verified ? Effect.void : Effect.fail(new ConsoleApi.VerificationNeeded()))
    ))
  )
}

const encode = Schema.encodeSync(ConsoleApi.live.Requests)

/** The stream of live requests: whatever the list is whenever it is another than before. */
const live = (now: State) =>
  HttpServerResponse.stream(
    Stream.repeatEffectWithSchedule(Effect.sync(() => encode(now.requests)), Schedule.spaced("40 millis")).pipe(
      Stream.changes,
      Stream.map((data) => `data: ${data}\n\n`),
      Stream.encodeText
    ),
    { contentType: ConsoleApi.live.contentType, headers: { "cache-control": "no-store" } }
  )

export const app = (now: State) =>
  Effect.gen(function*() {
    const api = yield* HttpApiBuilder.httpApp.pipe(
      Effect.provide(
        HttpApiBuilder.api(ConsoleApi.ConsoleApi).pipe(
          Layer.provide(layers(now)),
          Layer.provideMerge(Layer.mergeAll(HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer))
        )
      )
    )
    return Effect.flatMap(
      HttpServerRequest.HttpServerRequest,
      ({ url }) => url.startsWith(ConsoleApi.live.path) ? Effect.succeed(live(now)) : api
    )
  })
