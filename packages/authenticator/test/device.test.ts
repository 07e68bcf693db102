import { Api } from "@effect-launchkey/core/Api"
import { type AuthorizationPackage, type AuthorizationRequestId, Pending } from "@effect-launchkey/core/Authorization"
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as DenialReason from "@effect-launchkey/core/DenialReason"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as LinkedDevice from "@effect-launchkey/platform/LinkedDevice"
import * as Store from "@effect-launchkey/platform/Store"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Logger, Option, Queue, Ref, Stream } from "effect"
import { type Asking, LocationUnknown } from "../src/internal/page/approval.ts"
import * as Device from "../src/internal/page/device.ts"
import { CannotNotify, type Notifying } from "../src/internal/page/notifying.ts"
import * as Vault from "../src/internal/page/vault.ts"

const { directoryId, sdkKey, serviceId } = TestPlatform

const office = { name: "office", latitude: 36.120825, longitude: -115.157216, radius: 200 }
const portland = { latitude: 45.48805749706375, longitude: -122.70492553710936 }

const service = Effect.gen(function*() {
  const transport = yield* Transport.Transport
  const api = yield* HttpApiClient.group(Api, {
    group: "service",
    httpClient: transport.httpClient(Entity.service(serviceId))
  })
  return {
    ask: (user: string, request: {
      readonly policy?: AuthPolicy.AuthPolicy
      readonly denialReasons?: ReadonlyArray<DenialReason.DenialReason>
    } = {}) => Effect.map(Effect.orDie(api.createAuthorization({ payload: { user, ...request } })), ({ id }) => id),
    /** With the number that is shown where the user signs in. */
    askWithNumber: (user: string) =>
      Effect.map(
        Effect.orDie(api.createAuthorization({ payload: { user, numberMatch: true } })),
        ({ id, numberMatch = "" }) => ({ id, number: numberMatch })
      ),
    cancel: (id: AuthorizationRequestId) => Effect.orDie(api.cancelAuthorization({ path: { id } })),
    startSession: (user: string) => Effect.orDie(api.startSession({ payload: { user } })),
    answer: (id: AuthorizationRequestId) =>
      api.getAuthorization({ path: { id } }).pipe(
        Effect.filterOrDie(
          (answer): answer is AuthorizationPackage => !(answer instanceof Pending),
          () => new Error("nobody answered")
        ),
        Effect.flatMap((answer) => transport.openAnswer(answer, { authorizationRequestId: id })),
        Effect.orDie
      )
  }
})

const code = (identifier: string) =>
  Effect.flatMap(
    Administration.Administration,
    (administration) =>
      Effect.map(Effect.orDie(administration.linkDevice({ directoryId, identifier })), ({ code }) => code)
  )

/** The state as soon as it is such a one. */
const when = (device: Device.Device, such: (linked: Device.Linked) => boolean) =>
  device.state.changes.pipe(
    Stream.filter((state): state is Device.Linked => state._tag === "Linked" && such(state)),
    Stream.runHead,
    Effect.map(Option.getOrThrow),
    Effect.timeout("10 seconds"),
    Effect.orDie
  )

const asked = (device: Device.Device) =>
  Effect.flatMap(
    when(device, ({ requests }) => requests.length > 0),
    ({ requests: [request] }) =>
      request === undefined ? Effect.dieMessage("nothing was asked") : Effect.succeed(request)
  )

/** Until it said so. */
const says = (device: Device.Device, text: string) =>
  Effect.iterate("", { while: (said) => said !== text, body: () => Queue.take(device.news) }).pipe(
    Effect.timeout("10 seconds"),
    Effect.orDie
  )

/** A browser that takes pushes, but for what a test wants to be so. */
const notifying = (answers: Partial<Notifying> = {}): Notifying => ({
  current: Effect.succeed(false),
  permit: Effect.void,
  subscribe: (key) => Effect.succeed(`https://push.example.com/1?${key}`),
  unsubscribe: Effect.void,
  ...answers
})

const make = (by = notifying()) => Effect.flatMap(TestPlatform.TestPlatform, ({ baseUrl }) => Device.make(baseUrl, by))

const linked = (user: string, by?: Notifying) =>
  Effect.gen(function*() {
    const device = yield* make(by)
    const problem = yield* device.link({ code: yield* code(user), sdkKey, name: "My browser" })
    assert.deepStrictEqual(problem, Option.none())
    yield* when(device, ({ reach }) => reach === "Live")
    return device
  })

/** A user who knows nothing, is nowhere, and was asked for what is in `calls`. */
const asking = (answers: Partial<Asking> = {}): Asking => ({
  enterPin: () => Effect.succeedNone,
  enterNumber: Effect.dieMessage("asked for a number"),
  choosePin: Effect.succeedNone,
  locate: Effect.dieMessage("asked for its place"),
  ...answers
})

const outcome = ({ denialReason, reason, type }: {
  readonly type: Option.Option<string>
  readonly reason: Option.Option<string>
  readonly denialReason: Option.Option<string>
}) => [type, reason, denialReason].map(Option.getOrUndefined)

const fresh = Effect.provide(Vault.layerMemory)

layer(TestPlatform.layer, { excludeTestServices: true })("the device that a page is", (it) => {
  describe("linking", () => {
    it.scoped("keeps the link, and is that device again when the page is opened anew", () =>
      Effect.gen(function*() {
        const device = yield* linked("user-keeps")
        const { keyId } = yield* when(device, () => true)
        const again = yield* make()
        assert.deepInclude(yield* when(again, ({ reach }) => reach === "Live"), {
          keyId,
          name: "My browser",
          hasPin: false
        })
      }).pipe(fresh))

    const wrong: ReadonlyArray<readonly [what: string, input: Partial<Parameters<Device.Device["link"]>[0]>, RegExp]> =
      [
        ["a code of another form", { code: "abc" }, /seven letters and digits/],
        ["an SDK key of another form", { sdkKey: "abc" }, /form of a UUID/],
        ["a name that is too long", { name: "n".repeat(256) }, /1 to 255/],
        ["a code that nobody gave", { code: "aaaaaaa" }, /not known/]
      ]
    for (const [what, input, problem] of wrong) {
      it.scoped(`says in words what is wrong with ${what}, and keeps nothing`, () =>
        Effect.gen(function*() {
          const device = yield* make()
          const said = yield* device.link({ code: "aaaaaab", sdkKey, name: "n", ...input })
          assert.match(Option.getOrThrow(said), problem)
          assert.deepStrictEqual(yield* device.state, { _tag: "Unlinked" })
          assert.isTrue(Option.isNone(yield* Effect.flatMap(Vault.Vault, ({ get }) => get)))
        }).pipe(fresh))
    }

    it.scoped("says in words that an SDK key is another directory's", () =>
      Effect.gen(function*() {
        const device = yield* make()
        const said = yield* device.link({
          code: yield* code("user-other-key"),
          sdkKey: "00000000-0000-4000-8000-000000000000",
          name: "n"
        })
        assert.match(Option.getOrThrow(said), /SDK key does not belong/)
      }).pipe(fresh))

    it.scoped("is not accepted once its directory ended it, and leaves the key to its user until that one forgets it", () =>
      Effect.gen(function*() {
        const device = yield* linked("user-ended")
        const store = yield* Store.Store
        for (const { id } of yield* store.devices({ directoryId, identifier: "user-ended" })) {
          yield* store.removeDevice(id)
        }
        yield* device.wake
        yield* when(device, ({ reach }) => reach === "Refused")
        const vault = yield* Vault.Vault
        assert.isTrue(Option.isSome(yield* vault.get))
        yield* device.forget
        yield* says(device, "The link is forgotten.")
        assert.deepStrictEqual(yield* device.state, { _tag: "Unlinked" })
        assert.isTrue(Option.isNone(yield* vault.get))
      }).pipe(fresh))

    it.scoped("is over when the user says so", () =>
      Effect.gen(function*() {
        const device = yield* linked("user-leaves")
        yield* device.unlink
        yield* says(device, "This device is unlinked.")
        const store = yield* Store.Store
        assert.lengthOf(yield* store.devices({ directoryId, identifier: "user-leaves" }), 0)
      }).pipe(fresh))
  })

  describe("being notified", () => {
    it.scoped("says so where the platform sends no pushes", () =>
      Effect.gen(function*() {
        const device = yield* linked("user-unpushed")
        assert.isFalse(yield* device.setNotified(true))
        yield* says(device, "This platform sends no notifications. Keep the page open to be asked at once.")
      }).pipe(fresh))

    it.scoped("asks the platform for nothing where the user says no, or the browser cannot", () =>
      Effect.gen(function*() {
        for (
          const [reason, said] of [
            ["Denied", "The browser does not let this page notify you. Allow it in the browser's settings."],
            ["Unsupported", "This browser cannot be notified. Keep the page open to be asked at once."]
          ] as const
        ) {
          const permit = Effect.fail(new CannotNotify({ reason }))
          const device = yield* linked(`user-${reason}`, notifying({ permit }))
          assert.isFalse(yield* device.setNotified(true))
          yield* says(device, said)
        }
      }).pipe(fresh))

    it.scoped("is over with the link, and goes on where the link does", () =>
      Effect.gen(function*() {
        const ended = yield* Ref.make(0)
        const offline = yield* Ref.make(false)
        const client = yield* HttpClient.HttpClient
        const failing = HttpClient.make((request) =>
          Effect.flatMap(Ref.get(offline), (now) =>
            now ? new HttpClientError.RequestError({ request, reason: "Transport" }) : client.execute(request))
        )
        const unsubscribe = Ref.update(ended, (n) =>
          n + 1)
        const device = yield* linked("user-unlinks-late", notifying({ unsubscribe })).pipe(
          Effect.provideService(HttpClient.HttpClient, failing)
        )
        yield* Ref.set(offline, true)
        yield* device.unlink
        assert.strictEqual(yield* Ref.get(ended), 0)
        yield* Ref.set(offline, false)
        yield* device.unlink
        assert.strictEqual(yield* Ref.get(ended), 1)
      }).pipe(fresh, Effect.provide(Logger.remove(Logger.defaultLogger))))

    it.scoped("says so where the browser does not let go of it", () =>
      Effect.gen(function*() {
        const unsubscribe = Effect.fail(new CannotNotify({ reason: "Kept" }))
        const device = yield* linked("user-kept", notifying({ unsubscribe }))
        yield* device.forget
        const kept = "This browser did not let go of the page's notifications. Forbid them in the browser's settings."
        yield* says(device, kept)
      }).pipe(fresh))
  })

  describe("approving", () => {
    it.scoped("asks for nothing where the policy does not", () =>
      Effect.gen(function*() {
        const { answer, ask } = yield* service
        const device = yield* linked("user-simple")
        const id = yield* ask("user-simple")
        assert.deepStrictEqual(yield* device.approve(yield* asked(device), asking()), { _tag: "Answered" })
        yield* says(device, "Approved: Service.")
        assert.isTrue((yield* answer(id)).authorized)
        yield* when(device, ({ requests }) => requests.length === 0)
      }).pipe(fresh))

    it.scoped("asks for the number that is shown where the user signs in, and leaves the request to who has none", () =>
      Effect.gen(function*() {
        const { answer, askWithNumber } = yield* service
        const device = yield* linked("user-number")
        const { id, number } = yield* askWithNumber("user-number")
        const request = yield* asked(device)
        const left = yield* device.approve(request, asking({ enterNumber: Effect.succeedNone }))
        assert.deepStrictEqual(left, { _tag: "Left" })
        yield* device.approve(request, asking({ enterNumber: Effect.succeedSome(number) }))
        yield* says(device, "Approved: Service.")
        assert.isTrue((yield* answer(id)).authorized)
      }).pipe(fresh))

    it.scoped("says that a number was wrong, and that the request has ended by it", () =>
      Effect.gen(function*() {
        const { answer, askWithNumber } = yield* service
        const device = yield* linked("user-wrong-number")
        const { id, number } = yield* askWithNumber("user-wrong-number")
        const enterNumber = Effect.succeedSome(number === "10" ? "11" : "10")
        yield* device.approve(yield* asked(device), asking({ enterNumber }))
        yield* says(device, "The request of Service has ended: that was not the number.")
        assert.deepStrictEqual(outcome(yield* answer(id)), ["FAILED", "AUTHENTICATION", undefined])
        yield* when(device, ({ requests }) => requests.length === 0)
      }).pipe(fresh))

    it.scoped("has a PIN chosen where one is asked for first, and knows it afterwards", () =>
      Effect.gen(function*() {
        const { answer, ask } = yield* service
        const device = yield* linked("user-pin")
        const id = yield* ask("user-pin", { policy: AuthPolicy.factors(["knowledge"]) })
        yield* device.approve(yield* asked(device), asking({ choosePin: Effect.succeedSome("4711") }))
        const methods = Option.getOrThrow((yield* answer(id)).methods)
        const passed = methods.filter(({ passed }) => passed === true)
        assert.deepStrictEqual(passed.map(({ kind, set }) => [kind, set]), [["PIN_CODE", true]])
        assert.deepStrictEqual(
          [yield* device.checkPin("4712"), yield* device.checkPin("4711")],
          ["Wrong", "Right"]
        )
      }).pipe(fresh))

    it.scoped("tells the service after five wrong PINs, and takes none for a while", () =>
      Effect.gen(function*() {
        const { answer, ask } = yield* service
        const device = yield* linked("user-forgets")
        yield* device.setPin("4711")
        const problems = yield* Ref.make<ReadonlyArray<string | undefined>>([])
        const id = yield* ask("user-forgets", { policy: AuthPolicy.any(1) })
        yield* device.approve(
          yield* asked(device),
          asking({
            enterPin: (problem) => Effect.as(Ref.update(problems, (all) => [...all, problem]), Option.some("0000"))
          })
        )
        assert.deepStrictEqual(yield* Ref.get(problems), [
          undefined,
          "That is not the PIN. 4 attempts are left.",
          "That is not the PIN. 3 attempts are left.",
          "That is not the PIN. 2 attempts are left.",
          "That is not the PIN. One attempt is left."
        ])
        assert.deepStrictEqual(outcome(yield* answer(id)), ["FAILED", "AUTHENTICATION", undefined])
        assert.strictEqual(yield* device.checkPin("4711"), "Locked")
      }).pipe(fresh))

    it.scoped("leaves the request to a user who does not go on", () =>
      Effect.gen(function*() {
        const { ask, cancel } = yield* service
        const device = yield* linked("user-leaves-it")
        const id = yield* ask("user-leaves-it", { policy: AuthPolicy.any(1) })
        assert.deepStrictEqual(yield* device.approve(yield* asked(device), asking()), { _tag: "Left" })
        assert.lengthOf((yield* when(device, () => true)).requests, 1)
        yield* cancel(id)
        yield* when(device, ({ requests }) => requests.length === 0)
      }).pipe(fresh))

    it.scoped("tells where it is, within a fence, and cannot outside of it or where it may not know", () =>
      Effect.gen(function*() {
        const { answer, ask } = yield* service
        const device = yield* linked("user-walks")
        const id = yield* ask("user-walks", { policy: AuthPolicy.none({ geofences: [office] }) })
        const request = yield* asked(device)
        const reasons: Array<unknown> = []
        for (
          const locate of [
            Effect.fail(new LocationUnknown({ reason: "PERMISSION" })),
            Effect.fail(new LocationUnknown({ reason: "SENSOR" })),
            Effect.succeed(portland)
          ]
        ) {
          const approval = yield* device.approve(request, asking({ locate }))
          reasons.push(approval._tag === "Unmet" ? approval.outcome.reason : approval)
        }
        assert.deepStrictEqual(reasons, ["PERMISSION", "SENSOR", "POLICY"])
        yield* device.approve(request, asking({ locate: Effect.succeed(office) }))
        assert.isTrue((yield* answer(id)).authorized)
      }).pipe(fresh))

    it.scoped("cannot prove what a browser is not, and tells the service when its user wants that", () =>
      Effect.gen(function*() {
        const { answer, ask } = yield* service
        const device = yield* linked("user-weak")
        const id = yield* ask("user-weak", { policy: AuthPolicy.factors(["possession"]) })
        const request = yield* asked(device)
        const approval = yield* device.approve(request, asking())
        if (approval._tag !== "Unmet") return assert.fail("it said that it can")
        yield* device.answer(request, approval.outcome)
        assert.deepStrictEqual(outcome(yield* answer(id)), ["FAILED", "POLICY", undefined])
      }).pipe(fresh))
  })

  it.scoped("denies as fraud for one of the reasons that are offered", () =>
    Effect.gen(function*() {
      const { answer, ask } = yield* service
      const device = yield* linked("user-fraud")
      const reason = DenialReason.fraudulent("B", "Not me")
      const id = yield* ask("user-fraud", { denialReasons: [DenialReason.ordinary("A", "Not now"), reason] })
      yield* device.answer(yield* asked(device), LinkedDevice.denied(reason))
      yield* says(device, "Reported as fraud: Service.")
      assert.deepStrictEqual(outcome(yield* answer(id)), ["DENIED", "FRAUDULENT", "B"])
    }).pipe(fresh))

  it.scoped("says what became of a request that somebody else closed", () =>
    Effect.gen(function*() {
      const { ask, cancel } = yield* service
      const device = yield* linked("user-closed")
      const id = yield* ask("user-closed")
      const request = yield* asked(device)
      yield* cancel(id)
      yield* device.answer(request, LinkedDevice.denied({ fraud: false }))
      yield* says(device, "The request of Service was canceled by the service.")
    }).pipe(fresh))

  it.scoped("ends its user's sessions, one or all", () =>
    Effect.gen(function*() {
      const { startSession } = yield* service
      const device = yield* linked("user-sessions")
      yield* startSession("user-sessions")
      const { sessions: [session] } = yield* when(device, ({ sessions }) => sessions.length === 1)
      if (session === undefined) return assert.fail("no session")
      yield* device.endSession(session)
      yield* when(device, ({ sessions }) => sessions.length === 0)
      yield* startSession("user-sessions")
      yield* when(device, ({ sessions }) => sessions.length === 1)
      yield* device.endSessions
      yield* when(device, ({ sessions }) => sessions.length === 0)
    }).pipe(fresh))

  it.scoped("polls where it is told nothing, and says that it is offline where nothing comes at all", () =>
    Effect.gen(function*() {
      const reach = yield* Ref.make<"all" | "no hints" | "nothing">("no hints")
      const client = yield* HttpClient.HttpClient
      const failing = HttpClient.make((request, url) =>
        Effect.flatMap(
          Ref.get(reach),
          (now) =>
            now === "nothing" || (now === "no hints" && url.pathname.endsWith("/events"))
              ? new HttpClientError.RequestError({ request, reason: "Transport" })
              : client.execute(request)
        )
      )
      const device = yield* Effect.provideService(make(), HttpClient.HttpClient, failing)
      yield* device.link({ code: yield* code("user-travels"), sdkKey, name: "n" })
      yield* when(device, ({ reach }) => reach === "Polling")
      yield* Ref.set(reach, "nothing")
      yield* device.wake
      yield* when(device, ({ reach }) => reach === "Offline")
      yield* Ref.set(reach, "all")
      yield* device.online
      yield* when(device, ({ reach }) => reach === "Live")
    }).pipe(fresh, Effect.provide(Logger.remove(Logger.defaultLogger))))
})
