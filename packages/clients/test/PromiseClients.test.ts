import * as ApiError from "@effect-launchkey/core/ApiError"
import type { AuthorizationRequest, AuthorizationResponse } from "@effect-launchkey/core/Authorization"
import type { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import type { ServiceProfile } from "@effect-launchkey/core/ServiceProfile"
import { AuthorizationResponded, SessionEnded } from "@effect-launchkey/core/Webhook"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as TestWebhooks from "@effect-launchkey/testing/TestWebhooks"
import { InvalidKey } from "@effect-launchkey/transport/InvalidKey"
import { MessageRejected, TransportError } from "@effect-launchkey/transport/TransportError"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import { assert, it, layer } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as PromiseClients from "../src/PromiseClients.ts"
import type * as ServiceClient from "../src/ServiceClient.ts"
import { StoreUnavailable } from "../src/StoreUnavailable.ts"
import * as WebhookInbox from "../src/WebhookInbox.ts"

const { directoryId, organizationId, serviceId } = TestPlatform

/** What a promise resolves to, or fails with what it rejects with. */
const at = <A>(act: () => Promise<A>) => Effect.tryPromise({ try: act, catch: (thrown) => thrown })

const thrown = <A>(act: () => Promise<A>) => Effect.flip(at(act))

/** Clients over this platform, disposed of with the test. */
const clients = (options: Partial<PromiseClients.Options> = {}) =>
  Effect.acquireRelease(
    Effect.map(HttpClient.HttpClient, (httpClient) =>
      PromiseClients.make({
        issuer: `svc:${serviceId}`,
        baseUrl: "http://localhost",
        signingKey: Redacted.value(TestKeys.service.privateKey),
        httpClient: Layer.succeed(HttpClient.HttpClient, httpClient),
        ...options
      })),
    ({ dispose }) => Effect.orDie(at(dispose))
  )

const linked = (name: string) =>
  Effect.flatMap(TestPlatform.TestPlatform, ({ linkedDevice }) => linkedDevice(`${name}@example.com`))

const often = Schedule.spaced("10 millis")

const reason = new Error("enough")

/** An answer that never comes. */
const silent = Layer.succeed(HttpClient.HttpClient, HttpClient.make(() => Effect.never))

layer(TestPlatform.layer, { excludeTestServices: true })("clients of promises", (it) => {
  it.scoped("ask a user, and have the answer", () =>
    Effect.gen(function*() {
      const device = yield* linked("ada")
      const { service } = yield* clients()
      const client = yield* at(() => service(serviceId))
      const request = yield* at(() => client.authorize("ada@example.com", { context: "Open the vault" }))
      assert.isUndefined(yield* at(() => client.getResponse(request.id)))
      yield* device.approve()
      assert.isTrue((yield* at(() => client.awaitResponse(request))).authorized)
      assert.isTrue((yield* at(() => client.getResponse(request.id)))?.authorized)
    }))

  it.scoped("make methods of what takes no parameters, and take keys that are redacted", () =>
    Effect.gen(function*() {
      const { directory, organization } = yield* clients({
        issuer: `org:${organizationId}`,
        signingKey: TestKeys.organization.privateKey,
        decryptionKeys: [TestKeys.directory.privateKey, Redacted.value(TestKeys.service.privateKey)]
      })
      const client = yield* at(() => organization(organizationId))
      const directories = yield* at(() => client.listDirectories())
      assert.deepStrictEqual(directories.map(({ id }) => id), [directoryId])
      const below = yield* at(() => directory(directoryId))
      const services = yield* at(() => below.listServices({ signal: new AbortController().signal }))
      assert.deepStrictEqual(services.map(({ id }) => id), [serviceId])
    }))

  it.scoped("reject with the errors themselves", () =>
    Effect.gen(function*() {
      const { service } = yield* clients()
      const client = yield* at(() => service(serviceId))
      const unknown = yield* thrown(() => client.authorize("nobody@example.com"))
      assert.instanceOf(unknown, ApiError.EntityNotFound)
      assert.strictEqual(unknown._tag, "EntityNotFound")
      const invalid = yield* thrown(() => client.authorize("ada@example.com", { ttl: "1 second" }))
      assert.instanceOf(invalid, ApiError.InvalidParameters)
      assert.instanceOf(yield* thrown(() => service("nobody")), ApiError.InvalidParameters)
      const noKey = yield* clients({ signingKey: "no key" })
      assert.instanceOf(yield* thrown(() => noKey.service(serviceId)), InvalidKey)
      const away = yield* clients({
        httpClient: Layer.succeed(
          HttpClient.HttpClient,
          HttpClient.make((request) => Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport" })))
        ),
        retry: { schedule: Schedule.stop }
      })
      const awayClient = yield* at(() => away.service(serviceId))
      assert.instanceOf(yield* thrown(() => awayClient.sessionEnd("ada@example.com")), TransportError)
    }))

  it.scoped("reject with the reason of a signal that is aborted, and the request stays open", () =>
    Effect.gen(function*() {
      yield* linked("bob")
      const { service } = yield* clients()
      const client = yield* at(() => service(serviceId))
      const request = yield* at(() => client.authorize("bob@example.com"))
      const abort = new AbortController()
      const polled = yield* Deferred.make<void>()
      const waiting = yield* Effect.fork(
        thrown(() =>
          client.awaitResponse(request, {
            onPending: Deferred.succeed(polled, undefined),
            schedule: often,
            signal: abort.signal
          })
        )
      )
      yield* Deferred.await(polled)
      abort.abort(reason)
      assert.strictEqual(yield* waiting, reason)
      assert.isUndefined(yield* at(() => client.getResponse(request.id)))
      yield* at(() => client.cancel(request.id))
    }))

  it.scoped("have canceled the request by then, where that was asked for", () =>
    Effect.gen(function*() {
      yield* linked("eve")
      const { service } = yield* clients()
      const client = yield* at(() => service(serviceId))
      const request = yield* at(() => client.authorize("eve@example.com"))
      const abort = new AbortController()
      const onPending = Effect.sync(() => abort.abort(reason))
      const { signal } = abort
      const options = { cancelOnInterrupt: true, onPending, schedule: often, signal }
      assert.strictEqual(yield* thrown(() => client.awaitResponse(request, options)), reason)
      assert.instanceOf(yield* thrown(() => client.cancel(request.id)), ApiError.AuthorizationRequestCanceled)
    }))

  it.scoped("send nothing once a signal is aborted, wherever it stands", () =>
    Effect.gen(function*() {
      const { service } = yield* clients({ httpClient: silent })
      const client = yield* at(() => service(serviceId))
      const signal = AbortSignal.abort(reason)
      assert.strictEqual(yield* thrown(() => client.authorize("ada@example.com", { signal })), reason)
      assert.strictEqual(yield* thrown(() => client.sessionEnd("ada@example.com", { signal })), reason)
      assert.strictEqual(yield* thrown(() => client.verifyTotp("ada@example.com", "123456", { signal })), reason)
    }))

  it.scoped("tell how a request stands, until it is answered", () =>
    Effect.gen(function*() {
      const device = yield* linked("mia")
      const { service } = yield* clients()
      const client = yield* at(() => service(serviceId))
      const request = yield* at(() => client.authorize("mia@example.com"))
      const seen = yield* Stream.fromAsyncIterable(
        client.statuses(request, { schedule: often }),
        (thrown) => thrown
      ).pipe(
        Stream.tap(({ _tag }) => _tag === "Pending" ? Effect.ignore(device.approve()) : Effect.void),
        Stream.runCollect
      )
      const [last, ...before] = [...seen].reverse()
      assert.isTrue(last?._tag === "Answered" && last.response.authorized)
      assert.isNotEmpty(before)
      assert.isTrue(before.every(({ _tag }) => _tag === "Pending"))
    }))

  it.scoped("ask no more once the loop over that is left, and have canceled where that was asked for", () =>
    Effect.gen(function*() {
      yield* linked("zoe")
      const { service } = yield* clients()
      const client = yield* at(() => service(serviceId))
      const request = yield* at(() => client.authorize("zoe@example.com"))
      const leave = async () => {
        for await (const { _tag } of client.statuses(request, { cancelOnInterrupt: true, schedule: often })) return _tag
        return "ended"
      }
      assert.strictEqual(yield* at(leave), "Pending")
      const after = async () => {
        for await (const { _tag } of client.statuses(request)) return _tag
        return "ended"
      }
      assert.instanceOf(yield* thrown(after), ApiError.AuthorizationRequestCanceled)
    }))

  it.scoped("tell nothing more once the signal is aborted", () =>
    Effect.gen(function*() {
      yield* linked("kim")
      const { service } = yield* clients()
      const client = yield* at(() => service(serviceId))
      const request = yield* at(() => client.authorize("kim@example.com"))
      const abort = new AbortController()
      const read = async () => {
        const seen: Array<string> = []
        for await (const { _tag } of client.statuses(request, { schedule: often, signal: abort.signal })) {
          seen.push(_tag)
          abort.abort(reason)
        }
        return seen
      }
      assert.strictEqual(yield* thrown(read), reason)
      yield* at(() => client.cancel(request.id))
    }))

  it.scoped("interrupt what goes on when they are disposed of, and refuse what comes after", () =>
    Effect.gen(function*() {
      const made = yield* clients({ httpClient: silent })
      const client = yield* at(() => made.service(serviceId))
      const going = yield* Effect.fork(thrown(() => client.sessionEnd("ada@example.com")))
      const id = "9ecc57e0-fb0f-4971-ba12-399b630069dd" as AuthorizationRequest["id"]
      const reading = yield* Effect.fork(thrown(async () => {
        for await (const _ of client.statuses(id)) throw new Error("nobody answers")
      }))
      yield* Effect.yieldNow()
      yield* at(async () => made[Symbol.asyncDispose]())
      for (const ended of [yield* going, yield* reading, yield* thrown(() => client.sessionEnd("ada@example.com"))]) {
        assert.instanceOf(ended, PromiseClients.ClientsDisposed)
      }
      yield* at(() => made.dispose())
    }))
})

layer(Layer.merge(TestPlatform.layer, TestWebhooks.layerForging()), { excludeTestServices: true })(
  "webhooks by promises",
  (it) => {
    const request = (delivery: TestWebhooks.Delivery) =>
      new Request(delivery.url, {
        method: delivery.method,
        headers: delivery.headers,
        body: new Uint8Array(delivery.body)
      })

    it.scoped("are opened, once", () =>
      Effect.gen(function*() {
        const { authorizationResponse } = yield* TestWebhooks.TestWebhooks
        const { serviceWebhooks } = yield* clients()
        const { open } = yield* at(() => serviceWebhooks(serviceId))
        const delivery = yield* authorizationResponse()
        assert.instanceOf(yield* at(() => open(delivery)), AuthorizationResponded)
        assert.instanceOf(yield* thrown(() => open(delivery)), MessageRejected)
      }))

    it.scoped("are handled by functions, and what those throw is thrown", () =>
      Effect.gen(function*() {
        const { again, sessionEnd } = yield* TestWebhooks.TestWebhooks
        const { serviceWebhooks } = yield* clients()
        const { handle } = yield* at(() => serviceWebhooks(serviceId, { path: "/webhook" }))
        const delivery = yield* sessionEnd()
        const failing = () => {
          throw reason
        }
        assert.strictEqual(yield* thrown(() => handle(delivery, failing)), reason)
        const seen: Array<unknown> = []
        const take: PromiseClients.Handler<unknown> = async (event, { signal }) => seen.push(event, signal.aborted)
        const second = yield* again(delivery)
        const third = yield* again(delivery)
        assert.strictEqual(yield* at(() => handle(second, take)), "Handled")
        assert.strictEqual(yield* at(() => handle(third, take)), "HandledBefore")
        assert.lengthOf(seen, 2)
        assert.instanceOf(seen[0], SessionEnded)
        assert.strictEqual(seen[1], false)
      }))

    it.scoped("are answered as a web handler does, and as a handler of node:http", () =>
      Effect.gen(function*() {
        const { sessionEnd, tampered } = yield* TestWebhooks.TestWebhooks
        const { serviceWebhooks } = yield* clients()
        const { toNodeHandler, toWebHandler } = yield* at(() => serviceWebhooks(serviceId))
        const answer = toWebHandler(() => undefined)
        const delivery = yield* sessionEnd()
        assert.strictEqual((yield* at(() => answer(request(delivery)))).status, 204)
        const forged = yield* tampered(yield* sessionEnd())
        assert.strictEqual((yield* at(() => answer(request(forged)))).status, 401)
        assert.isFunction(toNodeHandler(() => undefined))
      }))

    it.scoped("bring what awaitResponse waits for", () =>
      Effect.gen(function*() {
        yield* linked("pia")
        const { authorizationResponse } = yield* TestWebhooks.TestWebhooks
        const { service, serviceWebhooks } = yield* clients({ answersByWebhook: true })
        const client = yield* at(() => service(serviceId))
        const { handle } = yield* at(() => serviceWebhooks(serviceId))
        const asked = yield* at(() => client.authorize("pia@example.com"))
        const serviceUserHash = "hash-of-pia"
        const delivery = yield* authorizationResponse({ authorizationRequestId: asked.id, serviceUserHash })
        yield* at(() => handle(delivery, () => undefined))
        const event = yield* at(() =>
          client.awaitResponse(asked, { user: { serviceUserHash }, schedule: Schedule.stop })
        )
        assert.isTrue(event.authorized)
        yield* at(() => client.cancel(asked.id))
      }))

    it.scoped("reject where the inbox that was given is away", () =>
      Effect.gen(function*() {
        const { sessionEnd } = yield* TestWebhooks.TestWebhooks
        const { serviceWebhooks } = yield* clients({
          inbox: Layer.effect(
            WebhookInbox.WebhookInbox,
            Effect.map(WebhookInbox.makeMemory(), (inbox) => ({
              ...inbox,
              firstSeen: () => Effect.fail(new StoreUnavailable({ operation: "WebhookInbox.firstSeen" }))
            }))
          )
        })
        const { open } = yield* at(() => serviceWebhooks(serviceId))
        const delivery = yield* sessionEnd()
        assert.instanceOf(yield* thrown(() => open(delivery)), StoreUnavailable)
      }))

    it.scoped("reach directories too", () =>
      Effect.gen(function*() {
        const { directoryWebhooks } = yield* clients()
        const { open } = yield* at(() => directoryWebhooks(directoryId, { lease: "10 seconds" }))
        const { deviceLink } = yield* TestWebhooks.TestWebhooks
        const delivery = yield* deviceLink()
        assert.strictEqual((yield* at(() => open(delivery)))._tag, "DeviceLinkCompleted")
      }))
  }
)

it("the types of the methods are those of the clients, with a signal in the options or after all", () => {
  type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
  const same = <A, B>(_: Same<A, B>) => undefined
  type Methods = PromiseClients.Service & PromiseClients.Directory
  same<
    Parameters<Methods["authorize"]>,
    [user: string, options?: ServiceClient.AuthorizeOptions & PromiseClients.CallOptions]
  >(true)
  same<ReturnType<Methods["authorize"]>, Promise<AuthorizationRequest>>(true)
  same<ReturnType<Methods["getResponse"]>, Promise<AuthorizationResponse | undefined>>(true)
  same<Parameters<Methods["cancel"]>, [id: AuthorizationRequest["id"], options?: PromiseClients.CallOptions]>(true)
  same<Parameters<Methods["listServices"]>, [options?: PromiseClients.CallOptions]>(true)
  same<ReturnType<Methods["listServices"]>, Promise<ReadonlyArray<ServiceProfile>>>(true)
  same<Parameters<Methods["getService"]>, [id: ServiceId, options?: PromiseClients.CallOptions]>(true)
})
