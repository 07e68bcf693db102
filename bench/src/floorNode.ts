/**
 * The floor of the machine: the same by `node:crypto`'s synchronous functions on key objects, which is the least that a
 * call can cost on Node. They take the thread, so what is in flight makes no difference.
 */
import { Buffer } from "node:buffer"
import * as crypto from "node:crypto"
import * as Fixture from "./fixture.ts"
import type { Subject } from "./measure.ts"

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

export const make = (fixture: Fixture.Fixture): Subject => {
  const own = crypto.createPrivateKey(Fixture.servicePrivatePem)
  const platform = crypto.createPublicKey(Fixture.platformPem)

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

  const decrypt = (token: string): unknown => {
    const [header = "", key, iv, ciphertext, tag] = token.split(".")
    JSON.parse(bytes(header).toString())
    const cek = crypto.privateDecrypt({ key: own, padding, oaepHash: "sha1" }, bytes(key))
    const expected = authenticate(cek, header, bytes(iv), bytes(ciphertext))
    if (!crypto.timingSafeEqual(expected, bytes(tag))) throw new Error("tag")
    const decipher = crypto.createDecipheriv("aes-256-cbc", cek.subarray(32), bytes(iv))
    return JSON.parse(Buffer.concat([decipher.update(bytes(ciphertext)), decipher.final()]).toString())
  }

  const sign = (meth: string, path: string, body: string | undefined): string => {
    crypto.randomUUID()
    const jti = fixture.next()
    const iat = Math.floor(Date.now() / 1000)
    const header = base64url(JSON.stringify({ alg: "RS256", kid: Fixture.serviceKeyId }))
    const payload = base64url(JSON.stringify({
      jti,
      iss: Fixture.service,
      sub: Fixture.service,
      aud: "lka",
      iat,
      nbf: iat,
      exp: iat + 5,
      request: { meth, path, ...(body !== undefined && { hash: sha256(body), func: "S256" }) }
    }))
    base64url(crypto.sign("sha256", Buffer.from(`${header}.${payload}`), own))
    return jti
  }

  const open = (operation: Fixture.Operation, jti: string): unknown => {
    const { body, token } = fixture.answer(operation, jti)
    const [header = "", payload = "", signature] = token.split(".")
    JSON.parse(bytes(header).toString())
    if (!crypto.verify("sha256", Buffer.from(`${header}.${payload}`), platform, bytes(signature))) {
      throw new Error("signature")
    }
    const claims = JSON.parse(bytes(payload).toString())
    if (body.length === 0) return undefined
    if (sha256(body) !== claims.response.hash) throw new Error("hash")
    return decrypt(Buffer.from(body).toString("latin1"))
  }

  const call: { readonly [O in Fixture.Operation]: () => unknown } = {
    "create": () => open("create", sign("POST", "/service/v3/auths", encrypt(JSON.stringify(Fixture.createBody)))),
    "pending poll": () => open("pending poll", sign("GET", `/service/v3/auths/${Fixture.openRequestId}`, undefined)),
    "answered poll": () =>
      decrypt(
        (open("answered poll", sign("GET", `/service/v3/auths/${Fixture.requestId}`, undefined)) as {
          readonly auth_jwe: string
        }).auth_jwe
      )
  }

  return {
    name: "node:crypto",
    run: (operation, { calls }) => {
      for (let i = 0; i < calls; i++) call[operation]()
      return Promise.resolve()
    },
    end: () => Promise.resolve()
  }
}
