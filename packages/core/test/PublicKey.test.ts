import { KeyType, NewPublicKey, PublicKey, PublicKeyChange } from "@effect-launchkey/core/PublicKey"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Either, Option, Schema } from "effect"

const wire = {
  id: "e0:2f:a9:5a:76:92:6b:b5:4d:24:67:19:d1:8a:0a:75",
  public_key: "-----BEGIN PUBLIC KEY-----\n…",
  date_created: "2023-05-01T12:00:00Z",
  date_expires: "2030-01-01T00:00:00Z",
  active: true,
  key_type: 2
}

describe("PublicKey", () => {
  const decode = Schema.decodeUnknownSync(PublicKey)

  it("is read from its JSON and written as it was", () => {
    const key = decode(wire)
    assert.strictEqual(key.type, "SIGNATURE")
    assert.deepStrictEqual(key.expires, Option.some(DateTime.unsafeMake("2030-01-01T00:00:00Z")))
    assert.deepStrictEqual<unknown>(Schema.encodeSync(PublicKey)(key), wire)
    assert.deepStrictEqual(decode({ ...wire, date_expires: null }).expires, Option.none())
  })

  it("is for both purposes where it does not say, and of another type where it says what is not known", () => {
    const { key_type: _, ...untyped } = wire
    assert.deepStrictEqual(
      [untyped, { ...wire, key_type: null }, { ...wire, key_type: 0 }, { ...wire, key_type: 1 }, {
        ...wire,
        key_type: 7
      }]
        .map((json) => decode(json).type),
      ["BOTH", "BOTH", "BOTH", "ENCRYPTION", "OTHER"]
    )
    assert.strictEqual(Schema.encodeSync(PublicKey)(decode({ ...wire, key_type: 7 })).key_type, -1)
  })
})

describe("NewPublicKey", () => {
  it("takes no type but the three", () => {
    const refused = Schema.decodeUnknownEither(NewPublicKey)({ public_key: "pem", key_type: -1 })
    assert.include(
      String(Either.getOrThrow(Either.flip(refused))),
      "expected 0 (both), 1 (encryption) or 2 (signature)"
    )
    assert.strictEqual(Schema.decodeUnknownSync(KeyType)(1), "ENCRYPTION")
  })

  it("writes no member that was not given, and reads null as not given", () => {
    assert.deepStrictEqual<unknown>(Schema.encodeSync(NewPublicKey)({ pem: "pem" }), { public_key: "pem" })
    assert.deepStrictEqual(
      Schema.decodeUnknownSync(NewPublicKey)({ public_key: "pem", key_type: null, active: null, date_expires: null }),
      { pem: "pem" }
    )
  })
})

describe("PublicKeyChange", () => {
  it("tells apart an end that stays, one that is taken away and one that is set", () => {
    const decode = Schema.decodeUnknownSync(PublicKeyChange)
    assert.notProperty(decode({ key_id: wire.id }), "expires")
    assert.isNull(decode({ key_id: wire.id, date_expires: null }).expires)
    // a fraction of a second, as one of the official SDKs sends it
    const { expires } = decode({ key_id: wire.id, date_expires: "2030-01-01T00:00:00.1234567Z" })
    assert.isTrue(
      DateTime.isDateTime(expires) && DateTime.toEpochMillis(expires) === Date.UTC(2030, 0, 1, 0, 0, 0, 123)
    )
  })

  it("refuses a date that is none", () => {
    const none = [
      "tomorrow",
      "2030",
      "2030-01-01",
      "2030-13-01T00:00:00Z",
      "2030-02-30T00:00:00Z",
      "2031-02-29T00:00:00Z",
      "2030-04-31T00:00:00+02:00",
      "2030-01-01T24:00:00Z",
      "2030-01-01T00:00:60Z",
      "2030-01-01T00:00Z",
      "2030-01-01 00:00:00Z",
      " 2030-01-01T00:00:00Z",
      // of whatever time zone the machine is in
      "2030-01-01T00:00:00",
      "2030-01-01T00:00:00.5"
    ]
    for (const date_expires of none) {
      assert.isTrue(
        Either.isLeft(Schema.decodeUnknownEither(PublicKeyChange)({ key_id: wire.id, date_expires })),
        date_expires
      )
    }
  })

  it("reads a date with or without a fraction, and with an offset in place of Z", () => {
    const read = (date_expires: string) =>
      Schema.decodeUnknownSync(PublicKeyChange)({ key_id: wire.id, date_expires }).expires
    for (
      const date of [
        "2032-02-29T12:00:00Z",
        "2032-02-29T12:00:00.0Z",
        "2032-02-29T12:00:00.000000000Z",
        "2032-02-29T12:00:00+00:00",
        "2032-03-01T01:30:00+13:30",
        "2032-02-28T22:00:00-14:00"
      ]
    ) {
      assert.deepStrictEqual(read(date), DateTime.unsafeMake("2032-02-29T12:00:00Z"), date)
    }
  })

  it("reads the texts for booleans, and none but these", () => {
    const read = (active: unknown) => Schema.decodeUnknownEither(PublicKeyChange)({ key_id: wire.id, active })
    for (const [text, value] of [["true", true], ["True", true], ["false", false], ["False", false]] as const) {
      assert.deepStrictEqual(Either.map(read(text), ({ active }) => active), Either.right(value))
    }
    for (const other of ["TRUE", "", "yes", "1", 1, 0]) assert.isTrue(Either.isLeft(read(other)), String(other))
  })
})
