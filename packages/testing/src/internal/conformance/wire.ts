import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { ConformanceTarget } from "../../ConformanceTarget.ts"
import { fresh, type It, scene, transportOf } from "./scene.ts"
import { nowhere, tenant } from "./tenant.ts"

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"

/** What the platform answers the organization, sealed as by a client, whatever JSON is sent to whatever path. */
const organizationSends = Effect.gen(function*() {
  const { keys, organizationId } = yield* ConformanceTarget
  const transport = yield* transportOf(Entity.organization(organizationId), keys.organization)
  const organization = Entity.organization(organizationId)
  return (method: Method, path: string, json?: object, subject: Entity.EntityIdentifier = organization) =>
    Effect.gen(function*() {
      const request = HttpClientRequest.make(method)(path)
      const answer = yield* transport.httpClient(subject).execute(
        json === undefined ? request : HttpClientRequest.bodyUnsafeJson(request, json)
      )
      const text = yield* answer.text
      const body: Readonly<Record<string, unknown>> = text === "" ? {} : JSON.parse(text)
      return { status: answer.status, body }
    })
})

/** `400 ARG-001`, or the status alone where the answer has no body. */
const refusal = <E, R>(
  answer: Effect.Effect<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }, E, R>
) => Effect.map(answer, ({ body, status }) => `${status} ${String(body["error_code"] ?? "")}`.trim())

const reasons = [{ id: "1", reason: "Not now", fraud: false }, { id: "2", reason: "Not me", fraud: true }]

/** A request for authorization, written by hand. */
const asking = Effect.gen(function*() {
  const { serviceId } = yield* ConformanceTarget
  const world = yield* scene()
  const send = yield* organizationSends
  return {
    ...world,
    send,
    subject: Entity.service(serviceId),
    create: (members: object) =>
      send("POST", "/service/v3/auths", { username: world.user, ...members }, Entity.service(serviceId))
  }
})

const refused = (it: It) =>
  describe("what no client sends", () => {
    it.effect("is a key for a purpose that there is not: refused with ARG-001, and not there (B-061, B-104)", () =>
      Effect.gen(function*() {
        const { keys: { stranger } } = yield* ConformanceTarget
        const { directory, directoryId, organization } = yield* tenant
        const send = yield* organizationSends
        const ofDirectory = yield* directory.createService(yield* fresh("service"))
        const ofOrganization = yield* organization.createService(yield* fresh("service"))
        for (
          const [path, id, subject] of [
            ["/organization/v3/directory/keys", { directory_id: directoryId }],
            ["/organization/v3/service/keys", { service_id: ofOrganization }],
            ["/directory/v3/service/keys", { service_id: ofDirectory }, Entity.directory(directoryId)]
          ] as const
        ) {
          for (const type of [-1, 3, "0"]) {
            const key = { ...id, public_key: stranger.publicKey, key_type: type }
            assert.strictEqual(yield* refusal(send("POST", path, key, subject)), "400 ARG-001", `${path} ${type}`)
          }
          const { body } = yield* send("POST", `${path}/list`, id, subject)
          assert.deepStrictEqual<unknown>(body, [])
        }
      }))

    it.effect("is a link outside of its limits: refused with ARG-001, and nothing pends (B-228)", () =>
      Effect.gen(function*() {
        const { directory, directoryId } = yield* tenant
        const send = yield* organizationSends
        const user = yield* fresh("user")
        for (const ttl of [299, 86_401]) {
          const link = send("POST", "/directory/v3/devices", { identifier: user, ttl }, Entity.directory(directoryId))
          assert.strictEqual(yield* refusal(link), "400 ARG-001", String(ttl))
        }
        assert.deepStrictEqual(yield* directory.listDevices(user), [])
      }))

    it.effect("is a request outside of its limits: refused with ARG-001, and nobody is asked (B-236, B-237, B-239)", () =>
      Effect.gen(function*() {
        const { create, device } = yield* asking
        for (
          const members of [
            { ttl: 29 },
            { ttl: 601 },
            { context: "c".repeat(401) },
            { title: "t".repeat(201) },
            { denial_reasons: reasons.slice(0, 1) },
            { denial_reasons: reasons.map((reason) => ({ ...reason, fraud: false })) },
            { denial_reasons: reasons.map((reason) => ({ ...reason, fraud: true })) },
            { denial_reasons: reasons.map((reason) => ({ ...reason, id: "1" })) }
          ]
        ) {
          assert.strictEqual(yield* refusal(create(members)), "400 ARG-001", Object.keys(members).join())
        }
        assert.deepStrictEqual(yield* device.pending, [])
      }))

    it.effect("is a request of a policy that is none: refused with SVC-002, and nobody is asked (B-252)", () =>
      Effect.gen(function*() {
        const { create, device } = yield* asking
        const minimum = { requirement: "authenticated", any: 1, knowledge: 1, inherence: 0, possession: 0 }
        for (
          const policy of [
            7,
            { minimum_requirements: [minimum], factors: [] },
            { minimum_requirements: [], factors: [{ factor: "magic" }] }
          ]
        ) {
          assert.strictEqual(yield* refusal(create({ policy })), "400 SVC-002", JSON.stringify(policy))
        }
        assert.deepStrictEqual(yield* device.pending, [])
      }))
  })

const answered = (it: It) =>
  describe("on the wire", () => {
    it.effect("a new request has its id, its devices, and no push package (B-270)", () =>
      Effect.gen(function*() {
        const { create } = yield* asking
        const { body, status } = yield* create({})
        assert.strictEqual(status, 200)
        assert.deepStrictEqual(Object.keys(body).sort(), ["auth_request", "device_ids"])
      }))

    it.effect("each refusal of what is managed has the status and the code of the protocol", () =>
      Effect.gen(function*() {
        const { keys: { encryption, stranger } } = yield* ConformanceTarget
        const { directoryId } = yield* tenant
        const send = yield* organizationSends
        const subject = Entity.directory(directoryId)
        const [directory_id, service_id] = [directoryId, nowhere.serviceId]
        const name = yield* fresh("name")
        const keys = "/organization/v3/directory/keys"
        const sdkKeys = "/organization/v3/directory/sdk-keys"
        const steps = [
          [send("POST", "/organization/v3/directories", { name }), "200"],
          [send("POST", "/organization/v3/directories", { name }), "400 ORG-003"],
          [send("POST", "/organization/v3/directories/list", { directory_ids: [nowhere.directoryId] }), "403 HTTP-403"],
          [send("POST", sdkKeys, { directory_id }), "200"],
          [send("DELETE", sdkKeys, { directory_id, sdk_key: service_id }), "400 ORG-006"],
          [
            Effect.flatMap(
              send("POST", `${sdkKeys}/list`, { directory_id }),
              ({ body }) => send("DELETE", sdkKeys, { directory_id, sdk_key: Object.values(body)[0] })
            ),
            "400 ORG-005"
          ],
          [send("POST", keys, { directory_id, public_key: "none" }), "400 KEY-001"],
          [send("POST", keys, { directory_id, public_key: stranger.publicKey }), "200"],
          [send("POST", keys, { directory_id, public_key: stranger.publicKey }), "400 KEY-002"],
          [send("DELETE", keys, { directory_id, key_id: encryption.keyId }), "400 KEY-003"],
          [send("DELETE", keys, { directory_id, key_id: stranger.keyId }), "400 KEY-004"],
          [send("POST", "/directory/v3/services", { name }, subject), "200"],
          [send("POST", "/directory/v3/services", { name }, subject), "400 SVC-001"],
          [send("POST", "/directory/v3/service/policy/item", { service_id }, subject), "400 SVC-004"],
          [send("POST", "/directory/v3/devices", { identifier: "i".repeat(256) }, subject), "400 DIR-001"],
          [
            send("DELETE", "/directory/v3/devices", { identifier: name, device_id: service_id }, subject),
            "404 HTTP-404"
          ]
        ] as const
        assert.deepStrictEqual(yield* Effect.all(steps.map(([step]) => refusal(step))), steps.map(([, said]) => said))
      }))

    it.effect("each refusal about a request has the status and the code of the protocol, and what it tells besides", () =>
      Effect.gen(function*() {
        const { create, device, send, subject } = yield* asking
        const first = yield* create({})
        const path = `/service/v3/auths/${String(first.body["auth_request"])}`
        const second = yield* create({})
        assert.deepStrictEqual([second.status, second.body["error_code"]], [409, "SVC-005"])
        const data = second.body["error_data"]
        assert.deepInclude(data, { auth_request: first.body["auth_request"], from_same_service: true })
        assert.match(Object(data).expires, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
        const ended = [
          yield* refusal(send("DELETE", path, undefined, subject)),
          yield* refusal(send("DELETE", path, undefined, subject)),
          yield* refusal(send("GET", path, undefined, subject))
        ]
        assert.deepStrictEqual(ended, ["204", "400 SVC-007", "400 SVC-007"])
        const third = yield* create({})
        yield* device.approve()
        const answered = `/service/v3/auths/${String(third.body["auth_request"])}`
        assert.strictEqual(yield* refusal(send("DELETE", answered, undefined, subject)), "400 SVC-006")
      }))
  })

export const wire = (it: It): void => {
  refused(it)
  answered(it)
}
