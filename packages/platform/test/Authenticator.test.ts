import { Api } from "@effect-launchkey/core/Api"
import type { AuthorizationPackage, AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import { Pending } from "@effect-launchkey/core/Authorization"
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as DenialReason from "@effect-launchkey/core/DenialReason"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as ResponsePolicy from "@effect-launchkey/core/ResponsePolicy"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as Authenticator from "@effect-launchkey/platform/Authenticator"
import * as Store from "@effect-launchkey/platform/Store"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Option, Ref } from "effect"

/** What a service does, bare: the contract over the sealed transport. */
const service = Effect.gen(function*() {
  const transport = yield* Transport.Transport
  const api = yield* HttpApiClient.group(Api, {
    group: "service",
    httpClient: transport.httpClient(Entity.service(TestPlatform.serviceId))
  })
  const relayed = (id: AuthorizationRequestId) =>
    Effect.filterOrDie(
      api.getAuthorization({ path: { id } }),
      (answer): answer is AuthorizationPackage => !(answer instanceof Pending),
      () => new Error("nobody answered")
    )
  return {
    ...api,
    ask: (user: string, request: {
      readonly policy?: AuthPolicy.AuthPolicy
      readonly denialReasons?: ReadonlyArray<DenialReason.DenialReason>
    } = {}) => Effect.map(api.createAuthorization({ payload: { user, ...request } }), ({ id }) => id),
    relayed,
    answer: (id: AuthorizationRequestId) =>
      Effect.flatMap(relayed(id), (answer) => transport.openAnswer(answer, { authorizationRequestId: id }))
  }
})

const linkedDevice = (user: string, options?: Parameters<TestPlatform.Service["linkedDevice"]>[1]) =>
  Effect.flatMap(TestPlatform.TestPlatform, (platform) => platform.linkedDevice(user, options))

const unlinked = (options: Partial<Authenticator.Options> = {}) =>
  Effect.flatMap(TestPlatform.TestPlatform, ({ baseUrl }) => Authenticator.make({ baseUrl, name: "Phone", ...options }))

const startLink = (identifier: string) =>
  Effect.flatMap(
    Administration.Administration,
    (administration) => administration.linkDevice({ directoryId: TestPlatform.directoryId, identifier })
  )

const reasons = [DenialReason.ordinary("A", "Not now"), DenialReason.fraudulent("B", "Not me")]
const office = { name: "office", latitude: 36.120825, longitude: -115.157216, radius: 200 }

layer(TestPlatform.layer)("Authenticator", (it) => {
  describe("linking", () => {
    it.effect("becomes the device of the link, in whatever case its code was typed", () =>
      Effect.gen(function*() {
        const device = yield* unlinked()
        const { code, deviceId } = yield* startLink("link-case")
        assert.strictEqual(yield* device.link(` ${code.toUpperCase()} `, TestPlatform.sdkKey), deviceId)
        assert.deepStrictEqual(yield* device.pending, [])
      }))

    it.effect("refuses what cannot be, each with its name, and the code still serves", () =>
      Effect.gen(function*() {
        const { code } = yield* startLink("link-invalid")
        const invalid = yield* Effect.flatMap(
          unlinked({ name: "", type: "" }),
          (device) => device.link("short", "none")
        )
          .pipe(Effect.flip)
        assert(invalid._tag === "InvalidParameters")
        assert.deepStrictEqual(
          [invalid.origin, ...invalid.issues.map(({ path }) => path)],
          ["Client", "code", "sdkKey", "name", "type"]
        )
        yield* Effect.flatMap(unlinked(), (device) => device.link(code, TestPlatform.sdkKey))
      }))

    it.effect("sends the code to no address that its calls would refuse", () =>
      Effect.gen(function*() {
        const device = yield* unlinked({ baseUrl: "http://mfa.example.com" })
        const { code } = yield* startLink("link-plain-http")
        const refused = yield* Effect.flip(device.link(code, TestPlatform.sdkKey))
        assert(refused._tag === "InvalidParameters")
        assert.deepStrictEqual([refused.origin, refused.issues[0]?.path], ["Client", "baseUrl"])
      }))

    it.effect("fails with the platform's refusals", () =>
      Effect.gen(function*() {
        const device = yield* unlinked()
        const { code } = yield* startLink("link-refused")
        assert.strictEqual((yield* Effect.flip(device.link("0000000", TestPlatform.sdkKey)))._tag, "EntityNotFound")
        assert.strictEqual(
          (yield* Effect.flip(device.link(code, "00000000-0000-0000-0000-000000000000")))._tag,
          "InvalidSdkKey"
        )
      }))

    const elsewhere = (client: HttpClient.HttpClient) =>
      Effect.flatMap(unlinked(), (device) => Effect.flip(device.link("abcdefg", TestPlatform.sdkKey))).pipe(
        Effect.provideService(HttpClient.HttpClient, client)
      )

    it.effect("tells an address without a platform from one without anything", () =>
      Effect.gen(function*() {
        const answering = (status: number, body: string) =>
          HttpClient.make((request) =>
            Effect.succeed(HttpClientResponse.fromWeb(request, new Response(body, { status })))
          )
        const teapot = yield* elsewhere(answering(418, "{}"))
        assert(teapot._tag === "UnexpectedApiError")
        assert.strictEqual(teapot.status, 418)

        const page = yield* elsewhere(answering(200, "<html>"))
        assert(page._tag === "MessageRejected")
        assert.strictEqual(page.reason, "BodyMalformed")

        const nothing = yield* elsewhere(
          HttpClient.make((request) => Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport" })))
        )
        assert(nothing._tag === "TransportError")
        assert.strictEqual(nothing.reason, "Unreachable")
      }))

    it.effect("does nothing before", () =>
      Effect.gen(function*() {
        const device = yield* unlinked()
        const calls: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>> = [
          device.pending,
          device.approve(),
          device.deny(),
          device.fail("SENSOR"),
          device.sessions,
          device.endSessions(),
          device.unlink
        ]
        for (const call of calls) assert.strictEqual((yield* Effect.flip(call))._tag, "NotLinked")
      }))

    it.effect("does nothing once the link has ended", () =>
      Effect.gen(function*() {
        const device = yield* linkedDevice("unlinks")
        yield* device.unlink
        const notLinked = yield* Effect.flip(device.pending)
        assert.strictEqual(notLinked._tag, "NotLinked")
        assert.match(notLinked.message, /give its code to link\.$/)
      }))

    it.effect("can be linked anew, as another device", () =>
      Effect.gen(function*() {
        const device = yield* linkedDevice("relinks")
        yield* device.unlink
        const { code, deviceId } = yield* startLink("relinks")
        assert.strictEqual(yield* device.link(code, TestPlatform.sdkKey), deviceId)
      }))
  })

  describe("answering", () => {
    it.effect("approves what it can meet, and tells whoever asked how", () =>
      Effect.gen(function*() {
        const { answer, ask } = yield* service
        const device = yield* linkedDevice("approves", { location: office })
        const policy = AuthPolicy.factors(["knowledge", "inherence"], { geofences: [office] })
        const id = yield* ask("approves", { policy })
        assert.strictEqual(yield* device.approve(), id)
        const response = yield* answer(id)
        assert.isTrue(response.authorized)
        assert.deepStrictEqual(response.policy, Option.some(ResponsePolicy.fromAuthPolicy(policy)))
        const passed = Option.getOrThrow(response.methods).filter(({ passed }) => passed).map(({ kind }) => kind)
        assert.deepStrictEqual(passed, ["GEOFENCING", "PIN_CODE", "FINGERPRINT"])
      }))

    it.effect("fails what it cannot meet, although its user approved", () =>
      Effect.gen(function*() {
        const { answer, ask } = yield* service
        const device = yield* linkedDevice("changes")
        const reason = (policy: AuthPolicy.AuthPolicy) =>
          Effect.gen(function*() {
            const id = yield* ask("changes", { policy })
            yield* device.approve()
            const { authorized, reason, type } = yield* answer(id)
            assert.strictEqual(authorized, Option.contains(reason, "APPROVED"))
            return `${Option.getOrNull(type)} ${Option.getOrNull(reason)}`
          })
        const fenced = AuthPolicy.none({ geofences: [office] })
        assert.strictEqual(yield* reason(fenced), "FAILED SENSOR")
        yield* device.setLocation({ latitude: 0, longitude: 0 })
        assert.strictEqual(yield* reason(fenced), "FAILED POLICY")
        yield* device.setLocation(office)
        assert.strictEqual(yield* reason(fenced), "AUTHORIZED APPROVED")
        yield* device.setLocation(undefined)
        assert.strictEqual(yield* reason(fenced), "FAILED SENSOR")

        assert.strictEqual(yield* reason(AuthPolicy.any(3)), "AUTHORIZED APPROVED")
        yield* device.setMethods(["PIN_CODE"])
        assert.strictEqual(yield* reason(AuthPolicy.any(3)), "FAILED POLICY")

        const intact = AuthPolicy.none({ denyRootedJailbroken: true })
        yield* device.setEmulator(true)
        assert.strictEqual(yield* reason(intact), "AUTHORIZED APPROVED")
        yield* device.setRootedOrJailbroken(true)
        assert.strictEqual(yield* reason(intact), "FAILED POLICY")
      }), 30_000)

    it.effect("denies, with the reason picked where the request offers some", () =>
      Effect.gen(function*() {
        const { answer, ask } = yield* service
        const device = yield* linkedDevice("denies")
        const denied = (
          request: Parameters<typeof ask>[1],
          denialReason?: string
        ) =>
          Effect.gen(function*() {
            const id = yield* ask("denies", request)
            yield* device.deny({ denialReason })
            const response = yield* answer(id)
            assert.isFalse(response.authorized)
            const { denialReason: picked, fraud, reason, type } = response
            return [type, reason, picked, fraud].map((fact) => Option.getOrNull<unknown>(fact))
          })
        assert.deepStrictEqual(yield* denied({}), ["DENIED", "DISAPPROVED", null, false])
        assert.deepStrictEqual(yield* denied({ denialReasons: reasons }, "A"), ["DENIED", "DISAPPROVED", "A", false])
        assert.deepStrictEqual(yield* denied({ denialReasons: reasons }, "B"), ["DENIED", "FRAUDULENT", "B", true])
      }))

    it.effect("denies for no reason but those offered, and leaves the request open", () =>
      Effect.gen(function*() {
        const { answer, ask } = yield* service
        const device = yield* linkedDevice("denies-foreign")
        const id = yield* ask("denies-foreign", { denialReasons: reasons })
        for (const denialReason of [undefined, "C"]) {
          const refused = yield* Effect.flip(device.deny({ denialReason }))
          assert(refused._tag === "DenialReasonNotOffered")
          assert.deepStrictEqual(refused.denialReason, Option.fromNullable(denialReason))
          assert.deepStrictEqual(refused.offered, ["A", "B"])
          assert.match(refused.message, /Give one of "A", "B"\.$/)
        }
        yield* device.deny({ id, denialReason: "A" })
        assert.deepStrictEqual((yield* answer(id)).denialReason, Option.some("A"))

        yield* ask("denies-foreign")
        const needless = yield* Effect.flip(device.deny({ denialReason: "A" }))
        assert(needless._tag === "DenialReasonNotOffered")
        assert.match(needless.message, /deny it without\.$/)
      }))

    it.effect("fails as it is told to", () =>
      Effect.gen(function*() {
        const { answer, ask } = yield* service
        const device = yield* linkedDevice("fails")
        const id = yield* ask("fails")
        yield* device.fail("BUSY_LOCAL", id)
        const { reason, type } = yield* answer(id)
        assert.deepStrictEqual([type, reason], [Option.some("FAILED"), Option.some("BUSY_LOCAL")])
      }))

    it.effect("answers nothing that does not wait", () =>
      Effect.gen(function*() {
        const { ask, cancelAuthorization } = yield* service
        const device = yield* linkedDevice("nothing")
        const nothing = yield* Effect.flip(device.approve())
        assert(nothing._tag === "NothingPending")
        assert.isTrue(Option.isNone(nothing.id))
        assert.match(nothing.message, /^No authorization request waits/)
        const id = yield* ask("nothing")
        yield* cancelAuthorization({ path: { id } })
        const canceled = yield* Effect.flip(device.approve(id))
        assert(canceled._tag === "NothingPending")
        assert.deepStrictEqual(canceled.id, Option.some(id))
        assert.include(canceled.message, id)
      }))

    it.effect("tells each service its last five PINs, oldest first", () =>
      Effect.gen(function*() {
        const { answer, ask } = yield* service
        const device = yield* linkedDevice("pins")
        let before: ReadonlyArray<string> = []
        for (let answers = 1; answers <= 7; answers++) {
          const id = yield* ask("pins")
          yield* device.deny()
          const { servicePins } = yield* answer(id)
          assert.strictEqual(servicePins.length, Math.min(answers, 5))
          for (const pin of servicePins) assert.match(pin, /^\d{4}$/)
          assert.deepStrictEqual(servicePins.slice(0, -1), before.slice(-4))
          before = servicePins
        }
        assert.isAbove(new Set(before).size, 1)
      }), 30_000)

    it.effect("keeps no PIN of an answer that did not get through", () =>
      Effect.gen(function*() {
        const { answer, ask } = yield* service
        const broken = yield* Ref.make(true)
        const unreliable = HttpClient.transform(yield* HttpClient.HttpClient, (call, request) =>
          Effect.flatMap(
            Ref.get(broken),
            (breaks) =>
              breaks && request.method === "PUT"
                ? Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport" }))
                : call
          ))
        const device = yield* Effect.provideService(unlinked(), HttpClient.HttpClient, unreliable)
        const { code } = yield* startLink("pins-lost")
        yield* device.link(code, TestPlatform.sdkKey)
        const id = yield* ask("pins-lost")
        const lost = yield* Effect.flip(device.approve())
        assert(lost._tag === "TransportError")
        assert.strictEqual(lost.reason, "Unreachable")
        yield* Ref.set(broken, false)
        yield* device.approve()
        assert.strictEqual((yield* answer(id)).servicePins.length, 1)
      }))

    it.effect("seals nothing to a key that is not the one named", () =>
      Effect.gen(function*() {
        const { ask } = yield* service
        const store = yield* Store.Store
        const device = yield* linkedDevice("swapped")
        for (
          const [pem, reason] of [[TestKeys.directory.publicKey, "KeyUnknown"], ["no key", "BodyMalformed"]] as const
        ) {
          const id = yield* ask("swapped")
          const asked = Option.getOrThrow(yield* store.authorization(id))
          yield* store.closeAuthorization(id, asked.created, { _tag: "Canceled" })
          yield* store.openAuthorization({
            ...asked,
            requester: { ...asked.requester, recipient: { ...asked.requester.recipient, pem } }
          })
          const refused = yield* Effect.flip(device.approve(id))
          assert(refused._tag === "MessageRejected")
          assert.deepStrictEqual([refused.kind, refused.reason], ["Response", reason])
          yield* store.closeAuthorization(id, asked.created, { _tag: "Canceled" })
        }
      }))

    it.effect("tells approval alone as a device of the first generation", () =>
      Effect.gen(function*() {
        const { answer, ask, relayed } = yield* service
        const device = yield* linkedDevice("legacy", { format: "legacy" })
        const id = yield* ask("legacy")
        yield* device.approve()
        assert.isTrue(Option.isNone((yield* relayed(id)).jwe))
        const { authorized, type } = yield* answer(id)
        assert.deepStrictEqual([authorized, type], [true, Option.none()])
      }))
  })

  it.effect("shows and ends its user's sessions", () =>
    Effect.gen(function*() {
      const { startSession } = yield* service
      const device = yield* linkedDevice("user of sessions")
      const start = startSession({ payload: { user: "user of sessions" } })
      yield* start
      assert.deepStrictEqual((yield* device.sessions).map(({ serviceId }) => serviceId), [TestPlatform.serviceId])
      yield* device.endSessions(Entity.ServiceId.make("00000000-0000-0000-0000-000000000000"))
      assert.strictEqual((yield* device.sessions).length, 1)
      yield* device.endSessions(TestPlatform.serviceId)
      assert.deepStrictEqual(yield* device.sessions, [])
      yield* start
      yield* device.endSessions()
      assert.deepStrictEqual(yield* device.sessions, [])
    }))
})
