/** As whom a command acts, and for whom: the credentials of a profile, and the clients that they make. */
import * as DirectoryClient from "@effect-launchkey/clients/DirectoryClient"
import * as DirectoryCredentials from "@effect-launchkey/clients/DirectoryCredentials"
import * as OrganizationClient from "@effect-launchkey/clients/OrganizationClient"
import * as OrganizationCredentials from "@effect-launchkey/clients/OrganizationCredentials"
import type * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as ServiceCredentials from "@effect-launchkey/clients/ServiceCredentials"
import type { ServiceManagement } from "@effect-launchkey/clients/ServiceManagement"
import type { InvalidParameters } from "@effect-launchkey/core/ApiError"
import * as EntityIdentifier from "@effect-launchkey/core/EntityIdentifier"
import { InvalidKey } from "@effect-launchkey/transport/InvalidKey"
import * as Options from "@effect/cli/Options"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Path from "@effect/platform/Path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Profile from "../Profile.ts"
import { Unusable } from "./unusable.ts"

export type Credentials =
  | { readonly _tag: "organization"; readonly service: OrganizationCredentials.Service }
  | { readonly _tag: "directory"; readonly id: string; readonly service: DirectoryCredentials.Service }
  | { readonly _tag: "service"; readonly id: string; readonly service: ServiceCredentials.Service }

type Environment = FileSystem.FileSystem | Path.Path | HttpClient.HttpClient | Scope.Scope

/** A key at hand, and where it came from. */
interface Brought {
  readonly key: Redacted.Redacted<string>
  readonly from: string
}

/** The key ring and the credentials of the profile, or of one whose signing key is `brought`. Nothing is sent by that. */
export const credentialsOf = (
  profile: Profile.Profile,
  brought?: Brought
): Effect.Effect<Credentials, Unusable | InvalidKey | InvalidParameters, Environment> =>
  Effect.gen(function*() {
    const sources = [
      brought?.from ?? Profile.describeSource(profile.signingKey),
      ...profile.decryptionKeys.map(Profile.describeSource)
    ]
    const signingKey = brought?.key ?? (yield* Profile.readKey(profile.signingKey))
    const decryptionKeys = yield* Effect.forEach(profile.decryptionKeys, Profile.readKey)
    const options = {
      baseUrl: profile.baseUrl,
      signingKey,
      decryptionKeys,
      ...(profile.pinnedKeys === undefined ? {} : { pinnedKeys: profile.pinnedKeys })
    }
    const id = EntityIdentifier.uuidOf(profile.entity)
    const built = <Id, Service, E>(
      tag: Context.Tag<Id, Service>,
      layer: Layer.Layer<Id, E | InvalidKey, HttpClient.HttpClient>
    ) =>
      Effect.mapError(
        Effect.map(Layer.build(layer), Context.get(tag)),
        (error) =>
          error instanceof InvalidKey ? new InvalidKey({ ...error, field: nameOf(error.field, sources) }) : error
      )
    switch (EntityIdentifier.typeOf(profile.entity)) {
      case "org":
        return {
          _tag: "organization",
          service: yield* built(
            OrganizationCredentials.OrganizationCredentials,
            OrganizationCredentials.layer({ ...options, organizationId: id })
          )
        }
      case "dir":
        return {
          _tag: "directory",
          id,
          service: yield* built(
            DirectoryCredentials.DirectoryCredentials,
            DirectoryCredentials.layer({ ...options, directoryId: id })
          )
        }
      default:
        return {
          _tag: "service",
          id,
          service: yield* built(
            ServiceCredentials.ServiceCredentials,
            ServiceCredentials.layer({ ...options, serviceId: id })
          )
        }
    }
  })

/** `signingKey`, `decryptionKeys[1]`: in the profile's words. */
const nameOf = (field: string | undefined, sources: ReadonlyArray<string>): string => {
  const index = field === undefined || field === "signingKey" ? 0 : Number(field.replace(/\D/g, "")) + 1
  const source = sources[index]
  return source === undefined ? "The key" : `The key in ${source}`
}

/** Which profile a command acts by. */
export const profile = {
  profile: Options.text("profile").pipe(
    Options.withDescription("The profile to act by. Default: LAUNCHKEY_PROFILE, or the current one."),
    Options.optional
  ),
  config: Options.text("config").pipe(
    Options.withDescription("The file of profiles. Default: LAUNCHKEY_CONFIG, or the user's own."),
    Options.optional
  )
}

export const directoryOption = Options.text("directory").pipe(
  Options.withDescription("Id of the directory to act for. Default: that of the profile, where it is a directory's."),
  Options.optional
)

export const serviceOption = Options.text("service").pipe(
  Options.withDescription("Id of the service to act for. Default: that of the profile, where it is a service's."),
  Options.optional
)

const kinds = { organization: "an organization", directory: "a directory", service: "a service" } as const

const cannot = (found: Credentials["_tag"], needed: string) =>
  new Unusable({
    what: "Profile",
    problem: `This command needs the key of ${needed}, and the profile has that of ${kinds[found]}`,
    next: "Choose another profile with --profile, or add one with `launchkey profile add`."
  })

const missing = (option: string, found: Credentials["_tag"]) =>
  new Unusable({
    what: "Arguments",
    problem: `For whom to act is not said: the profile is that of ${kinds[found]}`,
    next: `Give --${option} and its id.`
  })

/** A key acts for its owner: another id beside it is a mistake. */
const own = (named: Option.Option<string>, id: string, option: string) =>
  Option.isSome(named) && named.value.toLowerCase() !== id
    ? Effect.fail(
      new Unusable({
        what: "Arguments",
        problem: `--${option} names another than the profile's own, for which its key cannot act`,
        next: `Leave --${option} out, or choose another profile with --profile.`
      })
    )
    : Effect.void

const credentials = (choice: Profile.Choice) => Effect.flatMap(Profile.choose(choice), credentialsOf)

type Failure = Unusable | InvalidKey | InvalidParameters

export const organization = (
  choice: Profile.Choice
): Effect.Effect<OrganizationClient.Service, Failure, Environment> =>
  Effect.flatMap(credentials(choice), (found) =>
    found._tag === "organization"
      ? found.service.organizationClient
      : Effect.fail(cannot(found._tag, "an organization")))

interface WithDirectory extends Profile.Choice {
  readonly directory: Option.Option<string>
}

const directoryOf = (found: Credentials, named: Option.Option<string>) =>
  Effect.gen(function*() {
    switch (found._tag) {
      case "organization":
        return yield* Option.match(named, {
          onNone: () => Effect.fail(missing("directory", found._tag)),
          onSome: found.service.directoryClient
        })
      case "directory":
        yield* own(named, found.id, "directory")
        return yield* found.service.directoryClient
      case "service":
        return yield* cannot(found._tag, "a directory or of its organization")
    }
  })

/** By a directory's key, or by that of its organization with `--directory`. */
export const directory = (
  choice: WithDirectory
): Effect.Effect<DirectoryClient.Service, Failure, Environment> =>
  Effect.flatMap(credentials(choice), (found) => directoryOf(found, choice.directory))

/** Who owns the services that are managed: an organization, or with `--directory` or by its own key a directory. */
export const owner = (
  choice: WithDirectory
): Effect.Effect<ServiceManagement, Failure, Environment> =>
  Effect.flatMap(
    credentials(choice),
    (found): Effect.Effect<ServiceManagement, Failure> =>
      found._tag === "organization" && Option.isNone(choice.directory)
        ? found.service.organizationClient
        : directoryOf(found, choice.directory)
  )

interface WithService extends Profile.Choice {
  readonly service: Option.Option<string>
}

/** By a service's key, or by that of its directory or organization with `--service`. */
export const service = (
  choice: WithService
): Effect.Effect<ServiceClient.Service, Failure, Environment> =>
  Effect.flatMap(credentials(choice), (found) =>
    Effect.gen(function*() {
      if (found._tag === "service") {
        yield* own(choice.service, found.id, "service")
        return yield* found.service.serviceClient
      }
      return yield* Option.match(choice.service, {
        onNone: () => Effect.fail(missing("service", found._tag)),
        onSome: found.service.serviceClient
      })
    }))
