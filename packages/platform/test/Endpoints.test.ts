import { Api } from "@effect-launchkey/core/Api"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as Store from "@effect-launchkey/platform/Store"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as HttpApi from "@effect/platform/HttpApi"
import { assert, describe, it as test, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { codeOf, exchange, opened } from "./support/forge.ts"

/** A value that the platform refuses, and the code it is refused with where that is not `ARG-001`. */
type Bad = readonly [value: unknown, code?: string]

/** What a request of an endpoint holds: valid as it is, and for each member what may not stand in its place. */
interface Body {
  readonly json: Readonly<Record<string, unknown>>
  readonly bad: Readonly<Record<string, ReadonlyArray<Bad>>>
  /** For each member what may stand in its place although it could hardly be more, less or stranger. */
  readonly good?: Readonly<Record<string, ReadonlyArray<unknown>>>
  /** Of the members of `bad`, those that may be left out or null. */
  readonly optional?: ReadonlyArray<string>
  /** Ids of the behaviours that the refusals show. */
  readonly shows?: string
}

const { directoryId, organizationId, sdkKey, serviceId } = TestPlatform
const someId = "eba60cb8-c649-11e7-abc4-cec278b6b50a"
const organizationServiceId = Entity.ServiceId.make("0f4f1d1e-7d1d-11ee-b962-0242ac120002")
const keyId = TestKeys.stranger.keyId

const notId: ReadonlyArray<Bad> = [["x"], [7], [null], [`{${someId}}`]]
const notIds: ReadonlyArray<Bad> = [["x"], [["x"]], [[7]], [null], [{}]]
const notName: ReadonlyArray<Bad> = [[""], ["n".repeat(129)], [7], [null]]
const notBoolean: ReadonlyArray<Bad> = [["maybe"], [1], [{}]]
const notUrl: ReadonlyArray<Bad> = [["ftp://a.url/"], ["a.url"], [7], [`https://a.url/${"p".repeat(2048)}`]]
const notKeyId: ReadonlyArray<Bad> = [["x"], [7], [null], [keyId.replaceAll(":", "")]]
const notDate: ReadonlyArray<Bad> = [
  ["tomorrow"],
  [7],
  ["2030-13-01T00:00:00Z"],
  ["2030-02-30T00:00:00Z"],
  ["2030-01-01T00:00:00"],
  ["2030-01-01"]
]
const notUser: ReadonlyArray<Bad> = [[""], [7], [null], [["user"]]]
const notNewUser: ReadonlyArray<Bad> = [
  ["", "DIR-001"],
  ["🔑".repeat(256), "DIR-001"],
  ["line\nbreak", "DIR-001"],
  ["\u007f", "DIR-001"],
  [7],
  [null],
  [["user"]]
]
const newUsers = ["x", "🔑".repeat(255), " ", "{}", "é"]
const names = ["n", "🔑".repeat(128), " n "]
const urls = ["http://a", `https://a.url/${"p".repeat(2034)}`]
// The last of them leaves what is changed active.
const booleans = [false, "false", "False", true, "true", "True"]
const dates = [
  "2000-01-01T00:00:00Z",
  "2032-02-29T23:59:59.999Z",
  "2030-01-01T00:00:00.1234567Z",
  "2030-01-01T00:00:00+14:00"
]

const profile = {
  bad: {
    name: notName,
    description: [["d".repeat(1025)], [7]],
    icon: notUrl,
    callback_url: notUrl,
    active: notBoolean
  },
  good: {
    name: names,
    description: ["", "🔑".repeat(1024)],
    icon: urls,
    callback_url: urls,
    active: booleans
  },
  optional: ["description", "icon", "callback_url", "active"]
} satisfies Omit<Body, "json">

const newKey = {
  json: { public_key: TestKeys.stranger.publicKey },
  bad: {
    public_key: [[7], [null], ["no key", "KEY-001"], ["", "KEY-001"]],
    key_type: [[-1], [3], [0.5], ["0"]],
    active: notBoolean,
    date_expires: notDate
  },
  good: { key_type: [0, 1, 2], active: booleans, date_expires: dates },
  optional: ["key_type", "active", "date_expires"]
} satisfies Body

const keyChange = {
  json: { key_id: keyId },
  bad: { key_id: notKeyId, active: notBoolean, date_expires: notDate },
  good: { active: booleans, date_expires: dates },
  optional: ["active", "date_expires"]
} satisfies Body

const circle = { type: "GEO_CIRCLE", name: "a", latitude: 1, longitude: 2, radius: 3 }
const nested = { type: "FACTORS", factors: ["KNOWLEDGE"], fences: [] }
const conditional = { type: "COND_GEO", fences: [circle], inside: nested, outside: nested }
const legacy = { type: "LEGACY", minimum_requirements: [], factors: [] }
const minimum = { requirement: "authenticated", any: 0, knowledge: 0, inherence: 0, possession: 0 }

const badPolicies: ReadonlyArray<unknown> = [
  7,
  [],
  "none",
  {},
  { type: null, amount: 2 },
  { METHOD_AMOUNT: { amount: 2 } },
  { type: "SOMETHING_ELSE" },
  { type: "METHOD_AMOUNT" },
  { type: "METHOD_AMOUNT", amount: -1 },
  { type: "METHOD_AMOUNT", amount: 8 },
  { type: "METHOD_AMOUNT", amount: 1.5 },
  { type: "METHOD_AMOUNT", amount: 1, deny_rooted_jailbroken: 1 },
  { type: "METHOD_AMOUNT", amount: 1, fences: [{ ...circle, latitude: 91 }] },
  { type: "METHOD_AMOUNT", amount: 1, fences: [{ ...circle, longitude: -181 }] },
  { type: "METHOD_AMOUNT", amount: 1, fences: [{ ...circle, radius: 0 }] },
  { type: "METHOD_AMOUNT", amount: 1, fences: [circle, { ...circle, name: "A" }] },
  { type: "METHOD_AMOUNT", amount: 1, fences: [{ type: "TERRITORY", name: "t", country: "usa" }] },
  { type: "METHOD_AMOUNT", amount: 1, fences: [{ type: "SPHERE", name: "s" }] },
  { type: "FACTORS", factors: [] },
  { type: "FACTORS", factors: ["KNOWLEDGE", "KNOWLEDGE"] },
  { type: "FACTORS", factors: ["MAGIC"] },
  { ...conditional, fences: [] },
  { ...conditional, inside: undefined },
  { ...conditional, inside: conditional },
  { ...conditional, outside: { ...nested, fences: [circle] } },
  { ...conditional, outside: { ...nested, deny_emulator_simulator: false } },
  { ...legacy, minimum_requirements: [{ ...minimum, any: 1, knowledge: 1 }] },
  {
    ...legacy,
    factors: [{ factor: "timefence", requirement: "forced requirement", attributes: { "time fences": [{}] } }]
  }
]

const times = {
  name: "n",
  days: ["Sunday"],
  "start hour": 0,
  "start minute": 0,
  "end hour": 23,
  "end minute": 59,
  timezone: "Asia/Kolkata"
}

const goodPolicies: ReadonlyArray<unknown> = [
  { type: "METHOD_AMOUNT", amount: 0 },
  { type: "METHOD_AMOUNT", amount: 7, deny_rooted_jailbroken: "True", deny_emulator_simulator: null, color: "blue" },
  ...[
    { ...circle, latitude: 90, longitude: 180 },
    { ...circle, latitude: -90, longitude: -180, radius: Number.MIN_VALUE },
    { ...circle, name: "🔑".repeat(255), altitude: 3 },
    { type: "TERRITORY", name: "t", country: "US", administrative_area: "US-NV", postal_code: "8".repeat(16) },
    { type: "TERRITORY", name: null, country: "GB", administrative_area: null, postal_code: "1" }
  ].map((fence) => ({ type: "METHOD_AMOUNT", amount: 1, fences: [fence] })),
  { type: "FACTORS", factors: ["POSSESSION", "KNOWLEDGE", "INHERENCE"] },
  {
    ...conditional,
    inside: { ...nested, deny_rooted_jailbroken: null },
    outside: { type: "METHOD_AMOUNT", amount: 0 }
  },
  { type: "LEGACY" },
  { minimum_requirements: [] },
  { type: null, factors: [] },
  { type: "LEGACY", amount: 7, fences: [circle], time_restrictions: [times] },
  { ...legacy, factors: [{ factor: "timefence", attributes: { "time fences": [{ ...times, "start hour": 23 }] } }] }
]

const notServicePolicy: ReadonlyArray<Bad> = [
  [null, "SVC-002"],
  ...badPolicies.map((policy) => [policy, "SVC-002"] as const)
]

const reasons = [{ id: "1", reason: "Not now", fraud: false }, { id: "2", reason: "Not me", fraud: true }]

/** The endpoints that either owner of services has. */
const management = (serviceId: Entity.ServiceId): Readonly<Record<string, Body | undefined>> => ({
  createService: { json: { name: "a service of either owner" }, ...profile },
  allServices: undefined,
  listServices: {
    json: { service_ids: [serviceId] },
    bad: { service_ids: notIds },
    good: { service_ids: [[], [serviceId.toUpperCase(), serviceId]] }
  },
  updateService: {
    json: { service_id: serviceId },
    bad: { service_id: notId, ...profile.bad, name: notName.filter(([name]) => name !== null) },
    good: { ...profile.good, icon: [...urls, ""], callback_url: [...urls, ""] },
    optional: ["name", ...profile.optional]
  },
  addServiceKey: {
    shows: " (B-061)",
    ...newKey,
    json: { service_id: serviceId, ...newKey.json },
    bad: { service_id: notId, ...newKey.bad }
  },
  listServiceKeys: { json: { service_id: serviceId }, bad: { service_id: notId } },
  updateServiceKey: {
    ...keyChange,
    json: { service_id: serviceId, ...keyChange.json },
    bad: { service_id: notId, ...keyChange.bad }
  },
  removeServiceKey: { json: { service_id: serviceId, key_id: keyId }, bad: { service_id: notId, key_id: notKeyId } },
  setServicePolicy: {
    shows: " (B-252)",
    json: { service_id: serviceId, policy: legacy },
    bad: { service_id: notId, policy: notServicePolicy },
    good: { service_id: [serviceId.toUpperCase()], policy: goodPolicies }
  },
  getServicePolicy: { json: { service_id: serviceId }, bad: { service_id: notId } },
  removeServicePolicy: { json: { service_id: serviceId }, bad: { service_id: notId } }
})

const ofUser: Body = { json: { identifier: "user" }, bad: { identifier: notUser } }

const bodies: Readonly<Record<string, Readonly<Record<string, Body | undefined>>>> = {
  organization: {
    createDirectory: { json: { name: "a directory" }, bad: { name: notName }, good: { name: names } },
    allDirectories: undefined,
    listDirectories: { json: { directory_ids: [directoryId] }, bad: { directory_ids: notIds } },
    updateDirectory: {
      json: { directory_id: directoryId },
      bad: {
        directory_id: notId,
        active: notBoolean,
        android_key: [[7], [{}]],
        ios_p12: [[7], ["AAAA"], ["no base64!"]],
        denial_context_inquiry_enabled: notBoolean,
        webhook_url: notUrl
      },
      good: {
        active: booleans,
        android_key: ["", "k"],
        ios_p12: [""],
        denial_context_inquiry_enabled: booleans,
        webhook_url: [...urls, ""]
      },
      optional: ["active", "android_key", "ios_p12", "denial_context_inquiry_enabled", "webhook_url"]
    },
    addDirectoryKey: {
      shows: " (B-104)",
      ...newKey,
      json: { directory_id: directoryId, ...newKey.json },
      bad: { directory_id: notId, ...newKey.bad }
    },
    listDirectoryKeys: { json: { directory_id: directoryId }, bad: { directory_id: notId } },
    updateDirectoryKey: {
      ...keyChange,
      json: { directory_id: directoryId, ...keyChange.json },
      bad: { directory_id: notId, ...keyChange.bad }
    },
    removeDirectoryKey: {
      json: { directory_id: directoryId, key_id: keyId },
      bad: { directory_id: notId, key_id: notKeyId }
    },
    generateSdkKey: { json: { directory_id: directoryId }, bad: { directory_id: notId } },
    listSdkKeys: { json: { directory_id: directoryId }, bad: { directory_id: notId } },
    removeSdkKey: { json: { directory_id: directoryId, sdk_key: sdkKey }, bad: { directory_id: notId, sdk_key: notId } }
  },
  organizationServices: management(organizationServiceId),
  directory: {
    linkDevice: {
      shows: " (B-228)",
      json: ofUser.json,
      bad: { identifier: notNewUser, ttl: [[299], [86_401], [300.5], ["300"], [-1]] },
      good: { identifier: newUsers, ttl: [300, 86_400] },
      optional: ["ttl"]
    },
    listDevices: ofUser,
    unlinkDevice: {
      json: { identifier: "user", device_id: someId },
      bad: { ...ofUser.bad, device_id: [[""], [7], [null]] }
    },
    listSessions: ofUser,
    endSessions: ofUser,
    generateTotp: { json: ofUser.json, bad: { identifier: notNewUser }, good: { identifier: newUsers } },
    removeTotp: ofUser
  },
  directoryServices: management(serviceId),
  service: {
    createAuthorization: {
      shows: " (B-236, B-237, B-239, B-252)",
      json: { username: "user" },
      bad: {
        username: notUser.filter(([user]) => user !== null),
        context: [["c".repeat(401)], [7]],
        title: [["t".repeat(201)], [7]],
        ttl: [[29], [601], [30.5], ["30"]],
        push_title: [[7]],
        push_body: [[7]],
        policy: [
          [7, "SVC-002"],
          [{ ...legacy, minimum_requirements: [{ ...minimum, any: 1, knowledge: 1 }] }, "SVC-002"],
          [{ ...legacy, minimum_requirements: [{ ...minimum, any: -1 }] }, "SVC-002"],
          [{ ...legacy, minimum_requirements: 7 }, "SVC-002"],
          [{ ...legacy, factors: [{ factor: "magic" }] }, "SVC-002"]
        ],
        number_match: [[7], ["yes"]],
        denial_reasons: [
          ["none"],
          [reasons.slice(0, 1)],
          [reasons.map((reason) => ({ ...reason, fraud: false }))],
          [reasons.map((reason) => ({ ...reason, fraud: true }))],
          [reasons.map((reason) => ({ ...reason, id: "1" }))],
          [[...reasons, { id: "123456", reason: "Too long an id", fraud: false }]],
          [[...reasons, { id: "", reason: "No id", fraud: false }]],
          [[...reasons, { id: "3", reason: "", fraud: false }]],
          [[...reasons, { id: "3", reason: "Perhaps", fraud: "perhaps" }]]
        ]
      },
      good: {
        context: ["", "🔑".repeat(400)],
        title: ["", "🔑".repeat(200)],
        ttl: [30, 600, 30.0],
        denial_reasons: [
          [],
          [...reasons, { id: "🔑".repeat(5), reason: "🔑".repeat(255), fraud: "False", color: "blue" }]
        ],
        policy: [
          {},
          { minimum_requirements: null, factors: null, color: "blue" },
          { ...legacy, type: undefined, minimum_requirements: [{ ...minimum, any: 7, knowledge: null }] }
        ]
      },
      optional: ["context", "title", "ttl", "push_title", "push_body", "policy", "denial_reasons", "number_match"]
    },
    getAuthorization: undefined,
    cancelAuthorization: undefined,
    startSession: {
      json: { username: "user" },
      bad: { username: notUser.filter(([user]) => user !== null), auth_request: [["x"], [7]] },
      good: { auth_request: [someId, someId.toUpperCase()] },
      optional: ["auth_request"]
    },
    endSession: { json: { username: "user" }, bad: { username: notUser.filter(([user]) => user !== null) } },
    verifyTotp: { json: { identifier: "user", otp: "123456" }, bad: { ...ofUser.bad, otp: [[123_456], [null]] } }
  },
  device: {
    pendingAuthorizations: undefined,
    answerAuthorization: {
      json: { auth: "", public_key_id: keyId },
      bad: {
        public_key_id: notKeyId,
        auth: [[7], [null]],
        auth_jwe: [[7]],
        outcome: [[7], ["DENIED"]],
        number: [[7], ["7"], ["07"], ["100"]]
      },
      optional: ["auth_jwe", "outcome", "number"]
    },
    pushKey: undefined,
    subscribePush: {
      json: { endpoint: "https://push.example.com/1" },
      bad: { endpoint: [[7], [null], [""], ["http://push.example.com/1"], ["https://a:b@push.example.com/1"]] }
    },
    unsubscribePush: undefined,
    unlink: undefined,
    sessions: undefined,
    endSessions: { json: {}, bad: { service_id: notId.filter(([id]) => id !== null) }, optional: ["service_id"] }
  }
}

/** Who calls the endpoints of a group, and for whom. */
const callers: Readonly<Record<string, { readonly issuer: string; readonly key: TestKeys.TestKey }>> = {
  organization: { issuer: Entity.organization(organizationId), key: TestKeys.organization },
  organizationServices: { issuer: Entity.organization(organizationId), key: TestKeys.organization },
  directory: { issuer: Entity.directory(directoryId), key: TestKeys.directory },
  directoryServices: { issuer: Entity.directory(directoryId), key: TestKeys.directory },
  service: { issuer: Entity.service(serviceId), key: TestKeys.service }
}

const endpoints: Array<
  { readonly group: string; readonly name: string; readonly method: string; readonly path: string }
> = []
HttpApi.reflect(Api, {
  onGroup: () => {},
  onEndpoint: ({ endpoint, group }) => {
    if (group.identifier === "public" || group.identifier === "linking") return
    endpoints.push({
      group: group.identifier,
      name: endpoint.name,
      method: endpoint.method,
      path: endpoint.path.replace(/:\w+/, someId)
    })
  }
})

test("every endpoint that is called under seal has its requests here", () => {
  assert.deepStrictEqual(
    Object.entries(bodies).flatMap(([group, of]) => Object.keys(of).map((name) => `${group}.${name}`)).sort(),
    endpoints.map(({ group, name }) => `${group}.${name}`).sort()
  )
})

const described = (value: unknown) => {
  const text = JSON.stringify(value) ?? "undefined"
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}

const organizationService = Effect.flatMap(Store.Store, (store) =>
  store.insertService({
    id: organizationServiceId,
    organizationId,
    directoryId: Option.none(),
    name: "Service",
    description: Option.none(),
    icon: Option.none(),
    callbackUrl: Option.none(),
    active: true,
    policy: ServicePolicy.none
  }, "service"))

layer(Layer.provideMerge(Layer.effectDiscard(organizationService), TestPlatform.layer))(
  "the platform, asked by hand,",
  (it) => {
    for (const { group, method, name, path } of endpoints) {
      const body = bodies[group]?.[name]
      const request = { method, path, ...(body === undefined ? {} : { json: body.json }) }

      describe(`for ${method} ${path.replace(someId, "<id>")}`, () => {
        it.effect("refuses with 401 who is not who it says it is", () =>
          Effect.gen(function*() {
            const issuer = callers[group]?.issuer ?? Entity.device(someId)
            const answer = yield* exchange({ ...request, issuer, key: TestKeys.stranger })
            assert.strictEqual(answer.received.status, 401)
            opened(answer)
          }))

        it.effect("refuses with 403 who is of another kind", () =>
          Effect.gen(function*() {
            const other = callers[group === "service" ? "directory" : "service"]
            assert(other !== undefined)
            const answer = yield* exchange({ ...request, ...other })
            assert.strictEqual(answer.received.status, 403)
            assert.strictEqual(codeOf(opened(answer, other.key)), "HTTP-403")
          }))

        const caller = callers[group]
        if (caller === undefined || body === undefined) return

        const answerTo = (json: object) =>
          Effect.map(exchange({ ...request, ...caller, json }), (answer) => {
            const plaintext = opened(answer, caller.key)
            return answer.received.status < 400 ? { code: "served", plaintext } : { code: codeOf(plaintext), plaintext }
          })

        const missing = new Set(["ARG-001", "SVC-002", "DIR-001"])

        it.effect("reads a request that holds what it wants, null for nothing, and what nobody knows", () =>
          Effect.gen(function*() {
            const nulls = Object.fromEntries((body.optional ?? []).map((member) => [member, null]))
            const { code, plaintext } = yield* answerTo({ ...body.json, ...nulls, favorite_color: "blue" })
            assert.notInclude([...missing], code, plaintext)
          }))

        if (body.good !== undefined) {
          it.effect("reads what is just within the limits, or is written unlike the platform writes it", () =>
            Effect.gen(function*() {
              for (const [member, values] of Object.entries(body.good ?? {})) {
                for (const value of values) {
                  const { code, plaintext } = yield* answerTo({ ...body.json, [member]: value })
                  assert.notInclude([...missing], code, `${member}: ${described(value)}: ${plaintext}`)
                }
              }
            }))
        }

        it.effect(`refuses with 400 a request that holds something else, and names it${body.shows ?? ""}`, () =>
          Effect.gen(function*() {
            for (const [member, values] of Object.entries(body.bad)) {
              const absent: ReadonlyArray<Bad> = body.optional?.includes(member) === true
                ? []
                : [[undefined, member === "policy" ? "SVC-002" : "ARG-001"]]
              for (const [value, expected = "ARG-001"] of [...absent, ...values]) {
                const { code, plaintext } = yield* answerTo({ ...body.json, [member]: value })
                assert.strictEqual(code, expected, `${member}: ${described(value)}`)
                // The code of its own says which member it is about.
                if (expected === "KEY-001" || expected === "DIR-001") continue
                const { error_detail: detail } = JSON.parse(plaintext) as { readonly error_detail: object }
                assert.deepStrictEqual(Object.keys(detail), [member], `${member}: ${described(value)}`)
              }
            }
          }))
      })
    }
  }
)
