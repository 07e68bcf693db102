/**
 * Keeps the secrets of one-time codes sealed in the store, each for its user alone. They are sealed under a key of their
 * own, which the platform's `KeyVault` seals: who exchanges its key-encryption key rewraps that one key, and no user's.
 *
 * @see docs/keys.md "Keys at rest"
 * @since 0.1.0
 */
import { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import { TotpConfiguration } from "@effect-launchkey/core/Totp"
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { userText } from "../DeviceNotices.ts"
import * as KeyVault from "../KeyVault.ts"
import * as Store from "../Store.ts"
import * as Secrets from "./internal/secrets.ts"

const subject = "one-time code secret"

const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder() }

/**
 * The store, which seals those secrets by the vault. One that was kept without a vault is read as it is, and is sealed
 * when its user gets another.
 *
 * @since 0.1.0
 * @category combinators
 */
export const sealing = (store: Store.Service, vault: KeyVault.Service): Store.Service => {
  const withSecret = (totp: TotpConfiguration, secret: string) =>
    new TotpConfiguration({ ...totp, secret: Redacted.make(secret) })

  const seal = (user: Store.UserKey, totp: TotpConfiguration) =>
    Effect.map(
      vault.seal(subject, utf8.encoder.encode(`${Redacted.value(totp.secret)} ${userText(user)}`)),
      (sealed) => withSecret(totp, sealed)
    )

  const open = (user: Store.UserKey, totp: TotpConfiguration) =>
    Effect.gen(function*() {
      const kept = Redacted.value(totp.secret)
      // Base32 has no dots, and a compact JWE has four.
      if (!kept.includes(".")) return totp
      const opened = utf8.decoder.decode(yield* vault.open(subject, kept))
      const end = opened.indexOf(" ")
      // Whoever can write to the store could give one user the secret of another.
      if (opened.slice(end + 1) === userText(user)) return withSecret(totp, opened.slice(0, end))
      return yield* new KeyVault.NotUnsealed({ reason: "Malformed", subject, keyId: vault.keyId, given: [vault.keyId] })
    }).pipe(
      Effect.catchTag("NotUnsealed", (cause) => new StoreUnavailable({ operation: "Store.totp", cause }))
    )

  return {
    ...store,
    setTotp: (user, totp) =>
      Option.match(totp, {
        onNone: () => store.setTotp(user, totp),
        onSome: (totp) => Effect.flatMap(seal(user, totp), (sealed) => store.setTotp(user, Option.some(sealed)))
      }),
    totp: (user) =>
      Effect.flatMap(
        store.totp(user),
        Option.match({ onNone: () => Effect.succeedNone, onSome: (totp) => Effect.asSome(open(user, totp)) })
      )
  }
}

/**
 * The store that is given, with those secrets sealed.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<
  Store.Store,
  StoreUnavailable | KeyVault.NotUnsealed,
  Store.Store | SqlClient.SqlClient | KeyVault.KeyVault
> = Layer.effect(
  Store.Store,
  Effect.gen(function*() {
    const { named } = yield* Secrets.make
    const key = Encoding.encodeBase64Url(Redacted.value(yield* named("one-time code key")))
    const vault = yield* KeyVault.make({ keys: Redacted.make(key) }).pipe(
      Effect.catchTag(
        "InvalidKeyEncryptionKey",
        (cause) => new StoreUnavailable({ operation: "PlatformKeys.read", cause })
      )
    )
    return sealing(yield* Store.Store, vault)
  })
)
