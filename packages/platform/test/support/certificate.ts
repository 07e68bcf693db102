/** A certificate for a name, signed by its own key. */
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import { Redacted } from "effect"
import forge from "node-forge"

export const certificateFor = (name: string): { readonly key: string; readonly cert: string } => {
  const certificate = forge.pki.createCertificate()
  const key = Redacted.value(TestKeys.platform.privateKey)
  certificate.publicKey = forge.pki.publicKeyFromPem(TestKeys.platform.publicKey)
  certificate.serialNumber = "01"
  certificate.validity.notBefore = new Date("2020-01-01T00:00:00Z")
  certificate.validity.notAfter = new Date("2120-01-01T00:00:00Z")
  const subject = [{ name: "commonName", value: name }]
  certificate.setSubject(subject)
  certificate.setIssuer(subject)
  certificate.setExtensions([
    { name: "basicConstraints", cA: true },
    { name: "subjectAltName", altNames: [{ type: 2, value: name }] }
  ])
  certificate.sign(forge.pki.privateKeyFromPem(key), forge.md.sha256.create())
  return { key, cert: forge.pki.certificateToPem(certificate) }
}
