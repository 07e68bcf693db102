/**
 * What the platform remembers: a port whose every method is atomic, and its implementation in memory.
 *
 * @since 0.1.0
 */
import type { AuthorizationRequestId, DeviceId } from "@effect-launchkey/core/Authorization"
import type { LinkingCode } from "@effect-launchkey/core/Device"
import type { DirectoryId, EntityIdentifier, OrganizationId, ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import type { KnownPolicy } from "@effect-launchkey/core/ServicePolicy"
import type { TotpConfiguration } from "@effect-launchkey/core/Totp"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { isOpen } from "./Records.ts"
import type {
  Authorization,
  AuthorizationState,
  Device,
  Directory,
  EntityKey,
  Linking,
  Organization,
  ServiceRecord,
  SessionRecord,
  UserKey
} from "./Records.ts"

export * from "./Records.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly insertOrganization: (organization: Organization) => Effect.Effect<void>
  readonly organization: (id: OrganizationId) => Effect.Effect<Option.Option<Organization>>
  /** False where the organization has a directory of that name. */
  readonly insertDirectory: (directory: Directory, uniqueName: string) => Effect.Effect<boolean>
  readonly directory: (id: DirectoryId) => Effect.Effect<Option.Option<Directory>>
  /** Oldest first. */
  readonly directories: (organizationId: OrganizationId) => Effect.Effect<ReadonlyArray<Directory>>
  /** Changes the directory as `change` says, or not at all where it refuses. None where there is none. */
  readonly modifyDirectory: <E>(
    id: DirectoryId,
    change: (directory: Directory) => Either.Either<Directory, E>
  ) => Effect.Effect<Option.Option<Directory>, E>
  /** False where the owner, a directory or else the organization, has a service of that name. */
  readonly insertService: (service: ServiceRecord, uniqueName: string) => Effect.Effect<boolean>
  readonly service: (id: ServiceId) => Effect.Effect<Option.Option<ServiceRecord>>
  /** Those that this owner has itself, oldest first. */
  readonly services: (owner: OrganizationId | DirectoryId) => Effect.Effect<ReadonlyArray<ServiceRecord>>
  readonly setPolicy: (id: ServiceId, policy: KnownPolicy) => Effect.Effect<void>
  /** Replaces the service, save its policy. False where its new name is in use. */
  readonly updateService: (
    service: ServiceRecord,
    uniqueName: { readonly before: string; readonly after: string }
  ) => Effect.Effect<boolean>

  /** False where the entity has that key already. */
  readonly insertKey: (entity: EntityIdentifier, key: EntityKey) => Effect.Effect<boolean>
  /** Oldest first. */
  readonly keys: (entity: EntityIdentifier) => Effect.Effect<ReadonlyArray<EntityKey>>
  /** Changes the entity's keys as `change` says, or not at all where it refuses. */
  readonly modifyKeys: <E>(
    entity: EntityIdentifier,
    change: (keys: ReadonlyArray<EntityKey>) => Either.Either<ReadonlyArray<EntityKey>, E>
  ) => Effect.Effect<void, E>

  /** Creates the user unless there is one. */
  readonly ensureUser: (user: UserKey) => Effect.Effect<void>
  readonly hasUser: (user: UserKey) => Effect.Effect<boolean>
  /** Remembers the name under which a service may ask for a user from now on. */
  readonly rememberPushId: (pushId: string, serviceId: ServiceId, user: UserKey) => Effect.Effect<void>
  readonly userByPushId: (pushId: string, serviceId: ServiceId) => Effect.Effect<Option.Option<UserKey>>

  /** Adds a pending device with its code. False where the code is in use. */
  readonly insertLinking: (linking: Linking, device: Device) => Effect.Effect<boolean>
  readonly linking: (code: LinkingCode) => Effect.Effect<Option.Option<Linking>>
  /** Uses up the code. None where it is unknown, expired or used. */
  readonly completeLinking: (
    code: LinkingCode,
    now: DateTime.Utc,
    link: (device: Device) => Device
  ) => Effect.Effect<Option.Option<Device>>
  readonly device: (id: DeviceId) => Effect.Effect<Option.Option<Device>>
  /** In the order in which they were added. */
  readonly devices: (user: UserKey) => Effect.Effect<ReadonlyArray<Device>>
  /** With its keys and an unused code. */
  readonly removeDevice: (id: DeviceId) => Effect.Effect<void>

  /** Opens the request unless its user has one open: then that one is the left. */
  readonly openAuthorization: (
    authorization: Authorization
  ) => Effect.Effect<Either.Either<void, Authorization>>
  readonly authorization: (id: AuthorizationRequestId) => Effect.Effect<Option.Option<Authorization>>
  /** Moves an open request to the new state. Yields the request as it was before, changed or not. */
  readonly closeAuthorization: (
    id: AuthorizationRequestId,
    now: DateTime.Utc,
    state: AuthorizationState
  ) => Effect.Effect<Option.Option<Authorization>>
  /** Oldest first. */
  readonly openAuthorizations: (user: UserKey, now: DateTime.Utc) => Effect.Effect<ReadonlyArray<Authorization>>

  /** At most one per user and service: a new one replaces the old. */
  readonly startSession: (session: SessionRecord) => Effect.Effect<void>
  /** None where there is none, so that of many who end one at once a single one has ended it. */
  readonly endSession: (user: UserKey, serviceId: ServiceId) => Effect.Effect<Option.Option<SessionRecord>>
  readonly sessions: (user: UserKey) => Effect.Effect<ReadonlyArray<SessionRecord>>

  /** One secret per user: a new one replaces the old, none removes it. */
  readonly setTotp: (user: UserKey, totp: Option.Option<TotpConfiguration>) => Effect.Effect<void>
  readonly totp: (user: UserKey) => Effect.Effect<Option.Option<TotpConfiguration>>
  /** Marks a time step of the user's current secret as used; false where it, or a later one, was before. */
  readonly useTotpStep: (user: UserKey, step: number) => Effect.Effect<boolean>

  /**
   * Counts an attempt at what `key` names. None where fewer than `limit` were made within `window` before `now`; else
   * the attempt does not count, and it is told how long to wait.
   */
  readonly attempt: (
    key: string,
    limit: { readonly limit: number; readonly window: Duration.Duration },
    now: DateTime.Utc
  ) => Effect.Effect<Option.Option<Duration.Duration>>

  /** Marks a token as seen until a time, seconds since the epoch; false where it was before. */
  readonly firstSeen: (token: {
    readonly issuer: string
    readonly tokenId: string
    readonly until: number
  }) => Effect.Effect<boolean>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Store extends Context.Tag("@effect-launchkey/platform/Store")<Store, Service>() {}

interface State {
  /** Names in use, each with its owner. */
  readonly names: HashSet.HashSet<string>
  readonly organizations: HashMap.HashMap<OrganizationId, Organization>
  readonly directories: HashMap.HashMap<DirectoryId, Directory>
  readonly services: HashMap.HashMap<ServiceId, ServiceRecord>
  readonly keys: HashMap.HashMap<EntityIdentifier, ReadonlyArray<EntityKey>>
  readonly users: HashMap.HashMap<string, ReadonlyArray<DeviceId>>
  readonly pushIds: HashMap.HashMap<string, UserKey>
  readonly linkings: HashMap.HashMap<LinkingCode, Linking>
  readonly devices: HashMap.HashMap<DeviceId, Device>
  readonly authorizations: HashMap.HashMap<AuthorizationRequestId, Authorization>
  /** The latest request of each user, the only one that can be open. */
  readonly latest: HashMap.HashMap<string, AuthorizationRequestId>
  readonly sessions: HashMap.HashMap<string, ReadonlyArray<SessionRecord>>
  readonly directoriesOf: HashMap.HashMap<OrganizationId, ReadonlyArray<DirectoryId>>
  readonly servicesOf: HashMap.HashMap<OrganizationId | DirectoryId, ReadonlyArray<ServiceId>>
  readonly totps: HashMap.HashMap<string, { readonly totp: TotpConfiguration; readonly usedStep: number }>
  readonly attempts: Attempts
}

interface Attempts {
  /** When attempts were made, oldest first, and until when they count: epoch milliseconds. */
  readonly made: HashMap.HashMap<string, { readonly times: ReadonlyArray<number>; readonly until: number }>
  readonly prunedAt: number
}

const blank: State = {
  names: HashSet.empty(),
  organizations: HashMap.empty(),
  directories: HashMap.empty(),
  services: HashMap.empty(),
  keys: HashMap.empty(),
  users: HashMap.empty(),
  pushIds: HashMap.empty(),
  linkings: HashMap.empty(),
  devices: HashMap.empty(),
  authorizations: HashMap.empty(),
  latest: HashMap.empty(),
  sessions: HashMap.empty(),
  directoriesOf: HashMap.empty(),
  servicesOf: HashMap.empty(),
  totps: HashMap.empty(),
  attempts: { made: HashMap.empty(), prunedAt: 0 }
}

const ownerOf = (service: ServiceRecord) => Option.getOrElse(service.directoryId, () => service.organizationId)

const serviceName = (service: ServiceRecord, uniqueName: string) => `service ${ownerOf(service)} ${uniqueName}`

const userText = ({ directoryId, identifier }: UserKey) => `${directoryId} ${identifier}`

const list = <Key, A>(map: HashMap.HashMap<Key, ReadonlyArray<A>>, key: Key): ReadonlyArray<A> =>
  Option.getOrElse(HashMap.get(map, key), () => [])

const append = <Key, A>(map: HashMap.HashMap<Key, ReadonlyArray<A>>, key: Key, value: A) =>
  HashMap.set(map, key, [...list(map, key), value])

const latestOf = (state: State, user: UserKey): Option.Option<Authorization> =>
  Option.flatMap(
    HashMap.get(state.latest, userText(user)),
    (id) => HashMap.get(state.authorizations, id)
  )

interface Seen {
  readonly tokens: HashMap.HashMap<string, number>
  readonly prunedAt: number
}

/** How often tokens and attempts whose time has passed are forgotten: milliseconds. */
const pruneEvery = 60_000

/**
 * @since 0.1.0
 * @category constructors
 */
export const makeMemory: Effect.Effect<Service> = Effect.gen(function*() {
  const ref = yield* Ref.make(blank)
  const seen = yield* Ref.make<Seen>({ tokens: HashMap.empty(), prunedAt: 0 })
  const read = <A>(f: (state: State) => A) => Effect.map(Ref.get(ref), f)
  const update = (f: (state: State) => State) => Ref.update(ref, f)
  const decide = <A, E>(f: (state: State) => Either.Either<readonly [A, State], E>): Effect.Effect<A, E> =>
    Effect.flatten(Ref.modify(ref, (s): [Either.Either<A, E>, State] => {
      const decided = f(s)
      return Either.isLeft(decided)
        ? [Either.left(decided.left), s]
        : [Either.right(decided.right[0]), decided.right[1]]
    }))
  const insertNamed = (name: string, insert: (state: State) => State) =>
    Ref.modify(
      ref,
      (s) => HashSet.has(s.names, name) ? [false, s] : [true, { ...insert(s), names: HashSet.add(s.names, name) }]
    )

  return {
    insertOrganization: (organization) =>
      update((s) => ({ ...s, organizations: HashMap.set(s.organizations, organization.id, organization) })),
    organization: (id) => read((s) => HashMap.get(s.organizations, id)),
    insertDirectory: (directory, uniqueName) =>
      insertNamed(`directory ${directory.organizationId} ${uniqueName}`, (s) => ({
        ...s,
        directories: HashMap.set(s.directories, directory.id, directory),
        directoriesOf: append(s.directoriesOf, directory.organizationId, directory.id)
      })),
    directory: (id) => read((s) => HashMap.get(s.directories, id)),
    directories: (organizationId) =>
      read((s) =>
        list(s.directoriesOf, organizationId).flatMap((id) => Option.toArray(HashMap.get(s.directories, id)))
      ),
    modifyDirectory: <E>(id: DirectoryId, change: (directory: Directory) => Either.Either<Directory, E>) =>
      decide((s): Either.Either<readonly [Option.Option<Directory>, State], E> =>
        Option.match(HashMap.get(s.directories, id), {
          onNone: () => Either.right([Option.none(), s]),
          onSome: (directory) =>
            Either.map(change(directory), (changed) => [
              Option.some(changed),
              { ...s, directories: HashMap.set(s.directories, id, changed) }
            ])
        })
      ),
    insertService: (service, uniqueName) =>
      insertNamed(serviceName(service, uniqueName), (s) => ({
        ...s,
        services: HashMap.set(s.services, service.id, service),
        servicesOf: append(s.servicesOf, ownerOf(service), service.id)
      })),
    service: (id) => read((s) => HashMap.get(s.services, id)),
    services: (owner) =>
      read((s) => list(s.servicesOf, owner).flatMap((id) => Option.toArray(HashMap.get(s.services, id)))),
    updateService: (service, { after, before }) =>
      Ref.modify(ref, (s) => {
        const name = serviceName(service, after)
        return after !== before && HashSet.has(s.names, name) ? [false, s] : [true, {
          ...s,
          names: HashSet.add(HashSet.remove(s.names, serviceName(service, before)), name),
          services: HashMap.modify(s.services, service.id, ({ policy }) => ({ ...service, policy }))
        }]
      }),
    setPolicy: (id, policy) =>
      update((s) => ({ ...s, services: HashMap.modify(s.services, id, (service) => ({ ...service, policy })) })),

    insertKey: (entity, key) =>
      Ref.modify(ref, (s) =>
        list(s.keys, entity).some(({ id }) => id === key.id)
          ? [false, s]
          : [true, { ...s, keys: append(s.keys, entity, key) }]),
    keys: (entity) => read((s) => list(s.keys, entity)),
    modifyKeys: <E>(
      entity: EntityIdentifier,
      change: (keys: ReadonlyArray<EntityKey>) => Either.Either<ReadonlyArray<EntityKey>, E>
    ) =>
      decide((s) =>
        Either.map(change(list(s.keys, entity)), (keys) => [
          undefined,
          { ...s, keys: HashMap.set(s.keys, entity, keys) }
        ])
      ),

    ensureUser: (user) =>
      update((s) =>
        HashMap.has(s.users, userText(user)) ? s : { ...s, users: HashMap.set(s.users, userText(user), []) }
      ),
    hasUser: (user) => read((s) => HashMap.has(s.users, userText(user))),
    rememberPushId: (pushId, serviceId, user) =>
      update((s) => ({ ...s, pushIds: HashMap.set(s.pushIds, `${serviceId} ${pushId}`, user) })),
    userByPushId: (pushId, serviceId) => read((s) => HashMap.get(s.pushIds, `${serviceId} ${pushId}`)),

    insertLinking: (linking, device) =>
      Ref.modify(ref, (s) =>
        HashMap.has(s.linkings, linking.code) ? [false, s] : [true, {
          ...s,
          linkings: HashMap.set(s.linkings, linking.code, linking),
          devices: HashMap.set(s.devices, device.id, device),
          users: append(s.users, userText(device.user), device.id)
        }]),
    linking: (code) => read((s) => HashMap.get(s.linkings, code)),
    completeLinking: (code, now, link) =>
      Ref.modify(ref, (s) => {
        const linked = HashMap.get(s.linkings, code).pipe(
          Option.filter(({ expires }) => DateTime.lessThan(now, expires)),
          Option.flatMap(({ deviceId }) => HashMap.get(s.devices, deviceId)),
          Option.map(link)
        )
        return [
          linked,
          Option.match(linked, {
            onNone: () => s,
            onSome: (device) => ({
              ...s,
              linkings: HashMap.remove(s.linkings, code),
              devices: HashMap.set(s.devices, device.id, device)
            })
          })
        ]
      }),
    device: (id) => read((s) => HashMap.get(s.devices, id)),
    devices: (user) =>
      read((s) => list(s.users, userText(user)).flatMap((id) => Option.toArray(HashMap.get(s.devices, id)))),
    removeDevice: (id) =>
      update((s) =>
        Option.match(HashMap.get(s.devices, id), {
          onNone: () => s,
          onSome: ({ user }) => ({
            ...s,
            devices: HashMap.remove(s.devices, id),
            keys: HashMap.remove(s.keys, Entity.device(id)),
            users: HashMap.modify(s.users, userText(user), (ids) => ids.filter((other) => other !== id)),
            linkings: HashMap.filter(s.linkings, ({ deviceId }) => deviceId !== id)
          })
        })
      ),

    openAuthorization: (authorization) =>
      Ref.modify(ref, (s): [Either.Either<void, Authorization>, State] =>
        latestOf(s, authorization.user).pipe(
          Option.filter((other) => isOpen(other, authorization.created)),
          Option.match({
            onSome: (blocking) => [Either.left(blocking), s],
            onNone: () => [Either.right(undefined), {
              ...s,
              authorizations: HashMap.set(s.authorizations, authorization.id, authorization),
              latest: HashMap.set(s.latest, userText(authorization.user), authorization.id)
            }]
          })
        )),
    authorization: (id) => read((s) => HashMap.get(s.authorizations, id)),
    closeAuthorization: (id, now, state) =>
      Ref.modify(ref, (s) => {
        const before = HashMap.get(s.authorizations, id)
        return [
          before,
          Option.isSome(before) && isOpen(before.value, now)
            ? { ...s, authorizations: HashMap.set(s.authorizations, id, { ...before.value, state }) }
            : s
        ]
      }),
    openAuthorizations: (user, now) =>
      read((s) => Option.toArray(Option.filter(latestOf(s, user), (latest) => isOpen(latest, now)))),

    startSession: (session) =>
      update((s) => ({
        ...s,
        sessions: HashMap.set(s.sessions, userText(session.user), [
          ...list(s.sessions, userText(session.user)).filter(({ serviceId }) => serviceId !== session.serviceId),
          session
        ])
      })),
    endSession: (user, serviceId) =>
      Ref.modify(ref, (s) => {
        const [ended, others] = Arr.partition(
          list(s.sessions, userText(user)),
          (session) => session.serviceId !== serviceId
        )
        return [Arr.head(ended), { ...s, sessions: HashMap.set(s.sessions, userText(user), others) }]
      }),
    sessions: (user) => read((s) => list(s.sessions, userText(user))),

    setTotp: (user, totp) =>
      update((s) => ({
        ...s,
        totps: Option.match(totp, {
          onNone: () => HashMap.remove(s.totps, userText(user)),
          onSome: (value) => HashMap.set(s.totps, userText(user), { totp: value, usedStep: -1 })
        })
      })),
    totp: (user) => read((s) => Option.map(HashMap.get(s.totps, userText(user)), ({ totp }) => totp)),
    useTotpStep: (user, step) =>
      Ref.modify(ref, (s) =>
        Option.match(HashMap.get(s.totps, userText(user)), {
          onNone: () => [false, s],
          onSome: (known) =>
            step <= known.usedStep
              ? [false, s]
              : [true, { ...s, totps: HashMap.set(s.totps, userText(user), { ...known, usedStep: step }) }]
        })),

    attempt: (key, { limit, window }, now) =>
      Ref.modify(ref, (s) => {
        const at = DateTime.toEpochMillis(now)
        const span = Duration.toMillis(window)
        const due = at - s.attempts.prunedAt >= pruneEvery
        const made = due ? HashMap.filter(s.attempts.made, ({ until }) => until > at) : s.attempts.made
        const times = Option.match(HashMap.get(made, key), { onNone: () => [], onSome: (known) => known.times }).filter(
          (earlier) => earlier > at - span
        )
        const [oldest] = times
        const attempts = { made, prunedAt: due ? at : s.attempts.prunedAt }
        return times.length < limit || oldest === undefined
          ? [Option.none(), {
            ...s,
            attempts: { ...attempts, made: HashMap.set(made, key, { times: [...times, at], until: at + span }) }
          }]
          : [Option.some(Duration.millis(oldest + span - at)), { ...s, attempts }]
      }),

    firstSeen: ({ issuer, tokenId, until }) =>
      Effect.clockWith((clock) =>
        Effect.flatMap(clock.currentTimeMillis, (now) =>
          Ref.modify(seen, (s) => {
            const token = `${issuer} ${tokenId}`
            const due = now - s.prunedAt >= pruneEvery
            const tokens = due ? HashMap.filter(s.tokens, (end) => end * 1000 > now) : s.tokens
            const prunedAt = due ? now : s.prunedAt
            return HashMap.has(tokens, token)
              ? [false, { tokens, prunedAt }]
              : [true, { tokens: HashMap.set(tokens, token, until), prunedAt }]
          }))
      )
  }
})

/**
 * Remembers until the process ends.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<Store> = Layer.effect(Store, makeMemory)
