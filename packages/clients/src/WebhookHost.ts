/**
 * Hosts outside Effect that webhooks arrive at, as handlers that answer as `Webhook.respond` does. A host must leave the
 * octets of the body as they came, and most have something that does not: the log names the mistake and its remedy.
 *
 * @see docs/protocol.md "Webhooks"
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as ManagedRuntime from "effect/ManagedRuntime"
import * as hosting from "./internal/hosting.ts"
import { annotated } from "./internal/logging.ts"
import * as nodeHosting from "./internal/nodeHosting.ts"
import type { Receiver } from "./Webhook.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<R, ER> {
  /** Of a layer with the receiver and with all that the handler needs. The program that makes it disposes of it too. */
  readonly runtime: ManagedRuntime.ManagedRuntime<R, ER>
}

/** A request of whoever has gone is given up, and its handler interrupted. Rejects if the layers cannot be built. */
const replying = <Event, E, I, R, ER>(
  receiver: Effect.Effect<Receiver<Event>, never, I>,
  handler: (event: Event) => Effect.Effect<unknown, E, R>,
  { runtime }: Options<I | R, ER>
) =>
async (
  delivery: Parameters<typeof hosting.reply<Event, E, never, R>>[1],
  signal?: AbortSignal
): Promise<hosting.Reply> => {
  const exit = await runtime.runPromiseExit(
    Effect.flatMap(receiver, (found) => hosting.reply(found, delivery, handler)),
    { signal }
  )
  if (Exit.isSuccess(exit)) return exit.value
  if (Cause.isInterruptedOnly(exit.cause)) return hosting.interrupted
  throw Cause.squash(exit.cause)
}

/**
 * For whatever has a `Request` answered by a `Response`: Hono, Next.js, Bun, Deno, Workers. Rejects where the layers of
 * the runtime cannot be built, and for nothing else.
 *
 * @since 0.1.0
 * @category constructors
 */
export const toWebHandler = <Event, E, I, R, ER>(
  receiver: Effect.Effect<Receiver<Event>, never, I>,
  handler: (event: Event) => Effect.Effect<unknown, E, R>,
  options: Options<I | R, ER>
): (request: Request) => Promise<Response> => {
  const reply = replying(receiver, handler, options)
  return async (request) => {
    const { headers, status } = await reply(hosting.fromWeb(request), request.signal)
    return new Response(null, { status, headers })
  }
}

/**
 * What is needed of a request of `node:http`, as it is or as Express hands it on.
 *
 * @since 0.1.0
 * @category models
 */
export interface NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** Of Express: as it was asked for, before routers took prefixes away. */
  readonly originalUrl?: string | undefined
  readonly headers: { readonly [name: string]: string | ReadonlyArray<string> | undefined }
  /** Of Express: taken where it is octets, as `express.raw` leaves it. */
  readonly body?: unknown
  /** The octets, from hosts that keep them beside a body that they have parsed. */
  readonly rawBody?: unknown
  /** Whether it has come as a whole. */
  readonly complete?: boolean | undefined
  pause(): unknown
  on(event: "data", listener: (chunk: Uint8Array | string) => void): unknown
  on(event: "end" | "close", listener: () => void): unknown
  on(event: "error", listener: (cause: unknown) => void): unknown
  off(event: "data", listener: (chunk: Uint8Array | string) => void): unknown
  off(event: "end" | "close", listener: () => void): unknown
  off(event: "error", listener: (cause: unknown) => void): unknown
}

/**
 * What is needed of a response of `node:http`.
 *
 * @since 0.1.0
 * @category models
 */
export interface NodeResponse {
  statusCode: number
  readonly writableEnded: boolean
  setHeader(name: string, value: string): unknown
  end(): unknown
  once(event: "close", listener: () => void): unknown
}

/** Aborted when whoever waits for the response has gone. */
const goneWith = (response: Pick<NodeResponse, "once" | "writableEnded">): AbortSignal => {
  const controller = new AbortController()
  response.once("close", () => {
    if (!response.writableEnded) controller.abort()
  })
  return controller.signal
}

/**
 * For `node:http` and Express. Where the layers of the runtime cannot be built, Express is told by `next`; without it
 * the answer is 500 and the log has the cause.
 *
 * @since 0.1.0
 * @category constructors
 */
export const toNodeHandler = <Event, E, I, R, ER>(
  receiver: Effect.Effect<Receiver<Event>, never, I>,
  handler: (event: Event) => Effect.Effect<unknown, E, R>,
  options: Options<I | R, ER>
): (request: NodeRequest, response: NodeResponse, next?: (error: unknown) => void) => void => {
  const reply = replying(receiver, handler, options)
  return (request, response, next) => {
    const answer = ({ headers, status }: Pick<hosting.Reply, "headers" | "status">) => {
      response.statusCode = status
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
      // What has not come yet is not worth waiting for.
      if (request.complete === false) response.setHeader("connection", "close")
      response.end()
    }
    reply(nodeHosting.fromNode(request), goneWith(response)).then(answer, (error: unknown) => {
      if (next !== undefined) {
        // oxlint-disable-next-line promise/no-callback-in-promise -- what Express gave to be called
        next(error)
        return
      }
      Effect.runFork(annotated(Effect.logError("What receives webhooks could not be built", error)))
      answer(hosting.failed)
    })
  }
}

/**
 * What is needed of a request of Fastify.
 *
 * @since 0.1.0
 * @category models
 */
export interface FastifyRequest {
  readonly method: string
  readonly url: string
  /** As it was asked for, before it was rewritten. */
  readonly originalUrl?: string | undefined
  readonly headers: { readonly [name: string]: string | ReadonlyArray<string> | undefined }
  /** Taken where it is octets, as a content type parser with `parseAs: "buffer"` leaves it. */
  readonly body?: unknown
  /** The octets, from plugins that keep them beside a body that is parsed. */
  readonly rawBody?: unknown
  readonly raw: NodeRequest
}

/**
 * What is needed of a reply of Fastify.
 *
 * @since 0.1.0
 * @category models
 */
export interface FastifyReply {
  readonly raw: Pick<NodeResponse, "once" | "writableEnded">
  code(status: number): unknown
  header(name: string, value: string): unknown
  send(): unknown
}

/**
 * For Fastify, which refuses `application/jose` by itself: add a content type parser for it that leaves the octets
 * alone. Rejects where the layers of the runtime cannot be built, and for nothing else.
 *
 * @since 0.1.0
 * @category constructors
 */
export const toFastifyHandler = <Event, E, I, R, ER>(
  receiver: Effect.Effect<Receiver<Event>, never, I>,
  handler: (event: Event) => Effect.Effect<unknown, E, R>,
  options: Options<I | R, ER>
): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> => {
  const reply = replying(receiver, handler, options)
  return async (request, response) => {
    const { headers, status } = await reply(nodeHosting.fromFastify(request), goneWith(response.raw))
    response.code(status)
    for (const [name, value] of Object.entries(headers)) response.header(name, value)
    response.send()
    return response
  }
}
