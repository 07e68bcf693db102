import * as FileSystem from "@effect/platform/FileSystem"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Queue, Schema } from "effect"
import { createServer } from "node:http"
import * as Launchkey from "./support/launchkey.ts"
import { Sandboxed } from "./support/launchkey.ts"
import { Linked, linked, user } from "./support/linked.ts"

interface Came {
  readonly head: string
  readonly body: string
}

/** Takes webhooks, and keeps them as they come. */
class Receiver extends Context.Tag("test/Receiver")<Receiver, {
  readonly url: string
  readonly came: Queue.Queue<Came>
}>() {}

const receiver = Layer.scoped(
  Receiver,
  Effect.gen(function*() {
    const came = yield* Queue.unbounded<Came>()
    const server = createServer((request, response) => {
      const chunks: Array<Uint8Array> = []
      request.on("data", (chunk: Uint8Array) => chunks.push(chunk))
      request.on("end", () => {
        const headers = Array.from(
          { length: request.rawHeaders.length / 2 },
          (_, i) => `${request.rawHeaders[2 * i]}: ${request.rawHeaders[2 * i + 1]}\r\n`
        )
        Queue.unsafeOffer(came, {
          head: `${request.method} ${request.url} HTTP/1.1\r\n${headers.join("")}\r\n`,
          body: Buffer.concat(chunks).toString("latin1")
        })
        response.writeHead(204).end()
      })
    })
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () => Effect.sync(() => void server.close())
    )
    const address = server.address()
    assert(typeof address === "object" && address !== null)
    return { url: `http://127.0.0.1:${address.port}`, came }
  })
)

/** A service and a directory that are told of everything. */
const listening = Layer.effectDiscard(
  Effect.gen(function*() {
    const { result } = yield* Sandboxed
    const { directoryId, serviceId } = yield* Linked
    const { url } = yield* Receiver
    yield* result(
      "service",
      "update",
      serviceId,
      "--directory",
      directoryId,
      "--callback-url",
      `${url}/hooks?of=service`
    )
    yield* result("directory", "update", directoryId, "--webhook-url", `${url}/links`)
  })
).pipe(Layer.provideMerge(Layer.merge(linked, receiver)))

const Told = Schema.Struct({
  verified: Schema.Boolean,
  audience: Schema.String,
  subject: Schema.String,
  checks: Schema.Array(Schema.Struct({
    step: Schema.NullOr(Schema.Int),
    what: Schema.String,
    status: Schema.String,
    found: Schema.NullOr(Schema.String),
    reason: Schema.NullOr(Schema.String),
    next: Schema.NullOr(Schema.String)
  })),
  event: Schema.NullOr(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
})

/** What the command explains of a request from standard input. */
const explained = (request: string, ...args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const { folder } = yield* Sandboxed
    const { code, json, out } = yield* Launchkey.launchkey(
      { env: { XDG_CONFIG_HOME: folder }, input: Buffer.from(request, "latin1") },
      "webhook",
      "verify",
      "-",
      "--json",
      ...args
    )
    const { checks, event, ...told } = yield* Effect.orDieWith(Schema.decodeUnknown(Told)(json), () => new Error(out))
    const failed = checks.find(({ status }) => status === "fails")
    return { ...told, checks, code, event, failed, why: `${failed?.step ?? "–"} ${failed?.reason ?? "–"}` }
  })

const issued = ["--at", "issued"]

layer(listening, { excludeTestServices: true, timeout: "30 seconds" })("launchkey webhook verify", (it) => {
  it.effect("explains the answer of a device, by the service that asked", () =>
    Effect.gen(function*() {
      const { control, folder, launchkey, result } = yield* Sandboxed
      const { asService, deviceId, serviceId } = yield* Linked
      const { came } = yield* Receiver
      const fs = yield* FileSystem.FileSystem
      const { authorizationRequestId } = yield* result("authorize", user, "--no-wait", ...asService)
      yield* control(`devices/${deviceId}/respond`, { action: "deny" })
      const { body, head } = yield* Queue.take(came)
      const raw = `${head}${body}`
      const told = yield* explained(raw, ...asService)
      assert.deepStrictEqual([told.code, told.verified, told.subject], [0, true, `svc:${serviceId}`])
      assert.deepStrictEqual(told.checks.map(({ status, step }) => [step, status]), [
        [null, "holds"],
        ...[1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 13].map((step) => [step, "holds"]),
        [10, "notMade"],
        [15, "holds"],
        [null, "holds"]
      ])
      assert.strictEqual(told.event?.type, "AuthorizationResponded")
      assert.deepInclude(told.event?.response, { authorizationRequestId, authorized: false })

      yield* fs.writeFileString(`${folder}/webhook.txt`, raw)
      const shown = yield* launchkey("webhook", "verify", `${folder}/webhook.txt`, ...issued, ...asService)
      assert.strictEqual(shown.code, 0)
      assert.match(shown.out, /\nok {4}11 {2}It belongs to this method and path: POST \/hooks\n/)
      assert.match(shown.out, /\n\? {6}9 {2}Its time has come, and has not passed: issued \S+Z, from/)
      assert.match(
        shown.out,
        /\n\nThe webhook is genuine, whenever it came\. It tells what a device answered\. Denied\.\n/
      )

      const headers = head.replace(/^.*\r\n/, "")
      yield* fs.writeFileString(`${folder}/headers.txt`, headers)
      yield* fs.writeFileString(`${folder}/body.bin`, body)
      const parts = ["webhook", "verify", "--headers", `${folder}/headers.txt`, "--body", `${folder}/body.bin`]
      assert.strictEqual((yield* launchkey(...parts, "--path", "/hooks", ...issued, ...asService)).code, 0)
      const pathless = yield* launchkey(...parts, ...issued, ...asService)
      assert.strictEqual(pathless.code, 2)
      assert.include(pathless.err, "Give --path")
      // An editor's last line break, and a whole address in place of a path.
      assert.isTrue((yield* explained(`${raw}\n`, ...issued, ...asService)).verified)
      const proxied = raw.replace("POST /hooks", "POST https://example.com/hooks").replaceAll("\r\n", "\n")
      assert.isTrue((yield* explained(proxied, ...issued, ...asService)).verified)
    }))

  it.effect("names the one check that fails, and what to do", () =>
    Effect.gen(function*() {
      const { control, result } = yield* Sandboxed
      const { asService, deviceId, directoryId, serviceId } = yield* Linked
      const { came } = yield* Receiver
      yield* result("authorize", user, "--no-wait", ...asService)
      yield* control(`devices/${deviceId}/respond`, { action: "approve" })
      const { body, head } = yield* Queue.take(came)
      const raw = `${head}${body}`
      const why = (request: string, ...args: ReadonlyArray<string>) =>
        Effect.map(explained(request, ...args), ({ checks, code, failed, verified, why }) => {
          assert.deepStrictEqual([code, verified], [3, false])
          assert.isString(failed?.next)
          const after = checks.slice(checks.indexOf(failed ?? assert.fail("no check fails")) + 1)
          assert.isTrue(after.every(({ found, status }) => status === "notReached" && found === null))
          return why
        })
      const token = /x-iov-jwt: (\S+)\r\n/i.exec(head)?.[1] ?? ""
      const withToken = (other: string) => raw.replace(token, other)
      assert.strictEqual(yield* why(raw.replace(/x-iov-jwt: \S+\r\n/i, ""), ...asService), "1 TokenMissing")
      assert.strictEqual(yield* why(withToken("x".repeat(8193)), ...asService), "1 TokenTooLarge")
      assert.strictEqual(yield* why(withToken(token.slice(0, 300)), ...asService), "2 TokenMalformed")
      const other = token.slice(0, -10) + (token.at(-10) === "A" ? "B" : "A") + token.slice(-9)
      assert.strictEqual(yield* why(withToken(other), ...issued, ...asService), "4 SignatureInvalid")
      assert.strictEqual(yield* why(raw, "--service", serviceId, ...issued), "6 AudienceMismatch")
      assert.strictEqual(yield* why(raw, "--directory", directoryId, ...issued, ...asService), "7 SubjectMismatch")
      assert.strictEqual(yield* why(raw, "--at", "2041-01-01T00:00:00Z", ...asService), "9 Expired")
      assert.strictEqual(yield* why(raw, "--at", "2001-01-01T00:00:00Z", ...asService), "9 NotYetValid")
      assert.strictEqual(yield* why(raw, "--method", "put", ...issued, ...asService), "11 MethodMismatch")
      assert.strictEqual(yield* why(raw, "--path", "/", ...issued, ...asService), "11 PathMismatch")
      const empty = head.replace(/content-length: \d+/i, "content-length: 0")
      assert.strictEqual(yield* why(empty, ...issued, ...asService), "12 HashUnexpected")
      const changed = `${head}${body.slice(0, -1)}${body.endsWith("A") ? "B" : "A"}`
      assert.strictEqual(yield* why(changed, ...issued, ...asService), "13 HashMismatch")
      const huge = `${head.replace(/content-length: \d+/i, "x: y")}${"a".repeat(256 * 1024 + 1)}`
      assert.strictEqual(yield* why(huge, ...asService), "– BodyTooLarge")
    }))

  it.effect("believes none of what the sandbox forges", () =>
    Effect.gen(function*() {
      const { control } = yield* Sandboxed
      const { asService } = yield* Linked
      const { came } = yield* Receiver
      const resent = (as: string) =>
        Effect.gen(function*() {
          yield* control("webhooks/1/resend", { as })
          const { body, head } = yield* Queue.take(came)
          return yield* explained(`${head}${body}`, ...asService)
        })
      assert.deepStrictEqual((yield* resent("again")).verified, true)
      assert.strictEqual((yield* resent("late")).why, "9 Expired")
      assert.strictEqual((yield* resent("tampered")).why, "13 HashMismatch")
      assert.strictEqual((yield* resent("wrong-key")).why, "4 SignatureInvalid")
      assert.strictEqual((yield* resent("unknown-key")).why, "3 KeyUnknown")
    }))

  it.effect("reads the end of a session, which is plain JSON, and the link of a device, which a directory is told", () =>
    Effect.gen(function*() {
      const { control, result } = yield* Sandboxed
      const { asService, deviceId, directoryId } = yield* Linked
      const { came } = yield* Receiver
      yield* result("session", "start", user, ...asService)
      yield* control(`devices/${deviceId}/logout`, {})
      const ended = yield* Queue.take(came)
      const session = yield* explained(`${ended.head}${ended.body}`, ...issued, ...asService)
      assert.deepStrictEqual([session.verified, session.event?.type], [true, "SessionEnded"])
      assert.strictEqual(session.checks.find(({ step }) => step === 15)?.found, "plain JSON")

      const asDirectory = ["--profile", "directory"]
      const { code } = yield* result("device", "link", "grace@employees.example", "--no-wait", ...asDirectory)
      const { device_id } = yield* control("devices", { linking_code: code })
      const linked = yield* Queue.take(came)
      const raw = `${linked.head}${linked.body}`
      const link = yield* explained(raw, ...issued, ...asDirectory)
      assert.deepStrictEqual([link.verified, link.audience], [true, `dir:${directoryId}`])
      assert.deepInclude(link.event, { type: "DeviceLinkCompleted", deviceId: device_id })
      assert.match(link.checks.find(({ step }) => step === 15)?.found ?? "", /^encrypted to [0-9a-f:]{47} by RSA-OAEP$/)
      const byOther = ["--directory", directoryId, ...asService]
      assert.strictEqual((yield* explained(raw, ...issued, ...byOther)).why, "6 AudienceMismatch")
    }))

  it.effect("refuses what is no request, or says too much or too little, before anything is asked", () =>
    Effect.gen(function*() {
      const { folder, launchkey } = yield* Sandboxed
      const { asService, serviceId } = yield* Linked
      const refused = (input: string, ...args: ReadonlyArray<string>) =>
        Effect.map(
          Launchkey.launchkey({ env: { XDG_CONFIG_HOME: folder }, input }, "webhook", "verify", ...args),
          ({ code, err }) => {
            assert.strictEqual(code, 2)
            return err
          }
        )
      assert.include(yield* refused("", ...asService), "Where the webhook is has to be said once")
      assert.include(yield* refused("", "-", "--body", "x", ...asService), "Where the webhook is has to be said once")
      assert.include(
        yield* refused("POST / HTTP/1.1\nhello\n\n", "-", ...asService),
        "Line 2 of the request is no header"
      )
      assert.include(
        yield* refused("POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n0\n\n", "-", ...asService),
        "saved in chunks"
      )
      assert.include(
        yield* refused("POST / HTTP/1.1\nContent-Length: 5\n\nhey", "-", ...asService),
        "The body has 3 octets"
      )
      assert.include(yield* refused("POST / HTTP/1.1\n\n", "-"), "For whom to listen is not said")
      assert.include(
        yield* refused("POST / HTTP/1.1\n\n", "-", "--service", serviceId, "--directory", serviceId),
        "Give --service or --directory."
      )
      assert.include(yield* refused("POST / HTTP/1.1\n\n", "-", "--at", "noon", ...asService), "--at is no time")
      assert.include(yield* refused("", `${folder}/absent.txt`, ...asService), "cannot be read")
      const add = "profile add lonely --base-url http://127.0.0.1:1 --entity"
      yield* launchkey(...`${add} svc:${serviceId} --key-file ${folder}/service.pem`.split(" "))
      const away = yield* Launchkey.launchkey(
        { env: { XDG_CONFIG_HOME: folder }, input: "POST / HTTP/1.1\n\n" },
        "webhook",
        "verify",
        "-",
        "--profile",
        "lonely"
      )
      assert.strictEqual(away.code, 5)
    }))
})
