import * as PushKey from "@effect-launchkey/platform/PushKey"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as crypto from "node:crypto"

/** Of the value of an `Authorization`: what it says, if its signature is that of the key that it brings. */
const opened = (authorization: string): unknown => {
  const [, token = "", key = ""] = /^vapid t=([\w.-]+), k=([\w-]{87})$/.exec(authorization) ?? []
  const point = Buffer.from(key, "base64url")
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString("base64url"))
  assert.strictEqual(point[0], 4)
  const [header = "", claims = "", signature = ""] = token.split(".")
  assert.deepInclude(JSON.parse(Buffer.from(header, "base64url").toString()), { typ: "JWT", alg: "ES256" })
  const holds = crypto.verify(
    "sha256",
    Buffer.from(`${header}.${claims}`),
    {
      key: crypto.createPublicKey({ key: { kty: "EC", crv: "P-256", x: x ?? "", y: y ?? "" }, format: "jwk" }),
      dsaEncoding: "ieee-p1363"
    },
    Buffer.from(signature, "base64url")
  )
  return holds ? JSON.parse(Buffer.from(claims, "base64url").toString()) : "the signature does not hold"
}

/** RFC 8292, section 2.4. */
const example =
  "vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1"
  + "MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmys"
  + "azNjjvW2L9OkSSHzvoD1oA, k=BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"

const claims = { aud: "https://push.example.net", exp: 1453523768, sub: "mailto:push@example.com" }

const keyOf = (octet: number) => PushKey.make(Redacted.make(new Uint8Array(32).fill(octet)))

describe("a push key", () => {
  it("is looked at as the standard's example is", () => assert.deepStrictEqual(opened(example), claims))

  it.effect("says who sends as the standard has it", () =>
    Effect.gen(function*() {
      const { authorization, publicKey } = yield* keyOf(1)
      const said = yield* authorization(claims)
      assert.deepStrictEqual(opened(said), claims)
      assert.strictEqual(said.slice(-87), publicKey)
    }))

  it.effect("is the same for the same secret, and another for another", () =>
    Effect.gen(function*() {
      const keys = yield* Effect.forEach([1, 1, 2], keyOf)
      const [one, same, other] = keys.map(({ publicKey }) => publicKey)
      assert.strictEqual(one, same)
      assert.notStrictEqual(one, other)
    }))
})
