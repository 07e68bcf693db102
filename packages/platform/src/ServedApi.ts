/**
 * The contract as the platform serves it: with what it answers while its store is away, which callers see as any other
 * failure of a server.
 *
 * @see docs/protocol.md "Errors"
 * @since 0.1.0
 */
import { Api } from "@effect-launchkey/core/Api"
import { statusCode, WireError } from "@effect-launchkey/core/ApiError"
import { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Schema from "effect/Schema"

/**
 * The status of every answer that the store would be needed for.
 *
 * @since 0.1.0
 * @category models
 */
export const unavailableStatus = 503

/**
 * `StoreUnavailable` ⇄ what callers are told of it, which is nothing of its cause.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Unavailable = Schema.transform(WireError, Schema.typeSchema(StoreUnavailable), {
  strict: true,
  decode: () => new StoreUnavailable({ operation: "platform" }),
  encode: () => ({
    error_code: statusCode(unavailableStatus),
    error_detail: "the platform's store is not available; whether the request took effect is not known. Try again later"
  })
})

/**
 * @since 0.1.0
 * @category models
 */
export const ServedApi = Api.addError(Unavailable, { status: unavailableStatus })
