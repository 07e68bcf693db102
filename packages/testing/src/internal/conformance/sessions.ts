import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ConformanceTarget } from "../../ConformanceTarget.ts"
import { approve, ask, fresh, type It, linked, scene, service } from "./scene.ts"
import { otherService } from "./tenant.ts"

export const sessions = (it: It) =>
  describe("a session", () => {
    it.effect("is seen on every device of the user (B-220, B-257)", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        const second = yield* linked(user)
        const { serviceId } = yield* ConformanceTarget
        yield* service.sessionStart(user)
        for (const each of [device, second]) {
          const [session, ...others] = yield* each.sessions
          assert.deepStrictEqual(others, [])
          assert.strictEqual(session?.serviceId, serviceId)
          assert.deepStrictEqual(session?.authorizationRequestId, Option.none())
        }
      }))

    it.effect("may name the request that the user approved", () =>
      Effect.gen(function*() {
        const world = yield* scene()
        const { authorizationRequestId } = yield* ask(world, approve)
        yield* world.service.sessionStart(world.user, { authorizationRequestId })
        const [session] = yield* world.device.sessions
        assert.deepStrictEqual(session?.authorizationRequestId, Option.some(authorizationRequestId))
      }))

    it.effect("may name a request that never was (B-221)", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        yield* service.sessionStart(user, {
          authorizationRequestId: AuthorizationRequestId.make("824d59a4-ffec-47b3-b5e0-54e32777f879")
        })
        assert.lengthOf(yield* device.sessions, 1)
      }))

    it.effect("replaces the one before", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        yield* service.sessionStart(user)
        yield* service.sessionStart(user)
        assert.lengthOf(yield* device.sessions, 1)
      }))

    it.effect("ends, which is no error where there is none (B-217, B-218)", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        yield* service.sessionEnd(user)
        yield* service.sessionStart(user)
        yield* service.sessionEnd(user)
        assert.deepStrictEqual(yield* device.sessions, [])
        yield* service.sessionEnd(user)
      }))

    it.effect("of a user the directory does not know neither starts nor ends (B-219, B-222)", () =>
      Effect.gen(function*() {
        const client = yield* service
        const nobody = yield* fresh("nobody")
        const failures = yield* Effect.all([
          Effect.flip(client.sessionStart(nobody)),
          Effect.flip(client.sessionEnd(nobody))
        ])
        assert.deepStrictEqual(failures.map(({ _tag }) => _tag), ["EntityNotFound", "EntityNotFound"])
      }))

    it.effect("of a user without a device left starts and ends all the same (B-258)", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        yield* device.unlink
        yield* service.sessionStart(user)
        yield* service.sessionEnd(user)
      }))

    it.effect("of one service is not ended by another", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        const other = yield* otherService
        yield* service.sessionStart(user)
        yield* other.sessionStart(user)
        assert.lengthOf(yield* device.sessions, 2)
        yield* other.sessionEnd(user)
        assert.deepStrictEqual(
          (yield* device.sessions).map(({ serviceId }) => serviceId),
          [(yield* ConformanceTarget).serviceId]
        )
      }))

    it.effect("is ended from the device, one or all", () =>
      Effect.gen(function*() {
        const { device, service, user } = yield* scene()
        const other = yield* otherService
        yield* service.sessionStart(user)
        yield* other.sessionStart(user)
        yield* device.endSessions((yield* ConformanceTarget).serviceId)
        assert.lengthOf(yield* device.sessions, 1)
        yield* service.sessionStart(user)
        yield* device.endSessions()
        assert.deepStrictEqual(yield* device.sessions, [])
      }))
  })
