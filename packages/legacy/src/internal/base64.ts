/**
 * Base64 as RFC 4648 has it, one text for each sequence of octets; and what old platforms and clients make of it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4648#section-4
 */
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"

/** The text without line breaks and blanks, and without the backslashes that a platform puts before its slashes. */
export const clean = (text: string): string => text.replace(/[\\\s]/g, "")

/** The octets of what is base64 once it is clean. */
export const decode = (text: string): Option.Option<Uint8Array> => {
  const cleaned = clean(text)
  return /^[A-Za-z0-9+/]+={0,2}$/.test(cleaned)
    ? Option.filter(
      Option.getRight(Encoding.decodeBase64(cleaned)),
      (octets) => Encoding.encodeBase64(octets) === cleaned
    )
    : Option.none()
}

/** Lines of 64 characters with CR LF between them and a backslash before each slash, as the platform wrote it. */
export const encodeAsRecorded = (octets: Uint8Array): string =>
  (Encoding.encodeBase64(octets).match(/.{1,64}/g) ?? []).join("\r\n").replaceAll("/", "\\/")
