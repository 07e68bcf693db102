import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import type { AuthorizationRequest, AuthorizationResponse } from "@effect-launchkey/core/Authorization"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import type * as Authenticator from "@effect-launchkey/platform/Authenticator"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ConformanceTarget, type OrganizationKeys, type Service, type Services } from "../../ConformanceTarget.ts"
import type { TestKey } from "../../TestKeys.ts"

/** This platform cannot be made to do what the test needs. */
class NotHere extends Data.TaggedError("NotHere")<{ readonly what: string }> {}

/** Registers tests, which are skipped where the platform does not allow for them. */
export interface It {
  readonly effect: <A, E>(name: string, test: () => Effect.Effect<A, E, Services>) => void
}

/** What registers a test with vitest. */
interface Tester {
  readonly effect: <A, E>(
    name: string,
    test: (context: { readonly skip: (note: string) => void }) => Effect.Effect<A, E, Services>
  ) => void
}

export const skipping = (it: Tester): It => ({
  effect: (name, test) =>
    it.effect(
      name,
      (context) =>
        Effect.catchIf(test(), (error) => error instanceof NotHere, ({ what }) => Effect.sync(() => context.skip(what)))
    )
})

const orSkip = <A>(given: Option.Option<A>, what: string): Effect.Effect<A, NotHere> =>
  Effect.mapError(given, () => new NotHere({ what }))

/** Nobody else's name, so that tests may share a platform. */
export const fresh = (what: string) =>
  Effect.map(Effect.flatMap(Jose.Jose, (_) => _.randomUuid), (id) => `${what} ${id}`)

/** The target's service, by its own key. */
export const service = Effect.flatMap(ConformanceTarget, ({ serviceId }) => ServiceClient.make({ serviceId }))

/** Calls of this issuer's, which also opens by the other keys. */
export const transportOf = (
  issuer: Entity.EntityIdentifier,
  key: TestKey,
  decryptionKeys: ReadonlyArray<TestKey> = []
) =>
  Effect.gen(function*() {
    const { baseUrl } = yield* ConformanceTarget
    const keyring = yield* Keyring.make({
      signingKey: key.privateKey,
      decryptionKeys: decryptionKeys.map(({ privateKey }) => privateKey)
    })
    return yield* Transport.make({ issuer, baseUrl }).pipe(Effect.provideService(Keyring.Keyring, keyring))
  })

/** A service, by whoever's key. */
export const serviceActedForBy = (
  serviceId: Entity.ServiceId,
  ...by: Parameters<typeof transportOf>
) => ServiceClient.make({ serviceId }).pipe(Effect.provideServiceEffect(Transport.Transport, transportOf(...by)))

export const linked = (user: string, options?: Parameters<Service["linkedDevice"]>[1]) =>
  Effect.flatMap(ConformanceTarget, ({ linkedDevice }) => linkedDevice(user, options))

/** A user with one device, and the target's service. */
export const scene = (options?: Parameters<Service["linkedDevice"]>[1]) =>
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

export const now = Effect.flatMap(ConformanceTarget, ({ now }) => now)

export const advance = (by: Duration.DurationInput) =>
  Effect.gen(function*() {
    const { advance } = yield* ConformanceTarget
    yield* (yield* orSkip(advance, "the platform's time cannot be moved"))(by)
  })

/** Where the target sends webhooks to, save for a path. */
export const webhookReceiver = Effect.flatMap(
  ConformanceTarget,
  ({ webhooks }) => orSkip(webhooks, "the platform cannot reach the tests")
)

/** Another organization than the target's, with these keys and nothing else. */
export const organizationWith = (keys: OrganizationKeys) =>
  Effect.gen(function*() {
    const { createOrganization } = yield* ConformanceTarget
    return yield* (yield* orSkip(createOrganization, "there is no other organization"))(keys)
  })
