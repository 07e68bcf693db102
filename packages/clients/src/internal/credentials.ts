import type { InvalidParameters } from "@effect-launchkey/core/ApiError"
import type { EntityIdentifier } from "@effect-launchkey/core/EntityIdentifier"
import type { InvalidKey } from "@effect-launchkey/transport/InvalidKey"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as Transport from "@effect-launchkey/transport/Transport"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** One transport for this issuer: what gives it to each of the issuer's clients. */
export const transport = (issuer: EntityIdentifier, options: Omit<Transport.Options, "issuer">) =>
  Effect.map(
    Transport.make({ ...options, issuer }),
    (service) => <A, E>(client: Effect.Effect<A, E, Transport.Transport>): Effect.Effect<A, E> =>
      Effect.provideService(client, Transport.Transport, service)
  )

export const layerKeyring = <Id, Service>(
  tag: Context.Tag<Id, Service>,
  make: Effect.Effect<
    Service,
    InvalidParameters,
    Keyring.Keyring | RemoteApi.RemoteApi | HttpClient.HttpClient
  >
): Layer.Layer<Id, InvalidParameters, Keyring.Keyring | HttpClient.HttpClient> =>
  Layer.provide(Layer.effect(tag, make), RemoteApi.layer)

export const keyring = (options: Keyring.Options): Layer.Layer<Keyring.Keyring, InvalidKey> => Keyring.layer(options)
