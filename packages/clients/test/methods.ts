import { routeOf } from "@effect-launchkey/core/Api"
import * as ApiError from "@effect-launchkey/core/ApiError"
import * as Contract from "@effect-launchkey/testing/Contract"
import * as TestTransport from "@effect-launchkey/testing/TestTransport"
import type * as Transport from "@effect-launchkey/transport/Transport"
import { MessageRejected, TransportError } from "@effect-launchkey/transport/TransportError"
import { assert, describe, it } from "@effect/vitest"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { id } from "./support.ts"

export type Call<Client> = (client: Client) => Effect.Effect<unknown, { readonly _tag: string }>

type Tag = keyof typeof ApiError.table

/** What a method does with one set of arguments. */
export interface Method<Client> {
  readonly call: Call<Client>
  /** `"POST /path"`. */
  readonly operation: string
  /** Undefined where there is none. */
  readonly body: unknown
  /** The JSON of a success; 204 where there is none. */
  readonly reply?: unknown
  /** Whether an object without any of the members expected is an answer too. */
  readonly readsAnyObject?: boolean
  /** What it makes of that: undefined where there is none. */
  readonly returns?: unknown
  /** Errors besides those of every endpoint. */
  readonly declared: ReadonlyArray<Tag>
}

/** What a method refuses before anything is sent: the field, and a part of the problem. */
export interface Refusal<Client> {
  readonly name: string
  readonly call: Call<Client>
  readonly issues: ReadonlyArray<readonly [path: string, problem: RegExp]>
}

interface Script<Client> {
  readonly client: Client
  readonly sent: Effect.Effect<ReadonlyArray<TestTransport.Request>>
}

export type Scripted<Client> = (
  replies: TestTransport.Responder | ReadonlyArray<TestTransport.Responder>
) => Effect.Effect<Script<Client>>

/** A client whose transport answers from a list; one reply alone answers everything. */
export const scripted = <Id, Client>(
  tag: Context.Tag<Id, Client>,
  live: Layer.Layer<Id, ApiError.InvalidParameters, Transport.Transport>
): Scripted<Client> =>
(replies) =>
  Effect.gen(function*() {
    const client = yield* tag
    const { requests } = yield* TestTransport.TestTransport
    return { client, sent: requests }
  }).pipe(
    Effect.provide(Layer.provideMerge(live, TestTransport.layerReplies(replies))),
    Effect.orDie
  )

/** What a caller without types may pass. */
export const untyped = <A>(value: unknown): A => value as A

const isTag = (name: string): name is Tag => name in ApiError.table

const tags = Object.keys(ApiError.table).filter(isTag)

const everywhere: ReadonlyArray<Tag> = ["InvalidParameters", "InvalidRoute", "Unauthorized", "Forbidden"]

const detail = { nested: ["detail"] }

/** What is said of a method without looking at it: its request and answer, and what becomes of each refusal. */
export const behaves = <Client>(
  name: string,
  subject: string,
  method: Method<Client>,
  script: Scripted<Client>
): void => {
  const [verb = "", path = ""] = method.operation.split(" ")
  const success = method.reply === undefined ? TestTransport.noContent : TestTransport.json(200, method.reply)

  describe(name, () => {
    it.effect("makes one request, and returns what its answer says", () =>
      Effect.gen(function*() {
        const { client, sent } = yield* script(success)
        assert.deepStrictEqual(yield* method.call(client), method.returns)
        assert.deepStrictEqual<unknown>(yield* sent, [{ method: verb, path, subject, body: method.body, at: 0 }])
      }))

    it.effect("fails with the tag of each refusal that its endpoint declares", () =>
      Effect.gen(function*() {
        for (const tag of [...everywhere, ...method.declared]) {
          const { codes, status }: ApiError.Definition = ApiError.table[tag]
          for (const code of codes.length === 0 ? [ApiError.statusCode(status)] : codes) {
            const { client, sent } = yield* script(TestTransport.error(status, code, detail))
            const error = yield* Effect.flip(method.call(client))
            assert.strictEqual(error._tag, tag, code)
            if ("detail" in error) assert.deepStrictEqual(error.detail, detail)
            assert.strictEqual((yield* sent).length, 1)
          }
        }
      }))

    it.effect("knows each code under 400 and 409 alike", () =>
      Effect.gen(function*() {
        for (const tag of ["InvalidParameters", "InvalidRoute", ...method.declared] as const) {
          for (const code of ApiError.table[tag].codes) {
            for (const status of [400, 409]) {
              const { client } = yield* script(TestTransport.error(status, code, detail))
              assert.strictEqual((yield* Effect.flip(method.call(client)))._tag, tag, `${status} ${code}`)
            }
          }
        }
      }))

    it.effect("keeps status, code and detail of every other refusal", () =>
      Effect.gen(function*() {
        const others = tags.filter((tag) => !everywhere.includes(tag) && !method.declared.includes(tag)).map((tag) => {
          const { codes, status }: ApiError.Definition = ApiError.table[tag]
          return [status, codes[0] ?? ApiError.statusCode(status)] as const
        })
        for (const [status, code] of [...others, [400, "ARG-999"], [418, "HTTP-418"], [503, "HTTP-503"]] as const) {
          const { client } = yield* script(TestTransport.error(status, code, detail))
          const error = yield* Effect.flip(method.call(client))
          assert.instanceOf(error, ApiError.UnexpectedApiError, code)
          assert.deepInclude(error, { status, code, detail })
        }
      }))

    it.effect("does not believe a success that is not its endpoint's", () =>
      Effect.gen(function*() {
        const wrong = method.reply === undefined
          ? []
          : ["", "null", "7", "[7]", "<html>", ...(method.readsAnyObject === true ? [] : ["{\"id\":\"\"}"])]
        for (const reply of [{ status: 206, text: "{}" }, ...wrong.map((text) => ({ status: 200, text }))]) {
          const { client } = yield* script(reply)
          const error = yield* Effect.flip(method.call(client))
          assert.instanceOf(error, MessageRejected, reply.text)
          assert.deepInclude(error, { kind: "Response", reason: "BodyMalformed", operation: method.operation })
        }
      }))

    it.effect("passes a failure of the transport through", () =>
      Effect.gen(function*() {
        const failure = new TransportError({ reason: "TimedOut", operation: "test" })
        const { client } = yield* script(failure)
        const error = yield* Effect.flip(method.call(client))
        assert.instanceOf(error, TransportError)
        assert.deepInclude(error, { reason: "TimedOut", operation: "test" })
      }))
  })
}

/** The method that a call is of. */
const methodOf = <Client extends object>(call: Call<Client>): string => {
  const named: Array<string> = []
  const get = (_: object, name: string | symbol) => {
    named.push(String(name))
    return () => Effect.void
  }
  call(untyped(new Proxy({}, { get })))
  return named.join()
}

/** What the contract takes for a call of the operation, as programs spell it. */
const fieldsOf = (operation: string): ReadonlyArray<string> => {
  const [method = "", path = ""] = operation.replace("…", id).split(" ")
  const route = routeOf(method, path)?.endpoint
  const endpoint = Contract.endpoints.find(({ group, name }) => `${group}.${name}` === route)
  assert(endpoint !== undefined, operation)
  return [...endpoint.parameters, ...endpoint.members.map(({ field }) => field)]
}

/** That whatever a method sends is among what it is seen to refuse: a member that is new in the contract is to be tried. */
export const triesAll = <Client extends object>(
  cases: ReadonlyArray<Omit<Refusal<Client>, "name">>,
  methods: Readonly<Record<string, { readonly operation: string }>>
): void => {
  it("is something of every argument of every method", () => {
    for (const [name, { operation }] of Object.entries(methods)) {
      const refused = cases.filter(({ call }) => methodOf(call) === name).flatMap(({ issues }) =>
        issues.map(([path]) => path.split(/[.[]/, 1)[0])
      )
      // A method for one of many sends a list of one.
      const isTried = (field: string) => refused.includes(field) || refused.includes(field.replace(/s$/, ""))
      assert.deepStrictEqual(fieldsOf(operation).filter((field) => !isTried(field)), [], name)
    }
  })
}

export const refuses = <Client extends object>(
  cases: ReadonlyArray<Refusal<Client>>,
  script: Scripted<Client>,
  methods: Readonly<Record<string, { readonly operation: string }>>
): void => {
  triesAll(cases, methods)
  for (const { call, issues, name } of cases) {
    it.effect(name, () =>
      Effect.gen(function*() {
        const { client, sent } = yield* script(TestTransport.noContent)
        const error = yield* Effect.flip(call(client))
        assert.instanceOf(error, ApiError.InvalidParameters)
        assert.strictEqual(error.origin, "Client")
        const byPath = <A extends { readonly path: string }>(all: ReadonlyArray<A>) =>
          [...all].sort((a, b) => a.path.localeCompare(b.path))
        const found = byPath(error.issues)
        const wanted = byPath(issues.map(([path, problem]) => ({ path, problem })))
        assert.deepStrictEqual(found.map(({ path }) => path), wanted.map(({ path }) => path), error.message)
        found.forEach(({ problem }, index) => {
          assert.match(problem, wanted[index]?.problem ?? /^$/)
          assert.notInclude(problem, "actual")
        })
        assert.deepStrictEqual(yield* sent, [])
      }))
  }
}

/** The body of the one request that a call makes. */
export const bodyOf = <Client>(script: Scripted<Client>, call: Call<Client>, reply: unknown = undefined) =>
  Effect.gen(function*() {
    const { client, sent } = yield* script(
      reply === undefined ? TestTransport.noContent : TestTransport.json(200, reply)
    )
    yield* call(client)
    const requests = yield* sent
    assert.strictEqual(requests.length, 1)
    return requests[0]?.body
  })
