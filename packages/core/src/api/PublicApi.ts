/**
 * The endpoints that anyone may call, unsigned: the clock and the keys of the platform.
 *
 * @see docs/protocol.md "Public endpoints"
 * @since 0.1.0
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import { LinkingCode, UtcSeconds } from "../internal/wire.ts"
import { KeyId } from "../KeyId.ts"
import { Wire } from "./ErrorWire.ts"
import { Repeatable } from "./Repeatable.ts"

/**
 * The header that names the key in the body of a public-key answer.
 *
 * @since 0.1.0
 * @category models
 */
export const keyIdHeader = "x-iov-key-id"

/**
 * @since 0.1.0
 * @category schemas
 */
export const Ping = Schema.Struct({
  apiTime: Schema.propertySignature(UtcSeconds).pipe(Schema.fromKey("api_time"))
})

const Pem = HttpApiSchema.Text({ contentType: "application/x-pem-file" })

const Svg = HttpApiSchema.Text({ contentType: "image/svg+xml" })

/**
 * @since 0.1.0
 * @category models
 */
export class PublicApi extends HttpApiGroup.make("public")
  .add(HttpApiEndpoint.get("ping", "/public/v3/ping").annotate(Repeatable, true).addSuccess(Ping))
  .add(HttpApiEndpoint.get("publicKey", "/public/v3/public-key").annotate(Repeatable, true).addSuccess(Pem))
  .add(
    HttpApiEndpoint.get("publicKeyById")`/public/v3/public-key/${HttpApiSchema.param("keyId", KeyId)}`.annotate(
      Repeatable,
      true
    )
      .addSuccess(Pem)
      .addError(Wire.EntityNotFound)
  )
  .add(
    HttpApiEndpoint.get("qrCode")`/public/v3/qr/${HttpApiSchema.param("code", LinkingCode)}`.annotate(Repeatable, true)
      .addSuccess(Svg)
      .addError(Wire.EntityNotFound)
  )
{}
