import { assert, it as plainIt, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { families, type Family } from "../support/forging/families.ts"
import { type Base, bases, forge, freshTokenId, issuedAt } from "../support/forging/messages.ts"
import * as platform from "../support/forging/platform.ts"
import * as receivers from "../support/forging/receivers.ts"

const ofDevice = ({ issuer }: Base) => issuer.startsWith("dev:")

/** A device's package comes into the platform in a request of its own, and out to the service as an answer. */
const surfaces: { readonly [surface: string]: ReadonlyArray<Base> } = {
  "request into the platform": bases.request.filter((base) => !ofDevice(base)),
  "response into the client": bases.response,
  "webhook": bases.webhook,
  "device package": [...bases.request.filter(ofDevice), ...bases.answer]
}

const Everybody = Layer.merge(receivers.layer, platform.layer)

const targets = (family: Family, all: ReadonlyArray<Base>) =>
  family.attacks.map((attack) => ({
    attack,
    bases: all.filter((base) => attack.refused[base.surface] !== undefined && attack.when?.(base) !== false)
  })).filter(({ bases }) => bases.length > 0)

layer(Everybody)("a forged message", (it) => {
  for (const [surface, all] of Object.entries(surfaces)) {
    for (const family of families) {
      for (const { attack, bases } of targets(family, all)) {
        it.effect(`${surface}: ${family.name}: ${attack.what}`, () =>
          Effect.gen(function*() {
            const { open } = yield* receivers.Receivers
            for (const base of bases) {
              const forgery = attack.forge(base)
              const expected = attack.refused[base.surface] ?? []
              const outcome = yield* open(yield* forge(base, forgery))
              assert.include(expected, outcome, base.name)
              if (base.surface !== "request") continue
              const served = yield* platform.openServed(yield* forge(base, forgery, freshTokenId()))
              assert.include(expected, served, `${base.name}, served`)
            }
          }))
      }
    }
  }
})

layer(Everybody)("the message that it was made from", (it) => {
  for (const [surface, all] of Object.entries(surfaces)) {
    for (const base of all) {
      it.effect(`is accepted: ${surface} ${base.name}`, () =>
        Effect.gen(function*() {
          const { open } = yield* receivers.Receivers
          assert.strictEqual(yield* open(yield* forge(base, {})), "accepted")
          if (base.surface !== "request") return
          assert.strictEqual(yield* platform.openServed(yield* forge(base, {}, freshTokenId())), "accepted")
        }))
    }
  }
})

const leeway = 5

/** Around each limit, with the second before and after it; and the limit itself, which is the first of one side. */
const limits: ReadonlyArray<{
  readonly limit: string
  readonly at: (seconds: number) => { readonly claims: Record<string, number>; readonly now: number }
  readonly accepted: ReadonlyArray<number>
  readonly refused: ReadonlyArray<number>
  readonly reason: string
  readonly responses?: false
}> = [
  {
    limit: "the leeway after exp",
    at: (seconds) => ({ claims: {}, now: issuedAt + 5 + leeway + seconds }),
    accepted: [-1, -0.001],
    refused: [0, 1],
    reason: "Expired"
  },
  {
    limit: "the leeway before nbf",
    at: (seconds) => ({
      claims: { iat: issuedAt - 20, nbf: issuedAt, exp: issuedAt + 5 },
      now: issuedAt - leeway + seconds
    }),
    accepted: [1, 0],
    refused: [-0.001, -1],
    reason: "NotYetValid"
  },
  {
    limit: "the leeway before iat",
    at: (seconds) => ({
      claims: { iat: issuedAt, nbf: issuedAt - 20, exp: issuedAt + 5 },
      now: issuedAt - leeway + seconds
    }),
    accepted: [1, 0],
    refused: [-0.001, -1],
    reason: "NotYetValid"
  },
  {
    limit: "a lifetime of 60 seconds",
    at: (seconds) => ({ claims: { exp: issuedAt + 60 + seconds }, now: issuedAt }),
    accepted: [-1, 0],
    refused: [1],
    reason: "LifetimeTooLong",
    responses: false
  }
]

layer(Everybody)("a token at the limit of its time", (it) => {
  for (const [surface, all] of Object.entries(surfaces)) {
    for (const { accepted, at, limit, reason, refused, responses } of limits) {
      const signed = all.filter((base) =>
        base.surface !== "answer" && (responses !== false || base.surface !== "response")
      )
      if (signed.length === 0) continue
      it.effect(`${surface}: ${limit}, a second to either side`, () =>
        Effect.gen(function*() {
          const { open } = yield* receivers.Receivers
          for (const base of signed) {
            for (const seconds of [...accepted, ...refused]) {
              const { claims, now } = at(seconds)
              const forgery = { claims, delivered: () => ({ now }) }
              const expected = accepted.includes(seconds) ? "accepted" : reason
              const name = `${base.name}, ${seconds} s`
              assert.strictEqual<string>(yield* open(yield* forge(base, forgery)), expected, name)
              if (base.surface !== "request") continue
              const served = yield* platform.openServed(yield* forge(base, forgery, freshTokenId()))
              assert.strictEqual<string>(served, expected, `${name}, served`)
            }
          }
        }))
    }
  }
})

plainIt("every family is tried on every surface", () => {
  const missing = Object.entries(surfaces).flatMap(([surface, all]) =>
    families.filter((family) => targets(family, all).length === 0).map(({ name }) => `${surface}: ${name}`)
  )
  assert.deepStrictEqual(missing, [])
  for (const family of families) {
    for (const { refused, what } of family.attacks) {
      assert.isNotEmpty(Object.keys(refused), `${family.name}: ${what}`)
    }
  }
})
