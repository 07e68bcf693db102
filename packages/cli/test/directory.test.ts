import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Sandboxed, sandboxed } from "./support/launchkey.ts"

layer(sandboxed, { excludeTestServices: true })("launchkey directory", (it) => {
  it.effect("creates a directory, and shows it", () =>
    Effect.gen(function*() {
      const { launchkey, result } = yield* Sandboxed
      const { id } = yield* result("directory", "create", "Employees")
      const shown = yield* launchkey("directory", "get", String(id))
      assert.strictEqual(
        shown.out,
        `Id                           ${id}
Name                         Employees
Active                       yes
Webhooks to                  –
Asks for context of denials  yes
Android key                  –
iOS certificate              –
Services                     –
SDK keys                     –
`
      )
      assert.deepStrictEqual(yield* launchkey("directory", "create", "Employees"), {
        code: 1,
        out: "",
        err:
          "Problem: The directory name is in use (ORG-003).\n  platformSays: The directory name is in use\nNext:    Choose another.\n",
        json: undefined
      })
    }))
})
