import * as FileSystem from "@effect/platform/FileSystem"
import { assert, layer } from "@effect/vitest"
import { Effect, Predicate } from "effect"
import { launchkey, Sandboxed, sandboxed, words } from "./support/launchkey.ts"

const service = (name: string) =>
  Effect.flatMap(Sandboxed, ({ result }) => Effect.map(result("service", "create", name), ({ id }) => String(id)))

/** What `policy set` would send, by these options. */
const policyOf = (...options: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const { json } = yield* launchkey(
      {},
      ...words("service policy set a5a2d6d4-7d1c-11ee-b962-0242ac120002 --dry-run --json"),
      ...options
    )
    assert(Predicate.isRecord(json))
    return json["policy"] ?? json["error"]
  })

const plain = { fences: [], deny_rooted_jailbroken: false, deny_emulator_simulator: false }

layer(sandboxed, { excludeTestServices: true })("launchkey service", (it) => {
  it.effect("changes what is named, clears what is told to be cleared, and keeps the rest", () =>
    Effect.gen(function*() {
      const { result } = yield* Sandboxed
      const { id } = yield* result(
        ...words("service create Pay --description Slips --icon https://example.com/i.png"),
        "--active",
        "no"
      )
      const update = ["service", "update", String(id)]
      yield* result(...update, "--callback-url", "https://example.com/hooks", "--active", "yes")
      assert.deepStrictEqual(yield* result(...update, "--name", "Payroll", "--clear-icon"), {
        id,
        name: "Payroll",
        description: "Slips",
        icon: null,
        callbackUrl: "https://example.com/hooks",
        active: true
      })
    }))

  it.effect("sets the policy that a file has, as it printed it before", () =>
    Effect.gen(function*() {
      const { folder, launchkey: run, result } = yield* Sandboxed
      const fs = yield* FileSystem.FileSystem
      const id = yield* service("Copied")
      const set = ["service", "policy", "set", id]
      yield* result(...set, "--inside", "2", "--outside", "possession,inherence", "--territory", "Nevada=US-NV/89101")
      const printed = yield* run("service", "policy", "get", id)
      yield* result("service", "policy", "remove", id)
      yield* fs.writeFileString(`${folder}/policy.json`, printed.out)
      const { policy, sent } = yield* result(...set, "--file", `${folder}/policy.json`)
      assert.isTrue(sent)
      assert.deepStrictEqual(policy, JSON.parse(printed.out))
      assert.deepStrictEqual(yield* result("service", "policy", "get", id), policy)
    }))

  it.effect("builds a policy from options, and sends nothing where that is all it shall do", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* policyOf("--require", "2"), { type: "METHOD_AMOUNT", amount: 2, ...plain })
      assert.deepStrictEqual(
        yield* policyOf("--require", "Knowledge, possession", "--deny-rooted", "--deny-emulator"),
        {
          type: "FACTORS",
          factors: ["KNOWLEDGE", "POSSESSION"],
          fences: [],
          deny_rooted_jailbroken: true,
          deny_emulator_simulator: true
        }
      )
      assert.deepStrictEqual(
        yield* policyOf(
          ...words("--inside 0 --outside 1 --geofence Home=52.5,13.4,100 --geofence 1,2,3"),
          ...words("--territory US --territory Ontario=CA-ON")
        ),
        {
          type: "COND_GEO",
          inside: { type: "METHOD_AMOUNT", fences: [], amount: 0 },
          outside: { type: "METHOD_AMOUNT", fences: [], amount: 1 },
          ...plain,
          fences: [
            { type: "GEO_CIRCLE", name: "Home", latitude: 52.5, longitude: 13.4, radius: 100 },
            { type: "GEO_CIRCLE", latitude: 1, longitude: 2, radius: 3 },
            { type: "TERRITORY", country: "US" },
            { type: "TERRITORY", name: "Ontario", country: "CA", administrative_area: "CA-ON" }
          ]
        }
      )
    }))

  it.effect("reads a policy from standard input, a legacy one too", () =>
    Effect.gen(function*() {
      const set = [
        "service",
        "policy",
        "set",
        "a5a2d6d4-7d1c-11ee-b962-0242ac120002",
        "--dry-run",
        "--file",
        "-",
        "--json"
      ]
      const legacy = {
        type: "LEGACY",
        minimum_requirements: [
          { requirement: "authenticated", any: 2, knowledge: 0, inherence: 0, possession: 0 }
        ],
        factors: []
      }
      const { code, json, out } = yield* launchkey({ input: JSON.stringify(legacy) }, ...set)
      assert.strictEqual(code, 0, out)
      assert(Predicate.isRecord(json) && Predicate.isRecord(json["policy"]))
      assert.strictEqual(json["policy"]["type"], "LEGACY")
    }))

  it.effect("refuses a file with a member that no policy has, rather than leave it out", () =>
    Effect.gen(function*() {
      const policy = { type: "METHOD_AMOUNT", amount: 1, fences: [], deny_rooted: true }
      const set = ["service", "policy", "set", "a5a2d6d4-7d1c-11ee-b962-0242ac120002", "--dry-run", "--file", "-"]
      const { code, err } = yield* launchkey({ input: JSON.stringify(policy) }, ...set)
      assert.deepStrictEqual([code, err], [
        2,
        "Problem: The policy cannot be. Nothing was sent.\n" +
        "  deny_rooted: not a member of such a policy; leave it out, or correct its name\n" +
        "Next:    Correct what is named; --dry-run shows what would be sent.\n"
      ])
      const inFence = { ...policy, deny_rooted: null, fences: [{ country: "US", type: "TERRITORY", zip: "89101" }] }
      assert.include(
        (yield* launchkey({ input: JSON.stringify(inFence) }, ...set)).err,
        "  fences[0].zip: not a member"
      )
      for (
        const [text, problem] of [["[]", "is not a JSON object"], ["{", "is not a JSON object"], [
          "{\"type\":\"POLYGON\"}",
          "the type of the policy is unknown"
        ]] as const
      ) {
        const { code, err } = yield* launchkey({ input: text }, ...set)
        assert.strictEqual(code, 2, text)
        assert.include(err, problem)
      }
    }))

  it.effect("refuses options that say the requirement twice, or not at all", () =>
    Effect.gen(function*() {
      for (const options of [[], ["--inside", "1"], ["--require", "1", "--outside", "2"], ["--deny-rooted"]]) {
        const error = yield* policyOf(...options)
        assert(Predicate.isRecord(error))
        assert.strictEqual(
          error["next"],
          "Give --require, or --inside together with --outside, or --file.",
          options.join()
        )
      }
      const both = yield* policyOf("--file", "policy.json", "--require", "1")
      assert(Predicate.isRecord(both))
      assert.strictEqual(both["next"], "Give one or the other.")
    }))

  it.effect("names every fence and requirement that cannot be", () =>
    Effect.gen(function*() {
      const error = yield* policyOf(
        ...words("--inside speed --outside -1 --geofence here --territory Neverland")
      )
      assert(Predicate.isRecord(error) && Predicate.isRecord(error["details"]))
      assert.sameMembers(Object.keys(error["details"]), [
        "inside.factors[0]",
        "outside.amount",
        "fences[0].radius",
        "fences[0].latitude",
        "fences[0].longitude",
        "fences[1].country"
      ])
    }))
})
