import { Api } from "@effect-launchkey/core/Api"
import { DeviceId, Pending } from "@effect-launchkey/core/Authorization"
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as DenialReason from "@effect-launchkey/core/DenialReason"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as InProcess from "@effect-launchkey/platform/InProcess"
import * as Platform from "@effect-launchkey/platform/Platform"
import * as PlatformKeys from "@effect-launchkey/platform/PlatformKeys"
import * as Sandbox from "@effect-launchkey/platform/Sandbox"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Option, Redacted, Ref, Schedule } from "effect"
import * as OTPAuth from "otpauth"

/** All generated keys are one: making them takes longer than all else. */
const JoseLive = Layer.effect(
  Jose.Jose,
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const privateKey = yield* jose.importPrivateKey(TestKeys.device.privateKey)
    return { ...jose, generateKey: () => Effect.succeed({ privateKey, privateKeyPem: TestKeys.device.privateKey }) }
  })
).pipe(Layer.provide(Jose.layer))

const Live = PlatformKeys.layer({
  signingKey: TestKeys.platform.privateKey,
  userHashSecret: Redacted.make(new Uint8Array(32))
}).pipe(Layer.provideMerge(JoseLive))

const nowhere = "00000000-0000-4000-8000-000000000000"
const baseUrl = "http://localhost"

const calling = (app: HttpApp.Default) => {
  const client = InProcess.make(app)
  return (method: "GET" | "POST" | "DELETE", path: string, body?: unknown) =>
    Effect.gen(function*() {
      const request = HttpClientRequest.make(method)(`${baseUrl}${path}`)
      const response = yield* client.execute(
        body === undefined
          ? request
          : HttpClientRequest.bodyUint8Array(
            request,
            new TextEncoder().encode(JSON.stringify(body)),
            "application/json"
          )
      )
      const text = yield* response.text
      return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) }
    })
}

/** The contract over the sealed transport, as its organization may use it. */
const connect = (app: HttpApp.Default, organizationId: string) =>
  Effect.gen(function*() {
    // one attempt each, so that every fault is seen
    const transport = yield* Transport.make({
      issuer: `org:${organizationId}`,
      baseUrl,
      retry: { schedule: Schedule.stop }
    })
    const subject = (entity: Entity.EntityIdentifier) => transport.httpClient(entity)
    const id = Entity.OrganizationId.make(organizationId)
    return {
      transport,
      organization: yield* HttpApiClient.group(Api, {
        group: "organization",
        httpClient: subject(Entity.organization(id))
      }),
      directory: (directoryId: Entity.DirectoryId) =>
        HttpApiClient.group(Api, { group: "directory", httpClient: subject(Entity.directory(directoryId)) }),
      directoryServices: (directoryId: Entity.DirectoryId) =>
        HttpApiClient.group(Api, { group: "directoryServices", httpClient: subject(Entity.directory(directoryId)) }),
      service: (serviceId: Entity.ServiceId) =>
        HttpApiClient.group(Api, { group: "service", httpClient: subject(Entity.service(serviceId)) })
    }
  }).pipe(
    Effect.provideServiceEffect(Keyring.Keyring, Keyring.make({ signingKey: TestKeys.organization.privateKey })),
    Effect.provideService(HttpClient.HttpClient, InProcess.make(app)),
    Effect.provideServiceEffect(RemoteApi.RemoteApi, RemoteApi.make)
  )

const keys = [{ public_key: TestKeys.organization.publicKey, key_type: 0 }]

const sandbox = (options?: Partial<Sandbox.Options>) =>
  Effect.map(Sandbox.httpApp({ port: 4321, ...options }), (app) => ({ app, call: calling(app) }))

/** An organization with a directory that links, a service, and a user with the sandbox's device. */
const scene = (options?: Partial<Sandbox.Options>) =>
  Effect.gen(function*() {
    const { app, call } = yield* sandbox(options)
    const organizationId: string = (yield* call("POST", "/sandbox/organizations", { keys })).body.organization_id
    const clients = yield* connect(app, organizationId)
    const { id: directoryId } = yield* clients.organization.createDirectory({ payload: { name: "Directory" } })
    const { sdkKey } = yield* clients.organization.generateSdkKey({ payload: { directoryId } })
    const services = yield* clients.directoryServices(directoryId)
    const { id: serviceId } = yield* services.createService({ payload: { name: "Service" } })
    const directory = yield* clients.directory(directoryId)
    const service = yield* clients.service(serviceId)
    const startLink = (user: string) => directory.linkDevice({ payload: { user } })
    const linked = (user: string) =>
      Effect.gen(function*() {
        const { code } = yield* startLink(user)
        const { body } = yield* call("POST", "/sandbox/devices", { linking_code: code })
        return `/sandbox/devices/${body.device_id}`
      })
    const ask = (request: Parameters<typeof service.createAuthorization>[0]["payload"]) =>
      Effect.map(service.createAuthorization({ payload: request }), ({ id }) => id)
    const answer = (id: Effect.Effect.Success<ReturnType<typeof ask>>) =>
      Effect.gen(function*() {
        const relayed = yield* service.getAuthorization({ path: { id } })
        assert(!(relayed instanceof Pending))
        return yield* clients.transport.openAnswer(relayed, { authorizationRequestId: id })
      })
    return {
      app,
      call,
      ...clients,
      organizationId,
      directoryId,
      sdkKey,
      serviceId,
      directory,
      service,
      startLink,
      linked,
      ask,
      answer
    }
  })

const effect = <A, E>(
  name: string,
  test: () => Effect.Effect<A, E, Effect.Effect.Context<ReturnType<typeof sandbox>>>
) => it.scoped(name, () => Effect.provide(test(), Live))

const facts = (all: object) =>
  Object.values(all).map((fact) => Option.isOption(fact) ? Option.getOrNull<unknown>(fact) : fact)

describe("Sandbox", () => {
  effect("is no part of a platform that is not one", () =>
    Effect.gen(function*() {
      const call = calling(yield* Platform.httpApp)
      const { status } = yield* call("GET", "/sandbox/stats")
      assert.strictEqual(status, 401)
      assert.strictEqual((yield* call("POST", "/sandbox/organizations", { keys })).status, 401)
    }).pipe(Effect.provide(Layer.provide(Platform.layerMemory, JoseLive))))

  effect("serves the platform beside its own paths", () =>
    Effect.gen(function*() {
      const { call } = yield* sandbox()
      assert.strictEqual((yield* call("GET", "/public/v3/ping")).status, 200)
      // not a path of the sandbox, so the platform's to refuse
      assert.strictEqual((yield* call("GET", "/sandboxes")).status, 401)
    }))

  describe("a call that it cannot follow", () => {
    effect("says so in plain JSON, with 404 for an unknown path", () =>
      Effect.gen(function*() {
        const { call } = yield* sandbox()
        for (
          const [method, path] of [["GET", "/sandbox"], ["GET", "/sandbox/x"], ["DELETE", "/sandbox/stats"]] as const
        ) {
          const { body, status } = yield* call(method, path)
          assert.deepStrictEqual([path, status, Object.keys(body)], [path, 404, ["error"]])
        }
      }))

    const device = `/devices/${nowhere}`
    const key = TestKeys.organization.publicKey
    const uuid = "expected a UUID of 36 characters such as 9c0f6f3a-7d1c-11ee-b962-0242ac120002"
    const object = "The body is not a JSON object: give its members in braces."
    const refusals: ReadonlyArray<readonly [path: string, body: unknown, error: string]> = [
      ["/organizations", [], object],
      ["/organizations", "keys", object],
      ["/organizations", null, object],
      ["/organizations", undefined, "keys: is missing"],
      ["/organizations", { keys: [] }, "keys[0]: is missing"],
      ["/organizations", { keys: key }, "keys: expected a list"],
      ["/organizations", { keys: [key] }, "keys[0]: expected an object"],
      ["/organizations", { keys: [{}] }, "keys[0].public_key: is missing"],
      ["/organizations", { keys, organization_id: "x" }, `organization_id: ${uuid}`],
      ["/organizations", { keys, name: "" }, "name: expected a non empty string"],
      [
        "/organizations",
        { keys: [...keys, { public_key: key, key_type: 3 }] },
        "keys[1].key_type: expected 0 (both), 1 (encryption) or 2 (signature)"
      ],
      ["/devices", {}, "linking_code: is missing"],
      ["/devices", { linking_code: 5 }, "linking_code: expected string"],
      ["/devices", { linking_code: "abcdefg", sdk_key: "x" }, `sdk_key: ${uuid}`],
      ["/devices", { linking_code: "abcdefg", name: "" }, "name: expected a non empty string"],
      [`${device}/respond`, {}, "action: is missing"],
      [`${device}/respond`, { action: "shrug" }, `action: expected "approve", "deny", "fraud" or "fail"`],
      [`${device}/respond`, { action: "approve", auth_request: "x" }, `auth_request: ${uuid}`],
      [
        `${device}/respond`,
        { action: "fail", reason: "BORED" },
        `reason: expected "POLICY", "PERMISSION", "AUTHENTICATION", "CONFIGURATION", "BUSY_LOCAL" or "SENSOR"`
      ],
      [`${device}/respond`, { action: "approve", number: "7" }, "number: expected a number of two digits, such as 42"],
      [`${device}/respond`, { action: "deny", denial_reason: 5 }, "denial_reason: expected string"],
      [`${device}/respond`, { action: "deny", service_pins: "1111" }, "service_pins: expected a list"],
      [`${device}/respond`, { action: "deny", service_pins: ["1111", 2] }, "service_pins[1]: expected string"],
      [`${device}/respond`, { action: "deny", format: "old" }, `format: expected "legacy"`],
      [`${device}/logout`, { service_id: "x" }, `service_id: ${uuid}`],
      ["/faults", {}, "fault: is missing"],
      [
        "/faults",
        { fault: "fire", count: 1 },
        "fault: expected 429, 500, drop, delay:<ms>, bad-signature or wrong-key"
      ],
      ["/faults", { fault: "500", count: 0 }, "count: expected a number between 1 and 1000000"],
      ["/faults", { fault: "500", count: 1.5 }, "count: expected an integer"],
      ["/clock", {}, "advance_seconds: is missing"],
      ["/clock", { advance_seconds: -1 }, "advance_seconds: expected a number between 0 and 316224000"],
      ["/clock", { advance_seconds: "60" }, "advance_seconds: expected number"],
      ["/clock", { advance_seconds: 1, tokens: "yes" }, "tokens: expected boolean"],
      ["/webhooks/one/resend", { as: "again" }, `id: Unable to decode "one" into a number`],
      [
        "/webhooks/1/resend",
        { as: "x" },
        `as: expected "again", "replayed", "tampered", "late", "wrong-key" or "unknown-key"`
      ]
    ]
    effect("with 400 and the name of each member that is wrong", () =>
      Effect.gen(function*() {
        const { call } = yield* sandbox()
        for (const [path, body, error] of refusals) {
          const answer = yield* call("POST", `/sandbox${path}`, body)
          assert.deepStrictEqual([path, answer.status, answer.body], [path, 400, { error }])
        }
        // nothing of a call that is refused was done
        assert.strictEqual(
          (yield* call("POST", "/sandbox/organizations", { keys, organization_id: nowhere })).status,
          201
        )
        assert.strictEqual(
          (yield* call("POST", "/sandbox/clock", { advance_seconds: 0 })).body.now,
          "1970-01-01T00:00:00.000Z"
        )
      }))

    effect("with 400 for a body that is no JSON", () =>
      Effect.gen(function*() {
        const { app } = yield* sandbox()
        const request = HttpClientRequest.post(`${baseUrl}/sandbox/clock`).pipe(
          HttpClientRequest.bodyUint8Array(new TextEncoder().encode("{advance_seconds:1}"), "application/json")
        )
        const response = yield* InProcess.make(app).execute(request)
        assert.strictEqual(response.status, 400)
        assert.deepStrictEqual(yield* response.json, { error: "The body is not JSON: give a JSON object." })
      }))

    effect(
      "with 400 for a body of another type, so that no page of a browser can send it unasked",
      () =>
        Effect.gen(function*() {
          const { app } = yield* sandbox()
          const request = HttpClientRequest.post(`${baseUrl}/sandbox/clock`).pipe(
            HttpClientRequest.bodyUint8Array(new TextEncoder().encode("{\"advance_seconds\":1}"), "text/plain")
          )
          const response = yield* InProcess.make(app).execute(request)
          assert.strictEqual(response.status, 400)
          assert.deepStrictEqual(yield* response.json, {
            error: "The body is not sent as JSON: give the header content-type: application/json."
          })
        })
    )

    effect("with 403 for what a page of another origin can send, a call without a body", () =>
      Effect.gen(function*() {
        const { app, call, linked } = yield* scene()
        const device = yield* linked("ada")
        const from = (site: string) =>
          Effect.map(
            InProcess.make(app).execute(
              HttpClientRequest.post(`${baseUrl}/sandbox/reset`, { headers: { "sec-fetch-site": site } })
            ),
            ({ status }) => status
          )
        assert.deepStrictEqual([yield* from("cross-site"), yield* from("same-site")], [403, 403])
        assert.strictEqual((yield* call("GET", `${device}/auths`)).status, 200)
        assert.strictEqual(yield* from("same-origin"), 204)
        assert.strictEqual((yield* call("GET", `${device}/auths`)).status, 404)
      }))
  })

  describe("organizations", () => {
    effect("are created with their keys, under the id that is given or one of its own", () =>
      Effect.gen(function*() {
        const { app, call } = yield* sandbox()
        const id = "8A6B1E9E-7D1C-11EE-B962-0242AC120002"
        const created = yield* call("POST", "/sandbox/organizations", {
          organization_id: id,
          name: "Acme",
          keys: [
            { public_key: TestKeys.organization.publicKey, key_type: 2 },
            { public_key: TestKeys.encryption.publicKey, key_type: 1 }
          ]
        })
        assert.strictEqual(created.status, 201)
        assert.deepStrictEqual(created.body, {
          organization_id: id.toLowerCase(),
          key_ids: [TestKeys.organization.keyId, TestKeys.encryption.keyId]
        })
        const other = yield* call("POST", "/sandbox/organizations", { keys })
        assert.strictEqual(other.status, 201)
        assert.notStrictEqual(other.body.organization_id, id.toLowerCase())
        const { organization } = yield* connect(app, other.body.organization_id)
        assert.deepStrictEqual(yield* organization.allDirectories({}), [])
      }))

    effect(
      "may sign with a key for both or for signatures, and with none for encryption",
      () =>
        Effect.gen(function*() {
          const { app, call } = yield* sandbox()
          const public_key = TestKeys.organization.publicKey
          const outcome = (key: object) =>
            Effect.gen(function*() {
              const { body } = yield* call("POST", "/sandbox/organizations", { name: null, keys: [key] })
              const { organization } = yield* connect(app, body.organization_id)
              return (yield* Effect.either(organization.createDirectory({ payload: { name: "Directory" } })))._tag
            })
          assert.strictEqual(yield* outcome({ public_key }), "Right")
          assert.strictEqual(yield* outcome({ public_key, key_type: null }), "Right")
          assert.strictEqual(yield* outcome({ public_key, key_type: 0 }), "Right")
          assert.strictEqual(yield* outcome({ public_key, key_type: 1 }), "Left")
        })
    )

    effect("are created once, with 409 for another of the id", () =>
      Effect.gen(function*() {
        const { call } = yield* sandbox()
        const body = { organization_id: nowhere, keys }
        assert.strictEqual((yield* call("POST", "/sandbox/organizations", body)).status, 201)
        const again = yield* call("POST", "/sandbox/organizations", body)
        assert.strictEqual(again.status, 409)
        assert.match(again.body.error, /leave organization_id out/)
      }))

    effect("are not created with a key that is none, which is named by its place", () =>
      Effect.gen(function*() {
        const { call } = yield* sandbox()
        const body = (...more: ReadonlyArray<string>) => ({
          organization_id: nowhere,
          keys: [...keys, ...more.map((public_key) => ({ public_key, key_type: 0 }))]
        })
        for (const pem of ["no PEM", Redacted.value(TestKeys.service.privateKey), TestKeys.organization.publicKey]) {
          const refused = yield* call("POST", "/sandbox/organizations", body(pem))
          assert.strictEqual(refused.status, 400)
          assert.match(refused.body.error, /^keys\[1\]\.public_key: /)
        }
        assert.strictEqual((yield* call("POST", "/sandbox/organizations", body())).status, 201)
      }))
  })

  describe("devices", () => {
    effect("link by code, with the directory's first SDK key unless another is given", () =>
      Effect.gen(function*() {
        const { call, directory, organization, directoryId, sdkKey, startLink } = yield* scene()
        const { sdkKey: second } = yield* organization.generateSdkKey({ payload: { directoryId } })
        const link = (more: object) =>
          Effect.flatMap(startLink("ada"), ({ code }) =>
            call("POST", "/sandbox/devices", { linking_code: code.toUpperCase(), ...more }))
        const answers = [
          yield* link({}),
          yield* link({ sdk_key: second, name: "Ada's phone" }),
          yield* link({ sdk_key: sdkKey, name: null })
        ]
        assert.deepStrictEqual(
          answers.map(({ status }) =>
            status
          ),
          [201, 201, 201]
        )
        const devices = yield* directory.listDevices({ payload: { user: "ada" } })
        assert.deepStrictEqual(
          devices.map(({ id, name, status }) => [id, Option.getOrNull(name), status]),
          answers.map(({ body }, index) => [body.device_id, index === 1 ? "Ada's phone" : "Sandbox device", "LINKED"])
        )
        assert.strictEqual((yield* link({ sdk_key: nowhere })).status, 400)
      }))

    effect("do not link by a code that is unknown, malformed, used or expired: 404", () =>
      Effect.gen(function*() {
        const { call, startLink } = yield* scene()
        const { code: used } = yield* startLink("ada")
        yield* call("POST", "/sandbox/devices", { linking_code: used })
        const { code: expired } = yield* startLink("ada")
        yield* call("POST", "/sandbox/clock", { advance_seconds: 86_400 })
        for (const linking_code of ["zzzzzzz", "", used, expired]) {
          const { body, status } = yield* call("POST", "/sandbox/devices", { linking_code })
          assert.strictEqual(status, 404)
          assert.match(body.error, /linking code/)
        }
      }))

    effect("do not link in a directory without an SDK key: 400", () =>
      Effect.gen(function*() {
        const { call, directory: directoryOf, organization } = yield* Effect.flatMap(sandbox(), ({ app, call }) =>
          Effect.flatMap(call("POST", "/sandbox/organizations", { keys }), ({ body }) =>
            Effect.map(connect(app, body.organization_id), (clients) => ({ call, ...clients }))))
        const { id } = yield* organization.createDirectory({ payload: { name: "Bare" } })
        const directory = yield* directoryOf(id)
        const { code } = yield* directory.linkDevice({ payload: { user: "ada" } })
        const refused = yield* call("POST", "/sandbox/devices", { linking_code: code })
        assert.strictEqual(refused.status, 400)
        assert.match(refused.body.error, /SDK key/)
      }))

    effect("show their QR image at an address that browsers resolve", () =>
      Effect.gen(function*() {
        const { app, startLink } = yield* scene()
        const { code, qrCodeUrl } = yield* startLink("ada")
        assert.strictEqual(qrCodeUrl, `http://platform.localhost:4321/public/v3/qr/${code}`)
        const image = yield* InProcess.make(app).get(qrCodeUrl)
        assert.deepStrictEqual([image.status, image.headers["content-type"]], [200, "image/svg+xml"])
      }))

    effect("list what waits for them", () =>
      Effect.gen(function*() {
        const { ask, call, linked, serviceId } = yield* scene()
        const device = yield* linked("ada")
        assert.deepStrictEqual((yield* call("GET", `${device}/auths`)).body, [])
        const id = yield* ask({ user: "ada", context: "Open the vault" })
        const { body, status } = yield* call("GET", `${device}/auths`)
        assert.strictEqual(status, 200)
        assert.deepStrictEqual(
          [body.length, body[0].auth_request, body[0].service_id, body[0].context],
          [1, id, serviceId, "Open the vault"]
        )
      }))

    effect("answer what waits and not what was canceled before it, unless it is named", () =>
      Effect.gen(function*() {
        const { ask, call, linked, service } = yield* scene()
        const device = yield* linked("ada")
        const canceled = yield* ask({ user: "ada" })
        yield* service.cancelAuthorization({ path: { id: canceled } })
        const open = yield* ask({ user: "ada" })
        const respond = (more: object) => call("POST", `${device}/respond`, { action: "approve", ...more })
        assert.strictEqual((yield* respond({ auth_request: canceled })).status, 404)
        assert.deepStrictEqual((yield* respond({ auth_request: null })).body, { auth_request: open })
        const next = yield* ask({ user: "ada" })
        assert.deepStrictEqual((yield* respond({ auth_request: next })).body, { auth_request: next })
      }))

    effect("are gone once removed, by themselves or by the directory: 404", () =>
      Effect.gen(function*() {
        const { call, directory, linked } = yield* scene()
        const removed = yield* linked("ada")
        assert.strictEqual((yield* call("DELETE", removed)).status, 204)
        const unlinked = yield* linked("ada")
        yield* directory.unlinkDevice({
          payload: { user: "ada", deviceId: DeviceId.make(unlinked.split("/")[3] ?? "") }
        })
        assert.deepStrictEqual(yield* directory.listDevices({ payload: { user: "ada" } }), [])
        for (const device of [removed, unlinked, `/sandbox/devices/${nowhere}`]) {
          const answers = [
            yield* call("GET", `${device}/auths`),
            yield* call("POST", `${device}/respond`, { action: "approve" }),
            yield* call("POST", `${device}/logout`, {}),
            yield* call("DELETE", device)
          ]
          assert.deepStrictEqual(answers.map(({ status }) => status), [404, 404, 404, 404])
        }
      }))

    effect("log out of one service, or of all", () =>
      Effect.gen(function*() {
        const { call, directory, linked, service, serviceId } = yield* scene()
        const device = yield* linked("ada")
        const logout = (body: object | undefined) =>
          Effect.gen(function*() {
            yield* service.startSession({ payload: { user: "ada" } })
            assert.strictEqual((yield* call("POST", `${device}/logout`, body)).status, 204)
            return (yield* directory.listSessions({ payload: { user: "ada" } })).length
          })
        assert.deepStrictEqual(
          [yield* logout({ service_id: nowhere }), yield* logout({ service_id: serviceId }), yield* logout({})],
          [1, 0, 0]
        )
        assert.strictEqual(yield* logout({ service_id: null }), 0)
        assert.strictEqual(yield* logout(undefined), 0)
      }))
  })

  describe("a response", () => {
    const reasons = [
      DenialReason.ordinary("later", "Not now"),
      DenialReason.fraudulent("fraud", "Not me"),
      DenialReason.fraudulent("theft", "Stolen")
    ]
    const cases: ReadonlyArray<
      readonly [
        behaviour: string,
        ask: { readonly policy?: AuthPolicy.AuthPolicy; readonly denialReasons?: typeof reasons },
        body: object,
        expected: readonly [authorized: boolean, type: string, reason: string, denialReason: string | null]
      ]
    > = [
      ["approves", {}, { action: "approve" }, [true, "AUTHORIZED", "APPROVED", null]],
      [
        "approves under any policy that a device can meet",
        { policy: AuthPolicy.any(2, { geofences: [{ name: "office", latitude: 1, longitude: 1, radius: 100 }] }) },
        { action: "approve" },
        [true, "AUTHORIZED", "APPROVED", null]
      ],
      ["denies", {}, { action: "deny" }, [false, "DENIED", "DISAPPROVED", null]],
      [
        "denies for the first ordinary reason",
        { denialReasons: reasons },
        { action: "deny" },
        [false, "DENIED", "DISAPPROVED", "later"]
      ],
      [
        "denies for the reason that is named",
        { denialReasons: reasons },
        { action: "deny", denial_reason: "theft" },
        [false, "DENIED", "FRAUDULENT", "theft"]
      ],
      ["reports fraud", {}, { action: "fraud" }, [false, "DENIED", "FRAUDULENT", null]],
      [
        "reports fraud for the first fraudulent reason",
        { denialReasons: reasons },
        { action: "fraud" },
        [false, "DENIED", "FRAUDULENT", "fraud"]
      ],
      ["fails", {}, { action: "fail" }, [false, "FAILED", "AUTHENTICATION", null]],
      ...["POLICY", "PERMISSION", "AUTHENTICATION", "CONFIGURATION", "BUSY_LOCAL", "SENSOR"].map((reason) =>
        [`fails for ${reason}`, {}, { action: "fail", reason }, [false, "FAILED", reason, null]] as const
      ),
      [
        "takes null for what is left out",
        {},
        {
          action: "deny",
          auth_request: null,
          reason: null,
          number: null,
          denial_reason: null,
          service_pins: null,
          format: null
        },
        [false, "DENIED", "DISAPPROVED", null]
      ]
    ]
    effect("does what it says, and can be polled at once", () =>
      Effect.gen(function*() {
        const { answer, ask, call, linked } = yield* scene()
        const device = yield* linked("ada")
        for (const [behaviour, request, body, expected] of cases) {
          const id = yield* ask({ user: "ada", ...request })
          const { body: said, status } = yield* call("POST", `${device}/respond`, body)
          assert.deepStrictEqual([behaviour, status, said], [behaviour, 200, { auth_request: id }])
          const { authorized, denialReason, reason, type } = yield* answer(id)
          assert.deepStrictEqual(facts({ authorized, type, reason, denialReason }), [...expected], behaviour)
        }
      }))

    effect(
      "approves by the number that is shown where the user signs in, and by no other",
      () =>
        Effect.gen(function*() {
          const { answer, call, linked, service } = yield* scene()
          const device = yield* linked("ada")
          const { id, numberMatch: number } = yield* service.createAuthorization({
            payload: { user: "ada", numberMatch: true }
          })
          const without = yield* call("POST", `${device}/respond`, { action: "approve" })
          assert.strictEqual(without.status, 400)
          assert.strictEqual((yield* call("POST", `${device}/respond`, { action: "approve", number })).status, 200)
          assert.isTrue((yield* answer(id)).authorized)
          const next = yield* service.createAuthorization({ payload: { user: "ada", numberMatch: true } })
          const wrong = next.numberMatch === "10" ? "11" : "10"
          const refused = yield* call("POST", `${device}/respond`, { action: "approve", number: wrong })
          assert.strictEqual(refused.status, 400)
          assert.isFalse((yield* answer(next.id)).authorized)
        })
    )

    effect("reports no method as set up until a policy asks for one", () =>
      Effect.gen(function*() {
        const { answer, ask, call, linked } = yield* scene()
        const device = yield* linked("ada")
        const setUp = (policy: AuthPolicy.AuthPolicy) =>
          Effect.gen(function*() {
            const id = yield* ask({ user: "ada", policy })
            yield* call("POST", `${device}/respond`, { action: "approve" })
            const methods = Option.getOrThrow((yield* answer(id)).methods)
            return methods.filter(({ set }) => set === true).map(({ method }) => method)
          })
        assert.deepStrictEqual(yield* setUp(AuthPolicy.none()), [])
        assert.deepStrictEqual(yield* setUp(AuthPolicy.factors(["possession"])), ["WEARABLES"])
        assert.deepStrictEqual(yield* setUp(AuthPolicy.any(2)), ["WEARABLES", "PIN_CODE"])
      }))

    effect("tells the PINs that are given, and as the first generation does if told so", () =>
      Effect.gen(function*() {
        const { answer, ask, call, linked, service } = yield* scene()
        const device = yield* linked("ada")
        const id = yield* ask({ user: "ada" })
        yield* call("POST", `${device}/respond`, {
          action: "approve",
          auth_request: id,
          service_pins: ["1111", "2222"],
          format: "legacy"
        })
        const relayed = yield* service.getAuthorization({ path: { id } })
        assert(!(relayed instanceof Pending))
        assert.isTrue(Option.isNone(relayed.jwe))
        const { authorized, servicePins, type } = yield* answer(id)
        assert.deepStrictEqual([authorized, servicePins, type], [true, ["1111", "2222"], Option.none()])
        const next = yield* ask({ user: "ada" })
        yield* call("POST", `${device}/respond`, { action: "approve" })
        const after = (yield* answer(next)).servicePins
        assert.deepStrictEqual([after.length, after.slice(0, 2)], [3, ["1111", "2222"]])
      }))

    effect("has nothing to answer with 404, and no reason to deny for with 400", () =>
      Effect.gen(function*() {
        const { ask, call, linked } = yield* scene()
        const device = yield* linked("ada")
        const respond = (body: object) => Effect.map(call("POST", `${device}/respond`, body), ({ status }) => status)
        assert.strictEqual(yield* respond({ action: "approve" }), 404)
        yield* ask({ user: "ada" })
        assert.strictEqual(yield* respond({ action: "approve", auth_request: nowhere }), 404)
        assert.strictEqual(yield* respond({ action: "deny", denial_reason: "x" }), 400)
        assert.strictEqual(yield* respond({ action: "deny" }), 200)
        assert.strictEqual(yield* respond({ action: "deny" }), 404)
      }))
  })

  describe("a fault", () => {
    effect("meets the next sealed calls, in order and as often as asked for", () =>
      Effect.gen(function*() {
        const { ask, call, directory } = yield* scene()
        const fault = (fault: string, count = 1) => call("POST", "/sandbox/faults", { fault, count })
        assert.strictEqual((yield* fault("500", 2)).status, 204)
        yield* fault("429")
        // plain calls are spared
        assert.strictEqual((yield* call("GET", "/public/v3/ping")).status, 200)
        const list = Effect.either(directory.listDevices({ payload: { user: "ada" } }))
        const outcomes = [yield* list, yield* list, yield* Effect.either(ask({ user: "nobody" })), yield* list]
        assert.deepStrictEqual(
          outcomes.map((outcome) => outcome._tag === "Right" ? "Right" : outcome.left._tag),
          ["ResponseError", "ResponseError", "RateLimited", "Right"]
        )
      }))

    effect("of too many calls says in a header when to come again", () =>
      Effect.gen(function*() {
        const { app, call, directoryId, organizationId } = yield* scene()
        const seen = yield* Ref.make<ReadonlyArray<string | undefined>>([])
        const watched = Effect.tap(app, ({ headers, status }) =>
          Ref.update(seen, (all) => [...all, ...(status === 429 ? [headers["retry-after"]] : [])]))
        const { directory } = yield* connect(watched, organizationId)
        const { listDevices } = yield* directory(directoryId)
        yield* call("POST", "/sandbox/faults", { fault: "429", count: 1 })
        yield* Effect.flip(listDevices({ payload: { user: "ada" } }))
        assert.deepStrictEqual(yield* Ref.get(seen), ["1"])
      }))

    effect("of the signature or the key is found by whoever checks", () =>
      Effect.gen(function*() {
        const { call, directory } = yield* scene()
        const rejected = (fault: string) =>
          Effect.gen(function*() {
            yield* call("POST", "/sandbox/faults", { fault, count: 1 })
            const error = yield* Effect.flip(directory.listDevices({ payload: { user: "ada" } }))
            assert(error._tag === "MessageRejected")
            return error.reason
          })
        assert.strictEqual(yield* rejected("bad-signature"), "SignatureInvalid")
        assert.strictEqual(yield* rejected("wrong-key"), "KeyUnknown")
        assert.deepStrictEqual(yield* directory.listDevices({ payload: { user: "ada" } }), [])
      }))

    effect("drops the connection before the platform acts", () =>
      Effect.gen(function*() {
        const dropped = yield* Ref.make<ReadonlyArray<string>>([])
        const { call, directory } = yield* scene({
          disconnect: ({ method, url }) => Ref.update(dropped, (all) => [...all, `${method} ${url}`])
        })
        yield* call("POST", "/sandbox/faults", { fault: "drop", count: 1 })
        yield* Effect.flip(directory.linkDevice({ payload: { user: "ada" } }))
        assert.deepStrictEqual(yield* Ref.get(dropped), ["POST /directory/v3/devices"])
        assert.deepStrictEqual(yield* directory.listDevices({ payload: { user: "ada" } }), [])
      }))

    it.scopedLive("delays the answer", () =>
      Effect.gen(function*() {
        const { call, directory } = yield* scene()
        yield* call("POST", "/sandbox/faults", { fault: "delay:200", count: 1 })
        const [took] = yield* Effect.timed(directory.listDevices({ payload: { user: "ada" } }))
        assert.isAtLeast(Duration.toMillis(took), 200)
      }).pipe(Effect.provide(Live)))
  })

  describe("the clock", () => {
    effect("moves what the platform lets expire, and not the time of its messages", () =>
      Effect.gen(function*() {
        const { ask, call, linked, service } = yield* scene()
        yield* linked("ada")
        const id = yield* ask({ user: "ada", ttl: Duration.seconds(30) })
        const before = (yield* call("GET", "/public/v3/ping")).body
        const moved = yield* call("POST", "/sandbox/clock", { advance_seconds: 31.5 })
        assert.strictEqual(moved.status, 200)
        assert.deepStrictEqual(moved.body, { now: "1970-01-01T00:00:31.500Z" })
        assert.deepStrictEqual((yield* call("GET", "/public/v3/ping")).body, before)
        const error = yield* Effect.flip(service.getAuthorization({ path: { id } }))
        assert.strictEqual(error._tag, "RequestTimedOut")
      }))

    effect("moves one-time codes", () =>
      Effect.gen(function*() {
        const { call, directory, service } = yield* scene()
        const { secret, ...totp } = yield* directory.generateTotp({ payload: { user: "ada" } })
        const generator = new OTPAuth.TOTP({ ...totp, secret: Redacted.value(secret) })
        const verify = (seconds: number) => {
          const code = Redacted.make(generator.generate({ timestamp: seconds * 1000 }))
          return Effect.map(service.verifyTotp({ payload: { user: "ada", code } }), ({ valid }) => valid)
        }
        assert.isFalse(yield* verify(3600))
        yield* call("POST", "/sandbox/clock", { advance_seconds: 3600 })
        assert.deepStrictEqual([yield* verify(0), yield* verify(3600)], [false, true])
      }))

    effect("moves rate limits", () =>
      Effect.gen(function*() {
        const { ask, call, linked, service } = yield* scene()
        yield* linked("ada")
        const cycle = Effect.flatMap(ask({ user: "ada" }), (id) => service.cancelAuthorization({ path: { id } }))
        const refused = yield* Effect.flip(Effect.forever(cycle))
        assert.strictEqual(refused._tag, "RateLimited")
        yield* call("POST", "/sandbox/clock", { advance_seconds: 60 })
        yield* cycle
      }))

    effect("moves the time of its messages too if asked, and the devices go with it", () =>
      Effect.gen(function*() {
        const { app, ask, call, linked } = yield* scene()
        const device = yield* linked("ada")
        yield* ask({ user: "ada", ttl: Duration.seconds(600) })
        yield* call("POST", "/sandbox/clock", { advance_seconds: 30 })
        const moved = yield* call("POST", "/sandbox/clock", { advance_seconds: 3600, tokens: true })
        assert.deepStrictEqual(moved.body, { now: "1970-01-01T01:00:30.000Z" })
        assert.strictEqual((yield* call("GET", "/public/v3/ping")).body.api_time, "1970-01-01T01:00:00Z")
        assert.deepStrictEqual((yield* call("GET", `${device}/auths`)).body, [])
        // whoever asks for the time anew is on it
        const { body } = yield* call("POST", "/sandbox/organizations", { keys })
        const { organization } = yield* connect(app, body.organization_id)
        assert.deepStrictEqual(yield* organization.allDirectories({}), [])
      }))
  })

  effect("forgets everything on a reset, save the platform's keys", () =>
    Effect.gen(function*() {
      const { call, directory, linked, organization } = yield* scene()
      const device = yield* linked("ada")
      yield* call("POST", "/sandbox/faults", { fault: "500", count: 5 })
      yield* call("POST", "/sandbox/clock", { advance_seconds: 60 })
      assert.strictEqual((yield* call("POST", "/sandbox/reset")).status, 204)
      assert.strictEqual((yield* call("GET", `${device}/auths`)).status, 404)
      assert.strictEqual((yield* Effect.flip(organization.allDirectories({})))._tag, "Unauthorized")
      assert.strictEqual(
        (yield* Effect.flip(directory.listDevices({ payload: { user: "ada" } })))._tag,
        "Unauthorized"
      )
      const { body } = yield* call("POST", "/sandbox/clock", { advance_seconds: 0 })
      assert.deepStrictEqual(body, { now: "1970-01-01T00:00:00.000Z" })
    }))

  effect("tells what its process has used, as its host says", () =>
    Effect.gen(function*() {
      const stats = { user: 12, system: 3, rss: 4096 }
      const { call } = yield* sandbox({ stats: Effect.succeed(stats) })
      const { body, status } = yield* call("GET", "/sandbox/stats")
      assert.deepStrictEqual([status, body], [200, stats])
    }))
})
