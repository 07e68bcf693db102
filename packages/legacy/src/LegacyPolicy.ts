/**
 * What a v1 request may demand of its answer, beyond what the application demands of every one.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const Flag = Schema.Literal(0, 1)

/**
 * Metres around a place; decimal degrees, WGS 84.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Location = Schema.Struct({
  radius: Schema.Number.pipe(Schema.positive()),
  latitude: Schema.Number.pipe(Schema.between(-90, 90)),
  longitude: Schema.Number.pipe(Schema.between(-180, 180))
}).annotations({ identifier: "@effect-launchkey/legacy/LegacyPolicy/Location" })

/**
 * @since 0.1.0
 * @category models
 */
export type Location = typeof Location.Type

const Requirement = Schema.Struct({
  requirement: Schema.Literal("authenticated", "enabled"),
  /** How many factors of any kind. */
  all: Schema.Int.pipe(Schema.between(0, 5)),
  knowledge: Flag,
  inherence: Flag,
  possession: Flag
}).pipe(
  Schema.filter(({ all, inherence, knowledge, possession }) =>
    all === 0 || knowledge + inherence + possession === 0 ||
    "asks for an amount and for kinds; ask for one of the two"
  )
)

const Factor = Schema.Struct({
  factor: Schema.Literal("combo lock", "pin lock", "device factor", "geofence"),
  requirement: Schema.Literal("forced requirement", "allowed"),
  quickfail: Schema.Boolean,
  priority: Schema.Int,
  attributes: Schema.optionalWith(Schema.Struct({ locations: Schema.Array(Location) }), { exact: true })
})

/**
 * As it stands on the wire.
 *
 * @since 0.1.0
 * @category schemas
 */
export const LegacyPolicy = Schema.Struct({
  minimum_requirements: Schema.Array(Requirement),
  factors: Schema.Array(Factor)
}).annotations({ identifier: "@effect-launchkey/legacy/LegacyPolicy" })

/**
 * @since 0.1.0
 * @category models
 */
export type LegacyPolicy = typeof LegacyPolicy.Type

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The user has to be within one of them. */
  readonly locations?: ReadonlyArray<Location> | undefined
}

const make = (
  demands: Partial<Omit<typeof Requirement.Type, "requirement">>,
  { locations = [] }: Options
): LegacyPolicy => ({
  minimum_requirements: [
    { requirement: "authenticated", all: 0, knowledge: 0, inherence: 0, possession: 0, ...demands }
  ],
  factors: locations.length === 0 ? [] : [{
    factor: "geofence",
    requirement: "forced requirement",
    quickfail: true,
    priority: 1,
    attributes: { locations }
  }]
})

/**
 * So many factors of any kind.
 *
 * @since 0.1.0
 * @category constructors
 */
export const all = (amount: number, options: Options = {}): LegacyPolicy => make({ all: amount }, options)

/**
 * One factor of each of these kinds.
 *
 * @since 0.1.0
 * @category constructors
 */
export const factors = (
  kinds: ReadonlyArray<"knowledge" | "inherence" | "possession">,
  options: Options = {}
): LegacyPolicy => make(Object.fromEntries(kinds.map((kind) => [kind, 1])), options)

/**
 * No factor beyond those of the application, within one of these places.
 *
 * @since 0.1.0
 * @category constructors
 */
export const within = (locations: ReadonlyArray<Location>): LegacyPolicy => make({}, { locations })
