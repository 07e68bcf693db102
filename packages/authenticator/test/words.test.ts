import { assert, describe, it } from "@effect/vitest"
import { DateTime, Option } from "effect"
import * as Link from "../src/internal/page/link.ts"
import * as Pin from "../src/internal/page/pin.ts"
import * as words from "../src/internal/page/words.ts"

const at = (milliseconds: number) => DateTime.unsafeMake(milliseconds)

describe("times in words", () => {
  for (
    const [milliseconds, text] of [
      [-1, "0 s left"],
      [1, "1 s left"],
      [59_000, "59 s left"],
      [59_001, "1 min 0 s left"],
      [599_000, "9 min 59 s left"],
      [3_660_000, "1 h 1 min left"]
    ] as const
  ) {
    it(`say "${text}" of ${milliseconds} milliseconds`, () => assert.strictEqual(words.timeLeft(milliseconds), text))
  }

  for (
    const [milliseconds, text] of [
      [0, "just now"],
      [59_999, "just now"],
      [60_000, "1 minute ago"],
      [7_200_000, "2 hours ago"],
      [172_800_000, "2 days ago"]
    ] as const
  ) {
    it(`say "${text}" of ${milliseconds} milliseconds before`, () =>
      assert.strictEqual(words.ago(at(0), at(milliseconds)), text))
  }
})

describe("what stands in for a name", () => {
  for (
    const [name, letter] of [["bank", "B"], [" Bank", "B"], ["🏦 Bank", "🏦"], ["ß", "SS"], ["", "?"]] as const
  ) {
    it(`is ${letter} for "${name}"`, () => assert.strictEqual(words.initial(name), letter))
  }

  for (
    const [userAgent, name] of [
      [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0",
        "Edge on Windows"
      ],
      [
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
        "Safari on iPhone"
      ],
      ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"],
      [
        "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36",
        "Chrome on Android"
      ],
      ["curl/8", "Browser on this computer"]
    ] as const
  ) {
    it(`is "${name}" for that browser`, () => assert.strictEqual(words.deviceName(userAgent), name))
  }
})

describe("a link", () => {
  const sdkKey = "0d6f2a3e-7d1c-41ee-b962-0242ac120002"
  const page = "https://mfa.example.com/authenticator/"
  const link: Option.Option<Link.Link> = Option.some({ code: "k7w2m9q", sdkKey })

  const read: ReadonlyArray<
    readonly [what: string, found: Option.Option<Link.Link>, expected: Option.Option<Link.Link>]
  > = [
    ["a fragment", Link.fromFragment(`#code=K7W2M9Q&sdk_key=${sdkKey}`), link],
    [
      "a fragment with a key of no form",
      Link.fromFragment("#code=k7w2m9q&sdk_key=x"),
      Option.some({
        code: "k7w2m9q",
        sdkKey: undefined
      })
    ],
    ["a fragment without a code", Link.fromFragment(`#sdk_key=${sdkKey}`), Option.none()],
    ["a fragment with a code of no form", Link.fromFragment("#code=k7w2m9"), Option.none()],
    ["an image of the code alone", Link.fromQr("k7w2m9q", page), Option.some({ code: "k7w2m9q", sdkKey: undefined })],
    ["an image of this page's address", Link.fromQr(`${page}#code=k7w2m9q&sdk_key=${sdkKey}`, page), link],
    ["an image of another page's address", Link.fromQr("https://evil.example/#code=k7w2m9q", page), Option.none()],
    ["an image of anything else", Link.fromQr("WIFI:S:guest;;", page), Option.none()]
  ]
  for (const [what, found, expected] of read) {
    it(`is ${Option.isSome(expected) ? "" : "not "}read from ${what}`, () => assert.deepStrictEqual(found, expected))
  }
})

describe("wrong PINs", () => {
  it("lock for half a minute after five in a row, and twice as long each time, up to an hour", () =>
    assert.deepStrictEqual([0, 1, 4, 5, 6, 10, 15, 100].map(Pin.lockAfter), [
      0,
      0,
      0,
      30_000,
      0,
      60_000,
      120_000,
      3_600_000
    ]))
})
