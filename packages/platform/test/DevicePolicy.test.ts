import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as EffectivePolicy from "@effect-launchkey/core/EffectivePolicy"
import { AuthMethod } from "@effect-launchkey/core/Factor"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Option, Schema } from "effect"
import * as DateTime from "effect/DateTime"
import * as Evaluate from "../src/DevicePolicy.ts"
import { type DeviceState, reportMethods, untried, type UserMethod } from "../src/DevicePolicy.ts"

const device = (methods: ReadonlyArray<UserMethod>, changes: Partial<DeviceState> = {}): DeviceState => ({
  methods,
  location: Option.none(),
  rootedOrJailbroken: false,
  emulator: false,
  ...changes
})

const lasVegas = Option.some({ latitude: 36.120825, longitude: -115.157216 })
const office = { name: "office", latitude: 36.1208, longitude: -115.1572, radius: 200 }
const elsewhere = { name: "elsewhere", latitude: 45.48805749706375, longitude: -122.70492553710936, radius: 27500 }

const short = ({ failed, passed, reason, type }: ReturnType<typeof evaluate>) => ({ type, reason, passed, failed })
const approved = (...passed: ReadonlyArray<string>) => ({ type: "AUTHORIZED", reason: "APPROVED", passed, failed: [] })
const failed = (reason: string, ...methods: ReadonlyArray<string>) => ({
  type: "FAILED",
  reason,
  passed: [],
  failed: methods
})

/** The device's verdict on the policy of a request alone, on a Tuesday. */
const evaluate = (policy: AuthPolicy.AuthPolicy, device: DeviceState) =>
  Evaluate.evaluate(
    EffectivePolicy.merge(ServicePolicy.none, policy),
    device,
    DateTime.unsafeMake("2023-11-14T22:13:20Z")
  )

describe("evaluating a policy on the device", () => {
  const cases: ReadonlyArray<
    readonly [behaviour: string, AuthPolicy.AuthPolicy, DeviceState, expected: ReturnType<typeof short> | object]
  > = [
    ["asks for nothing where nothing is required", AuthPolicy.none(), device([]), approved()],
    [
      "asks for as many methods as required and no more",
      AuthPolicy.any(2),
      device(["FACE", "PIN_CODE", "WEARABLES"]),
      approved("FACE", "PIN_CODE")
    ],
    ["fails by policy with too few methods", AuthPolicy.any(3), device(["FACE", "PIN_CODE"]), failed("POLICY")],
    ["counts a method that is named twice once", AuthPolicy.any(2), device(["FACE", "FACE"]), failed("POLICY")],
    [
      "cannot give seven methods, as two of the seven count as one",
      AuthPolicy.any(7, { geofences: [office] }),
      device(["PIN_CODE", "CIRCLE_CODE", "WEARABLES", "FINGERPRINT", "FACE", "LOCATIONS"], { location: lasVegas }),
      failed("POLICY")
    ],
    [
      "counts locations as one method",
      AuthPolicy.any(2),
      device(["LOCATIONS", "PIN_CODE"]),
      approved("LOCATIONS", "PIN_CODE")
    ],
    [
      "counts geofencing where methods are missing",
      AuthPolicy.any(2, { geofences: [office] }),
      device(["PIN_CODE"], { location: lasVegas }),
      approved("PIN_CODE", "GEOFENCING")
    ],
    [
      "counts geofencing and locations as one",
      AuthPolicy.any(2, { geofences: [office] }),
      device(["LOCATIONS"], { location: lasVegas }),
      failed("POLICY")
    ],
    [
      "asks for one method of each factor",
      AuthPolicy.factors(["knowledge", "possession"]),
      device(["FINGERPRINT", "CIRCLE_CODE", "PIN_CODE", "WEARABLES"]),
      approved("CIRCLE_CODE", "WEARABLES")
    ],
    [
      "fails by policy where a factor has no method",
      AuthPolicy.factors(["knowledge", "possession"]),
      device(["PIN_CODE", "CIRCLE_CODE", "FACE"]),
      failed("POLICY")
    ],
    [
      "takes locations for inherence",
      AuthPolicy.factors(["inherence"]),
      device(["PIN_CODE", "LOCATIONS"]),
      approved("LOCATIONS")
    ],
    [
      "prefers the user's own method to geofencing",
      AuthPolicy.factors(["inherence"], { geofences: [office] }),
      device(["FINGERPRINT"], { location: lasVegas }),
      approved("FINGERPRINT", "GEOFENCING")
    ],
    [
      "takes geofencing for inherence where the user has no such method",
      AuthPolicy.factors(["inherence"], { geofences: [office] }),
      device(["PIN_CODE"], { location: lasVegas }),
      approved("GEOFENCING")
    ],
    [
      "passes in any one of the geofences",
      AuthPolicy.none({ geofences: [elsewhere, office] }),
      device([], { location: lasVegas }),
      approved("GEOFENCING")
    ],
    [
      "fails by policy outside all geofences",
      AuthPolicy.any(1, { geofences: [elsewhere] }),
      device(["PIN_CODE"], { location: lasVegas }),
      failed("POLICY", "GEOFENCING")
    ],
    [
      "fails by its sensor where it does not know where it is",
      AuthPolicy.any(1, { geofences: [office] }),
      device(["PIN_CODE"]),
      failed("SENSOR", "GEOFENCING")
    ],
    [
      "does not look where it is for a policy that it cannot meet",
      AuthPolicy.any(3, { geofences: [office] }),
      device(["PIN_CODE"]),
      failed("POLICY")
    ],
    [
      "fails by policy when rooted and that is denied",
      AuthPolicy.none({ denyRootedJailbroken: true }),
      device(["PIN_CODE"], { rootedOrJailbroken: true }),
      failed("POLICY")
    ],
    [
      "passes when rooted and nobody minds",
      AuthPolicy.any(1),
      device(["PIN_CODE"], { rootedOrJailbroken: true }),
      approved("PIN_CODE")
    ],
    [
      "passes intact where rooted devices are denied",
      AuthPolicy.none({ denyRootedJailbroken: true }),
      device([]),
      approved()
    ]
  ]
  for (const [behaviour, policy, state, expected] of cases) {
    it(behaviour, () => assert.deepStrictEqual(short(evaluate(policy, state)), expected))
  }

  it("blames the device rather than its user for an unknown place alone", () => {
    const policy = AuthPolicy.none({ geofences: [elsewhere] })
    assert.isTrue(evaluate(policy, device([])).error)
    assert.isFalse(evaluate(policy, device([], { location: lasVegas })).error)
  })

  it.prop(
    "never gets stricter by another method",
    [AuthPolicy.AuthPolicy, FastCheck.subarray<UserMethod>(["PIN_CODE", "FACE", "WEARABLES", "LOCATIONS"])],
    ([policy, methods]) => {
      const fewer = evaluate(policy, device(methods, { location: lasVegas }))
      const more = evaluate(policy, device([...methods, "CIRCLE_CODE"], { location: lasVegas }))
      assert.isTrue(fewer.type === "FAILED" || more.type === "AUTHORIZED")
    }
  )
})

describe("reporting methods", () => {
  const wire = Schema.encodeSync(Schema.Array(AuthMethod))
  const row = (
    method: string,
    [set, active, supported]: readonly [boolean | null, boolean, boolean],
    [user_required, passed, error]: ReadonlyArray<boolean | null> = [null, null, null]
  ) => ({ method, set, active, allowed: true, supported, user_required, passed, error })

  it("tells of a fresh device what such a device was seen to tell", () => {
    assert.deepStrictEqual<unknown>(wire(reportMethods(device([]), evaluate(AuthPolicy.none(), device([])))), [
      row("wearables", [false, false, false]),
      row("geofencing", [null, true, true]),
      row("locations", [false, false, true]),
      row("pin_code", [false, false, true]),
      row("circle_code", [false, false, true]),
      row("face", [false, false, false]),
      row("fingerprint", [false, false, true])
    ])
  })

  it("tells of an approval which methods are set up and which of them passed", () => {
    const state = device(["PIN_CODE", "FACE", "WEARABLES"], { location: lasVegas })
    const verdict = evaluate(AuthPolicy.factors(["knowledge", "inherence"], { geofences: [office] }), state)
    assert.deepStrictEqual<unknown>(wire(reportMethods(state, verdict)), [
      row("wearables", [true, true, true]),
      row("geofencing", [null, true, true], [true, true, false]),
      row("locations", [false, false, true]),
      row("pin_code", [true, true, true], [true, true, false]),
      row("circle_code", [false, false, true]),
      row("face", [true, true, true], [true, true, false]),
      row("fingerprint", [false, false, true])
    ])
  })

  it("goes along with a policy whatever the device is, if its user obliges, and says what was set up for it", () => {
    const oblige = (policy: AuthPolicy.AuthPolicy, state: DeviceState) => {
      const verdict = Evaluate.oblige(EffectivePolicy.merge(ServicePolicy.none, policy), state)
      return [short(verdict), Evaluate.withMethods(state.methods, verdict.passed)]
    }
    const rooted = { rootedOrJailbroken: true }
    assert.deepStrictEqual<unknown>(
      oblige(AuthPolicy.any(3, { geofences: [office], denyRootedJailbroken: true }), device(["FACE"], rooted)),
      [approved("FACE", "PIN_CODE", "FINGERPRINT", "GEOFENCING"), ["FACE", "PIN_CODE", "FINGERPRINT"]]
    )
    assert.deepStrictEqual<unknown>(oblige(AuthPolicy.none(), device([])), [approved(), []])
    assert.deepStrictEqual<unknown>(oblige(AuthPolicy.any(7), device([])), [failed("POLICY"), []])
  })

  const geofencing = (state: DeviceState) =>
    wire(reportMethods(state, evaluate(AuthPolicy.none({ geofences: [elsewhere] }), state)))[1]

  it("tells of a device in the wrong place that geofencing did not pass", () => {
    assert.deepStrictEqual<unknown>(
      geofencing(device([], { location: lasVegas })),
      row("geofencing", [null, true, true], [true, false, false])
    )
  })

  it("tells of a device that does not know its place that geofencing was an error", () => {
    assert.deepStrictEqual<unknown>(
      geofencing(device([])),
      row("geofencing", [null, true, true], [true, false, true])
    )
  })

  it("tells nothing passed or failed where the user was asked for no method", () => {
    for (const method of reportMethods(device(["PIN_CODE", "FACE"]), untried)) {
      assert.deepStrictEqual([method.userRequired, method.passed, method.error], [null, null, null])
    }
  })
})
