import { Directory, DirectoryChange, DirectoryName, ListedDirectory } from "@effect-launchkey/core/Directory"
import { DirectoryId } from "@effect-launchkey/core/EntityIdentifier"
import { assert, describe, it } from "@effect/vitest"
import { Either, Option, Schema } from "effect"

const wire = {
  id: "7ac4e652-974d-11e7-b0c6-6a535e6278de",
  name: "Customers",
  active: true,
  service_ids: ["69cc4e34-fd9b-11e8-897e-d60562cc216d"],
  sdk_keys: ["0d3697e1-b5da-11e7-a831-0469f8dc10a5"],
  premium: false,
  android_key: null,
  ios_certificate_fingerprint: null,
  denial_context_inquiry_enabled: true,
  webhook_url: "https://a.webhook.url/path"
}

describe("Directory", () => {
  const decode = Schema.decodeUnknownSync(Directory)

  it("is read from its JSON, where null is nothing", () => {
    const directory = decode(wire)
    assert.deepStrictEqual(directory.androidKey, Option.none())
    assert.deepStrictEqual(directory.webhookUrl, Option.some("https://a.webhook.url/path"))
    assert.deepStrictEqual<ReadonlyArray<string>>(directory.serviceIds, wire.service_ids)
    assert.isTrue(directory.denialContextInquiryEnabled)
  })

  it("is written with every member, and with null where there is nothing", () => {
    assert.deepStrictEqual<unknown>(Schema.encodeSync(Directory)(decode(wire)), wire)
  })

  it("may come without the members that have an obvious meaning when absent", () => {
    const { id, name } = wire
    const directory = decode({ id, name, active: false })
    assert.deepStrictEqual(directory.serviceIds, [])
    assert.deepStrictEqual(directory.sdkKeys, [])
    assert.isFalse(directory.premium)
    assert.isFalse(directory.denialContextInquiryEnabled)
    assert.deepStrictEqual(directory.iosCertificateFingerprint, Option.none())
    const nulls = decode({ ...wire, service_ids: null, sdk_keys: null, premium: null })
    assert.deepStrictEqual(nulls.serviceIds, [])
    assert.isFalse(nulls.premium)
  })
})

describe("ListedDirectory", () => {
  it("tells twice whether it is active, and needs to be told once", () => {
    const directory = Schema.decodeUnknownSync(ListedDirectory)(wire)
    assert.deepStrictEqual<unknown>(Schema.encodeSync(ListedDirectory)(directory), { ...wire, Active: true })
  })
})

describe("DirectoryChange", () => {
  const encode = Schema.encodeSync(DirectoryChange)
  const id = DirectoryId.make(wire.id)

  it("leaves out what stays, writes null for what is cleared and the value of what is set", () => {
    assert.deepStrictEqual<unknown>(encode({ id }), { directory_id: wire.id })
    assert.deepStrictEqual<unknown>(
      encode({ id, androidKey: null, webhookUrl: "https://example.com/hook", active: false }),
      {
        directory_id: wire.id,
        android_key: null,
        webhook_url: "https://example.com/hook",
        active: false
      }
    )
  })

  it("is read with the three values apart, and with the texts that one SDK writes for booleans", () => {
    const decode = Schema.decodeUnknownSync(DirectoryChange)
    assert.notProperty(decode({ directory_id: wire.id }), "androidKey")
    assert.isNull(decode({ directory_id: wire.id, android_key: null }).androidKey)
    assert.strictEqual(decode({ directory_id: wire.id, active: "True" }).active, true)
    assert.strictEqual(decode({ directory_id: wire.id, active: "false" }).active, false)
    assert.isUndefined(decode({ directory_id: wire.id, active: null }).active)
  })

  it("refuses an address that is no web address", () => {
    for (const webhook_url of ["ftp://example.com", "example.com", "javascript:alert(1)"]) {
      const refused = Schema.decodeUnknownEither(DirectoryChange)({ directory_id: wire.id, webhook_url })
      assert.include(String(Either.getOrThrow(Either.flip(refused))), "absolute http or https URL")
    }
  })
})

describe("DirectoryName", () => {
  it("has 1 to 128 code points", () => {
    const is = Schema.is(DirectoryName)
    assert.isTrue(is("🔑".repeat(128)))
    assert.isFalse(is("🔑".repeat(129)))
    assert.isFalse(is(""))
  })
})
