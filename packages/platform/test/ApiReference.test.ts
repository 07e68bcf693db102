import { routes } from "@effect-launchkey/core/Api"
import * as ApiReference from "@effect-launchkey/platform/ApiReference"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"

const document = ApiReference.document()

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation }))
)

/** Every object in a JSON document. */
const objects = (json: unknown): ReadonlyArray<Record<string, unknown>> =>
  Array.isArray(json)
    ? json.flatMap(objects)
    : typeof json === "object" && json !== null
    ? [json as Record<string, unknown>, ...Object.values(json).flatMap(objects)]
    : []

const app = HttpApp.toWebHandler(
  ApiReference.withReference(Effect.succeed(HttpServerResponse.text("the app", { status: 418 })))
)

const get = (path: string, method = "GET") =>
  Effect.promise(async () => {
    const response = await app(new Request(`http://localhost${path}`, { method }))
    return { status: response.status, headers: response.headers, text: await response.text() }
  })

describe("the OpenAPI document", () => {
  it("has every endpoint of the contract, once", () => {
    assert.deepStrictEqual(
      operations.map(({ operation }) => operation.operationId).sort(),
      routes.map(({ endpoint }) => endpoint).sort()
    )
    for (const { endpoint, method, template } of routes) {
      const path = template.replace(/:(\w+)/g, "{$1}")
      assert.strictEqual(document.paths[path]?.[method.toLowerCase()]?.operationId, endpoint)
    }
  })

  it("says of each but the public ones and linking that it is sealed", () => {
    for (const { operation, path } of operations) {
      const open = path.startsWith("/public/") || path === "/device/v3/link"
      assert.strictEqual(operation.security?.length, open ? 0 : 1, path)
      assert.strictEqual(JSON.stringify(operation).includes("application/jose"), !open, path)
    }
  })

  it("names the parameters of each path, and refers to nothing that is not there", () => {
    for (const { operation, path } of operations) {
      assert.deepStrictEqual(
        (operation.parameters ?? []).map(({ name }) => `{${String(name)}}`),
        path.match(/\{\w+\}/g) ?? []
      )
    }
    const refs = objects(document).flatMap(({ $ref }) => $ref === undefined ? [] : [$ref])
    const known = Object.entries(document.components).flatMap(([kind, members]) =>
      Object.keys(members as object).map((name) => `#/components/${kind}/${name}`)
    )
    assert.deepStrictEqual(refs.filter((ref) => !known.includes(String(ref))), [])
    assert.isNotEmpty(refs)
  })

  it("tells which errors each call may end with", () => {
    const refused = (path: string, method: string, status: string) =>
      document.paths[path]?.[method]?.responses[status]?.["description"]
    assert.strictEqual(refused("/service/v3/auths", "post", "409"), "SVC-005 AuthorizationInProgress")
    assert.strictEqual(refused("/service/v3/auths/{id}", "get", "408"), "HTTP-408 RequestTimedOut")
    assert.strictEqual(
      refused("/service/v3/auths/{id}", "delete", "400"),
      "ARG-001 InvalidParameters, ARG-002 InvalidRoute, SVC-006 AuthorizationResponseExists, SVC-007 AuthorizationRequestCanceled"
    )
  })

  it("shows the JSON of a policy and of its fences", () => {
    const put = JSON.stringify(document.paths["/organization/v3/service/policy"]?.["put"]?.requestBody)
    for (const word of ["METHOD_AMOUNT", "FACTORS", "COND_GEO", "LEGACY", "GEO_CIRCLE", "TERRITORY"]) {
      assert.include(put, `"${word}"`)
    }
    const create = JSON.stringify(document.paths["/service/v3/auths"]?.["post"]?.requestBody)
    for (const word of ["minimum_requirements", "push_title", "denial_reasons"]) assert.include(create, `"${word}"`)
  })

  it("is what docs/openapi.json has: otherwise run `npx -y pnpm@12 openapi`", () => {
    const copy: unknown = JSON.parse(readFileSync(new URL("../../../docs/openapi.json", import.meta.url), "utf8"))
    assert.deepStrictEqual(copy, JSON.parse(JSON.stringify(document)))
  })
})

describe("a platform with its reference", () => {
  it.effect("serves document, page and style, and leaves everything else to the app", () =>
    Effect.gen(function*() {
      const json = yield* get("/openapi.json")
      assert.strictEqual(json.status, 200)
      assert.deepStrictEqual(JSON.parse(json.text), JSON.parse(JSON.stringify(document)))
      assert.match((yield* get("/reference")).headers.get("content-type") ?? "", /^text\/html/)
      assert.match((yield* get("/reference.css")).headers.get("content-type") ?? "", /^text\/css/)
      for (const path of ["/", "/reference/", "/openapi.json?x=1", "/service/v3/auths"]) {
        assert.strictEqual((yield* get(path)).status, 418, path)
      }
      assert.strictEqual((yield* get("/openapi.json", "POST")).status, 418)
    }))

  it.effect("has a page without scripts, which may ask its own origin alone", () =>
    Effect.gen(function*() {
      const page = yield* get("/reference")
      assert.include(page.headers.get("content-security-policy") ?? "", "default-src 'none'; style-src 'self'")
      assert.notMatch(page.text, /<script|\son\w+=|\sstyle=|https?:\/\//i)
      for (const { operation, path } of operations) {
        assert.include(page.text, `id="${operation.operationId}"`)
        assert.include(page.text, `<code>${path}</code>`)
      }
    }))
})
