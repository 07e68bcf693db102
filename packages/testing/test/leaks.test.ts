import { EntityNotFound } from "@effect-launchkey/core/ApiError"
import { MessageRejected } from "@effect-launchkey/transport/TransportError"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import * as TestKeys from "../src/TestKeys.ts"
import * as leaks from "./support/leaks.ts"

const user = "eve.canary@example.com"

/** As a client does with each request, of which the recorder takes the names of users. */
const sent = Effect.sync(() => JSON.stringify({ username: user, context: "Open the canary's cage" }))

const found = <E>(plant: Effect.Effect<unknown, E>) =>
  Effect.map(
    leaks.during(Effect.zipRight(sent, plant)),
    (recording) => recording.findings().map(({ channel, what }) => `${channel}: ${what}`)
  )

const refused = (cause: unknown) =>
  new MessageRejected({ kind: "Response", reason: "BodyMalformed", operation: "POST /service/v3/auths", cause })

const token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJsa2EifQ.c2lnbmF0dXJl"

describe("a planted leak is found", () => {
  const plants: ReadonlyArray<readonly [where: string, plant: Effect.Effect<unknown, unknown>, finding: string]> = [
    ["in a message of the log", Effect.logInfo(`asked ${user}`), "log: a user's name"],
    ["in what is logged beside a message", Effect.logInfo("asked", { whom: { name: user } }), "log: a user's name"],
    [
      "in a message below the level that is logged",
      Effect.logTrace(user).pipe(Logger.withMinimumLogLevel(LogLevel.None)),
      "log: a user's name"
    ],
    [
      "in a message that no logger is there for",
      Effect.provide(Effect.logInfo(user), Logger.remove(Logger.defaultLogger)),
      "log: a user's name"
    ],
    ["in an annotation of the log", Effect.annotateLogs(Effect.logInfo("asked"), "user", user), "log: a user's name"],
    ["in a span of the log", Effect.withLogSpan(Effect.logInfo("asked"), user), "log: a user's name"],
    [
      "in the cause of a message",
      Effect.logError("asked", new Error("no", { cause: token })),
      "log: a compact JWS or JWE"
    ],
    [
      "in an error that ends a fiber",
      Effect.fork(Effect.fail(user)).pipe(Effect.flatMap((_) => _.await)),
      "log: a user's name"
    ],
    ["in the name of a span", Effect.withSpan(Effect.void, `ask ${user}`), "span: a user's name"],
    ["in an attribute of a span", Effect.withSpan(Effect.void, "ask", { attributes: { user } }), "span: a user's name"],
    ["in the failure of a span", Effect.withSpan(Effect.fail(new Error(token)), "ask"), "span: a compact JWS or JWE"],
    ["in the name of a metric", Metric.increment(Metric.counter(`asked ${user}`)), "metric: a user's name"],
    [
      "in a tag of a metric",
      Metric.increment(Metric.tagged(Metric.counter("asked"), "user", user)),
      "metric: a user's name"
    ],
    ["in a word that a metric counts", Metric.update(Metric.frequency("users"), user), "metric: a user's name"],
    [
      "in the cause of an error",
      refused(new Error("no", { cause: new Error(`not JSON: ${token}`) })),
      "error: a compact JWS or JWE"
    ],
    ["in a field of an error", new EntityNotFound({ detail: `no user ${user}` }), "error: a user's name"],
    ["in a defect", Effect.die(new Error(user)), "error: a user's name"],
    [
      "where an error shows a body",
      Effect.suspend(() => refused(JSON.parse("{\"otp\":\"739201\"}"))),
      "error: a one-time code"
    ],
    ["that is a private key", Effect.logInfo(Redacted.value(TestKeys.service.privateKey)), "log: a PEM"],
    ["that is a public key", Effect.logInfo(TestKeys.service.publicKey), "log: a PEM"],
    [
      "that is the URI of a one-time code",
      Effect.logInfo("otpauth://totp/x?secret=y"),
      "log: the URI of a one-time code"
    ]
  ]
  it.effect.each(plants)(
    "%s",
    ([, plant, finding]) => Effect.map(found(plant), (findings) => assert.include(findings, finding))
  )

  it.effect("as a whole, where its members are too short to be told apart", () =>
    Effect.gen(function*() {
      const body = "{\"username\":\"ada\",\"policy\":null}"
      const recording = yield* leaks.during(
        Effect.sync(() => JSON.parse(body)).pipe(Effect.zipRight(Effect.logInfo(`refused ${body}`)))
      )
      assert.deepStrictEqual(recording.findings().map(({ what }) => what), ["a body"])
    }))
})

describe("no leak is", () => {
  const harmless: ReadonlyArray<readonly [what: string, plant: Effect.Effect<unknown, unknown>]> = [
    ["a redacted value", Effect.logInfo(Redacted.make(user), TestKeys.service.privateKey)],
    ["the id of an entity", Effect.logInfo("svc:a5a2d6d4-7d1c-11ee-b962-0242ac120002")],
    ["the id of a key", Effect.logInfo(TestKeys.service.keyId)],
    ["a longer word that has a name in it", Effect.logInfo(`x${user}x`)],
    ["an error that says no more than what happened", refused(undefined)]
  ]
  it.effect.each(harmless)(
    "%s",
    ([, plant]) => Effect.map(found(plant), (findings) => assert.deepStrictEqual(findings, []))
  )
})
