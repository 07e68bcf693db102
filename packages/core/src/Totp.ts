/**
 * One-time codes by time, for code applications of third parties.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6238
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { User } from "./Authorization.ts"

/**
 * What a code application needs to know.
 *
 * @since 0.1.0
 * @category models
 */
export class TotpConfiguration extends Schema.Class<TotpConfiguration>("@effect-launchkey/core/Totp")({
  /** Base32 without padding. */
  secret: Schema.Redacted(Schema.NonEmptyString),
  /** `"SHA1"`, `"SHA256"` or `"SHA512"`. */
  algorithm: Schema.NonEmptyString,
  /** Seconds. */
  period: Schema.Int.pipe(Schema.positive()),
  digits: Schema.Int.pipe(Schema.positive())
}) {
  /**
   * The URI that code applications read from a QR image: it holds the secret.
   *
   * @see https://github.com/google/google-authenticator/wiki/Key-Uri-Format
   * @since 0.1.0
   */
  uri(names: { readonly issuer: string; readonly account: string }): Redacted.Redacted<string> {
    const label = `${encodeURIComponent(names.issuer)}:${encodeURIComponent(names.account)}`
    const query = new URLSearchParams({
      secret: Redacted.value(this.secret),
      issuer: names.issuer,
      algorithm: this.algorithm,
      digits: String(this.digits),
      period: String(this.period)
    })
    // Applications read "+" as itself
    return Redacted.make(`otpauth://totp/${label}?${query.toString().replaceAll("+", "%20")}`)
  }
}

/**
 * @since 0.1.0
 * @category schemas
 */
export const VerifyTotp = Schema.Struct({
  user: Schema.propertySignature(User).pipe(Schema.fromKey("identifier")),
  /** The code as typed: a text, whose zeros in front count. */
  code: Schema.propertySignature(Schema.Redacted(Schema.String)).pipe(Schema.fromKey("otp"))
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const TotpVerified = Schema.Struct({ valid: Schema.Boolean })
