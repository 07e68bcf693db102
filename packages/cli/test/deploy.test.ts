import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { environment, ServeConfig } from "../src/ServeConfig.ts"

const read = (name: string) => readFileSync(fileURLToPath(new URL(`../deploy/${name}`, import.meta.url)), "utf8")

const systemd = spawnSync("systemd-analyze", ["--version"]).status === 0

describe("the systemd unit", () => {
  const unit = read("launchkey.service")

  // Skipped where there is no systemd-analyze.
  it.skipIf(!systemd)("is one that systemd takes, and leaves the process little", () => {
    const folder = mkdtempSync(join(tmpdir(), "launchkey-"))
    try {
      const file = join(folder, "launchkey.service")
      // Its program is not installed here.
      writeFileSync(file, unit.replaceAll("/usr/bin/launchkey", "/bin/true"))
      const verified = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" })
      assert.deepStrictEqual([verified.status, verified.stderr], [0, ""])
      const judged = spawnSync("systemd-analyze", ["security", "--offline=true", "--threshold=20", file])
      assert.strictEqual(judged.status, 0)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it("gives an end the time that the configuration may take", () => {
    const [, seconds] = /^TimeoutStopSec=(\d+)$/m.exec(unit) ?? []
    assert.isAbove(Number(seconds), 20)
  })

  it("comes with a configuration that can be read", () => {
    const config: unknown = JSON.parse(read("serve.json"))
    const decoded = Schema.decodeUnknownSync(ServeConfig)(config, { onExcessProperty: "error" })
    for (const folder of ["/var/lib/launchkey/", "/run/launchkey/"]) assert.include(JSON.stringify(config), folder)
    assert.strictEqual(decoded.listen.host, "127.0.0.1")
  })
})

describe("the recipe of a container", () => {
  const recipe = read("Containerfile")
  const lines = recipe.replaceAll(/\\\n/g, " ").split("\n").filter((line) => line !== "" && !line.startsWith("#"))
  const instruction = (name: string) =>
    lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1))

  it("has instructions that there are, and each of its lists is JSON", () => {
    for (const line of lines) {
      assert.match(line, /^(?:FROM|ARG|RUN|USER|WORKDIR|VOLUME|ENV|EXPOSE|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT|CMD) \S/)
      const [list] = /\[".*\]$/.exec(line) ?? []
      if (list !== undefined) assert.isArray(JSON.parse(list))
    }
  })

  it("runs as a user without rights, looked after by its health", () => {
    assert.deepStrictEqual(instruction("USER"), ["node"])
    assert.include(instruction("HEALTHCHECK").join(), "http://127.0.0.1:8081/health")
    assert.deepStrictEqual(instruction("ENTRYPOINT"), ["[\"launchkey\"]"])
  })

  it("sets variables that the command reads", () => {
    const names = Array.from(instruction("ENV").join(" ").matchAll(/(LAUNCHKEY_\w+)=/g), ([, name = ""]) => name)
    assert.isAbove(names.length, 4)
    for (const name of names) assert.property(environment, name)
  })
})
