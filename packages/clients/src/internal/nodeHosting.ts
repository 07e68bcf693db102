import { tokenHeader } from "@effect-launchkey/transport/Claims"
import type { MessageRejected } from "@effect-launchkey/transport/TransportError"
import * as Effect from "effect/Effect"
import type { Delivery } from "../Webhook.ts"
import type { FastifyRequest, NodeRequest } from "../WebhookHost.ts"
import { BodyMissing, BodyUnusable, isConsumed, maximumLength, pathOf, tooLarge, type Unread } from "./hosting.ts"

/** A header that came more than once is none that the platform sent. */
const single = (value: string | ReadonlyArray<string> | undefined): string | undefined =>
  typeof value === "string" ? value : undefined

const utf8 = new TextEncoder()

/** What a framework has kept of the body as it came. Of a text the signature tells whether it is still the same. */
const kept = (body: unknown): Uint8Array | undefined =>
  body instanceof Uint8Array ? body : typeof body === "string" ? utf8.encode(body) : undefined

const concatenated = (chunks: ReadonlyArray<Uint8Array>, length: number): Uint8Array => {
  const body = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    body.set(chunk, offset)
    offset += chunk.length
  }
  return body
}

const decodedByHost = () =>
  new BodyUnusable({
    problem: "The body of a webhook comes as text: its stream was given an encoding.",
    remedy: "Call no setEncoding on the request."
  })

/** Reads no more than a webhook may have. The connection stays as it is, so that it can be answered. */
const read = (
  request: NodeRequest,
  head: Omit<Delivery, "body">
): Effect.Effect<Uint8Array, BodyMissing | BodyUnusable | MessageRejected> =>
  Effect.async((resume) => {
    const chunks: Array<Uint8Array> = []
    let length = 0
    const stop = () => {
      request.off("data", onData)
      request.off("end", onEnd)
      request.off("close", onClose)
      request.off("error", onClose)
    }
    const finish = (result: Parameters<typeof resume>[0]) => {
      stop()
      resume(result)
    }
    const onData = (chunk: Uint8Array | string) => {
      if (typeof chunk === "string") return finish(decodedByHost())
      length += chunk.length
      if (length > maximumLength) {
        request.pause()
        return finish(tooLarge(head))
      }
      chunks.push(chunk)
    }
    const onEnd = () => finish(Effect.succeed(concatenated(chunks, length)))
    const onClose = (cause?: unknown) => finish(new BodyMissing({ cause }))
    request.on("end", onEnd)
    request.on("close", onClose)
    request.on("error", onClose)
    request.on("data", onData)
    return Effect.sync(stop)
  })

const fromStream = (
  request: NodeRequest,
  head: Omit<Delivery, "body">,
  unusable: () => BodyUnusable
): Effect.Effect<Delivery, Unread> =>
  isConsumed(request)
    ? unusable()
    : Number(single(request.headers["content-length"]) ?? 0) > maximumLength
    ? tooLarge(head)
    : Effect.map(read(request, head), (body) => ({ ...head, body }))

export const fromNode = (request: NodeRequest): Effect.Effect<Delivery, Unread> =>
  Effect.suspend(() => {
    const head = {
      token: single(request.headers[tokenHeader]),
      method: request.method ?? "",
      path: pathOf(request.originalUrl ?? request.url ?? "")
    }
    const body = kept(request.rawBody) ?? kept(request.body)
    return body !== undefined ? Effect.succeed({ ...head, body }) : fromStream(request, head, () =>
      new BodyUnusable(
        request.body === undefined
          ? {
            problem: "The body of a webhook was read before its receiver got it.",
            remedy: "Pass on the request before anything reads it."
          }
          : {
            problem: "The body of a webhook was parsed before its receiver got it.",
            remedy: "In Express, put the webhook's route before `app.use(express.json())`, or give it " +
              "`express.raw({ type: () => true, limit: \"256kb\" })`."
          }
      ))
  })

export const fromFastify = (request: FastifyRequest): Effect.Effect<Delivery, Unread> =>
  Effect.suspend(() => {
    const head = {
      token: single(request.headers[tokenHeader]),
      method: request.method,
      path: pathOf(request.originalUrl ?? request.url)
    }
    const body = kept(request.rawBody) ?? kept(request.body)
    return body !== undefined ? Effect.succeed({ ...head, body }) : fromStream(request.raw, head, () =>
      new BodyUnusable({
        problem: "The body of a webhook was parsed before its receiver got it.",
        remedy: "In Fastify, register the route in a plugin of its own, and there first `addContentTypeParser([" +
          "\"application/jose\", \"application/json\"], { parseAs: \"buffer\" }, (_, body, done) => done(null, body))`."
      }))
  })
