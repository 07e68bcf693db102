import { InvalidParameters } from "@effect-launchkey/core/ApiError"
import * as Effect from "effect/Effect"
import forge from "node-forge"

const firstCertificate = (base64: string): string => {
  const der = forge.util.decode64(base64.replace(/\s+/g, ""))
  // The vendor's tools make these without a password, and with ciphers that only old software still writes.
  const p12 = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(der), false, "")
  const bags = p12.getBags({ bagType: forge.pki.oids.certBag ?? "" })
  const [bag] = Object.values(bags).flat()
  const certificate = bag?.cert ? forge.pki.certificateToAsn1(bag.cert) : bag?.asn1
  if (certificate === undefined) throw new Error("no certificate")
  return forge.asn1.toDer(certificate).getBytes()
}

/** SHA-256 of the first certificate of a PKCS#12 without a password: upper-case hex octets joined by colons. */
export const certificateFingerprint = (base64: string): Effect.Effect<string, InvalidParameters> =>
  Effect.try({
    try: () =>
      forge.md.sha256.create().update(firstCertificate(base64)).digest().toHex().toUpperCase().replace(
        /..(?!$)/g,
        "$&:"
      ),
    catch: () =>
      new InvalidParameters({
        origin: "Platform",
        issues: [],
        detail: { ios_p12: "expected base64 of a PKCS#12 with a certificate and no password" }
      })
  })
