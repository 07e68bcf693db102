/** Users of the test platform with a device each, put into its store without the calls that would do it. */
import { DeviceId } from "@effect-launchkey/core/Authorization"
import { LinkingCode } from "@effect-launchkey/core/Device"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Store from "@effect-launchkey/platform/Store"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

export const nameOf = (index: number): string => `user-${index}@example.com`

export const deviceOf = (index: number): DeviceId =>
  DeviceId.make(`00000000-0000-4000-9000-${index.toString(16).padStart(12, "0")}`)

const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ"

const codeOf = (index: number): LinkingCode =>
  Schema.decodeSync(LinkingCode)(
    Array.from({ length: 7 }, (_, place) => alphabet[Math.floor(index / alphabet.length ** place) % alphabet.length])
      .join("")
  )

/** All devices have one key: making as many would take longer than anything that is measured. */
export const add = Effect.fnUntraced(function*(index: number) {
  const store = yield* Store.Store
  const now = yield* DateTime.now
  const [id, code] = [deviceOf(index), codeOf(index)]
  const user = { directoryId: TestPlatform.directoryId, identifier: nameOf(index) }
  yield* store.ensureUser(user)
  yield* store.insertLinking(
    { code, deviceId: id, expires: DateTime.add(now, { minutes: 5 }), requester: Option.none() },
    { id, user, status: "LINK_PENDING", name: Option.none(), type: Option.none(), created: now, updated: now }
  )
  yield* store.completeLinking(code, now, (device) => ({
    ...device,
    status: "LINKED",
    name: Option.some("Phone"),
    type: Option.some("Android")
  }))
  yield* store.insertKey(Entity.device(id), {
    id: TestKeys.device.keyId,
    pem: TestKeys.device.publicKey,
    type: "BOTH",
    active: true,
    created: now,
    expires: Option.none()
  })
  return user
})
