/**
 * The floor of the same library: the cryptography of a call and the JSON around it, done bare with `jose` and WebCrypto.
 * Nothing is checked but signatures, tags and the hash.
 */
import * as jose from "jose"
import { Buffer } from "node:buffer"
import { randomUUID } from "node:crypto"
import * as Fixture from "./fixture.ts"
import { lanes, type Subject } from "./measure.ts"

const utf8 = new TextEncoder()
const text = new TextDecoder()

const sha256 = async (bytes: BufferSource) => Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex")

export const make = async (fixture: Fixture.Fixture): Promise<Subject> => {
  const signing = await jose.importPKCS8(Fixture.servicePrivatePem, "RS256")
  const decrypting = await jose.importPKCS8(Fixture.servicePrivatePem, "RSA-OAEP")
  const verifying = await jose.importSPKI(Fixture.platformPem, "RS256")
  const encrypting = await jose.importSPKI(Fixture.platformPem, "RSA-OAEP-256")

  const sign = async (meth: string, path: string, body: string | undefined) => {
    randomUUID()
    const jti = fixture.next()
    const iat = Math.floor(Date.now() / 1000)
    const hashed = body === undefined ? {} : { hash: await sha256(utf8.encode(body)), func: "S256" }
    const claims = JSON.stringify({
      jti,
      iss: Fixture.service,
      sub: Fixture.service,
      aud: "lka",
      iat,
      nbf: iat,
      exp: iat + 5,
      request: { meth, path, ...hashed }
    })
    await new jose.CompactSign(utf8.encode(claims))
      .setProtectedHeader({ alg: "RS256", kid: Fixture.serviceKeyId })
      .sign(signing)
    return jti
  }

  const decrypt = async (token: string | Uint8Array): Promise<unknown> => {
    const { plaintext } = await jose.compactDecrypt(token, decrypting, {
      keyManagementAlgorithms: ["RSA-OAEP"],
      contentEncryptionAlgorithms: ["A256CBC-HS512"]
    })
    return JSON.parse(text.decode(plaintext))
  }

  const open = async (operation: Fixture.Operation, jti: string): Promise<unknown> => {
    const { body, token } = fixture.answer(operation, jti)
    const { payload } = await jose.compactVerify(token, verifying, { algorithms: ["RS256"] })
    const claims = JSON.parse(text.decode(payload))
    if (body.length === 0) return undefined
    if (await sha256(new Uint8Array(body)) !== claims.response.hash) throw new Error("hash")
    return decrypt(body)
  }

  const call: { readonly [O in Fixture.Operation]: () => Promise<unknown> } = {
    "create": async () => {
      const body = await new jose.CompactEncrypt(utf8.encode(JSON.stringify(Fixture.createBody)))
        .setProtectedHeader({
          alg: "RSA-OAEP-256",
          enc: "A256CBC-HS512",
          kid: Fixture.platformKeyId,
          cty: "application/json"
        })
        .encrypt(encrypting)
      return open("create", await sign("POST", "/service/v3/auths", body))
    },
    "pending poll": async () =>
      open("pending poll", await sign("GET", `/service/v3/auths/${Fixture.openRequestId}`, undefined)),
    "answered poll": async () => {
      const jti = await sign("GET", `/service/v3/auths/${Fixture.requestId}`, undefined)
      return decrypt((await open("answered poll", jti) as { readonly auth_jwe: string }).auth_jwe)
    }
  }

  return { name: "jose", run: (operation, load) => lanes(call[operation], load), end: () => Promise.resolve() }
}
