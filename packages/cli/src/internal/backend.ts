/** What a platform stands on, by the address of its store. */
import * as Administration from "@effect-launchkey/platform/Administration"
import * as AuditLog from "@effect-launchkey/platform/AuditLog"
import * as MemoryStore from "@effect-launchkey/platform/MemoryStore"
import * as NodeWebhookEgress from "@effect-launchkey/platform/NodeWebhookEgress"
import type * as Platform from "@effect-launchkey/platform/Platform"
import * as PlatformClock from "@effect-launchkey/platform/PlatformClock"
import * as PlatformKeys from "@effect-launchkey/platform/PlatformKeys"
import * as PlatformSettings from "@effect-launchkey/platform/PlatformSettings"
import * as WebhookSender from "@effect-launchkey/platform/WebhookSender"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { Loaded } from "../ServeConfig.ts"
import { Unusable } from "./unusable.ts"

export type Services = Platform.Services | Administration.Administration

const memory = Layer.mergeAll(MemoryStore.layer(), PlatformKeys.layerGenerated, AuditLog.layerMemory)

const kept = ({ config }: Loaded) =>
  Redacted.value(config.store) === "memory:" ? memory : Layer.fail(
    new Unusable({
      what: "File",
      problem: "This version serves a platform from memory alone",
      next: "Give `memory:` as its store."
    })
  )

const settings = ({ baseUrl }: Loaded["config"]) =>
  Layer.succeed(PlatformSettings.PlatformSettings, {
    ...PlatformSettings.defaults,
    qrCodeUrl: (code) => `${baseUrl.replace(/\/$/, "")}/public/v3/qr/${code}`
  })

const egress = ({ webhooks }: Loaded["config"]) =>
  Layer.mapError(
    NodeWebhookEgress.layer(webhooks),
    ({ message }) => new Unusable({ what: "File", problem: message, next: "Correct `webhooks.allowedRanges`." })
  )

export const layer = (loaded: Loaded): Layer.Layer<Services, Unusable> =>
  Administration.layer.pipe(
    Layer.provideMerge(WebhookSender.layerMemory),
    Layer.provideMerge(Layer.merge(kept(loaded), PlatformClock.layer)),
    Layer.provideMerge(settings(loaded.config)),
    Layer.provide(egress(loaded.config))
  )
