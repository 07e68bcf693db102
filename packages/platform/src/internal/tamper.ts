/**
 * A compact JWS or JWE whose last part, signature or tag, is another: still base64url of as many bytes, so that nothing but
 * the check of it finds it.
 */
export const otherLastPart = (compact: string): string => {
  const at = compact.lastIndexOf(".") + 1
  return `${compact.slice(0, at)}${compact[at] === "A" ? "B" : "A"}${compact.slice(at + 1)}`
}
