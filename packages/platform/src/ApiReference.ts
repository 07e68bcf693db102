/**
 * What the platform answers to, as an OpenAPI document and as a page, both derived from the contract.
 *
 * A body that is sealed is a compact JWE to whoever reads it over the wire: the document says so, and which JSON is in it.
 *
 * @since 0.1.0
 */
import { Api, isPlain } from "@effect-launchkey/core/Api"
import { Repeatable } from "@effect-launchkey/core/api/Repeatable"
import { type Definition, statusCode, table } from "@effect-launchkey/core/ApiError"
import * as Claims from "@effect-launchkey/transport/Claims"
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as AST from "effect/SchemaAST"
import { toJsonSchema } from "./internal/jsonForm.ts"
import * as page from "./internal/referencePage.ts"

/**
 * Where the document and the page are served.
 *
 * @since 0.1.0
 * @category models
 */
export const paths = { document: "/openapi.json", page: "/reference", style: "/reference.css" } as const

/**
 * @since 0.1.0
 * @category models
 */
export type Json = Record<string, unknown>

/**
 * One call of the API.
 *
 * @since 0.1.0
 * @category models
 */
export interface Operation {
  readonly tags: ReadonlyArray<string>
  readonly operationId: string
  readonly summary: string
  readonly parameters?: ReadonlyArray<Json> | undefined
  readonly requestBody?: Json | undefined
  readonly responses: Readonly<Record<string, Json>>
  /** Empty: anybody may call it. */
  readonly security?: ReadonlyArray<Json> | undefined
  /** See `core/api/Repeatable`. */
  readonly "x-repeatable": boolean
}

/**
 * OpenAPI 3.1.
 *
 * @see https://spec.openapis.org/oas/v3.1.0.html
 * @since 0.1.0
 * @category models
 */
export interface Document {
  readonly openapi: "3.1.0"
  readonly info: Json
  readonly tags: ReadonlyArray<Json>
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: Json
}

const scheme = "sealed"

const sealedSchema = (plain: Json): Json => ({
  type: "string",
  description: "A compact JWE. The JSON in it is of contentSchema.",
  contentEncoding: "jwe",
  contentMediaType: "application/json",
  contentSchema: plain
})

const content = (plain: boolean, ast: AST.AST): Json => {
  const { contentType } = HttpApiSchema.getEncoding(ast)
  const schema = toJsonSchema(ast)
  return plain ? { [contentType]: { schema } } : { [Claims.joseContentType]: { schema: sealedSchema(schema) } }
}

const answerHeaders = { headers: { [Claims.tokenHeader]: { $ref: "#/components/headers/Token" } } }

/** "createAuthorization" → "create authorization". */
const words = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

const literals = (json: unknown): ReadonlyArray<string> =>
  Array.isArray(json)
    ? json.flatMap(literals)
    : !Predicate.isRecord(json)
    ? []
    : "error_code" in json && Predicate.isRecord(json["error_code"])
    ? (Array.isArray(json["error_code"]["enum"]) ? json["error_code"]["enum"].map(String) : [])
    : Object.values(json).flatMap(literals)

/** What an endpoint may refuse by a status: tags and their codes, or the status alone. */
const refusalsOf = (status: number, ast: Option.Option<AST.AST>): string => {
  const codes: ReadonlyArray<string> = Option.match(ast, {
    onNone: () => [],
    onSome: (ast) => literals(toJsonSchema(ast))
  })
  return Object.entries<Definition>(table).flatMap(([tag, { codes: [code], status: its }]) =>
    code === undefined
      ? (its === status ? [`${statusCode(status)} ${tag}`] : [])
      : (codes.includes(code) ? [`${code} ${tag}`] : [])
  ).join(", ")
}

const info = {
  title: "LaunchKey API v3",
  version: "3",
  summary: "Push multi-factor authentication, as this platform serves it.",
  description:
    "Every call but the public ones and linking is sealed: Authorization: IOV-JWT followed by a compact JWS over "
    + "method, path and body, signed by a key of the issuer; the body, where there is one, a compact JWE to the platform's "
    + "key. Answers are sealed in the same way, and are to be believed only once their token was verified. So this document "
    + "says what is in the messages, and a client that is generated from it alone cannot make or read them: use an SDK. "
    + "Errors share one form, and are told apart by error_code, or by the status where there is no code.",
  license: { name: "MIT", identifier: "MIT" }
}

const make = (): Document => {
  const tags: Array<Json> = []
  const operations: Record<string, Record<string, Operation>> = {}
  HttpApi.reflect(Api, {
    onGroup: ({ group }) => void tags.push({ name: group.identifier }),
    onEndpoint: ({ endpoint, errors, group, mergedAnnotations, payloads, successes }) => {
      const plain = isPlain(endpoint.path) || isPlain(endpoint.path.replace(/:\w+$/, "x"))
      const headers = plain ? {} : answerHeaders
      const answers = Array.from(
        successes,
        ([status, { ast }]) =>
          [
            String(status),
            {
              description: status === 204 ? "Nothing to say." : "Done.",
              ...headers,
              ...(status === 204 || Option.isNone(ast) ? {} : { content: content(plain, ast.value) })
            }
          ] as const
      )
      const error = {
        [plain ? "application/json" : Claims.joseContentType]: {
          schema: { $ref: `#/components/schemas/${plain ? "Error" : "SealedError"}` }
        }
      }
      const refusals = Array.from(
        errors,
        ([status, { ast }]) =>
          [String(status), { description: refusalsOf(status, ast), ...headers, content: error }] as const
      )
      const [body] = Array.from(payloads.values(), ({ ast }) => ast)
      const template = endpoint.path.replace(/:(\w+)/g, "{$1}")
      ;(operations[template] ??= {})[endpoint.method.toLowerCase()] = {
        tags: [group.identifier],
        operationId: `${group.identifier}.${endpoint.name}`,
        summary: words(endpoint.name),
        ...(template === endpoint.path ? {} : {
          parameters: Array.from(endpoint.path.matchAll(/:(\w+)/g), ([, name]) => ({
            name,
            in: "path",
            required: true,
            schema: { type: "string" }
          }))
        }),
        ...(body === undefined ? {} : { requestBody: { required: true, content: content(plain, body) } }),
        responses: Object.fromEntries([...answers, ...refusals]),
        security: plain ? [] : [{ [scheme]: [] }],
        "x-repeatable": Context.get(mergedAnnotations, Repeatable)
      }
    }
  })
  return {
    openapi: "3.1.0",
    info,
    tags,
    paths: operations,
    components: {
      securitySchemes: {
        [scheme]: {
          type: "http",
          scheme: "iov-jwt",
          bearerFormat: "JWS",
          description: "A compact JWS by a key of the issuer, for this one request, and good for seconds."
        }
      },
      headers: {
        Token: {
          description: "A JWS by the platform's key over the status, the body's hash and the request that it answers.",
          schema: { type: "string" }
        }
      },
      schemas: {
        SealedError: sealedSchema({ $ref: "#/components/schemas/Error" }),
        Error: {
          type: "object",
          required: ["error_code", "error_detail"],
          properties: {
            error_code: {
              type: "string",
              description: "A code, or HTTP- and the status where there is none.",
              examples: Object.values<Definition>(table).flatMap(({ codes }) => codes)
            },
            error_detail: { description: "A text, or an object that is shaped like the request." },
            error_data: { type: "object", description: "What a program needs to go on." }
          }
        }
      }
    }
  }
}

const once = <A>(make: () => A): () => A => {
  const made: Array<A> = []
  return () => made[0] ?? (made[0] = make())
}

/**
 * The platform's API. It is made when it is first asked for.
 *
 * @since 0.1.0
 * @category constructors
 */
export const document: () => Document = once(make)

/** Nothing but the page itself and its style, of the same origin. */
const headers = {
  "content-security-policy":
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-cache"
}

const text = (body: string, contentType: string) => HttpServerResponse.text(body, { contentType, headers })

/**
 * The app, with the document and the page beside it: `GET` of {@link paths}, which are no paths of the API. Whatever else
 * is asked for is the app's affair.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withReference = <E, R>(app: HttpApp.Default<E, R>): HttpApp.Default<E, R> =>
  Effect.flatMap(
    HttpServerRequest.HttpServerRequest,
    (request): HttpApp.Default<E, R> => {
      switch (request.method === "GET" ? request.url : undefined) {
        case paths.document:
          return Effect.sync(() => text(JSON.stringify(document()), "application/json"))
        case paths.page:
          return Effect.sync(() => text(page.html(document(), paths), "text/html; charset=utf-8"))
        case paths.style:
          return Effect.succeed(text(page.style, "text/css; charset=utf-8"))
        default:
          return app
      }
    }
  )
