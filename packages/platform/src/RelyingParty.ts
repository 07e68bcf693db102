/**
 * Whose passkeys a platform's console asks for: those of the name at which browsers find it.
 *
 * @see docs/console.md "Passkeys"
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"

/**
 * For whom passkeys are: the host alone, at its one origin.
 *
 * @see https://www.w3.org/TR/webauthn-3/#rp-id
 * @since 0.1.0
 * @category models
 */
export interface RelyingParty {
  readonly id: string
  /** `"https://mfa.example.com"` */
  readonly origin: string
  /** Whether it is reached by TLS; else it is this machine. */
  readonly secure: boolean
}

/**
 * No passkey can be made for a platform at such an address.
 *
 * - `Insecure`: browsers make passkeys for https alone, and for http://localhost
 * - `NoName`: the host is a number, for which there are no passkeys
 *
 * @since 0.1.0
 * @category errors
 */
export class NoPasskeysThere extends Schema.TaggedError<NoPasskeysThere>(
  "@effect-launchkey/platform/RelyingParty/NoPasskeysThere"
)("NoPasskeysThere", { reason: Schema.Literal("Insecure", "NoName"), host: Schema.String }) {
  override get message(): string {
    return this.reason === "NoName"
      ? `Browsers make no passkeys for ${this.host}, which is a number. Give the platform a base URL with a name, such as https://mfa.example.com, or http://localhost to try it.`
      : `Browsers make no passkeys for ${this.host} over plain HTTP. Give the platform a base URL with https, or http://localhost to try it.`
  }
}

/**
 * That of a platform's base URL, an absolute http or https one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromBaseUrl = (baseUrl: string): Either.Either<RelyingParty, NoPasskeysThere> => {
  const { hostname, origin, protocol } = new URL(baseUrl)
  if (/^(?:[\d.]+|\[.*\])$/.test(hostname)) {
    return Either.left(new NoPasskeysThere({ reason: "NoName", host: hostname }))
  }
  const secure = protocol === "https:"
  return secure || /^(?:.+\.)?localhost$/.test(hostname)
    ? Either.right({ id: hostname, origin, secure })
    : Either.left(new NoPasskeysThere({ reason: "Insecure", host: hostname }))
}
