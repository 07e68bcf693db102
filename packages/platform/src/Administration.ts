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
  PublicKeyAlreadyInUse,
  ServiceNameTaken
} from "@effect-launchkey/core/ApiError"
import { DeviceId } from "@effect-launchkey/core/Authorization"
import { LinkingCode, SdkKey } from "@effect-launchkey/core/Device"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import type { KeyId } from "@effect-launchkey/core/KeyId"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PlatformClock from "./PlatformClock.ts"
import * as Store from "./Store.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface AddKeyOptions {
  /** Default `"BOTH"`. */
  readonly type?: Store.KeyType | undefined
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
  readonly createOrganization: (name: string) => Effect.Effect<Store.Organization>
  /** Fails where the organization has a directory of that name, compared without case and outer space. */
  readonly createDirectory: (
    organizationId: Entity.OrganizationId,
    name: string
  ) => Effect.Effect<Store.Directory, EntityNotFound | DirectoryNameInUse>
  readonly createSdkKey: (directoryId: Entity.DirectoryId) => Effect.Effect<SdkKey, EntityNotFound>
  /** Fails where the owner has a service of that name, compared without case and outer space. */
  readonly createService: (
    owner: Entity.OrganizationId | Entity.DirectoryId,
    name: string
  ) => Effect.Effect<Store.ServiceRecord, EntityNotFound | ServiceNameTaken>
  /** `pem` is an RSA public key of 2048 bits or more, SPKI or PKCS#1. */
  readonly addKey: (
    entity: Entity.EntityIdentifier,
    pem: string,
    options?: AddKeyOptions
  ) => Effect.Effect<KeyId, EntityNotFound | InvalidPublicKey | PublicKeyAlreadyInUse>
  /**
   * Starts the link of a device, creating the user where there is none. The code serves once, for `ttl`: 300 to 86400
   * seconds, by default 86400.
   */
  readonly linkDevice: (
    user: Store.UserKey,
    options?: { readonly ttl?: Duration.DurationInput | undefined }
  ) => Effect.Effect<StartedLink, EntityNotFound | InvalidDirectoryIdentifier | InvalidParameters>
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

const normalized = (name: string) => name.trim().toLowerCase()

/** Identifiers are opaque texts of 1 to 255 characters; control characters are nobody's. */
const isIdentifier = (text: string) =>
  // eslint-disable-next-line no-control-regex
  text !== "" && Array.from(text).length <= 255 && !/[\u0000-\u001f\u007f]/.test(text)

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Service, never, Jose.Jose | Store.Store | PlatformClock.PlatformClock> = Effect.gen(
  function*() {
    const jose = yield* Jose.Jose
    const store = yield* Store.Store
    const clock = yield* PlatformClock.PlatformClock

    const found = <A>(option: Option.Option<A>): Effect.Effect<A, EntityNotFound> =>
      Option.match(option, { onNone: () => Effect.fail(new EntityNotFound({ detail })), onSome: Effect.succeed })

    const exists = (entity: Entity.EntityIdentifier): Effect.Effect<unknown, EntityNotFound> => {
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

    return {
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
            sdkKeys: []
          }
          return (yield* store.insertDirectory(directory, normalized(name)))
            ? directory
            : yield* new DirectoryNameInUse({ detail })
        }),

      createSdkKey: (directoryId) =>
        Effect.gen(function*() {
          yield* Effect.flatMap(store.directory(directoryId), found)
          const sdkKey = SdkKey.make(yield* jose.randomUuid)
          yield* store.addSdkKey(directoryId, sdkKey)
          return sdkKey
        }),

      createService: (owner, name) =>
        Effect.gen(function*() {
          const directory = yield* store.directory(Entity.DirectoryId.make(owner))
          const organizationId = Option.isSome(directory)
            ? directory.value.organizationId
            : (yield* Effect.flatMap(store.organization(Entity.OrganizationId.make(owner)), found)).id
          const service: Store.ServiceRecord = {
            id: Entity.ServiceId.make(yield* jose.randomUuid),
            organizationId,
            directoryId: Option.map(directory, ({ id }) => id),
            name,
            icon: Option.none(),
            active: true
          }
          return (yield* store.insertService(service, normalized(name)))
            ? service
            : yield* new ServiceNameTaken({ detail })
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
          const device: Store.Device = {
            id: deviceId,
            user,
            status: "LINK_PENDING",
            name: Option.none(),
            type: Option.none(),
            created: now,
            updated: now
          }
          yield* store.ensureUser(user)
          const expires = DateTime.addDuration(now, ttl)
          const insert: Effect.Effect<LinkingCode> = Effect.flatMap(randomCode, (code) =>
            Effect.flatMap(
              store.insertLinking({ code, deviceId, expires }, device),
              (fresh) => fresh ? Effect.succeed(code) : insert
            ))
          return { code: yield* insert, deviceId, expires }
        })
    }
  }
)

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Administration, never, Jose.Jose | Store.Store | PlatformClock.PlatformClock> = Layer
  .effect(Administration, make)
