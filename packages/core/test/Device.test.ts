import { Device, LinkingCode, LinkStarted, NewUser, StartLink } from "@effect-launchkey/core/Device"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Option, Schema } from "effect"

describe("Device", () => {
  const wire = { id: "61b9722d-2c87-4eb4-80fc-985c900472ba", name: null, type: null, status: 0 }
  const decode = Schema.decodeUnknownSync(Device)

  it("is not active while its link is pending, and is from then on", () => {
    assert.deepStrictEqual([0, 1, 2].map((status) => decode({ ...wire, status }).active), [false, true, true])
    assert.deepStrictEqual([0, 1, 2].map((status) => decode({ ...wire, status }).status), [
      "LINK_PENDING",
      "LINKED",
      "UNLINK_PENDING"
    ])
  })

  it("has no name, type or dates where none came", () => {
    const { created, name } = decode(wire)
    assert.deepStrictEqual([name, created], [Option.none(), Option.none()])
  })

  it("is refused with a status that is not known", () => {
    assert.throws(() => decode({ ...wire, status: 3 }))
  })
})

describe("LinkingCode", () => {
  it("is read in any case, between spaces, and kept in lower case", () => {
    assert.strictEqual(Schema.decodeSync(LinkingCode)(" XmCHhh7\n"), "xmchhh7")
    assert.throws(() => Schema.decodeSync(LinkingCode)("xmchhh"), /seven letters and digits/)
  })
})

describe("StartLink", () => {
  it("lasts 300 to 86400 seconds", () => {
    const encode = Schema.encodeSync(StartLink)
    assert.deepStrictEqual<unknown>(encode({ user: "u", ttl: Duration.days(1) }), { identifier: "u", ttl: 86_400 })
    assert.throws(() => encode({ user: "u", ttl: Duration.seconds(299) }), /from 300 to 86400/)
    assert.throws(() => encode({ user: "u", ttl: Duration.seconds(86_401) }), /from 300 to 86400/)
  })
})

describe("NewUser", () => {
  it("is not written where it is empty, and read, so that a platform can say what is wrong with it", () => {
    assert.strictEqual(Schema.decodeSync(NewUser)(""), "")
    assert.throws(() => Schema.encodeSync(NewUser)(""), /the user is empty/)
    assert.throws(() => Schema.decodeUnknownSync(NewUser)(7), /the user is not a text/)
    assert.strictEqual(Schema.encodeSync(NewUser)("ada"), "ada")
  })
})

describe("LinkStarted", () => {
  it("refuses a code that nobody could have been given", () => {
    const wire = { qrcode: "https://mfa.example.com/public/v3/qr/xmchhhc", code: "xmchhhc", device_id: "d" }
    assert.strictEqual(Schema.decodeSync(LinkStarted)(wire).qrCodeUrl, wire.qrcode)
    assert.throws(() => Schema.decodeSync(LinkStarted)({ ...wire, code: "short" }))
  })
})

describe("EntityIdentifier", () => {
  const uuid = "9c0f6f3a-7d1c-11ee-b962-0242ac120002"

  it("is read with its UUID in any case and its prefix as it is", () => {
    const decode = Schema.decodeUnknownSync(Entity.EntityIdentifier)
    assert.strictEqual(decode(`dir:${uuid.toUpperCase()}`), `dir:${uuid}`)
    for (const text of [`DIR:${uuid}`, `dir:${uuid.replaceAll("-", "")}`, `app:${uuid}`, `dir:{${uuid}}`, uuid]) {
      assert.throws(() => decode(text), /"svc:", "dir:", "org:" or "dev:"/)
    }
    assert.throws(() => Schema.decodeUnknownSync(Entity.Issuer)(`dev:${uuid}`), /"svc:", "dir:" or "org:"/)
  })

  it("is taken apart and put together", () => {
    assert.strictEqual(Entity.typeOf(Entity.device(uuid)), "dev")
    assert.strictEqual(Entity.uuidOf(Entity.organization(Entity.OrganizationId.make(uuid))), uuid)
    assert.strictEqual(Entity.directory(Entity.DirectoryId.make(uuid)), `dir:${uuid}`)
    assert.strictEqual(Entity.service(Entity.ServiceId.make(uuid)), `svc:${uuid}`)
  })
})
