/**
 * A key that cannot be used, and what to do about it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const generate = "Generate one with `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem`."

/**
 * A PEM that is not the RSA key it should be. Names the option it came from where that is known, and never carries any
 * of the text: what was passed by mistake may well be a secret.
 *
 * - `modulusLength`: bits, once the key was read that far
 * - `found`: in words of ours, what stood there instead ("a certificate")
 * - `field`: the option, such as `signingKey` or `decryptionKeys[1]`
 *
 * @see docs/protocol.md "Keys"
 * @since 0.1.0
 * @category errors
 */
export class InvalidKey extends Schema.TaggedError<InvalidKey>("@effect-launchkey/transport/InvalidKey")("InvalidKey", {
  reason: Schema.Literal(
    "MalformedPem",
    "NotPrivate",
    "NotPublic",
    "Encrypted",
    "NotRsa",
    "ModulusTooSmall",
    "ExponentTooSmall",
    "Unsupported"
  ),
  modulusLength: Schema.optional(Schema.Number),
  found: Schema.optional(Schema.String),
  field: Schema.optional(Schema.String)
}) {
  override get message(): string {
    return `${this.field ?? "The key"} cannot be used: ${this.explanation()}`
  }

  private explanation(): string {
    switch (this.reason) {
      case "MalformedPem":
        return "it is not one well-formed PEM of an RSA key. Pass the file whole, from its BEGIN to its END line, with real "
          + "line breaks rather than the two characters \\n."
      case "NotPrivate":
        return "it is a public key, and a private one belongs here. Pass the private half of the pair."
      case "NotPublic":
        return "it is a private key, and a public one belongs here. Treat it as exposed if it came from outside; otherwise "
          + "pass `openssl pkey -in key.pem -pubout`."
      case "Encrypted":
        return "it is encrypted with a passphrase. Decrypt it first: `openssl pkcs8 -in key.pem -out plain.pem`, and keep the "
          + "result in a secret store."
      case "NotRsa":
        return `it is ${this.found ?? "not an RSA key"}, and the protocol has RSA keys only. ${generate}`
      case "ModulusTooSmall":
        return `its modulus has ${this.modulusLength ?? "too few"} bits, and 2048 bits or more are needed. ${generate}`
      case "ExponentTooSmall":
        return `its public exponent is below 65537 or even. ${generate}`
      case "Unsupported":
        return `it is ${
          this.found ?? "of a kind that is not read here"
        }. Pass an RSA key as PKCS#8 or PKCS#1 (private) or `
          + "SubjectPublicKeyInfo (public) PEM: `openssl pkey -in key.pem` and `openssl x509 -pubkey -noout` write them."
    }
  }
}
