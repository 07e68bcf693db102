/** What a platform stands on, by the address of its store. */
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as AuditLog from "@effect-launchkey/platform/AuditLog"
import * as KeyVault from "@effect-launchkey/platform/KeyVault"
import * as MemoryStore from "@effect-launchkey/platform/MemoryStore"
import * as NodeWebhookEgress from "@effect-launchkey/platform/NodeWebhookEgress"
import * as Operators from "@effect-launchkey/platform/Operators"
import type * as Platform from "@effect-launchkey/platform/Platform"
import * as PlatformClock from "@effect-launchkey/platform/PlatformClock"
import * as PlatformKeys from "@effect-launchkey/platform/PlatformKeys"
import * as PlatformSettings from "@effect-launchkey/platform/PlatformSettings"
import * as PushKey from "@effect-launchkey/platform/PushKey"
import * as SqlPlatform from "@effect-launchkey/platform/sql/SqlPlatform"
import * as SqlPushKey from "@effect-launchkey/platform/sql/SqlPushKey"
import * as WebhookQueue from "@effect-launchkey/platform/WebhookQueue"
import * as WebhookSender from "@effect-launchkey/platform/WebhookSender"
import * as WebPush from "@effect-launchkey/platform/WebPush"
import type { FileInUse } from "@effect-launchkey/sql/Libsql"
import * as Pg from "@effect-launchkey/sql/Pg"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Fs from "node:fs/promises"
import type { Loaded } from "../ServeConfig.ts"
import { Unusable } from "./unusable.ts"

export type Services = Platform.Services | Administration.Administration | Operators.Operators

/** Why a platform cannot be opened. */
export type Failure = Unusable | StoreUnavailable | FileInUse | KeyVault.NotUnsealed | KeyVault.InvalidKeyEncryptionKey

/** Whoever only administers opens no requests, and so tells nobody. */
const pushes = ({ push: { contact, enabled } }: Loaded["config"], serves: boolean) =>
  enabled && contact !== undefined && serves ? WebPush.layer({ contact }) : Layer.empty

const memory = Layer.mergeAll(
  MemoryStore.layer(),
  PlatformKeys.layerGenerated,
  PushKey.layerGenerated,
  AuditLog.layerMemory,
  Operators.layerMemory,
  WebhookQueue.layerMemory
)

const vault = (
  { keyEncryptionKey }: Loaded
): Layer.Layer<KeyVault.KeyVault, Unusable | KeyVault.InvalidKeyEncryptionKey> =>
  Option.match(keyEncryptionKey, {
    onNone: () =>
      Layer.fail(
        new Unusable({
          what: "File",
          problem: "There is no key under which the platform's private keys are kept",
          next:
            "Give one as `keyEncryptionKeyFile`: 32 random bytes in base64url, which docs/operating.md shows how to make."
        })
      ),
    onSome: (keys) => KeyVault.layer({ keys })
  })

/**
 * Made where there is none, for its owner alone: what SQLite keeps beside it is as open as it. Where it cannot be made,
 * to open it fails.
 */
const reserved = (filename: string) =>
  Effect.ignore(Effect.tryPromise(async () => (await Fs.open(filename, "a", 0o600)).close()))

const file = (filename: string) =>
  Layer.unwrapEffect(Effect.as(reserved(filename), SqlPlatform.layerLibsql({ filename })))

/** Whoever lets the server forget may mean it, as tests do; so it is served, and said. */
const warned = Layer.effectDiscard(Effect.flatMap(Pg.forgetful, (settings) =>
  settings.length === 0
    ? Effect.void
    : Effect.logWarning(
      `PostgreSQL may lose what it has answered, as these of its settings are off: ${settings.join(", ")}`
    )))

const kept = (loaded: Loaded, serves: boolean) => {
  const { store } = loaded.config
  const url = Redacted.value(store)
  if (url === "memory:") return memory
  const sealed = vault(loaded)
  const pushing = SqlPushKey.layer
  if (url.startsWith("file:")) {
    return pushing.pipe(Layer.provideMerge(file(url.slice("file:".length))), Layer.provide(sealed))
  }
  const shared = pushing.pipe(Layer.provideMerge(SqlPlatform.layerPg({ url: store })), Layer.provide(sealed))
  return serves ? Layer.provideMerge(warned, shared) : shared
}

const settings = ({ baseUrl, limits }: Loaded["config"]) =>
  Layer.succeed(PlatformSettings.PlatformSettings, {
    ...PlatformSettings.defaults,
    authorizations: limits.authorizations,
    unapprovedPrompts: limits.unapprovedPrompts,
    numberTries: limits.numberTries,
    fraudPause: limits.fraudPause,
    totpAttempts: limits.totpAttempts,
    linkAttempts: limits.linkAttempts,
    sdkKeyAttempts: limits.sdkKeyAttempts,
    qrCodeUrl: (code) => `${baseUrl.replace(/\/$/, "")}/public/v3/qr/${code}`
  })

const egress = ({ webhooks }: Loaded["config"]) =>
  Layer.mapError(
    NodeWebhookEgress.layer(webhooks),
    ({ message }) => new Unusable({ what: "File", problem: message, next: "Correct `webhooks.allowedRanges`." })
  )

export const layer = (
  loaded: Loaded,
  { serves }: { readonly serves: boolean }
): Layer.Layer<Services, Failure> =>
  Administration.layer.pipe(
    // Whoever only administers leaves webhooks to those who serve.
    Layer.provideMerge(serves ? WebhookSender.layer : WebhookSender.layerAdding),
    Layer.provideMerge(pushes(loaded.config, serves)),
    Layer.provideMerge(kept(loaded, serves)),
    Layer.provideMerge(PlatformClock.layer),
    Layer.provideMerge(settings(loaded.config)),
    Layer.provide(egress(loaded.config))
  )
