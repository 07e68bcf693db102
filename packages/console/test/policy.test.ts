import * as Fence from "@effect-launchkey/core/Fence"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import { assert, describe, it } from "@effect/vitest"
import { Either, Equal, Schema } from "effect"
import * as Draft from "../src/internal/page/policy/draft.ts"
import * as geometry from "../src/internal/page/policy/geometry.ts"

const known = [
  ServicePolicy.methodAmount(3, {
    fences: [{ name: "Office", latitude: 48.2, longitude: 16.37, radius: 250 }, { country: "US" }],
    denyRootedJailbroken: true
  }),
  ServicePolicy.factors(["knowledge", "possession"], {
    fences: [{ country: "CA", administrativeArea: "CA-ON", postalCode: "K1A", name: "Ottawa" }],
    denyEmulatorSimulator: true
  }),
  ServicePolicy.conditionalGeofence({
    fences: [{ latitude: -90, longitude: 180, radius: 0.5 }],
    inside: ServicePolicy.factors(["inherence"]),
    outside: ServicePolicy.methodAmount(0)
  }),
  ServicePolicy.none,
  ServicePolicy.legacy({
    any: 2,
    denyRootedJailbroken: true,
    geofences: [{ name: "Office", latitude: 48.2, longitude: 16.37, radius: 250 }],
    timeFences: [{
      name: "Nights",
      days: ["Friday", "Sunday"],
      start: { hour: 22, minute: 5 },
      end: { hour: 6, minute: 0 },
      timeZone: "Europe/Vienna"
    }]
  })
]

describe("a policy in the editor", () => {
  for (const policy of known) {
    it(`stays as it is while nobody changes it: ${policy._tag}`, () =>
      assert.isTrue(Equal.equals(Draft.read(Draft.of(policy)), Either.right(policy))))
  }

  it("keeps a fence of a type that is not known", () => {
    const json = { type: "POLYGON", corners: [1, 2, 3] }
    const policy = Schema.decodeUnknownSync(ServicePolicy.ServicePolicy)({
      type: "METHOD_AMOUNT",
      amount: 1,
      fences: [json]
    })
    assert.notStrictEqual(policy._tag, "UnknownPolicy")
    if (policy._tag === "UnknownPolicy") return
    const read = Either.getOrThrow(Draft.read(Draft.of(policy)))
    assert.deepStrictEqual(Schema.encodeSync(ServicePolicy.ServicePolicy)(read)["fences"], [json])
  })

  const wrong = (change: (draft: Draft.Draft) => void) => {
    const draft = Draft.of(ServicePolicy.conditionalGeofence({
      fences: [{ latitude: 1, longitude: 2, radius: 3 }],
      inside: ServicePolicy.methodAmount(1),
      outside: ServicePolicy.methodAmount(1)
    }))
    change(draft)
    return Either.match(Draft.read(draft), {
      onLeft: (issues) => issues.map(({ path }) => path).sort(),
      onRight: () => []
    })
  }

  it("says of each field what cannot be", () => {
    assert.deepStrictEqual(
      [
        wrong((draft) => draft.fences = []),
        wrong((draft) => draft.inside.amount = "8"),
        wrong((draft) => {
          draft.outside.kind = "Factors"
        }),
        wrong((draft) => {
          const [fence] = draft.fences
          if (fence?.kind === "Circle") Object.assign(fence, { latitude: "91", radius: "" })
        }),
        wrong((draft) => draft.fences = [Draft.territory("XX")])
      ],
      [["fences"], ["inside.amount"], ["outside.factors"], ["fences[0].latitude", "fences[0].radius"], [
        "fences[0].country"
      ]]
    )
  })

  it("tells what another kind has no place for, and leaves only that out", () => {
    const draft = Draft.of(ServicePolicy.methodAmount(2, {
      fences: [{ name: "Office", latitude: 1, longitude: 2, radius: 3 }, { country: "US" }],
      denyEmulatorSimulator: true
    }))
    assert.deepStrictEqual(Draft.lostBy(draft, "Factors"), [])
    assert.deepStrictEqual(Draft.lostBy(draft, "Legacy"), ["the denial of emulators", "fences that are no circles"])
    assert.isTrue(Equal.equals(
      Draft.read(Draft.as(draft, "Legacy")),
      Either.right(
        ServicePolicy.legacy({ any: 2, geofences: [{ name: "Office", latitude: 1, longitude: 2, radius: 3 }] })
      )
    ))
  })
})

describe("the map", () => {
  const size = { width: 800, height: 400 }
  const view = { zoom: 3, x: -700, y: -600 }
  const vienna = { latitude: 48.2, longitude: 16.37 }

  it("finds the place again that it has drawn", () => {
    const at = geometry.unproject(view, ...geometry.project(view, vienna))
    assert.closeTo(at.latitude, vienna.latitude, 1e-9)
    assert.closeTo(at.longitude, vienna.longitude, 1e-9)
  })

  for (const latitude of [0, 48.2, -70]) {
    it(`draws the radius as long as the platform measures it, at ${latitude}°`, () => {
      const fence = { latitude, longitude: 179.9, radius: 250_000 }
      assert.closeTo(Fence.distance(fence, geometry.eastern(fence)), fence.radius, 1)
    })
  }

  it("zooms about a point, which stays where it is", () => {
    const next = geometry.zoomed(view, 4, [100, 50])
    assert.deepStrictEqual(geometry.unproject(next, 100, 50), geometry.unproject(view, 100, 50))
  })

  it("shows all of a circle", () => {
    const fence = { ...vienna, radius: 300 }
    const fitted = geometry.fitting(geometry.circleBox(fence), size)
    const [x] = geometry.project(fitted, geometry.eastern(fence))
    const [left] = geometry.project(fitted, fence)
    assert.isAbove(x - left, 100)
    assert.isBelow(x, size.width)
  })

  it("has a scale of a round number that is no longer than it may be", () => {
    const { metres, pixels } = geometry.scale({ zoom: 50, x: -27_000, y: -17_500 }, size)
    assert.match(String(metres), /^[125]0*$/)
    assert.isAtMost(pixels, 110)
    assert.isAbove(pixels, 30)
  })
})
