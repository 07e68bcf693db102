import * as Jose from "@effect-launchkey/transport/Jose"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as AuthPackage from "../src/AuthPackage.ts"
import { config, privateKey, publicKey, vectors } from "./vectors.ts"

const authRequest = config.auth_request
const pins = ["3722", "861", "8293", "2115", "2255"]

type Outcome =
  | { readonly authorized: boolean; readonly pins: ReadonlyArray<string> }
  | AuthPackage.AuthPackageRejected["reason"]

const outcomes: Readonly<Record<keyof typeof vectors.auth_package, Outcome>> = {
  approved: { authorized: true, pins },
  approved_boolean: { authorized: true, pins: [] },
  approved_python_spelling: { authorized: true, pins: [] },
  denied: { authorized: false, pins },
  denied_boolean: { authorized: false, pins: [] },
  mismatched_auth_request: "OtherRequest",
  missing_response: "Malformed",
  missing_auth_request: "Malformed",
  garbled_response: "ResponseInvalid",
  not_json: "Malformed",
  encrypted_to_other_key: "Undecipherable"
}

const open = (auth: string) =>
  Effect.flatMap(privateKey("app"), (key) => AuthPackage.open(auth, { authRequest, privateKey: key })).pipe(
    Effect.either,
    Effect.provide(Jose.layer)
  )

describe("AuthPackage, by the vectors", () => {
  for (const [name, outcome] of Object.entries(outcomes)) {
    const { auth } = vectors.auth_package[name as keyof typeof outcomes]
    it.effect(
      typeof outcome === "string"
        ? `refuses ${name} as ${outcome}`
        : `opens ${name}, which ${outcome.authorized ? "approves" : "denies"}`,
      () =>
        Effect.map(open(auth), (opened) =>
          assert.deepStrictEqual(
            opened,
            typeof outcome === "string"
              ? Either.left(new AuthPackage.AuthPackageRejected({ reason: outcome, authRequest }))
              : Either.right({ ...outcome, authRequest, deviceId: Option.some(config.device_id) })
          ))
    )
  }

  const { approved } = vectors.auth_package
  for (
    const [what, auth] of [
      ["lines of 64 characters with CR LF between them", approved.auth_wrapped_crlf_64],
      ["a backslash before each slash", approved.auth_escaped_slashes],
      ["both, as it was recorded", approved.auth_as_recorded]
    ] as const
  ) {
    it.effect(`opens one with ${what}`, () =>
      Effect.gen(function*() {
        assert.strictEqual(AuthPackage.cleaned(auth), approved.auth)
        const opened = yield* open(auth)
        assert.isTrue(Either.isRight(opened) && opened.right.authorized)
      }))
  }

  it("writes it as it was recorded", () => {
    const octets = Uint8Array.from(atob(approved.auth), (c) => c.charCodeAt(0))
    assert.strictEqual(AuthPackage.toText(octets, "recorded"), approved.auth_as_recorded)
    assert.strictEqual(AuthPackage.toText(octets, "clean"), approved.auth)
  })
})

describe("AuthPackage.open", () => {
  for (
    const [what, auth] of [
      ["nothing", ""],
      ["what is not base64", "%%%%"],
      ["base64 without its padding", vectors.auth_package.approved.auth.replaceAll("=", "")],
      ["a block that is too short", btoa("x".repeat(255))],
      ["a block that is too long", btoa("x".repeat(257))],
      ["a block of noise", btoa("x".repeat(256))]
    ] as const
  ) {
    it.effect(`refuses ${what} like what is for another key`, () =>
      Effect.map(
        open(auth),
        (opened) => assert.strictEqual(Either.isLeft(opened) && opened.left.reason, "Undecipherable")
      ))
  }

  it.effect("says nothing of the answer in its refusal", () =>
    Effect.map(open(vectors.auth_package.garbled_response.auth), (opened) => {
      assert.isTrue(Either.isLeft(opened))
      assert.notInclude(String(Either.isLeft(opened) && opened.left.message), "yes\"")
    }))

  it.effect("opens what seal makes", () =>
    Effect.gen(function*() {
      const made = { authorized: true, authRequest, deviceId: Option.some("d"), pins: ["1", "2"] }
      const octets = yield* AuthPackage.seal(made, yield* publicKey("app"))
      const opened = yield* open(AuthPackage.toText(octets, "recorded"))
      assert.deepStrictEqual(opened, Either.right(made))
    }).pipe(Effect.provide(Jose.layer)))
})
