import { OperatorId, PasskeyId } from "@effect-launchkey/platform/Operator"
import type * as Operators from "@effect-launchkey/platform/Operators"
import * as Passkeys from "@effect-launchkey/platform/Passkeys"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Option } from "effect"
import * as SoftPasskey from "./support/softPasskey.ts"
import vectors from "./vectors/webauthn.json" with { type: "json" }

const { cases, origin, rpId } = vectors

const relyingParty = { id: rpId, origin, secure: true }

type Case = (typeof cases)[number]

const bytes = (hex: string) => Buffer.from(hex, "hex")

const base64url = (hex: string) => bytes(hex).toString("base64url")

/** Id and key, as Web Authentication lays them out: behind the hash of the host, flags, counter and model. */
const credentialOf = ({ authentication, registration }: Case) => {
  const object = bytes(registration.attestationObject)
  const data = object.subarray(object.lastIndexOf(bytes(authentication.authenticatorData).subarray(0, 32)))
  const length = data.readUInt16BE(53)
  return {
    id: PasskeyId.make(data.subarray(55, 55 + length).toString("base64url")),
    publicKey: data.subarray(55 + length).toString("base64url")
  }
}

const credential = (given: Case) => {
  const { id } = credentialOf(given)
  return { id, rawId: id, type: "public-key" } as const
}

const made = (given: Case) =>
  Passkeys.made(relyingParty, base64url(given.registration.challenge), {
    ...credential(given),
    response: {
      clientDataJSON: base64url(given.registration.clientDataJSON),
      attestationObject: base64url(given.registration.attestationObject)
    }
  })

const used = (given: Case, signature = given.authentication.signature) => {
  const { authenticatorData, challenge, clientDataJSON } = given.authentication
  const passkey: Operators.Passkey = {
    ...credentialOf(given),
    operatorId: OperatorId.make("6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
    name: given.name,
    counter: 0,
    transports: [],
    synced: false,
    created: DateTime.unsafeMake(0),
    lastUsed: Option.none()
  }
  return Passkeys.used(relyingParty, base64url(challenge), passkey, {
    ...credential(given),
    response: {
      clientDataJSON: base64url(clientDataJSON),
      authenticatorData: base64url(authenticatorData),
      signature: base64url(signature)
    }
  })
}

const frame = "it comes from a frame of another site"
const attestation = "it brings an attestation that nobody asked for"
const unverified = /user could not be verified/

/** What becomes of each of the specification's examples by the console's rules: its problem, or that it is accepted. */
const verdicts: Readonly<Record<string, readonly [made: string | RegExp | true, used: string | RegExp | true]>> = {
  "none-es256": [unverified, unverified],
  "packed-self-es256": [true, unverified],
  "none-es256-crossOrigin": [frame, frame],
  "none-es256-topOrigin": [frame, frame],
  "none-es256-long-credential-id": [unverified, true],
  "packed-es256": [attestation, true],
  "packed-es384": [attestation, true],
  "packed-es512": [attestation, unverified],
  "packed-rs256": [attestation, unverified],
  "packed-eddsa": [attestation, unverified],
  "packed-ed448": [attestation, /invalid alg -53/],
  "tpm-es256": [attestation, true],
  "android-key-es256": [attestation, unverified],
  "apple-es256": [attestation, unverified],
  "fido-u2f-es256": [attestation, unverified]
}

const flagsOf = (data: Buffer) => data[32] ?? 0

const isSynced = (given: Case) =>
  (flagsOf(bytes(given.authentication.authenticatorData)) & SoftPasskey.flags.synced) > 0

const expectProblem = (expected: string | RegExp, { problem }: Passkeys.PasskeyNotVerified) =>
  typeof expected === "string" ? assert.strictEqual(problem, expected) : assert.match(problem, expected)

describe("the examples of Web Authentication", () => {
  it("are judged each", () => {
    assert.sameMembers(Object.keys(verdicts), cases.map(({ name }) => name))
  })

  for (const given of cases) {
    const [making, using] = verdicts[given.name] ?? [true, true]

    it.effect(`${given.name}: what is made of it is ${making === true ? "accepted" : "refused"}`, () =>
      Effect.gen(function*() {
        if (making !== true) return expectProblem(making, yield* Effect.flip(made(given)))
        const { counter, id, publicKey } = yield* made(given)
        assert.deepStrictEqual({ id, publicKey }, credentialOf(given))
        assert.strictEqual(counter, 0)
      }))

    it.effect(`${given.name}: its use is ${using === true ? "accepted, and not with another's signature" : "refused"}`, () =>
      Effect.gen(function*() {
        if (using !== true) return expectProblem(using, yield* Effect.flip(used(given)))
        assert.deepStrictEqual(yield* used(given), { counter: 0, synced: isSynced(given) })
        const [, other] = cases
        const refusal = yield* Effect.flip(used(given, other?.authentication.signature))
        assert.strictEqual(refusal._tag, "PasskeyNotVerified")
      }))
  }
})

describe("a passkey that is not made as it ought to be", () => {
  const options = (challenge: string): Parameters<SoftPasskey.SoftPasskey["make"]>[0] => ({
    rp: { id: rpId, name: "" },
    user: { id: "AAAA", name: "Ada", displayName: "Ada" },
    challenge,
    pubKeyCredParams: []
  })

  it.effect("has a problem of one line, whatever it says of itself", () =>
    Effect.gen(function*() {
      const lies = { origin: "https://evil.example\nlevel=INFO\r\u2028\u202eall is well" }
      const response = SoftPasskey.make(origin).make(options("AAAA"), lies)
      const { problem } = yield* Effect.flip(Passkeys.made(relyingParty, "AAAA", response))
      assert.include(problem, "https://evil.example level=INFO")
      assert.notMatch(problem, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    }))

  for (const length of [0, 1024]) {
    it.effect(`is refused with an id of ${length} octets`, () =>
      Effect.gen(function*() {
        const response = SoftPasskey.make(origin).make(options("AAAA"), { id: Buffer.alloc(length, 7) })
        const { problem } = yield* Effect.flip(Passkeys.made(relyingParty, "AAAA", response))
        assert.strictEqual(problem, "its id is of no length that one may have")
      }))
  }
})
