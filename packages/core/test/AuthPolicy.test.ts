import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Equal from "effect/Equal"
import * as FastCheck from "effect/FastCheck"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as AuthPolicy from "../src/AuthPolicy.ts"

const text = (policy: AuthPolicy.AuthPolicy) => JSON.stringify(Schema.encodeSync(AuthPolicy.AuthPolicy)(policy))
const read = (json: unknown) => Schema.decodeUnknown(AuthPolicy.AuthPolicy)(json)

const integrity = (enabled: 0 | 1) =>
  `{"factor":"device integrity","requirement":"forced requirement","quickfail":false,"priority":1,"attributes":{"factor enabled":${enabled}}}`
const geofence = (...locations: ReadonlyArray<string>) =>
  `{"factor":"geofence","requirement":"forced requirement","quickfail":false,"priority":1,"attributes":{"locations":[${
    locations.join(",")
  }]}}`
const office = { name: "Office", radius: 150, latitude: 23.4, longitude: -56.7 }

describe("the JSON of the Python SDK 4", () => {
  it("any two factors", () =>
    assert.strictEqual(
      text(AuthPolicy.any(2)),
      `{"minimum_requirements":[{"requirement":"authenticated","any":2,"knowledge":0,"inherence":0,"possession":0}],"factors":[${
        integrity(0)
      }]}`
    ))

  it("knowledge and inherence", () =>
    assert.strictEqual(
      text(AuthPolicy.factors(["knowledge", "inherence"])),
      `{"minimum_requirements":[{"requirement":"authenticated","any":0,"knowledge":1,"inherence":1,"possession":0}],"factors":[${
        integrity(0)
      }]}`
    ))

  it("the empty policy has no minimum requirement and the device integrity factor off", () => {
    assert.strictEqual(text(AuthPolicy.none()), `{"minimum_requirements":[],"factors":[${integrity(0)}]}`)
    assert.strictEqual(text(AuthPolicy.any(0)), text(AuthPolicy.none()))
  })

  it("two factors and no jailbroken or rooted device", () =>
    assert.strictEqual(
      text(AuthPolicy.any(2, { denyRootedJailbroken: true })),
      `{"minimum_requirements":[{"requirement":"authenticated","any":2,"knowledge":0,"inherence":0,"possession":0}],"factors":[${
        integrity(1)
      }]}`
    ))

  it("an unnamed geofence has no name member", () =>
    assert.strictEqual(
      text(AuthPolicy.none({ geofences: [{ latitude: 27.175, longitude: 78.0422, radius: 195 }] })),
      `{"minimum_requirements":[],"factors":[${integrity(0)},${
        geofence("{\"radius\":195,\"latitude\":27.175,\"longitude\":78.0422}")
      }]}`
    ))

  it("several geofences share one factor, in the order given", () =>
    assert.strictEqual(
      text(AuthPolicy.none({
        geofences: [new AuthPolicy.Geofence(office), { name: undefined, latitude: -1, longitude: 0, radius: 5 }]
      })),
      `{"minimum_requirements":[],"factors":[${integrity(0)},${
        geofence(
          "{\"name\":\"Office\",\"radius\":150,\"latitude\":23.4,\"longitude\":-56.7}",
          "{\"radius\":5,\"latitude\":-1,\"longitude\":0}"
        )
      }]}`
    ))

  it("coordinates keep every digit", () =>
    assert.include(
      text(AuthPolicy.none({
        geofences: [{ latitude: 45.48805749706375, longitude: -122.70492553710936, radius: 27500 }]
      })),
      "{\"radius\":27500,\"latitude\":45.48805749706375,\"longitude\":-122.70492553710936}"
    ))
})

describe("reading", () => {
  const readsAs = (name: string, json: unknown, expected: AuthPolicy.AuthPolicy) =>
    it.effect(name, () =>
      Effect.gen(function*() {
        const policy = yield* read(json)
        assert.deepStrictEqual(policy, expected)
        assert.isTrue(Equal.equals(policy, expected))
      }))

  readsAs("the Java SDK's nulls and its order of factors", {
    minimum_requirements: [{
      requirement: "authenticated",
      any: 3,
      knowledge: null,
      inherence: null,
      possession: null
    }],
    factors: [
      {
        factor: "geofence",
        requirement: "forced requirement",
        priority: 1,
        attributes: { locations: [{ ...office, name: null }] }
      },
      {
        factor: "device integrity",
        requirement: "forced requirement",
        priority: 1,
        attributes: { "factor enabled": 1 }
      }
    ]
  }, AuthPolicy.any(3, { denyRootedJailbroken: true, geofences: [{ latitude: 23.4, longitude: -56.7, radius: 150 }] }))

  readsAs("the .NET SDK's omissions", {
    minimum_requirements: [{ requirement: "authenticated", possession: 1, knowledge: 1 }],
    factors: [{ factor: "device integrity", requirement: "forced requirement", attributes: { "factor enabled": 0 } }]
  }, AuthPolicy.factors(["knowledge", "possession"]))

  readsAs("no member at all", {}, AuthPolicy.none())
  readsAs("only nulls", { type: null, minimum_requirements: null, factors: null }, AuthPolicy.none())
  readsAs("the form of the Python SDK 3.0", { factors: [] }, AuthPolicy.none())
  readsAs("the type LEGACY and members it does not know", {
    type: "LEGACY",
    deny_emulator_simulator: true,
    minimum_requirements: [{ any: 2.0, colour: "red" }]
  }, AuthPolicy.any(2))
  readsAs("the older name of the amount, where any is 0", {
    minimum_requirements: [{ requirement: "authenticated", any: 0, all: 2 }]
  }, AuthPolicy.any(2))
  readsAs("a minimum requirement that requires nothing", { minimum_requirements: [{}] }, AuthPolicy.none())
  for (const enabled of [1, "1", true]) {
    readsAs(`factor enabled ${JSON.stringify(enabled)}`, {
      factors: [{ factor: "device integrity", attributes: { "factor enabled": enabled } }]
    }, AuthPolicy.none({ denyRootedJailbroken: true }))
  }
  for (const enabled of [0, "0", false, null]) {
    readsAs(`factor enabled ${JSON.stringify(enabled)}`, {
      factors: [{ factor: "device integrity", attributes: { "factor enabled": enabled } }]
    }, AuthPolicy.none())
  }
  readsAs("factors without attributes", {
    factors: [{ factor: "device integrity" }, { factor: "geofence", attributes: null }]
  }, AuthPolicy.none())
  readsAs("the geofences of two factors together", {
    factors: [
      { factor: "geofence", attributes: { locations: [office] } },
      { factor: "geofence", attributes: { locations: [{ ...office, name: "Home" }] } }
    ]
  }, AuthPolicy.none({ geofences: [office, { ...office, name: "Home" }] }))

  const refuses = (name: string, json: unknown, path: ReadonlyArray<PropertyKey>, message: string) =>
    it.effect(`refuses ${name}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(read(json))
        assert.strictEqual(error._tag, "ParseError")
        assert.deepStrictEqual(
          ParseResult.ArrayFormatter.formatErrorSync(error).map(({ message, path }) => ({ path, message })),
          [{ path, message }]
        )
      }))
  const at = (location: object) => ({ factors: [{ factor: "geofence", attributes: { locations: [location] } }] })
  const place = (member: string) => ["factors", 0, "attributes", "locations", 0, member]

  refuses("text", "any two", [], "expected a JSON object")
  refuses("a list", [], [], "expected a JSON object")
  for (const type of ["METHOD_AMOUNT", "FACTORS", "COND_GEO"]) {
    refuses(
      `a policy of type ${type}`,
      { type, fences: [] },
      ["type"],
      `a policy of type ${type} belongs to a service; an authorization request takes one without a type`
    )
  }
  refuses(
    "a policy of an unknown type without repeating it",
    { type: "SECRET" },
    ["type"],
    "the type of the policy is unknown; an authorization request takes one without a type"
  )
  refuses(
    "an amount together with a factor",
    { minimum_requirements: [{ any: 1, knowledge: 1 }] },
    ["minimum_requirements", 0, "any"],
    "an amount (any) and specific factors exclude each other; ask for one of them"
  )
  refuses(
    "an amount of eight",
    { minimum_requirements: [{ any: 8 }] },
    ["minimum_requirements", 0, "any"],
    "the amount of methods is 8; give a whole number from 0 to 7"
  )
  refuses(
    "a fraction of a method",
    { minimum_requirements: [{ any: 1.5 }] },
    ["minimum_requirements", 0, "any"],
    "the amount of methods is 1.5; give a whole number from 0 to 7"
  )
  refuses(
    "an amount in text",
    { minimum_requirements: [{ any: "2" }] },
    ["minimum_requirements", 0, "any"],
    "the amount of methods is not a number; give a whole number from 0 to 7"
  )
  refuses(
    "a flag of two",
    { minimum_requirements: [{ knowledge: 2 }] },
    ["minimum_requirements", 0, "knowledge"],
    "not a flag; give 0 or 1"
  )
  refuses(
    "a requirement that is not authenticated",
    { minimum_requirements: [{ requirement: "enabled", any: 1 }] },
    ["minimum_requirements", 0, "requirement"],
    "only the requirement \"authenticated\" is supported"
  )
  refuses(
    "two minimum requirements",
    { minimum_requirements: [{ any: 1 }, { any: 2 }] },
    ["minimum_requirements"],
    "more than one minimum requirement; give one that holds all"
  )
  refuses("factors that are no list", { factors: {} }, ["factors"], "expected a list")
  refuses(
    "a time fence",
    { factors: [{ factor: "timefence", attributes: {} }] },
    ["factors", 0, "factor"],
    "time fences belong to the policy of a service; an authorization request cannot hold one"
  )
  refuses(
    "an unknown factor",
    { factors: [{ factor: "weather" }] },
    ["factors", 0, "factor"],
    "not a factor of an authorization request; give \"device integrity\" or \"geofence\""
  )
  refuses(
    "a factor that is only allowed",
    { factors: [{ factor: "geofence", requirement: "allowed" }] },
    ["factors", 0, "requirement"],
    "only the requirement \"forced requirement\" is supported"
  )
  refuses(
    "a priority in text",
    { factors: [{ factor: "geofence", priority: "high" }] },
    ["factors", 0, "priority"],
    "priority is not a number"
  )
  refuses(
    "a latitude beyond the pole",
    at({ ...office, latitude: 90.1 }),
    place("latitude"),
    "latitude is 90.1; give decimal degrees from -90 to 90"
  )
  refuses(
    "a longitude beyond the antimeridian",
    at({ ...office, longitude: -180.5 }),
    place("longitude"),
    "longitude is -180.5; give decimal degrees from -180 to 180"
  )
  refuses(
    "a radius of nothing",
    at({ ...office, radius: 0 }),
    place("radius"),
    "radius is 0; give a finite number of metres greater than 0"
  )
  refuses("a radius in text", at({ ...office, radius: "5" }), place("radius"), "radius is not a number")
  refuses("a geofence without a radius", at({ latitude: 1, longitude: 1 }), place("radius"), "is missing")
  refuses(
    "two geofences whose names differ only in case",
    { factors: [{ factor: "geofence", attributes: { locations: [office, { ...office, name: "OFFICE" }] } }] },
    ["factors", 0, "attributes", "locations", 1, "name"],
    "geofence number 1 has this name already (without regard to case); give each geofence its own, or none"
  )
})

describe("options", () => {
  const refuses = (
    name: string,
    options: unknown,
    ...issues: ReadonlyArray<readonly [path: string, problem: string]>
  ) =>
    it.effect(`are refused with ${name}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(AuthPolicy.fromOptions(options))
        assert.strictEqual(error._tag, "InvalidPolicy")
        assert.deepStrictEqual(error.issues.map(({ path, problem }) => [path, problem] as const), issues)
      }))

  refuses("an amount and a factor", { any: 1, factors: ["knowledge"] }, [
    "factors",
    "an amount (any) and factors exclude each other; give one of them"
  ])
  refuses("an amount of eight", { any: 8 }, ["any", "the amount of methods is 8; give a whole number from 0 to 7"])
  refuses("a negative amount", { any: -1 }, ["any", "the amount of methods is -1; give a whole number from 0 to 7"])
  refuses("no factor in the list", { factors: [] }, [
    "factors",
    "no factor is named; name at least one, or leave the factors out"
  ])
  refuses("a factor twice", { factors: ["knowledge", "knowledge"] }, [
    "factors",
    "a factor is named twice; name each once"
  ])
  refuses("an unknown factor", { factors: ["smell"] }, [
    "factors[0]",
    "not a factor; give \"inherence\", \"knowledge\" or \"possession\""
  ])
  refuses("text for a boolean", { denyRootedJailbroken: "yes" }, [
    "denyRootedJailbroken",
    "not a boolean; give true or false"
  ])
  refuses("a misspelt member", { geofence: [] }, [
    "geofence",
    "is unexpected, expected: \"any\" | \"factors\" | \"denyRootedJailbroken\" | \"geofences\""
  ])
  refuses("nothing at all", undefined, ["", "expected a JSON object"])
  refuses(
    "several mistakes, all of them told",
    { any: Number.NaN, geofences: [office, { ...office, name: "x".repeat(256), latitude: -91, radius: Infinity }] },
    ["any", "the amount of methods is NaN; give a whole number from 0 to 7"],
    ["geofences[1].name", "the name of a fence has 256 characters; shorten it to at most 255"],
    ["geofences[1].radius", "radius is Infinity; give a finite number of metres greater than 0"],
    ["geofences[1].latitude", "latitude is -91; give decimal degrees from -90 to 90"]
  )
  refuses("names that differ only in case", { geofences: [office, { ...office, name: "oFFice" }] }, [
    "geofences[1].name",
    "geofence number 1 has this name already (without regard to case); give each geofence its own, or none"
  ])

  it("an illegal literal throws the typed error, whose message tells all", () => {
    const thrown = Either.flip(Either.try({
      try: () => AuthPolicy.any(9),
      catch: (error) => error
    })).pipe(Either.getOrThrow)
    assert.instanceOf(thrown, AuthPolicy.InvalidPolicy)
    assert.strictEqual(
      thrown.message,
      "The policy cannot be: any: the amount of methods is 9; give a whole number from 0 to 7."
    )
    assert.throws(() => AuthPolicy.factors([]), AuthPolicy.InvalidPolicy)
    assert.throws(() => AuthPolicy.none({ geofences: [{ ...office, radius: -1 }] }), AuthPolicy.InvalidPolicy)
    assert.strictEqual(
      new AuthPolicy.InvalidPolicy({ issues: [{ path: "", problem: "expected a JSON object" }] }).message,
      "The policy cannot be: expected a JSON object."
    )
  })

  it("an amount with factors, or a plain object for a policy, does not compile", () => {
    // @ts-expect-error the two exclude each other
    assert.throws(() => AuthPolicy.make({ any: 1, factors: ["knowledge"] }), AuthPolicy.InvalidPolicy)
    // @ts-expect-error only the constructors make a policy
    const forged: AuthPolicy.AuthPolicy = { requirement: { _tag: "None" }, denyRootedJailbroken: false, geofences: [] }
    assert.isFalse(AuthPolicy.isAuthPolicy(forged))
  })

  it.effect("a plain object is not written for a policy", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Schema.encodeUnknown(AuthPolicy.AuthPolicy)({ requirement: { _tag: "None" } }))
      assert.include(error.message, "not an authorization policy; build one with AuthPolicy.any")
    }))
})

describe("a policy", () => {
  it("equals another by its members, whatever the order of its factors", () => {
    assert.isTrue(AuthPolicy.isAuthPolicy(AuthPolicy.none()))
    assert.isTrue(Equal.equals(
      AuthPolicy.factors(["possession", "knowledge"], { geofences: [office] }),
      AuthPolicy.factors(["knowledge", "possession"], { geofences: [new AuthPolicy.Geofence(office)] })
    ))
    assert.isFalse(Equal.equals(AuthPolicy.any(1), AuthPolicy.any(2)))
  })

  it("lists its factors in the order of the wire", () =>
    assert.deepStrictEqual(AuthPolicy.factors(["possession", "inherence"]).requirement, {
      _tag: "Factors",
      factors: ["inherence", "possession"]
    }))

  it.effect("gains and loses geofences and stays as it was otherwise", () =>
    Effect.gen(function*() {
      const policy = yield* AuthPolicy.any(2).pipe(
        AuthPolicy.withJailbreakProtection,
        AuthPolicy.withGeofence(office),
        Either.flatMap(
          AuthPolicy.withGeofences([{ ...office, name: "Home" }, { radius: 1, latitude: 2, longitude: 3 }])
        )
      )
      assert.deepStrictEqual(
        policy,
        AuthPolicy.any(2, {
          denyRootedJailbroken: true,
          geofences: [office, { ...office, name: "Home" }, { radius: 1, latitude: 2, longitude: 3 }]
        })
      )
      const without = yield* AuthPolicy.withoutGeofence(policy, "OFFICE")
      assert.deepStrictEqual(without.geofences.map(({ name }) => name), ["Home", undefined])
      assert.strictEqual(without.denyRootedJailbroken, true)
      assert.strictEqual(policy.geofences.length, 3)
    }))

  it.effect("refuses a second geofence of the same name", () =>
    Effect.gen(function*() {
      const error = yield* AuthPolicy.none({ geofences: [office] }).pipe(
        AuthPolicy.withGeofence({ ...office, name: "OFFICE" }),
        Effect.flip
      )
      assert.deepStrictEqual(error.issues.map(({ path }) => path), ["geofences[1].name"])
    }))

  it.effect("names its geofences where the one to remove is not among them", () =>
    Effect.gen(function*() {
      const policy = AuthPolicy.none({
        geofences: [{ radius: 1, latitude: 2, longitude: 3 }, office, { ...office, name: "Home" }]
      })
      const error = yield* Effect.flip(AuthPolicy.withoutGeofence(policy, "Garden"))
      assert.deepStrictEqual([...error.issues], [{
        path: "geofences",
        problem: "no geofence has the name to remove; the names are \"Office\", \"Home\""
      }])
      const unnamed = yield* Effect.flip(AuthPolicy.none().pipe(AuthPolicy.withoutGeofence("Garden")))
      assert.include(unnamed.message, "none of this policy has a name")
    }))

  it.effect.prop(
    "is read back from its JSON, in which nothing is null",
    [AuthPolicy.AuthPolicy],
    ([policy]) =>
      Effect.gen(function*() {
        const json = JSON.stringify(yield* Schema.encode(AuthPolicy.AuthPolicy)(policy))
        JSON.parse(json, (member, value: unknown) => {
          assert.isNotNull(value, member)
          return value
        })
        assert.isTrue(Equal.equals(yield* read(JSON.parse(json)), policy))
      })
  )

  it("drawn at random is legal", () =>
    FastCheck.assert(
      FastCheck.property(Arbitrary.make(AuthPolicy.AuthPolicy), ({ requirement, ...restrictions }) =>
        Either.isRight(AuthPolicy.fromOptions({
          denyRootedJailbroken: restrictions.denyRootedJailbroken,
          geofences: restrictions.geofences,
          any: requirement._tag === "Amount" ? requirement.amount : undefined,
          factors: requirement._tag === "Factors" ? requirement.factors : undefined
        })))
    ))
})
