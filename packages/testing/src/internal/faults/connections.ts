import * as Duration from "effect/Duration"
import type { Delivery, Effects, Fault } from "../../Faults.ts"
import { answeredWith, harmless, instead, plain, spoiled, unanswered, utf8 } from "./describing.ts"

const notSent: Effects = { _tag: "NotSent", reason: "Unreachable", again: true }

const failure = (code: string, more: object = {}) =>
  Object.assign(new Error(`no connection (${code})`), { code, ...more })

/** Said by the HTTP client before it has a connection. */
const unconnected = (name: string, description: string, cause: unknown, more: Partial<Fault> = {}): Fault =>
  instead({
    name,
    description,
    comesTo: notSent,
    on: "Memory",
    answer: () => ({ _tag: "NoConnection", cause }),
    ...more
  })

const cut = (
  at: Extract<Delivery, { _tag: "Cut" }>["at"],
  ends: Extract<Delivery, { _tag: "Cut" }>["ends"]
): Delivery => ({
  _tag: "Cut",
  at,
  ends
})

const broken = (name: string, description: string, delivery: Delivery, more: Partial<Fault> = {}): Fault =>
  spoiled({
    name,
    description,
    comesTo: unanswered(delivery._tag === "Cut" && delivery.ends === "Stall" ? "TimedOut" : "Unreachable"),
    spoil: (reply) => answeredWith(reply, delivery),
    ...more
  })

const chunk = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array([...utf8.encode(`${bytes.length.toString(16)}\r\n`), ...bytes, ...utf8.encode("\r\n")])

const chunked = [["transfer-encoding", "chunked"]] as const

/** The connection itself: none, broken, slow, or not speaking HTTP. */
export const connections: ReadonlyArray<Fault> = [
  unconnected("refused", "the connection is refused", failure("ECONNREFUSED", { syscall: "connect" }), { on: "Both" }),
  unconnected("all-addresses-refused", "each address of the host refuses", {
    errors: [failure("ECONNREFUSED", { syscall: "connect" }), failure("ECONNREFUSED", { syscall: "connect" })]
  }),
  unconnected("name-unknown", "the host's name is not known", failure("ENOTFOUND", { syscall: "getaddrinfo" })),
  unconnected("name-unresolved", "the resolver does not answer", failure("EAI_AGAIN", { syscall: "getaddrinfo" })),
  unconnected("host-unreachable", "there is no way to the host", failure("EHOSTUNREACH", { syscall: "connect" })),
  unconnected("network-unreachable", "there is no network", failure("ENETUNREACH", { syscall: "connect" })),
  unconnected("certificate-expired", "the certificate has expired", failure("CERT_HAS_EXPIRED")),
  unconnected(
    "certificate-of-another",
    "the certificate is another host's",
    failure("ERR_TLS_CERT_ALTNAME_INVALID")
  ),
  instead({
    name: "connect-timeout",
    description: "the client gives up connecting",
    comesTo: notSent,
    on: "Memory",
    answer: ({ patience }) => ({
      _tag: "NoConnection",
      cause: failure("UND_ERR_CONNECT_TIMEOUT"),
      after: Duration.times(patience, 0.5)
    })
  }),
  unconnected(
    "kept-connection-closed",
    "the kept connection was closed before anything was written",
    failure("UND_ERR_SOCKET", { socket: { bytesWritten: 0 } })
  ),
  unconnected(
    "kept-connection-died",
    "the kept connection ends after the request was written",
    failure("UND_ERR_SOCKET", { socket: { bytesWritten: 512 } }),
    { comesTo: unanswered("Unreachable") }
  ),
  unconnected(
    "tls-garbage",
    "the peer does not speak TLS, which does not tell when",
    failure("ERR_SSL_WRONG_VERSION_NUMBER"),
    { comesTo: unanswered("Unreachable") }
  ),
  instead({
    name: "reset-before-request",
    description: "the connection is reset before the request is read",
    comesTo: unanswered("Unreachable"),
    answer: () => answeredWith(plain(200), cut("Request", "Reset"))
  }),
  broken("reset-before-answer", "the connection is reset before a byte of the answer", cut("Status", "Reset")),
  broken("closed-before-answer", "the connection is closed before a byte of the answer", cut("Status", "Close")),
  broken("reset-in-headers", "the connection is reset amid the headers", cut("Headers", "Reset")),
  broken("closed-in-headers", "the connection is closed amid the headers", cut("Headers", "Close")),
  broken("reset-after-headers", "the connection is reset before the body", cut("Body", "Reset"), { needsBody: true }),
  broken("closed-after-headers", "the connection is closed before the body", cut("Body", "Close"), {
    needsBody: true
  }),
  broken("reset-in-body", "the connection is reset amid the body", cut("MiddleOfBody", "Reset"), { needsBody: true }),
  broken("half-closed-in-body", "the connection is closed amid the body: shorter than its length says", {
    ...cut("MiddleOfBody", "Close")
  }, { needsBody: true }),
  instead({
    name: "stalled-before-request",
    description: "the peer reads nothing and answers nothing",
    comesTo: unanswered("TimedOut"),
    answer: () => answeredWith(plain(200), cut("Request", "Stall"))
  }),
  broken("stalled-before-answer", "the answer does not begin", cut("Status", "Stall")),
  broken("stalled-in-headers", "the answer stops amid the headers", cut("Headers", "Stall")),
  broken("stalled-after-headers", "the answer stops before the body", cut("Body", "Stall"), { needsBody: true }),
  broken("stalled-in-body", "the answer stops amid the body", cut("MiddleOfBody", "Stall"), { needsBody: true }),
  spoiled({
    name: "dribbled",
    description: "the body comes in small pieces, for longer than an attempt may take",
    comesTo: unanswered("TimedOut"),
    needsBody: true,
    spoil: (reply, { patience }) =>
      answeredWith(reply, {
        _tag: "Pieces",
        size: Math.ceil(reply.body.length / 8),
        every: Duration.times(patience, 0.25)
      })
  }),
  spoiled({
    name: "dribbled-in-time",
    description: "the body comes in small pieces, in time",
    comesTo: harmless,
    needsBody: true,
    spoil: (reply, { patience }) =>
      answeredWith(reply, {
        _tag: "Pieces",
        size: Math.ceil(reply.body.length / 8),
        every: Duration.times(patience, 0.01)
      })
  }),
  spoiled({
    name: "late",
    description: "the answer comes when nobody waits for it any more",
    comesTo: unanswered("TimedOut"),
    spoil: (reply, { patience }) => answeredWith(reply, { _tag: "After", wait: Duration.times(patience, 1.5) })
  }),
  spoiled({
    name: "slow",
    description: "the answer comes late, and in time",
    comesTo: harmless,
    spoil: (reply, { patience }) => answeredWith(reply, { _tag: "After", wait: Duration.times(patience, 0.2) })
  }),
  instead({
    name: "not-http",
    description: "the peer speaks something else",
    comesTo: unanswered("Unreachable"),
    on: "Wire",
    answer: () => answeredWith(plain(200), undefined, { raw: "SSH-2.0-OpenSSH_9.6\r\n" })
  }),
  spoiled({
    name: "headers-too-large",
    description: "the headers take 256 KiB",
    comesTo: unanswered("Unreachable"),
    on: "Wire",
    spoil: (reply) => answeredWith({ ...reply, headers: { ...reply.headers, "x-filler": "x".repeat(256 * 1024) } })
  }),
  spoiled({
    name: "two-lengths",
    description: "the headers tell two lengths",
    comesTo: unanswered("Unreachable"),
    on: "Wire",
    needsBody: true,
    spoil: (reply) =>
      answeredWith(reply, undefined, {
        length: [["content-length", "3"], ["content-length", String(reply.body.length)]]
      })
  }),
  spoiled({
    name: "length-not-a-number",
    description: "the length is no number",
    comesTo: unanswered("Unreachable"),
    on: "Wire",
    needsBody: true,
    spoil: (reply) => answeredWith(reply, undefined, { length: [["content-length", "many"]] })
  }),
  spoiled({
    name: "length-too-large",
    description: "the length is more than what comes",
    comesTo: unanswered("TimedOut"),
    on: "Wire",
    needsBody: true,
    spoil: (reply) => answeredWith(reply, undefined, { length: [["content-length", String(reply.body.length + 7)]] })
  }),
  spoiled({
    name: "chunked",
    description: "the body comes in chunks",
    comesTo: harmless,
    on: "Wire",
    needsBody: true,
    spoil: (reply) =>
      answeredWith(reply, undefined, {
        length: chunked,
        body: (body) => {
          const half = body.length >> 1
          return new Uint8Array([
            ...chunk(body.subarray(0, half)),
            ...chunk(body.subarray(half)),
            ...chunk(new Uint8Array(0))
          ])
        }
      })
  }),
  spoiled({
    name: "chunk-size-garbled",
    description: "the size of a chunk is no number",
    comesTo: unanswered("Unreachable"),
    on: "Wire",
    needsBody: true,
    spoil: (reply) =>
      answeredWith(reply, undefined, { length: chunked, body: (body) => new Uint8Array([0x7a, 0x7a, 13, 10, ...body]) })
  }),
  spoiled({
    name: "last-chunk-missing",
    description: "the connection is closed before the last chunk",
    comesTo: unanswered("Unreachable"),
    on: "Wire",
    needsBody: true,
    spoil: (reply) =>
      answeredWith(reply, { _tag: "Cut", at: "MiddleOfBody", ends: "Close" }, {
        length: chunked,
        body: (body) => new Uint8Array([...chunk(body), ...chunk(new Uint8Array(0))])
      })
  }),
  spoiled({
    name: "continue",
    description: "100 Continue comes before the answer, unasked, and clients of Node end the connection",
    comesTo: unanswered("Unreachable"),
    on: "Wire",
    spoil: (reply) => answeredWith(reply, undefined, { before: "HTTP/1.1 100 Continue\r\n\r\n" })
  }),
  spoiled({
    name: "early-hints",
    description: "103 Early Hints comes before the answer",
    comesTo: harmless,
    on: "Wire",
    spoil: (reply) =>
      answeredWith(reply, undefined, {
        before: "HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n"
      })
  }),
  instead({
    name: "switching-protocols",
    description: "101 Switching Protocols comes, unasked",
    comesTo: unanswered("Unreachable"),
    on: "Wire",
    answer: () =>
      answeredWith(plain(200), undefined, {
        raw: "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
      })
  })
]
