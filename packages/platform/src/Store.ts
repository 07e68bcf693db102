/**
 * What the platform remembers: a port whose every method is atomic. `MemoryStore` is its implementation in memory.
 *
 * @since 0.1.0
 */
import type { AuthorizationRequestId, DeviceId } from "@effect-launchkey/core/Authorization"
import type { LinkingCode } from "@effect-launchkey/core/Device"
import type { DirectoryId, EntityIdentifier, OrganizationId, ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import type * as Entity from "@effect-launchkey/core/EntityIdentifier"
import type { KnownPolicy } from "@effect-launchkey/core/ServicePolicy"
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import type { TotpConfiguration } from "@effect-launchkey/core/Totp"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import type * as Option from "effect/Option"
import type {
  Authorization,
  AuthorizationState,
  Device,
  Directory,
  EntityKey,
  FraudReport,
  Linking,
  Organization,
  ServiceRecord,
  SessionRecord,
  UserKey
} from "./Records.ts"

export * from "./Records.ts"

/**
 * What it fails with is that it did not do what it was asked, or that this is not known.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service<Unavailable = StoreUnavailable> {
  readonly insertOrganization: (organization: Organization) => Effect.Effect<void, Unavailable>
  readonly organization: (id: OrganizationId) => Effect.Effect<Option.Option<Organization>, Unavailable>
  /** All of them, in the order of their ids. */
  readonly organizations: Effect.Effect<ReadonlyArray<Organization>, Unavailable>
  /** False where the organization has a directory of that name. */
  readonly insertDirectory: (directory: Directory, uniqueName: string) => Effect.Effect<boolean, Unavailable>
  readonly directory: (id: DirectoryId) => Effect.Effect<Option.Option<Directory>, Unavailable>
  /** Oldest first. */
  readonly directories: (organizationId: OrganizationId) => Effect.Effect<ReadonlyArray<Directory>, Unavailable>
  /** Changes the directory as `change` says, or not at all where it refuses. None where there is none. */
  readonly modifyDirectory: <E>(
    id: DirectoryId,
    change: (directory: Directory) => Either.Either<Directory, E>
  ) => Effect.Effect<Option.Option<Directory>, E | Unavailable>
  /** False where the owner, a directory or else the organization, has a service of that name. */
  readonly insertService: (service: ServiceRecord, uniqueName: string) => Effect.Effect<boolean, Unavailable>
  readonly service: (id: ServiceId) => Effect.Effect<Option.Option<ServiceRecord>, Unavailable>
  /** Those that this owner has itself, oldest first. */
  readonly services: (owner: OrganizationId | DirectoryId) => Effect.Effect<ReadonlyArray<ServiceRecord>, Unavailable>
  readonly setPolicy: (id: ServiceId, policy: KnownPolicy) => Effect.Effect<void, Unavailable>
  /** Replaces the service, save its policy. False where its new name is in use. */
  readonly updateService: (
    service: ServiceRecord,
    uniqueName: { readonly before: string; readonly after: string }
  ) => Effect.Effect<boolean, Unavailable>

  /** False where the entity has that key already. */
  readonly insertKey: (entity: EntityIdentifier, key: EntityKey) => Effect.Effect<boolean, Unavailable>
  /** Oldest first. */
  readonly keys: (entity: EntityIdentifier) => Effect.Effect<ReadonlyArray<EntityKey>, Unavailable>
  /** Changes the entity's keys as `change` says, or not at all where it refuses. */
  readonly modifyKeys: <E>(
    entity: EntityIdentifier,
    change: (keys: ReadonlyArray<EntityKey>) => Either.Either<ReadonlyArray<EntityKey>, E>
  ) => Effect.Effect<void, E | Unavailable>

  /** Creates the user unless there is one. */
  readonly ensureUser: (user: UserKey) => Effect.Effect<void, Unavailable>
  readonly hasUser: (user: UserKey) => Effect.Effect<boolean, Unavailable>
  /** Remembers the name under which a service may ask for a user from now on. */
  readonly rememberPushId: (pushId: string, serviceId: ServiceId, user: UserKey) => Effect.Effect<void, Unavailable>
  readonly userByPushId: (pushId: string, serviceId: ServiceId) => Effect.Effect<Option.Option<UserKey>, Unavailable>

  /** Adds a pending device with its code. False where the code is in use. */
  readonly insertLinking: (linking: Linking, device: Device) => Effect.Effect<boolean, Unavailable>
  readonly linking: (code: LinkingCode) => Effect.Effect<Option.Option<Linking>, Unavailable>
  /** Uses up the code. None where it is unknown, expired or used. */
  readonly completeLinking: (
    code: LinkingCode,
    now: DateTime.Utc,
    link: (device: Device) => Device
  ) => Effect.Effect<Option.Option<Device>, Unavailable>
  readonly device: (id: DeviceId) => Effect.Effect<Option.Option<Device>, Unavailable>
  /** In the order in which they were added. */
  readonly devices: (user: UserKey) => Effect.Effect<ReadonlyArray<Device>, Unavailable>
  /** With its keys, an unused code and where it is told by push. */
  readonly removeDevice: (id: DeviceId) => Effect.Effect<void, Unavailable>

  /** Opens the request unless its user has one open: then that one is the left. */
  readonly openAuthorization: (
    authorization: Authorization
  ) => Effect.Effect<Either.Either<void, Authorization>, Unavailable>
  readonly authorization: (id: AuthorizationRequestId) => Effect.Effect<Option.Option<Authorization>, Unavailable>
  /** Moves an open request to the new state. Yields the request as it was before, changed or not. */
  readonly closeAuthorization: (
    id: AuthorizationRequestId,
    now: DateTime.Utc,
    state: AuthorizationState
  ) => Effect.Effect<Option.Option<Authorization>, Unavailable>
  /** Oldest first. */
  readonly openAuthorizations: (
    user: UserKey,
    now: DateTime.Utc
  ) => Effect.Effect<ReadonlyArray<Authorization>, Unavailable>

  /** Those of a service, of a directory's users, or all: latest first, only those made before one that is known. */
  readonly latestAuthorizations: (options: {
    readonly of?: typeof Entity.Service.Type | typeof Entity.Directory.Type | undefined
    readonly before?: Pick<Authorization, "id" | "created"> | undefined
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<Authorization>, Unavailable>

  /** At most one per user and service: a new one replaces the old. */
  readonly startSession: (session: SessionRecord) => Effect.Effect<void, Unavailable>
  /** None where there is none, so that of many who end one at once a single one has ended it. */
  readonly endSession: (user: UserKey, serviceId: ServiceId) => Effect.Effect<Option.Option<SessionRecord>, Unavailable>
  readonly sessions: (user: UserKey) => Effect.Effect<ReadonlyArray<SessionRecord>, Unavailable>

  /** One secret per user: a new one replaces the old, none removes it. */
  readonly setTotp: (user: UserKey, totp: Option.Option<TotpConfiguration>) => Effect.Effect<void, Unavailable>
  readonly totp: (user: UserKey) => Effect.Effect<Option.Option<TotpConfiguration>, Unavailable>
  /** Marks a time step of the user's current secret as used; false where it, or a later one, was before. */
  readonly useTotpStep: (user: UserKey, step: number) => Effect.Effect<boolean, Unavailable>

  /**
   * Counts an attempt at what `key` names. None where fewer than `limit` were made within `window` before `now`; else
   * the attempt does not count, and it is told how long to wait.
   */
  readonly attempt: (
    key: string,
    limit: { readonly limit: number; readonly window: Duration.Duration },
    now: DateTime.Utc
  ) => Effect.Effect<Option.Option<Duration.Duration>, Unavailable>

  /** How long an attempt would have to wait, and counts none. */
  readonly attempted: (
    key: string,
    limit: { readonly limit: number; readonly window: Duration.Duration },
    now: DateTime.Utc
  ) => Effect.Effect<Option.Option<Duration.Duration>, Unavailable>
  /** As if nothing had been attempted at what `key` names. */
  readonly forgetAttempts: (key: string) => Effect.Effect<void, Unavailable>

  readonly recordFraud: (report: FraudReport) => Effect.Effect<void, Unavailable>
  /** Latest first. */
  readonly fraudReports: (limit: number) => Effect.Effect<ReadonlyArray<FraudReport>, Unavailable>

  /** Where the device is told by push that something waits; one place per device, none to be told nowhere. */
  readonly setPushEndpoint: (id: DeviceId, endpoint: Option.Option<string>) => Effect.Effect<void, Unavailable>
  readonly pushEndpoint: (id: DeviceId) => Effect.Effect<Option.Option<string>, Unavailable>

  /** Marks a token as seen until a time, seconds since the epoch; false where it was before. */
  readonly firstSeen: (token: {
    readonly issuer: string
    readonly tokenId: string
    readonly until: number
  }) => Effect.Effect<boolean, Unavailable>

  /**
   * Keeps what `self` does by this store, and by other ports in its database, whole or not at all: not where it fails.
   * Within another it is a part of that, which can be undone alone. In memory it is `self`: what was done stays.
   *
   * `self` may run several times, and does nothing but ask such ports: it waits for nobody, and forks nothing.
   */
  readonly transaction: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | Unavailable, R>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Store extends Context.Tag("@effect-launchkey/platform/Store")<Store, Service>() {}
