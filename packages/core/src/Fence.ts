/**
 * Places: a circle on the Earth, or the territory of a state.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as FastCheck from "effect/FastCheck"
import { dual } from "effect/Function"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { type WireForm, wireForm } from "./api/WireForm.ts"
import { JsonObject, nullsAsAbsent, withoutNulls } from "./internal/json.ts"
import { maxCodePoints, minCodePoints, text } from "./internal/text.ts"

const number = (what: string): Schema.SchemaClass<number> =>
  Schema.Number.annotations({ message: () => `${what} is not a number` })

/**
 * Decimal degrees north, WGS 84: from -90 to 90.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Latitude = number("latitude").pipe(
  Schema.between(-90, 90, {
    message: (issue) => `latitude is ${issue.actual}; give decimal degrees from -90 to 90`
  })
)

/**
 * Decimal degrees east, WGS 84: from -180 to 180.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Longitude = number("longitude").pipe(
  Schema.between(-180, 180, {
    message: (issue) => `longitude is ${issue.actual}; give decimal degrees from -180 to 180`
  })
)

const radiusMessage = (issue: ParseResult.ParseIssue) =>
  `radius is ${issue.actual}; give a finite number of metres greater than 0`

/**
 * Metres, greater than 0. A device knows where it is to within tens of metres: leave room for that.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Radius = number("radius").pipe(
  Schema.finite({ message: radiusMessage }),
  Schema.positive({ message: radiusMessage })
)

/**
 * 1 to 255 code points. Names are compared without regard to case.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FenceName = text("the name of a fence").pipe(
  minCodePoints(1, "the name of a fence"),
  maxCodePoints(255, "the name of a fence")
)

/**
 * A circle on the Earth's surface. Its own encoding is the plain one, without `type`, that a dynamic policy uses;
 * {@link Fence} writes the type.
 *
 * @see docs/protocol.md "Fences"
 * @since 0.1.0
 * @category schemas
 */
export class GeoCircleFence extends Schema.Class<GeoCircleFence>("@effect-launchkey/core/Fence/GeoCircleFence")({
  name: Schema.optionalWith(FenceName, { exact: true }),
  radius: Radius,
  latitude: Latitude,
  longitude: Longitude
}) {
  get _tag(): "GeoCircleFence" {
    return "GeoCircleFence"
  }
}

const country = /^[A-Z]{2}$/
const administrativeArea = /^[A-Z]{2}-[A-Z0-9]{1,3}$/

/**
 * A state, or a part of it by subdivision or by postal code.
 *
 * @see docs/protocol.md "Fences"
 * @since 0.1.0
 * @category schemas
 */
export class TerritoryFence extends Schema.Class<TerritoryFence>("@effect-launchkey/core/Fence/TerritoryFence")(
  Schema.Struct({
    name: Schema.optionalWith(FenceName, { exact: true }),
    /** ISO 3166-1 alpha-2, upper case: `"CA"`. */
    country: text("country").pipe(
      Schema.pattern(country, { message: () => "country is not an ISO 3166-1 alpha-2 code; give one such as \"CA\"" })
    ),
    /** ISO 3166-2, upper case, within the country: `"CA-ON"`. */
    administrativeArea: Schema.optionalWith(
      text("administrative area").pipe(
        Schema.pattern(administrativeArea, {
          message: () => "administrative area is not an ISO 3166-2 code; give one such as \"CA-ON\""
        })
      ),
      { exact: true }
    ).pipe(Schema.fromKey("administrative_area")),
    /** 1 to 16 code points. */
    postalCode: Schema.optionalWith(
      text("postal code").pipe(minCodePoints(1, "postal code"), maxCodePoints(16, "postal code")),
      { exact: true }
    ).pipe(Schema.fromKey("postal_code"))
  }).pipe(
    Schema.filter((territory) =>
      territory.administrativeArea === undefined || territory.administrativeArea.startsWith(`${territory.country}-`)
        ? undefined
        : {
          path: ["administrativeArea"],
          message: "administrative area lies in another country; give one that begins with the country's code"
        }
    )
  ),
  {
    arbitrary: () => (fc): FastCheck.Arbitrary<TerritoryFence> =>
      fc.record({
        country: fc.stringMatching(country),
        subdivision: fc.stringMatching(/^[A-Z0-9]{1,3}$/),
        name: fc.string({ minLength: 1 }),
        postalCode: fc.string({ minLength: 1, maxLength: 16 })
      }, { requiredKeys: ["country"] }).map(({ subdivision, ...props }) =>
        new TerritoryFence({
          ...props,
          ...(subdivision === undefined ? {} : { administrativeArea: `${props.country}-${subdivision}` })
        })
      )
  }
) {
  get _tag(): "TerritoryFence" {
    return "TerritoryFence"
  }
}

const isUnknownType = (type: unknown) =>
  type !== undefined && type !== null && type !== "GEO_CIRCLE" && type !== "TERRITORY"

/**
 * A fence of a type this version does not know: the JSON as it was read, written back unchanged. Two of them are equal
 * only if they hold the same object.
 *
 * @since 0.1.0
 * @category schemas
 */
export class UnknownFence extends Schema.Class<UnknownFence>("@effect-launchkey/core/Fence/UnknownFence")({
  json: JsonObject.pipe(
    Schema.filter((json) =>
      isUnknownType(json["type"]) || "the type of this fence is known; read it with the Fence schema"
    )
  ).annotations({
    arbitrary: () => (fc) =>
      fc.record({ type: fc.constantFrom("POLYGON", "geo_circle", 7), name: fc.string(), corners: fc.array(fc.nat()) })
  })
}) {
  get _tag(): "UnknownFence" {
    return "UnknownFence"
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export type Fence = GeoCircleFence | TerritoryFence | UnknownFence

const AnyFence = Schema.Union(
  Schema.typeSchema(GeoCircleFence),
  Schema.typeSchema(TerritoryFence),
  Schema.typeSchema(UnknownFence)
)

// Some writers put "" where they have no value.
const withoutBlanks = (json: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(withoutNulls(json)).filter(([, value]) => value !== ""))

const typed = <A>(type: string, form: Schema.Schema<A>) =>
  Schema.extend(Schema.Struct({ type: Schema.Literal(type) }), form)

const codec = (circleType: { readonly type?: "GEO_CIRCLE" }) =>
  Schema.transformOrFail(JsonObject, AnyFence, {
    strict: true,
    decode: (json, options): Effect.Effect<Fence, ParseResult.ParseIssue> =>
      isUnknownType(json["type"])
        ? ParseResult.succeed(new UnknownFence({ json }))
        : json["type"] === "TERRITORY"
        ? ParseResult.decodeUnknown(TerritoryFence)(withoutBlanks(json), options)
        : ParseResult.decodeUnknown(GeoCircleFence)(withoutBlanks(json), options),
    encode: (fence, options) => {
      switch (fence._tag) {
        case "GeoCircleFence":
          return ParseResult.map(
            ParseResult.encode(GeoCircleFence)(fence, options),
            (json) => ({ ...circleType, ...json })
          )
        case "TerritoryFence":
          return ParseResult.map(
            ParseResult.encode(TerritoryFence)(fence, options),
            (json) => ({ type: "TERRITORY", ...json })
          )
        case "UnknownFence":
          return ParseResult.succeed(fence.json)
      }
    }
  }).annotations({
    [wireForm]: (() =>
      Schema.Union(
        circleType.type === undefined
          ? Schema.encodedBoundSchema(GeoCircleFence)
          : typed(circleType.type, Schema.encodedBoundSchema(GeoCircleFence)),
        typed("TERRITORY", Schema.encodedBoundSchema(TerritoryFence))
      )) satisfies WireForm
  })

/**
 * A fence of any type, its type written: `{"type":"GEO_CIRCLE",…}`, `{"type":"TERRITORY",…}`. Without a type it is read
 * as a circle. Optional members are read when null or empty and never written so.
 *
 * @see docs/protocol.md "Fences"
 * @since 0.1.0
 * @category schemas
 */
export const Fence: Schema.Schema<Fence, JsonObject> = codec({ type: "GEO_CIRCLE" }).annotations({
  identifier: "@effect-launchkey/core/Fence"
})

/**
 * As {@link Fence}, but a circle is written without its type: the form that every version of every reader of a device's
 * answer understands.
 *
 * @see docs/protocol.md "Response policy"
 * @since 0.1.0
 * @category schemas
 */
export const ReportedFence: Schema.Schema<Fence, JsonObject> = codec({}).annotations({
  identifier: "@effect-launchkey/core/Fence/ReportedFence"
})

/**
 * The circle as a dynamic policy writes it: `{"name":…,"radius":…,"latitude":…,"longitude":…}`, without a type and
 * without a name where it has none; a null name is read as none.
 *
 * @see docs/protocol.md "Authorization policy"
 * @since 0.1.0
 * @category schemas
 */
export const Location = nullsAsAbsent(GeoCircleFence).annotations({
  identifier: "@effect-launchkey/core/Fence/Location"
})

/**
 * A point on the Earth's surface: decimal degrees, WGS 84.
 *
 * @since 0.1.0
 * @category models
 */
export interface Position {
  readonly latitude: number
  readonly longitude: number
}

/** R₁ of the Geodetic Reference System 1980, which the IUGG recommends: (2a + b) / 3, in metres. */
const meanEarthRadius = 6_371_008.8

const radians = (degrees: number) => degrees * Math.PI / 180

/**
 * Metres between two points along a great circle (haversine), on a sphere of the Earth's mean radius: within 0.6 % of
 * the ellipsoid.
 *
 * @see Moritz, Geodetic Reference System 1980, Journal of Geodesy 74 (2000), for the mean radius R₁ adopted by the IUGG
 * @since 0.1.0
 * @category combinators
 */
export const distance: {
  (that: Position): (self: Position) => number
  (self: Position, that: Position): number
} = dual(2, (self: Position, that: Position): number => {
  const haversine = (angle: number) => Math.sin(angle / 2) ** 2
  const h = haversine(radians(that.latitude - self.latitude)) +
    Math.cos(radians(self.latitude)) * Math.cos(radians(that.latitude)) *
      haversine(radians(that.longitude - self.longitude))
  // rounding may lift antipodes above 1, where the arc sine ends
  return 2 * meanEarthRadius * Math.asin(Math.sqrt(Math.min(1, h)))
})

/**
 * Whether the point lies within the circle or on its edge.
 *
 * @since 0.1.0
 * @category guards
 */
export const contains: {
  (position: Position): (self: GeoCircleFence) => boolean
  (self: GeoCircleFence, position: Position): boolean
} = dual(2, (self: GeoCircleFence, position: Position): boolean => distance(self, position) <= self.radius)
