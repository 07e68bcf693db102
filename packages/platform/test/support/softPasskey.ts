/** An authenticator of software, by node:crypto alone, from Web Authentication: shares nothing with the code under test. */
import { PasskeyId } from "@effect-launchkey/platform/Operator"
import type * as WebAuthn from "@effect-launchkey/platform/WebAuthn"
import * as crypto from "node:crypto"

type Cbor = number | string | Uint8Array | ReadonlyMap<number | string, Cbor>

const head = (major: number, value: number): Buffer => {
  if (value < 24) return Buffer.from([major << 5 | value])
  if (value < 256) return Buffer.from([major << 5 | 24, value])
  return Buffer.from([major << 5 | 25, value >> 8, value & 0xff])
}

/** RFC 8949, as far as passkeys need it. */
const cbor = (value: Cbor): Buffer => {
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value])
  return Buffer.concat([head(5, value.size), ...Array.from(value).flatMap(([key, inner]) => [cbor(key), cbor(inner)])])
}

/** Bits of the flags of authenticator data. */
export const flags = { present: 1, verified: 4, eligible: 8, synced: 16, attested: 64 } as const

/** What it says otherwise than it is to. */
export interface Lies {
  readonly origin?: string
  readonly rpId?: string
  readonly challenge?: string
  readonly type?: string
  readonly flags?: number
  readonly counter?: number
  readonly userHandle?: string | null
  readonly crossOrigin?: boolean
  readonly attestation?: ReadonlyMap<string, Cbor>
  readonly format?: string
  readonly signature?: Buffer
  readonly id?: Buffer
}

const sha256 = (data: string | Uint8Array) => crypto.createHash("sha256").update(data).digest()

const base64url = (data: Uint8Array | string) => Buffer.from(data).toString("base64url")

export const make = (origin: string) => {
  const { privateKey, publicKey } = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" })
  const { x = "", y = "" } = publicKey.export({ format: "jwk" })
  const id = crypto.randomBytes(32)
  let counter = 0
  let owner = ""

  const clientData = (type: string, challenge: string, lies: Lies) =>
    Buffer.from(JSON.stringify({
      type: lies.type ?? type,
      challenge: lies.challenge ?? challenge,
      origin: lies.origin ?? origin,
      crossOrigin: lies.crossOrigin ?? false
    }))

  const authenticatorData = (rpId: string, given: number, count: number, attested = Buffer.alloc(0)) => {
    const counted = Buffer.alloc(4)
    counted.writeUInt32BE(count)
    return Buffer.concat([sha256(rpId), Buffer.from([given]), counted, attested])
  }

  const credential = {
    id: PasskeyId.make(base64url(id)),
    rawId: PasskeyId.make(base64url(id)),
    type: "public-key"
  } as const

  return {
    id: credential.id,
    make: (options: typeof WebAuthn.CreationOptions.Type, lies: Lies = {}): WebAuthn.RegistrationResponse => {
      owner = options.user.id
      const key = cbor(
        new Map<number, Cbor>([
          [1, 2],
          [3, -7],
          [-1, 1],
          [-2, Buffer.from(x, "base64url")],
          [-3, Buffer.from(y, "base64url")]
        ])
      )
      const given = lies.id ?? id
      const length = Buffer.alloc(2)
      length.writeUInt16BE(given.length)
      const attested = Buffer.concat([Buffer.alloc(16), length, given, key])
      const data = authenticatorData(
        lies.rpId ?? options.rp.id,
        (lies.flags ?? flags.present | flags.verified) | flags.attested,
        lies.counter ?? counter,
        attested
      )
      return {
        ...credential,
        response: {
          clientDataJSON: base64url(clientData("webauthn.create", options.challenge, lies)),
          attestationObject: base64url(cbor(
            new Map<string, Cbor>([
              ["fmt", lies.format ?? "none"],
              ["attStmt", lies.attestation ?? new Map()],
              ["authData", data]
            ])
          )),
          transports: ["internal"]
        }
      }
    },
    use: (options: typeof WebAuthn.RequestOptions.Type, lies: Lies = {}): WebAuthn.AuthenticationResponse => {
      counter = lies.counter ?? counter + 1
      const client = clientData("webauthn.get", options.challenge, lies)
      const data = authenticatorData(
        lies.rpId ?? options.rpId ?? "",
        lies.flags ?? flags.present | flags.verified,
        counter
      )
      const signature = lies.signature ?? crypto.sign("sha256", Buffer.concat([data, sha256(client)]), privateKey)
      return {
        ...credential,
        response: {
          clientDataJSON: base64url(client),
          authenticatorData: base64url(data),
          signature: base64url(signature),
          userHandle: lies.userHandle === undefined ? owner : lies.userHandle
        }
      }
    }
  }
}

export type SoftPasskey = ReturnType<typeof make>
