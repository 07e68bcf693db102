import type { ServiceEvent } from "@effect-launchkey/core/Webhook"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Ref from "effect/Ref"
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import { Readable } from "node:stream"
import * as ServiceWebhook from "../src/ServiceWebhook.ts"
import type { Delivery } from "../src/Webhook.ts"
import * as WebhookHost from "../src/WebhookHost.ts"
import * as WebhookInbox from "../src/WebhookInbox.ts"
import * as deliveries from "./deliveries.ts"
import { again, deliver } from "./deliveries.ts"
import { serviceId } from "./support.ts"

type Handler = (event: ServiceEvent) => Effect.Effect<unknown, unknown>

/** A program's runtime, the events that its handler got, and what it logged. */
const program = (also: Handler = () => Effect.void) =>
  Effect.gen(function*() {
    const events = yield* Ref.make<ReadonlyArray<ServiceEvent>>([])
    const lines: Array<string> = []
    const runtime = yield* Effect.acquireRelease(
      Effect.sync(() =>
        ManagedRuntime.make(
          ServiceWebhook.layer({ serviceId }).pipe(
            Layer.provide(WebhookInbox.layerMemory()),
            Layer.provide(deliveries.transport),
            Layer.provideMerge(Logger.minimumLogLevel(LogLevel.All)),
            Layer.provideMerge(
              Logger.replace(Logger.defaultLogger, Logger.map(Logger.logfmtLogger, (line) => void lines.push(line)))
            )
          )
        )
      ),
      (runtime) => runtime.disposeEffect
    )
    const handler: Handler = (event) => Effect.zipRight(Ref.update(events, (all) => [...all, event]), also(event))
    return { runtime, handler, events: Ref.get(events), log: Effect.sync(() => lines.join("\n")) }
  })

const webhook = ServiceWebhook.ServiceWebhook

const broken = ManagedRuntime.make(
  ServiceWebhook.layer({ serviceId: "none" }).pipe(
    Layer.provide(WebhookInbox.layerMemory()),
    Layer.provide(deliveries.transport)
  )
)

const sessionEnd = () => deliver(deliveries.sessionEnd, { encrypted: false })

const promised = <A>(promise: () => Promise<A>) => Effect.tryPromise({ try: promise, catch: (error) => error })

const headersOf = ({ token }: Delivery): Record<string, string> => token === undefined ? {} : { "x-iov-jwt": token }

const webRequest = (delivery: Delivery, init: RequestInit & { readonly duplex?: "half" } = {}) =>
  new Request("https://example.com/webhook?a=b", {
    method: delivery.method,
    headers: headersOf(delivery),
    body: new Uint8Array(delivery.body),
    ...init
  })

describe("toWebHandler", () => {
  it.scopedLive("answers 204 to what was handled, without a body", () =>
    Effect.gen(function*() {
      yield* Ref.set(deliveries.asked, [])
      const { events, handler, runtime } = yield* program()
      const handle = WebhookHost.toWebHandler(webhook, handler, { runtime })
      const response = yield* promised(() => handle(webRequest(sessionEnd())))
      assert.strictEqual(response.status, 204)
      assert.strictEqual(response.body, null)
      assert.strictEqual(response.headers.get("cache-control"), "no-store")
      assert.deepStrictEqual((yield* events).map(({ _tag }) => _tag), ["SessionEnded"])
      assert.strictEqual((yield* Ref.get(deliveries.asked))[0]?.path, "/webhook")
    }))

  it.scopedLive("answers 401 to what has no token or no body", () =>
    Effect.gen(function*() {
      const { events, handler, runtime } = yield* program()
      const handle = WebhookHost.toWebHandler(webhook, handler, { runtime })
      const statuses = [
        (yield* promised(() => handle(webRequest({ ...sessionEnd(), token: undefined })))).status,
        (yield* promised(() => handle(webRequest(sessionEnd(), { body: null })))).status
      ]
      assert.deepStrictEqual(statuses, [401, 401])
      assert.deepStrictEqual(yield* events, [])
    }))

  for (
    const [what, spoil] of [
      ["read", (request: Request) => request.json()],
      ["given a reader of its own", async (request: Request) => request.body?.getReader()]
    ] as const
  ) {
    it.scopedLive(`answers 500 where the body was ${what} before, and says what to do`, () =>
      Effect.gen(function*() {
        const { events, handler, log, runtime } = yield* program()
        const request = webRequest(sessionEnd())
        yield* promised(() => spoil(request))
        const response = yield* promised(() => WebhookHost.toWebHandler(webhook, handler, { runtime })(request))
        assert.strictEqual(response.status, 500)
        assert.match(yield* log, /was read before.*c\.req\.raw/)
        assert.deepStrictEqual(yield* events, [])
      }))
  }

  it.scopedLive("reads no more of a body than 256 KiB, and nothing where it is announced to be larger", () =>
    Effect.gen(function*() {
      const { handler, log, runtime } = yield* program()
      const handle = WebhookHost.toWebHandler(webhook, handler, { runtime })
      let chunks = 0
      const endless = () =>
        new ReadableStream<Uint8Array>({
          pull: (controller) => {
            chunks += 1
            controller.enqueue(new Uint8Array(64 * 1024))
          }
        }, { highWaterMark: 0 })
      const cut = yield* promised(() => handle(webRequest(sessionEnd(), { body: endless(), duplex: "half" })))
      assert.strictEqual(cut.status, 401)
      assert.isAtMost(chunks, 6)
      const before = chunks
      const announced = yield* promised(() =>
        handle(webRequest(sessionEnd(), { body: endless(), duplex: "half", headers: { "content-length": "262145" } }))
      )
      assert.strictEqual(announced.status, 401)
      assert.strictEqual(chunks, before)
      assert.include(yield* log, "larger than is accepted")
    }))

  it.scopedLive("answers 503 where the body breaks off", () =>
    Effect.gen(function*() {
      const { handler, runtime } = yield* program()
      const body = new ReadableStream({ pull: (controller) => controller.error(new Error("gone")) })
      const response = yield* promised(() =>
        WebhookHost.toWebHandler(webhook, handler, { runtime })(webRequest(sessionEnd(), { body, duplex: "half" }))
      )
      assert.strictEqual(response.status, 503)
    }))

  it.scopedLive("interrupts the handler of whoever has gone, and handles the retry", () =>
    Effect.gen(function*() {
      const entered = yield* Deferred.make<void>()
      const stopped = yield* Deferred.make<void>()
      const stuck = Deferred.succeed(entered, undefined).pipe(
        Effect.zipRight(Effect.never),
        Effect.onInterrupt(() => Deferred.succeed(stopped, undefined))
      )
      const first = yield* Ref.make(true)
      const { handler, runtime } = yield* program(() =>
        Effect.flatMap(Ref.getAndSet(first, false), (is) => is ? stuck : Effect.void)
      )
      const handle = WebhookHost.toWebHandler(webhook, handler, { runtime })
      const controller = new AbortController()
      const delivery = sessionEnd()
      const answered = handle(webRequest(delivery, { signal: controller.signal }))
      yield* Deferred.await(entered)
      controller.abort()
      yield* Deferred.await(stopped)
      assert.strictEqual((yield* promised(() => answered)).status, 503)
      assert.strictEqual((yield* promised(() => handle(webRequest(again(delivery))))).status, 204)
    }))

  it.live("rejects where its layers cannot be built", () =>
    Effect.gen(function*() {
      const handle = WebhookHost.toWebHandler(webhook, () => Effect.void, { runtime: broken })
      const error = yield* Effect.flip(promised(() => handle(webRequest(sessionEnd()))))
      assert.include(String(error), "serviceId")
    }))
})

interface Answer {
  readonly status: number | undefined
  readonly body: string
  readonly headers: Http.IncomingHttpHeaders
}

/** A server on the loopback interface, and what sends to it by hand. */
const serving = (listener: Http.RequestListener) =>
  Effect.gen(function*() {
    const server = yield* Effect.acquireRelease(
      Effect.async<Http.Server>((resume) => {
        const server = Http.createServer(listener)
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.async<void>((resume) => {
          server.closeAllConnections()
          server.close(() => resume(Effect.void))
        })
    )
    const { port } = server.address() as AddressInfo
    const begin = (delivery: Delivery, headers: Http.OutgoingHttpHeaders = {}) =>
      Http.request({
        host: "127.0.0.1",
        port,
        method: delivery.method,
        path: `${delivery.path}?a=b`,
        headers: { ...headersOf(delivery), ...headers },
        agent: false
      })
    const answerTo = (request: Http.ClientRequest) =>
      Effect.async<Answer, Error>((resume) => {
        request.on("error", (error) => resume(Effect.fail(error)))
        request.on("response", (response) => {
          let body = ""
          response.setEncoding("utf8").on("data", (chunk: string) => body += chunk)
          response.on("end", () =>
            resume(Effect.succeed({ status: response.statusCode, body, headers: response.headers })))
        })
      })
    const send = (delivery: Delivery, headers?: Http.OutgoingHttpHeaders) =>
      Effect.suspend(() => {
        const request = begin(delivery, headers)
        request.end(delivery.body)
        return answerTo(request)
      })
    return { begin, answerTo, send }
  })

describe("toNodeHandler", () => {
  it.scopedLive("answers 204 to what was handled, without a body", () =>
    Effect.gen(function*() {
      yield* Ref.set(deliveries.asked, [])
      const { events, handler, runtime } = yield* program()
      const { send } = yield* serving(WebhookHost.toNodeHandler(webhook, handler, { runtime }))
      const answer = yield* send(sessionEnd())
      assert.deepStrictEqual([answer.status, answer.body], [204, ""])
      assert.deepStrictEqual((yield* events).map(({ _tag }) => _tag), ["SessionEnded"])
      assert.strictEqual((yield* Ref.get(deliveries.asked))[0]?.path, "/webhook")
    }))

  it.scopedLive("puts a body together from its pieces", () =>
    Effect.gen(function*() {
      const { events, handler, runtime } = yield* program()
      const { answerTo, begin } = yield* serving(WebhookHost.toNodeHandler(webhook, handler, { runtime }))
      const delivery = sessionEnd()
      const request = begin(delivery)
      const answer = yield* Effect.fork(answerTo(request))
      yield* Effect.async<void>((resume) => {
        request.write(delivery.body.subarray(0, 10), () => resume(Effect.void))
      })
      yield* Effect.sync(() => request.end(delivery.body.subarray(10)))
      assert.strictEqual((yield* answer).status, 204)
      assert.strictEqual((yield* events).length, 1)
    }))

  it.scopedLive("answers 401 to a body above 256 KiB before it has come as a whole, and closes the connection", () =>
    Effect.gen(function*() {
      const { handler, log, runtime } = yield* program()
      const { answerTo, begin, send } = yield* serving(WebhookHost.toNodeHandler(webhook, handler, { runtime }))
      const request = begin(sessionEnd(), { "transfer-encoding": "chunked" })
      const answer = yield* Effect.fork(answerTo(request))
      yield* Effect.sync(() => request.write(new Uint8Array(256 * 1024 + 1)))
      const { headers, status } = yield* answer
      assert.strictEqual(status, 401)
      assert.strictEqual(headers.connection, "close")
      assert.include(yield* log, "larger than is accepted")
      // The same where it is announced.
      const announced = begin(sessionEnd(), { "content-length": 256 * 1024 + 1 })
      const second = yield* Effect.fork(answerTo(announced))
      yield* Effect.sync(() => announced.write("{"))
      assert.strictEqual((yield* second).status, 401)
      assert.strictEqual((yield* send(sessionEnd())).status, 204)
    }))

  it.scopedLive("takes no token of two", () =>
    Effect.gen(function*() {
      const { handler, runtime } = yield* program()
      const handle = WebhookHost.toNodeHandler(webhook, handler, { runtime })
      const { status } = yield* faked(handle, {
        headers: { "x-iov-jwt": ["a", "b"] },
        body: sessionEnd().body
      })
      assert.strictEqual(status, 401)
    }))

  it.scopedLive("interrupts the handler of whoever has gone, and handles the retry", () =>
    Effect.gen(function*() {
      const entered = yield* Deferred.make<void>()
      const stopped = yield* Deferred.make<void>()
      const stuck = Deferred.succeed(entered, undefined).pipe(
        Effect.zipRight(Effect.never),
        Effect.onInterrupt(() => Deferred.succeed(stopped, undefined))
      )
      const first = yield* Ref.make(true)
      const { handler, runtime } = yield* program(() =>
        Effect.flatMap(Ref.getAndSet(first, false), (is) => is ? stuck : Effect.void)
      )
      const { answerTo, begin, send } = yield* serving(WebhookHost.toNodeHandler(webhook, handler, { runtime }))
      const delivery = sessionEnd()
      const request = begin(delivery)
      const answer = yield* Effect.fork(Effect.exit(answerTo(request)))
      yield* Effect.sync(() => request.end(delivery.body))
      yield* Deferred.await(entered)
      yield* Effect.sync(() => request.destroy())
      yield* Deferred.await(stopped)
      yield* answer
      assert.strictEqual((yield* send(again(delivery))).status, 204)
    }))

  it.scopedLive("gives up a body whose sender has gone", () =>
    Effect.gen(function*() {
      const { events, handler, runtime } = yield* program()
      const read = yield* Deferred.make<void>()
      const handle = WebhookHost.toNodeHandler(webhook, handler, { runtime })
      const { answerTo, begin, send } = yield* serving((request, response) => {
        handle(request, response)
        request.once("data", () => Deferred.unsafeDone(read, Effect.void))
      })
      const delivery = sessionEnd()
      const request = begin(delivery)
      const answer = yield* Effect.fork(Effect.exit(answerTo(request)))
      yield* Effect.sync(() => request.write(delivery.body.subarray(0, 10)))
      yield* Deferred.await(read)
      yield* Effect.sync(() => request.destroy())
      yield* answer
      assert.strictEqual((yield* send(again(delivery))).status, 204)
      assert.strictEqual((yield* events).length, 1)
    }))

  it.scopedLive("answers 500 where its layers cannot be built and nobody else is told", () =>
    Effect.gen(function*() {
      const handle = WebhookHost.toNodeHandler(webhook, () => Effect.void, { runtime: broken })
      assert.strictEqual((yield* faked(handle, { body: sessionEnd().body })).status, 500)
    }))

  it.live("tells Express where its layers cannot be built", () =>
    Effect.gen(function*() {
      const handle = WebhookHost.toNodeHandler(webhook, () => Effect.void, { runtime: broken })
      const error = yield* Effect.async<unknown>((resume) => {
        const { request, response } = fakes({ body: sessionEnd().body }, () => {})
        handle(request, response, (error) => resume(Effect.succeed(error)))
      })
      assert.include(String(error), "serviceId")
    }))
})

interface Faked {
  readonly url?: string
  readonly originalUrl?: string
  readonly headers?: WebhookHost.NodeRequest["headers"]
  readonly body?: unknown
  readonly rawBody?: unknown
  readonly stream?: Readable
}

/** What a framework makes of a request. */
const fakes = (
  { headers, stream, ...framework }: Faked,
  answered: (answer: { readonly status: number }) => void
): { readonly request: WebhookHost.NodeRequest; readonly response: WebhookHost.NodeResponse } => ({
  request: Object.assign(stream ?? Readable.from([]), {
    method: "POST",
    url: "/webhook",
    headers: headers ?? headersOf(sessionEnd()),
    ...framework
  }),
  response: {
    statusCode: 0,
    writableEnded: false,
    setHeader: () => {},
    end() {
      answered({ status: this.statusCode })
    },
    once: () => {}
  }
})

const faked = (handle: ReturnType<typeof WebhookHost.toNodeHandler>, framework: Faked) =>
  Effect.async<{ readonly status: number }>((resume) => {
    const { request, response } = fakes(framework, (answer) => resume(Effect.succeed(answer)))
    handle(request, response)
  })

const fakedFastify = (handle: ReturnType<typeof WebhookHost.toFastifyHandler>, framework: Faked) =>
  promised(async () => {
    let status = 0
    const { request: raw, response } = fakes(framework, () => {})
    const { body, headers, originalUrl, rawBody, url } = framework
    await handle(
      { method: "POST", url: url ?? "/webhook", headers: headers ?? raw.headers, body, rawBody, originalUrl, raw },
      { raw: response, code: (code) => status = code, header: () => {}, send: () => {} }
    )
    return { status }
  })

/** As a parser leaves it. */
const consumed = () => {
  const stream = new Readable({ read: () => {} })
  stream.push("{}")
  stream.push(null)
  stream.read()
  return stream
}

const text = new TextDecoder()

const parsed = deliveries.sessionEnd

interface Framework {
  readonly remedy: RegExp
  readonly send: (
    handler: Handler,
    options: WebhookHost.Options<ServiceWebhook.ServiceWebhook, unknown>,
    framework: Faked
  ) => Effect.Effect<{ readonly status: number }, unknown>
}

const frameworks: { readonly [name: string]: Framework } = {
  toNodeHandler: {
    remedy: /express\.raw/,
    send: (handler, options, framework) => faked(WebhookHost.toNodeHandler(webhook, handler, options), framework)
  },
  toFastifyHandler: {
    remedy: /parseAs/,
    send: (handler, options, framework) =>
      fakedFastify(WebhookHost.toFastifyHandler(webhook, handler, options), framework)
  }
}

for (const [name, { remedy, send }] of Object.entries(frameworks)) {
  describe(`${name} on a framework`, () => {
    const { body } = sessionEnd()
    for (
      const [what, framework] of [
        ["as octets", () => ({ body })],
        ["as text", () => ({ body: text.decode(body) })],
        ["beside what it has parsed", () => ({ rawBody: body, body: parsed, stream: consumed() })],
        ["where it was", () => ({ stream: Readable.from([body]) })],
        ["where it was, and an object beside it", () => ({ stream: Readable.from([body]), body: {} })]
      ] satisfies ReadonlyArray<readonly [string, () => Faked]>
    ) {
      it.scopedLive(`takes a body that is left ${what}`, () =>
        Effect.gen(function*() {
          const { events, handler, runtime } = yield* program()
          assert.strictEqual((yield* send(handler, { runtime }, framework())).status, 204)
          assert.strictEqual((yield* events).length, 1)
        }))
    }

    it.scopedLive("says what to do where the body was parsed", () =>
      Effect.gen(function*() {
        const { events, handler, log, runtime } = yield* program()
        const { status } = yield* send(handler, { runtime }, { body: parsed, stream: consumed() })
        assert.strictEqual(status, 500)
        assert.match(yield* log, /was parsed before/)
        assert.match(yield* log, remedy)
        assert.notInclude(yield* log, deliveries.userHash)
        assert.deepStrictEqual(yield* events, [])
      }))

    it.scopedLive("says so where the stream yields text", () =>
      Effect.gen(function*() {
        const { handler, log, runtime } = yield* program()
        const stream = Readable.from([text.decode(body)], { encoding: "utf8" })
        assert.strictEqual((yield* send(handler, { runtime }, { stream })).status, 500)
        assert.include(yield* log, "setEncoding")
      }))

    it.scopedLive("takes the path that was asked for originally", () =>
      Effect.gen(function*() {
        yield* Ref.set(deliveries.asked, [])
        const { handler, runtime } = yield* program()
        yield* send(handler, { runtime }, { url: "/", originalUrl: "/hooks/webhook?a=b", body })
        assert.strictEqual((yield* Ref.get(deliveries.asked))[0]?.path, "/hooks/webhook")
      }))
  })
}

describe("toNodeHandler", () => {
  it.scopedLive("says so where the stream was read and nothing is left", () =>
    Effect.gen(function*() {
      const { handler, log, runtime } = yield* program()
      const handle = WebhookHost.toNodeHandler(webhook, handler, { runtime })
      assert.strictEqual((yield* faked(handle, { stream: consumed() })).status, 500)
      assert.match(yield* log, /was read before.*before anything reads it/)
    }))
})

describe("toFastifyHandler", () => {
  it.live("rejects where its layers cannot be built", () =>
    Effect.gen(function*() {
      const handle = WebhookHost.toFastifyHandler(webhook, () => Effect.void, { runtime: broken })
      const error = yield* Effect.flip(fakedFastify(handle, { body: sessionEnd().body }))
      assert.include(String(error), "serviceId")
    }))
})
