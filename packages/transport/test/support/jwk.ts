/** JSON Web Keys as PEMs, the only form in which this protocol's keys travel, whether or not their numbers make sense. */
import * as crypto from "node:crypto"

/** Of the members of RFC 7518 section 6, those that make a key; the numbers are base64url. */
export interface Jwk {
  readonly kty: string
  readonly kid?: string
  readonly alg?: string
  readonly crv?: string
  readonly x?: string
  readonly y?: string
  readonly n?: string
  readonly e?: string
  readonly d?: string
  readonly p?: string
  readonly q?: string
  readonly dp?: string
  readonly dq?: string
  readonly qi?: string
}

const tlv = (tag: number, content: Uint8Array): Buffer => {
  const { length } = content
  const header = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...header]), content])
}

const integer = (base64url: string): Buffer => {
  const octets = Buffer.from(base64url, "base64url")
  const first = octets.findIndex((octet) => octet !== 0)
  const minimal = first === -1 ? Buffer.alloc(1) : octets.subarray(first)
  return tlv(2, (minimal[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), minimal]) : minimal)
}

const pem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString("base64")}\n-----END ${label}-----\n`

const pkcs1 = (label: string, numbers: ReadonlyArray<string | undefined>): string | undefined =>
  numbers.every((number) => number !== undefined)
    ? pem(label, tlv(0x30, Buffer.concat(numbers.map(integer))))
    : undefined

/** PKCS#1 for RSA, SubjectPublicKeyInfo for a point that is on its curve; nothing for what no PEM can say. */
export const publicPem = (jwk: Jwk): string | undefined => {
  if (jwk.kty === "RSA") return pkcs1("RSA PUBLIC KEY", [jwk.n, jwk.e])
  if (jwk.kty !== "EC") return undefined
  const { crv = "", kty, x = "", y = "" } = jwk
  try {
    return crypto.createPublicKey({ format: "jwk", key: { kty, crv, x, y } }).export({ type: "spki", format: "pem" })
      .toString()
  } catch {
    return undefined
  }
}

/** PKCS#1 for RSA; no vector in scope has another kind. */
export const privatePem = (jwk: Jwk): string | undefined =>
  jwk.kty === "RSA"
    ? pkcs1("RSA PRIVATE KEY", ["AA", jwk.n, jwk.e, jwk.d, jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi])
    : undefined
