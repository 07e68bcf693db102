import * as Effect from "effect/Effect"
import { gzipSync } from "node:zlib"
import type { Effects, Fault } from "../../Faults.ts"
import { answeredWith, harmless, instead, plain, refused, rejected, spoiled, unanswered, utf8 } from "./describing.ts"

const html = "<!doctype html><title>Not here</title><p>Not here."

/** An answer that nobody signed. */
const unsigned = (
  name: string,
  status: number,
  description: string,
  comesTo: Effects,
  body?: string,
  headers?: Readonly<Record<string, string>>
): Fault =>
  instead({
    name,
    description,
    comesTo,
    answer: () => answeredWith(plain(status, body, headers))
  })

const tokenMissing = rejected("TokenMissing")

const error = (code: string, data?: object) =>
  utf8.encode(
    JSON.stringify({ error_code: code, error_detail: "", ...(data === undefined ? {} : { error_data: data }) })
  )

/** An answer that the platform signed. */
const signed = (
  name: string,
  status: number,
  description: string,
  options: {
    readonly comesTo?: Effects | undefined
    readonly body?: Uint8Array | undefined
    readonly headers?: Readonly<Record<string, string>> | undefined
  } = {}
): Fault =>
  instead({
    name,
    description,
    comesTo: options.comesTo ?? refused(status, true),
    answer: ({ seal }) =>
      Effect.map(seal({ status, body: options.body, headers: options.headers }), (reply) => answeredWith(reply))
  })

const rateLimited = (name: string, description: string, headers: Record<string, string>, data?: object): Fault =>
  signed(name, 429, description, { headers, body: error("HTTP-429", data) })

/** Answers that are complete: of the wrong kind or size, or refusals, by the platform or by whatever stands before it. */
export const answers: ReadonlyArray<Fault> = [
  spoiled({
    name: "body-too-large",
    description: "the body takes more than a message may have",
    comesTo: unanswered("AnswerTooLarge"),
    needsBody: true,
    spoil: (reply) => answeredWith({ ...reply, body: new Uint8Array(1024 * 1024 + 1).fill(0x20) })
  }),
  spoiled({
    name: "length-too-small",
    description: "the length is less than what comes, so that the body ends early",
    comesTo: rejected("HashMismatch"),
    needsBody: true,
    spoil: (reply) => {
      const body = reply.body.subarray(0, reply.body.length - 7)
      return answeredWith({ ...reply, body }, undefined, { after: "xxxxxxx" })
    }
  }),
  spoiled({
    name: "compressed",
    description: "the body is compressed although it was asked not to be",
    comesTo: unanswered("AnswerEncoded"),
    spoil: (reply) =>
      answeredWith({
        ...reply,
        headers: { ...reply.headers, "content-encoding": "gzip" },
        body: reply.body.length === 0 ? reply.body : new Uint8Array(gzipSync(reply.body))
      })
  }),
  spoiled({
    name: "garbage-gzip",
    description: "the headers say gzip, and the body is none",
    comesTo: unanswered("AnswerEncoded"),
    spoil: (reply) => answeredWith({ ...reply, headers: { ...reply.headers, "content-encoding": "gzip" } })
  }),
  spoiled({
    name: "encoding-unknown",
    description: "the headers say an encoding that there is not",
    comesTo: unanswered("AnswerEncoded"),
    spoil: (reply) => answeredWith({ ...reply, headers: { ...reply.headers, "content-encoding": "rot13" } })
  }),
  spoiled({
    name: "encoding-identity",
    description: "the headers say that it is not compressed",
    comesTo: harmless,
    spoil: (reply) => answeredWith({ ...reply, headers: { ...reply.headers, "content-encoding": "identity" } })
  }),
  unsigned("status-999", 999, "the status is none of HTTP's", unanswered("AnswerUnusable")),
  unsigned("portal", 200, "a captive portal answers", tokenMissing, html, { "content-type": "text/html" }),
  unsigned("unsigned-204", 204, "204, which nobody signed", tokenMissing),
  instead({
    name: "no-content-with-body",
    description: "204 with a body after it",
    comesTo: tokenMissing,
    on: "Wire",
    answer: () => answeredWith(plain(204), undefined, { after: "{\"id\":1}" })
  }),
  ...[301, 302, 303, 307, 308].map((status) =>
    unsigned(`redirect-${status}`, status, "elsewhere, which is not followed", tokenMissing, "", {
      location: "http://127.0.0.1:9/elsewhere"
    })
  ),
  unsigned("not-modified", 304, "nothing new, which was not asked", tokenMissing),
  unsigned("plain-400", 400, "400 without a body", tokenMissing),
  unsigned("plain-401", 401, "401, which nobody signed", refused(401, false)),
  unsigned("plain-403", 403, "403 of a proxy", tokenMissing, "Forbidden", { "content-type": "text/plain" }),
  unsigned("plain-404", 404, "404 of another web server", tokenMissing, html, { "content-type": "text/html" }),
  unsigned("plain-407", 407, "a proxy wants credentials", tokenMissing),
  unsigned("plain-408", 408, "408 of a proxy", tokenMissing),
  unsigned("plain-409", 409, "409, which nobody signed", tokenMissing),
  unsigned("plain-413", 413, "a proxy finds the request too large", tokenMissing, html),
  unsigned("plain-429", 429, "429 of a proxy", tokenMissing, "", { "retry-after": "1" }),
  ...[500, 502, 503, 504].map((status) =>
    unsigned(`plain-${status}`, status, `${status}, which nobody signed`, refused(status, false), html)
  ),
  unsigned("plain-503-retry-after", 503, "503 that asks to wait for a second", refused(503, false), "", {
    "retry-after": "1"
  }),
  unsigned("plain-501", 501, "501, which asking again does not change", refused(501, false)),
  unsigned("plain-505", 505, "505, which asking again does not change", refused(505, false)),

  signed("signed-400", 400, "400 without a body"),
  signed("signed-400-unknown-code", 400, "400 with a code that is none of the protocol's", { body: error("ZZZ-999") }),
  signed("signed-401", 401, "the platform does not accept the request"),
  signed("signed-403", 403, "the platform does not permit it"),
  signed("signed-404", 404, "the platform knows none"),
  signed("signed-408", 408, "the platform's own 408, which is final"),
  signed("signed-409", 409, "409 without a code"),
  signed("signed-413", 413, "the platform finds the request too large"),
  signed("signed-418", 418, "a status that the protocol does not have"),
  rateLimited("429-seconds", "429 that asks to wait for two seconds", { "retry-after": "2" }),
  rateLimited("429-date", "429 that asks to wait until a date", { "retry-after": "Fri, 31 Dec 1999 23:59:59 GMT" }),
  rateLimited("429-data", "429 that asks to wait in its signed data", {}, { retry_after: 2 }),
  rateLimited("429-absurd", "429 that asks to wait for ever", { "retry-after": "99999999999999999999" }),
  rateLimited("429-negative", "429 that asks to wait for less than nothing", { "retry-after": "-1" }, {
    retry_after: -1
  }),
  rateLimited("429-garbled", "429 that asks to wait for a word", { "retry-after": "soon" }, { retry_after: "soon" }),
  ...[500, 502, 503, 504].map((status) => signed(`signed-${status}`, status, `the platform's own ${status}`)),
  signed("signed-503-retry-after", 503, "the platform's own 503 that asks to wait for a second", {
    headers: { "retry-after": "1" }
  }),
  signed("other-shape", 200, "a success of another shape", {
    comesTo: rejected("BodyMalformed"),
    body: utf8.encode("[\"surprise\"]")
  }),
  signed("not-json", 200, "a success that is no JSON", {
    comesTo: rejected("BodyMalformed"),
    body: utf8.encode("surprise")
  }),
  signed("other-success", 202, "a success with another status", { comesTo: rejected("BodyMalformed") })
]
