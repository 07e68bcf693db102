import * as core from "@effect-launchkey/core"
import { Wire } from "@effect-launchkey/core/api/ErrorWire"
import { assert, describe, it } from "@effect/vitest"
import type * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import * as Arbitraries from "../src/Arbitraries.ts"

interface Known {
  readonly name: string
  readonly schema: Schema.Schema<unknown>
  readonly arbitrary: FastCheck.Arbitrary<unknown> | undefined
}

const members = (module: unknown): Readonly<Record<string, unknown>> => Object(module) as Record<string, unknown>

const schemas: ReadonlyArray<Known> = Object.entries(core).flatMap(([moduleName, module]) =>
  Object.entries(members(module)).flatMap(([name, value]) =>
    Schema.isSchema(value)
      ? [{
        name: `${moduleName}.${name}`,
        // Core's schemas require nothing; their types differ and only their values matter here.
        schema: value as Schema.Schema<unknown>,
        arbitrary: members(members(Arbitraries)[moduleName])[name] as FastCheck.Arbitrary<unknown> | undefined
      }]
      : []
  )
)

const isPlainJson = (value: unknown): boolean => {
  try {
    assert.deepStrictEqual(JSON.parse(JSON.stringify(value)), value)
    return true
  } catch {
    return false
  }
}

const options = { fastCheck: { numRuns: 50 } }

describe("every schema of core", () => {
  it("is among those looked at", () => {
    assert.isAbove(schemas.length, 75)
  })

  it("has an arbitrary, and no arbitrary is of nothing", () => {
    assert.deepStrictEqual(schemas.filter(({ arbitrary }) => arbitrary === undefined).map(({ name }) => name), [])
    const named = Object.entries(members(Arbitraries)).flatMap(([moduleName, module]) =>
      Object.keys(members(module)).map((name) => `${moduleName}.${name}`)
    )
    assert.sameMembers(named, schemas.map(({ name }) => name))
  })

  for (const { arbitrary, name, schema } of schemas) {
    if (arbitrary === undefined) continue
    const is = Schema.is(schema)
    const encode = Schema.encodeSync(schema)
    const decode = Schema.decodeUnknownSync(schema)

    it.prop(`${name}: what is written is read as it was`, [arbitrary], ([value]) => {
      assert.isTrue(is(value))
      const encoded = encode(value)
      assert.deepStrictEqual(decode(encoded), value)
      if (isPlainJson(encoded)) assert.deepStrictEqual(decode(JSON.parse(JSON.stringify(encoded))), value)
    }, options)
  }
})

describe("every error's wire form", () => {
  const told = { InvalidParameters: ["detail"], Unauthorized: [] } as const

  for (const [tag, schema] of Object.entries(Wire)) {
    const arbitrary = Arbitraries.ApiError[tag as keyof typeof Wire]

    const wire = schema as unknown as Schema.Schema<object>
    const encode = Schema.encodeUnknownSync(wire)
    const decode = Schema.decodeUnknownSync(wire)

    it.prop(`${tag}: what is written is read as it was`, [arbitrary as FastCheck.Arbitrary<unknown>], ([error]) => {
      const read = decode(JSON.parse(JSON.stringify(encode(error))))
      assert.propertyVal(read, "_tag", tag)
      // Where a refusal was made, and whether it was signed, is not said by the platform.
      const expected = members(error)
      const names = tag in told ? told[tag as keyof typeof told] : Object.keys(expected)
      for (const name of names) {
        if (expected[name] !== undefined) assert.deepStrictEqual(members(read)[name], expected[name])
      }
    }, options)
  }
})
