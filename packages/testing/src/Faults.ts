/**
 * What can go wrong between a client and the platform, as a catalogue, and an `HttpClient` that has its calls meet it.
 * `FaultProxy` does the same to real connections.
 *
 * @see docs/faults.md
 * @since 0.1.0
 */
import { isPlain } from "@effect-launchkey/core/Api"
import type { RejectionReason } from "@effect-launchkey/transport/Rejection"
import type { TransportError } from "@effect-launchkey/transport/TransportError"
import * as HttpClient from "@effect/platform/HttpClient"
import { RequestError, ResponseError } from "@effect/platform/HttpClientError"
import type { HttpClientRequest } from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import { answers } from "./internal/faults/answers.ts"
import { connections } from "./internal/faults/connections.ts"
import { forgeries } from "./internal/faults/forgeries.ts"
import { makeSeal } from "./internal/faults/sealing.ts"
import { surroundings } from "./internal/faults/surroundings.ts"

/**
 * A request on the wire.
 *
 * @since 0.1.0
 * @category models
 */
export interface Request {
  readonly method: string
  readonly path: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
}

/**
 * An answer on the wire.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reply {
  readonly status: number
  /** Names in lower case. A content length is added. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/**
 * The platform itself did not answer, so there is nothing to spoil.
 *
 * @since 0.1.0
 * @category errors
 */
export class NoAnswer extends Data.TaggedError("NoAnswer")<{ readonly cause: unknown }> {
  override get message(): string {
    return "The platform behind the fault did not answer. Check that it is served."
  }
}

/**
 * How far an answer comes.
 *
 * - `Whole`: as it is.
 * - `Pieces`: so many octets at a time, with waits between.
 * - `Cut`: up to a place. Then the connection is reset, or closed, or stays as it is and nothing more comes.
 * - `After`: whole, after a wait.
 *
 * @since 0.1.0
 * @category models
 */
export type Delivery =
  | { readonly _tag: "Whole" }
  | { readonly _tag: "Pieces"; readonly size: number; readonly every: Duration.Duration }
  | { readonly _tag: "After"; readonly wait: Duration.Duration }
  | {
    readonly _tag: "Cut"
    readonly at: "Request" | "Status" | "Headers" | "Body" | "MiddleOfBody"
    readonly ends: "Reset" | "Close" | "Stall"
  }

/**
 * What only a connection can show of an answer: how its length is told, and octets that are none of it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Framing {
  /** In place of `content-length` with the length. */
  readonly length?: ReadonlyArray<readonly [name: string, value: string]> | undefined
  /** In place of the body's octets. */
  readonly body?: ((body: Uint8Array) => Uint8Array) | undefined
  readonly before?: string | undefined
  readonly after?: string | undefined
  /** In place of all of it. */
  readonly raw?: string | undefined
}

/**
 * What becomes of an exchange.
 *
 * @since 0.1.0
 * @category models
 */
export type Fate =
  | {
    readonly _tag: "NoConnection"
    /** What the HTTP client says of it. */
    readonly cause: unknown
    readonly after?: Duration.Duration | undefined
  }
  | {
    readonly _tag: "Answered"
    readonly reply: Reply
    readonly delivery: Delivery
    readonly framing?: Framing | undefined
  }

/**
 * How an answer of the platform is forged, or made in its name. Whatever is absent is as the request asks for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sealing {
  readonly status: number
  /** Encrypted to whoever asked. Default: none. */
  readonly body?: Uint8Array | undefined
  /** Not signed. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Whose key signs. Default: the platform's. */
  readonly by?: "Stranger" | "Retired" | undefined
  readonly toStranger?: boolean | undefined
  readonly tokenId?: string | undefined
  readonly audience?: string | undefined
  readonly subject?: string | undefined
  /** Seconds between the platform's clock and that of the signature. Default 0. */
  readonly skew?: number | undefined
}

/**
 * An exchange that meets a fault.
 *
 * @since 0.1.0
 * @category models
 */
export interface Meeting {
  readonly request: Request
  /** The platform's own answer; it acts each time. With `skew`, its clock is so many seconds ahead. */
  readonly forward: (skew?: number) => Effect.Effect<Reply, NoAnswer>
  readonly seal: (sealing: Sealing) => Effect.Effect<Reply>
  /** The platform's answer to an earlier call. */
  readonly earlier: Option.Option<Reply>
  /** For how long the client waits for an answer. */
  readonly patience: Duration.Duration
}

/**
 * What one attempt that meets a fault comes to, whatever is called:
 *
 * - `Harmless`: as without it.
 * - `NotSent`: nothing of the call was sent, and that may be told for certain.
 * - `Unanswered`: the call may have been sent, and there is no answer.
 * - `Rejected`: there is an answer, and it is not believed.
 * - `Refused`: the platform, or whoever speaks in its place, refuses with this status.
 * - `KeyMissing`: the platform's key cannot be had: before the call where its body is to be sealed, else after it.
 *
 * `again` tells whether that may be over the next time.
 *
 * @since 0.1.0
 * @category models
 */
export type Effects =
  | { readonly _tag: "Harmless" }
  | { readonly _tag: "NotSent"; readonly reason: TransportError["reason"]; readonly again: boolean }
  | { readonly _tag: "Unanswered"; readonly reason: TransportError["reason"] }
  | { readonly _tag: "Rejected"; readonly reason: RejectionReason }
  | { readonly _tag: "Refused"; readonly status: number; readonly authenticated: boolean }
  | {
    readonly _tag: "KeyMissing"
    readonly reason: TransportError["reason"]
    readonly again: boolean
    /** Whether keys that are asked for by their ids can be had. */
    readonly byId: boolean
  }

/**
 * @since 0.1.0
 * @category models
 */
export interface Fault {
  readonly name: string
  /** Completes "the answer …" or "the connection …". */
  readonly description: string
  /** Where it can be shown: in memory, on a connection, or both. */
  readonly on: "Memory" | "Wire" | "Both"
  /** Which exchanges meet it: calls, the platform's time, its keys, or all of them. */
  readonly target: "Call" | "Time" | "Keys" | "All"
  /** Whether the platform gets the request, and acts. */
  readonly acts: boolean
  readonly comesTo: Effects
  /** Whether it only happens to answers that have a body. */
  readonly needsBody: boolean
  readonly fate: (meeting: Meeting) => Effect.Effect<Fate, NoAnswer>
}

/**
 * All of them. Names are unique.
 *
 * @since 0.1.0
 * @category models
 */
export const all: ReadonlyArray<Fault> = [...connections, ...answers, ...forgeries, ...surroundings]

/**
 * Answers in the name of `TestPlatform`'s platform, by its own key or by a stranger's.
 *
 * @since 0.1.0
 * @category constructors
 */
export { makeSeal }

/**
 * What an exchange is about.
 *
 * @since 0.1.0
 * @category conversions
 */
export const targetOf = (path: string): Exclude<Fault["target"], "All"> =>
  !isPlain(path) ? "Call" : path.endsWith("/ping") ? "Time" : "Keys"

/**
 * @since 0.1.0
 * @category models
 */
export interface Meet {
  /** How many exchanges meet it. Default: all. */
  readonly times?: number | undefined
  /** Whether the platform acts before. Default: as the fault says. True makes it act where it would not. */
  readonly acts?: boolean | undefined
}

/**
 * Which fault is met, and what was seen.
 *
 * @since 0.1.0
 * @category models
 */
export interface Desk {
  readonly meet: (fault: Fault, options?: Meet) => Effect.Effect<void>
  /** From now on all is well. */
  readonly heal: Effect.Effect<void>
  /** How many calls there were, not counting those for the time and for keys. */
  readonly calls: Effect.Effect<number>
  /** None where the exchange meets no fault. */
  readonly fate: (
    exchange: Omit<Meeting, "earlier">
  ) => Effect.Effect<Option.Option<Fate>, NoAnswer>
  /** Remembers the platform's answer to a call. */
  readonly remember: (request: Request, reply: Reply) => Effect.Effect<void>
}

interface Due {
  readonly fault: Fault
  readonly left: number
  readonly acts: boolean
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const makeDesk: Effect.Effect<Desk> = Effect.gen(function*() {
  const due = yield* Ref.make(Option.none<Due>())
  const calls = yield* Ref.make(0)
  const earlier = yield* Ref.make(Option.none<Reply>())

  const next = (target: Fault["target"]) =>
    Ref.modify(due, (current): [Option.Option<Due>, Option.Option<Due>] => {
      if (Option.isNone(current)) return [Option.none(), current]
      const { fault, left } = current.value
      return left > 0 && (fault.target === "All" || fault.target === target)
        ? [current, Option.some({ ...current.value, left: left - 1 })]
        : [Option.none(), current]
    })

  return {
    meet: (fault, { acts = fault.acts, times = Number.POSITIVE_INFINITY } = {}) =>
      Ref.set(due, Option.some({ fault, left: times, acts })),
    heal: Ref.set(due, Option.none()),
    calls: Ref.get(calls),
    remember: (request, reply) =>
      targetOf(request.path) === "Call" ? Ref.set(earlier, Option.some(reply)) : Effect.void,
    fate: (exchange) =>
      Effect.gen(function*() {
        const target = targetOf(exchange.request.path)
        if (target === "Call") yield* Ref.update(calls, (count) => count + 1)
        const met = yield* next(target)
        if (Option.isNone(met)) return Option.none()
        const { acts, fault } = met.value
        if (acts && !fault.acts) yield* exchange.forward()
        return Option.some(yield* fault.fate({ ...exchange, earlier: yield* Ref.get(earlier) }))
      })
  }
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** What answers in the platform's name: see {@link makeSeal}. */
  readonly seal: (request: Request, sealing: Sealing) => Effect.Effect<Reply>
  /** For how long the clients wait for an answer. Default 10 seconds. */
  readonly patience?: Duration.DurationInput | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface FaultyClient extends Desk {
  readonly httpClient: HttpClient.HttpClient
  /** How many exchanges are under way, not counting those that wait for time to pass, or for ever. */
  readonly busy: Effect.Effect<number>
}

/** As clients on Node say it of a connection that ended before the answer did. */
const ended = { Reset: "ECONNRESET", Close: "UND_ERR_SOCKET" } as const

const broken = (then: keyof typeof ended) =>
  Object.assign(new Error("the connection ended before the answer"), {
    code: ended[then],
    ...(then === "Close" ? { socket: { bytesWritten: 1024 } } : {})
  })

const bodyOf = ({ body }: HttpClientRequest): Uint8Array => body._tag === "Uint8Array" ? body.body : new Uint8Array(0)

/**
 * Runs with a clock that is so many seconds ahead, or behind where negative.
 *
 * @since 0.1.0
 * @category combinators
 */
export const ahead = (seconds: number) => <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  seconds === 0 ? self : Effect.clockWith((clock) => {
    const millis = seconds * 1000
    const nanos = BigInt(millis) * 1_000_000n
    return Effect.withClock(self, {
      [Clock.ClockTypeId]: Clock.ClockTypeId,
      sleep: (duration) => clock.sleep(duration),
      unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis() + millis,
      unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos() + nanos,
      currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + millis),
      currentTimeNanos: Effect.map(clock.currentTimeNanos, (now) => now + nanos)
    })
  })

/**
 * The given client, whose exchanges meet what is due. The platform's clock is shifted for the fiber of the exchange,
 * so a skew works only where the platform is in memory.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (inner: HttpClient.HttpClient, options: Options): Effect.Effect<FaultyClient> =>
  Effect.gen(function*() {
    const desk = yield* makeDesk
    const busy = yield* Ref.make(0)
    const patience = Duration.decode(options.patience ?? "10 seconds")
    const underWay = Effect.acquireRelease(
      Ref.update(busy, (count) => count + 1),
      () => Ref.update(busy, (count) => count - 1)
    )
    const idle = <A, E, R>(waiting: Effect.Effect<A, E, R>) =>
      Effect.acquireUseRelease(
        Ref.update(busy, (count) => count - 1),
        () => waiting,
        () => Ref.update(busy, (count) => count + 1)
      )

    const forward = (request: HttpClientRequest) =>
      Effect.flatMap(inner.execute(request), (response) =>
        Effect.map(response.arrayBuffer, (body): Reply => ({
          status: response.status,
          headers: { ...response.headers },
          body: new Uint8Array(body)
        }))).pipe(Effect.scoped, Effect.mapError((cause) => new NoAnswer({ cause })))

    const delivered = (
      request: HttpClientRequest,
      { delivery, reply }: Extract<Fate, { readonly _tag: "Answered" }>
    ) => {
      const fail = (cause: unknown) => new RequestError({ request, reason: "Transport", cause })
      const bare = HttpClientResponse.fromWeb(request, new Response(null, { headers: reply.headers }))
      const respond = (body: Stream.Stream<Uint8Array, ResponseError>) => {
        const stream = Stream.crossRight(Stream.scoped(underWay), body)
        const arrayBuffer = Effect.map(
          Stream.runFold(stream, new Uint8Array(0), (before, piece) => {
            const whole = new Uint8Array(before.length + piece.length)
            whole.set(before)
            whole.set(piece, before.length)
            return whole
          }),
          ({ buffer }) => buffer
        )
        return Effect.succeed<HttpClientResponse.HttpClientResponse>(
          // Statuses and bodies that no `Response` takes are what this is for.
          Object.defineProperties(bare, {
            status: { value: reply.status },
            stream: { value: stream },
            arrayBuffer: { value: arrayBuffer }
          })
        )
      }
      const octets = (length = reply.body.length) =>
        length === 0 ? Stream.empty : Stream.make(reply.body.subarray(0, length))
      switch (delivery._tag) {
        case "Whole":
          return respond(octets())
        case "After":
          return Effect.zipRight(idle(Effect.sleep(delivery.wait)), respond(octets()))
        case "Pieces": {
          const pieces = Array.from(
            { length: Math.ceil(reply.body.length / delivery.size) },
            (_, i) => reply.body.subarray(i * delivery.size, (i + 1) * delivery.size)
          )
          return respond(
            Stream.mapEffect(
              Stream.fromIterable(pieces),
              (piece) => Effect.as(idle(Effect.sleep(delivery.every)), piece)
            )
          )
        }
        case "Cut": {
          const rest = delivery.ends === "Stall"
            ? Stream.fromEffect(idle(Effect.never))
            : Stream.fail(
              new ResponseError({ request, response: bare, reason: "Decode", cause: broken(delivery.ends) })
            )
          if (delivery.at === "Body") return respond(rest)
          if (delivery.at === "MiddleOfBody") return respond(Stream.concat(octets(reply.body.length >> 1), rest))
          return delivery.ends === "Stall" ? idle(Effect.never) : Effect.fail(fail(broken(delivery.ends)))
        }
      }
    }

    const httpClient = HttpClient.make((request, url) => {
      const wire: Request = {
        method: request.method,
        path: url.pathname,
        headers: { ...request.headers },
        body: bodyOf(request)
      }
      const genuine = (skew = 0) =>
        forward(request).pipe(ahead(skew), Effect.tap((reply) => desk.remember(wire, reply)))
      const exchange = Effect.gen(function*() {
        const fate = yield* desk.fate({
          request: wire,
          patience,
          forward: genuine,
          seal: (sealing) => options.seal(wire, sealing)
        })
        if (Option.isNone(fate)) {
          return yield* delivered(request, {
            _tag: "Answered",
            reply: yield* genuine(),
            delivery: { _tag: "Whole" }
          })
        }
        if (fate.value._tag === "Answered") return yield* delivered(request, fate.value)
        const { after, cause } = fate.value
        if (after !== undefined) yield* idle(Effect.sleep(after))
        return yield* new RequestError({ request, reason: "Transport", cause })
      })
      return Effect.acquireUseRelease(
        Ref.update(busy, (count) => count + 1),
        () =>
          Effect.catchTag(
            exchange,
            "NoAnswer",
            ({ cause }) => new RequestError({ request, reason: "Transport", cause })
          ),
        () => Ref.update(busy, (count) => count - 1)
      )
    })

    return { ...desk, httpClient, busy: Ref.get(busy) }
  })
