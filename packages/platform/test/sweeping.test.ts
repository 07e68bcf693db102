import { assert, describe, it } from "@effect/vitest"
import { perStep, sweeper } from "../src/internal/sweeping.ts"

/** Each value is the time at which it ends. */
const ended = (until: number, now: number) => until <= now

describe("forgetting in steps", () => {
  it("looks at a few entries a step, and forgets those that have ended", () => {
    const map = new Map(Array.from({ length: 3 * perStep }, (_, key) => [key, 10]))
    const forgotten: Array<number> = []
    const sweep = sweeper(map, ended, (key) => forgotten.push(key))
    sweep(9)
    assert.lengthOf(forgotten, 0)
    sweep(10)
    assert.lengthOf(forgotten, perStep)
    sweep(10)
    sweep(10)
    sweep(10)
    assert.strictEqual(map.size, 0)
    assert.strictEqual(new Set(forgotten).size, 3 * perStep)
  })

  it("keeps few that have ended, however long entries come and go", () => {
    const map = new Map<number, number>()
    const sweep = sweeper(map, ended)
    const lifetime = 1000
    for (let now = 0; now < 20 * lifetime; now++) {
      sweep(now)
      map.set(now, now + lifetime)
    }
    assert.isAtLeast(map.size, lifetime)
    assert.isAtMost(map.size, lifetime * 4 / 3 + perStep)
  })
})
