import * as OrganizationCredentials from "@effect-launchkey/clients/OrganizationCredentials"
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import { OrganizationId } from "@effect-launchkey/core/EntityIdentifier"
import * as Libsql from "@effect-launchkey/platform/sql/Libsql"
import * as Store from "@effect-launchkey/platform/Store"
import { filename } from "@effect-launchkey/testing/sql/TestDatabases"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Layer, Predicate, Queue, Schema } from "effect"
import { spawn } from "node:child_process"
import * as Http from "node:http"
import { createServer, type Server } from "node:net"
import { fileURLToPath } from "node:url"
import manifest from "../package.json" with { type: "json" }
import * as SandboxCommand from "../src/commands/SandboxCommand.ts"
import { version } from "../src/internal/version.ts"
import { launchkey as inProcess } from "./support/launchkey.ts"

/** A process of its own starts slowly where others have the machine. Milliseconds. */
const slow = 60_000

const root = fileURLToPath(new URL("../../../", import.meta.url))

/** The command as a program starts it, without the shell and package manager that a person would put before it. */
const launchkey = (...args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const firstLine = yield* Deferred.make<string>()
    const ended = yield* Deferred.make<{ readonly code: number | null; readonly out: string; readonly err: string }>()
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, ["--import", "tsx", "packages/cli/src/bin.ts", ...args], { cwd: root })
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    let out = ""
    let err = ""
    child.stdout.on("data", (chunk) => {
      out += String(chunk)
      const end = out.indexOf("\n")
      if (end !== -1) Deferred.unsafeDone(firstLine, Effect.succeed(out.slice(0, end)))
    })
    child.stderr.on("data", (chunk) => err += String(chunk))
    child.on("close", (code) => {
      Deferred.unsafeDone(ended, Effect.succeed({ code, out, err }))
      Deferred.unsafeDone(firstLine, Effect.dieMessage(`ended with ${code} before it said anything: ${err}`))
    })
    return {
      firstLine: Deferred.await(firstLine),
      ended: Deferred.await(ended),
      kill: (signal: NodeJS.Signals) => Effect.sync(() => child.kill(signal))
    }
  })

const Ready = Schema.parseJson(
  Schema.Struct({ baseUrl: Schema.String, sandbox: Schema.String, authenticator: Schema.String })
)

const post = (url: string, body: object) =>
  Effect.gen(function*() {
    const request = yield* HttpClientRequest.bodyJson(HttpClientRequest.post(url), body)
    const response = yield* HttpClient.execute(request)
    const json: unknown = response.status === 204 ? {} : yield* response.json
    assert(Predicate.isRecord(json))
    return json
  })

/** A port that somebody listens on while the scope is open. */
const taken = Effect.acquireRelease(
  Effect.async<Server>((resume) => {
    const server = createServer()
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) => Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
).pipe(Effect.map((server) => {
  const address = server.address()
  assert(address !== null && typeof address !== "string")
  return address.port
}))

describe("launchkey", () => {
  it("carries the version of the package", () => {
    assert.strictEqual(version, manifest.version)
  })

  describe("sandbox", () => {
    it.scopedLive(
      "serves a platform on which a user is authorized, until a signal ends it with 0",
      () =>
        Effect.gen(function*() {
          const sandbox = yield* launchkey("sandbox", "--port", "0", "--json")
          const { authenticator, baseUrl, sandbox: control } = yield* Effect.flatMap(
            sandbox.firstLine,
            Schema.decode(Ready)
          )
          assert.match(baseUrl, /^http:\/\/127\.0\.0\.1:\d+$/)
          assert.strictEqual(control, `${baseUrl}/sandbox`)
          const page = yield* Effect.promise(() => fetch(authenticator))
          assert.deepStrictEqual([page.status, page.headers.get("content-type")], [200, "text/html; charset=utf-8"])
          assert.match(yield* Effect.promise(() => page.text()), /src="authenticator-[\w-]+\.js"/)

          const { organization_id: organizationId } = yield* post(`${control}/organizations`, {
            keys: [{ public_key: TestKeys.organization.publicKey, key_type: 0 }]
          })
          const credentials = yield* OrganizationCredentials.OrganizationCredentials.pipe(
            Effect.provide(
              OrganizationCredentials.layer({
                organizationId: String(organizationId),
                baseUrl,
                signingKey: TestKeys.organization.privateKey
              })
            )
          )
          const organization = yield* credentials.organizationClient
          const directoryId = yield* organization.createDirectory("Directory")
          yield* organization.generateSdkKey(directoryId)
          const directory = yield* credentials.directoryClient(directoryId)
          const service = yield* Effect.flatMap(directory.createService("Service"), credentials.serviceClient)

          const link = yield* directory.linkDevice("ada")
          assert.strictEqual(
            link.qrCodeUrl,
            `http://platform.localhost:${new URL(baseUrl).port}/public/v3/qr/${link.code}`
          )
          const device = yield* post(`${control}/devices`, { linking_code: link.code })
          const request = yield* service.authorize("ada", { policy: AuthPolicy.any(2) })
          const answered = yield* post(`${control}/devices/${device["device_id"]}/respond`, { action: "approve" })
          assert.deepStrictEqual(answered, { auth_request: request.id })
          assert.isTrue((yield* service.awaitResponse(request)).authorized)

          const stats = yield* Effect.flatMap(HttpClient.get(`${control}/stats`), ({ json }) => json)
          assert(Predicate.isRecord(stats))
          for (const used of ["user", "system", "rss"]) assert.isAbove(Number(stats[used]), 0, used)

          yield* post(`${control}/faults`, { fault: "drop", count: 1 })
          assert.strictEqual((yield* Effect.flip(service.authorize("ada")))._tag, "OutcomeUnknown")

          // a call that is still being answered does not hold up the end
          yield* post(`${control}/faults`, { fault: "delay:60000", count: 1 })
          yield* Effect.fork(Effect.ignore(directory.listDevices("ada")))
          yield* Effect.sleep("100 millis")
          yield* sandbox.kill("SIGTERM")
          const { code, err, out } = yield* sandbox.ended
          assert.deepStrictEqual([code, err, out.split("\n").length], [0, "", 2])
        }).pipe(Effect.provide(FetchHttpClient.layer)),
      slow
    )

    it.scopedLive("refuses a store that has a platform, and does it no harm", () =>
      Effect.gen(function*() {
        const file = yield* filename
        const open = Effect.map(Layer.build(Layer.fresh(Libsql.layer({ filename: file }))), Context.get(Store.Store))
        const organization = { id: OrganizationId.make(crypto.randomUUID()), name: "Somebody's" }
        yield* Effect.scoped(Effect.flatMap(open, ({ insertOrganization }) => insertOrganization(organization)))
        const { code, err } = yield* inProcess({}, "sandbox", "--port", "0", "--store", `file:${file}`)
        assert.strictEqual(code, 2)
        assert.include(err, "The store has an organization already")
        assert.deepStrictEqual(yield* Effect.flatMap(open, ({ organizations }) => organizations), [organization])
      }).pipe(Effect.provide([FetchHttpClient.layer, NodeContext.layer])))

    it.scopedLive("sends its webhooks to this machine, and sends them once more", () =>
      Effect.gen(function*() {
        const arrived = yield* Queue.unbounded<string>()
        const receiver = yield* Effect.acquireRelease(
          Effect.async<Http.Server>((resume) => {
            const server = Http.createServer((request, response) => {
              const { "content-type": type, "x-iov-jwt": token } = request.headers
              Queue.unsafeOffer(arrived, `${request.method} ${request.url} ${type} ${typeof token}`)
              request.resume()
              response.writeHead(204).end()
            })
            server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
          }),
          (server) => Effect.sync(() => server.close())
        )
        const address = receiver.address()
        assert(address !== null && typeof address !== "string")
        const sandbox = yield* launchkey("sandbox", "--json")
        const { baseUrl, sandbox: control } = yield* Effect.flatMap(sandbox.firstLine, Schema.decode(Ready))
        const { organization_id: organizationId } = yield* post(`${control}/organizations`, {
          keys: [{ public_key: TestKeys.organization.publicKey, key_type: 0 }]
        })
        const credentials = yield* OrganizationCredentials.OrganizationCredentials.pipe(
          Effect.provide(
            OrganizationCredentials.layer({
              organizationId: String(organizationId),
              baseUrl,
              signingKey: TestKeys.organization.privateKey
            })
          )
        )
        const organization = yield* credentials.organizationClient
        const directoryId = yield* organization.createDirectory("Directory")
        yield* organization.generateSdkKey(directoryId)
        yield* organization.updateDirectory(directoryId, {
          webhookUrl: `http://app.localhost:${address.port}/hook?q=1`
        })
        const directory = yield* credentials.directoryClient(directoryId)
        const { code } = yield* directory.linkDevice("ada")
        yield* post(`${control}/devices`, { linking_code: code })
        const expected = "POST /hook?q=1 application/jose string"
        assert.strictEqual(yield* Queue.take(arrived), expected)
        const resent = yield* post(`${control}/webhooks/1/resend`, { as: "wrong-key" })
        assert.deepStrictEqual(resent, { status: 204, failure: null })
        assert.strictEqual(yield* Queue.take(arrived), expected)
      }).pipe(Effect.provide(FetchHttpClient.layer)), slow)

    it.scopedLive("says in words where it is, and ends as well on an interrupt", () =>
      Effect.gen(function*() {
        const sandbox = yield* launchkey("sandbox")
        assert.match(yield* sandbox.firstLine, /at http:\/\/127\.0\.0\.1:\d+, .* at http:\/\/127\.0\.0\.1:\d+\/sandbox/)
        yield* sandbox.kill("SIGINT")
        assert.strictEqual((yield* sandbox.ended).code, 0)
      }), slow)

    it.scopedLive(
      "has whoever calls while it starts come again, instead of waiting for ever",
      () =>
        Effect.gen(function*() {
          const port = yield* Effect.scoped(taken)
          const ready = yield* Deferred.make<string>()
          yield* SandboxCommand.serve({ host: "127.0.0.1", port }, (url) => Deferred.succeed(ready, url)).pipe(
            Effect.forkScoped
          )
          const ping = HttpClient.get(`http://127.0.0.1:${port}/public/v3/ping`)
          const { headers, status } = yield* Effect.eventually(ping)
          assert.deepStrictEqual([status, headers["retry-after"]], [503, "1"])
          yield* Deferred.await(ready)
          assert.strictEqual((yield* ping).status, 200)
        }).pipe(Effect.provide(FetchHttpClient.layer)),
      slow
    )

    it.scopedLive("ends with 1 and says why where it cannot listen", () =>
      Effect.gen(function*() {
        const port = yield* taken
        const refused = new RegExp(`Cannot listen on 127\\.0\\.0\\.1, port ${port}: .*EADDRINUSE`)
        const { code, err, out } = yield* Effect.flatMap(
          launchkey("sandbox", "--port", String(port)),
          ({ ended }) => ended
        )
        assert.deepStrictEqual([code, out], [1, ""])
        assert.match(err, refused)
        const told = yield* inProcess({}, "sandbox", "--port", String(port), "--json")
        assert.deepStrictEqual([told.code, told.err], [1, ""])
        assert.match(told.out, refused)
      }).pipe(Effect.provide([NodeContext.layer, FetchHttpClient.layer])), slow)
  })
})
