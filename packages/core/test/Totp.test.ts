import { TotpConfiguration, VerifyTotp } from "@effect-launchkey/core/Totp"
import { assert, describe, it } from "@effect/vitest"
import { Redacted, Schema } from "effect"
import { inspect } from "node:util"

const wire = { secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", algorithm: "SHA1", period: 30, digits: 6 }

describe("TotpConfiguration", () => {
  const configuration = Schema.decodeUnknownSync(TotpConfiguration)(wire)

  it("is the URI that code applications read, with names that need escaping", () => {
    assert.strictEqual(
      Redacted.value(configuration.uri({ issuer: "Example & Co", account: "ada+test@example.com" })),
      "otpauth://totp/Example%20%26%20Co:ada%2Btest%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP" +
        "&issuer=Example%20%26%20Co&algorithm=SHA1&digits=6&period=30"
    )
  })

  it("shows its secret to nobody who looks", () => {
    for (const shown of [inspect(configuration), JSON.stringify(configuration), String(configuration)]) {
      assert.notInclude(shown, wire.secret)
    }
  })

  it("refuses numbers that are texts", () => {
    assert.throws(() => Schema.decodeUnknownSync(TotpConfiguration)({ ...wire, digits: "6" }))
  })
})

describe("VerifyTotp", () => {
  it("keeps the zeros in front of a code", () => {
    assert.deepStrictEqual(Schema.encodeSync(VerifyTotp)({ user: "u", code: Redacted.make("000123") }), {
      identifier: "u",
      otp: "000123"
    })
  })
})
