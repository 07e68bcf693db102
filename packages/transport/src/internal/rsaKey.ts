/**
 * RSA keys out of PEM, told apart by their content: labels are often wrong.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7468
 * @see https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1
 */
import * as Either from "effect/Either"
import { InvalidKey } from "../InvalidKey.ts"
import * as Base64url from "./base64url.ts"
import * as Der from "./der.ts"

export interface RsaPublic {
  readonly modulusLength: number
  /** DER of the SubjectPublicKeyInfo, in the one encoding that fingerprints are made of. */
  readonly spki: Uint8Array<ArrayBuffer>
}

export interface RsaPrivate extends RsaPublic {
  /** DER of the PKCS#8 PrivateKeyInfo, without attributes. */
  readonly pkcs8: Uint8Array<ArrayBuffer>
}

type Read<A> = Either.Either<A, InvalidKey>

const refuse = (
  reason: InvalidKey["reason"],
  detail?: { readonly found?: string; readonly modulusLength?: number }
): Either.Either<never, InvalidKey> => Either.left(new InvalidKey({ reason, ...detail }))

const malformed = () => refuse("MalformedPem")

// a 16384 bit key in PKCS#1 takes some 12,500 characters
const maximumTextLength = 32_768

// what every engine's WebCrypto takes: BoringSSL stops at 8192 bits and at exponents of 33
const maximumModulusLength = 8192
const maximumExponent = 2n ** 33n

/** 1.2.840.113549.1.1.1 */
const rsaOid = Der.encode(Der.Tag.oid, Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1))
/** With the NULL that RFC 3279 asks for. */
const rsaEncryption = Der.encode(Der.Tag.sequence, rsaOid, Uint8Array.of(5, 0))
/** 1.2.840.113549.1.1.10 */
const rsaPssOid = Der.encode(Der.Tag.oid, Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10))

const versionZero = Uint8Array.of(Der.Tag.integer, 1, 0)
const openSshMagic = new TextEncoder().encode("openssh-key-v1\0")

const pemBlock = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g
const maybeDashedBlock = /-----BEGIN [A-Z0-9 ]+-----/g

const readPem = (text: string): Read<Uint8Array> => {
  if (text.length > maximumTextLength) return malformed()
  const [block, second] = text.matchAll(pemBlock)
  // the headers of an encrypted PKCS#1 hold a "-" ("DEK-Info"), so this precedes the search for a block
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type:\s*4,\s*ENCRYPTED/.test(text)) return refuse("Encrypted")
  if (/-----BEGIN EC (?:PARAMETERS|PRIVATE KEY)-----/.test(text)) return refuse("NotRsa", { found: "an EC key" })
  if (block === undefined || second !== undefined || text.match(maybeDashedBlock)?.length !== 1) return malformed()
  const base64 = (block[2] ?? "").replace(/[ \t\r\n]/g, "")
  const unpadded = base64.replace(/={0,2}$/, "")
  const base64url = unpadded.replaceAll("+", "-").replaceAll("/", "_")
  return base64.length % 4 !== 0 || base64 === "" || /[-_]/.test(base64) || !Base64url.isCanonical(base64url)
    ? malformed()
    : Either.right(Base64url.decode(base64url))
}

const integer = (value: bigint): Uint8Array => {
  const hex = value.toString(16)
  const even = hex.length % 2 === 0 ? hex : `0${hex}`
  const signed = Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even
  return Der.encode(Der.Tag.integer, Uint8Array.from(signed.match(/../g) ?? [], (octet) => Number.parseInt(octet, 16)))
}

const checkedPublic = (n: bigint | undefined, e: bigint | undefined): Read<RsaPublic> => {
  if (n === undefined || e === undefined || n === 0n) return malformed()
  const modulusLength = n.toString(2).length
  if (modulusLength < 2048) return refuse("ModulusTooSmall", { modulusLength })
  if (e < 65537n || e % 2n === 0n) return refuse("ExponentTooSmall", { modulusLength })
  if (modulusLength > maximumModulusLength) {
    return refuse("Unsupported", { modulusLength, found: `an RSA key of more than ${maximumModulusLength} bits` })
  }
  if (e >= maximumExponent) {
    return refuse("Unsupported", { modulusLength, found: "an RSA key with a public exponent of more than 33 bits" })
  }
  // no product of odd primes is even, and engines fail on it only when the key is used
  if (n % 2n === 0n) return malformed()
  return Either.right({
    modulusLength,
    spki: Der.encode(
      Der.Tag.sequence,
      rsaEncryption,
      Der.encode(Der.Tag.bitString, Uint8Array.of(0), Der.encode(Der.Tag.sequence, integer(n), integer(e)))
    )
  })
}

/** RSAPrivateKey: version, n, e, d, p, q, and three CRT values. */
const readPkcs1Private = (der: Uint8Array): Read<RsaPrivate> => {
  const elements = Der.readSequence(der)
  if (elements === undefined || elements.some((element) => Der.unsigned(element) === undefined)) {
    // version 1 adds a list of further primes, which is not an INTEGER
    return elements?.length === 10 && elements[9]?.tag === Der.Tag.sequence
      ? refuse("Unsupported", { found: "an RSA key of more than two primes" })
      : malformed()
  }
  if (elements.length !== 9 || Der.unsigned(elements[0]) !== 0n) return malformed()
  return Either.map(checkedPublic(Der.unsigned(elements[1]), Der.unsigned(elements[2])), (publicHalf) => ({
    ...publicHalf,
    pkcs8: Der.encode(Der.Tag.sequence, versionZero, rsaEncryption, Der.encode(Der.Tag.octetString, der))
  }))
}

const ofAlgorithm = <A>(algorithm: Der.Element | undefined, read: () => Read<A>): Read<A> => {
  const [oid] = algorithm?.tag === Der.Tag.sequence ? Der.readAll(algorithm.content) ?? [] : []
  if (algorithm === undefined || oid?.tag !== Der.Tag.oid) return malformed()
  if (Der.bytesEqual(algorithm.encoded, rsaEncryption)) return read()
  if (Der.bytesEqual(oid.encoded, rsaPssOid)) {
    return refuse("Unsupported", { found: "an RSA key bound to RSASSA-PSS" })
  }
  // rsaEncryption with anything but NULL beside it
  return Der.bytesEqual(oid.encoded, rsaOid)
    ? malformed()
    : refuse("NotRsa", { found: "a key of another algorithm" })
}

interface Structure {
  readonly kind: "private" | "public"
  readonly readPrivate: () => Read<RsaPrivate>
  readonly readPublic: () => Read<RsaPublic>
}

const privateStructure = (read: () => Read<RsaPrivate>): Read<Structure> =>
  Either.right({ kind: "private", readPrivate: read, readPublic: () => refuse("NotPublic") })

const publicStructure = (read: () => Read<RsaPublic>): Read<Structure> =>
  Either.right({ kind: "public", readPublic: read, readPrivate: () => refuse("NotPrivate") })

const classify = (der: Uint8Array): Read<Structure> => {
  if (Der.bytesEqual(der.subarray(0, openSshMagic.length), openSshMagic)) {
    return refuse("Unsupported", { found: "an OpenSSH key (`ssh-keygen -p -m PKCS8 -f key` rewrites it)" })
  }
  const elements = Der.readSequence(der)
  if (elements === undefined) return malformed()
  const [first, second, third] = elements
  if (first?.tag === Der.Tag.integer) {
    // RSAPublicKey: the modulus and the exponent
    if (elements.length === 2 && second?.tag === Der.Tag.integer) {
      return publicStructure(() => checkedPublic(Der.unsigned(first), Der.unsigned(second)))
    }
    // RSAPrivateKey: a version and numbers
    if (second?.tag === Der.Tag.integer) return privateStructure(() => readPkcs1Private(der))
    // PrivateKeyInfo: a version, the algorithm, the key in an OCTET STRING
    if (second?.tag === Der.Tag.sequence && third?.tag === Der.Tag.octetString) {
      return privateStructure(() => ofAlgorithm(second, () => readPkcs1Private(third.content)))
    }
    // ECPrivateKey: a version, then the secret
    return second?.tag === Der.Tag.octetString ? refuse("NotRsa", { found: "an EC key" }) : malformed()
  }
  if (first?.tag !== Der.Tag.sequence) return malformed()
  // SubjectPublicKeyInfo: the algorithm, the key in a BIT STRING without unused bits
  if (elements.length === 2 && second?.tag === Der.Tag.bitString) {
    return publicStructure(() =>
      ofAlgorithm(first, () => {
        const numbers = second.content[0] === 0 ? Der.readSequence(second.content.subarray(1)) : undefined
        return numbers?.length === 2 ? checkedPublic(Der.unsigned(numbers[0]), Der.unsigned(numbers[1])) : malformed()
      })
    )
  }
  // EncryptedPrivateKeyInfo: the cipher, the key under it
  if (elements.length === 2 && second?.tag === Der.Tag.octetString) return refuse("Encrypted")
  return elements.length === 3 && second?.tag === Der.Tag.sequence && third?.tag === Der.Tag.bitString
    ? refuse("Unsupported", { found: "a certificate or a certificate request" })
    : malformed()
}

/** Reads PKCS#8 or PKCS#1, whichever the text holds. */
export const readPrivate = (pem: string): Read<RsaPrivate> =>
  readPem(pem).pipe(Either.flatMap(classify), Either.flatMap((structure) => structure.readPrivate()))

/** Reads SubjectPublicKeyInfo or PKCS#1, whichever the text holds. */
export const readPublic = (pem: string): Read<RsaPublic> =>
  readPem(pem).pipe(Either.flatMap(classify), Either.flatMap((structure) => structure.readPublic()))

/** PEM with lines of 64 characters that end in LF. */
export const toPem = (label: "PUBLIC KEY" | "PRIVATE KEY", der: Uint8Array): string => {
  const lines = btoa(String.fromCharCode(...der)).match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n")
}
