/**
 * Tests that need a real browser, wherever there is one.
 *
 * @since 0.1.0
 */
import { assert, describe, it } from "@effect/vitest"
import * as TestBrowser from "./TestBrowser.ts"

/**
 * Registers tests, to be skipped with the reason where there is no browser. Where `EXPECT_BROWSER` is 1, its absence fails
 * a test as well.
 *
 * @since 0.1.0
 * @category constructors
 */
export const register = (tests: () => void): void => {
  describe("a browser", () => {
    it.skipIf(process.env["EXPECT_BROWSER"] !== "1")(
      "is there where one is expected",
      () => assert.isDefined(TestBrowser.executable, TestBrowser.absent)
    )
  })
  describe.skipIf(TestBrowser.executable === undefined)(
    TestBrowser.executable === undefined ? TestBrowser.absent : "Chromium",
    tests
  )
}
