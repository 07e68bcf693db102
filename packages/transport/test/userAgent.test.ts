import { assert, describe, it } from "@effect/vitest"
import manifest from "../package.json" with { type: "json" }
import { describe as describeHost, userAgent } from "../src/internal/userAgent.ts"
import { version } from "../src/internal/version.ts"

describe("the user agent", () => {
  it("carries the version of the package", () => {
    assert.strictEqual(version, manifest.version)
  })

  it("names this SDK, the runtime and the system", () => {
    assert.match(userAgent, /^EffectServiceSDK\/\d+\.\d+\.\d+ \(Node\.js\/\d+\.\d+\.\d+; \w+\)$/)
  })

  for (
    const [host, expected] of [
      [{ process: { version: "v20.20.2", platform: "linux" } }, " (Node.js/20.20.2; linux)"],
      [
        { navigator: { userAgent: "Node.js/22" }, process: { version: "v22.1.0", platform: "linux" } },
        " (Node.js/22.1.0; linux)"
      ],
      [{ navigator: { userAgent: "Node.js/22" } }, " (Node.js/22)"],
      [
        { navigator: { userAgent: "Bun/1.2.3" }, process: { version: "v22.6.0", platform: "darwin" } },
        " (Bun/1.2.3; darwin)"
      ],
      [{ navigator: { userAgent: "Cloudflare-Workers" } }, " (Cloudflare-Workers)"],
      // parentheses and semicolons would nest into ours
      [{ navigator: { userAgent: "Mozilla/5.0 (X11; Linux)" } }, ""],
      [{ navigator: { userAgent: "evil\r\nx: y" } }, ""],
      [{ navigator: {}, process: { version: 20, platform: 7 } }, ""],
      [{}, ""]
    ] as const
  ) {
    it(`is EffectServiceSDK/<version>${expected} on ${JSON.stringify(host)}`, () => {
      assert.strictEqual(describeHost(host), `EffectServiceSDK/${version}${expected}`)
    })
  }
})
