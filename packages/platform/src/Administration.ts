/**
 * The platform's management, in process: organizations and what they own, keys, and the start of a link.
 *
 * @since 0.1.0
 */
import {
  DirectoryNameInUse,
  EntityNotFound,
  InvalidDirectoryIdentifier,
  InvalidParameters,
  InvalidPublicKey,
  InvalidSdkKey,
  LastRemainingKey,
  LastRemainingSdkKey,
  PublicKeyAlreadyInUse,
  PublicKeyDoesNotExist,
  ServiceNameTaken
} from "@effect-launchkey/core/ApiError"
import { DeviceId } from "@effect-launchkey/core/Authorization"
import { LinkingCode, SdkKey } from "@effect-launchkey/core/Device"
import type { DirectoryChange } from "@effect-launchkey/core/Directory"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import type { KeyId } from "@effect-launchkey/core/KeyId"
import type { KeyType, PublicKeyChange } from "@effect-launchkey/core/PublicKey"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import type { NewService, ServiceChange } from "@effect-launchkey/core/ServiceProfile"
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as AuditLog from "./AuditLog.ts"
import { audited } from "./internal/audited.ts"
import { devicesOf } from "./internal/devices.ts"
import { certificateFingerprint } from "./internal/pkcs12.ts"
import * as PlatformClock from "./PlatformClock.ts"
import * as Store from "./Store.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface AddKeyOptions {
  /** Default `"BOTH"`. */
  readonly type?: KeyType | undefined
  /** Default true. */
  readonly active?: boolean | undefined
  /** Default never. A time that has passed is accepted. */
  readonly expires?: DateTime.Utc | undefined
}

/**
 * A link that a device may complete with the code, or by reading the code from a QR image of it.
 *
 * @since 0.1.0
 * @category models
 */
export interface StartedLink {
  readonly code: LinkingCode
  readonly deviceId: DeviceId
  readonly expires: DateTime.Utc
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly createOrganization: (name: string) => Effect.Effect<Store.Organization, StoreUnavailable>
  /** Fails where the organization has a directory of that name, compared without case and outer space. */
  readonly createDirectory: (
    organizationId: Entity.OrganizationId,
    name: string
  ) => Effect.Effect<Store.Directory, EntityNotFound | DirectoryNameInUse | StoreUnavailable>
  /** `iosP12` is read for the fingerprint of its certificate alone; neither it nor its key is kept. */
  readonly updateDirectory: (
    change: typeof DirectoryChange.Type
  ) => Effect.Effect<void, EntityNotFound | InvalidParameters | StoreUnavailable>
  readonly createSdkKey: (directoryId: Entity.DirectoryId) => Effect.Effect<SdkKey, EntityNotFound | StoreUnavailable>
  readonly removeSdkKey: (
    directoryId: Entity.DirectoryId,
    sdkKey: SdkKey
  ) => Effect.Effect<void, EntityNotFound | InvalidSdkKey | LastRemainingSdkKey | StoreUnavailable>
  /** Fails where the owner has a service of that name, compared without case and outer space. */
  readonly createService: (
    owner: Entity.OrganizationId | Entity.DirectoryId,
    profile: string | typeof NewService.Type
  ) => Effect.Effect<Store.ServiceRecord, EntityNotFound | ServiceNameTaken | StoreUnavailable>
  readonly updateService: (
    change: typeof ServiceChange.Type
  ) => Effect.Effect<void, EntityNotFound | ServiceNameTaken | StoreUnavailable>
  /** `pem` is an RSA public key of 2048 bits or more, SPKI or PKCS#1. */
  readonly addKey: (
    entity: Entity.EntityIdentifier,
    pem: string,
    options?: AddKeyOptions
  ) => Effect.Effect<KeyId, EntityNotFound | InvalidPublicKey | PublicKeyAlreadyInUse | StoreUnavailable>
  readonly updateKey: (
    entity: Entity.EntityIdentifier,
    change: typeof PublicKeyChange.Type
  ) => Effect.Effect<void, PublicKeyDoesNotExist | StoreUnavailable>
  /** The last key of an entity stays, whatever its state. */
  readonly removeKey: (
    entity: Entity.EntityIdentifier,
    keyId: KeyId
  ) => Effect.Effect<void, PublicKeyDoesNotExist | LastRemainingKey | StoreUnavailable>
  readonly setPolicy: (id: Entity.ServiceId, policy: ServicePolicy.KnownPolicy) => Effect.Effect<void, StoreUnavailable>
  /** Fails where the user has no such device. */
  readonly unlinkDevice: (
    user: Store.UserKey,
    deviceId: DeviceId
  ) => Effect.Effect<void, EntityNotFound | StoreUnavailable>
  /**
   * Starts the link of a device, creating the user where there is none. The code serves once, for `ttl`: 300 to 86400
   * seconds, by default 86400. Its completion is told to the directory's webhook in the name of `requester`; without one
   * nobody is told.
   */
  readonly linkDevice: (
    user: Store.UserKey,
    options?: {
      readonly ttl?: Duration.DurationInput | undefined
      readonly requester?: Store.Requester | undefined
    }
  ) => Effect.Effect<StartedLink, EntityNotFound | InvalidDirectoryIdentifier | InvalidParameters | StoreUnavailable>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Administration
  extends Context.Tag("@effect-launchkey/platform/Administration")<Administration, Service>()
{}

const detail = undefined

/** Letters and digits that nobody reads as one another. */
const alphabet = "abcdefghjkmnpqrstuvwxyz23456789"

const linkTtl = { minimum: Duration.seconds(300), maximum: Duration.seconds(86_400) }

/**
 * What of a name has to be unique: the name without case and outer space.
 *
 * @since 0.1.0
 * @category conversions
 */
export const uniqueName = (name: string): string => name.trim().toLowerCase()

const isNullOrEmpty = (value: string | null | undefined): value is "" | null | undefined =>
  value === undefined || value === null || value === ""

/** An empty text is none, as null is: one official SDK cannot send null, and another reads it as an empty text. */
const given = (value: string | null | undefined): Option.Option<string> =>
  isNullOrEmpty(value) ? Option.none() : Option.some(value)

/** None where a member stays as it is. */
const changed = (value: string | null | undefined): Option.Option<Option.Option<string>> =>
  value === undefined ? Option.none() : Option.some(given(value))

/**
 * Whether a directory may know a user by this: opaque texts of 1 to 255 code points, without control characters.
 *
 * @since 0.1.0
 * @category guards
 */
export const isIdentifier = (text: string): boolean =>
  // eslint-disable-next-line no-control-regex
  text !== "" && Array.from(text).length <= 255 && !/[\u0000-\u001f\u007f]/.test(text)

/**
 * What it does is recorded in the `AuditLog` of the context, if there is one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Service, never, Store.Store | PlatformClock.PlatformClock> = Effect.gen(
  function*() {
    const jose = yield* Jose.Jose
    const store = yield* Store.Store
    const clock = yield* PlatformClock.PlatformClock

    const found = <A>(option: Option.Option<A>): Effect.Effect<A, EntityNotFound> =>
      Option.match(option, { onNone: () => Effect.fail(new EntityNotFound({ detail })), onSome: Effect.succeed })

    const exists = (entity: Entity.EntityIdentifier): Effect.Effect<unknown, EntityNotFound | StoreUnavailable> => {
      const id = Entity.uuidOf(entity)
      switch (Entity.typeOf(entity)) {
        case "org":
          return Effect.flatMap(store.organization(Entity.OrganizationId.make(id)), found)
        case "dir":
          return Effect.flatMap(store.directory(Entity.DirectoryId.make(id)), found)
        case "svc":
          return Effect.flatMap(store.service(Entity.ServiceId.make(id)), found)
        case "dev":
          return Effect.flatMap(store.device(DeviceId.make(id)), found)
      }
    }

    // Bytes beyond the last whole multiple of the alphabet are thrown away, so that each character is as likely.
    const randomCode: Effect.Effect<LinkingCode> = Effect.map(
      jose.randomBytes(32),
      (bytes) =>
        Array.from(bytes).filter((byte) => byte < 256 - 256 % alphabet.length).slice(0, 7)
          .map((byte) => alphabet[byte % alphabet.length]).join("")
    ).pipe(
      Effect.flatMap((text) => text.length === 7 ? Effect.succeed(LinkingCode.make(text)) : randomCode)
    )

    const plain: Service = {
      createOrganization: (name) =>
        Effect.gen(function*() {
          const organization = { id: Entity.OrganizationId.make(yield* jose.randomUuid), name }
          yield* store.insertOrganization(organization)
          return organization
        }),

      createDirectory: (organizationId, name) =>
        Effect.gen(function*() {
          yield* Effect.flatMap(store.organization(organizationId), found)
          const directory: Store.Directory = {
            id: Entity.DirectoryId.make(yield* jose.randomUuid),
            organizationId,
            name,
            active: true,
            denialContextInquiryEnabled: true,
            sdkKeys: [],
            androidKey: Option.none(),
            iosCertificateFingerprint: Option.none(),
            webhookUrl: Option.none()
          }
          return (yield* store.insertDirectory(directory, uniqueName(name)))
            ? directory
            : yield* new DirectoryNameInUse({ detail })
        }),

      updateDirectory: (change) =>
        Effect.gen(function*() {
          const iosCertificateFingerprint = isNullOrEmpty(change.iosP12)
            ? changed(change.iosP12)
            : Option.some(Option.some(yield* certificateFingerprint(change.iosP12)))
          const directory = yield* store.modifyDirectory(change.id, (directory) =>
            Either.right({
              ...directory,
              active: change.active ?? directory.active,
              denialContextInquiryEnabled: change.denialContextInquiryEnabled ?? directory.denialContextInquiryEnabled,
              androidKey: Option.getOrElse(changed(change.androidKey), () => directory.androidKey),
              webhookUrl: Option.getOrElse(changed(change.webhookUrl), () => directory.webhookUrl),
              iosCertificateFingerprint: Option.getOrElse(
                iosCertificateFingerprint,
                () => directory.iosCertificateFingerprint
              )
            }))
          yield* found(directory)
        }),

      createSdkKey: (directoryId) =>
        Effect.gen(function*() {
          const sdkKey = SdkKey.make(yield* jose.randomUuid)
          const directory = yield* store.modifyDirectory(
            directoryId,
            (directory) => Either.right({ ...directory, sdkKeys: [...directory.sdkKeys, sdkKey] })
          )
          yield* found(directory)
          return sdkKey
        }),

      removeSdkKey: (directoryId, sdkKey) =>
        store.modifyDirectory(directoryId, (directory): Either.Either<
          Store.Directory,
          InvalidSdkKey | LastRemainingSdkKey
        > => {
          if (!directory.sdkKeys.includes(sdkKey)) return Either.left(new InvalidSdkKey({ detail }))
          if (directory.sdkKeys.length === 1) return Either.left(new LastRemainingSdkKey({ detail }))
          return Either.right({ ...directory, sdkKeys: directory.sdkKeys.filter((other) => other !== sdkKey) })
        }).pipe(Effect.flatMap(found), Effect.asVoid),

      createService: (owner, nameOrProfile) =>
        Effect.gen(function*() {
          const profile: typeof NewService.Type = typeof nameOrProfile === "string"
            ? { name: nameOrProfile }
            : nameOrProfile
          const directory = yield* store.directory(Entity.DirectoryId.make(owner))
          const organizationId = Option.isSome(directory)
            ? directory.value.organizationId
            : (yield* Effect.flatMap(store.organization(Entity.OrganizationId.make(owner)), found)).id
          const service: Store.ServiceRecord = {
            id: Entity.ServiceId.make(yield* jose.randomUuid),
            organizationId,
            directoryId: Option.map(directory, ({ id }) => id),
            name: profile.name,
            description: given(profile.description),
            icon: given(profile.icon),
            callbackUrl: given(profile.callbackUrl),
            active: profile.active ?? true,
            policy: ServicePolicy.none
          }
          return (yield* store.insertService(service, uniqueName(service.name)))
            ? service
            : yield* new ServiceNameTaken({ detail })
        }),

      updateService: (change) =>
        Effect.gen(function*() {
          const before = yield* Effect.flatMap(store.service(change.id), found)
          const after: Store.ServiceRecord = {
            ...before,
            name: change.name ?? before.name,
            description: Option.getOrElse(changed(change.description), () => before.description),
            icon: Option.getOrElse(changed(change.icon), () => before.icon),
            callbackUrl: Option.getOrElse(changed(change.callbackUrl), () => before.callbackUrl),
            active: change.active ?? before.active
          }
          const names = { before: uniqueName(before.name), after: uniqueName(after.name) }
          if (!(yield* store.updateService(after, names))) return yield* new ServiceNameTaken({ detail })
        }),

      addKey: (entity, pem, options) =>
        Effect.gen(function*() {
          yield* exists(entity)
          const key = yield* Effect.mapError(
            jose.importPublicKey(pem),
            ({ message }) => new InvalidPublicKey({ detail: message })
          )
          const added = yield* store.insertKey(entity, {
            id: key.keyId,
            pem: key.pem,
            type: options?.type ?? "BOTH",
            active: options?.active ?? true,
            created: yield* clock.now,
            expires: Option.fromNullable(options?.expires)
          })
          return added ? key.keyId : yield* new PublicKeyAlreadyInUse({ detail })
        }),

      updateKey: (entity, change) =>
        store.modifyKeys(entity, (keys) =>
          keys.some(({ id }) => id === change.keyId)
            ? Either.right(keys.map((key) =>
              key.id === change.keyId
                ? {
                  ...key,
                  active: change.active ?? key.active,
                  expires: change.expires === undefined ? key.expires : Option.fromNullable(change.expires)
                }
                : key
            ))
            : Either.left(new PublicKeyDoesNotExist({ detail }))),

      removeKey: (entity, keyId) =>
        store.modifyKeys(entity, (keys): Either.Either<
          ReadonlyArray<Store.EntityKey>,
          PublicKeyDoesNotExist | LastRemainingKey
        > => {
          if (!keys.some(({ id }) => id === keyId)) return Either.left(new PublicKeyDoesNotExist({ detail }))
          if (keys.length === 1) return Either.left(new LastRemainingKey({ detail }))
          return Either.right(keys.filter(({ id }) => id !== keyId))
        }),

      setPolicy: store.setPolicy,

      unlinkDevice: (user, deviceId) =>
        Effect.gen(function*() {
          const devices = yield* devicesOf(store, user, yield* clock.now)
          if (!devices.some(({ id }) => id === deviceId)) {
            return yield* new EntityNotFound({ detail: "the user has no such device" })
          }
          yield* store.removeDevice(deviceId)
        }),

      linkDevice: (user, options) =>
        Effect.gen(function*() {
          yield* Effect.flatMap(store.directory(user.directoryId), found)
          if (!isIdentifier(user.identifier)) return yield* new InvalidDirectoryIdentifier({ detail })
          const ttl = Duration.decode(options?.ttl ?? linkTtl.maximum)
          if (!Duration.between(ttl, linkTtl)) {
            return yield* new InvalidParameters({
              origin: "Platform",
              issues: [],
              detail: { ttl: "expected 300 to 86400 seconds" }
            })
          }
          const now = yield* clock.now
          const deviceId = DeviceId.make(yield* jose.randomUuid)
          const expires = DateTime.addDuration(now, ttl)
          const device: Store.Device = {
            id: deviceId,
            user,
            status: "LINK_PENDING",
            linkExpires: expires,
            name: Option.none(),
            type: Option.none(),
            created: now,
            updated: now
          }
          yield* store.ensureUser(user)
          yield* devicesOf(store, user, now)
          const requester = Option.fromNullable(options?.requester)
          const insert: Effect.Effect<LinkingCode, StoreUnavailable> = Effect.flatMap(randomCode, (code) =>
            Effect.flatMap(
              store.insertLinking({ code, deviceId, expires, requester }, device),
              (fresh) =>
                fresh ? Effect.succeed(code) : insert
            ))
          return { code: yield* insert, deviceId, expires }
        })
    }
    const log = yield* AuditLog.AuditLog
    return log === AuditLog.none ? plain : audited(plain, store, log)
  }
)

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Administration, never, Store.Store | PlatformClock.PlatformClock> = Layer
  .effect(Administration, make)
