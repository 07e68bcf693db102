import { isPlain } from "@effect-launchkey/core/Api"
import { keyIdHeader } from "@effect-launchkey/core/api/PublicApi"
import * as Effect from "effect/Effect"
import type { Delivery, Effects, Fate, Fault, Request } from "../../Faults.ts"
import * as TestKeys from "../../TestKeys.ts"
import { answeredWith, harmless, instead, plain, refused, unanswered, utf8 } from "./describing.ts"

const hour = 3600

const keyMissing = (reason: Extract<Effects, { _tag: "KeyMissing" }>["reason"], again: boolean): Effects => ({
  _tag: "KeyMissing",
  reason,
  again,
  byId: false
})

const timeMissing = (reason: Extract<Effects, { _tag: "NotSent" }>["reason"], again: boolean): Effects => ({
  _tag: "NotSent",
  reason,
  again
})

const reset: Delivery = { _tag: "Cut", at: "Status", ends: "Reset" }
const stall: Delivery = { _tag: "Cut", at: "Status", ends: "Stall" }

/** One that is as wrong for the time as for a key: each needs something of its own shape. */
const unusable = plain(200, "<!doctype html><p>Not here.", { "content-type": "text/html" })

/** Whether it is the key to encrypt to that is asked for. */
const isCurrent = ({ path }: Request): boolean => path.endsWith("/public-key")

const isById = ({ path }: Request): boolean => path.includes("/public-key/")

const connectionRefused: Fate = {
  _tag: "NoConnection",
  cause: Object.assign(new Error("no connection"), { code: "ECONNREFUSED", syscall: "connect" })
}

const surrounding = (
  name: string,
  description: string,
  target: "Time" | "Keys",
  comesTo: Effects,
  ...answer: Parameters<typeof answeredWith>
): Fault => instead({ name, description, target, comesTo, answer: () => answeredWith(...answer) })

/** The platform's clock and keys, and what tells of them. */
export const surroundings: ReadonlyArray<Fault> = [
  ...([["ahead", hour], ["behind", -hour]] as const).flatMap(([which, skew]): ReadonlyArray<Fault> => [
    instead({
      name: `clock-${which}`,
      description: `the platform's clock is an hour ${which}`,
      comesTo: harmless,
      target: "All",
      acts: true,
      answer: ({ forward }) => Effect.map(forward(skew), (reply) => answeredWith(reply))
    }),
    instead({
      name: `clock-steps-${which}`,
      description: `the platform's clock steps an hour ${which} after its time was asked`,
      comesTo: refused(401, false),
      answer: ({ forward }) => Effect.map(forward(skew), (reply) => answeredWith(reply))
    })
  ]),
  surrounding(
    "time-reset",
    "the platform's time cannot be had",
    "Time",
    timeMissing("Unreachable", true),
    plain(200),
    reset
  ),
  surrounding(
    "time-stalled",
    "the platform's time does not come",
    "Time",
    timeMissing("TimedOut", true),
    plain(200),
    stall
  ),
  surrounding("time-unusable", "the platform's time is none", "Time", timeMissing("AnswerUnusable", false), unusable),
  surrounding(
    "time-503",
    "the platform's time is not to be had now",
    "Time",
    timeMissing("AnswerUnusable", true),
    plain(503)
  ),
  surrounding(
    "time-too-large",
    "the platform's time takes more than a message may have",
    "Time",
    timeMissing("AnswerTooLarge", false),
    { status: 200, headers: {}, body: new Uint8Array(1024 * 1024 + 1) }
  ),
  surrounding(
    "key-reset",
    "the platform's key cannot be had",
    "Keys",
    keyMissing("Unreachable", true),
    plain(200),
    reset
  ),
  surrounding(
    "key-stalled",
    "the platform's key does not come",
    "Keys",
    keyMissing("TimedOut", true),
    plain(200),
    stall
  ),
  surrounding("key-unusable", "the platform's key is none", "Keys", keyMissing("AnswerUnusable", false), unusable),
  surrounding(
    "key-503",
    "the platform's key is not to be had now",
    "Keys",
    keyMissing("AnswerUnusable", true),
    plain(503)
  ),
  instead({
    name: "key-misnamed",
    description: "the platform's key goes by another's id",
    target: "Keys",
    acts: true,
    comesTo: { _tag: "KeyMissing", reason: "AnswerUnusable", again: false, byId: true },
    answer: ({ forward, request }) =>
      Effect.map(forward(), (reply) =>
        answeredWith(
          isCurrent(request)
            ? { ...reply, headers: { ...reply.headers, [keyIdHeader]: TestKeys.retired.keyId } }
            : reply
        ))
  }),
  instead({
    name: "key-refused",
    description: "the platform's key cannot be had, as the connection for it is refused",
    target: "Keys",
    on: "Memory",
    comesTo: keyMissing("Unreachable", true),
    answer: () => connectionRefused
  }),
  instead({
    name: "key-of-answer-refused",
    description: "the answer is signed by another key, and the connection to ask for that one is refused",
    target: "All",
    on: "Memory",
    acts: true,
    comesTo: unanswered("Unreachable"),
    answer: ({ forward, request, seal }) =>
      isById(request)
        ? connectionRefused
        : Effect.flatMap(forward(), (reply) =>
          isPlain(request.path)
            ? Effect.succeed(answeredWith(reply))
            : Effect.map(seal({ status: reply.status, by: "Retired" }), (sealed) => answeredWith(sealed)))
  }),
  instead({
    name: "key-rotated",
    description: "the platform's key is rotated after the client asked for it",
    comesTo: harmless,
    target: "Keys",
    acts: true,
    answer: ({ forward, request }) =>
      isCurrent(request)
        ? answeredWith({
          status: 200,
          headers: { "content-type": "application/x-pem-file", [keyIdHeader]: TestKeys.retired.keyId },
          body: utf8.encode(TestKeys.retired.publicKey)
        })
        : Effect.map(forward(), (reply) => answeredWith(reply))
  }),
  instead({
    name: "signed-by-retired-key",
    description: "the answer is signed by a key that is retired, and still served",
    comesTo: refused(403, true),
    answer: ({ seal }) => Effect.map(seal({ status: 403, by: "Retired" }), (reply) => answeredWith(reply))
  })
]
