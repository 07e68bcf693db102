import * as NodeContext from "@effect/platform-node/NodeContext"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { commands } from "../src/Cli.ts"
import { launchkey } from "./support/launchkey.ts"

layer(Layer.merge(NodeContext.layer, FetchHttpClient.layer), { excludeTestServices: true })("launchkey", (it) => {
  it.effect("tells what there is where no command is named", () =>
    Effect.gen(function*() {
      for (const args of [[], ["--help"], ["-h"]]) {
        const { code, err, out } = yield* launchkey({}, ...args)
        assert.deepStrictEqual([code, err], [0, ""])
        assert.match(out, /^launchkey: Multi-factor authentication over the LaunchKey API v3\.\n\n {2}profile {4}/)
      }
      assert.strictEqual(
        (yield* launchkey({}, "directory", "sdk-key", "--help")).out,
        `launchkey directory sdk-key: The SDK keys of a directory, with which authenticators link.

  generate  Generates an SDK key: devices link only through a directory that has one.
  list      Lists the SDK keys of a directory.
  remove    Removes an SDK key. The last one stays.

\`launchkey directory sdk-key <command> --help\` tells of each.
`
      )
    }))

  it.effect("has help for each command, whose usage begins with all its words", () =>
    Effect.gen(function*() {
      for (const name of commands.keys()) {
        const { code, out } = yield* launchkey({}, ...name.split(" "), "--help")
        assert.strictEqual(code, 0, name)
        assert.include(out, `\n$ launchkey ${name}${name === "doctor" ? "" : " "}`)
        assert.include(out, "DESCRIPTION")
        assert.notInclude(out, "\u001b")
      }
    }))

  it.effect("names the commands there are for one that there is not", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* launchkey({}, "directory", "crate"), {
        code: 2,
        out: "",
        err: "Problem: There is no command `launchkey directory crate`.\n" +
          "Next:    Take one of these: create, list, get, update, key, sdk-key.\n",
        json: undefined
      })
    }))

  it.effect("tells of a line that it cannot read as of any failure", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* launchkey({}, "directory", "get"), {
        code: 2,
        out: "",
        err: "Problem: Missing argument <DIRECTORY>\nNext:    Read `launchkey directory get --help`.\n",
        json: undefined
      })
      const { code, err, json } = yield* launchkey({}, "directory", "get", "--json")
      assert.deepStrictEqual([code, err, json], [2, "", {
        error: {
          tag: "Usage",
          exitCode: 2,
          problem: "Missing argument <DIRECTORY>",
          details: {},
          next: "Read `launchkey directory get --help`."
        }
      }])
      const unknown = yield* launchkey({}, "directory", "list", "--color")
      assert.include(unknown.err, "Received unknown argument: '--color'")
    }))

  it.effect("prints completions for a shell, and its version", () =>
    Effect.gen(function*() {
      const bash = yield* launchkey({}, "--completions", "bash")
      assert.deepStrictEqual([bash.code, bash.err], [0, ""])
      // What the script holds of the words so far, and the next word.
      for (
        const found of ["launchkey,directory)", "launchkey__directory,sdk-key)", "launchkey__directory__sdk__key,list)"]
      ) {
        assert.include(bash.out, ` ${found}`)
      }
      assert.match((yield* launchkey({}, "--version")).out, /^\d+\.\d+\.\d+\n/)
    }))
})
