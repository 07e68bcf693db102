import { FileSystem } from "@effect/platform"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Predicate } from "effect"
import * as Launchkey from "./support/launchkey.ts"
import { Sandboxed } from "./support/launchkey.ts"
import { Linked, linked, user } from "./support/linked.ts"

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/

const tagOf = (json: unknown) =>
  Predicate.hasProperty(json, "error") && Predicate.hasProperty(json.error, "tag") ? json.error.tag : undefined

/** Runs a command that waits, and does something as soon as it does. */
const meanwhile = <A, E, R>(
  given: Launchkey.Given,
  args: ReadonlyArray<string>,
  act: (id: string) => Effect.Effect<A, E, R>
) =>
  Effect.gen(function*() {
    const { folder } = yield* Sandboxed
    const asked = yield* Deferred.make<string>()
    let heard = ""
    const onError = (text: string) => {
      heard += text
      const id = uuid.exec(heard)?.[0]
      if (id !== undefined && heard.includes("Waiting for the user")) Effect.runSync(Deferred.succeed(asked, id))
    }
    const running = yield* Effect.fork(
      Launchkey.launchkey({ ...given, env: { XDG_CONFIG_HOME: folder }, onError }, ...args)
    )
    const id = yield* Effect.raceFirst(
      Deferred.await(asked),
      Effect.flatMap(Fiber.join(running), ({ err, out }) => Effect.dieMessage(`It did not wait: ${err}${out}`))
    )
    yield* act(id)
    return { id, running, heard: () => heard }
  })

layer(linked, { excludeTestServices: true, timeout: "30 seconds" })("launchkey authorize", (it) => {
  it.effect("asks with all that may be said, waits, and shows what the device answered", () =>
    Effect.gen(function*() {
      const { control } = yield* Sandboxed
      const { asService, deviceId } = yield* Linked
      const args = [
        "authorize",
        user,
        "--title",
        "Vault",
        "--context",
        "Open vault 7",
        "--ttl",
        "2m",
        "--push-title",
        "Vault",
        "--push-body",
        "Somebody knocks",
        "--denial-reason",
        "1=Not now",
        "--fraud-reason",
        "2=Not me",
        ...asService
      ]
      const { id, running } = yield* meanwhile(
        { interactive: true },
        args,
        () => control(`devices/${deviceId}/respond`, { action: "approve" })
      )
      const { code, err, out } = yield* Fiber.join(running)
      assert.strictEqual(code, 0)
      assert.match(
        err,
        /^Authorization request {2}[0-9a-f-]{36}\nDevices asked {10}[0-9a-f-]{36}\nPush package {11}–\n/
      )
      assert.include(err, "\r\u001b[2KWaiting for the user: 2:00 left. Ctrl-C stops the waiting.")
      assert.include(out, `Approved.\nAuthorization request      ${id}\nAuthorized                 yes\n`)
      assert.include(out, `Device                     ${deviceId}\n`)
      assert.include(out, "Policy                     nothing beyond consent\n")
    }))

  it.effect("prints the number that the user enters to approve", () =>
    Effect.gen(function*() {
      const { control } = yield* Sandboxed
      const { asService, deviceId } = yield* Linked
      const args = ["authorize", user, "--number-matching", "--json", ...asService]
      const { heard, running } = yield* meanwhile({}, args, () => Effect.void)
      const [, number = ""] = /^Number to enter +(\d\d)$/m.exec(heard()) ?? []
      yield* control(`devices/${deviceId}/respond`, { action: "approve", number })
      const { code, json } = yield* Fiber.join(running)
      assert(Predicate.isRecord(json))
      assert.deepStrictEqual([code, json["numberMatch"]], [0, number])
    }))

  it.effect("ends with the code of a no where the user denies, and tells for which of the reasons", () =>
    Effect.gen(function*() {
      const { control } = yield* Sandboxed
      const { asService, deviceId } = yield* Linked
      const reasons = ["--denial-reason", "1=Not now", "--fraud-reason", "2=Not me"]
      const denied = yield* meanwhile(
        {},
        ["authorize", user, ...reasons, ...asService],
        () => control(`devices/${deviceId}/respond`, { action: "fraud" })
      )
      const { code, err, out } = yield* Fiber.join(denied.running)
      assert.strictEqual(code, 3)
      assert.match(err, /\nWaiting for the user, for up to 5:00\.\n$/)
      assert.match(out, /^Denied as fraud\.\n/)
      assert.include(out, "Denial reason              2: Not me\nFraud                      yes\n")
      const failed = yield* meanwhile(
        {},
        ["authorize", user, "--json", ...asService],
        () => control(`devices/${deviceId}/respond`, { action: "fail", reason: "SENSOR" })
      )
      const { code: end, json } = yield* Fiber.join(failed.running)
      assert.strictEqual(end, 3)
      assert(Predicate.hasProperty(json, "response") && Predicate.isRecord(json.response))
      const { authorized, fraud, reason, type } = json.response
      assert.deepStrictEqual({ authorized, fraud, reason, type }, {
        authorized: false,
        fraud: false,
        reason: "SENSOR",
        type: "FAILED"
      })
    }))

  it.effect("prints the policy of options and of a file as it is sent, and sends nothing with --dry-run", () =>
    Effect.gen(function*() {
      const { folder, launchkey, result } = yield* Sandboxed
      const { asService } = yield* Linked
      const flags = ["--require", "knowledge,possession", "--geofence", "Vault=36.12,-115.15,250.5", "--deny-rooted"]
      const told = yield* result("authorize", user, ...flags, "--ttl", "60", "--dry-run", ...asService)
      const policy = {
        minimum_requirements: [{ requirement: "authenticated", any: 0, knowledge: 1, inherence: 0, possession: 1 }],
        factors: [
          {
            factor: "device integrity",
            requirement: "forced requirement",
            priority: 1,
            quickfail: false,
            attributes: { "factor enabled": 1 }
          },
          {
            factor: "geofence",
            requirement: "forced requirement",
            priority: 1,
            quickfail: false,
            attributes: {
              locations: [{ name: "Vault", latitude: 36.12, longitude: -115.15, radius: 250.5 }]
            }
          }
        ]
      }
      assert(Predicate.isRecord(told.sent))
      assert.strictEqual(told.authorizationRequestId, null)
      assert.strictEqual(told.sent.ttl, 60)
      const sent = told.sent.policy
      yield* Effect.flatMap(
        FileSystem.FileSystem,
        (fs) => fs.writeFileString(`${folder}/policy.json`, JSON.stringify(sent))
      )
      const again = yield* result("authorize", user, "--policy", `${folder}/policy.json`, "--dry-run", ...asService)
      assert.deepStrictEqual(again.sent, { username: user, policy: sent })
      const shown = yield* launchkey("authorize", user, "--context", "a\u202eb", "--dry-run", ...asService)
      assert.strictEqual(
        shown.out,
        `{\n  "username": "${user}",\n  "context": "a\\u202eb"\n}\nNothing was sent: --dry-run.\n`
      )
      assert.deepStrictEqual(sent, policy)
    }).pipe(Effect.provide(NodeFileSystem.layer)))

  it.effect("refuses what cannot be asked before anything is sent, naming it", () =>
    Effect.gen(function*() {
      const { folder, launchkey } = yield* Sandboxed
      const { asService } = yield* Linked
      const refused = (...args: ReadonlyArray<string>) =>
        Effect.map(launchkey("authorize", user, ...args, ...asService), ({ code, err, out }) => {
          assert.deepStrictEqual({ code, out }, { code: 2, out: "" })
          return err
        })
      assert.include(yield* refused("--ttl", "20"), "  ttl: ")
      assert.include(yield* refused("--require", "8"), "Problem: The policy cannot be. Nothing was sent.\n  any: ")
      assert.include(yield* refused("--geofence", "1,2"), "  geofences[0].radius: ")
      assert.include(yield* refused("--denial-reason", "Not now"), "--denial-reason is not of the form ID=TEXT")
      assert.include(yield* refused("--denial-reason", "1=Not now"), "  denialReasons")
      assert.include(yield* refused("--policy", "-", "--deny-rooted"), "Give one or the other.")
      const file = (text: string) =>
        Effect.map(
          Launchkey.launchkey(
            { env: { XDG_CONFIG_HOME: folder }, input: text },
            "authorize",
            user,
            "--policy",
            "-",
            ...asService
          ),
          ({ code, err }) => `${code} ${err}`
        )
      assert.match(yield* file("[]"), /^2 Problem: The policy is not a JSON object\./)
      assert.match(yield* file(`{"factors": [], "amount": 2}`), /^2 Problem: The policy cannot be[^]*amount/)
      assert.match(
        yield* file(`{"factors": [{"factor": "timefence"}]}`),
        /^2 Problem: The policy cannot be[^]*time fences/
      )
    }))

  it.effect("asks whether to cancel the request when it is interrupted, and does so for a yes", () =>
    Effect.gen(function*() {
      const { launchkey, result } = yield* Sandboxed
      const { asService } = yield* Linked
      const { heard, id } = yield* interrupted({ interactive: true, answer: true }, asService)
      assert.include(heard, "\r\u001b[2KCancel the request too?\nProblem: The request is canceled")
      assert.include(heard, `  authorizationRequestId: ${id}\n  canceled: true\n`)
      const read = yield* launchkey("response", id, "--json", ...asService)
      assert.deepStrictEqual([read.code, tagOf(read.json)], [1, "AuthorizationRequestCanceled"])
      const { authorizationRequestId } = yield* result("authorize", user, "--no-wait", ...asService)
      yield* result("cancel", String(authorizationRequestId), ...asService)
    }))

  it.effect("leaves the request open for a no, tells its id, and how to go on", () =>
    Effect.gen(function*() {
      const { control, launchkey, result } = yield* Sandboxed
      const { asService, deviceId } = yield* Linked
      const { heard, id } = yield* interrupted({ interactive: true, answer: false }, asService)
      assert.include(heard, "Problem: Nobody waits for the answer any more. The request is still open")
      assert.include(heard, `\`launchkey cancel ${id}\``)
      const open = yield* launchkey("response", id, "--json", ...asService)
      assert.deepStrictEqual([open.code, tagOf(open.json)], [4, "NotYet"])
      const second = yield* launchkey("authorize", user, "--json", ...asService)
      assert.deepStrictEqual([second.code, tagOf(second.json)], [1, "AuthorizationInProgress"])
      assert.include(second.out, id)
      assert.include(second.out, `"fromSameService":true`)
      yield* control(`devices/${deviceId}/respond`, { action: "approve" })
      const late = yield* launchkey("cancel", id, "--json", ...asService)
      assert.deepStrictEqual([late.code, tagOf(late.json)], [1, "AuthorizationResponseExists"])
      assert.strictEqual((yield* result("response", id, "--wait", ...asService)).authorized, true)
    }))

  it.effect("prints a document when it is interrupted with --json, and cancels unasked where that was said", () =>
    Effect.gen(function*() {
      const { launchkey } = yield* Sandboxed
      const { asService } = yield* Linked
      const { id, out } = yield* interrupted({}, ["--json", "--cancel-on-interrupt", ...asService])
      assert.deepStrictEqual(JSON.parse(out), {
        error: {
          tag: "Interrupted",
          exitCode: 130,
          problem: "The request is canceled, and nobody waits for an answer any more.",
          details: { authorizationRequestId: id, canceled: true },
          next: "Ask again when you want to."
        }
      })
      const twice = yield* launchkey("cancel", id, "--json", ...asService)
      assert.deepStrictEqual([twice.code, tagOf(twice.json)], [1, "AuthorizationRequestCanceled"])
    }))

  it.effect("tells the id of the request where waiting fails, since that is open still", () =>
    Effect.gen(function*() {
      const { control, result } = yield* Sandboxed
      const { asService } = yield* Linked
      const { id, running } = yield* meanwhile(
        {},
        ["authorize", user, "--json", ...asService],
        () => control("faults", { fault: "bad-signature", count: 1 })
      )
      const { code, json } = yield* Fiber.join(running)
      assert.deepStrictEqual([code, tagOf(json)], [5, "AwaitFailed"])
      assert.deepInclude((json as { error: { details: object } }).error.details, {
        kind: "Response",
        reason: "SignatureInvalid",
        cause: "MessageRejected",
        authorizationRequestId: id
      })
      yield* result("cancel", id, ...asService)
    }))

  it.effect("prints a document for any command that is interrupted with --json", () =>
    Effect.gen(function*() {
      const { folder } = yield* Sandboxed
      const { directoryId } = yield* Linked
      const waits = yield* Deferred.make<void>()
      const out: Array<string> = []
      const running = yield* Effect.fork(Launchkey.launchkey(
        {
          env: { XDG_CONFIG_HOME: folder },
          onError: (text) => text.includes("Waiting") && Effect.runSync(Deferred.succeed(waits, undefined)),
          onOut: (text) => out.push(text)
        },
        "device",
        "link",
        user,
        "--json",
        "--directory",
        directoryId
      ))
      yield* Deferred.await(waits)
      yield* Fiber.interrupt(running)
      assert.strictEqual(tagOf(JSON.parse(out.join(""))), "Interrupted")
    }))

  it.effect("ends with the code of a time that has passed when the platform lets the request expire", () =>
    Effect.gen(function*() {
      const { control } = yield* Sandboxed
      const { asService } = yield* Linked
      const { running } = yield* meanwhile(
        {},
        ["authorize", user, "--json", "--ttl", "30", ...asService],
        () => control("clock", { advance_seconds: 31 })
      )
      const { code, json } = yield* Fiber.join(running)
      assert.deepStrictEqual([code, tagOf(json)], [4, "RequestTimedOut"])
    }))

  it.effect("tells who cannot be asked, and which id is none", () =>
    Effect.gen(function*() {
      const { launchkey } = yield* Sandboxed
      const { asService } = yield* Linked
      const nobody = yield* launchkey("authorize", "nobody@example.com", "--json", ...asService)
      assert.deepStrictEqual([nobody.code, tagOf(nobody.json)], [1, "EntityNotFound"])
      const noId = yield* launchkey("cancel", "1", ...asService)
      assert.strictEqual(noId.code, 2)
      assert.match(noId.err, /^Problem: That is no id of an? authorization request\./)
      const unknown = yield* launchkey("cancel", "00000000-0000-4000-8000-000000000000", "--json", ...asService)
      assert.deepStrictEqual([unknown.code, tagOf(unknown.json)], [1, "EntityNotFound"])
    }))

  it.effect("starts and ends a user's session, with the key of the service, its directory or its organization", () =>
    Effect.gen(function*() {
      const { launchkey, result } = yield* Sandboxed
      const { asService, directoryId, serviceId } = yield* Linked
      const id = "00000000-0000-4000-8000-000000000000"
      assert.deepStrictEqual(yield* result("session", "start", user, "--request", id, ...asService), {
        started: true,
        authorizationRequestId: id
      })
      const listed = yield* launchkey("session", "list", user, "--directory", directoryId)
      assert.include(listed.out, serviceId)
      assert.deepStrictEqual(yield* launchkey("session", "end", user, "--service", serviceId), {
        code: 0,
        out: "The user is logged out.\n",
        err: "",
        json: undefined
      })
      const byDirectory = ["--profile", "directory", "--service", serviceId]
      yield* result("session", "start", user, ...byDirectory)
      yield* result("session", "end", user, ...byDirectory)
      const none = yield* launchkey("session", "list", user, "--directory", directoryId)
      assert.strictEqual(none.out, "No sessions.\n")
      const nobody = yield* launchkey("session", "start", "nobody@example.com", "--json", ...asService)
      assert.deepStrictEqual([nobody.code, tagOf(nobody.json)], [1, "EntityNotFound"])
    }))
})

/** Interrupts the waiting as Ctrl-C does. */
const interrupted = (given: Launchkey.Given, args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const out: Array<string> = []
    const { heard, id, running } = yield* meanwhile(
      { ...given, onOut: (text) => out.push(text) },
      ["authorize", user, ...args],
      () => Effect.void
    )
    yield* Fiber.interrupt(running)
    return { id, heard: heard(), out: out.join("") }
  })
