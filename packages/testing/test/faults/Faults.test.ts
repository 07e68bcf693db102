import * as DirectoryClient from "@effect-launchkey/clients/DirectoryClient"
import * as OrganizationClient from "@effect-launchkey/clients/OrganizationClient"
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as FaultProxy from "@effect-launchkey/testing/FaultProxy"
import * as Faults from "@effect-launchkey/testing/Faults"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as TestTransport from "@effect-launchkey/testing/TestTransport"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import * as Operations from "./support/operations.ts"

const fault = (name: string): Faults.Fault => {
  const found = Faults.all.find((one) => one.name === name)
  if (found === undefined) throw new Error(`there is no fault ${name}`)
  return found
}

const ok = HttpClient.make((request) =>
  Effect.succeed(HttpClientResponse.fromWeb(request, new Response("fine", { status: 200 })))
)

describe("Faults", () => {
  it("names each fault once, and more than forty", () => {
    const names = Faults.all.map(({ name }) => name)
    assert.strictEqual(new Set(names).size, names.length)
    assert.isAbove(names.length, 40)
  })

  it("are in the documentation, each as it is", () => {
    const document = readFileSync(new URL("../../../../docs/faults.md", import.meta.url), "utf8")
    const rows = [...document.matchAll(/^\| `([\w-]+)` \| (.+?)(?: †)? \|/gm)].map(([, name, description]) =>
      `${name}: ${description}`
    )
    assert.deepStrictEqual(rows, Faults.all.map(({ description, name }) => `${name}: ${description}`))
  })

  it.effect("are met by every method of every client", () =>
    Effect.gen(function*() {
      const clients = {
        organization: yield* OrganizationClient.make({ organizationId: TestPlatform.organizationId }),
        directory: yield* DirectoryClient.make({ directoryId: TestPlatform.directoryId }),
        service: yield* ServiceClient.make({ serviceId: TestPlatform.serviceId })
      }
      const methods = Object.entries(clients).flatMap(([owner, client]) =>
        Object.keys(client).map((method) => `${owner}.${method}`)
      )
      assert.deepStrictEqual(Operations.all.map(({ name }) => name).sort(), methods.sort())
    }).pipe(Effect.provide(TestTransport.layerReplies(TestTransport.noContent))))

  it.effect("are met as often as was asked for, and then no more", () =>
    Effect.gen(function*() {
      const faulty = yield* Faults.make(ok, { seal: yield* Faults.makeSeal })
      const status = Effect.map(faulty.httpClient.get("http://localhost/service/v3/auths"), ({ status }) => status)
      yield* faulty.meet(fault("plain-503"), { times: 2 })
      assert.deepStrictEqual(yield* Effect.all([status, status, status]), [503, 503, 200])
      assert.strictEqual(yield* faulty.calls, 3)
    }))

  it.effect("of the time are not met by calls", () =>
    Effect.gen(function*() {
      const faulty = yield* Faults.make(ok, { seal: yield* Faults.makeSeal })
      yield* faulty.meet(fault("time-503"))
      assert.strictEqual((yield* faulty.httpClient.get("http://localhost/service/v3/auths")).status, 200)
      assert.strictEqual((yield* faulty.httpClient.get("http://localhost/public/v3/ping")).status, 503)
    }))
})

/** A server that says how often it was asked. */
const upstream = Effect.acquireRelease(
  Effect.async<{ readonly server: Http.Server; readonly asked: () => number }>((resume) => {
    let asked = 0
    const server = Http.createServer((_, response) => {
      asked++
      response.end("fine")
    })
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ server, asked: () => asked })))
  }),
  ({ server }) => Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
)

const proxied = Effect.gen(function*() {
  const { asked, server } = yield* upstream
  const { port } = server.address() as AddressInfo
  const proxy = yield* FaultProxy.make({ seal: yield* Faults.makeSeal, upstream: () => port, patience: "1 second" })
  const get = Effect.flatMap(
    HttpClient.HttpClient,
    (client) => Effect.flatMap(client.get(`http://127.0.0.1:${proxy.port}/service/v3/auths`), ({ text }) => text)
  )
  return { proxy, asked, get }
})

describe("FaultProxy", () => {
  it.scopedLive("hands on what meets no fault", () =>
    Effect.gen(function*() {
      const { asked, get } = yield* proxied
      assert.strictEqual(yield* get, "fine")
      assert.strictEqual(asked(), 1)
    }).pipe(Effect.provide(NodeHttpClient.layerUndici)))

  it.scopedLive("resets the connection after the platform acted", () =>
    Effect.gen(function*() {
      const { asked, get, proxy } = yield* proxied
      yield* proxy.meet(fault("reset-before-answer"))
      const error = yield* Effect.flip(get)
      assert.strictEqual(error._tag, "RequestError")
      assert.propertyVal(error.cause, "code", "ECONNRESET")
      assert.strictEqual(asked(), 1)
    }).pipe(Effect.provide(NodeHttpClient.layerUndici)))

  it.scopedLive("has the platform act before a fault that would not let it, where told", () =>
    Effect.gen(function*() {
      const { asked, get, proxy } = yield* proxied
      yield* proxy.meet(fault("reset-before-request"), { acts: true })
      yield* Effect.flip(get)
      assert.strictEqual(asked(), 1)
    }).pipe(Effect.provide(NodeHttpClient.layerUndici)))

  it.scopedLive("refuses connections, and takes them again", () =>
    Effect.gen(function*() {
      const { get, proxy } = yield* proxied
      yield* proxy.meet(fault("refused"), { times: 1 })
      assert.propertyVal((yield* Effect.flip(get)).cause, "code", "ECONNREFUSED")
      assert.strictEqual(yield* Effect.retry(get, { times: 200 }), "fine")
    }).pipe(Effect.provide(NodeHttpClient.layerUndici)))

  it.live("leaves no connection when its scope is closed", () =>
    Effect.gen(function*() {
      const proxy = yield* Effect.scoped(Effect.gen(function*() {
        const { get, proxy } = yield* proxied
        assert.strictEqual(yield* get, "fine")
        assert.strictEqual(yield* proxy.connections, 1)
        return proxy
      }))
      assert.strictEqual(yield* proxy.connections, 0)
    }).pipe(Effect.provide(NodeHttpClient.layerUndici)))
})
