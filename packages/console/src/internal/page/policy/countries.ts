/** Countries: their names and parts by ISO 3166, and their outlines by Natural Earth. */
import type { TerritoryFence } from "@effect-launchkey/core/Fence"
import type { ExtendedFeature } from "d3-geo"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { iso31661, iso31662 } from "iso-3166"
import { feature } from "topojson-client"
import type { GeometryCollection, Topology } from "topojson-specification"

/** By name. */
export const all: ReadonlyArray<{ readonly code: string; readonly name: string }> = iso31661
  .map(({ alpha2, name }) => ({ code: alpha2, name }))
  .sort((a, b) => a.name.localeCompare(b.name, "en"))

const names = new Map(all.map(({ code, name }) => [code, name]))

export const nameOf = (code: string): string => names.get(code) ?? code

/** What a country is divided into, by name. */
export const partsOf = (country: string): ReadonlyArray<{ readonly code: string; readonly name: string }> =>
  iso31662
    .filter(({ code }) => code.startsWith(`${country}-`))
    .map(({ code, name }) => ({ code, name }))
    .sort((a, b) => a.name.localeCompare(b.name, "en"))

export interface Country {
  /** None where ISO 3166 has no code for it. */
  readonly code: TerritoryFence["country"] | undefined
  readonly name: string
  readonly outline: ExtendedFeature
}

interface World extends Topology<{ countries: GeometryCollection<{ name: string }> }> {}

/** As far as it is looked at: the file comes with the page, by its hash. */
const World = Schema.Struct({
  type: Schema.Literal("Topology"),
  objects: Schema.Struct({ countries: Schema.Struct({ type: Schema.Literal("GeometryCollection") }) })
})

const isWorld = (u: unknown): u is World => Schema.is(World)(u)

export class MapMissing extends Data.TaggedError("MapMissing") {}

const codes = new Map(iso31661.map(({ alpha2, numeric }) => [numeric, alpha2]))

const read = (world: World): ReadonlyArray<Country> =>
  world.objects.countries.geometries.flatMap((geometry) => {
    const outline = feature(world, geometry)
    const { properties } = geometry
    const name = properties !== undefined && "name" in properties ? properties.name : ""
    return outline.type === "Feature" ? [{ code: codes.get(String(geometry.id)), name, outline }] : []
  })

/** The outlines, loaded when a map is first shown. */
export const outlines: Effect.Effect<ReadonlyArray<Country>, MapMissing> = Effect.runSync(Effect.cached(
  Effect.tryPromise({
    try: async (signal) => {
      const file = document.querySelector("meta[name=world]")?.getAttribute("content") ?? ""
      const response = await fetch(file, { signal })
      return response.ok ? response.json() : undefined
    },
    catch: () => new MapMissing()
  }).pipe(
    Effect.filterOrFail(isWorld, () => new MapMissing()),
    Effect.map(read)
  )
))
