/**
 * The floor of the machine: the same by `node:crypto`'s synchronous functions on key objects, which is the least that a
 * call can cost on Node. They take the thread, so what is in flight makes no difference.
 */
import { Buffer } from "node:buffer"
import * as crypto from "node:crypto"
import * as Fixture from "./fixture.ts"
import { type Exchange, lanes, type Subject } from "./measure.ts"

const base64url = (data: string | Uint8Array): string => Buffer.from(data as string).toString("base64url")
const bytes = (text: string | undefined): Buffer => Buffer.from(text ?? "", "base64url")
const sha256 = (data: string | Uint8Array): string => crypto.createHash("sha256").update(data).digest("hex")
const padding = crypto.constants.RSA_PKCS1_OAEP_PADDING

/** RFC 7518 section 5.2.2.1. */
const authenticate = (cek: Buffer, aad: string, iv: Buffer, ciphertext: Buffer): Buffer => {
  const length = Buffer.alloc(8)
  length.writeUInt32BE(aad.length * 8, 4)
  return crypto.createHmac("sha512", cek.subarray(0, 32)).update(aad).update(iv).update(ciphertext).update(length)
    .digest().subarray(0, 32)
}

/** What opens messages, with keys imported once. */
export const opening = () => {
  const own = crypto.createPrivateKey(Fixture.servicePrivatePem)
  const platform = crypto.createPublicKey(Fixture.platformPem)

  const decrypt = (token: string): unknown => {
    const [header = "", key, iv, ciphertext, tag] = token.split(".")
    JSON.parse(bytes(header).toString())
    const cek = crypto.privateDecrypt({ key: own, padding, oaepHash: "sha1" }, bytes(key))
    const expected = authenticate(cek, header, bytes(iv), bytes(ciphertext))
    if (!crypto.timingSafeEqual(expected, bytes(tag))) throw new Error("tag")
    const decipher = crypto.createDecipheriv("aes-256-cbc", cek.subarray(32), bytes(iv))
    return JSON.parse(Buffer.concat([decipher.update(bytes(ciphertext)), decipher.final()]).toString())
  }

  /** The claims, when they are signed and the hash is that of the body. */
  const verified = (token: string, body: Uint8Array): Fixture.MessageClaims => {
    const [header = "", payload = "", signature] = token.split(".")
    JSON.parse(bytes(header).toString())
    if (!crypto.verify("sha256", Buffer.from(`${header}.${payload}`), platform, bytes(signature))) {
      throw new Error("signature")
    }
    const claims: Fixture.MessageClaims = JSON.parse(bytes(payload).toString())
    if (body.length > 0 && sha256(body) !== Fixture.hashOf(claims)) throw new Error("hash")
    return claims
  }
  return { decrypt, verified }
}

export const make = (next: () => string, exchange: Exchange): Subject => {
  const own = crypto.createPrivateKey(Fixture.servicePrivatePem)
  const platform = crypto.createPublicKey(Fixture.platformPem)
  const { decrypt, verified } = opening()

  const encrypt = (plaintext: string): string => {
    const header = base64url(JSON.stringify({
      alg: "RSA-OAEP-256",
      enc: "A256CBC-HS512",
      kid: Fixture.platformKeyId,
      cty: "application/json"
    }))
    const cek = crypto.randomBytes(64)
    const iv = crypto.randomBytes(16)
    const key = crypto.publicEncrypt({ key: platform, padding, oaepHash: "sha256" }, cek)
    const cipher = crypto.createCipheriv("aes-256-cbc", cek.subarray(32), iv)
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()])
    const tag = authenticate(cek, header, iv, ciphertext)
    return `${header}.${base64url(key)}.${base64url(iv)}.${base64url(ciphertext)}.${base64url(tag)}`
  }

  const seal = (operation: Fixture.Operation): Fixture.Request => {
    const { method, path } = Fixture.endpoints[operation]
    const body = operation === "create" ? encrypt(JSON.stringify(Fixture.createBody)) : undefined
    crypto.randomUUID()
    const tokenId = next()
    const iat = Math.floor(Date.now() / 1000)
    const header = base64url(JSON.stringify({ alg: "RS256", kid: Fixture.serviceKeyId }))
    const payload = base64url(JSON.stringify({
      jti: tokenId,
      iss: Fixture.service,
      sub: Fixture.service,
      aud: "lka",
      iat,
      nbf: iat,
      exp: iat + 5,
      request: { meth: method, path, ...(body !== undefined && { hash: sha256(body), func: "S256" }) }
    }))
    const signature = base64url(crypto.sign("sha256", Buffer.from(`${header}.${payload}`), own))
    return { tokenId, method, path, token: `${header}.${payload}.${signature}`, body }
  }

  const open = (operation: Fixture.Operation, { body, token }: Fixture.Answer): unknown => {
    const { response } = verified(token, body)
    if (response?.hash === undefined) return undefined
    const opened = decrypt(Buffer.from(body).toString("latin1"))
    return operation === "answered poll" ? decrypt((opened as { readonly auth_jwe: string }).auth_jwe) : opened
  }

  const call = (operation: Fixture.Operation): unknown => {
    const answer = exchange(operation, seal(operation))
    return answer instanceof Promise ? answer.then((answer) => open(operation, answer)) : open(operation, answer)
  }

  return {
    name: "node:crypto",
    run: (operation, load) => lanes(() => call(operation), load),
    end: () => Promise.resolve()
  }
}
