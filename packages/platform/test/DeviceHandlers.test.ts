import { Api } from "@effect-launchkey/core/Api"
import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as PlatformClock from "@effect-launchkey/platform/PlatformClock"
import * as Store from "@effect-launchkey/platform/Store"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Option } from "effect"
import { encrypted } from "./support/forge.ts"

const { directoryId, serviceId } = TestPlatform

/** What any program with the device's key could send. */
const deviceOf = (identifier: string) =>
  Effect.gen(function*() {
    const { baseUrl, linkedDevice } = yield* TestPlatform.TestPlatform
    const authenticator = yield* linkedDevice(identifier)
    const devices = yield* Effect.flatMap(Store.Store, (store) => store.devices({ directoryId, identifier }))
    const issuer = Entity.device(devices[0]?.id ?? "")
    const transport = yield* Transport.make({ issuer, baseUrl }).pipe(
      Effect.provideServiceEffect(Keyring.Keyring, Keyring.make({ signingKey: TestKeys.device.privateKey }))
    )
    const api = yield* HttpApiClient.group(Api, { group: "device", httpClient: transport.httpClient(issuer) })
    return { api, authenticator }
  })

const service = Effect.gen(function*() {
  const transport = yield* Transport.Transport
  return yield* HttpApiClient.group(Api, {
    group: "service",
    httpClient: transport.httpClient(Entity.service(serviceId))
  })
})

const ask = (user: string) =>
  Effect.flatMap(service, (api) => Effect.map(api.createAuthorization({ payload: { user } }), ({ id }) => id))

const sealed = { oaep: "", jwe: encrypted("{}", TestKeys.service), keyId: TestKeys.service.keyId }

layer(TestPlatform.layer)("the device API", (it) => {
  describe("an answer", () => {
    it.effect("is relayed as it came, although the platform cannot read it", () =>
      Effect.gen(function*() {
        const { api } = yield* deviceOf("relayed")
        const id = yield* ask("relayed")
        yield* api.answerAuthorization({ path: { id }, payload: sealed })
        const answer = yield* Effect.flatMap(service, (_) => _.getAuthorization({ path: { id } }))
        assert.deepInclude(answer, { jwe: Option.some(sealed.jwe), oaep: Option.some(""), keyId: sealed.keyId })
      }))

    it.effect("to another key than the request's is refused, whether it says so or not", () =>
      Effect.gen(function*() {
        const { api } = yield* deviceOf("wrong-key")
        const id = yield* ask("wrong-key")
        const jwe = encrypted("{}", TestKeys.stranger)
        const details = yield* Effect.forEach([
          { ...sealed, keyId: TestKeys.stranger.keyId },
          { ...sealed, jwe },
          { ...sealed, jwe: "{}" }
        ], (payload) =>
          Effect.map(Effect.flip(api.answerAuthorization({ path: { id }, payload })), (failure) =>
            failure._tag === "InvalidParameters" ? Object.keys(failure.detail ?? {}) : failure))
        assert.deepStrictEqual(details, [["public_key_id"], ["auth_jwe"], ["auth_jwe"]])
        assert.lengthOf(yield* api.pendingAuthorizations({}), 1)
      }))

    it.effect("to what is answered, canceled, expired or not this device's is refused, each by its name", () =>
      Effect.gen(function*() {
        const { api } = yield* deviceOf("closed")
        const other = yield* deviceOf("closed-other")
        const answer = (id: AuthorizationRequestId) => api.answerAuthorization({ path: { id }, payload: sealed })
        const refusal = (id: AuthorizationRequestId) => Effect.map(Effect.flip(answer(id)), ({ _tag }) => _tag)

        const answered = yield* ask("closed")
        yield* answer(answered)
        assert.strictEqual(yield* refusal(answered), "AuthorizationResponseExists")

        const canceled = yield* ask("closed")
        yield* Effect.flatMap(service, (_) => _.cancelAuthorization({ path: { id: canceled } }))
        assert.strictEqual(yield* refusal(canceled), "AuthorizationRequestCanceled")

        const expired = yield* ask("closed")
        yield* Effect.flatMap(PlatformClock.PlatformClock, (clock) => clock.advance("10 minutes"))
        assert.strictEqual(yield* refusal(expired), "RequestTimedOut")

        const foreign = yield* ask("closed-other")
        assert.strictEqual(yield* refusal(foreign), "EntityNotFound")
        assert.strictEqual(
          yield* refusal(AuthorizationRequestId.make("00000000-0000-4000-8000-000000000000")),
          "EntityNotFound"
        )
        assert.lengthOf(yield* other.api.pendingAuthorizations({}), 1)
      }))

    it.effect("of a device that was linked after the request is refused", () =>
      Effect.gen(function*() {
        const first = yield* deviceOf("later")
        const id = yield* ask("later")
        const { linkedDevice } = yield* TestPlatform.TestPlatform
        const later = yield* linkedDevice("later")
        assert.deepStrictEqual(yield* later.pending, [])
        assert.strictEqual((yield* Effect.flip(later.approve(id)))._tag, "NothingPending")
        assert.strictEqual(yield* first.authenticator.approve(), id)
      }))
  })

  it.effect("a device that is unlinked is no longer known", () =>
    Effect.gen(function*() {
      const { api } = yield* deviceOf("unlinked")
      yield* api.unlink({})
      const failures = yield* Effect.all([Effect.flip(api.unlink({})), Effect.flip(api.sessions({}))])
      assert.deepStrictEqual(failures.map(({ _tag }) => _tag), ["Unauthorized", "Unauthorized"])
    }))

  it.effect("a service's credentials are no device's", () =>
    Effect.gen(function*() {
      const transport = yield* Transport.Transport
      const api = yield* HttpApiClient.group(Api, {
        group: "device",
        httpClient: transport.httpClient(Entity.service(serviceId))
      })
      assert.strictEqual((yield* Effect.flip(api.pendingAuthorizations({})))._tag, "Forbidden")
    }))
})
