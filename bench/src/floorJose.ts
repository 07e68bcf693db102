/**
 * The floor of the same library: the cryptography of a call and the JSON around it, done bare with `jose` and WebCrypto.
 * Nothing is checked but signatures, tags and the hash.
 */
import * as jose from "jose"
import { Buffer } from "node:buffer"
import { randomUUID } from "node:crypto"
import * as Fixture from "./fixture.ts"
import { type Exchange, lanes, type Subject } from "./measure.ts"

const utf8 = new TextEncoder()
const text = new TextDecoder()

const sha256 = async (bytes: BufferSource) => Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex")

/** What opens messages, with keys imported once. */
export const opening = async () => {
  const decrypting = await jose.importPKCS8(Fixture.servicePrivatePem, "RSA-OAEP")
  const verifying = await jose.importSPKI(Fixture.platformPem, "RS256")
  const decrypt = async (token: string | Uint8Array): Promise<unknown> => {
    const { plaintext } = await jose.compactDecrypt(token, decrypting, {
      keyManagementAlgorithms: ["RSA-OAEP"],
      contentEncryptionAlgorithms: ["A256CBC-HS512"]
    })
    return JSON.parse(text.decode(plaintext))
  }

  /** The claims, when they are signed and the hash is that of the body. */
  const verified = async (token: string, body: Uint8Array): Promise<Fixture.MessageClaims> => {
    const { payload } = await jose.compactVerify(token, verifying, { algorithms: ["RS256"] })
    const claims: Fixture.MessageClaims = JSON.parse(text.decode(payload))
    if (body.length > 0 && await sha256(new Uint8Array(body)) !== Fixture.hashOf(claims)) throw new Error("hash")
    return claims
  }
  return { decrypt, verified }
}

export const make = async (next: () => string, exchange: Exchange): Promise<Subject> => {
  const signing = await jose.importPKCS8(Fixture.servicePrivatePem, "RS256")
  const { decrypt, verified } = await opening()
  const encrypting = await jose.importSPKI(Fixture.platformPem, "RSA-OAEP-256")

  const encrypt = (json: string): Promise<string> =>
    new jose.CompactEncrypt(utf8.encode(json))
      .setProtectedHeader({
        alg: "RSA-OAEP-256",
        enc: "A256CBC-HS512",
        kid: Fixture.platformKeyId,
        cty: "application/json"
      })
      .encrypt(encrypting)

  const seal = async (operation: Fixture.Operation): Promise<Fixture.Request> => {
    const { method, path } = Fixture.endpoints[operation]
    const body = operation === "create" ? await encrypt(JSON.stringify(Fixture.createBody)) : undefined
    randomUUID()
    const tokenId = next()
    const iat = Math.floor(Date.now() / 1000)
    const hashed = body === undefined ? {} : { hash: await sha256(utf8.encode(body)), func: "S256" }
    const claims = JSON.stringify({
      jti: tokenId,
      iss: Fixture.service,
      sub: Fixture.service,
      aud: "lka",
      iat,
      nbf: iat,
      exp: iat + 5,
      request: { meth: method, path, ...hashed }
    })
    const token = await new jose.CompactSign(utf8.encode(claims))
      .setProtectedHeader({ alg: "RS256", kid: Fixture.serviceKeyId })
      .sign(signing)
    return { tokenId, method, path, token, body }
  }

  const open = async ({ body, token }: Fixture.Answer): Promise<unknown> => {
    const { response } = await verified(token, body)
    return response?.hash === undefined ? undefined : decrypt(body)
  }

  const call = async (operation: Fixture.Operation): Promise<unknown> => {
    const opened = await open(await exchange(operation, await seal(operation)))
    return operation === "answered poll" ? decrypt((opened as { readonly auth_jwe: string }).auth_jwe) : opened
  }

  return {
    name: "jose",
    run: (operation, load) => lanes(() => call(operation), load),
    end: () => Promise.resolve()
  }
}
