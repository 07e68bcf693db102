import { isPlain } from "@effect-launchkey/core/Api"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as Store from "@effect-launchkey/platform/Store"
import * as Contract from "@effect-launchkey/testing/Contract"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import { assert, describe, it as test, layer } from "@effect/vitest"
import { Context, Effect, Layer, Option } from "effect"
import { codeOf, exchange, message, opened, send } from "./support/forge.ts"

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
const urls = ["http://a", `https://a.url/${"p".repeat(2034)}`, ""]
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
    good: profile.good,
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
  public: { ping: undefined, publicKey: undefined, publicKeyById: undefined, qrCode: undefined },
  linking: {
    link: {
      json: { code: "0000000", sdk_key: sdkKey, name: "Phone", type: "IOS", public_key: TestKeys.stranger.publicKey },
      bad: {
        code: [[""], ["000000"], ["00000000"], ["00-0000"], [7], [null]],
        sdk_key: notId,
        name: [[""], ["n".repeat(256)], [7], [null]],
        type: [[""], ["t".repeat(65)], [7], [null]],
        public_key: newKey.bad.public_key
      }
    }
  },
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
        webhook_url: urls
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

interface Caller {
  readonly issuer: string
  readonly key: TestKeys.TestKey
}

const callerOf = (issuer: string, key: TestKeys.TestKey) => Effect.succeed<Caller>({ issuer, key })

class LinkedDevice extends Context.Tag("LinkedDevice")<LinkedDevice, Caller>() {}

/** Who calls the endpoints of a group, and for whom. */
const callers: Readonly<Record<string, Effect.Effect<Caller, never, LinkedDevice>>> = {
  organization: callerOf(Entity.organization(organizationId), TestKeys.organization),
  organizationServices: callerOf(Entity.organization(organizationId), TestKeys.organization),
  directory: callerOf(Entity.directory(directoryId), TestKeys.directory),
  directoryServices: callerOf(Entity.directory(directoryId), TestKeys.directory),
  service: callerOf(Entity.service(serviceId), TestKeys.service),
  device: LinkedDevice
}

const linked = Layer.effect(
  LinkedDevice,
  Effect.gen(function*() {
    const administration = yield* Administration.Administration
    const { code, deviceId } = yield* administration.linkDevice({ directoryId, identifier: "user" })
    const body = JSON.stringify({ ...bodies["linking"]?.["link"]?.json, code, public_key: TestKeys.device.publicKey })
    yield* send({ method: "POST", path: "/device/v3/link", authorization: undefined, body })
    return { issuer: Entity.device(deviceId), key: TestKeys.device }
  })
)

/** What is no id, for each parameter of a path: none has a character that ends a path or a part of it. */
const badParameters = ["x", `${someId}0`, `%7B${someId}%7D`, keyId.replaceAll(":", ""), "%00"]

describe("of every endpoint", () => {
  test("there is a request here", () => {
    assert.deepStrictEqual(
      Object.entries(bodies).flatMap(([group, of]) => Object.keys(of).map((name) => `${group}.${name}`)).sort(),
      Contract.endpoints.map(({ group, name }) => `${group}.${name}`).sort()
    )
  })

  test("every member that its body may have is tried", () => {
    for (const { group, members, name } of Contract.endpoints) {
      const { bad, optional } = { bad: {}, optional: [], ...bodies[group]?.[name] }
      const wanted = (those: ReadonlyArray<Contract.Member>) => those.map(({ wire }) => wire).sort()
      assert.deepStrictEqual(Object.keys(bad).sort(), wanted(members), `${group}.${name}`)
      assert.deepStrictEqual([...optional].sort(), wanted(members.filter((_) => _.optional)), `${group}.${name}`)
    }
  })
})

const described = (value: unknown) => {
  const text = JSON.stringify(value) ?? "undefined"
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}

/** Asked without a seal. */
const plainly = ({ json, method, path }: { readonly json?: object; readonly method: string; readonly path: string }) =>
  Effect.gen(function*() {
    const shaped = yield* message({ method, path })
    const body = json === undefined ? undefined : JSON.stringify(json)
    const { body: plaintext, status } = yield* send({ ...shaped, authorization: undefined, body })
    return { status, plaintext }
  })

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

layer(Layer.provideMerge(Layer.merge(Layer.effectDiscard(organizationService), linked), TestPlatform.layer))(
  "the platform, asked by hand,",
  (it) => {
    for (const { errors, group, method, name, parameters, template } of Contract.endpoints) {
      const body = bodies[group]?.[name]
      const caller = callers[group]
      const path = template.replace(/:\w+/g, someId)

      /** The code of a refusal, and what was told in confidence. */
      const answerTo = (forgery: { readonly json?: object; readonly path?: string }) =>
        Effect.gen(function*() {
          const request = { method, path, ...(body === undefined ? {} : { json: body.json }), ...forgery }
          const by = caller === undefined ? undefined : yield* caller
          const answer = by === undefined
            ? yield* plainly(request)
            : yield* Effect.map(exchange({ ...request, ...by }), (answer) => ({
              status: answer.received.status,
              plaintext: opened(answer, by.key)
            }))
          return { code: answer.status < 400 ? "served" : codeOf(answer.plaintext), plaintext: answer.plaintext }
        })

      const refusedFor = (plaintext: string) => {
        const { error_detail: detail } = JSON.parse(plaintext) as { readonly error_detail: object }
        return Object.keys(detail)
      }

      describe(`for ${method} ${template}`, () => {
        test("has a caller if it is called under seal", () => {
          assert.strictEqual(caller === undefined, isPlain(path))
          assert.strictEqual(caller === undefined, !errors.includes("Unauthorized"))
        })

        if (caller !== undefined) {
          const request = { method, path, ...(body === undefined ? {} : { json: body.json }) }

          it.effect("refuses with 401 who is not who it says it is", () =>
            Effect.gen(function*() {
              const { issuer } = yield* caller
              const answer = yield* exchange({ ...request, issuer, key: TestKeys.stranger })
              assert.strictEqual(answer.received.status, 401)
              opened(answer)
            }))

          it.effect("refuses with 403 who is of another kind", () =>
            Effect.gen(function*() {
              const other = yield* callers[group === "service" ? "directory" : "service"] ?? caller
              const answer = yield* exchange({ ...request, ...other })
              assert.strictEqual(answer.received.status, 403)
              assert.strictEqual(codeOf(opened(answer, other.key)), "HTTP-403")
            }))
        }

        if (parameters.length > 0) {
          it.effect("refuses with 400 a path that holds something else than an id, and names which", () =>
            Effect.gen(function*() {
              for (const bad of badParameters) {
                const { code, plaintext } = yield* answerTo({ path: template.replace(/:\w+/g, bad) })
                assert.strictEqual(code, "ARG-001", bad)
                assert.deepStrictEqual(refusedFor(plaintext), parameters, bad)
              }
            }))
        }

        if (body === undefined) return

        const unread = ["ARG-001", "SVC-002", "DIR-001"]

        it.effect("reads a request that holds what it wants, null for nothing, and what nobody knows", () =>
          Effect.gen(function*() {
            const nulls = Object.fromEntries((body.optional ?? []).map((member) => [member, null]))
            const { code, plaintext } = yield* answerTo({ json: { ...body.json, ...nulls, favorite_color: "blue" } })
            assert.notInclude(unread, code, plaintext)
          }))

        if (body.good !== undefined) {
          it.effect("reads what is just within the limits, or is written unlike the platform writes it", () =>
            Effect.gen(function*() {
              for (const [member, values] of Object.entries(body.good ?? {})) {
                for (const value of values) {
                  const { code, plaintext } = yield* answerTo({ json: { ...body.json, [member]: value } })
                  assert.notInclude(unread, code, `${member}: ${described(value)}: ${plaintext}`)
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
                const { code, plaintext } = yield* answerTo({ json: { ...body.json, [member]: value } })
                assert.strictEqual(code, expected, `${member}: ${described(value)}`)
                // The code of its own says which member it is about.
                if (expected === "KEY-001" || expected === "DIR-001") continue
                assert.deepStrictEqual(refusedFor(plaintext), [member], `${member}: ${described(value)}`)
              }
            }
          }))
      })
    }
  }
)
