/**
 * A `Store` in memory. It is made of maps that are changed in place, each method in one synchronous step.
 *
 * @since 0.1.0
 */
import type { AuthorizationRequestId, DeviceId } from "@effect-launchkey/core/Authorization"
import type { LinkingCode } from "@effect-launchkey/core/Device"
import type { DirectoryId, EntityIdentifier, OrganizationId, ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import type { TotpConfiguration } from "@effect-launchkey/core/Totp"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Attempts from "./internal/attempts.ts"
import { sweeper } from "./internal/sweeping.ts"
import * as Store from "./Store.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How long a request is remembered after it has expired, whatever has become of it. {@link defaultRetention}. */
  readonly retention?: Duration.DurationInput | undefined
}

/**
 * What applies where no retention is given: 1 hour, as long as `PendingAuthorizations` waits for an answer.
 *
 * @since 0.1.0
 * @category models
 */
export const defaultRetention: Duration.Duration = Duration.hours(1)

/** How many reports of fraud are remembered, the latest. */
const maximumFrauds = 1000

const ownerOf = (service: Store.ServiceRecord) => Option.getOrElse(service.directoryId, () => service.organizationId)

const serviceName = (service: Store.ServiceRecord, uniqueName: string) => `service ${ownerOf(service)} ${uniqueName}`

const userText = ({ directoryId, identifier }: Store.UserKey) => `${directoryId} ${identifier}`

const list = <Key, A>(map: Map<Key, ReadonlyArray<A>>, key: Key): ReadonlyArray<A> => map.get(key) ?? []

const append = <Key, A>(map: Map<Key, ReadonlyArray<A>>, key: Key, value: A) => map.set(key, [...list(map, key), value])

const found = <Key, A>(map: Map<Key, A>, keys: ReadonlyArray<Key>): ReadonlyArray<A> =>
  keys.flatMap((key) => {
    const value = map.get(key)
    return value === undefined ? [] : [value]
  })

const isOf = (
  { serviceId, user }: Store.Authorization,
  of: typeof Entity.Service.Type | typeof Entity.Directory.Type
): boolean => Entity.uuidOf(of) === (Entity.typeOf(of) === "svc" ? serviceId : user.directoryId)

type Placed = Pick<Store.Authorization, "created" | "id">

/** Of two of one time, that of the greater id is the later. */
const isLater = (one: Placed, other: Placed): boolean => {
  const [mine, its] = [DateTime.toEpochMillis(one.created), DateTime.toEpochMillis(other.created)]
  return mine === its ? one.id > other.id : mine > its
}

const getter = <Key, A>(map: Map<Key, A>) => (key: Key) => Effect.sync(() => Option.fromNullable(map.get(key)))

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Effect.Effect<Store.Service<never>> =>
  Effect.sync(() => {
    const retention = Duration.toMillis(options.retention ?? defaultRetention)

    /** Names in use, each with its owner. */
    const names = new Set<string>()
    const organizations = new Map<OrganizationId, Store.Organization>()
    const directories = new Map<DirectoryId, Store.Directory>()
    const directoriesOf = new Map<OrganizationId, ReadonlyArray<DirectoryId>>()
    const services = new Map<ServiceId, Store.ServiceRecord>()
    const servicesOf = new Map<OrganizationId | DirectoryId, ReadonlyArray<ServiceId>>()
    const keys = new Map<EntityIdentifier, ReadonlyArray<Store.EntityKey>>()
    const users = new Map<string, ReadonlyArray<DeviceId>>()
    const pushIds = new Map<string, Store.UserKey>()
    const devices = new Map<DeviceId, Store.Device>()
    const linkings = new Map<LinkingCode, Store.Linking>()
    /** The unused code of each device that has one. */
    const codes = new Map<DeviceId, LinkingCode>()
    const authorizations = new Map<AuthorizationRequestId, Store.Authorization>()
    /** The latest request of each user, the only one that can be open. */
    const latest = new Map<string, Store.Authorization>()
    const sessions = new Map<string, ReadonlyArray<Store.SessionRecord>>()
    const totps = new Map<string, { readonly totp: TotpConfiguration; readonly usedStep: number }>()
    /** When attempts were made, oldest first, and until when they count: epoch milliseconds. */
    const attempts = new Map<string, { readonly times: ReadonlyArray<number>; readonly until: number }>()
    const pushEndpoints = new Map<DeviceId, string>()
    /** Oldest first. */
    const frauds: Array<Store.FraudReport> = []
    /** Until when they are to be remembered: seconds since the epoch. */
    const tokens = new Map<string, number>()

    const sweepLinkings = sweeper(
      linkings,
      ({ expires }, now) => DateTime.toEpochMillis(expires) <= now,
      (_, { deviceId }) => codes.delete(deviceId)
    )
    const sweepAuthorizations = sweeper(
      authorizations,
      ({ expires }, now) => DateTime.toEpochMillis(expires) + retention <= now,
      (id, { user }) => {
        const text = userText(user)
        if (latest.get(text)?.id === id) latest.delete(text)
      }
    )
    const sweepAttempts = sweeper(attempts, ({ until }, now) => until <= now)
    const sweepTokens = sweeper(tokens, (until, now) => until * 1000 <= now)

    const setAuthorization = (authorization: Store.Authorization) => {
      authorizations.set(authorization.id, authorization)
      latest.set(userText(authorization.user), authorization)
    }

    return {
      insertOrganization: (organization) =>
        Effect.sync(() => {
          organizations.set(organization.id, organization)
        }),
      organizations: Effect.sync(() =>
        Array.from(organizations.values()).sort(({ id }, other) => id < other.id ? -1 : 1)
      ),
      organization: getter(organizations),
      insertDirectory: (directory, uniqueName) =>
        Effect.sync(() => {
          const name = `directory ${directory.organizationId} ${uniqueName}`
          if (names.has(name)) return false
          names.add(name)
          directories.set(directory.id, directory)
          append(directoriesOf, directory.organizationId, directory.id)
          return true
        }),
      directory: getter(directories),
      directories: (organizationId) => Effect.sync(() => found(directories, list(directoriesOf, organizationId))),
      modifyDirectory: (id, change) =>
        Effect.suspend(() => {
          const directory = directories.get(id)
          return directory === undefined ? Effect.succeedNone : Either.map(change(directory), (changed) => {
            directories.set(id, changed)
            return Option.some(changed)
          })
        }),
      insertService: (service, uniqueName) =>
        Effect.sync(() => {
          const name = serviceName(service, uniqueName)
          if (names.has(name)) return false
          names.add(name)
          services.set(service.id, service)
          append(servicesOf, ownerOf(service), service.id)
          return true
        }),
      service: getter(services),
      services: (owner) => Effect.sync(() => found(services, list(servicesOf, owner))),
      updateService: (service, { after, before }) =>
        Effect.sync(() => {
          const name = serviceName(service, after)
          if (after !== before && names.has(name)) return false
          names.delete(serviceName(service, before))
          names.add(name)
          const known = services.get(service.id)
          if (known !== undefined) services.set(service.id, { ...service, policy: known.policy })
          return true
        }),
      setPolicy: (id, policy) =>
        Effect.sync(() => {
          const service = services.get(id)
          if (service !== undefined) services.set(id, { ...service, policy })
        }),

      insertKey: (entity, key) =>
        Effect.sync(() => {
          if (list(keys, entity).some(({ id }) => id === key.id)) return false
          append(keys, entity, key)
          return true
        }),
      keys: (entity) => Effect.sync(() => list(keys, entity)),
      modifyKeys: (entity, change) =>
        Effect.suspend(() =>
          Either.map(change(list(keys, entity)), (changed) => {
            keys.set(entity, changed)
          })
        ),

      ensureUser: (user) =>
        Effect.sync(() => {
          const text = userText(user)
          if (!users.has(text)) users.set(text, [])
        }),
      hasUser: (user) => Effect.sync(() => users.has(userText(user))),
      rememberPushId: (pushId, serviceId, user) =>
        Effect.sync(() => {
          pushIds.set(`${serviceId} ${pushId}`, user)
        }),
      userByPushId: (pushId, serviceId) =>
        Effect.sync(() => Option.fromNullable(pushIds.get(`${serviceId} ${pushId}`))),

      insertLinking: (linking, device) =>
        Effect.sync(() => {
          sweepLinkings(DateTime.toEpochMillis(device.created))
          if (linkings.has(linking.code)) return false
          linkings.set(linking.code, linking)
          codes.set(device.id, linking.code)
          devices.set(device.id, device)
          append(users, userText(device.user), device.id)
          return true
        }),
      linking: getter(linkings),
      completeLinking: (code, now, link) =>
        Effect.sync(() => {
          const linking = linkings.get(code)
          if (linking === undefined || !DateTime.lessThan(now, linking.expires)) return Option.none()
          const device = devices.get(linking.deviceId)
          if (device === undefined) return Option.none()
          const linked = link(device)
          linkings.delete(code)
          codes.delete(device.id)
          devices.set(device.id, linked)
          return Option.some(linked)
        }),
      device: getter(devices),
      devices: (user) => Effect.sync(() => found(devices, list(users, userText(user)))),
      removeDevice: (id) =>
        Effect.sync(() => {
          const device = devices.get(id)
          if (device === undefined) return
          devices.delete(id)
          keys.delete(Entity.device(id))
          pushEndpoints.delete(id)
          const text = userText(device.user)
          users.set(text, list(users, text).filter((other) => other !== id))
          const code = codes.get(id)
          if (code !== undefined) linkings.delete(code)
          codes.delete(id)
        }),

      openAuthorization: (authorization) =>
        Effect.sync(() => {
          sweepAuthorizations(DateTime.toEpochMillis(authorization.created))
          const other = latest.get(userText(authorization.user))
          if (other !== undefined && Store.isOpen(other, authorization.created)) return Either.left(other)
          setAuthorization(authorization)
          return Either.right(undefined)
        }),
      authorization: getter(authorizations),
      closeAuthorization: (id, now, state) =>
        Effect.sync(() => {
          const before = authorizations.get(id)
          if (before !== undefined && Store.isOpen(before, now)) setAuthorization({ ...before, state })
          return Option.fromNullable(before)
        }),
      openAuthorizations: (user, now) =>
        Effect.sync(() => {
          const only = latest.get(userText(user))
          return only !== undefined && Store.isOpen(only, now) ? [only] : []
        }),

      latestAuthorizations: ({ before, limit, of }) =>
        Effect.sync(() =>
          Array.from(authorizations.values())
            .filter((one) => of === undefined || isOf(one, of))
            .sort((one, other) => isLater(one, other) ? -1 : 1)
            .filter((one) => before === undefined || isLater(before, one))
            .slice(0, limit)
        ),

      startSession: (session) =>
        Effect.sync(() => {
          const text = userText(session.user)
          sessions.set(text, [
            ...list(sessions, text).filter(({ serviceId }) => serviceId !== session.serviceId),
            session
          ])
        }),
      endSession: (user, serviceId) =>
        Effect.sync(() => {
          const text = userText(user)
          const held = list(sessions, text)
          const ended = held.find((session) => session.serviceId === serviceId)
          if (ended === undefined) return Option.none()
          if (held.length === 1) sessions.delete(text)
          else sessions.set(text, held.filter((session) => session !== ended))
          return Option.some(ended)
        }),
      sessions: (user) => Effect.sync(() => list(sessions, userText(user))),

      setTotp: (user, totp) =>
        Effect.sync(() => {
          const text = userText(user)
          if (Option.isNone(totp)) totps.delete(text)
          else totps.set(text, { totp: totp.value, usedStep: -1 })
        }),
      totp: (user) => Effect.sync(() => Option.map(Option.fromNullable(totps.get(userText(user))), ({ totp }) => totp)),
      useTotpStep: (user, step) =>
        Effect.sync(() => {
          const text = userText(user)
          const known = totps.get(text)
          if (known === undefined || step <= known.usedStep) return false
          totps.set(text, { ...known, usedStep: step })
          return true
        }),

      attempt: (key, limit, now) =>
        Effect.sync(() => {
          const at = DateTime.toEpochMillis(now)
          sweepAttempts(at)
          const { times, wait } = Attempts.count(attempts.get(key)?.times ?? [], limit, at)
          if (Option.isNone(wait)) {
            attempts.set(key, { times: [...times, at], until: at + Duration.toMillis(limit.window) })
          }
          return wait
        }),
      attempted: (key, limit, now) =>
        Effect.sync(() => Attempts.count(attempts.get(key)?.times ?? [], limit, DateTime.toEpochMillis(now)).wait),
      forgetAttempts: (key) =>
        Effect.sync(() => {
          attempts.delete(key)
        }),

      recordFraud: (report) =>
        Effect.sync(() => {
          frauds.push(report)
          if (frauds.length > maximumFrauds) frauds.shift()
        }),
      fraudReports: (limit) => Effect.sync(() => frauds.slice(-limit).reverse()),

      setPushEndpoint: (id, endpoint) =>
        Effect.sync(() => {
          if (Option.isNone(endpoint)) pushEndpoints.delete(id)
          else pushEndpoints.set(id, endpoint.value)
        }),
      pushEndpoint: getter(pushEndpoints),

      firstSeen: ({ issuer, tokenId, until }) =>
        Effect.clockWith((clock) =>
          Effect.sync(() => {
            const now = clock.unsafeCurrentTimeMillis()
            sweepTokens(now)
            const token = `${issuer} ${tokenId}`
            const known = tokens.get(token)
            if (known !== undefined && known * 1000 > now) return false
            tokens.set(token, until)
            return true
          })
        ),

      transaction: (self) => self
    }
  })

/**
 * Remembers until the process ends.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<Store.Store> => Layer.effect(Store.Store, make(options))
