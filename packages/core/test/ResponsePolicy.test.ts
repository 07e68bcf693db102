import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as AuthPolicy from "../src/AuthPolicy.ts"
import * as EffectivePolicy from "../src/EffectivePolicy.ts"
import * as Fence from "../src/Fence.ts"
import * as ResponsePolicy from "../src/ResponsePolicy.ts"
import * as ServicePolicy from "../src/ServicePolicy.ts"

const read = (json: unknown) => Schema.decodeUnknown(ResponsePolicy.ResponsePolicy)(json)
const text = (policy: ResponsePolicy.ResponsePolicy) =>
  JSON.stringify(Schema.encodeSync(ResponsePolicy.ResponsePolicy)(policy))

const readsAs = (name: string, json: unknown, expected: ResponsePolicy.Options) =>
  it.effect(name, () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* read(json), ResponsePolicy.make(expected))
    }))

describe("reading what the official SDKs' tests hold", () => {
  readsAs("an amount, and a fence with a null name", {
    requirement: "amount",
    amount: 2,
    geofences: [{ latitude: 36.120825, longitude: -115.157216, radius: 200, name: null }]
  }, {
    requirement: "AMOUNT",
    amount: 2,
    fences: [new Fence.GeoCircleFence({ latitude: 36.120825, longitude: -115.157216, radius: 200 })]
  })

  readsAs("types, and fences of every kind", {
    requirement: "types",
    types: ["knowledge", "inherence", "possession"],
    geofences: [
      { name: null, latitude: 36.120825, longitude: -115.157216, radius: 200 },
      { name: "HQ North", type: "GEO_CIRCLE", latitude: 36.12102, longitude: -115.15646, radius: 550 },
      { type: "TERRITORY", name: "Nevada", country: "US", administrative_area: "US-NV", postal_code: "89120" }
    ]
  }, {
    requirement: "TYPES",
    factors: ["inherence", "knowledge", "possession"],
    fences: [
      new Fence.GeoCircleFence({ latitude: 36.120825, longitude: -115.157216, radius: 200 }),
      new Fence.GeoCircleFence({ name: "HQ North", latitude: 36.12102, longitude: -115.15646, radius: 550 }),
      new Fence.TerritoryFence({ name: "Nevada", country: "US", administrativeArea: "US-NV", postalCode: "89120" })
    ]
  })

  readsAs("no requirement", { requirement: null, geofences: [] }, {})
  readsAs("an empty policy", {}, {})
})

describe("reading leniently", () => {
  readsAs("a conditional geofence, in upper case", { requirement: "COND_GEO", geofences: null }, {
    requirement: "COND_GEO"
  })
  readsAs("a requirement this version does not know", { requirement: "weather" }, { requirement: "OTHER" })
  readsAs("types in any case, and none of those it does not know", {
    requirement: "Types",
    types: ["Possession", "smell", "INHERENCE", "possession"]
  }, { requirement: "TYPES", factors: ["inherence", "possession"] })
  readsAs("types that are missing", { requirement: "types", types: null }, { requirement: "TYPES", factors: [] })
  readsAs("an amount that is missing", { requirement: "amount" }, { requirement: "AMOUNT", amount: 0 })
  readsAs("an amount and types where they do not belong", {
    requirement: "cond_geo",
    amount: 2,
    types: ["knowledge"],
    extra: true
  }, { requirement: "COND_GEO" })

  // A reader in use loses factors that come in another order than inherence, knowledge, possession.
  for (
    const [types, ...flags] of [
      [["inherence"], true, false, false],
      [["inherence", "knowledge"], true, true, false],
      [["inherence", "knowledge", "possession"], true, true, true],
      [["inherence", "possession"], true, false, true],
      [["knowledge", "possession"], false, true, true],
      [["possession"], false, false, true],
      [["knowledge", "inherence"], true, true, false]
    ] as const
  ) {
    it.effect(`reads ${types.join(", ")} as a set`, () =>
      Effect.gen(function*() {
        const policy = yield* read({ requirement: "types", types })
        assert.deepStrictEqual(
          [policy.inherenceRequired, policy.knowledgeRequired, policy.possessionRequired],
          flags
        )
      }))
  }

  it.effect("keeps a fence of an unknown type", () =>
    Effect.gen(function*() {
      const json = { requirement: "cond_geo", geofences: [{ type: "POLYGON", corners: [1, 2] }] }
      const policy = yield* read(json)
      assert.deepStrictEqual(policy.fences.map(({ _tag }) => _tag), ["UnknownFence"])
      assert.strictEqual(text(policy), JSON.stringify(json))
    }))

  for (
    const [name, json, message] of [
      ["a list", [], "expected a JSON object"],
      ["a requirement that is no text", { requirement: 1 }, "the requirement is not a text"],
      [
        "half a method",
        { requirement: "amount", amount: 0.5 },
        "the amount of methods is 0.5; give a whole number of 0 or more"
      ],
      ["an amount in text", { requirement: "amount", amount: "2" }, "the amount of methods is not a number"],
      ["types that are no texts", { requirement: "types", types: [1] }, "the type of a factor is not a text"],
      [
        "a fence that cannot be",
        { geofences: [{ latitude: 1, longitude: 1, radius: 0 }] },
        "radius is 0; give a finite number of metres greater than 0"
      ]
    ] as const
  ) {
    it.effect(`refuses ${name}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(read(json))
        assert.strictEqual(error._tag, "ParseError")
        assert.include(error.message, message)
      }))
  }
})

describe("writing", () => {
  const office = { name: "Office", radius: 150, latitude: 23.4, longitude: -56.7 }

  it("an amount has no types", () =>
    assert.strictEqual(
      text(ResponsePolicy.fromAuthPolicy(AuthPolicy.any(3))),
      "{\"requirement\":\"amount\",\"amount\":3,\"geofences\":[]}"
    ))

  it("types have no amount and come in the order every reader understands", () =>
    assert.strictEqual(
      text(ResponsePolicy.fromAuthPolicy(AuthPolicy.factors(["possession", "inherence"]))),
      "{\"requirement\":\"types\",\"types\":[\"inherence\",\"possession\"],\"geofences\":[]}"
    ))

  it("a policy without a requirement says null, and keeps its geofences with and without names", () =>
    assert.strictEqual(
      text(ResponsePolicy.fromAuthPolicy(AuthPolicy.none({
        denyRootedJailbroken: true,
        geofences: [office, { radius: 1, latitude: 2, longitude: 3 }]
      }))),
      "{\"requirement\":null,\"geofences\":[{\"name\":\"Office\",\"radius\":150,\"latitude\":23.4,\"longitude\":-56.7},{\"radius\":1,\"latitude\":2,\"longitude\":3}]}"
    ))

  it("a territory tells its type", () =>
    assert.strictEqual(
      text(ResponsePolicy.make({
        requirement: "COND_GEO",
        fences: [new Fence.TerritoryFence({ country: "US", administrativeArea: "US-NV", postalCode: "89120" })]
      })),
      "{\"requirement\":\"cond_geo\",\"geofences\":[{\"type\":\"TERRITORY\",\"country\":\"US\",\"administrative_area\":\"US-NV\",\"postal_code\":\"89120\"}]}"
    ))

  it.effect("a plain object is not written for a policy", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Schema.encodeUnknown(ResponsePolicy.ResponsePolicy)({}))
      assert.include(error.message, "not a response policy; build one with ResponsePolicy.make or fromAuthPolicy")
    }))
})

describe("reporting the policies of a service and a request together", () => {
  const office = { name: "Office", radius: 150, latitude: 23.4, longitude: -56.7 }
  const reports = (
    name: string,
    service: ServicePolicy.KnownPolicy,
    request: AuthPolicy.AuthPolicy,
    expected: ResponsePolicy.Options
  ) =>
    it(name, () =>
      assert.deepStrictEqual(
        ResponsePolicy.fromEffectivePolicy(EffectivePolicy.merge(service, request)),
        ResponsePolicy.make(expected)
      ))
  const fence = new Fence.GeoCircleFence(office)
  const nevada = new Fence.TerritoryFence({ country: "US", administrativeArea: "US-NV" })

  reports(
    "tells factors as types",
    ServicePolicy.factors(["possession", "knowledge"], { fences: [office, nevada] }),
    AuthPolicy.none(),
    { requirement: "TYPES", factors: ["knowledge", "possession"], fences: [fence, nevada] }
  )
  reports(
    "tells an amount, and the fences of both",
    ServicePolicy.methodAmount(2, { fences: [nevada] }),
    AuthPolicy.any(3, { geofences: [office] }),
    { requirement: "AMOUNT", amount: 3, fences: [nevada, fence] }
  )
  reports(
    "tells an amount of no methods, where the service says so",
    ServicePolicy.methodAmount(0, { fences: [nevada] }),
    AuthPolicy.none(),
    { requirement: "AMOUNT", amount: 0, fences: [nevada] }
  )
  reports(
    "tells a condition, whatever the request adds",
    ServicePolicy.conditionalGeofence({
      fences: [nevada],
      inside: ServicePolicy.methodAmount(1),
      outside: ServicePolicy.factors(["knowledge"])
    }),
    AuthPolicy.any(3, { geofences: [office] }),
    { requirement: "COND_GEO", fences: [nevada, fence] }
  )
  reports("tells factors before an amount", ServicePolicy.methodAmount(2), AuthPolicy.factors(["knowledge"]), {
    requirement: "TYPES",
    factors: ["knowledge"]
  })
  reports("tells nothing where nothing is required", ServicePolicy.none, AuthPolicy.none(), {})

  it.effect.prop(
    "tells a dynamic policy alone as ever",
    [AuthPolicy.AuthPolicy],
    ([policy]) =>
      Effect.sync(() =>
        assert.deepStrictEqual(
          ResponsePolicy.fromEffectivePolicy(EffectivePolicy.merge(ServicePolicy.none, policy)),
          ResponsePolicy.fromAuthPolicy(policy)
        )
      )
  )
})

describe("a response policy", () => {
  it("equals another by its members", () => {
    assert.isTrue(Equal.equals(
      ResponsePolicy.make({ requirement: "TYPES", factors: ["possession", "knowledge"] }),
      ResponsePolicy.make({ requirement: "TYPES", factors: ["knowledge", "possession", "knowledge"] })
    ))
    assert.isFalse(Equal.equals(ResponsePolicy.make(), ResponsePolicy.make({ requirement: "OTHER" })))
    assert.deepStrictEqual(ResponsePolicy.make().requirement, Option.none())
  })

  it("cannot ask for half a method", () =>
    assert.throws(
      () => ResponsePolicy.make({ requirement: "AMOUNT", amount: 0.5 }),
      "the amount of methods is 0.5; give a whole number of 0 or more"
    ))

  it.effect.prop("is read back from its JSON", [ResponsePolicy.ResponsePolicy], ([policy]) =>
    Effect.gen(function*() {
      const json = yield* Schema.encode(ResponsePolicy.ResponsePolicy)(policy)
      for (const fence of json.geofences ?? []) assert.notInclude(Object.values(fence), null)
      assert.strictEqual(json.requirement === null, Option.isNone(policy.requirement))
      assert.deepStrictEqual(yield* read(json), policy)
    }))

  it.effect.prop("reports every dynamic policy", [AuthPolicy.AuthPolicy], ([policy]) =>
    Effect.gen(function*() {
      const reported = yield* read(JSON.parse(text(ResponsePolicy.fromAuthPolicy(policy))))
      assert.isTrue(Equal.equals(reported, ResponsePolicy.fromAuthPolicy(policy)))
      assert.strictEqual(reported.fences.length, policy.geofences.length)
    }))
})
