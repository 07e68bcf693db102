import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import type { AuthorizationRequest, AuthorizationResponse } from "@effect-launchkey/core/Authorization"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Administration from "@effect-launchkey/platform/Administration"
import type * as Authenticator from "@effect-launchkey/platform/Authenticator"
import * as PlatformClock from "@effect-launchkey/platform/PlatformClock"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as Transport from "@effect-launchkey/transport/Transport"
import type { Vitest } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as TestKeys from "../../TestKeys.ts"
import * as TestPlatform from "../../TestPlatform.ts"

export type It = Vitest.MethodsNonLive<TestPlatform.Services, true>

/** Nobody else's name, so that tests may share a platform. */
export const fresh = (what: string) =>
  Effect.map(Effect.flatMap(Jose.Jose, (_) => _.randomUuid), (id) => `${what} ${id}`)

/** The seeded service, by its own key. */
export const service = ServiceClient.make({ serviceId: TestPlatform.serviceId })

/** A service, by whoever's key. */
export const serviceActedForBy = (
  serviceId: Entity.ServiceId,
  issuer: Entity.EntityIdentifier,
  key: TestKeys.TestKey,
  decryptionKeys: ReadonlyArray<TestKeys.TestKey> = []
) =>
  Effect.gen(function*() {
    const { baseUrl } = yield* TestPlatform.TestPlatform
    const keyring = yield* Keyring.make({
      signingKey: key.privateKey,
      decryptionKeys: decryptionKeys.map(({ privateKey }) => privateKey)
    })
    const transport = yield* Transport.make({ issuer, baseUrl }).pipe(Effect.provideService(Keyring.Keyring, keyring))
    return yield* ServiceClient.make({ serviceId }).pipe(Effect.provideService(Transport.Transport, transport))
  })

/** Another service of the seeded directory, with a key of its own. */
export const otherService = Effect.gen(function*() {
  const administration = yield* Administration.Administration
  const { id } = yield* administration.createService(TestPlatform.directoryId, yield* fresh("service"))
  yield* administration.addKey(Entity.service(id), TestKeys.encryption.publicKey)
  return yield* serviceActedForBy(id, Entity.service(id), TestKeys.encryption)
})

export const linked = (user: string, options?: Parameters<TestPlatform.Service["linkedDevice"]>[1]) =>
  Effect.flatMap(TestPlatform.TestPlatform, (platform) => platform.linkedDevice(user, options))

/** A user with one device, and the seeded service. */
export const scene = (options?: Parameters<TestPlatform.Service["linkedDevice"]>[1]) =>
  Effect.gen(function*() {
    const user = yield* fresh("user")
    return { user, device: yield* linked(user, options), service: yield* service }
  })

export type Scene = Effect.Effect.Success<ReturnType<typeof scene>>

export const responseTo = (service: ServiceClient.Service, request: AuthorizationRequest) =>
  Effect.map(service.getResponse(request.id), (response) => Option.getOrThrow(response))

/** What the service reads of one request once the device has done something about it. */
export const ask = <A, E>(
  { device, service, user }: Scene,
  answer: (device: Authenticator.Authenticator) => Effect.Effect<A, E>,
  options?: ServiceClient.AuthorizeOptions
): Effect.Effect<AuthorizationResponse, E | ServiceClient.AuthorizeError | ServiceClient.GetResponseError> =>
  Effect.gen(function*() {
    const request = yield* service.authorize(user, options)
    yield* answer(device)
    return yield* responseTo(service, request)
  })

export const approve = (device: Authenticator.Authenticator) => device.approve()
export const deny = (device: Authenticator.Authenticator) => device.deny()

/** Type and reason in one. */
export const verdict = ({ authorized, reason, type }: AuthorizationResponse) =>
  `${Option.getOrElse(type, () => "-")} ${Option.getOrElse(reason, () => "-")} ${authorized ? "yes" : "no"}`

export const advance = (by: Parameters<PlatformClock.Service["advance"]>[0]) =>
  Effect.flatMap(PlatformClock.PlatformClock, (clock) => clock.advance(by))
