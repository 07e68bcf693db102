/**
 * A proxy on loopback that stands before a platform and has real connections meet the faults of `Faults`.
 *
 * @see docs/faults.md
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import * as Net from "node:net"
import * as Faults from "./Faults.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Faults.Options {
  /** Port on loopback where the platform is served whose clock is so many seconds ahead. */
  readonly upstream: (skew: number) => number
  /** For how long a connection is refused that meets that fault a limited number of times. Default 40 milliseconds. */
  readonly refuseFor?: Duration.DurationInput | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface FaultProxy extends Omit<Faults.Desk, "fate" | "remember"> {
  /** On 127.0.0.1. */
  readonly port: number
  /** Connections from clients that are open now. */
  readonly connections: Effect.Effect<number>
}

/** What the head of a message says, and where its body begins. */
const readRequest = (bytes: Buffer): Option.Option<{ readonly request: Faults.Request; readonly length: number }> => {
  const end = bytes.indexOf("\r\n\r\n")
  if (end < 0) return Option.none()
  const [first = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n")
  const [method = "", path = ""] = first.split(" ")
  const headers = Object.fromEntries(lines.map((line) => {
    const colon = line.indexOf(":")
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  }))
  const length = end + 4 + Number(headers["content-length"] ?? 0)
  return bytes.length < length
    ? Option.none()
    : Option.some({ request: { method, path, headers, body: new Uint8Array(bytes.subarray(end + 4, length)) }, length })
}

/** Of the connection between proxy and platform alone. */
const hopByHop = new Set(["connection", "keep-alive", "transfer-encoding", "content-length", "date"])

const ask = (port: number, { body, headers, method, path }: Faults.Request) =>
  Effect.async<Faults.Reply, Faults.NoAnswer>((resume) => {
    const fail = (cause: unknown) => resume(Effect.fail(new Faults.NoAnswer({ cause })))
    const request = Http.request(
      { host: "127.0.0.1", port, method, path, headers, agent: false },
      (response) => {
        const chunks: Array<Buffer> = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("error", fail)
        response.on("end", () =>
          resume(Effect.succeed({
            status: response.statusCode ?? 0,
            headers: Object.fromEntries(
              Object.entries(response.headers).flatMap(([name, value]) =>
                typeof value === "string" && !hopByHop.has(name) ? [[name, value]] : []
              )
            ),
            body: new Uint8Array(Buffer.concat(chunks))
          })))
      }
    )
    request.on("error", fail)
    request.end(body)
    return Effect.sync(() => request.destroy())
  })

const utf8 = new TextEncoder()

/** Statuses whose messages have no body, so that a length would be one too many. */
const bodiless = new Set([204, 304])

interface Octets {
  readonly head: Uint8Array
  readonly body: Uint8Array
  readonly after: Uint8Array
}

const octetsOf = (reply: Faults.Reply, framing: Faults.Framing = {}): Octets => {
  const body = framing.body === undefined ? reply.body : framing.body(reply.body)
  const length = framing.length ?? (bodiless.has(reply.status) ? [] : [["content-length", String(body.length)]])
  const lines = [...Object.entries(reply.headers), ...length].map(([name, value]) => `${name}: ${value}\r\n`)
  return {
    head: utf8.encode(framing.raw ?? `${framing.before ?? ""}HTTP/1.1 ${reply.status} -\r\n${lines.join("")}\r\n`),
    body: framing.raw === undefined ? body : new Uint8Array(0),
    after: utf8.encode(framing.after ?? "")
  }
}

const write = (socket: Net.Socket, bytes: Uint8Array) =>
  Effect.async<void>((resume) => {
    if (bytes.length === 0 || socket.destroyed) return resume(Effect.void)
    socket.write(bytes, () => resume(Effect.void))
  })

const deliver = (
  socket: Net.Socket,
  { delivery, framing, reply }: Extract<Faults.Fate, { readonly _tag: "Answered" }>
): Effect.Effect<void> => {
  const { after, body, head } = octetsOf(reply, framing)
  const whole = Effect.zipRight(write(socket, Buffer.concat([head, body])), write(socket, after))
  const finish = (then: "Reset" | "Close" | "Stall") => {
    switch (then) {
      case "Reset":
        return Effect.sync(() => void socket.resetAndDestroy())
      case "Close":
        return Effect.sync(() => void socket.end())
      case "Stall":
        return Effect.never
    }
  }
  switch (delivery._tag) {
    case "Whole":
      // What is no answer ends the connection, as whoever speaks it would.
      return framing?.raw === undefined ? whole : Effect.zipRight(whole, finish("Close"))
    case "After":
      return Effect.delay(whole, delivery.wait)
    case "Pieces": {
      const pieces = Array.from(
        { length: Math.ceil(body.length / delivery.size) },
        (_, i) => body.subarray(i * delivery.size, (i + 1) * delivery.size)
      )
      return Effect.zipRight(
        write(socket, head),
        Effect.forEach(pieces, (piece) => Effect.delay(write(socket, piece), delivery.every), { discard: true })
      )
    }
    case "Cut": {
      const sent = {
        Request: new Uint8Array(0),
        Status: new Uint8Array(0),
        Headers: head.subarray(0, head.length >> 1),
        Body: head,
        MiddleOfBody: Buffer.concat([head, body.subarray(0, body.length >> 1)])
      }[delivery.at]
      return Effect.zipRight(write(socket, sent), finish(delivery.ends))
    }
  }
}

/**
 * Each connection is closed with the scope, and the port freed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<FaultProxy, never, Scope.Scope> =>
  Effect.gen(function*() {
    const desk = yield* Faults.makeDesk
    const runtime = yield* Effect.runtime()
    const patience = Duration.decode(options.patience ?? "10 seconds")
    const refuseFor = Duration.decode(options.refuseFor ?? "40 millis")
    const sockets = new Set<Net.Socket>()

    const serve = (socket: Net.Socket, request: Faults.Request) =>
      Effect.gen(function*() {
        const forward = (skew = 0) =>
          Effect.tap(ask(options.upstream(skew), request), (reply) => desk.remember(request, reply))
        const fate = yield* desk.fate({
          request,
          patience,
          forward,
          seal: (sealing) => options.seal(request, sealing)
        })
        if (Option.isNone(fate)) {
          return yield* deliver(socket, { _tag: "Answered", reply: yield* forward(), delivery: { _tag: "Whole" } })
        }
        return fate.value._tag === "Answered"
          ? yield* deliver(socket, fate.value)
          : void socket.resetAndDestroy()
      }).pipe(Effect.catchTag("NoAnswer", () => Effect.sync(() => void socket.resetAndDestroy())))

    const accept = (socket: Net.Socket): void => {
      sockets.add(socket)
      let bytes = Buffer.alloc(0)
      let busy = Fiber.void as Fiber.Fiber<void>
      socket.setNoDelay(true)
      socket.on("error", () => socket.destroy())
      socket.on("close", () => {
        sockets.delete(socket)
        Runtime.runFork(runtime)(Fiber.interrupt(busy))
      })
      socket.on("data", (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk])
        const found = readRequest(bytes)
        if (Option.isNone(found)) return
        bytes = bytes.subarray(found.value.length)
        busy = Runtime.runFork(runtime)(serve(socket, found.value.request))
      })
    }

    const server = yield* Effect.acquireRelease(
      Effect.sync(() => Net.createServer({ allowHalfOpen: false }, accept)),
      (server) =>
        Effect.async<void>((resume) => {
          for (const socket of sockets) socket.destroy()
          server.close(() => resume(Effect.void))
        })
    )
    const listen = (port: number) =>
      Effect.async<number, Error>((resume) => {
        const failed = (error: Error) => resume(Effect.fail(error))
        server.once("error", failed)
        server.listen(port, "127.0.0.1", () => {
          server.off("error", failed)
          resume(Effect.sync(() => (server.address() as Net.AddressInfo).port))
        })
      })
    const port = yield* Effect.orDie(listen(0))
    // Somebody else may have been given the port meanwhile, and mostly has it for a moment only.
    const listenAgain = Effect.orDie(
      Effect.retry(listen(port), Schedule.upTo(Schedule.spaced("20 millis"), "10 seconds"))
    )
    const scope = yield* Effect.scope

    const refuse = Effect.async<void>((resume) => {
      for (const socket of sockets) socket.destroy()
      server.close(() => resume(Effect.void))
    })

    return {
      port,
      connections: Effect.sync(() => Array.from(sockets).filter(({ destroyed }) => !destroyed).length),
      calls: desk.calls,
      heal: desk.heal,
      meet: (fault, meet = {}) =>
        fault.name !== "refused" ? desk.meet(fault, meet) : Effect.zipRight(
          refuse,
          meet.times === undefined
            ? Effect.void
            : Effect.asVoid(Effect.forkIn(Effect.delay(listenAgain, refuseFor), scope))
        )
    }
  })
