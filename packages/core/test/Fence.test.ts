import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Fence from "../src/Fence.ts"

const read = (json: unknown) => Schema.decodeUnknown(Fence.Fence)(json)
const write = Schema.encodeSync(Fence.Fence)

const issues = (error: ParseResult.ParseError) =>
  ParseResult.ArrayFormatter.formatErrorSync(error).map(({ message, path }) => ({ path, message }))

const large = new Fence.GeoCircleFence({ name: "Large Fence", latitude: 45.125, longitude: 150.51, radius: 15200 })
const ontario = new Fence.TerritoryFence({ name: "Ontario", country: "CA", administrativeArea: "CA-ON" })

describe("a circle", () => {
  it("of a dynamic policy is written plainly", () =>
    assert.strictEqual(
      JSON.stringify(Schema.encodeSync(Fence.Location)(large)),
      "{\"name\":\"Large Fence\",\"radius\":15200,\"latitude\":45.125,\"longitude\":150.51}"
    ))

  it.effect("of a dynamic policy may have a null name and members unknown to us", () =>
    Effect.gen(function*() {
      const fence = yield* Schema.decodeUnknown(Fence.Location)({
        name: null,
        radius: 3,
        latitude: 1,
        longitude: 2,
        floor: 7
      })
      assert.deepStrictEqual(fence, new Fence.GeoCircleFence({ latitude: 1, longitude: 2, radius: 3 }))
    }))

  it("may touch the poles and the antimeridian", () => {
    assert.doesNotThrow(() => new Fence.GeoCircleFence({ latitude: 90, longitude: -180, radius: 0.5 }))
    assert.doesNotThrow(() => new Fence.GeoCircleFence({ latitude: -90, longitude: 180, radius: 0.5 }))
  })

  it("counts its name in code points", () => {
    const named = (name: string) => () => new Fence.GeoCircleFence({ name, latitude: 1, longitude: 2, radius: 3 })
    assert.doesNotThrow(named("🔑".repeat(255)))
    assert.throws(named("🔑".repeat(256)), "the name of a fence has 256 characters; shorten it to at most 255")
    assert.throws(named(""), "the name of a fence is empty; give at least 1 character")
  })

  for (
    const [member, value, message] of [
      ["latitude", 90.5, "latitude is 90.5; give decimal degrees from -90 to 90"],
      ["latitude", Number.NaN, "latitude is NaN; give decimal degrees from -90 to 90"],
      ["longitude", 181, "longitude is 181; give decimal degrees from -180 to 180"],
      ["radius", 0, "radius is 0; give a finite number of metres greater than 0"],
      ["radius", -1, "radius is -1; give a finite number of metres greater than 0"],
      ["radius", Infinity, "radius is Infinity; give a finite number of metres greater than 0"]
    ] as const
  ) {
    it(`cannot have a ${member} of ${value}`, () =>
      assert.throws(
        () => new Fence.GeoCircleFence({ latitude: 1, longitude: 2, radius: 3, [member]: value }),
        message
      ))
  }
})

describe("a territory", () => {
  for (
    const [name, props, message] of [
      [
        "a country in lower case",
        { country: "ca" },
        "country is not an ISO 3166-1 alpha-2 code; give one such as \"CA\""
      ],
      [
        "an area that is no ISO 3166-2 code",
        { country: "CA", administrativeArea: "Ontario" },
        "administrative area is not an ISO 3166-2 code; give one such as \"CA-ON\""
      ],
      [
        "an area of another country",
        { country: "CA", administrativeArea: "US-NV" },
        "administrative area lies in another country; give one that begins with the country's code"
      ],
      ["an empty postal code", { country: "CA", postalCode: "" }, "postal code is empty; give at least 1 character"],
      [
        "a long postal code",
        { country: "CA", postalCode: "12345678901234567" },
        "postal code has 17 characters; shorten it to at most 16"
      ]
    ] as const
  ) {
    it(`cannot have ${name}`, () => assert.throws(() => new Fence.TerritoryFence(props), message))
  }
})

describe("the JSON of a fence", () => {
  it("tells its type and leaves out what has no value", () => {
    assert.strictEqual(
      JSON.stringify(write(large)),
      "{\"type\":\"GEO_CIRCLE\",\"name\":\"Large Fence\",\"radius\":15200,\"latitude\":45.125,\"longitude\":150.51}"
    )
    assert.strictEqual(
      JSON.stringify(write(ontario)),
      "{\"type\":\"TERRITORY\",\"name\":\"Ontario\",\"country\":\"CA\",\"administrative_area\":\"CA-ON\"}"
    )
  })

  it("in a device's report, tells the type of a territory only", () => {
    assert.notProperty(Schema.encodeSync(Fence.ReportedFence)(large), "type")
    assert.property(Schema.encodeSync(Fence.ReportedFence)(ontario), "type")
  })

  it.effect("of all members is read", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* read({
          type: "TERRITORY",
          name: "US-NV",
          country: "US",
          administrative_area: "US-NV",
          postal_code: "89120"
        }),
        new Fence.TerritoryFence({ name: "US-NV", country: "US", administrativeArea: "US-NV", postalCode: "89120" })
      )
    }))

  for (const type of [undefined, null, "GEO_CIRCLE"]) {
    it.effect(`of type ${type} is a circle`, () =>
      Effect.gen(function*() {
        const fence = yield* read({ type, name: "Large Fence", latitude: 45.125, longitude: 150.51, radius: 15200.0 })
        assert.deepStrictEqual(fence, large)
        assert.strictEqual(fence._tag, "GeoCircleFence")
      }))
  }

  it.effect("may have null or empty where there is no value", () =>
    Effect.gen(function*() {
      const territory = yield* read({
        type: "TERRITORY",
        name: "",
        country: "CA",
        administrative_area: null,
        postal_code: ""
      })
      assert.deepStrictEqual(territory, new Fence.TerritoryFence({ country: "CA" }))
      assert.strictEqual(territory._tag, "TerritoryFence")
    }))

  it.effect("of an unknown type is kept as it is", () =>
    Effect.gen(function*() {
      const json = { type: "POLYGON", name: null, corners: [[1, 2], [3, 4]] }
      const fence = yield* read(json)
      assert.strictEqual(fence._tag, "UnknownFence")
      assert.deepStrictEqual(fence, new Fence.UnknownFence({ json }))
      assert.deepStrictEqual(write(fence), json)
    }))

  it("of a known type cannot be kept as unknown", () =>
    assert.throws(
      () => new Fence.UnknownFence({ json: { type: "TERRITORY", country: "CA" } }),
      "the type of this fence is known; read it with the Fence schema"
    ))

  it.effect("of a known type is refused where it is broken", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(issues(yield* Effect.flip(read({ latitude: 91, longitude: 1, radius: 1 }))), [
        { path: ["latitude"], message: "latitude is 91; give decimal degrees from -90 to 90" }
      ])
      assert.deepStrictEqual(issues(yield* Effect.flip(read({ type: "TERRITORY" }))), [
        { path: ["country"], message: "is missing" }
      ])
      assert.deepStrictEqual(issues(yield* Effect.flip(read([]))), [{ path: [], message: "expected a JSON object" }])
    }))

  it.effect.prop("is read back, and holds no null", [Fence.Fence], ([fence]) =>
    Effect.gen(function*() {
      const json = yield* Schema.encode(Fence.Fence)(fence)
      assert.notInclude(Object.values(json), null)
      assert.deepStrictEqual(yield* read(json), fence)
      assert.deepStrictEqual(
        yield* Schema.decode(Fence.ReportedFence)(yield* Schema.encode(Fence.ReportedFence)(fence)),
        fence
      )
    }))

  it.effect.prop(
    "of a location is read back, and holds no null",
    [Fence.Location],
    ([fence]) =>
      Effect.gen(function*() {
        const json = yield* Schema.encode(Fence.Location)(fence)
        assert.notInclude(Object.values<unknown>({ ...json }), null)
        assert.isTrue(Equal.equals(yield* Schema.decode(Fence.Location)(json), fence))
      })
  )
})

describe("distance", () => {
  it("of a degree along the equator is that of the mean radius", () =>
    assert.approximately(
      Fence.distance({ latitude: 0, longitude: 10 }, { latitude: 0, longitude: 11 }),
      111_195.08,
      0.01
    ))

  it("from Nashville to Los Angeles is what Rosetta Code gives, scaled from its radius of 6371.0 km", () =>
    assert.approximately(
      Fence.distance({ latitude: 36.12, longitude: -86.67 }, { latitude: 33.94, longitude: -118.4 }),
      2_886_444.442_837_98 * 6371.0088 / 6371,
      0.01
    ))

  it("between antipodes is half the circumference", () =>
    assert.approximately(
      Fence.distance({ latitude: 12.3, longitude: -70 }, { latitude: -12.3, longitude: 110 }),
      Math.PI * 6_371_008.8,
      1
    ))

  it("does not see the antimeridian", () =>
    assert.approximately(
      Fence.distance({ latitude: 0, longitude: 179.5 }, { latitude: 0, longitude: -179.5 }),
      111_195.08,
      0.01
    ))
})

describe("contains", () => {
  const kilometre = new Fence.GeoCircleFence({ latitude: 0, longitude: 0, radius: 1000 })

  it("holds within the radius and not beyond", () => {
    assert.isTrue(Fence.contains(kilometre, { latitude: 0, longitude: 0.00899 }))
    assert.isFalse(Fence.contains(kilometre, { latitude: 0, longitude: 0.009 }))
  })

  it("holds on the edge", () => {
    const there = { latitude: 0.5, longitude: 0.5 }
    const edge = new Fence.GeoCircleFence({ latitude: 0, longitude: 0, radius: Fence.distance(kilometre, there) })
    assert.isTrue(Fence.contains(there)(edge))
  })
})
