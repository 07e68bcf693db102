import { hints } from "@effect-launchkey/core/api/DeviceApi"
import { table } from "@effect-launchkey/core/ApiError"
import * as Contract from "@effect-launchkey/testing/Contract"
import { assert, describe, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import * as MigrationTables from "./support/migrationTables.ts"
import * as OfficialNames from "./support/officialNames.ts"
import { documents, root, snippetsOf } from "./support/snippets.ts"

const path = (document: string, i: number): string => `${root}${document}?snippet=${i}`

/** What a snippet exports, having run; what it has for tests is among those of this file. */
const run = (document: string, i: number): Promise<Record<string, unknown>> =>
  import(/* @vite-ignore */ path(document, i))

/** Not programs of their own, nor what leaves something to the reader, nor what is for a platform elsewhere. */
const runs = (code: string): boolean => !/\brunMain\b|^declare |onformance(?:At)?\(|\bprocess\.env\b/m.test(code)

const running = documents.map((document) => ({
  document,
  snippets: snippetsOf(document).flatMap((code, i) => runs(code) ? [i] : [])
})).filter(({ snippets }) => snippets.length > 0)

describe.each(running)("the snippets of $document", async ({ document, snippets }) => {
  // here, since some bring tests
  const modules: Array<object> = []
  for (const i of snippets) modules.push(await run(document, i))

  it("run as they are printed", () => {
    assert.strictEqual(modules.length, snippets.length)
  })
})

describe("docs/migrating.md", () => {
  it("names nothing in its tables that the sources do not declare", () => {
    assert.deepStrictEqual(MigrationTables.undeclared(), [])
    assert.isAbove(MigrationTables.named.length, 150)
  })

  it("has each name of the official SDK for Python", () => {
    const spans = readFileSync(`${root}docs/migrating.md`, "utf8").match(/`[^`\n]+`/g) ?? []
    const told = new Set(spans.flatMap((span) => span.match(/\w+/g) ?? []))
    assert.deepStrictEqual(OfficialNames.ofPython.filter((name) => !told.has(name)), [])
  })
})

/** Tags of the errors that a program may see, by package. */
const tagsOf = (pkg: string): ReadonlyArray<string> => {
  const folder = `${root}packages/${pkg}/src`
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.includes("internal"))
    .flatMap((file) =>
      Array.from(
        readFileSync(`${folder}/${file}`, "utf8").matchAll(
          /export class (\w+)\s+extends (?:Schema|Data)\.TaggedError/g
        ),
        ([, tag]) => tag ?? ""
      )
    )
}

/** `…/services` is of organizations and of directories, and a key, whose path is left out, of directories too. */
const pathsOf = (path: string): ReadonlyArray<string> =>
  path === "" || path === "…/list"
    ? ["/organization/v3/directory", "/organization/v3/service", "/directory/v3/service"].map((owner) =>
      `${owner}/keys${path.slice(1)}`
    )
    : path.startsWith("…")
    ? ["/organization/v3", "/directory/v3"].map((owner) => `${owner}${path.slice(1)}`)
    : [path]

describe("docs/protocol.md", () => {
  it("has what each endpoint may fail with, besides what all may fail with, as the contract declares it", () => {
    const told = readFileSync(`${root}docs/protocol.md`, "utf8").split("\n")
      .flatMap((line) =>
        Array.from(
          line.matchAll(/^\| `(GET|POST|PUT|PATCH|DELETE)(?: (\S+))?`(?:, plain)? \|.*\| 20[^|]*\|([^|]*)\|$/g)
        )
      )
      .flatMap(([, method, path = "", errors = ""]) =>
        pathsOf(path.replace("<id>", ":id")).map((full) => [
          `${method} ${full}`,
          Array.from(errors.matchAll(/`(\w+)`/g), ([, tag]) => tag).sort()
        ])
      )
    const all = ["InvalidParameters", "InvalidRoute", "Unauthorized", "Forbidden"]
    const declared = Contract.endpoints.filter(({ group }) => group !== "public").map((
      { errors, method, template }
    ) => [
      `${method} ${template}`,
      errors.filter((tag) => !all.includes(tag)).sort()
    ])
    const stream = `GET ${hints.path}`
    assert.deepStrictEqual(
      Object.fromEntries(told.filter(([endpoint]) => endpoint !== stream)),
      Object.fromEntries(declared)
    )
  })
})

describe("docs/errors.md", () => {
  const rows = readFileSync(`${root}docs/errors.md`, "utf8").split("\n").filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim()))

  it("has every error, and none that there is not", () => {
    const told = rows.flatMap(([, tags = ""]) => Array.from(tags.matchAll(/`([A-Z]\w+)`/g), ([, tag]) => tag ?? ""))
    const tags = ["core", "sql", "transport", "clients", "platform", "authenticator"].flatMap(tagsOf)
    assert.deepStrictEqual(tags.filter((tag) => !told.includes(tag)), [])
    assert.deepStrictEqual(told.filter((tag) => !tags.includes(tag)), [])
  })

  it("gives each refusal the status and the codes that it has", () => {
    for (const [tag, { codes, status }] of Object.entries(table)) {
      const row = rows.find(([, name, code]) => name === `\`${tag}\`` && /^\d/.test(code ?? ""))
      assert.strictEqual(row?.[2], [status, ...codes].join(" "), tag)
    }
  })
})

describe("docs/legacy.md", () => {
  it("has every error of the API v1", () => {
    const text = readFileSync(`${root}docs/legacy.md`, "utf8")
    assert.deepStrictEqual(tagsOf("legacy").filter((tag) => !text.includes(`\`${tag}\``)), [])
  })
})

describe("docs/users.md", () => {
  type Continues = (last: ReadonlyArray<string>, next: ReadonlyArray<string>, missed?: number) => boolean
  const lists = (step: (pins: ReadonlyArray<string>, pin: string) => ReadonlyArray<string>) =>
    Array.from({ length: 9 }, (_, i) => `${1000 + i}`).reduce<ReadonlyArray<ReadonlyArray<string>>>(
      (all, pin) => [...all, step(all.at(-1) ?? [], pin)],
      []
    )
  const forward = lists((pins, pin) => [...pins, pin].slice(-5))
  const backward = lists((pins, pin) => [pin, ...pins].slice(0, 5))

  it("takes lists of service PINs that go on, in either direction, and no other", async () => {
    const found = await run(
      "docs/users.md",
      snippetsOf("docs/users.md").findIndex((code) => code.includes("continues"))
    )
    const continues = found["continues"] as Continues
    for (const all of [forward, backward]) {
      all.forEach((next, i) => {
        if (i > 0) assert.isTrue(continues(all[i - 1] ?? [], next), `after one answer, ${i}`)
        if (i > 1) assert.isTrue(continues(all[i - 2] ?? [], next, 2), `after two answers, ${i}`)
        if (i > 6) assert.isFalse(continues(all[i - 3] ?? [], next), `after three answers, ${i}`)
      })
      assert.isTrue(continues([], all[4] ?? []))
      assert.isFalse(continues(all[4] ?? [], ["1", "2", "3", "4", "5"]))
      assert.isFalse(continues(all[4] ?? [], all[0] ?? []))
    }
  })

  it("notices the second of two copies of a device", async () => {
    const found = await run(
      "docs/users.md",
      snippetsOf("docs/users.md").findIndex((code) => code.includes("continues"))
    )
    const continues = found["continues"] as Continues
    const copied = forward[6] ?? []
    const own = [...copied.slice(1), "7777"]
    const others = [...copied.slice(1), "8888"]
    assert.isTrue(continues(copied, own))
    assert.isFalse(continues(own, others))
  })
})
