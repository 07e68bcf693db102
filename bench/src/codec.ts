/** Policies to their JSON text and back, beside `JSON.stringify` and `JSON.parse` of the same. */
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as Schema from "effect/Schema"
import type { Benchmark } from "./benchmark.ts"
import { authorizeOptions } from "./fixture.ts"
import * as Micro from "./micro.ts"

const conditional = ServicePolicy.conditionalGeofence({
  fences: [
    { name: "Office", latitude: 36.120825, longitude: -115.157216, radius: 250 },
    { country: "CA", administrativeArea: "CA-ON" }
  ],
  inside: ServicePolicy.factors(["possession"]),
  outside: ServicePolicy.methodAmount(3)
})

const pairs = <A, I>(name: string, schema: Schema.Schema<A, I>, policy: A): ReadonlyArray<Micro.Pair> => {
  const encode = Schema.encodeSync(schema)
  const decode = Schema.decodeUnknownSync(schema)
  const json = encode(policy)
  const text = JSON.stringify(json)
  return [
    { name: `${name}, encoded`, ours: () => JSON.stringify(encode(policy)), bare: () => JSON.stringify(json) },
    { name: `${name}, decoded`, ours: () => decode(JSON.parse(text)), bare: () => JSON.parse(text) }
  ]
}

export const benchmark: Benchmark = {
  name: "codec",
  run: async ({ quick }, tell) => {
    const settings = quick ? { rounds: 2, time: 2 } : { rounds: 7, time: 200 }
    const rows = await Micro.measure(
      [
        ...pairs("policy of a request", AuthPolicy.AuthPolicy, authorizeOptions.policy),
        ...pairs("policy of a service, a conditional geofence", ServicePolicy.ServicePolicy, conditional)
      ],
      settings,
      tell
    )
    return {
      figures: { settings, rows },
      goals: [],
      how: `${settings.rounds} rounds, median (least–most)`,
      tables: Micro.tableOf("policy", rows)
    }
  }
}
