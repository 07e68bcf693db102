import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as retryAfter from "../src/internal/retryAfter.ts"

// RFC 9110 §5.6.7 gives one moment in three forms: 1994-11-06T08:49:37Z
const moment = 784_111_777

describe("Retry-After", () => {
  for (
    const [header, seconds] of [
      ["0", 0],
      ["120", 120],
      ["Sun, 06 Nov 1994 08:49:37 GMT", 60],
      ["Sunday, 06-Nov-94 08:49:37 GMT", 60],
      ["Sun Nov  6 08:49:37 1994", 60],
      ["Sun, 06 Nov 1994 08:48:37 GMT", 0],
      ["Sun, 06 Nov 1994 08:40:00 GMT", 0],
      ["Monday, 06-Nov-95 08:49:37 GMT", 60 + 365 * 86_400],
      // of two years it is the one that is not more than fifty ahead
      ["Sunday, 06-Nov-50 08:49:37 GMT", 0]
    ] as const
  ) {
    it(`${header} asks to wait ${seconds} seconds`, () =>
      assert.deepStrictEqual(retryAfter.read(header, moment - 60), Option.some(seconds)))
  }

  for (
    const header of [
      undefined,
      "",
      "-1",
      "1.5",
      "1e3",
      "1234567890",
      "soon",
      "1994-11-06T08:49:37Z",
      "Sun, 06 Nov 1994 08:49:37 +0100",
      "Sun, 06 Nov 1994 25:00:00 GMT",
      "Sun, 6 Nov 1994 08:49:37 GMT",
      "Sun, 41 Nov 1994 08:49:37 GMT"
    ]
  ) {
    it(`${header ?? "its absence"} asks for nothing`, () =>
      assert.deepStrictEqual(retryAfter.read(header, moment), Option.none()))
  }
})
