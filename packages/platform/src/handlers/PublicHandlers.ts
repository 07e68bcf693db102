/**
 * Serves the public endpoints.
 *
 * @since 0.1.0
 */
import { keyIdHeader } from "@effect-launchkey/core/api/PublicApi"
import { EntityNotFound } from "@effect-launchkey/core/ApiError"
import type * as Jose from "@effect-launchkey/transport/Jose"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { renderSVG } from "uqr"
import * as PlatformClock from "../PlatformClock.ts"
import * as PlatformKeys from "../PlatformKeys.ts"
import { ServedApi } from "../ServedApi.ts"
import * as Store from "../Store.ts"

const pem = (key: Jose.PublicKey) =>
  HttpServerResponse.text(key.pem, { contentType: "application/x-pem-file", headers: { [keyIdHeader]: key.keyId } })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = HttpApiBuilder.group(ServedApi, "public", (handlers) =>
  Effect.gen(function*() {
    const keys = yield* PlatformKeys.PlatformKeys
    const store = yield* Store.Store
    const clock = yield* PlatformClock.PlatformClock

    return handlers
      .handle("ping", () => Effect.map(DateTime.now, (apiTime) => ({ apiTime })))
      .handle("publicKey", () => Effect.succeed(pem(keys.current)))
      .handle("publicKeyById", ({ path }) => {
        const key = keys.byId.get(path.keyId)
        return key === undefined ? Effect.fail(new EntityNotFound({ detail: "no such key" })) : Effect.succeed(pem(key))
      })
      .handle("qrCode", ({ path }) =>
        Effect.gen(function*() {
          const linking = yield* store.linking(path.code)
          const now = yield* clock.now
          if (!Option.exists(linking, ({ expires }) => DateTime.lessThan(now, expires))) {
            return yield* new EntityNotFound({ detail: "the linking code is unknown, expired or used" })
          }
          return renderSVG(path.code)
        }))
  }))
