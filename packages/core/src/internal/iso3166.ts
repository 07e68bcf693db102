import { iso31661, iso31662 } from "iso-3166"
import type { TerritoryFence } from "../Fence.ts"

const countries = new Set(iso31661.map(({ alpha2 }) => alpha2))
const subdivisions = new Set(iso31662.map(({ code }) => code))

/**
 * What ISO 3166 says against a territory whose codes have the right shape. Only for territories that are made here: one
 * that is read may be newer than the list.
 */
export const territoryProblem = (
  { administrativeArea, country }: Pick<TerritoryFence, "administrativeArea" | "country">
): { readonly path: ReadonlyArray<"administrativeArea" | "country">; readonly message: string } | undefined =>
  !countries.has(country)
    ? { path: ["country"], message: `${country} is not assigned in ISO 3166-1; give a country's code such as "CA"` }
    : administrativeArea === undefined || subdivisions.has(administrativeArea)
    ? undefined
    : {
      path: ["administrativeArea"],
      message: `${administrativeArea} is not a subdivision in ISO 3166-2; give one such as "CA-ON"`
    }
