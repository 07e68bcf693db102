import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as EffectivePolicy from "@effect-launchkey/core/EffectivePolicy"
import { GeoCircleFence, TerritoryFence } from "@effect-launchkey/core/Fence"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as TimeFence from "@effect-launchkey/core/TimeFence"
import { assert, describe, it } from "@effect/vitest"
import * as PolicyWords from "../src/PolicyWords.ts"

const office = new GeoCircleFence({ name: "Office", latitude: 36, longitude: -115, radius: 250 })
const here = new GeoCircleFence({ latitude: 36, longitude: -115, radius: 27_512 })
const ontario = new TerritoryFence({ country: "CA", administrativeArea: "CA-ON", postalCode: "K1A" })
const germany = new TerritoryFence({ name: "Home", country: "DE" })

describe("a policy in words", () => {
  const none = AuthPolicy.none()
  const cases: ReadonlyArray<readonly [string, EffectivePolicy.EffectivePolicy, ReadonlyArray<string>]> = [
    ["is nothing where nothing is demanded", EffectivePolicy.merge(ServicePolicy.none, none), []],
    [
      "counts what is to be proven",
      EffectivePolicy.merge(ServicePolicy.methodAmount(2), none),
      ["Asks for 2 proofs that it is you."]
    ],
    [
      "names the factors",
      EffectivePolicy.merge(ServicePolicy.factors(["knowledge", "possession"]), none),
      ["Asks for something you know and something you have."]
    ],
    [
      "names places, and how far one may be from them",
      EffectivePolicy.merge(
        ServicePolicy.methodAmount(0, { fences: [office, here] }),
        AuthPolicy.any(1, { geofences: [{ name: "Lab", latitude: 1, longitude: 2, radius: 1000 }] })
      ),
      [
        "Asks for one proof that it is you.",
        "Only in “Office” (within 250 m) or a place (within 27.5 km).",
        "Only in “Lab” (within 1 km)."
      ]
    ],
    [
      "names territories",
      EffectivePolicy.merge(ServicePolicy.factors(["inherence"], { fences: [ontario, germany] }), none),
      ["Asks for something you are.", "Only in K1A, CA-ON or “Home” (DE)."]
    ],
    [
      "names conditions",
      EffectivePolicy.merge(
        ServicePolicy.conditionalGeofence({
          fences: [office],
          inside: ServicePolicy.methodAmount(0),
          outside: ServicePolicy.factors(["knowledge"])
        }),
        none
      ),
      [
        "In “Office” (within 250 m): asks for nothing more than your decision. Elsewhere: asks for something you know."
      ]
    ],
    [
      "names times, and devices that will not do",
      EffectivePolicy.merge(
        ServicePolicy.legacy({
          denyRootedJailbroken: true,
          timeFences: [
            TimeFence.make({
              name: "work",
              days: ["Monday", "Friday"],
              start: { hour: 9, minute: 0 },
              end: { hour: 17, minute: 5 },
              timeZone: "Europe/Berlin"
            })
          ]
        }),
        none
      ),
      [
        "Only Mondays and Fridays from 9:00 to 17:05 (Europe/Berlin).",
        "Not on a device that is rooted or jailbroken."
      ]
    ]
  ]
  for (const [behaviour, policy, expected] of cases) {
    it(behaviour, () => assert.deepStrictEqual(PolicyWords.sentences(policy), expected))
  }
})
