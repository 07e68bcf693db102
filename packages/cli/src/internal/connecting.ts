/** A profile's way to its platform, below the clients. */
import type { InvalidParameters } from "@effect-launchkey/core/ApiError"
import type { InvalidKey } from "@effect-launchkey/transport/InvalidKey"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as Transport from "@effect-launchkey/transport/Transport"
import type * as FileSystem from "@effect/platform/FileSystem"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import type * as Profile from "../Profile.ts"
import * as OwnKeys from "./ownKeys.ts"
import type { Unusable } from "./unusable.ts"

export interface Connected {
  readonly keyring: Keyring.Service
  readonly connection: RemoteApi.Connection
  readonly transport: Transport.Service
}

/** Nothing is sent by that. */
export const connect = (
  { baseUrl, decryptionKeys, entity, pinnedKeys, signingKey }: Profile.Profile
): Effect.Effect<
  Connected,
  Unusable | InvalidKey | InvalidParameters,
  FileSystem.FileSystem | HttpClient.HttpClient
> =>
  Effect.gen(function*() {
    const signing = yield* OwnKeys.read(signingKey)
    const others = yield* Effect.forEach(decryptionKeys, OwnKeys.read)
    const keyring = yield* Keyring.fromKeys({ signing, decryption: [signing, ...others] })
    const remote = yield* RemoteApi.make
    const connection = yield* remote.connect({ baseUrl, httpClient: yield* HttpClient.HttpClient })
    const transport = yield* Transport.make({ issuer: entity, baseUrl, pinnedKeys }).pipe(
      Effect.provideService(Keyring.Keyring, keyring),
      Effect.provideService(RemoteApi.RemoteApi, remote)
    )
    return { keyring, connection, transport }
  })
