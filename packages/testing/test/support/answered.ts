/** What a platform has answered, by endpoint, seen where its answers are still plain. */
import { routeOf } from "@effect-launchkey/core/Api"
import { type Definition, statusCode, table, WireError } from "@effect-launchkey/core/ApiError"
import * as Platform from "@effect-launchkey/platform/Platform"
import * as SealedHttpApp from "@effect-launchkey/platform/SealedHttpApp"
import * as Contract from "@effect-launchkey/testing/Contract"
import * as InMemory from "@effect-launchkey/testing/InMemory"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** Of one endpoint: the status of a success, the tag of an error, or what has none. */
type Outcome = string

const readError = Schema.decodeUnknownOption(Schema.parseJson(WireError))

const outcomeOf = ({ body, status }: HttpServerResponse.HttpServerResponse): Outcome => {
  if (status < 400) return String(status)
  const error = body._tag === "Uint8Array" ? readError(new TextDecoder().decode(body.body)) : Option.none()
  const code = Option.match(error, { onNone: () => statusCode(status), onSome: ({ error_code }) => error_code })
  const known = Object.entries<Definition>(table).find(([, { codes, status: own }]) =>
    codes.includes(code) || (codes.length === 0 && own === status)
  )
  return known?.[0] ?? `${status} ${code}`
}

const declared: ReadonlyMap<string, ReadonlyArray<Outcome>> = new Map(
  Contract.endpoints.map(({ errors, group, name, successes }) => [
    `${group}.${name}`,
    [...successes.map(String), ...errors]
  ])
)

export const recorder = () => {
  const seen = new Map<string, Set<Outcome>>()

  const recorded = (app: HttpApp.Default): HttpApp.Default =>
    Effect.tap(app, (response) =>
      Effect.map(HttpServerRequest.HttpServerRequest, ({ method, url }) => {
        const endpoint = routeOf(method, url.split("?", 1)[0] ?? "")?.endpoint
        if (endpoint !== undefined) seen.set(endpoint, (seen.get(endpoint) ?? new Set()).add(outcomeOf(response)))
      }))

  return {
    /** `TestPlatform.layer`, recorded. */
    layer: TestPlatform.layerAt("http://localhost").pipe(
      Layer.provideMerge(
        InMemory.layer(Effect.flatMap(Platform.plainHttpApp, (app) => SealedHttpApp.make(recorded(app))))
      ),
      Layer.provideMerge(TestPlatform.layerPlatform)
    ),
    /** What the contract declares and nobody was answered: `"service.createAuthorization: PolicyFailure"`. */
    missing: (but: ReadonlyArray<Contract.ErrorTag>): ReadonlyArray<string> =>
      [...declared].flatMap(([endpoint, outcomes]) =>
        outcomes.filter((outcome) => !but.some((tag) => tag === outcome) && seen.get(endpoint)?.has(outcome) !== true)
          .map((outcome) => `${endpoint}: ${outcome}`)
      ),
    /** What somebody was answered and the contract does not declare. */
    undeclared: (): ReadonlyArray<string> =>
      [...seen].flatMap(([endpoint, outcomes]) =>
        [...outcomes].filter((outcome) => declared.get(endpoint)?.includes(outcome) !== true)
          .map((outcome) => `${endpoint}: ${outcome}`)
      )
  }
}

export type Recorder = ReturnType<typeof recorder>
