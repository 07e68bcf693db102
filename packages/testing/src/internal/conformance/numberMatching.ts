import type { AuthorizationRequest, MatchNumber } from "@effect-launchkey/core/Authorization"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { deny, type It, responseTo, scene, verdict } from "./scene.ts"

const numberOf = ({ numberMatch }: AuthorizationRequest): MatchNumber => Option.getOrThrow(numberMatch)

const another = (number: MatchNumber): MatchNumber => number === "99" ? "98" : String(Number(number) + 1)

/** A request with a number, and what is at hand for it. */
const asked = Effect.gen(function*() {
  const world = yield* scene()
  return { ...world, request: yield* world.service.authorize(world.user, { numberMatch: true }) }
})

export const numberMatching = (it: It) =>
  describe("a number to enter", () => {
    it.effect("is drawn where it is asked for, and told to the service alone", () =>
      Effect.gen(function*() {
        const { device, request, service, user } = yield* asked
        const number = numberOf(request)
        assert.match(number, /^[1-9]\d$/)
        const [pending] = yield* device.pending
        assert.deepInclude(pending, { id: request.id, numberMatch: true })
        yield* service.cancel(request.id)
        const plain = yield* service.authorize(user)
        assert.deepStrictEqual(plain.numberMatch, Option.none())
        assert.notProperty((yield* device.pending)[0], "numberMatch")
        yield* service.cancel(plain.id)
      }))

    it.effect("approves, entered as it is shown", () =>
      Effect.gen(function*() {
        const { device, request, service } = yield* asked
        yield* device.approve(undefined, { number: numberOf(request) })
        assert.strictEqual(verdict(yield* responseTo(service, request)), "AUTHORIZED APPROVED yes")
      }))

    it.effect("that is another one ends the request, which then is approved by none", () =>
      Effect.gen(function*() {
        const { device, request, service } = yield* asked
        const number = numberOf(request)
        const wrong = yield* Effect.flip(device.approve(undefined, { number: another(number) }))
        assert(wrong._tag === "NumberMismatch")
        assert.isTrue(wrong.ended)
        assert.deepStrictEqual(yield* device.pending, [])
        const response = yield* responseTo(service, request)
        assert.strictEqual(verdict(response), "FAILED AUTHENTICATION no")
        assert.deepStrictEqual(Option.map(request.deviceIds, ([id]) => id), Option.some(response.deviceId))
        const late = yield* Effect.flip(device.approve(request.id, { number }))
        assert.strictEqual(late._tag, "NothingPending")
      }))

    it.effect("is what a device needs that approves; without it the request stays open", () =>
      Effect.gen(function*() {
        const { device, request, service } = yield* asked
        assert.strictEqual((yield* Effect.flip(device.approve()))._tag, "NumberNeeded")
        const old = yield* Effect.flip(device.approve(undefined, { number: numberOf(request), format: "legacy" }))
        assert.strictEqual(old._tag, "NumberNeeded")
        assert.deepStrictEqual(yield* service.getResponse(request.id), Option.none())
        yield* device.approve(undefined, { number: numberOf(request) })
      }))

    it.effect("is not needed to deny, to report fraud, or to fail", () =>
      Effect.gen(function*() {
        const denied = yield* asked
        yield* deny(denied.device)
        assert.strictEqual(verdict(yield* responseTo(denied.service, denied.request)), "DENIED DISAPPROVED no")
        const reported = yield* asked
        yield* reported.device.deny({ fraud: true })
        assert.strictEqual(verdict(yield* responseTo(reported.service, reported.request)), "DENIED FRAUDULENT no")
        const failed = yield* asked
        yield* failed.device.fail("SENSOR")
        assert.strictEqual(verdict(yield* responseTo(failed.service, failed.request)), "FAILED SENSOR no")
      }))
  })
