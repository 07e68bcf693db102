/**
 * What is asked of a PKCS#12: the fingerprint of the certificate for pushes. Its key is never decrypted.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7292
 */
import { InvalidParameters } from "@effect-launchkey/core/ApiError"
import * as Arr from "effect/Array"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import forge from "node-forge"

declare module "node-forge" {
  namespace pkcs12 {
    /** Without a password, null, no octets of one go into the key; those of an empty one are two zeros. */
    function generateKey(
      password: string | null,
      salt: util.ByteStringBuffer,
      purpose: 1 | 2 | 3,
      iterations: number,
      length: number,
      digest: md.MessageDigest
    ): util.ByteStringBuffer
  }
  namespace pki.pbe {
    /** The cipher of an algorithm of PKCS#12 or PBES2. */
    function getCipher(oid: string, parameters: asn1.Asn1, password: string | null): {
      update(input: util.ByteStringBuffer): void
      finish(): boolean
      readonly output: util.ByteStringBuffer
    }
  }
}

class Unreadable extends Data.TaggedError("Unreadable")<{ readonly why: string }> {}

const damaged = "it is damaged, or is no PKCS#12"

/** How often keys may be derived over, all together: far more than tools write, and nothing that takes minutes. */
const maximumIterations = 100_000

const oids = {
  data: "1.2.840.113549.1.7.1",
  encryptedData: "1.2.840.113549.1.7.6",
  keyBag: "1.2.840.113549.1.12.10.1.1",
  shroudedKeyBag: "1.2.840.113549.1.12.10.1.2",
  certBag: "1.2.840.113549.1.12.10.1.3",
  x509Certificate: "1.2.840.113549.1.9.22.1",
  localKeyId: "1.2.840.113549.1.9.21"
}

const digests: Readonly<Record<string, () => forge.md.MessageDigest>> = {
  "1.3.14.3.2.26": () => forge.md.sha1.create(),
  "2.16.840.1.101.3.4.2.1": () => forge.md.sha256.create(),
  "2.16.840.1.101.3.4.2.2": () => forge.md.sha384.create(),
  "2.16.840.1.101.3.4.2.3": () => forge.md.sha512.create()
}

const refuse = (why: string): never => {
  throw new Unreadable({ why })
}

const parts = ({ value }: forge.asn1.Asn1): ReadonlyArray<forge.asn1.Asn1> =>
  typeof value === "string" ? refuse(damaged) : value

const part = (node: forge.asn1.Asn1, index: number): forge.asn1.Asn1 => parts(node)[index] ?? refuse(damaged)

/** Octets in one piece or, as some tools write them, in several. */
const octets = ({ value }: forge.asn1.Asn1): string => typeof value === "string" ? value : value.map(octets).join("")

const oid = (node: forge.asn1.Asn1): string => forge.asn1.derToOid(octets(node))

const isInteger = ({ tagClass, type }: forge.asn1.Asn1) =>
  tagClass === forge.asn1.Class.UNIVERSAL && type === forge.asn1.Type.INTEGER

const integer = (node: forge.asn1.Asn1): number =>
  octets(node).length > 4 ? Number.POSITIVE_INFINITY : forge.asn1.derToInteger(octets(node))

/** The largest number in the parameters of an algorithm, of which the count of iterations is by far the largest. */
const largest = (node: forge.asn1.Asn1): number =>
  typeof node.value === "string"
    ? isInteger(node) ? integer(node) : 0
    : Math.max(0, ...node.value.map(largest))

const iterationsOf = (mac: forge.asn1.Asn1): number => {
  const count = parts(mac)[2]
  return count === undefined ? 1 : integer(count)
}

/** @see https://www.rfc-editor.org/rfc/rfc7292#section-4 */
const isAuthentic = (safe: string, mac: forge.asn1.Asn1, password: string | null): boolean => {
  const [algorithm, expected] = [oid(part(part(part(mac, 0), 0), 0)), octets(part(part(mac, 0), 1))]
  const digest = digests[algorithm]?.() ?? refuse(`its MAC is by ${algorithm}; write it with SHA-256`)
  const salt = forge.util.createBuffer(octets(part(mac, 1)))
  const key = forge.pkcs12.generateKey(password, salt, 3, iterationsOf(mac), digest.digestLength, digest)
  const hmac = forge.hmac.create()
  hmac.start(digest, key)
  hmac.update(safe)
  return hmac.digest().getBytes() === expected
}

/** Of all encrypted contents together. */
const iterationsWithin = (safe: string): number =>
  parts(forge.asn1.fromDer(safe)).reduce((sum, info) =>
    oid(part(info, 0)) === oids.encryptedData
      ? sum + largest(part(part(part(part(info, 1), 0), 1), 1))
      : sum, 0)

const decrypted = (content: forge.asn1.Asn1, password: string | null): string => {
  const encrypted = part(part(content, 0), 1)
  const algorithm = part(encrypted, 1)
  const cipher = forge.pki.pbe.getCipher(oid(part(algorithm, 0)), part(algorithm, 1), password)
  cipher.update(forge.util.createBuffer(octets(part(encrypted, 2))))
  return cipher.finish() ? cipher.output.getBytes() : refuse(damaged)
}

interface Bag {
  readonly type: string
  readonly value: forge.asn1.Asn1
  /** By which tools mark what belongs together. */
  readonly localKeyId: string | undefined
}

const bag = (node: forge.asn1.Asn1): Bag => {
  const attributes = parts(node)[2]
  const id = attributes === undefined
    ? undefined
    : parts(attributes).find((attribute) => oid(part(attribute, 0)) === oids.localKeyId)
  return {
    type: oid(part(node, 0)),
    value: part(part(node, 1), 0),
    localKeyId: id === undefined ? undefined : octets(part(part(id, 1), 0))
  }
}

/** Those of all contents that can be read; what is encrypted to a public key cannot. */
const bagsOf = (safe: string, password: string | null): ReadonlyArray<Bag> =>
  parts(forge.asn1.fromDer(safe)).flatMap((info) => {
    const type = oid(part(info, 0))
    const contents = type === oids.data
      ? octets(part(part(info, 1), 0))
      : type === oids.encryptedData
      ? decrypted(part(info, 1), password)
      : undefined
    return contents === undefined ? [] : parts(forge.asn1.fromDer(contents)).map(bag)
  })

/** DER of the certificate that goes with the key, among those of its issuers; of the first where none is marked so. */
const certificate = (base64: string): string => {
  const text = base64.replace(/\s+/g, "")
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return refuse("it is no base64")
  const pfx = forge.asn1.fromDer(forge.util.decode64(text))
  const content = part(pfx, 1)
  if (oid(part(content, 0)) !== oids.data) return refuse("it is protected by a public key, not by a password")
  const safe = octets(part(part(content, 1), 0))
  const mac = parts(pfx)[2]
  if (iterationsWithin(safe) + (mac === undefined ? 0 : iterationsOf(mac)) > maximumIterations) {
    return refuse(`it derives its keys in more than ${maximumIterations} iterations`)
  }
  // The vendor's tools write an empty password, others none at all: to PKCS#12 these are not the same.
  const password = mac === undefined ?
    "" :
    Arr.findFirst(["", null], (password) => isAuthentic(safe, mac, password)).pipe(
      (found) =>
        found._tag === "Some" ? found.value : refuse("it has a password, or is damaged; write it with an empty one")
    )
  const bags = bagsOf(safe, password)
  const key = bags.find(({ type }) => type === oids.keyBag || type === oids.shroudedKeyBag)
  const certificates = bags.filter(({ type, value }) =>
    type === oids.certBag && oid(part(value, 0)) === oids.x509Certificate
  )
  const own = certificates.find(({ localKeyId }) => localKeyId !== undefined && localKeyId === key?.localKeyId) ??
    certificates[0] ?? refuse("it has no certificate")
  return octets(part(part(own.value, 1), 0))
}

/**
 * SHA-256 of the certificate of a PKCS#12 without a password, upper-case hex octets joined by colons.
 */
export const certificateFingerprint = (base64: string): Effect.Effect<string, InvalidParameters> =>
  Either.try({
    try: () =>
      forge.md.sha256.create().update(certificate(base64)).digest().toHex().toUpperCase().replace(/..(?!$)/g, "$&:"),
    catch: (error) =>
      new InvalidParameters({
        origin: "Platform",
        issues: [],
        detail: {
          ios_p12: `expected base64 of a PKCS#12 with a certificate and no password; ${
            error instanceof Unreadable ? error.why : damaged
          }`
        }
      })
  })
