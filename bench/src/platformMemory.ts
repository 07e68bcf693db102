/** What users and open requests take in the platform's memory: `<users> <open requests>`, in a process of its own. */
import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as EffectivePolicy from "@effect-launchkey/core/EffectivePolicy"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as Store from "@effect-launchkey/platform/Store"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Users from "./platformUsers.ts"
import { heap } from "./process.ts"

export interface Memory {
  readonly bytesPerUser: number
  readonly bytesPerOpenRequest: number
  /** Above the same platform without any, in bytes: of the heap, and of the whole process. */
  readonly heap: number
  readonly rss: number
}

const [users = 0, open = 0] = process.argv.slice(2).map(Number)

const openFor = (index: number) =>
  Effect.gen(function*() {
    const store = yield* Store.Store
    const created = yield* DateTime.now
    const identifier = Users.nameOf(index)
    yield* store.openAuthorization({
      id: AuthorizationRequestId.make(`00000000-0000-4000-8000-${index.toString(16).padStart(12, "0")}`),
      serviceId: TestPlatform.serviceId,
      user: { directoryId: TestPlatform.directoryId, identifier },
      request: { user: identifier, context: `Approve the transfer of ${index},250.00 EUR, reference ${index}-A.` },
      policy: EffectivePolicy.merge(ServicePolicy.none, AuthPolicy.any(2)),
      deviceIds: [Users.deviceOf(index)],
      requester: {
        issuer: Entity.service(TestPlatform.serviceId),
        recipient: { id: TestKeys.service.keyId, pem: TestKeys.service.publicKey }
      },
      created,
      expires: DateTime.add(created, { minutes: 5 }),
      state: { _tag: "Open" }
    })
  })

const program = Effect.gen(function*() {
  const [rss, before] = [process.memoryUsage.rss(), heap()]
  for (let index = 0; index < users; index++) yield* Users.add(index)
  const withUsers = heap()
  for (let index = 0; index < open; index++) yield* openFor(index)
  const withAll = heap()
  const memory: Memory = {
    bytesPerUser: (withUsers - before) / users,
    bytesPerOpenRequest: (withAll - withUsers) / open,
    heap: withAll - before,
    rss: process.memoryUsage.rss() - rss
  }
  process.send?.(memory)
})

await Effect.runPromise(Effect.provide(program, TestPlatform.layerPlatform))
process.disconnect()
