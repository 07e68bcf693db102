/**
 * Listens to everything that the product emits while tests run, and searches it for what must not be in there.
 *
 * Heard, in the process of the tests: every message to Effect's log at any level, however loggers are configured, with
 * annotations, spans and cause; name, attributes, events and failure of every native span; every metric; and the text of
 * every error of this project and of every defect with which an Effect fails, with fields and causes.
 *
 * Searched for: PEM and DER of keys, compact JWS and JWE, whatever is encoded at length, URIs of one-time codes, and,
 * since tests take whom they want for a user, whatever went through `JSON` in this process as user name, as text that is
 * shown to a user, as secret or code, or as a whole body of those.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import { globalValue } from "effect/GlobalValue"
import * as Inspectable from "effect/Inspectable"
import * as Logger from "effect/Logger"
import type * as LogLevel from "effect/LogLevel"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Tracer from "effect/Tracer"
import { inspect } from "node:util"

export type Channel = "log" | "span" | "metric" | "error"

export interface Finding {
  readonly channel: Channel
  /** What was found, in words that do not repeat it. */
  readonly what: string
  /** Around what was found. */
  readonly excerpt: string
}

const patterns: ReadonlyArray<readonly [what: string, pattern: RegExp]> = [
  ["a PEM", /-----BEGIN [A-Z0-9 ]+-----/],
  ["the DER of a key", /\bMII[A-Za-z0-9+/]{60,}/],
  ["a compact JWS or JWE", /\beyJ[\w-]{8,}\.[\w-]*/],
  ["the URI of a one-time code", /otpauth:\/\//],
  ["encoded data", /(?![0-9A-F]{200})[A-Za-z0-9+/_-]{200,}/]
]

/** Members of the protocol's JSON that only the two sides of a call may see. */
const members: Readonly<Record<string, string>> = {
  username: "a user's name",
  identifier: "a user's name",
  title: "the title of a request",
  context: "the context of a request",
  push_title: "the title of a notification",
  push_body: "the text of a notification",
  secret: "the secret of one-time codes",
  otp: "a one-time code",
  auth: "a device's answer",
  auth_jwe: "a device's answer"
}

const member = new RegExp(String.raw`"(${Object.keys(members).join("|")})"\s*:\s*("(?:[^"\\]|\\.)*")`, "g")

/** Shorter ones are words by which nobody could tell a leak. */
const shortest = 6

/** What is heard of one test file, or of one part of it. */
export class Recording {
  readonly texts = new Map<string, Channel>()
  readonly secrets = new Map<string, string>()
  readonly heard = { log: 0, span: 0, metric: 0, error: 0 }

  hear(channel: Channel, text: string): void {
    this.heard[channel]++
    if (!this.texts.has(text)) this.texts.set(text, channel)
  }

  keep(secret: string, what: string): void {
    if (secret.length >= shortest && !this.secrets.has(secret)) this.secrets.set(secret, what)
  }

  findings(): ReadonlyArray<Finding> {
    const found = new Map<string, Finding>()
    const note = (channel: Channel, what: string, text: string, at: number, length: number) => {
      const excerpt = text.slice(Math.max(0, at - 160), at + Math.min(length, 80) + 80)
      found.set(`${channel} ${what} ${excerpt}`, { channel, what, excerpt })
    }
    for (const [text, channel] of this.texts) {
      for (const [what, pattern] of patterns) {
        const match = pattern.exec(text)
        if (match !== null) note(channel, what, text, match.index, match[0].length)
      }
    }
    const all = [...this.texts.keys()].join("\n")
    for (const [secret, what] of this.secrets) {
      if (!all.includes(secret)) continue
      const whole = new RegExp(String.raw`(?<![\w-])${secret.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&")}(?![\w-])`)
      for (const [text, channel] of this.texts) {
        const match = whole.exec(text)
        if (match !== null) note(channel, what, text, match.index, secret.length)
      }
    }
    return [...found.values()]
  }
}

// Test files that share a process load this module anew each, while what it is put around stays the same.
const listening = globalValue("@effect-launchkey/testing/leaks", () => ({
  recording: new Recording(),
  /** What is written down to be searched must not be taken for a body that somebody sent. */
  writing: false,
  installed: false,
  /** Before the test file. */
  metrics: [] as ReadonlyArray<string>,
  heardErrors: new WeakSet<object>()
}))

/** Everything that is heard while the effect runs goes into a record of its own. */
export const during = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Recording, never, R> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const outside = { recording: listening.recording, metrics: metrics() }
      listening.recording = new Recording()
      return outside
    }),
    ({ metrics }) =>
      Effect.map(Effect.exit(effect), () => {
        hearMetrics(metrics)
        return listening.recording
      }),
    (outside) => Effect.sync(() => void (listening.recording = outside.recording))
  )

const write = (f: () => void): void => {
  if (listening.writing) return
  listening.writing = true
  try {
    f()
  } finally {
    listening.writing = false
  }
}

const frames = /^\s+at .*$\n?/gm

const shown = (value: unknown): string =>
  typeof value === "string" ? value : inspect(value, { depth: 12, maxStringLength: 4000 }).replaceAll(frames, "")

const json = (value: unknown): string => {
  try {
    return Inspectable.stringifyCircular(value)
  } catch {
    return ""
  }
}

const shownCause = (cause: Cause.Cause<unknown>): string =>
  Cause.pretty(cause, { renderErrorCause: true }).replaceAll(frames, "")

const textOf = (error: unknown): string =>
  [shown(error), json(error), shownCause(Cause.fail(error)), Predicate.isError(error) ? String(error) : ""].join("\n")

const ours = (error: unknown): boolean =>
  Predicate.isRecord(error) && "identifier" in error.constructor &&
  String(error.constructor.identifier).startsWith("@effect-launchkey/")

/** What a test says of itself. */
const ofTests = (defect: unknown): boolean =>
  Predicate.isError(defect) && /^(AssertionError|TestingError|SkippedError)/.test(defect.name)

const hearErrors = (cause: Cause.Cause<unknown>): void => {
  if (Cause.isInterruptedOnly(cause)) return
  const errors = [
    ...[...Cause.failures(cause)].filter(ours),
    ...[...Cause.defects(cause)].filter((defect) => !ofTests(defect))
  ]
  for (const error of errors) {
    if (Predicate.isObject(error)) {
      if (listening.heardErrors.has(error)) continue
      listening.heardErrors.add(error)
    }
    write(() => listening.recording.hear("error", textOf(error)))
  }
}

const metrics = (): ReadonlyArray<string> => Metric.unsafeSnapshot().map(shown)

const hearMetrics = (before: ReadonlyArray<string> = []): void =>
  write(() =>
    metrics().filter((metric) => !before.includes(metric)).forEach((metric) =>
      listening.recording.hear("metric", metric)
    )
  )

interface Fiber {
  readonly id: () => Logger.Logger.Options<unknown>["fiberId"]
  readonly getFiberRef: <A>(ref: FiberRef.FiberRef<A>) => A
  readonly getFiberRefs: () => FiberRefs.FiberRefs
}

interface Failure {
  readonly effect_instruction_i0: Cause.Cause<unknown>
}

const loggers = [Logger.stringLogger, Logger.logfmtLogger, Logger.jsonLogger]

const hearLog = (
  fiber: Fiber,
  message: unknown,
  cause: Cause.Cause<unknown>,
  level: Option.Option<LogLevel.LogLevel>
): void =>
  write(() => {
    const context = fiber.getFiberRefs()
    const annotations = fiber.getFiberRef(FiberRef.currentLogAnnotations)
    const options: Logger.Logger.Options<unknown> = {
      fiberId: fiber.id(),
      logLevel: Option.getOrElse(level, () => fiber.getFiberRef(FiberRef.currentLogLevel)),
      message,
      cause,
      context,
      spans: fiber.getFiberRef(FiberRef.currentLogSpan),
      annotations,
      date: new Date(0)
    }
    Inspectable.withRedactableContext(context, () =>
      listening.recording.hear(
        "log",
        [
          ...loggers.map((logger) => logger.log(options).replaceAll(frames, "").replaceAll(/(?<=#)\d+/g, "")),
          shown(message),
          shownCause(cause),
          shown([...annotations])
        ].join("\n")
      ))
  })

/** Puts one function around another. It lasts as long as the process, which is a worker of the test runner. */
const around = <Self, Arguments extends ReadonlyArray<unknown>>(
  target: object,
  name: string,
  hear: (self: Self, ...args: Arguments) => void,
  quiet = false
): void => {
  const original: (this: Self, ...args: Arguments) => unknown = Reflect.get(target, name)
  Object.defineProperty(target, name, {
    configurable: true,
    writable: true,
    value: function(this: Self, ...args: Arguments): unknown {
      hear(this, ...args)
      const before = listening.writing
      listening.writing ||= quiet
      try {
        return Reflect.apply(original, this, args)
      } finally {
        listening.writing = before
      }
    }
  })
}

const keepMembers = (text: unknown): void => {
  // What an error says of a member is not what was in the member.
  if (listening.writing || typeof text !== "string" || text.length > 100_000 || text.includes("\"error_code\"")) return
  let private_ = false
  for (const [, name = "", value = ""] of text.matchAll(member)) {
    write(() => listening.recording.keep(JSON.parse(value), members[name] ?? name))
    private_ = true
  }
  if (private_ && text.length <= 4000) listening.recording.keep(text, "a body")
}

const hearSpan = (prefix: string, value: unknown): void =>
  write(() => listening.recording.hear("span", prefix + (Cause.isCause(value) ? shownCause(value) : shown(value))))

/** Listens to a test file from here on. */
export const install = (): void => {
  listening.recording = new Recording()
  listening.metrics = metrics()
  if (listening.installed) return
  listening.installed = true
  const fiber: object = Object.getPrototypeOf(Effect.runFork(Effect.void))
  around(fiber, "log", hearLog, true)
  around(fiber, "Failure", (_: Fiber, { effect_instruction_i0 }: Failure) => hearErrors(effect_instruction_i0))
  const span: object = Object.getPrototypeOf(Effect.runSync(Effect.makeSpan("leaks")))
  around(span, "attribute", ({ name }: Tracer.Span, key: string, value: unknown) => hearSpan(`${name} ${key}: `, value))
  around(
    span,
    "event",
    ({ name }: Tracer.Span, event: string, _: bigint, attributes: unknown) => hearSpan(`${name} ${event}: `, attributes)
  )
  around(
    span,
    "end",
    ({ name }: Tracer.Span, _: bigint, exit: Exit.Exit<unknown, unknown>) =>
      hearSpan(`${name} `, Exit.isFailure(exit) ? exit.cause : "")
  )
  around(JSON, "parse", (_: JSON, text: unknown) => keepMembers(text))
  const { stringify } = JSON
  JSON.stringify = (...args: [value: unknown]) => {
    const text = stringify(...args)
    keepMembers(text)
    return text
  }
}

/** What the test file has let out, metrics included. */
export const ended = (): Recording => {
  hearMetrics(listening.metrics)
  return listening.recording
}
