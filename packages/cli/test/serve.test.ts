import * as NodeContext from "@effect/platform-node/NodeContext"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, layer } from "@effect/vitest"
import {
  ConfigProvider,
  Deferred,
  Effect,
  Either,
  Fiber,
  Layer,
  Option,
  Predicate,
  Redacted,
  Schema,
  Stream
} from "effect"
import { execFileSync, spawn, spawnSync } from "node:child_process"
import * as Https from "node:https"
import * as ServeConfig from "../src/ServeConfig.ts"
import { launchkey, read, root } from "./support/launchkey.ts"
import { serve } from "./support/served.ts"

const environment = Layer.merge(NodeContext.layer, FetchHttpClient.layer)

/** A configuration in a file of its own, and where that is. */
const written = (config: unknown) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const folder = yield* fs.makeTempDirectoryScoped({ prefix: "launchkey-" })
    yield* fs.writeFileString(`${folder}/serve.json`, typeof config === "string" ? config : JSON.stringify(config))
    return { folder, file: `${folder}/serve.json` }
  })

const loaded = (config: unknown, env: Readonly<Record<string, string>> = {}) =>
  Effect.flatMap(written(config), ({ file, folder }) =>
    Effect.map(
      Effect.withConfigProvider(
        Effect.either(ServeConfig.load(Option.some(file))),
        ConfigProvider.fromMap(new Map(Object.entries(env)))
      ),
      (result) => ({ folder, result })
    ))

const small = { baseUrl: "https://mfa.example.com", store: "memory:", authenticator: false }

/** A platform that is served, until the scope ends. */
const served = (config: object) =>
  Effect.gen(function*() {
    const { result } = yield* loaded({ listen: { port: 0 }, operations: { port: 0 }, ...small, ...config })
    const at = yield* serve(yield* result)
    return { ...at, operations: Option.getOrElse(at.operations, () => "") }
  })

layer(environment, { excludeTestServices: true })("the configuration of a platform", (it) => {
  it.scoped("has the environment over the file, and paths from the file's folder", () =>
    Effect.gen(function*() {
      const { folder, result } = yield* loaded(
        { baseUrl: "https://mfa.example.com", listen: { host: "::1", port: 1 }, store: "file:data/platform.db" },
        { LAUNCHKEY_SERVE_PORT: "8443", LAUNCHKEY_SERVE_WEBHOOK_RANGES: "10.0.0.0/8,fd00::/8" }
      )
      const { config } = yield* result
      assert.deepStrictEqual([config.listen.host, config.listen.port], ["::1", 8443])
      assert.strictEqual(Redacted.value(config.store), `file:${folder}/data/platform.db`)
      assert.strictEqual(config.adminSocket, `${folder}/data/platform.db.sock`)
      assert.deepStrictEqual(config.webhooks.allowedRanges, ["10.0.0.0/8", "fd00::/8"])
    }))

  it.scoped("sends pushes only where somebody can be asked about them", () =>
    Effect.gen(function*() {
      const without = yield* loaded({ ...small, push: { enabled: true } })
      assert(Either.isLeft(without.result) && without.result.left._tag === "InvalidConfiguration")
      assert.deepStrictEqual(without.result.left.issues.map(({ path }) => path), ["push.contact"])
      const other = yield* loaded({ ...small, push: { enabled: true, contact: "ops" } })
      assert.isTrue(Either.isLeft(other.result))
      const { config } =
        yield* (yield* loaded({ ...small, push: { enabled: true, contact: "mailto:ops@example.com" } }))
          .result
      assert.deepStrictEqual(config.push, { enabled: true, contact: "mailto:ops@example.com" })
    }))

  it.scoped("has a console only where browsers make passkeys", () =>
    Effect.gen(function*() {
      const console = { enabled: true }
      for (
        const [baseUrl, why] of [
          ["http://mfa.example.com", "over plain HTTP"],
          ["https://192.0.2.1", "which is a number"]
        ] as const
      ) {
        const { result } = yield* loaded({ ...small, baseUrl, console })
        assert(Either.isLeft(result) && result.left._tag === "InvalidConfiguration")
        assert.deepStrictEqual(result.left.issues.map(({ path }) => path), ["console.enabled"])
        assert.include(result.left.issues[0]?.problem, why)
        assert.strictEqual((yield* (yield* loaded({ ...small, baseUrl })).result).config.console.enabled, false)
      }
      const { config } = yield* (yield* loaded({ ...small, baseUrl: "http://localhost:8080", console })).result
      assert.isTrue(config.console.enabled)
      const { file } = yield* written({ ...small, baseUrl: "https://192.0.2.1", console })
      const { code, err } = yield* launchkey({}, "serve", "--config", file)
      assert.strictEqual(code, 2)
      assert.include(err, "console.enabled: Browsers make no passkeys for 192.0.2.1")
    }))

  it.scoped("tells all that is wrong at once, by paths and variables", () =>
    Effect.gen(function*() {
      const { result } = yield* loaded(
        { store: "mysql://there", listen: { port: 70_000 }, shutdown: { requests: "soon" }, colour: "red" },
        { LAUNCHKEY_SERVE_OPERATIONS_PORT: "none" }
      )
      assert(Either.isLeft(result) && result.left._tag === "InvalidConfiguration")
      assert.deepStrictEqual(
        Object.fromEntries(result.left.issues.map(({ path, problem }) => [path, problem])),
        {
          baseUrl: "is missing",
          colour: `is unexpected, expected: ${
            Object.keys(ServeConfig.ServeConfig.fields).map((name) => JSON.stringify(name)).join(" | ")
          }`,
          "listen.port": "expected a whole number from 0 to 65535",
          LAUNCHKEY_SERVE_OPERATIONS_PORT: "expected a whole number from 0 to 65535",
          "shutdown.requests": "expected a length of time, such as 30 seconds",
          store: "expected file:<path>, postgres://<user>@<host>/<database> or memory:"
        }
      )
    }))

  it.scoped("is shown without a password, wherever in the store's address that is", () =>
    Effect.gen(function*() {
      const shown = (store: string) =>
        Effect.gen(function*() {
          const { result } = yield* loaded({ ...small, store })
          return ServeConfig.show(yield* result)["store"]
        })
      assert.deepStrictEqual(
        yield* Effect.forEach([
          "postgres://launchkey@db.example.com/launchkey?sslmode=require",
          "postgresql://db.example.com/launchkey?user=launchkey&password=s3cret&sslpassword=s3cret",
          "postgres://launchkey:s3cret@db.example.com:port/launchkey",
          "postgres://launchkey:s3/cret@db.example.com/launchkey",
          "postgres://launchkey:53?cret@db.example.com/launchkey",
          "postgres://launchkey:53#cret@db.example.com/launchkey",
          "postgres://launch%key:s3cret@db.example.com/launchkey"
        ], shown),
        [
          "postgres://launchkey@db.example.com/launchkey?sslmode=require",
          "postgresql://db.example.com/launchkey?user=launchkey&password=…&sslpassword=…",
          "postgres://…",
          "postgres://…",
          "postgres://…",
          "postgres://…",
          "postgres://launch%key:…@db.example.com/launchkey"
        ]
      )
    }))

  it.scoped("is printed by --check without what is secret", () =>
    Effect.gen(function*() {
      const { file, folder } = yield* written({
        baseUrl: "https://mfa.example.com",
        store: "postgres://launchkey:hush@db.example.com/launchkey",
        keyEncryptionKeyFile: "key"
      })
      const fs = yield* FileSystem.FileSystem
      yield* fs.writeFileString(`${folder}/key`, "not to be seen", { mode: 0o600 })
      const { code, out } = yield* launchkey({}, "serve", "--config", file, "--check")
      assert.strictEqual(code, 0, out)
      assert.notInclude(out, "hush")
      assert.notInclude(out, "not to be seen")
      const shown: unknown = JSON.parse(out)
      assert(Predicate.isRecord(shown))
      assert.strictEqual(shown["store"], "postgres://launchkey:…@db.example.com/launchkey")
      assert.strictEqual(shown["keyEncryptionKey"], "given")
      yield* fs.chmod(`${folder}/key`, 0o644)
      const open = yield* launchkey({}, "serve", "--config", file, "--check")
      assert.strictEqual(open.code, 2)
      assert.include(open.err, "chmod 600")
    }))

  it.effect("is in the guide, with each member and variable", () =>
    Effect.gen(function*() {
      const document = yield* read(`${root}docs/operating.md`)
      for (const [name, { meaning }] of Object.entries(ServeConfig.environment)) {
        assert.include(document, `| \`${name}\` | ${meaning} |`)
      }
      for (const name of Object.keys(ServeConfig.ServeConfig.fields)) assert.include(document, `| \`${name}`)
    }))

  it.scoped("that is no JSON, or names a certificate that is none, ends with 2", () =>
    Effect.gen(function*() {
      const { file } = yield* written("{")
      const broken = yield* launchkey({}, "serve", "--config", file)
      assert.deepStrictEqual([broken.code, broken.err.includes("is not JSON")], [2, true])
      const tls = { certificateFile: "serve.json", keyFile: "serve.json" }
      const { file: uncertified } = yield* written({ ...small, listen: { tls } })
      const refused = yield* launchkey({}, "serve", "--config", uncertified)
      assert.deepStrictEqual([refused.code, refused.err.includes("no certificate and its key")], [2, true])
    }))
})

const openssl = spawnSync("openssl", ["version"]).status === 0

/** The subject of the certificate that a server shows. */
const subject = (url: string) =>
  Effect.async<unknown>((resume) => {
    const request = Https.get(`${url}/public/v3/ping`, { rejectUnauthorized: false, agent: false }, (response) => {
      const { socket } = response
      const shown: unknown = "getPeerCertificate" in socket && typeof socket.getPeerCertificate === "function"
        ? socket.getPeerCertificate()
        : undefined
      response.resume()
      resume(
        Effect.succeed(
          Predicate.isRecord(shown) && Predicate.isRecord(shown["subject"]) ? shown["subject"]["CN"] : undefined
        )
      )
    })
    request.on("error", (error) => resume(Effect.die(error)))
  })

layer(environment, { excludeTestServices: true })("a platform that is served", (it) => {
  it.scoped("answers the API in one place, and supervisors in another", () =>
    Effect.gen(function*() {
      const { address, operations } = yield* served({})
      const status = (url: string) => Effect.map(HttpClient.get(url), ({ status }) => status)
      assert.strictEqual(yield* status(`${address}/public/v3/ping`), 200)
      for (const path of ["/health", "/ready", "/metrics", "/sandbox/organizations"]) {
        assert.notStrictEqual(yield* status(`${address}${path}`), 200, path)
      }
      assert.strictEqual(yield* status(`${operations}/health`), 200)
      const ready = yield* HttpClient.get(`${operations}/ready`)
      assert.deepStrictEqual([ready.status, yield* ready.json], [200, { ready: true, lacks: [] }])
      const metrics = yield* HttpClient.get(`${operations}/metrics`)
      assert.include(metrics.headers["content-type"] ?? "", "text/plain; version=0.0.4")
      const text = yield* metrics.text
      assert.match(text, /^launchkey_platform_requests_total\{operation="GET \/public\/v3\/ping",status="200"\} \d+$/m)
      assert.match(text, /^process_resident_memory_bytes \d+$/m)
      assert.strictEqual(yield* status(`${operations}/elsewhere`), 404)
    }))

  it.scoped("serves the console where it is asked for, to whoever is signed in", () =>
    Effect.gen(function*() {
      const http = yield* HttpClient.HttpClient
      const { address } = yield* served({ console: { enabled: true } })
      const page = yield* http.get(`${address}/console/`)
      assert.deepStrictEqual([page.status, page.headers["content-type"]], [200, "text/html; charset=utf-8"])
      const asked = (origin: string) =>
        http.execute(
          HttpClientRequest.post(`${address}/console/api/session`).pipe(
            HttpClientRequest.setHeaders({ origin, "content-type": "application/json" })
          )
        )
      const unknown = yield* asked(small.baseUrl)
      assert.deepStrictEqual([unknown.status, yield* unknown.json], [401, { _tag: "SignInNeeded" }])
      assert.strictEqual((yield* asked(address)).status, 403)
      assert.strictEqual((yield* http.get(`${address}/public/v3/ping`)).status, 200)
      const { address: without } = yield* served({})
      const nowhere = ["/console/", "/console", "/console/api/session", "/authenticator/app.js", "/authenticator?x=/"]
      assert.deepStrictEqual(
        yield* Effect.forEach(nowhere, (path) => Effect.map(http.get(`${without}${path}`), ({ status }) => status)),
        nowhere.map(() => 404)
      )
      assert.notInclude(yield* (yield* http.post(`${without}/console/api/session`)).text, "SignInNeeded")
    }))

  it.scoped("refuses a body that is longer than it may be", () =>
    Effect.gen(function*() {
      const { address } = yield* served({ limits: { bodyBytes: 4096 } })
      const body = new Uint8Array(5000)
      const request = HttpClientRequest.bodyUint8Array(HttpClientRequest.post(`${address}/service/v3/auths`), body)
      assert.strictEqual((yield* HttpClient.execute(request)).status, 413)
    }))

  it.scoped("says that it is not ready once it is to stop, and answers what it has begun", () =>
    Effect.gen(function*() {
      const { address, fiber, operations } = yield* served({ shutdown: { notReadyFor: "300 millis" } })
      const ping = yield* HttpClient.get(`${address}/public/v3/ping`)
      // An answer of which nobody has read the end yet.
      const slow = yield* Effect.fork(Stream.runDrain(ping.stream))
      const stopped = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* Effect.sleep("50 millis")
      const ready = yield* HttpClient.get(`${operations}/ready`)
      assert.deepStrictEqual([ready.status, yield* ready.json], [503, { ready: false, lacks: ["notStopping"] }])
      assert.strictEqual((yield* HttpClient.get(`${address}/public/v3/ping`)).status, 200)
      yield* Fiber.join(slow)
      yield* Fiber.join(stopped)
      assert.strictEqual((yield* Effect.flip(HttpClient.get(`${address}/public/v3/ping`)))._tag, "RequestError")
    }))

  it.scoped("tells where it cannot listen", () =>
    Effect.gen(function*() {
      const { address } = yield* served({})
      const error = yield* Effect.flip(served({ listen: { port: Number(new URL(address).port) } }))
      assert.strictEqual(error._tag, "CannotListen")
    }))

  it.scoped.skipIf(!openssl)("shows its certificate, and another one after SIGHUP", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped({ prefix: "launchkey-" })
      const tls = { certificateFile: `${folder}/tls.crt`, keyFile: `${folder}/tls.key` }
      const certify = (name: string) =>
        Effect.sync(() =>
          execFileSync("openssl", [
            ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(" "),
            "-subj",
            `/CN=${name}`,
            "-out",
            tls.certificateFile,
            "-keyout",
            tls.keyFile
          ], { stdio: "ignore" })
        )
      yield* certify("first")
      const { address } = yield* served({ listen: { port: 0, tls } })
      assert.match(address, /^https:/)
      assert.strictEqual(yield* subject(address), "first")
      yield* certify("second")
      yield* Effect.sync(() => process.emit("SIGHUP", "SIGHUP"))
      yield* Effect.repeat(subject(address), { until: (name) => name === "second", times: 200 })
      assert.strictEqual(yield* subject(address), "second")
      yield* fs.writeFileString(tls.certificateFile, "spoilt")
      yield* Effect.sync(() => process.emit("SIGHUP", "SIGHUP"))
      assert.strictEqual(yield* subject(address), "second")
    }))
})

const Logged = Schema.parseJson(Schema.Struct({
  message: Schema.String,
  logLevel: Schema.String,
  annotations: Schema.Record({ key: Schema.String, value: Schema.Unknown })
}))

layer(environment, { excludeTestServices: true })("the process that serves", (it) => {
  it.scoped("logs in JSON, and ends with 0 on SIGTERM", () =>
    Effect.gen(function*() {
      const { file } = yield* written({ ...small, listen: { port: 0 }, operations: { port: 0 } })
      const serving = yield* Deferred.make<string>()
      const ended = yield* Deferred.make<number | null>()
      const child = yield* Effect.acquireRelease(
        Effect.sync(() =>
          spawn(process.execPath, ["--import", "tsx", "packages/cli/src/bin.ts", "serve", "--config", file], {
            cwd: root,
            stdio: ["ignore", "pipe", "pipe"]
          })
        ),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      )
      let out = ""
      let err = ""
      child.stdout.on("data", (chunk) => out += String(chunk))
      child.stderr.on("data", (chunk) => {
        err += String(chunk)
        const [, address] = /"address":"([^"]+)"/.exec(err) ?? []
        if (address !== undefined) Deferred.unsafeDone(serving, Effect.succeed(address))
      })
      child.on("close", (code) => {
        Deferred.unsafeDone(ended, Effect.succeed(code))
        Deferred.unsafeDone(serving, Effect.dieMessage(`ended with ${code}: ${err}`))
      })
      const address = yield* Deferred.await(serving)
      assert.strictEqual((yield* HttpClient.get(`${address}/public/v3/ping`)).status, 200)
      yield* Effect.sync(() => child.kill("SIGTERM"))
      assert.deepStrictEqual([yield* Deferred.await(ended), out], [0, ""])
      const lines = yield* Effect.forEach(err.trim().split("\n"), (line) => Schema.decode(Logged)(line))
      assert.deepStrictEqual(lines.map(({ logLevel, message }) => [logLevel, message]), [
        ["WARN", "The store is this process's memory: all of it ends with the process"],
        ["INFO", "Serving"],
        ["INFO", "Stopping"]
      ])
    }), 60_000)
})
