/** The parameters of a call, wherever one of the old SDKs put them. */
import * as Body from "@effect-launchkey/transport/Body"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import { queryOf } from "../query.ts"

export interface Call {
  /** As `METHOD` in the query says, else as HTTP does. */
  readonly method: string
  /** Below the base URL, without a slash at its end. */
  readonly path: string
  /** The first of each name, of the query before the body. */
  readonly parameters: ReadonlyMap<string, string>
  readonly body: Uint8Array
}

const maximumBodyLength = 64 * 1024

type Pairs = Iterable<readonly [string, string]>

const scalar = (value: unknown): string | undefined =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : undefined

const ofJson = (body: Uint8Array): Pairs => {
  const members = Either.getOrUndefined(Body.json(body))
  return Object.entries(Predicate.isRecord(members) ? members : {}).flatMap(([name, value]) => {
    const text = scalar(value)
    return text === undefined ? [] : [[name, text] as const]
  })
}

const ofForm = (body: Uint8Array, contentType: string): Effect.Effect<Pairs> =>
  Effect.tryPromise(async () => {
    const form = await new Response(new Uint8Array(body), { headers: { "content-type": contentType } }).formData()
    const pairs: Array<readonly [string, string]> = []
    form.forEach((value, name) => {
      if (typeof value === "string") pairs.push([name, value])
    })
    return pairs
  }).pipe(Effect.orElseSucceed(() => []))

const ofBody = (body: Uint8Array, contentType: string): Effect.Effect<Pairs> =>
  body.length === 0
    ? Effect.succeed([])
    : /^application\/json\b/i.test(contentType)
    ? Effect.sync(() => ofJson(body))
    : ofForm(body, contentType)

/** None where the body is too large, or did not arrive. */
export const read = Effect.gen(function*() {
  const request = yield* HttpServerRequest.HttpServerRequest
  const [path = ""] = request.url.split("?", 1)
  const query = queryOf(request.url)
  const hasBody = !["GET", "HEAD"].includes(request.method) && request.headers["content-length"] !== "0" &&
    !(request.source instanceof Request && request.source.body === null)
  const body = hasBody ? yield* Effect.option(Body.collect(request.stream, maximumBodyLength)) : undefined
  if (body?._tag === "None") return undefined
  const octets = body?.value ?? new Uint8Array(0)
  const parameters = new Map<string, string>()
  for (const [name, value] of [...query, ...(yield* ofBody(octets, request.headers["content-type"] ?? ""))]) {
    if (!parameters.has(name)) parameters.set(name, value)
  }
  const method = query.get("METHOD")?.toUpperCase() ?? request.method
  const call: Call = { method, path: path.replace(/\/$/, ""), parameters, body: octets }
  return call
})

/** As any of the old SDKs writes it; undefined for what none of them does. */
export const boolean = (text: string): boolean | undefined => {
  switch (text.toLowerCase()) {
    case "true":
    case "1":
      return true
    case "false":
    case "0":
      return false
    default:
      return undefined
  }
}
