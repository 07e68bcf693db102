import { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import { NewService, ServiceChange, ServiceProfile } from "@effect-launchkey/core/ServiceProfile"
import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"

const wire = {
  id: "69cc4e34-fd9b-11e8-897e-d60562cc216d",
  name: "Payments",
  description: "Card approvals",
  icon: null,
  callback_url: "https://example.com/hook",
  active: true
}

describe("ServiceProfile", () => {
  it("is read from its JSON and written with every member", () => {
    const profile = Schema.decodeUnknownSync(ServiceProfile)(wire)
    assert.deepStrictEqual(profile.icon, Option.none())
    assert.deepStrictEqual(profile.callbackUrl, Option.some("https://example.com/hook"))
    assert.deepStrictEqual<unknown>(Schema.encodeSync(ServiceProfile)(profile), wire)
  })
})

describe("NewService", () => {
  it("reads null as not given, and the texts that one SDK writes for booleans", () => {
    assert.deepStrictEqual(
      Schema.decodeUnknownSync(NewService)({
        name: "Payments",
        description: null,
        icon: null,
        callback_url: null,
        active: "True"
      }),
      { name: "Payments", active: true }
    )
  })

  it("reads an empty text for no address, and no other text that is none", () => {
    const is = Schema.is(NewService)
    assert.isTrue(is({ name: "n", description: "", icon: "", callbackUrl: "" }))
    assert.isFalse(is({ name: "n", icon: " " }))
    assert.isFalse(is({ name: "n", callbackUrl: "nowhere" }))
  })

  it("limits the description to 1024 code points", () => {
    const is = Schema.is(NewService)
    assert.isTrue(is({ name: "n", description: "🔑".repeat(1024) }))
    assert.isFalse(is({ name: "n", description: "🔑".repeat(1025) }))
  })
})

describe("ServiceChange", () => {
  it("clears by null what may be empty, and leaves by null what may not", () => {
    const decode = Schema.decodeUnknownSync(ServiceChange)
    assert.deepStrictEqual(
      decode({ service_id: wire.id, name: null, active: null, description: null, icon: null }),
      { id: ServiceId.make(wire.id), description: null, icon: null }
    )
  })

  it("reads an empty text, by which one SDK clears, and no other text that is no address", () => {
    const is = Schema.is(ServiceChange)
    const id = ServiceId.make(wire.id)
    assert.isTrue(is({ id, description: "", icon: "", callbackUrl: "" }))
    assert.isFalse(is({ id, icon: " " }))
    assert.isFalse(is({ id, callbackUrl: "nowhere" }))
  })
})
