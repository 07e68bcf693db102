import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Equal from "effect/Equal"
import * as FastCheck from "effect/FastCheck"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as AuthPolicy from "../src/AuthPolicy.ts"
import * as Fence from "../src/Fence.ts"
import * as ServicePolicy from "../src/ServicePolicy.ts"

const read = (json: unknown) => Schema.decodeUnknown(ServicePolicy.ServicePolicy)(json)
const text = (policy: ServicePolicy.ServicePolicy) =>
  JSON.stringify(Schema.encodeSync(ServicePolicy.ServicePolicy)(policy))

const large = { name: "Large Fence", latitude: 45.125, longitude: 150.51, radius: 15200 }
const small = { name: "Small Fence", latitude: -50.0111, longitude: -140, radius: 100 }
const nevada = { name: "US-NV", country: "US", administrativeArea: "US-NV", postalCode: "89120" }
const california = { name: "US-CA", country: "US", administrativeArea: "US-CA", postalCode: "90001" }
const ontario = { name: "Ontario", country: "CA", administrativeArea: "CA-ON" }

const weekDays = {
  name: "Week Days",
  days: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
  start: { hour: 0, minute: 0 },
  end: { hour: 23, minute: 59 },
  timeZone: "America/Los_Angeles"
} as const
const weekEnds = { ...weekDays, name: "Week Ends", days: ["Saturday", "Sunday"], timeZone: "America/New_York" } as const

const wireLarge = { type: "GEO_CIRCLE", name: "Large Fence", radius: 15200, latitude: 45.125, longitude: 150.51 }
const wireOntario = { type: "TERRITORY", name: "Ontario", country: "CA", administrative_area: "CA-ON" }
const wireWeekDays = {
  name: "Week Days",
  days: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"],
  "start hour": 0,
  "start minute": 0,
  "end hour": 23,
  "end minute": 59,
  timezone: "America/Los_Angeles"
}

const conditional = (options: Partial<ServicePolicy.ConditionalOptions> = {}) =>
  ServicePolicy.conditionalGeofence({
    fences: [ontario],
    inside: ServicePolicy.factors(["possession"]),
    outside: ServicePolicy.methodAmount(1),
    ...options
  })

const wireConditional = {
  type: "COND_GEO",
  fences: [wireOntario],
  inside: { type: "FACTORS", fences: [], factors: ["POSSESSION"] },
  outside: { type: "METHOD_AMOUNT", fences: [], amount: 1 },
  deny_rooted_jailbroken: false,
  deny_emulator_simulator: false
}

const forced = { requirement: "forced requirement", quickfail: false, priority: 1 }

const issuesOf = (error: ParseResult.ParseError) =>
  ParseResult.ArrayFormatter.formatErrorSync(error).map(({ message, path }) => ({ path, message }))

describe("the JSON", () => {
  const writes = (name: string, policy: ServicePolicy.ServicePolicy, json: object) => {
    it(`${name} is written in its one form`, () => assert.strictEqual(text(policy), JSON.stringify(json)))
    it.effect(`${name} is read from it`, () =>
      Effect.gen(function*() {
        const decoded = yield* read(JSON.parse(JSON.stringify(json)))
        assert.deepStrictEqual(decoded, policy)
        assert.isTrue(Equal.equals(decoded, policy))
      }))
  }

  writes("an amount of methods", ServicePolicy.methodAmount(2, { fences: [large] }), {
    type: "METHOD_AMOUNT",
    fences: [wireLarge],
    amount: 2,
    deny_rooted_jailbroken: false,
    deny_emulator_simulator: false
  })

  for (const amount of [0, 1, 2, 3, 4, 5, 6, 7]) {
    writes(`an amount of ${amount}`, ServicePolicy.methodAmount(amount), {
      type: "METHOD_AMOUNT",
      fences: [],
      amount,
      deny_rooted_jailbroken: false,
      deny_emulator_simulator: false
    })
  }

  writes(
    "all factors",
    ServicePolicy.factors(["possession", "knowledge", "inherence"], { denyEmulatorSimulator: true }),
    {
      type: "FACTORS",
      fences: [],
      factors: ["INHERENCE", "KNOWLEDGE", "POSSESSION"],
      deny_rooted_jailbroken: false,
      deny_emulator_simulator: true
    }
  )

  for (
    const [factors, wire] of [
      [["inherence"], ["INHERENCE"]],
      [["knowledge"], ["KNOWLEDGE"]],
      [["possession"], ["POSSESSION"]],
      [["knowledge", "inherence"], ["INHERENCE", "KNOWLEDGE"]],
      [["possession", "inherence"], ["INHERENCE", "POSSESSION"]],
      [["knowledge", "possession"], ["KNOWLEDGE", "POSSESSION"]]
    ] as const
  ) {
    writes(`the factors ${factors.join(" and ")}`, ServicePolicy.factors(factors, { denyRootedJailbroken: true }), {
      type: "FACTORS",
      fences: [],
      factors: wire,
      deny_rooted_jailbroken: true,
      deny_emulator_simulator: false
    })
  }

  writes("a conditional geofence", conditional(), wireConditional)

  writes(
    "a conditional geofence turned around, for intact devices",
    conditional({
      fences: [large, ontario],
      inside: ServicePolicy.methodAmount(2),
      outside: ServicePolicy.factors(["knowledge"]),
      denyRootedJailbroken: true,
      denyEmulatorSimulator: true
    }),
    {
      type: "COND_GEO",
      fences: [wireLarge, wireOntario],
      inside: { type: "METHOD_AMOUNT", fences: [], amount: 2 },
      outside: { type: "FACTORS", fences: [], factors: ["KNOWLEDGE"] },
      deny_rooted_jailbroken: true,
      deny_emulator_simulator: true
    }
  )

  writes("no policy", ServicePolicy.none, { type: "LEGACY", minimum_requirements: [], factors: [] })

  writes(
    "a legacy policy with all there is",
    ServicePolicy.legacy({
      any: 2,
      denyRootedJailbroken: true,
      geofences: [{ name: "Location Alpha", latitude: 12.3, longitude: 23.4, radius: 500 }],
      timeFences: [weekDays, weekEnds]
    }),
    {
      type: "LEGACY",
      minimum_requirements: [{ requirement: "authenticated", any: 2, knowledge: 0, inherence: 0, possession: 0 }],
      factors: [
        {
          factor: "geofence",
          ...forced,
          attributes: { locations: [{ name: "Location Alpha", radius: 500, latitude: 12.3, longitude: 23.4 }] }
        },
        {
          factor: "timefence",
          ...forced,
          attributes: {
            "time fences": [
              wireWeekDays,
              { ...wireWeekDays, name: "Week Ends", days: ["Saturday", "Sunday"], timezone: "America/New_York" }
            ]
          }
        },
        { factor: "device integrity", ...forced, attributes: { "factor enabled": 1 } }
      ]
    }
  )

  writes(
    "a legacy policy of all factors",
    ServicePolicy.legacy({ factors: ["possession", "knowledge", "inherence"] }),
    {
      type: "LEGACY",
      minimum_requirements: [{ requirement: "authenticated", any: 0, knowledge: 1, inherence: 1, possession: 1 }],
      factors: []
    }
  )

  it.effect.prop("is read back, and has no null", [ServicePolicy.KnownPolicy], ([policy]) =>
    Effect.gen(function*() {
      const fences = policy._tag === "Legacy" ? [] : policy.fences
      // What an unknown fence holds is equal only to itself.
      FastCheck.pre(fences.every(({ _tag }) => _tag !== "UnknownFence"))
      const json = text(policy)
      JSON.parse(json, (member, value: unknown) => {
        assert.isNotNull(value, member)
        return value
      })
      assert.isTrue(Equal.equals(yield* read(JSON.parse(json)), policy))
    }))

  it.effect.prop(
    "of any kind is written as it was read",
    [ServicePolicy.ServicePolicy],
    ([policy]) =>
      Effect.gen(function*() {
        const json = text(policy)
        const again = yield* read(JSON.parse(json))
        assert.strictEqual(again._tag, policy._tag)
        assert.strictEqual(text(again), json)
      })
  )
})

describe("reading", () => {
  const readsAs = (name: string, json: unknown, expected: ServicePolicy.ServicePolicy) =>
    it.effect(name, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* read(json), expected)
      }))

  readsAs("a floating amount, and nothing else", { type: "METHOD_AMOUNT", amount: 2.0 }, ServicePolicy.methodAmount(2))
  readsAs("nulls", {
    type: "FACTORS",
    fences: null,
    factors: ["KNOWLEDGE"],
    deny_rooted_jailbroken: null,
    deny_emulator_simulator: null,
    amount: null
  }, ServicePolicy.factors(["knowledge"]))
  for (const [text, value] of [["true", true], ["True", true], ["false", false], ["False", false]] as const) {
    readsAs(
      `the text ${text} for a boolean`,
      { type: "METHOD_AMOUNT", amount: 1, deny_rooted_jailbroken: text, deny_emulator_simulator: text },
      ServicePolicy.methodAmount(1, { denyRootedJailbroken: value, denyEmulatorSimulator: value })
    )
  }
  readsAs("fences with null members", {
    type: "METHOD_AMOUNT",
    amount: 0,
    fences: [
      { ...wireLarge, name: null },
      { type: "TERRITORY", name: null, country: "CA", administrative_area: null, postal_code: null }
    ]
  }, ServicePolicy.methodAmount(0, { fences: [{ ...large, name: undefined }, { country: "CA" }] }))
  readsAs("branches without fences, as the Java SDK writes them", {
    ...wireConditional,
    inside: { type: "FACTORS", factors: ["POSSESSION"] },
    outside: { type: "METHOD_AMOUNT", amount: 1, fences: null, deny_rooted_jailbroken: null }
  }, conditional())

  it.effect("an administrative area that is newer than our list", () =>
    Effect.gen(function*() {
      const json = {
        type: "METHOD_AMOUNT",
        amount: 1,
        fences: [{ type: "TERRITORY", country: "XK", administrative_area: "XK-99" }]
      }
      const policy = yield* read(json)
      assert.deepStrictEqual(policy._tag === "MethodAmount" ? policy.fences : [], [
        new Fence.TerritoryFence({ country: "XK", administrativeArea: "XK-99" })
      ])
    }))

  it.effect("a fence of an unknown type, which stays what it is", () =>
    Effect.gen(function*() {
      const json = {
        type: "METHOD_AMOUNT",
        fences: [{ type: "POLYGON", corners: [1, 2] }],
        amount: 1,
        deny_rooted_jailbroken: false,
        deny_emulator_simulator: false
      }
      const policy = yield* read(json)
      assert.strictEqual(policy._tag, "MethodAmount")
      assert.strictEqual(text(policy), JSON.stringify(json))
    }))

  for (
    const json of [
      {},
      { type: null, amount: 2, fences: [] },
      { policy: { type: "METHOD_AMOUNT", amount: 2 } },
      { type: "VOICE", phrases: [null] },
      { type: "method_amount", amount: 1 },
      { ...wireConditional, inside: { type: "VOICE" } },
      { ...wireConditional, outside: { type: "VOICE" }, inside: null }
    ]
  ) {
    it.effect(`keeps ${JSON.stringify(json).slice(0, 60)} as it is`, () =>
      Effect.gen(function*() {
        const policy = yield* read(json)
        assert.strictEqual(policy._tag, "UnknownPolicy")
        assert.isTrue(ServicePolicy.isServicePolicy(policy))
        assert.strictEqual(text(policy), JSON.stringify(json))
        const error = yield* Effect.flip(Schema.decodeUnknown(ServicePolicy.KnownPolicy)(json))
        assert.include(
          error.message,
          "the type of the policy is unknown; give METHOD_AMOUNT, FACTORS, COND_GEO or LEGACY"
        )
      }))
  }

  readsAs("a type and no member", { type: "LEGACY" }, ServicePolicy.none)
  readsAs("a null type", { type: null, minimum_requirements: null, factors: null }, ServicePolicy.none)
  readsAs("a legacy policy without a type, as the .NET SDK writes it", {
    minimum_requirements: [{ requirement: "authenticated", any: 3 }],
    factors: [
      { factor: "device integrity", requirement: "forced requirement", attributes: { "factor enabled": 1 } },
      { factor: "timefence", requirement: "forced requirement", attributes: { "time fences": [wireWeekDays] } }
    ]
  }, ServicePolicy.legacy({ any: 3, denyRootedJailbroken: true, timeFences: [weekDays] }))
  readsAs("a legacy policy with members of other types", {
    type: "LEGACY",
    minimum_requirements: [],
    fences: [wireOntario],
    deny_emulator_simulator: true
  }, ServicePolicy.none)
  readsAs(
    "the flat form of the Python SDK",
    {
      type: "LEGACY",
      amount: 0,
      inherence_required: true,
      knowledge_required: false,
      possession_required: true,
      deny_rooted_jailbroken: true,
      fences: [wireLarge],
      time_restrictions: [wireWeekDays]
    },
    ServicePolicy.legacy({
      factors: ["inherence", "possession"],
      denyRootedJailbroken: true,
      geofences: [large],
      timeFences: [weekDays]
    })
  )
  readsAs("the flat form with an amount", { type: "LEGACY", amount: 2, fences: [] }, ServicePolicy.legacy({ any: 2 }))
  readsAs(
    "the flat form with knowledge",
    { type: "LEGACY", amount: 0, knowledge_required: true },
    ServicePolicy.legacy({
      factors: ["knowledge"]
    })
  )

  it.effect("a legacy geofence without a name", () =>
    Effect.gen(function*() {
      const policy = yield* read({
        factors: [{ factor: "geofence", attributes: { locations: [{ radius: 1, latitude: 2, longitude: 3 }] } }]
      })
      assert.deepStrictEqual(policy._tag === "Legacy" ? policy.geofences : [], [
        new Fence.GeoCircleFence({ radius: 1, latitude: 2, longitude: 3 })
      ])
    }))
})

describe("reading refuses", () => {
  const refuses = (name: string, json: unknown, path: ReadonlyArray<PropertyKey>, message: string) =>
    it.effect(name, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(issuesOf(yield* Effect.flip(read(json))), [{ path, message }])
      }))
  const amount = (members: object) => ({ type: "METHOD_AMOUNT", amount: 1, ...members })
  const nested = (members: object) => ({ ...wireConditional, inside: { ...wireConditional.inside, ...members } })

  refuses("text", "any two", [], "expected a JSON object")
  refuses("a list", [], [], "expected a JSON object")
  refuses("no amount", { type: "METHOD_AMOUNT" }, ["amount"], "is missing")
  refuses(
    "an amount of 8",
    amount({ amount: 8 }),
    ["amount"],
    "the amount of methods is 8; give a whole number from 0 to 7"
  )
  refuses(
    "half a method",
    amount({ amount: 1.5 }),
    ["amount"],
    "the amount of methods is 1.5; give a whole number from 0 to 7"
  )
  refuses(
    "a flag that is none",
    amount({ deny_rooted_jailbroken: "no" }),
    ["deny_rooted_jailbroken"],
    "not a boolean; give true or false"
  )
  refuses("fences that are no list", amount({ fences: {} }), ["fences"], "expected a list")
  refuses("a fence that is none", amount({ fences: [7] }), ["fences", 0], "expected a JSON object")
  refuses(
    "a circle beyond the pole",
    amount({ fences: [{ ...wireLarge, latitude: 91 }] }),
    ["fences", 0, "latitude"],
    "latitude is 91; give decimal degrees from -90 to 90"
  )
  refuses("a circle beyond the antimeridian", amount({ fences: [{ ...wireLarge, longitude: -181 }] }), [
    "fences",
    0,
    "longitude"
  ], "longitude is -181; give decimal degrees from -180 to 180")
  refuses(
    "a circle without extent",
    amount({ fences: [{ ...wireLarge, radius: 0 }] }),
    ["fences", 0, "radius"],
    "radius is 0; give a finite number of metres greater than 0"
  )
  refuses("a country in lower case", amount({ fences: [{ type: "TERRITORY", country: "ca" }] }), [
    "fences",
    0,
    "country"
  ], "country is not an ISO 3166-1 alpha-2 code; give one such as \"CA\"")
  refuses("an area elsewhere", amount({ fences: [{ ...wireOntario, administrative_area: "US-NV" }] }), [
    "fences",
    0,
    "administrativeArea"
  ], "administrative area lies in another country; give one that begins with the country's code")
  refuses("a postal code of 17 characters", amount({ fences: [{ ...wireOntario, postal_code: "1".repeat(17) }] }), [
    "fences",
    0,
    "postal_code"
  ], "postal code has 17 characters; shorten it to at most 16")
  refuses("two fences of one name", amount({ fences: [wireLarge, { ...wireOntario, name: "LARGE FENCE" }] }), [
    "fences",
    1,
    "name"
  ], "fence number 1 has this name already (without regard to case); give each fence its own, or none")
  refuses("no factors", { type: "FACTORS" }, ["factors"], "is missing")
  refuses(
    "an empty list of factors",
    { type: "FACTORS", factors: [] },
    ["factors"],
    "no factor is named; name at least one"
  )
  refuses(
    "a factor twice",
    { type: "FACTORS", factors: ["KNOWLEDGE", "KNOWLEDGE"] },
    ["factors"],
    "a factor is named twice; name each once"
  )
  refuses(
    "a factor in lower case",
    { type: "FACTORS", factors: ["knowledge"] },
    ["factors", 0],
    "not a factor; give \"INHERENCE\", \"KNOWLEDGE\" or \"POSSESSION\""
  )
  for (const member of ["fences", "inside", "outside"]) {
    refuses(`a condition without ${member}`, { ...wireConditional, [member]: null }, [member], "is missing")
  }
  refuses(
    "a condition on no fence",
    { ...wireConditional, fences: [] },
    ["fences"],
    "a conditional geofence has no fence; give at least one, or the policy that is to hold everywhere"
  )
  for (const type of ["COND_GEO", "LEGACY", null]) {
    refuses(
      `a branch of type ${type}`,
      nested({ type }),
      ["inside", "type"],
      "a conditional geofence nests METHOD_AMOUNT or FACTORS alone; give one of them"
    )
  }
  refuses(
    "a branch with a fence",
    nested({ fences: [wireLarge] }),
    ["inside", "fences"],
    "fences belong to the conditional geofence as a whole; leave them out here"
  )
  for (const member of ["deny_rooted_jailbroken", "deny_emulator_simulator"]) {
    for (const value of [true, false]) {
      refuses(
        `a branch with ${member} ${value}`,
        nested({ [member]: value }),
        ["inside", member],
        "belongs to the conditional geofence as a whole; leave it out here"
      )
    }
  }
  refuses("a branch of an impossible amount", { ...wireConditional, outside: { type: "METHOD_AMOUNT", amount: -1 } }, [
    "outside",
    "amount"
  ], "the amount of methods is -1; give a whole number from 0 to 7")
  refuses("a legacy amount with a factor", { minimum_requirements: [{ any: 1, knowledge: 1 }] }, [
    "minimum_requirements",
    0,
    "any"
  ], "an amount (any) and specific factors exclude each other; ask for one of them")
  refuses(
    "a flat legacy amount with a factor",
    { type: "LEGACY", amount: 1, possession_required: true },
    ["amount"],
    "an amount and specific factors exclude each other; ask for one of them"
  )
  refuses(
    "a legacy territory",
    { type: "LEGACY", amount: 1, fences: [wireOntario] },
    ["fences", 0],
    "a legacy policy knows circles alone; give one, or a policy of another type"
  )
  refuses(
    "an unknown legacy factor",
    { factors: [{ factor: "weather" }] },
    ["factors", 0, "factor"],
    "not a factor of a legacy policy; give \"device integrity\", \"geofence\" or \"timefence\""
  )
  const times = (...fences: ReadonlyArray<object>) => ({
    factors: fences.map((fence) => ({ factor: "timefence", attributes: { "time fences": [fence] } }))
  })
  const time = (n: number) => ["factors", n, "attributes", "time fences", 0]
  refuses(
    "a time fence without a day",
    times({ ...wireWeekDays, days: [] }),
    [...time(0), "days"],
    "no day is named; name at least one"
  )
  refuses("two time fences of one name", times(wireWeekDays, { ...wireWeekDays, name: "week days" }), [
    ...time(1),
    "name"
  ], "time fence number 1 has this name already (without regard to case); give each time fence its own")
  const places = (...locations: ReadonlyArray<object>) => ({
    factors: [{ factor: "geofence", attributes: { locations } }]
  })
  refuses("two legacy geofences of one name", places(large, large), [
    "factors",
    0,
    "attributes",
    "locations",
    1,
    "name"
  ], "geofence number 1 has this name already (without regard to case); give each geofence its own, or none")
})

describe("options that come from outside", () => {
  const refuses = (
    name: string,
    options: unknown,
    ...issues: ReadonlyArray<readonly [path: string, problem: string]>
  ) =>
    it.effect(`are refused with ${name}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(ServicePolicy.fromOptions(options))
        assert.strictEqual(error._tag, "InvalidPolicy")
        assert.deepStrictEqual(error.issues.map(({ path, problem }) => [path, problem] as const), issues)
      }))
  const amount = (members: object) => ({ _tag: "MethodAmount", amount: 1, ...members })
  const cond = (members: object) => ({
    _tag: "ConditionalGeofence",
    fences: [ontario],
    inside: { _tag: "Factors", factors: ["possession"] },
    outside: { _tag: "MethodAmount", amount: 1 },
    ...members
  })
  const whole = "belongs to the conditional geofence as a whole; give it there"
  const branches = "a conditional geofence nests an amount of methods or factors alone; give one of them"

  for (
    const policy of [
      ServicePolicy.methodAmount(3, { fences: [large, small, nevada, california], denyEmulatorSimulator: true }),
      ServicePolicy.factors(["knowledge"], { fences: [large], denyRootedJailbroken: true }),
      conditional()
    ]
  ) {
    it(`may be a policy itself, such as ${policy._tag}`, () => {
      // the hash that comparing leaves in a value is no member
      assert.isTrue(Equal.equals(policy, policy))
      assert.deepStrictEqual(ServicePolicy.fromOptions(policy), Either.right(policy))
    })
  }

  it("make a legacy policy too", () =>
    assert.deepStrictEqual(
      ServicePolicy.fromOptions({ _tag: "Legacy", any: 1, geofences: [large], timeFences: null }),
      Either.right(ServicePolicy.legacy({ any: 1, geofences: [large] }))
    ))

  refuses("no object", 7, ["", "expected a JSON object"])
  refuses("no kind", { amount: 1 }, ["amount", "is unexpected, expected: \"_tag\""], ["_tag", "is missing"])
  refuses("another kind", { _tag: "UnknownPolicy" }, [
    "_tag",
    "not a kind of policy; give \"MethodAmount\", \"Factors\", \"ConditionalGeofence\" or \"Legacy\""
  ])
  refuses("an amount of eight", amount({ amount: 8 }), [
    "amount",
    "the amount of methods is 8; give a whole number from 0 to 7"
  ])
  refuses("both an amount and factors", amount({ factors: ["knowledge"] }), [
    "factors",
    "is unexpected, expected: \"_tag\" | \"amount\" | \"fences\" | \"denyRootedJailbroken\" | \"denyEmulatorSimulator\""
  ])
  for (const fence of [7, null, "Nevada", {}, ServicePolicy.none]) {
    refuses(`${JSON.stringify(fence)} for a fence`, amount({ fences: [large, fence] }), [
      "fences[1]",
      "not a fence; give a circle (latitude, longitude, radius) or a territory (country)"
    ])
  }
  refuses("a country that is none", amount({ fences: [{ country: "ZZ" }] }), [
    "fences[0].country",
    "ZZ is not assigned in ISO 3166-1; give a country's code such as \"CA\""
  ])
  refuses("an area that is none", amount({ fences: [{ ...ontario, administrativeArea: "CA-XX" }] }), [
    "fences[0].administrativeArea",
    "CA-XX is not a subdivision in ISO 3166-2; give one such as \"CA-ON\""
  ])
  refuses("an area of another country", amount({ fences: [{ ...ontario, administrativeArea: "US-NV" }] }), [
    "fences[0].administrativeArea",
    "administrative area lies in another country; give one that begins with the country's code"
  ])
  refuses("an area without a country", amount({ fences: [{ administrativeArea: "US-NV" }] }), [
    "fences[0].country",
    "is missing"
  ])
  refuses(
    "a territory that the list does not know, although it could be read",
    amount({
      fences: [new Fence.TerritoryFence({ country: "XK" })]
    }),
    ["fences[0].country", "XK is not assigned in ISO 3166-1; give a country's code such as \"CA\""]
  )
  refuses(
    "several mistakes, all of them told",
    amount({
      amount: Number.NaN,
      fences: [{ ...large, radius: -1, latitude: 100 }, { ...nevada, postalCode: "" }],
      denyEmulatorSimulator: 1
    }),
    ["amount", "the amount of methods is NaN; give a whole number from 0 to 7"],
    [
      "fences[0].radius",
      "radius is -1; give a finite number of metres greater than 0"
    ],
    ["fences[0].latitude", "latitude is 100; give decimal degrees from -90 to 90"],
    [
      "fences[1].postalCode",
      "postal code is empty; give at least 1 character"
    ],
    ["denyEmulatorSimulator", "not a boolean; give true or false"]
  )
  refuses("no factor", { _tag: "Factors", factors: [] }, [
    "factors",
    "no factor is named; name at least one, or leave the factors out"
  ])
  refuses("a condition on no fence", cond({ fences: [] }), [
    "fences",
    "a conditional geofence has no fence; give at least one, or the policy that is to hold everywhere"
  ])

  for (const member of ["inside", "outside"] as const) {
    for (const branch of [ServicePolicy.factors(["knowledge"]), ServicePolicy.methodAmount(2)]) {
      for (const denial of ["denyRootedJailbroken", "denyEmulatorSimulator"] as const) {
        refuses(`${branch._tag} that has ${denial} ${member}`, cond({ [member]: { ...branch, [denial]: true } }), [
          `${member}.${denial}`,
          whole
        ])
      }
      refuses(`${branch._tag} that has fences ${member}`, cond({ [member]: { ...branch, fences: [large] } }), [
        `${member}.fences`,
        whole
      ])
    }
    refuses(`a condition ${member}`, cond({ [member]: conditional() }), [`${member}._tag`, branches])
    refuses(`a legacy policy ${member}`, cond({ [member]: ServicePolicy.none }), [`${member}._tag`, branches])
    refuses(`the policy of a request ${member}`, cond({ [member]: AuthPolicy.any(1) }), [`${member}._tag`, branches])
    refuses(`nothing ${member}`, cond({ [member]: null }), [member, "is missing"])
  }

  refuses("a legacy amount with factors", { _tag: "Legacy", any: 1, factors: ["knowledge"] }, [
    "factors",
    "an amount (any) and factors exclude each other; give one of them"
  ])
  refuses("a legacy geofence without a name", { _tag: "Legacy", geofences: [{ ...large, name: undefined }] }, [
    "geofences[0].name",
    "a geofence of a legacy policy needs a name, without which a reader in use refuses it"
  ])
  refuses(
    "a legacy geofence that is a territory",
    { _tag: "Legacy", geofences: [ontario] },
    [
      "geofences[0].country",
      "is unexpected, expected: \"name\" | \"radius\" | \"latitude\" | \"longitude\""
    ],
    [
      "geofences[0].administrativeArea",
      "is unexpected, expected: \"name\" | \"radius\" | \"latitude\" | \"longitude\""
    ],
    ["geofences[0].radius", "is missing"],
    ["geofences[0].latitude", "is missing"],
    [
      "geofences[0].longitude",
      "is missing"
    ]
  )
  refuses(
    "two legacy geofences of one name",
    { _tag: "Legacy", geofences: [large, { ...small, name: "large fence" }] },
    [
      "geofences[1].name",
      "geofence number 1 has this name already (without regard to case); give each geofence its own"
    ]
  )
  refuses("an emulator in a legacy policy", { _tag: "Legacy", denyEmulatorSimulator: true }, [
    "denyEmulatorSimulator",
    "is unexpected, expected: \"_tag\" | \"any\" | \"factors\" | \"denyRootedJailbroken\" | \"geofences\" | \"timeFences\""
  ])
})

describe("literals", () => {
  it("that cannot be throw the typed error", () => {
    assert.throws(() => ServicePolicy.methodAmount(8), AuthPolicy.InvalidPolicy)
    assert.throws(() => ServicePolicy.factors([]), AuthPolicy.InvalidPolicy)
    assert.throws(() => ServicePolicy.legacy({ any: -1 }), AuthPolicy.InvalidPolicy)
    assert.throws(() => conditional({ fences: [] }), AuthPolicy.InvalidPolicy)
  })

  it("that nest what cannot be nested do not compile", () => {
    const rooted = ServicePolicy.factors(["knowledge"], { denyRootedJailbroken: true })
    // @ts-expect-error a denial belongs to the whole
    assert.throws(() => conditional({ inside: rooted }), AuthPolicy.InvalidPolicy)
    // @ts-expect-error fences belong to the whole
    assert.throws(() => conditional({ inside: ServicePolicy.methodAmount(1, { fences: [large] }) }))
    // @ts-expect-error a condition holds no other
    assert.throws(() => conditional({ inside: conditional() }), AuthPolicy.InvalidPolicy)
    // @ts-expect-error nor a legacy policy
    assert.throws(() => conditional({ outside: ServicePolicy.none }), AuthPolicy.InvalidPolicy)
  })

  it.effect("and plain objects are no policy", () =>
    Effect.gen(function*() {
      const forged = {
        _tag: "MethodAmount",
        amount: 1,
        fences: [],
        denyRootedJailbroken: false,
        denyEmulatorSimulator: false
      }
      assert.isFalse(ServicePolicy.isServicePolicy(forged))
      assert.isFalse(ServicePolicy.isServicePolicy(AuthPolicy.any(1)))
      assert.isFalse(AuthPolicy.isAuthPolicy(ServicePolicy.methodAmount(1)))
      const error = yield* Effect.flip(Schema.encodeUnknown(ServicePolicy.ServicePolicy)(forged))
      assert.include(error.message, "not the policy of a service; build one with the constructors of ServicePolicy")
    }))
})

describe("a policy", () => {
  it("is told to be unrestricted where nothing but its requirement is set", () => {
    assert.isTrue(ServicePolicy.isUnrestricted(ServicePolicy.methodAmount(1)))
    assert.isTrue(ServicePolicy.isUnrestricted(ServicePolicy.factors(["knowledge"], {})))
    assert.isFalse(ServicePolicy.isUnrestricted(ServicePolicy.methodAmount(1, { fences: [large] })))
    assert.isFalse(ServicePolicy.isUnrestricted(ServicePolicy.methodAmount(1, { denyRootedJailbroken: true })))
    assert.isFalse(ServicePolicy.isUnrestricted(ServicePolicy.methodAmount(1, { denyEmulatorSimulator: true })))
    assert.isFalse(ServicePolicy.isUnrestricted(conditional()))
    assert.isFalse(ServicePolicy.isUnrestricted(ServicePolicy.none))
  })

  it.effect("gains and loses fences, and stays as it was otherwise", () =>
    Effect.gen(function*() {
      const policy = yield* ServicePolicy.factors(["knowledge"], { denyRootedJailbroken: true }).pipe(
        ServicePolicy.withFences([large, nevada]),
        Either.flatMap(ServicePolicy.withFences([california]))
      )
      assert.deepStrictEqual(
        policy,
        ServicePolicy.factors(["knowledge"], { denyRootedJailbroken: true, fences: [large, nevada, california] })
      )
      const fewer = yield* ServicePolicy.withoutFence(policy, "us-nv")
      assert.deepStrictEqual(fewer.fences.map(({ _tag }) => _tag), ["GeoCircleFence", "TerritoryFence"])
      const amount = yield* ServicePolicy.withFences(ServicePolicy.methodAmount(2), [large])
      assert.strictEqual(amount.amount, 2)
    }))

  it.effect("that was read with an area we do not know may gain another fence", () =>
    Effect.gen(function*() {
      const policy = yield* read({
        type: "METHOD_AMOUNT",
        amount: 1,
        fences: [{ type: "TERRITORY", country: "CA", administrative_area: "CA-ZZ" }, { type: "POLYGON" }]
      })
      if (policy._tag !== "MethodAmount") return assert.fail(policy._tag)
      const more = yield* ServicePolicy.withFences(policy, [large])
      assert.deepStrictEqual(more.fences.map(({ _tag }) => _tag), ["TerritoryFence", "UnknownFence", "GeoCircleFence"])
      const copied = ServicePolicy.methodAmount(1, { fences: more.fences.slice(1) })
      assert.strictEqual(copied.fences.length, 2)
    }))

  it.effect("refuses a fence whose name it has", () =>
    Effect.gen(function*() {
      const error = yield* ServicePolicy.methodAmount(1, { fences: [large] }).pipe(
        ServicePolicy.withFences([{ ...nevada, name: "LARGE FENCE" }]),
        Effect.flip
      )
      assert.deepStrictEqual(error.issues.map(({ path }) => path), ["fences[1].name"])
    }))

  it.effect("names its fences where the one to remove is not among them", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ServicePolicy.withoutFence(conditional(), "Nevada"))
      assert.deepStrictEqual([...error.issues], [{
        path: "fences",
        problem: "no fence has the name to remove; the names are \"Ontario\""
      }])
    }))

  it.effect("with a condition keeps its last fence", () =>
    Effect.gen(function*() {
      const more = yield* conditional().pipe(ServicePolicy.withFences([large]))
      assert.strictEqual((yield* ServicePolicy.withoutFence(more, "ontario")).fences.length, 1)
      const error = yield* Effect.flip(ServicePolicy.withoutFence(conditional(), "Ontario"))
      assert.include(error.message, "fences: a conditional geofence has no fence; give at least one")
    }))

  it.effect("of the first form gains and loses geofences and times", () =>
    Effect.gen(function*() {
      const policy = yield* ServicePolicy.legacy({ any: 1 }).pipe(
        ServicePolicy.withGeofences([large]),
        Either.flatMap(ServicePolicy.withTimeFences([weekDays, weekEnds])),
        Either.map(ServicePolicy.withDenyRootedJailbroken(true))
      )
      assert.deepStrictEqual(
        policy,
        ServicePolicy.legacy({
          any: 1,
          denyRootedJailbroken: true,
          geofences: [large],
          timeFences: [weekDays, weekEnds]
        })
      )
      const without = yield* ServicePolicy.withoutFence(policy, "large fence").pipe(
        Either.flatMap(ServicePolicy.withoutTimeFence("WEEK DAYS"))
      )
      assert.deepStrictEqual(
        without,
        ServicePolicy.legacy({ any: 1, denyRootedJailbroken: true, timeFences: [weekEnds] })
      )
      const twin = yield* Effect.flip(ServicePolicy.withTimeFences(without, [{ ...weekDays, name: "week ends" }]))
      assert.deepStrictEqual(twin.issues.map(({ path }) => path), ["timeFences[1].name"])
      const gone = yield* Effect.flip(ServicePolicy.withoutTimeFence(without, "Week Days"))
      assert.include(gone.message, "no time fence has the name to remove; the names are \"Week Ends\"")
    }))

  it("gains and loses its denials", () => {
    const policy = conditional().pipe(
      ServicePolicy.withDenyRootedJailbroken(true),
      ServicePolicy.withDenyEmulatorSimulator(true)
    )
    assert.deepStrictEqual(policy, conditional({ denyRootedJailbroken: true, denyEmulatorSimulator: true }))
    assert.deepStrictEqual(
      policy.pipe(ServicePolicy.withDenyRootedJailbroken(false), ServicePolicy.withDenyEmulatorSimulator(false)),
      conditional()
    )
    const denying = ServicePolicy.withDenyEmulatorSimulator(ServicePolicy.methodAmount(1), true)
    // @ts-expect-error it may no longer be nested
    assert.throws(() => conditional({ inside: denying }), AuthPolicy.InvalidPolicy)
  })

  it.effect("is matched by its kind", () =>
    Effect.gen(function*() {
      const name = ServicePolicy.match({
        MethodAmount: ({ amount }) => `${amount} methods`,
        Factors: ({ factors }) => factors.join(),
        ConditionalGeofence: ({ inside }) => `inside ${inside._tag}`,
        Legacy: ({ requirement }) => requirement._tag,
        UnknownPolicy: ({ json }) => String(json["type"])
      })
      assert.deepStrictEqual(
        [
          ServicePolicy.methodAmount(2),
          ServicePolicy.factors(["possession", "inherence"]),
          conditional(),
          ServicePolicy.none,
          yield* read({ type: "VOICE" })
        ].map(name),
        ["2 methods", "inherence,possession", "inside Factors", "None", "VOICE"]
      )
    }))
})
