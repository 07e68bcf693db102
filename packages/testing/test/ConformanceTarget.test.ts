import * as OrganizationClient from "@effect-launchkey/clients/OrganizationClient"
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as PlatformKeys from "@effect-launchkey/platform/PlatformKeys"
import * as Sandbox from "@effect-launchkey/platform/Sandbox"
import * as ConformanceTarget from "@effect-launchkey/testing/ConformanceTarget"
import * as InMemory from "@effect-launchkey/testing/InMemory"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Option, Redacted } from "effect"
import { spawnSync } from "node:child_process"
import * as Scene from "../src/internal/conformance/scene.ts"

const baseUrl = "http://localhost"

/** A sandbox in this process. Whatever key is made is the same, since making them takes longer than all else. */
const sandbox = Layer.scoped(HttpClient.HttpClient, Effect.map(Sandbox.httpApp({ port: 80 }), InMemory.make)).pipe(
  Layer.provide(PlatformKeys.layer({
    signingKey: TestKeys.platform.privateKey,
    userHashSecret: Redacted.make(new Uint8Array(32))
  })),
  Layer.provideMerge(Layer.effect(
    Jose.Jose,
    Effect.gen(function*() {
      const jose = yield* Jose.Jose
      const privateKey = yield* jose.importPrivateKey(TestKeys.device.privateKey)
      return { ...jose, generateKey: () => Effect.succeed({ privateKey, privateKeyPem: TestKeys.device.privateKey }) }
    })
  ))
)

/** What vitest is told of a test of the suite that is skipped. */
const whySkipped = <A, E>(test: () => Effect.Effect<A, E, ConformanceTarget.Services>) =>
  Effect.gen(function*() {
    const notes: Array<string> = []
    const tests: Array<Effect.Effect<unknown, unknown, ConformanceTarget.Services>> = []
    Scene.skipping({ effect: (_, test) => tests.push(test({ skip: (note) => notes.push(note) })) }).effect("", test)
    yield* Effect.all(tests)
    return notes
  })

const { ConformanceTarget: Target } = ConformanceTarget

describe("a target", () => {
  it.scoped("that is a sandbox has an organization of its own, whose service can ask a user with a device", () =>
    Effect.gen(function*() {
      const { linkedDevice, serviceId } = yield* Target
      const device = yield* linkedDevice("ada")
      const service = yield* ServiceClient.make({ serviceId })
      const { id } = yield* service.authorize("ada")
      assert.strictEqual(yield* device.approve(), id)
    }).pipe(Effect.provide(Layer.provideMerge(ConformanceTarget.layerSandbox(baseUrl), sandbox))))

  it.scoped("that is a sandbox has its time moved", () =>
    Effect.gen(function*() {
      const { advance, now } = yield* Target
      const before = yield* now
      yield* Option.getOrThrow(advance)("2 hours")
      assert.approximately(DateTime.distance(before, yield* now), 7_200_000, 5_000)
    }).pipe(Effect.provide(Layer.provideMerge(ConformanceTarget.layerSandbox(baseUrl), sandbox))))

  it.scoped("that is known by an organization's key alone keeps to what clients may do, and is left inactive", () =>
    Effect.gen(function*() {
      const owner = yield* Effect.flatMap(
        Target,
        ({ createOrganization }) => Option.getOrThrow(createOrganization)([[TestKeys.organization, "BOTH"]])
      ).pipe(
        Effect.provide(ConformanceTarget.layerSandbox(baseUrl))
      )
      const directoryId = yield* Effect.gen(function*() {
        const { advance, createOrganization, directoryId, now } = yield* Target
        assert.isTrue(Option.isNone(advance))
        assert.isTrue(Option.isNone(createOrganization))
        assert.approximately(DateTime.distance(yield* DateTime.now, yield* now), 0, 5_000)
        assert.deepStrictEqual(yield* whySkipped(() => Scene.advance("1 second")), [
          "the platform's time cannot be moved"
        ])
        assert.deepStrictEqual(yield* whySkipped(() => Effect.void), [])
        return directoryId
      }).pipe(Effect.provide(ConformanceTarget.layer({
        baseUrl,
        organizationId: owner,
        organizationKey: TestKeys.organization.privateKey
      })))
      const organization = yield* OrganizationClient.make({ organizationId: owner }).pipe(
        Effect.provide(Transport.layer({
          issuer: `org:${owner}`,
          baseUrl,
          signingKey: TestKeys.organization.privateKey
        }))
      )
      assert.isFalse((yield* organization.getDirectory(directoryId)).active)
    }).pipe(Effect.provide(sandbox)))

  it.scoped("that is no sandbox is not taken for one", () =>
    Effect.gen(function*() {
      const failure = yield* Effect.flip(Effect.scoped(Layer.build(ConformanceTarget.layerSandbox(baseUrl))))
      assert.deepInclude(failure, { _tag: "ControlFailed", operation: "POST /sandbox/organizations" })
    }).pipe(
      Effect.provide(Layer.succeed(HttpClient.HttpClient, InMemory.make(HttpServerResponse.empty({ status: 404 }))))
    ))
})

describe("pnpm conformance", () => {
  it("asks for credentials where it cannot make its own", () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--import", "tsx", "scripts/conformance.ts", "--base-url", "https://mfa.example.com"],
      { encoding: "utf8", env: { PATH: process.env["PATH"] } }
    )
    assert.strictEqual(status, 2)
    assert.include(stderr, "ORGANIZATION_ID and SIGNING_KEY")
  })
})
