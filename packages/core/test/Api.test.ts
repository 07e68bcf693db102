import { assert, describe, it } from "@effect/vitest"
import { routeOf, routes } from "../src/Api.ts"

/** What may be asked again without changing anything more, by hand. */
const repeatable = [
  "DELETE /device/v3/push",
  "DELETE /device/v3/sessions",
  "DELETE /directory/v3/service/policy",
  "DELETE /directory/v3/sessions",
  "DELETE /directory/v3/totp",
  "DELETE /organization/v3/service/policy",
  "DELETE /service/v3/sessions",
  "GET /device/v3/auths",
  "GET /device/v3/push",
  "GET /device/v3/sessions",
  "GET /directory/v3/services",
  "GET /organization/v3/directories",
  "GET /organization/v3/services",
  "GET /public/v3/ping",
  "GET /public/v3/public-key",
  "GET /public/v3/public-key/:keyId",
  "GET /public/v3/qr/:code",
  "GET /service/v3/auths/:id",
  "PATCH /directory/v3/service/keys",
  "PATCH /directory/v3/services",
  "PATCH /organization/v3/directories",
  "PATCH /organization/v3/directory/keys",
  "PATCH /organization/v3/service/keys",
  "PATCH /organization/v3/services",
  "POST /directory/v3/devices/list",
  "POST /directory/v3/service/keys/list",
  "POST /directory/v3/service/policy/item",
  "POST /directory/v3/services/list",
  "POST /directory/v3/sessions/list",
  "POST /organization/v3/directories/list",
  "POST /organization/v3/directory/keys/list",
  "POST /organization/v3/directory/sdk-keys/list",
  "POST /organization/v3/service/keys/list",
  "POST /organization/v3/service/policy/item",
  "POST /organization/v3/services/list",
  "PUT /device/v3/push",
  "PUT /directory/v3/service/policy",
  "PUT /organization/v3/service/policy"
]

/** What creates, prompts, serves once, or answers otherwise the second time, by hand. */
const once = [
  "DELETE /device/v3/device",
  "DELETE /directory/v3/devices",
  "DELETE /directory/v3/service/keys",
  "DELETE /organization/v3/directory/keys",
  "DELETE /organization/v3/directory/sdk-keys",
  "DELETE /organization/v3/service/keys",
  "DELETE /service/v3/auths/:id",
  "POST /device/v3/link",
  "POST /directory/v3/devices",
  "POST /directory/v3/service/keys",
  "POST /directory/v3/services",
  "POST /directory/v3/totp",
  "POST /organization/v3/directories",
  "POST /organization/v3/directory/keys",
  "POST /organization/v3/directory/sdk-keys",
  "POST /organization/v3/service/keys",
  "POST /organization/v3/services",
  "POST /service/v3/auths",
  "POST /service/v3/sessions",
  "POST /service/v3/totp",
  "PUT /device/v3/auths/:id"
]

const named = (wanted: boolean) =>
  routes.filter((route) => route.repeatable === wanted).map(({ method, template }) => `${method} ${template}`).sort()

describe("routes", () => {
  it("say which endpoints may be asked again", () => assert.deepStrictEqual(named(true), repeatable))

  it("say which endpoints are asked once", () => assert.deepStrictEqual(named(false), once))
})

describe("routeOf", () => {
  for (
    const [method, path, endpoint] of [
      ["POST", "/service/v3/auths", "service.createAuthorization"],
      ["GET", "/service/v3/auths/b1d05c28-0b18-41e4-94a0-853758eeefc8", "service.getAuthorization"],
      ["DELETE", "/service/v3/auths/b1d05c28-0b18-41e4-94a0-853758eeefc8", "service.cancelAuthorization"],
      ["GET", "/public/v3/public-key", "public.publicKey"],
      ["GET", "/public/v3/public-key/4f%3A73%3Ac3", "public.publicKeyById"],
      ["PUT", "/device/v3/auths/b1d05c28-0b18-41e4-94a0-853758eeefc8", "device.answerAuthorization"]
    ] as const
  ) {
    it(`finds ${endpoint} for ${method} ${path}`, () => assert.strictEqual(routeOf(method, path)?.endpoint, endpoint))
  }

  for (
    const [method, path] of [
      ["PATCH", "/service/v3/auths"],
      ["GET", "/service/v3/auths/"],
      ["GET", "/service/v3/auths/a/b"],
      ["GET", "/v2/service/v3/auths/a"],
      ["get", "/public/v3/ping"]
    ] as const
  ) {
    it(`finds nothing for ${method} ${path}`, () => assert.isUndefined(routeOf(method, path)))
  }
})
