import * as DirectoryClient from "@effect-launchkey/clients/DirectoryClient"
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Authenticator from "@effect-launchkey/platform/Authenticator"
import * as Store from "@effect-launchkey/platform/Store"
import * as WebhookSender from "@effect-launchkey/platform/WebhookSender"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as World from "../play/World.ts"
import * as Browser from "./support/Browser.ts"

/** The application and a platform, both listening on this machine, and a client that acts beside the application. */
const Beside = Layer.unwrapEffect(Effect.map(
  World.World,
  ({ baseUrl, directoryId, organizationId, organizationKey, serviceId }) =>
    Layer.merge(DirectoryClient.layer({ directoryId }), ServiceClient.layer({ serviceId })).pipe(
      Layer.provide(Transport.layer({
        issuer: Entity.organization(organizationId),
        baseUrl,
        signingKey: organizationKey
      }))
    )
))

const Live = Beside.pipe(
  Layer.provideMerge(World.layer({ port: 0, platformPort: 0, authenticator: Option.none() })),
  Layer.provide(Logger.remove(Logger.defaultLogger))
)

const codeOf = ({ text }: Browser.Page): string => /id="code">([a-z0-9]{7})</.exec(text)?.[1] ?? ""

/** All devices have one key: making keys takes longer than all else. */
const device = Effect.gen(function*() {
  const { baseUrl, sdkKey } = yield* World.World
  const jose = yield* Jose.Jose
  const privateKey = yield* jose.importPrivateKey(TestKeys.device.privateKey)
  const authenticator = yield* Effect.provideService(
    Authenticator.make({ baseUrl, name: "Pocket <phone>" }),
    Jose.Jose,
    { ...jose, generateKey: () => Effect.succeed({ privateKey, privateKeyPem: TestKeys.device.privateKey }) }
  )
  return { ...authenticator, link: (code: string) => authenticator.link(code, sdkKey) }
})

/** A device of the user's own, linked by the pages of the application. */
const linked = (user: string, browser: Browser.Browser) =>
  Effect.gen(function*() {
    const phone = yield* device
    yield* phone.link(codeOf(yield* browser.submit("/link", { user })))
    yield* browser.listen("/link/events", ["completed"])
    return phone
  })

/** A user who waits for the device to answer. */
const waiting = (user: string) =>
  Effect.gen(function*() {
    const browser = yield* Browser.make
    const phone = yield* linked(user, browser)
    const page = yield* browser.submit("/login", { user })
    assert.deepStrictEqual([page.status, page.path], [200, "/login/waiting"])
    return { browser, phone, page }
  })

const ended = (browser: Browser.Browser) =>
  Effect.zipRight(
    browser.listen("/login/events", ["Approved", "Denied", "Failed", "Expired", "Canceled", "Unknown"]),
    browser.get("/login/waiting")
  )

const loggedIn = (user: string) =>
  Effect.gen(function*() {
    const { browser, phone } = yield* waiting(user)
    yield* phone.approve()
    return { browser, phone, page: yield* ended(browser) }
  })

/** The answer to the webhook that was sent last, once there is one. */
const lastAnswer = Effect.flatMap(WebhookSender.WebhookSender, ({ log }) => log).pipe(
  Effect.map((deliveries) => deliveries.at(-1)?.attempts.at(-1)?.status ?? Option.none()),
  Effect.flatMap((status) => status),
  Effect.retry(Schedule.intersect(Schedule.spaced("10 millis"), Schedule.recurs(500))),
  Effect.orDie
)

layer(Live, { excludeTestServices: true })("the application with a login", (it) => {
  it.effect("tells the platform at its start where its webhooks go", () =>
    Effect.gen(function*() {
      const store = yield* Store.Store
      const { directoryId, serviceId } = yield* World.World
      const address = yield* World.Address
      const directory = Option.getOrThrow(yield* store.directory(directoryId))
      const service = Option.getOrThrow(yield* store.service(serviceId))
      assert.deepStrictEqual(directory.webhookUrl, Option.some(`${address}/webhooks/directory`))
      assert.deepStrictEqual(service.callbackUrl, Option.some(`${address}/webhooks/service`))
    }))

  it.effect("leads whoever is not logged in to its form", () =>
    Effect.gen(function*() {
      const browser = yield* Browser.make
      const page = yield* browser.get("/")
      assert.deepStrictEqual([page.status, page.path], [200, "/login"])
      assert.include(page.text, "<form method=\"post\" action=\"/login\">")
    }))

  it.effect("links a device by a code, and learns of it by webhook", () =>
    Effect.gen(function*() {
      const browser = yield* Browser.make
      const phone = yield* device
      const page = yield* browser.submit("/link", { user: " Linking@Example.com " })
      assert.deepStrictEqual([page.status, page.path], [200, "/link/waiting"])
      assert.include(page.text, "<svg")
      yield* phone.link(codeOf(page))
      const told = yield* browser.listen("/link/events", ["completed"])
      assert.strictEqual(told.at(-1), "completed")
      assert.include((yield* browser.get("/link/waiting")).text, "Device linked")
      assert.include((yield* browser.get("/login")).text, "value=\"linking@example.com\"")
    }))

  it.effect("logs in whose device approves, and shows the device's name as text", () =>
    Effect.gen(function*() {
      const { browser, page, phone } = yield* loggedIn("approving@example.com")
      assert.deepStrictEqual([page.status, page.path], [200, "/"])
      assert.include(page.text, "Hello, approving@example.com")
      assert.include(page.text, "Pocket &lt;phone&gt;")
      assert.strictEqual((yield* phone.sessions).length, 1)
      assert.deepStrictEqual(Object.keys(yield* browser.cookies), ["session"])
      assert.strictEqual((yield* browser.get("/login")).path, "/")
    }))

  it.effect("starts no session before the device has answered", () =>
    Effect.gen(function*() {
      const { browser, phone } = yield* waiting("undecided@example.com")
      assert.strictEqual((yield* browser.get("/login/waiting")).path, "/login/waiting")
      assert.strictEqual((yield* browser.get("/")).path, "/login")
      assert.deepStrictEqual(yield* phone.sessions, [])
    }))

  it.effect("shows the number that the device shows", () =>
    Effect.gen(function*() {
      const { page, phone } = yield* waiting("comparing@example.com")
      const number = /class="number">(\d\d)</.exec(page.text)?.[1]
      const [request] = yield* phone.pending
      assert.include(Option.getOrThrow(request?.context ?? Option.none()), `the number ${number}.`)
    }))

  it.effect("logs nobody in whose device denies", () =>
    Effect.gen(function*() {
      const { browser, phone } = yield* waiting("denying@example.com")
      yield* phone.deny({ denialReason: "later" })
      assert.include((yield* ended(browser)).text, "denied on your device")
      assert.strictEqual((yield* browser.get("/")).path, "/login")
      assert.deepStrictEqual(yield* phone.sessions, [])
    }))

  it.effect("tells of a login that was reported as fraud", () =>
    Effect.gen(function*() {
      const { browser, phone } = yield* waiting("reporting@example.com")
      yield* phone.deny({ denialReason: "fraud" })
      assert.include((yield* ended(browser)).text, "reported as not yours")
      assert.deepStrictEqual(yield* phone.sessions, [])
    }))

  it.effect("tells of a device that could not do what was asked", () =>
    Effect.gen(function*() {
      const { browser, phone } = yield* waiting("failing@example.com")
      yield* phone.fail("SENSOR")
      assert.include((yield* ended(browser)).text, "could not do what this login asks for")
    }))

  it.effect("asks nobody for a name without a device", () =>
    Effect.gen(function*() {
      const browser = yield* Browser.make
      const page = yield* browser.submit("/login", { user: "nobody@example.com" })
      assert.strictEqual(page.status, 422)
      assert.include(page.text, "no device is linked to that name")
      assert.include(page.text, "value=\"nobody@example.com\"")
    }))

  it.effect("goes on with a login of the same browser that is open", () =>
    Effect.gen(function*() {
      const { browser, phone } = yield* waiting("resuming@example.com")
      const page = yield* browser.submit("/login", { user: "resuming@example.com" })
      assert.strictEqual(page.status, 409)
      assert.include(page.text, "href=\"/login/waiting\"")
      assert.include(page.text, "action=\"/login/again\"")
      yield* phone.approve()
      assert.include((yield* ended(browser)).text, "Hello, resuming@example.com")
    }))

  it.effect("cancels a login of the same browser that is open, and asks again", () =>
    Effect.gen(function*() {
      const { browser, phone } = yield* waiting("again@example.com")
      yield* browser.submit("/login", { user: "again@example.com" })
      const [before] = yield* phone.pending
      assert.strictEqual((yield* browser.submit("/login/again")).path, "/login/waiting")
      const [now, ...others] = yield* phone.pending
      assert.notStrictEqual(now?.id, before?.id)
      assert.deepStrictEqual(others, [])
      yield* phone.approve()
      assert.strictEqual((yield* ended(browser)).path, "/")
    }))

  it.effect("lets no other browser go on with an open login, or cancel it", () =>
    Effect.gen(function*() {
      const { browser, phone } = yield* waiting("besieged@example.com")
      const other = yield* Browser.make
      const page = yield* other.submit("/login", { user: "besieged@example.com" })
      assert.strictEqual(page.status, 409)
      assert.notInclude(page.text, "/login/waiting")
      assert.notInclude(page.text, "/login/again")
      assert.strictEqual((yield* other.submit("/login/again")).path, "/login")
      assert.strictEqual((yield* phone.pending).length, 1)
      yield* phone.approve()
      assert.strictEqual((yield* ended(browser)).path, "/")
      assert.strictEqual((yield* other.get("/login/waiting")).path, "/login")
    }))

  it.effect("says so when another service is asking the user", () =>
    Effect.gen(function*() {
      const browser = yield* Browser.make
      const phone = yield* linked("busy@example.com", browser)
      const directory = yield* DirectoryClient.DirectoryClient
      const other = yield* directory.createService("Elsewhere")
      const { baseUrl, organizationId, organizationKey } = yield* World.World
      yield* Effect.flatMap(ServiceClient.ServiceClient, ({ authorize }) => authorize("busy@example.com")).pipe(
        Effect.provide(
          ServiceClient.layer({ serviceId: other }).pipe(Layer.provide(Transport.layer({
            issuer: Entity.organization(organizationId),
            baseUrl,
            signingKey: organizationKey
          })))
        )
      )
      const page = yield* browser.submit("/login", { user: "busy@example.com" })
      assert.strictEqual(page.status, 409)
      assert.include(page.text, "Another service asks it something")
      yield* phone.deny()
    }))

  it.effect("takes a login back that its user cancels", () =>
    Effect.gen(function*() {
      const { browser, phone } = yield* waiting("canceling@example.com")
      assert.strictEqual((yield* browser.submit("/login/cancel")).path, "/login")
      assert.deepStrictEqual(yield* phone.pending, [])
      assert.deepStrictEqual(Object.keys(yield* browser.cookies), ["link"])
    }))

  it.effect("withdraws the login that a browser leaves for another user's", () =>
    Effect.gen(function*() {
      const { browser, phone } = yield* waiting("leaving@example.com")
      const other = yield* linked("coming@example.com", yield* Browser.make)
      yield* browser.submit("/login", { user: "coming@example.com" })
      assert.deepStrictEqual(yield* phone.pending, [])
      yield* other.approve()
      assert.include((yield* ended(browser)).text, "Hello, coming@example.com")
    }))

  it.effect("ends a session with the logout, here and on the device", () =>
    Effect.gen(function*() {
      const { browser, phone } = yield* loggedIn("leaver@example.com")
      assert.strictEqual((yield* browser.submit("/logout")).path, "/login")
      assert.deepStrictEqual(yield* phone.sessions, [])
      assert.strictEqual((yield* browser.get("/")).path, "/login")
    }))

  it.effect("keeps a user on the device for as long as one browser is logged in", () =>
    Effect.gen(function*() {
      const { browser, phone } = yield* loggedIn("twice@example.com")
      const other = yield* Browser.make
      yield* other.submit("/login", { user: "twice@example.com" })
      yield* phone.approve()
      assert.strictEqual((yield* ended(other)).path, "/")
      yield* browser.submit("/logout")
      assert.strictEqual((yield* phone.sessions).length, 1)
      yield* other.submit("/logout")
      assert.deepStrictEqual(yield* phone.sessions, [])
    }))

  it.effect("ends all sessions of a user who logs out on the device, and tells the open page", () =>
    Effect.gen(function*() {
      const { browser, phone } = yield* loggedIn("remote@example.com")
      const { browser: bystander } = yield* loggedIn("bystander@example.com")
      yield* phone.endSessions()
      assert.strictEqual((yield* browser.listen("/account/events", ["ended"])).at(-1), "ended")
      const page = yield* browser.get("/")
      assert.strictEqual(page.path, "/login")
      assert.include(page.text, "Your session has ended.")
      assert.strictEqual((yield* bystander.get("/")).path, "/")
    }))

  it.effect("lets nobody take a name that has a device, or is about to get one", () =>
    Effect.gen(function*() {
      const { browser } = yield* waiting("taken@example.com")
      const stranger = yield* Browser.make
      assert.include((yield* stranger.submit("/link", { user: "taken@example.com" })).text, "has a device already")
      yield* browser.submit("/link", { user: "half@example.com" })
      assert.include((yield* stranger.submit("/link", { user: "half@example.com" })).text, "Somebody is linking")
    }))

  it.effect("makes a code worthless when another is shown in its place", () =>
    Effect.gen(function*() {
      const browser = yield* Browser.make
      const phone = yield* device
      const first = codeOf(yield* browser.submit("/link", { user: "restarting@example.com" }))
      const second = codeOf(yield* browser.submit("/link", { user: "restarting@example.com" }))
      assert.strictEqual((yield* Effect.flip(phone.link(first)))._tag, "EntityNotFound")
      yield* phone.link(second)
      assert.strictEqual((yield* browser.listen("/link/events", ["completed"])).at(-1), "completed")
    }))

  it.effect("links a further device for the user who is logged in alone, whatever the form says", () =>
    Effect.gen(function*() {
      const { browser } = yield* loggedIn("owner@example.com")
      const tablet = yield* device
      yield* tablet.link(codeOf(yield* browser.submit("/link", { user: "victim@example.com" })))
      yield* browser.listen("/link/events", ["completed"])
      const directory = yield* DirectoryClient.DirectoryClient
      assert.strictEqual((yield* directory.listDevices("owner@example.com")).length, 2)
      assert.deepStrictEqual(yield* directory.listDevices("victim@example.com"), [])
    }))

  it.effect("takes webhooks of requests and links that it does not know, and does nothing with them", () =>
    Effect.gen(function*() {
      const service = yield* ServiceClient.ServiceClient
      const directory = yield* DirectoryClient.DirectoryClient
      const phone = yield* device
      const { code } = yield* directory.linkDevice("stranger@example.com")
      yield* phone.link(code)
      assert.strictEqual(yield* lastAnswer, 204)
      yield* service.authorize("stranger@example.com")
      yield* phone.approve()
      assert.strictEqual(yield* lastAnswer, 204)
      assert.deepStrictEqual(yield* phone.sessions, [])
    }))

  it.effect("believes no webhook that the platform has not signed", () =>
    Effect.gen(function*() {
      const client = yield* HttpClient.HttpClient
      const address = yield* World.Address
      const { browser } = yield* loggedIn("unmoved@example.com")
      for (const path of ["/webhooks/service", "/webhooks/directory"]) {
        const { status } = yield* HttpClientRequest.post(`${address}${path}`).pipe(
          HttpClientRequest.setHeader("x-iov-jwt", "e30.e30.e30"),
          HttpClientRequest.bodyUnsafeJson({ service_user_hash: "somebody", api_time: "2026-01-01T00:00:00Z" }),
          client.execute,
          Effect.scoped
        )
        assert.strictEqual(status, 401)
      }
      assert.strictEqual((yield* browser.get("/")).path, "/")
    }))

  it.effect("refuses forms of other sites, and those that do not say whose they are", () =>
    Effect.gen(function*() {
      const { browser, phone } = yield* loggedIn("forged@example.com")
      for (const from of [Option.some("https://evil.example"), Option.some("null"), Option.none()]) {
        for (const path of ["/logout", "/login", "/login/again", "/login/cancel", "/link"]) {
          assert.strictEqual((yield* browser.submit(path, { user: "forged@example.com" }, from)).status, 403)
        }
      }
      assert.strictEqual((yield* browser.get("/")).path, "/")
      assert.deepStrictEqual(yield* phone.pending, [])
    }))

  it.effect("gives every page its policy, and every cookie its limits", () =>
    Effect.gen(function*() {
      const client = yield* HttpClient.HttpClient
      const address = yield* World.Address
      const { headers } = yield* (yield* Browser.make).get("/login")
      assert.include(headers["content-security-policy"] ?? "", "default-src 'none'; script-src 'self'")
      assert.strictEqual(headers["x-content-type-options"], "nosniff")
      assert.strictEqual(headers["cache-control"], "no-store")
      const { headers: { "set-cookie": cookie } } = yield* HttpClientRequest.post(`${address}/link`).pipe(
        HttpClientRequest.bodyUrlParams({ user: "cookie@example.com" }),
        HttpClientRequest.setHeader("origin", address),
        client.execute,
        Effect.scoped
      )
      assert.match(cookie ?? "", /^link=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/)
    }))

  it.effect("shows what was typed as text", () =>
    Effect.gen(function*() {
      const browser = yield* Browser.make
      const { text } = yield* browser.submit("/login", { user: "\"><script>alert(1)</script>" })
      assert.notInclude(text, "<script>alert")
      assert.include(text, "value=\"&quot;&gt;&lt;script&gt;")
    }))

  it.effect("asks for another name where none or too long a one was given", () =>
    Effect.gen(function*() {
      const browser = yield* Browser.make
      for (const user of ["", "  ", "x".repeat(101)]) {
        for (const path of ["/login", "/link"]) {
          const page = yield* browser.submit(path, { user })
          assert.strictEqual(page.status, 422)
          assert.include(page.text, "1 to 100 characters")
        }
      }
      assert.strictEqual((yield* browser.submit("/login", { name: "x" })).status, 400)
      assert.strictEqual((yield* browser.get("/nowhere")).status, 404)
    }))

  it.effect("tells nobody of a login, a link or a session who has none", () =>
    Effect.gen(function*() {
      const browser = yield* Browser.make
      for (const path of ["/login/events", "/link/events", "/account/events"]) {
        assert.strictEqual((yield* browser.get(path)).status, 401)
      }
      assert.strictEqual((yield* browser.get("/login/waiting")).path, "/login")
      assert.strictEqual((yield* browser.get("/link/waiting")).path, "/link")
    }))
})
