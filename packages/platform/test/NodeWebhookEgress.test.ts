import * as NodeWebhookEgress from "@effect-launchkey/platform/NodeWebhookEgress"
import type * as WebhookEgress from "@effect-launchkey/platform/WebhookEgress"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Runtime } from "effect"
import * as Http from "node:http"
import * as Https from "node:https"
import type { AddressInfo } from "node:net"
import * as Net from "node:net"
import type { TLSSocket } from "node:tls"
import { certificateFor } from "./support/certificate.ts"

const body = new TextEncoder().encode("{\"text\":\"grüße\"}")

const post = (egress: WebhookEgress.Service, url: string) =>
  egress.post({
    delivery: 1,
    url: new URL(url),
    headers: { "content-type": "application/json", "x-iov-jwt": "token" },
    body
  })

const reasonOf = (egress: WebhookEgress.Service, url: string) =>
  Effect.map(Effect.flip(post(egress, url)), ({ reason }) => reason)

interface Arrived {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: Http.IncomingHttpHeaders
  readonly servername: string | false | null | undefined
  readonly body: string
}

const listening = <A extends Net.Server>(make: () => A, host: string, port = 0) =>
  Effect.acquireRelease(
    Effect.async<A>((resume) => {
      const server = make()
      server.listen(port, host, () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.async<void>((resume) => {
        if (server instanceof Http.Server || server instanceof Https.Server) server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  )

const portOf = (server: Net.Server) => (server.address() as AddressInfo).port

const answering =
  (status: number, headers: Http.OutgoingHttpHeaders, arrived: Array<Arrived>): Http.RequestListener =>
  (request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      arrived.push({
        method: request.method,
        url: request.url,
        headers: request.headers,
        servername: (request.socket as TLSSocket).servername,
        body: Buffer.concat(chunks).toString()
      })
      response.writeHead(status, headers).end()
    })
  }

const serving = (status: number, headers: Http.OutgoingHttpHeaders = {}) =>
  Effect.gen(function*() {
    const arrived: Array<Arrived> = []
    const server = yield* listening(() => Http.createServer(answering(status, headers, arrived)), "127.0.0.1")
    return { arrived, origin: `http://127.0.0.1:${portOf(server)}`, port: portOf(server) }
  })

const local = NodeWebhookEgress.make({ insecureAllowLoopback: true })

/** Names that resolve as they are told to. */
const resolving = (addresses: ReadonlyArray<string>, options: NodeWebhookEgress.Options = {}) =>
  NodeWebhookEgress.make({ ...options, resolve: () => Effect.succeed(addresses) })

describe("an address", () => {
  const own: ReadonlyArray<readonly [what: string, addresses: ReadonlyArray<string>]> = [
    ["unspecified", ["0.0.0.0", "0.1.2.3", "::"]],
    ["loopback", ["127.0.0.1", "127.255.255.254", "::1"]],
    ["private", ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"]],
    ["unique local", ["fc00::1", "fdff:ffff::1"]],
    ["link-local", ["169.254.169.254", "fe80::1", "febf::1", "fe80::1%eth0"]],
    ["site-local", ["fec0::1"]],
    ["shared (carrier-grade NAT)", ["100.64.0.1", "100.127.255.255"]],
    ["multicast", ["224.0.0.1", "239.255.255.255", "ff02::1"]],
    ["broadcast or reserved", ["255.255.255.255", "240.0.0.1", "192.0.0.1"]],
    ["for documentation", ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"]],
    ["for benchmarks", ["198.18.0.1", "198.19.255.255", "2001:2::1"]],
    ["IPv4-mapped and private", ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe"]],
    ["IPv4-compatible", ["::127.0.0.1", "::8.8.8.8"]],
    ["IPv4-translated", ["::ffff:0:127.0.0.1"]],
    ["of NAT64", ["64:ff9b::127.0.0.1", "64:ff9b::8.8.8.8", "64:ff9b:1::1"]],
    ["of 6to4", ["2002:7f00:1::1", "2002:808:808::1"]],
    ["of Teredo", ["2001:0:7f00:1::1"]],
    ["for discard, relays or segments", ["100::1", "192.88.99.1", "192.52.193.1", "5f00::1"]],
    ["not global unicast", ["4000::1", "8000::1"]]
  ]
  for (const [what, addresses] of own) {
    it(`that is ${what} is not public`, () => {
      for (const address of addresses) assert.isFalse(NodeWebhookEgress.isPublic(address), address)
    })

    it.effect(`that is ${what} is not called, by its name or its own text`, () =>
      Effect.gen(function*() {
        for (const address of addresses) {
          const egress = yield* resolving([address])
          assert.strictEqual(yield* reasonOf(egress, "https://example.com/hook"), "AddressRefused", address)
          if (address.includes("%")) continue
          const host = address.includes(":") ? `[${address}]` : address
          assert.strictEqual(yield* reasonOf(egress, `https://${host}/hook`), "AddressRefused", address)
        }
      }))
  }

  it("of the Internet is public, mapped to IPv6 or not", () => {
    for (
      const address of ["8.8.8.8", "1.1.1.1", "100.63.255.255", "172.32.0.1", "::ffff:8.8.8.8", "2606:4700::1111"]
    ) {
      assert.isTrue(NodeWebhookEgress.isPublic(address), address)
    }
  })

  it("is written in one way alone: what resolvers should not yield is none", () => {
    for (const text of ["", "8.8", "010.8.8.8", "134744072", "0x8080808", "example.com", "[::1]"]) {
      assert.isFalse(NodeWebhookEgress.isPublic(text), text)
    }
  })
})

describe("a URL", () => {
  it.effect("with an address in decimal, octal, hexadecimal or short is one with that address", () =>
    Effect.gen(function*() {
      const { arrived, port } = yield* serving(204)
      const strict = yield* resolving(["8.8.8.8"])
      const lenient = yield* local
      const hosts = ["2130706433", "017700000001", "0x7f000001", "0x7f.1", "127.1", "１２７.0.0.1", "[::ffff:7f00:1]"]
      for (const host of hosts) {
        assert.strictEqual(yield* reasonOf(strict, `https://${host}:${port}/`), "AddressRefused", host)
        assert.strictEqual(yield* post(lenient, `http://${host}:${port}/`), 204, host)
      }
      assert.lengthOf(arrived, hosts.length)
    }).pipe(Effect.scoped))

  it.effect("is called over https alone, save at this machine where that is allowed", () =>
    Effect.gen(function*() {
      const strict = yield* resolving(["8.8.8.8"], { allowedRanges: ["127.0.0.0/8", "10.0.0.0/8"] })
      assert.strictEqual(yield* reasonOf(strict, "http://127.0.0.1/"), "UrlRefused")
      assert.strictEqual(yield* reasonOf(strict, "http://example.com/"), "UrlRefused")
      const lenient = yield* resolving(["8.8.8.8"], { insecureAllowLoopback: true, allowedRanges: ["10.0.0.0/8"] })
      assert.strictEqual(yield* reasonOf(lenient, "http://example.com/"), "AddressRefused")
      assert.strictEqual(yield* reasonOf(lenient, "http://10.0.0.1/"), "AddressRefused")
      assert.strictEqual(yield* reasonOf(lenient, "ftp://127.0.0.1/"), "UrlRefused")
    }))

  it.effect("is not called with a user name or password in it", () =>
    Effect.gen(function*() {
      const { arrived, port } = yield* serving(204)
      const egress = yield* local
      for (const user of ["ada", "ada:secret", ":secret"]) {
        assert.strictEqual(yield* reasonOf(egress, `http://${user}@127.0.0.1:${port}/`), "UrlRefused", user)
      }
      assert.deepStrictEqual(arrived, [])
    }).pipe(Effect.scoped))

  it.effect("whose name has no address, or none that is known, fails", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* reasonOf(yield* resolving([]), "https://example.com/"), "NameUnresolved")
      const failing = yield* NodeWebhookEgress.make({ resolve: () => Effect.fail("SERVFAIL") })
      assert.strictEqual(yield* reasonOf(failing, "https://example.com/"), "NameUnresolved")
      assert.strictEqual(yield* reasonOf(yield* NodeWebhookEgress.make(), "https://name.invalid/"), "NameUnresolved")
    }))

  it.effect("whose name has one address that may not be called is not called at any", () =>
    Effect.gen(function*() {
      const { arrived, port } = yield* serving(204)
      const egress = yield* resolving(["127.0.0.1", "10.0.0.1"], { insecureAllowLoopback: true })
      assert.strictEqual(yield* reasonOf(egress, `http://example.com:${port}/`), "AddressRefused")
      assert.deepStrictEqual(arrived, [])
    }).pipe(Effect.scoped))

  it.effect("under localhost is this machine, whatever a resolver says of it", () =>
    Effect.gen(function*() {
      const { arrived, port } = yield* serving(204)
      const egress = yield* resolving(["10.0.0.1"], { insecureAllowLoopback: true })
      for (const host of ["localhost", "app.localhost", "localhost."]) {
        assert.strictEqual(yield* post(egress, `http://${host}:${port}/`), 204, host)
      }
      assert.strictEqual(arrived[1]?.headers.host, `app.localhost:${port}`)
      assert.strictEqual(yield* reasonOf(egress, `http://localhost.example.com:${port}/`), "AddressRefused")
    }).pipe(Effect.scoped))

  it.effect("in an allowed range is called, and a range that is none is refused at once", () =>
    Effect.gen(function*() {
      const { cert, key } = certificateFor("intranet.example")
      const arrived: Array<Arrived> = []
      const server = yield* listening(() => Https.createServer({ cert, key }, answering(200, {}, arrived)), "127.0.0.1")
      const url = `https://intranet.example:${portOf(server)}/`
      const options = { allowedRanges: ["127.0.0.0/30", "fd00::/8"], certificates: [cert] }
      assert.strictEqual(yield* post(yield* resolving(["127.0.0.1"], options), url), 200)
      assert.strictEqual(yield* reasonOf(yield* resolving(["127.0.0.5"], options), url), "AddressRefused")
      for (const range of ["10.0.0.0", "10.0.0.0/33", "intranet", ""]) {
        const error = yield* Effect.flip(NodeWebhookEgress.make({ allowedRanges: [range] }))
        assert.deepStrictEqual([error._tag, error.range], ["InvalidRange", range])
      }
    }).pipe(Effect.scoped))
})

describe("a name that resolves otherwise the next time", () => {
  it.effect("leads to the address that was looked at, under its own name in TLS and HTTP", () =>
    Effect.gen(function*() {
      const { cert, key } = certificateFor("rebind.example")
      const meant: Array<Arrived> = []
      const other: Array<Arrived> = []
      const server = yield* listening(() => Https.createServer({ cert, key }, answering(204, {}, meant)), "127.0.0.1")
      const port = portOf(server)
      yield* listening(() => Https.createServer({ cert, key }, answering(204, {}, other)), "127.0.0.2", port)
      const answers = [["127.0.0.1"], ["127.0.0.2"], ["127.0.0.2"]]
      const asked: Array<string> = []
      const egress = yield* NodeWebhookEgress.make({
        allowedRanges: ["127.0.0.1/32"],
        certificates: [cert],
        resolve: (name) => Effect.sync(() => answers[asked.push(name) - 1] ?? [])
      })
      assert.strictEqual(yield* post(egress, `https://rebind.example:${port}/hook`), 204)
      assert.deepStrictEqual(asked, ["rebind.example"])
      assert.deepStrictEqual(other, [])
      assert.lengthOf(meant, 1)
      assert.strictEqual(meant[0]?.servername, "rebind.example")
      assert.strictEqual(meant[0]?.headers.host, `rebind.example:${port}`)
      // the second time it is looked at again
      assert.strictEqual(yield* reasonOf(egress, `https://rebind.example:${port}/hook`), "AddressRefused")
      assert.deepStrictEqual(other, [])
    }).pipe(Effect.scoped))
})

describe("a request", () => {
  it.effect("arrives with its headers and its body, octet for octet, and with its query", () =>
    Effect.gen(function*() {
      const { arrived, origin, port } = yield* serving(204)
      assert.strictEqual(yield* post(yield* local, `${origin}/a%2Fb/?q=1&q=2#part`), 204)
      assert.lengthOf(arrived, 1)
      const { headers, servername: _, ...rest } = arrived[0] as Arrived
      assert.deepStrictEqual(rest, { method: "POST", url: "/a%2Fb/?q=1&q=2", body: "{\"text\":\"grüße\"}" })
      assert.deepStrictEqual({ ...headers }, {
        host: `127.0.0.1:${port}`,
        "user-agent": "effect-launchkey",
        "content-type": "application/json",
        "x-iov-jwt": "token",
        "content-length": String(body.length),
        connection: "close"
      })
    }).pipe(Effect.scoped))

  it.effect("yields whatever status it is answered with, and follows no redirect", () =>
    Effect.gen(function*() {
      const target = yield* serving(204)
      for (const status of [200, 301, 302, 307, 308, 401, 410, 500]) {
        const { origin } = yield* serving(status, { location: `${target.origin}/elsewhere` })
        assert.strictEqual(yield* post(yield* local, origin), status)
      }
      assert.deepStrictEqual(target.arrived, [])
    }).pipe(Effect.scoped))

  it.effect("reads no more of its answer than the head, and ends the connection", () =>
    Effect.gen(function*() {
      const closed = yield* Deferred.make<void>()
      const run = Runtime.runSync(yield* Effect.runtime())
      const server = yield* listening(() =>
        Http.createServer((_, response) => {
          response.writeHead(200)
          const more = (): void => {
            while (!response.destroyed && response.write(Buffer.alloc(65_536)));
          }
          response.on("drain", more)
          response.on("close", () => run(Deferred.succeed(closed, undefined)))
          more()
        }), "127.0.0.1")
      assert.strictEqual(yield* post(yield* local, `http://127.0.0.1:${portOf(server)}/`), 200)
      yield* Deferred.await(closed)
    }).pipe(Effect.scoped))

  it.effect("ends its connection when it is interrupted before it is answered", () =>
    Effect.gen(function*() {
      const arrived = yield* Deferred.make<void>()
      const closed = yield* Deferred.make<void>()
      const run = Runtime.runSync(yield* Effect.runtime())
      const server = yield* listening(() =>
        Http.createServer((request) => {
          request.socket.on("close", () => run(Deferred.succeed(closed, undefined)))
          run(Deferred.succeed(arrived, undefined))
        }), "127.0.0.1")
      const fiber = yield* Effect.fork(post(yield* local, `http://127.0.0.1:${portOf(server)}/`))
      yield* Deferred.await(arrived)
      yield* Fiber.interrupt(fiber)
      yield* Deferred.await(closed)
    }).pipe(Effect.scoped))

  it.effect("that is interrupted while its name is resolved sends nothing", () =>
    Effect.gen(function*() {
      const asked = yield* Deferred.make<void>()
      const egress = yield* NodeWebhookEgress.make({
        resolve: () => Effect.zipRight(Deferred.succeed(asked, undefined), Effect.never)
      })
      const fiber = yield* Effect.fork(post(egress, "https://example.com/"))
      yield* Deferred.await(asked)
      assert.strictEqual((yield* Fiber.interrupt(fiber))._tag, "Failure")
    }))

  it.effect("fails where nobody listens, and where the connection ends without an answer or with another protocol's", () =>
    Effect.gen(function*() {
      const egress = yield* local
      const free = yield* Effect.scoped(Effect.map(listening(() => Net.createServer(), "127.0.0.1"), portOf))
      assert.strictEqual(yield* reasonOf(egress, `http://127.0.0.1:${free}/`), "ConnectionFailed")
      for (const says of ["", "SSH-2.0-OpenSSH_9.2\r\n"]) {
        const server = yield* listening(() => Net.createServer((socket) => void socket.resume().end(says)), "127.0.0.1")
        assert.strictEqual(yield* reasonOf(egress, `http://127.0.0.1:${portOf(server)}/`), "ConnectionFailed")
      }
    }).pipe(Effect.scoped))

  it.effect("fails where the certificate is not trusted, or is another name's", () =>
    Effect.gen(function*() {
      const { cert, key } = certificateFor("trusted.example")
      const arrived: Array<Arrived> = []
      const server = yield* listening(() => Https.createServer({ cert, key }, answering(204, {}, arrived)), "127.0.0.1")
      const port = portOf(server)
      const options = { insecureAllowLoopback: true }
      const trusting = yield* resolving(["127.0.0.1"], { ...options, certificates: [cert] })
      assert.strictEqual(yield* reasonOf(trusting, `https://other.example:${port}/`), "ConnectionFailed")
      const untrusting = yield* resolving(["127.0.0.1"], options)
      assert.strictEqual(yield* reasonOf(untrusting, `https://trusted.example:${port}/`), "ConnectionFailed")
      assert.deepStrictEqual(arrived, [])
      assert.strictEqual(yield* post(trusting, `https://trusted.example:${port}/`), 204)
    }).pipe(Effect.scoped))

  it.effect("that fails says what to do, and nothing of what it carried", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(post(yield* local, "http://ada:secret@127.0.0.1/path?code=1"))
      assert.strictEqual(
        error.message,
        "The webhook was not delivered: its URL is not called; register one over https, without user name and password."
      )
    }))
})
