/** What the client that is derived from the contract costs by itself: one call of it, with an HTTP client that does nothing. */
import { ServiceApi } from "@effect-launchkey/core/api/ServiceApi"
import * as DerivedClient from "@effect-launchkey/transport/DerivedClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import type { Benchmark } from "./benchmark.ts"
import * as Fixture from "./fixture.ts"
import * as Micro from "./micro.ts"

/** Answers a create, and to anything else that there is no answer yet. */
const idle = HttpClient.make((request) =>
  Effect.sync(() =>
    HttpClientResponse.fromWeb(
      request,
      request.method === "POST" ? Response.json(Fixture.created) : new Response(null, { status: 204 })
    )
  )
).pipe(HttpClient.mapRequest(HttpClientRequest.prependUrl("https://mfa.example.com")))

const pairs = (): ReadonlyArray<Micro.Pair> => {
  const api = DerivedClient.make(ServiceApi, idle)
  const payload = { ...Fixture.authorizeOptions, user: Fixture.user }
  const text = JSON.stringify(Fixture.createBody)
  const create = HttpClientRequest.post(Fixture.endpoints.create.path).pipe(
    HttpClientRequest.bodyText(text, "application/json")
  )
  const poll = HttpClientRequest.get(Fixture.endpoints["pending poll"].path)
  return [
    {
      name: "create",
      ours: () => Effect.runPromise(api.createAuthorization({ payload })),
      bare: () => Effect.runPromise(Effect.flatMap(idle.execute(create), ({ json }) => json))
    },
    {
      name: "pending poll",
      ours: () => Effect.runPromise(api.getAuthorization({ path: { id: Fixture.openRequestId } })),
      bare: () => Effect.runPromise(idle.execute(poll))
    }
  ]
}

export const benchmark: Benchmark = {
  name: "contract",
  run: async ({ quick }, tell) => {
    const settings = quick ? { rounds: 2, time: 2 } : { rounds: 7, time: 300 }
    const rows = await Micro.measure(pairs(), settings, tell)
    return {
      figures: { settings, rows },
      goals: [],
      how: `${settings.rounds} rounds, median (least–most)`,
      tables: Micro.tableOf("call", rows)
    }
  }
}
