import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as Admin from "@effect-launchkey/platform/Admin"
import { AdminApi } from "@effect-launchkey/platform/AdminApi"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as AuditLog from "@effect-launchkey/platform/AuditLog"
import * as Console from "@effect-launchkey/platform/Console"
import { ConsoleApi, live, RecentlyVerified, SignedIn } from "@effect-launchkey/platform/ConsoleApi"
import * as InProcess from "@effect-launchkey/platform/InProcess"
import * as KeyVault from "@effect-launchkey/platform/KeyVault"
import * as MemoryStore from "@effect-launchkey/platform/MemoryStore"
import { identifier, type OperatorId } from "@effect-launchkey/platform/Operator"
import * as Operators from "@effect-launchkey/platform/Operators"
import * as PlatformClock from "@effect-launchkey/platform/PlatformClock"
import * as PlatformKeys from "@effect-launchkey/platform/PlatformKeys"
import * as RelyingParty from "@effect-launchkey/platform/RelyingParty"
import * as SqlPlatform from "@effect-launchkey/platform/sql/SqlPlatform"
import * as Store from "@effect-launchkey/platform/Store"
import * as WebhookQueue from "@effect-launchkey/platform/WebhookQueue"
import * as WebhookSender from "@effect-launchkey/platform/WebhookSender"
import { serverUrl, withFile, withPg } from "@effect-launchkey/testing/sql/TestDatabases"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { assert, describe, it, layer } from "@effect/vitest"
import {
  Context,
  DateTime,
  Duration,
  Effect,
  Either,
  Encoding,
  Fiber,
  Layer,
  Option,
  Queue,
  Redacted,
  Ref,
  Schema,
  Stream,
  TestClock
} from "effect"
import { newDevice, newRequest, newUser } from "./storeContract.ts"
import * as SoftPasskey from "./support/softPasskey.ts"
import { flags, type Lies } from "./support/softPasskey.ts"

const origin = "https://mfa.example.com"

const above = <A, E, R>(kept: Layer.Layer<A, E, R>) =>
  Administration.layer.pipe(
    Layer.provideMerge(WebhookSender.layer),
    Layer.provideMerge(kept),
    Layer.provideMerge(PlatformClock.layer)
  )

const inMemory = above(Layer.mergeAll(
  MemoryStore.layer(),
  PlatformKeys.layerGenerated,
  AuditLog.layerMemory,
  Operators.layerMemory,
  WebhookQueue.layerMemory
))

const vault = KeyVault.layer({ keys: Redacted.make(Encoding.encodeBase64Url(new Uint8Array(32).fill(7))) })

const inFile = withFile((filename) => above(Layer.provide(SqlPlatform.layerLibsql({ filename }), vault)))

const inPg = withPg(({ url }) => above(Layer.provide(SqlPlatform.layerPg({ url, maxConnections: 4 }), vault)))

/** What the tests share of a platform: its console, and who administers it. */
class Platform extends Context.Tag("@effect-launchkey/platform/test/Console/Platform")<Platform, {
  readonly app: HttpApp.Default
  readonly admin: Effect.Effect.Success<typeof administering>
}>() {}

const administering = Effect.gen(function*() {
  const httpClient = InProcess.make(yield* Admin.httpApp).pipe(
    HttpClient.mapRequest(HttpClientRequest.prependUrl("http://admin"))
  )
  const { admin } = yield* HttpApiClient.makeWith(AdminApi, { httpClient })
  return admin
})

const platform = Layer.effect(
  Platform,
  Effect.all({ app: Console.httpApp({ baseUrl: `${origin}/` }), admin: administering })
)

/** A browser with the console's page open: it keeps cookies, and says where it asks from. */
const browser = Effect.gen(function*() {
  const { app } = yield* Platform
  const cookies = yield* Ref.make<Readonly<Record<string, string>>>({})
  const http = InProcess.make(app).pipe(
    HttpClient.mapRequest((request) =>
      request.pipe(
        HttpClientRequest.prependUrl(origin),
        HttpClientRequest.setHeaders({ "content-type": "application/json", origin, "sec-fetch-site": "same-origin" })
      )
    ),
    HttpClient.mapRequestEffect((request) =>
      Effect.map(Ref.get(cookies), (all) =>
        HttpClientRequest.setHeader(
          request,
          "cookie",
          Object.entries(all).map(([name, value]) => `${name}=${value}`).join("; ")
        ))
    ),
    HttpClient.tap((response) =>
      Ref.update(cookies, (all) => ({
        ...all,
        ...Object.fromEntries(Object.values(response.cookies.cookies).map(({ name, value }) => [name, value]))
      }))
    )
  )
  return { ...yield* HttpApiClient.makeWith(ConsoleApi, { httpClient: http }), http, cookies }
})

type Browser = Effect.Effect.Success<typeof browser>

const invite = (name: string) =>
  Effect.flatMap(Platform, ({ admin }) => admin.inviteOperator({ payload: { name } })).pipe(
    Effect.map(({ operator, token }) => ({ operator, token: Redacted.value(token) }))
  )

const accept = ({ access }: Browser, passkey: SoftPasskey.SoftPasskey, token: string, lies?: Lies) =>
  Effect.gen(function*() {
    const { options } = yield* access.invitationOptions({ payload: { token } })
    const response = passkey.make(options, lies)
    return yield* access.acceptInvitation({ payload: { token, passkeyName: "Laptop", response } })
  })

/** Somebody who was invited, and signed in by it. */
const operator = (name = "Ada") =>
  Effect.gen(function*() {
    const page = yield* browser
    const passkey = SoftPasskey.make(origin)
    const { token } = yield* invite(name)
    const session = yield* accept(page, passkey, token)
    return { page, passkey, session, id: session.operator.id }
  })

const signIn = ({ access }: Browser, passkey: SoftPasskey.SoftPasskey, lies?: Lies) =>
  Effect.flatMap(access.signInOptions(), (options) => access.signIn({ payload: passkey.use(options, lies) }))

const verify = ({ account }: Browser, passkey: SoftPasskey.SoftPasskey, lies?: Lies) =>
  Effect.flatMap(account.verificationOptions(), (options) => account.verify({ payload: passkey.use(options, lies) }))

/** Moves what the console goes by, and no timer. */
const pass = (time: Duration.DurationInput) =>
  Effect.flatMap(PlatformClock.PlatformClock, ({ advance }) => advance(time))

const tagOf = <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), ({ _tag }) => _tag)

const audited = (id: OperatorId) =>
  Effect.gen(function*() {
    const log = yield* AuditLog.AuditLog
    const entries = yield* log.entries({ limit: 10_000 })
    return entries.filter(({ on }) => on === identifier(id)).map(({ act, actor }) => [act, actor])
  })

/** What no store decides is tried over one of them: `thorough`. */
const suite = <E>(
  name: string,
  live_: Layer.Layer<Admin.Services, E>,
  { thorough }: { readonly thorough: boolean }
) =>
  layer(Layer.provideMerge(platform, live_))(name, (it) => {
    it.effect("lets in whoever was invited, by a passkey from then on, and records it in their name", () =>
      Effect.gen(function*() {
        const { id, page, passkey, session } = yield* operator("Grace")
        assert.strictEqual(session.operator.name, "Grace")
        yield* page.account.signOut()
        assert.strictEqual(yield* tagOf(page.account.session()), "SignInNeeded")
        const again = yield* signIn(page, passkey)
        assert.strictEqual(again.operator.id, id)
        assert.notStrictEqual(again.id, session.id)
        assert.deepStrictEqual(yield* page.account.session(), again)
        const me = identifier(id)
        assert.deepStrictEqual(yield* audited(id), [
          ["operator.invite", "admin"],
          ["operator.passkey.add", me],
          ["operator.sign-in", me]
        ])
        const organization = (yield* Administration.Administration).createOrganization("Acme")
        const { id: organizationId } = yield* organization
        const { id: directoryId } = yield* page.operating.createDirectory({
          payload: { organizationId, name: "Staff" }
        })
        const [last] = (yield* (yield* AuditLog.AuditLog).entries({ limit: 10_000 })).slice(-1)
        assert.deepInclude(last, { act: "directory.create", actor: me, on: Entity.directory(directoryId) })
        assert.isTrue(Option.isNone((yield* page.operating.verifyAudit({ payload: {} })).broken))
      }))

    it.effect("lets an invitation in once, only while it holds, and only the latest of an operator", () =>
      Effect.gen(function*() {
        const { admin } = yield* Platform
        const page = yield* browser
        const { operator, token } = yield* invite("Once")
        const first = SoftPasskey.make(origin)
        const { options } = yield* page.access.invitationOptions({ payload: { token } })
        yield* accept(page, first, token)
        const late = { token, passkeyName: "Other", response: SoftPasskey.make(origin).make(options) }
        assert.strictEqual(yield* tagOf(page.access.acceptInvitation({ payload: late })), "InvitationRefused")
        const again = yield* admin.inviteOperator({ payload: { operatorId: operator.id } })
        const latest = yield* admin.inviteOperator({ payload: { operatorId: operator.id } })
        const of = ({ token }: typeof again) => ({ payload: { token: Redacted.value(token) } })
        assert.strictEqual(yield* tagOf(page.access.invitationOptions(of(again))), "InvitationRefused")
        yield* page.access.invitationOptions(of(latest))
        yield* pass("15 minutes")
        assert.strictEqual(yield* tagOf(page.access.invitationOptions(of(latest))), "InvitationRefused")
        const unknown = { payload: { token: "A".repeat(43) } }
        assert.strictEqual(yield* tagOf(page.access.invitationOptions(unknown)), "InvitationRefused")
      }))

    it.effect("lets one in of those who accept an invitation at once", () =>
      Effect.gen(function*() {
        const { token } = yield* invite("Race")
        const all = yield* Effect.forEach(
          [1, 2, 3, 4],
          () => Effect.flatMap(browser, (page) => Effect.either(accept(page, SoftPasskey.make(origin), token))),
          { concurrency: "unbounded" }
        )
        assert.lengthOf(all.filter(({ _tag }) => _tag === "Right"), 1)
      }))

    it.effect("lets nobody in by an answer that was given before, for another purpose, or too late", () =>
      Effect.gen(function*() {
        yield* pass("1 minute")
        const { page, passkey } = yield* operator("Replay")
        const other = yield* browser
        const options = yield* other.access.signInOptions()
        const payload = passkey.use(options)
        yield* other.access.signIn({ payload })
        assert.strictEqual(yield* tagOf(other.access.signIn({ payload })), "PasskeyRefused")
        const verification = yield* page.account.verificationOptions()
        const elsewhere = passkey.use(verification)
        assert.strictEqual(yield* tagOf(other.access.signIn({ payload: elsewhere })), "PasskeyRefused")
        // and it serves nowhere afterwards
        assert.strictEqual(yield* tagOf(page.account.verify({ payload: elsewhere })), "PasskeyRefused")
        const late = passkey.use(yield* other.access.signInOptions())
        yield* pass("5 minutes")
        assert.strictEqual(yield* tagOf(other.access.signIn({ payload: late })), "PasskeyRefused")
      }))

    it.effect("lets nobody in by a passkey whose counter does not go on, and by one that never counts", () =>
      Effect.gen(function*() {
        yield* pass("1 minute")
        const { page, passkey } = yield* operator("Counter")
        yield* signIn(page, passkey, { counter: 4_000_000_000 })
        assert.strictEqual(yield* tagOf(signIn(page, passkey, { counter: 4_000_000_000 })), "PasskeyRefused")
        assert.strictEqual(yield* tagOf(signIn(page, passkey, { counter: 0 })), "PasskeyRefused")
        yield* signIn(page, passkey, { counter: 4_000_000_001 })
        const { page: other, passkey: uncounted } = yield* operator("Uncounted")
        yield* signIn(other, uncounted, { counter: 0 })
        yield* signIn(other, uncounted, { counter: 0 })
      }))

    it.effect("ends a session half an hour after its last use, and twelve hours after its start", () =>
      Effect.gen(function*() {
        const idle = yield* operator("Idle")
        yield* pass("29 minutes")
        yield* idle.page.account.session()
        yield* pass("29 minutes")
        yield* idle.page.account.session()
        yield* pass("30 minutes")
        assert.strictEqual(yield* tagOf(idle.page.account.session()), "SignInNeeded")
        if (!thorough) {
          return
        }
        const busy = yield* operator("Busy")
        const expected = DateTime.addDuration(busy.session.started, "12 hours")
        for (let half = 0; half < 24; half++) {
          const { expires } = yield* busy.page.account.session()
          assert.isTrue(DateTime.lessThanOrEqualTo(expires, expected))
          yield* pass(half === 23 ? "41 minutes" : "29 minutes")
        }
        assert.strictEqual(yield* tagOf(busy.page.account.session()), "SignInNeeded")
      }), { timeout: 20_000 })

    it.effect("gives an operator further passkeys, and lets all go but the last", () =>
      Effect.gen(function*() {
        yield* pass("1 minute")
        const { id, page, passkey } = yield* operator("Several")
        const second = SoftPasskey.make(origin)
        const options = yield* page.account.passkeyOptions()
        assert.deepStrictEqual(
          options.excludeCredentials?.map(({ id }) =>
            id
          ),
          [passkey.id]
        )
        yield* page.account.addPasskey({ payload: { name: "Phone", response: second.make(options) } })
        const names = Effect.map(page.account.listPasskeys(), (all) =>
          all.map(({ name }) => name))
        assert.sameMembers([...(yield* names)], ["Laptop", "Phone"])
        const replayed = second.make(options)
        const again = { payload: { name: "Again", response: replayed } }
        assert.strictEqual(yield* tagOf(page.account.addPasskey(again)), "PasskeyRefused")
        const taken = second.make(yield* page.account.passkeyOptions())
        const same = { payload: { name: "Same", response: taken } }
        assert.strictEqual(yield* tagOf(page.account.addPasskey(same)), "PasskeyRefused")
        const other = yield* browser
        yield* signIn(other, second)
        assert.lengthOf(yield* other.account.listSessions(), 2)
        yield* other.account.removePasskey({ payload: { id: passkey.id } })
        // and with it what it began
        assert.strictEqual(yield* tagOf(page.account.session()), "SignInNeeded")
        assert.strictEqual(yield* tagOf(signIn(page, passkey)), "PasskeyRefused")
        const last = { payload: { id: second.id } }
        assert.strictEqual(yield* tagOf(other.account.removePasskey(last)), "LastPasskey")
        const { page: stranger } = yield* operator("Stranger")
        assert.strictEqual(yield* tagOf(stranger.account.removePasskey(last)), "EntityNotFound")
        assert.include((yield* audited(id)).map(([act]) => act), "operator.passkey.remove")
      }))

    it.effect("ends sessions when their operator says so, and when whoever has the machine does", () =>
      Effect.gen(function*() {
        yield* pass("1 minute")
        const { admin } = yield* Platform
        const { id, page, passkey } = yield* operator("Ended")
        const other = yield* browser
        const { id: otherSession } = yield* signIn(other, passkey)
        const { page: stranger } = yield* operator("Stranger")
        yield* stranger.account.endSession({ payload: { id: otherSession } })
        yield* other.account.session()
        yield* page.account.endSession({ payload: { id: otherSession } })
        assert.strictEqual(yield* tagOf(other.account.session()), "SignInNeeded")
        const { ended } = yield* admin.endOperatorSessions({ payload: { operatorId: id } })
        assert.strictEqual(ended, 1)
        assert.strictEqual(yield* tagOf(page.account.session()), "SignInNeeded")
        yield* signIn(page, passkey)
        yield* admin.removeOperator({ payload: { operatorId: id } })
        assert.strictEqual(yield* tagOf(page.account.session()), "SignInNeeded")
        assert.strictEqual(yield* tagOf(signIn(page, passkey)), "PasskeyRefused")
        assert.notInclude((yield* admin.listOperators()).map(({ id }) => id), id)
        assert.strictEqual(yield* tagOf(admin.removeOperator({ payload: { operatorId: id } })), "EntityNotFound")
      }))

    it.effect("lists the latest requests of all, a service or a directory, a page at a time, and says nothing of their users", () =>
      Effect.gen(function*() {
        const { page } = yield* operator("Watch")
        const store = yield* Store.Store
        const now = yield* (yield* PlatformClock.PlatformClock).now
        const user = newUser()
        const requests = [0, 1, 2].map((n) => ({
          ...newRequest({ ...user, identifier: `user ${n}` }, 0),
          created: DateTime.addDuration(now, n),
          expires: DateTime.addDuration(now, "1 minute")
        }))
        yield* Effect.forEach(requests, store.openAuthorization)
        const [first, second, third] = requests
        if (first === undefined || second === undefined || third === undefined) return assert.fail("none")
        yield* store.closeAuthorization(second.id, now, { _tag: "Canceled" })
        const of = Entity.directory(user.directoryId)
        const listed = yield* page.operating.listRequests({ payload: { of, limit: 2 } })
        assert.deepStrictEqual(listed.map(({ id, state }) => [id, state]), [[third.id, "OPEN"], [
          second.id,
          "CANCELED"
        ]])
        assert.notInclude(JSON.stringify(listed), "user")
        const before = listed.at(-1)
        const rest = yield* page.operating.listRequests({ payload: { of, before, limit: 2 } })
        assert.deepStrictEqual(rest.map(({ id }) => id), [first.id])
        const ofService = { of: Entity.service(first.serviceId), limit: 200 }
        const some = yield* page.operating.listRequests({ payload: ofService })
        assert.deepStrictEqual(some.map(({ id }) => id), [first.id])
        yield* pass("2 minutes")
        const all = yield* page.operating.listRequests({ payload: { limit: 200 } })
        const states = new Map(all.map(({ id, state }) => [id, state]))
        assert.deepStrictEqual(requests.map(({ id }) => states.get(id)), ["EXPIRED", "CANCELED", "EXPIRED"])
      }))

    it.effect("shows what it manages, and changes it", () =>
      Effect.gen(function*() {
        yield* pass("1 minute")
        const { page: { operating } } = yield* operator("Manager")
        const { id: organizationId, keyId } = yield* operating.createOrganization({
          payload: { name: "Managed", publicKey: TestKeys.service.publicKey }
        })
        assert.include((yield* operating.listOrganizations()).map(({ id }) => id), organizationId)
        const entity = Entity.organization(organizationId)
        assert.deepStrictEqual((yield* operating.listKeys({ payload: { entity } })).map(({ id }) => id), [keyId])
        const last = operating.removeKey({ payload: { entity, keyId } })
        assert.strictEqual(yield* tagOf(last), "LastRemainingKey")
        const { id } = yield* operating.createDirectory({ payload: { organizationId, name: "Staff" } })
        const webhookUrl = "https://hooks.example.com/"
        yield* operating.updateDirectory({ payload: { id, active: false, webhookUrl } })
        const [directory] = yield* operating.listDirectories({ payload: { organizationId } })
        assert.deepInclude(directory, { active: false, webhookUrl: Option.some(webhookUrl) })
        const owner = Entity.directory(id)
        const { id: serviceId } = yield* operating.createService({ payload: { owner, service: { name: "Shop" } } })
        yield* operating.updateService({ payload: { id: serviceId, name: "Store", callbackUrl: webhookUrl } })
        const [service] = yield* operating.listServices({ payload: { owner } })
        assert.deepInclude(service, { name: "Store", callbackUrl: Option.some(webhookUrl) })
        const unknown = operating.setPolicy({
          payload: { serviceId, policy: Schema.decodeSync(ServicePolicy.ServicePolicy)({ type: "NEWER" }) }
        })
        assert.strictEqual(yield* tagOf(unknown), "InvalidPolicyInput")
        const nobody = { payload: { directoryId: id, user: "nobody" } }
        assert.strictEqual(yield* tagOf(operating.listDevices(nobody)), "EntityNotFound")
        assert.deepStrictEqual(yield* operating.listDeliveries(), [])
        assert.isNotEmpty(yield* operating.listPlatformKeys())
        assert.isNotEmpty(yield* operating.listOperators())
      }))

    it.effect("shows the audit log from its end, a page at a time", () =>
      Effect.gen(function*() {
        yield* pass("1 minute")
        const { page: { operating } } = yield* operator("Reader")
        const { createOrganization } = yield* Administration.Administration
        yield* Effect.forEach(["One", "Two", "Three"], createOrganization)
        const whole = [...(yield* (yield* AuditLog.AuditLog).entries({ limit: 10_000 }))].reverse()
        const first = yield* operating.listAudit({ payload: { limit: 2 } })
        assert.deepStrictEqual(first, whole.slice(0, 2))
        const rest = yield* operating.listAudit({ payload: { before: first.at(-1)?.sequence, limit: 1000 } })
        assert.deepStrictEqual(rest, whole.slice(2))
        assert.deepStrictEqual(yield* operating.listAudit({ payload: { before: 1, limit: 1000 } }), [])
      }))

    it.effect("shows reports of fraud, and lets their service ask again in the name of its operator", () =>
      Effect.gen(function*() {
        yield* pass("1 minute")
        const { id, page: { operating } } = yield* operator("Lenient")
        const { createOrganization } = yield* Administration.Administration
        const { id: organizationId } = yield* createOrganization("Reported")
        const { id: directoryId } = yield* operating.createDirectory({ payload: { organizationId, name: "Staff" } })
        const owner = Entity.directory(directoryId)
        const { id: serviceId } = yield* operating.createService({ payload: { owner, service: { name: "Shop" } } })
        const store = yield* Store.Store
        const at = yield* (yield* PlatformClock.PlatformClock).now
        const authorizationRequestId = newRequest(newUser(), 0).id
        const deviceId = newDevice(newUser()).id
        const report = { authorizationRequestId, serviceId, directoryId, deviceId, at }
        yield* store.recordFraud(report)
        const listed = yield* operating.listFraud({ payload: { limit: 1000 } })
        assert.deepStrictEqual(listed.filter((each) => each.serviceId === serviceId), [report])
        const nobody = operating.liftFraud({ payload: { directoryId, serviceId, user: "nobody" } })
        assert.strictEqual(yield* tagOf(nobody), "EntityNotFound")
        yield* store.ensureUser({ directoryId, identifier: "ada" })
        yield* operating.liftFraud({ payload: { directoryId, serviceId, user: "ada" } })
        const [last] = yield* operating.listAudit({ payload: { limit: 1 } })
        assert.deepInclude(last, { act: "fraud.lift", actor: identifier(id), on: Entity.service(serviceId) })
      }))

    if (!thorough) return

    it.effect("gives the page a cookie that no script sees and no other site sends", () =>
      Effect.gen(function*() {
        const page = yield* browser
        const { token } = yield* invite("Cookie")
        const passkey = SoftPasskey.make(origin)
        const { options } = yield* page.access.invitationOptions({ payload: { token } })
        const payload = { token, passkeyName: "Laptop", response: passkey.make(options) }
        const [, response] = yield* page.access.acceptInvitation({ payload, withResponse: true })
        const [cookie] = Object.values(response.cookies.cookies)
        assert.strictEqual(cookie?.name, "__Host-launchkey-console")
        assert.lengthOf(cookie?.value ?? "", 43)
        assert.deepStrictEqual(cookie?.options, { httpOnly: true, path: "/", sameSite: "strict", secure: true })
        assert.strictEqual(response.headers["cache-control"], "no-store")
      }))

    const made: ReadonlyArray<readonly [string, Lies]> = [
      ["for another origin", { origin: "https://mfa.example.com.evil.example" }],
      ["for another port of the host", { origin: "https://mfa.example.com:8443" }],
      ["for another host", { rpId: "example.com" }],
      ["in a frame of another site", { crossOrigin: true }],
      ["without its user verified", { flags: flags.present }],
      ["without its user there", { flags: flags.verified }],
      ["for a challenge of its own", { challenge: "AAAA" }],
      ["by what uses passkeys", { type: "webauthn.get" }],
      ["with an attestation", {
        format: "packed",
        attestation: new Map<string, number | Uint8Array>([["alg", -7], ["sig", Buffer.alloc(70)], [
          "x5c",
          Buffer.alloc(1)
        ]])
      }]
    ]

    for (const [how, lies] of made) {
      it.effect(`takes no passkey that was made ${how}`, () =>
        Effect.gen(function*() {
          yield* pass("1 minute")
          const page = yield* browser
          const { operator, token } = yield* invite("Nobody")
          assert.strictEqual(yield* tagOf(accept(page, SoftPasskey.make(origin), token, lies)), "PasskeyRefused")
          assert.strictEqual(yield* tagOf(page.account.session()), "SignInNeeded")
          const { passkeys } = yield* Operators.Operators
          assert.deepStrictEqual(yield* passkeys(operator.id), [])
          yield* accept(page, SoftPasskey.make(origin), token)
        }))
    }

    const used: ReadonlyArray<readonly [string, Lies]> = [
      ["at another origin", { origin: "https://evil.example" }],
      ["for another host", { rpId: "evil.example" }],
      ["without its user verified", { flags: flags.present }],
      ["without its user there", { flags: flags.verified }],
      ["for a challenge that was not given", { challenge: "AAAA" }],
      ["by what makes passkeys", { type: "webauthn.create" }],
      ["with another's signature", { signature: Buffer.from("3006020101020101", "hex") }],
      ["for another operator", { userHandle: Encoding.encodeBase64Url("6ba7b810-9dad-11d1-80b4-00c04fd430c8") }],
      ["without saying whose it is", { userHandle: null }]
    ]

    for (const [how, lies] of used) {
      it.effect(`lets nobody in by a passkey that was used ${how}`, () =>
        Effect.gen(function*() {
          yield* pass("1 minute")
          const { id, passkey } = yield* operator("Lies")
          const page = yield* browser
          assert.strictEqual(yield* tagOf(signIn(page, passkey, lies)), "PasskeyRefused")
          assert.strictEqual(yield* tagOf(page.account.session()), "SignInNeeded")
          const refusals = (yield* audited(id)).filter(([act]) => act === "operator.sign-in.refused")
          // Of what was not asked for, nobody knows whose it is.
          assert.deepStrictEqual(refusals, "challenge" in lies ? [] : [["operator.sign-in.refused", "unknown"]])
          yield* signIn(page, passkey)
        }))
    }

    it.effect("lets nobody in by a passkey that it does not know", () =>
      Effect.gen(function*() {
        const page = yield* browser
        assert.strictEqual(
          yield* tagOf(signIn(page, SoftPasskey.make(origin), { userHandle: "AAAA" })),
          "PasskeyRefused"
        )
      }))

    it.effect("answers no call of another page, of a form, or without a session", () =>
      Effect.gen(function*() {
        const { page } = yield* operator("Foreign")
        const { app } = yield* Platform
        const { "__Host-launchkey-console": token } = yield* Ref.get(page.cookies)
        const http = InProcess.make(app)
        const asked = (headers: Readonly<Record<string, string>>, body = "{}") =>
          Effect.map(
            http.execute(
              HttpClientRequest.post(`${origin}/console/api/session`).pipe(
                HttpClientRequest.bodyText(body, headers["content-type"]),
                HttpClientRequest.setHeaders({ cookie: `__Host-launchkey-console=${token}`, ...headers })
              )
            ),
            ({ status }) => status
          )
        const own = { origin, "content-type": "application/json" }
        assert.strictEqual(yield* asked(own), 200)
        assert.strictEqual(yield* asked({ ...own, "content-type": "application/json; charset=utf-8" }), 200)
        const refused = [
          { "content-type": "application/json" },
          { ...own, origin: "https://evil.example" },
          { ...own, origin: "http://mfa.example.com" },
          { ...own, origin: "null" },
          { ...own, "sec-fetch-site": "same-site" },
          { ...own, "sec-fetch-site": "cross-site" },
          { ...own, "content-type": "text/plain" },
          { ...own, "content-type": "application/x-www-form-urlencoded" }
        ]
        for (const headers of refused) assert.strictEqual(yield* asked(headers), 403, JSON.stringify(headers))
        assert.strictEqual(yield* asked({ ...own, cookie: "" }), 401)
        assert.strictEqual(yield* asked({ ...own, cookie: `__Host-launchkey-console=${"A".repeat(43)}` }), 401)
        assert.strictEqual(yield* asked({ ...own, cookie: `launchkey-console=${token}` }), 401)
      }))

    it.effect("asks for a passkey anew before what is dangerous, ten minutes after it was used last", () =>
      Effect.gen(function*() {
        const { page, passkey } = yield* operator("Careful")
        const { createOrganization } = yield* Administration.Administration
        const { id: organizationId } = yield* createOrganization("Careful")
        const owner = Entity.organization(organizationId)
        const { id: serviceId } = yield* page.operating.createService({ payload: { owner, service: { name: "Shop" } } })
        const policy = ServicePolicy.methodAmount(2)
        const set = page.operating.setPolicy({ payload: { serviceId, policy } })
        yield* set
        yield* pass("601 seconds")
        assert.strictEqual(yield* tagOf(set), "VerificationNeeded")
        const close = page.operating.updateService({ payload: { id: serviceId, active: false } })
        assert.strictEqual(yield* tagOf(close), "VerificationNeeded")
        yield* page.operating.listServices({ payload: { owner } })
        const { page: otherPage, passkey: others } = yield* operator("Other")
        assert.strictEqual(yield* tagOf(verify(page, others)), "PasskeyRefused")
        // what another session was asked is of no use here
        const foreign = passkey.use(yield* otherPage.account.verificationOptions())
        assert.strictEqual(yield* tagOf(page.account.verify({ payload: foreign })), "PasskeyRefused")
        assert.strictEqual(yield* tagOf(set), "VerificationNeeded")
        yield* verify(page, passkey)
        yield* set
        const [service] = yield* page.operating.listServices({ payload: { owner } })
        assert.deepStrictEqual(service?.policy, policy)
      }))

    it.effect("streams the latest requests as they change, to whoever is signed in", () =>
      Effect.gen(function*() {
        const { page } = yield* operator("Live")
        const { app } = yield* Platform
        const store = yield* Store.Store
        const user = newUser()
        const { "__Host-launchkey-console": token } = yield* Ref.get(page.cookies)
        const asked = (of: string) =>
          Effect.provideService(
            app,
            HttpServerRequest.HttpServerRequest,
            HttpServerRequest.fromWeb(
              new Request(`${origin}${live.path}?of=${of}`, {
                headers: { cookie: `__Host-launchkey-console=${token}`, "sec-fetch-site": "same-origin" }
              })
            )
          )
        const { body } = yield* asked(Entity.directory(user.directoryId))
        if (body._tag !== "Stream") return assert.fail("no stream")
        assert.strictEqual(body.contentType, live.contentType)
        const heard = yield* Queue.unbounded<ReadonlyArray<string>>()
        const listening = yield* Effect.fork(
          Stream.decodeText(body.stream).pipe(
            Stream.splitLines,
            Stream.filter((line) => line.startsWith("data: ")),
            Stream.mapEffect((line) => Schema.decode(live.Requests)(line.slice("data: ".length))),
            Stream.runForEach((list) => Queue.offer(heard, list.map(({ state }) => state)))
          )
        )
        const ticking = yield* Effect.fork(Effect.forever(TestClock.adjust("1 second")))
        assert.deepStrictEqual(yield* Queue.take(heard), [])
        const now = yield* (yield* PlatformClock.PlatformClock).now
        const request = { ...newRequest(user, 0), created: now, expires: DateTime.addDuration(now, "20 minutes") }
        yield* store.openAuthorization(request)
        assert.deepStrictEqual(yield* Queue.take(heard), ["OPEN"])
        yield* store.closeAuthorization(request.id, now, { _tag: "Canceled" })
        assert.deepStrictEqual(yield* Queue.take(heard), ["CANCELED"])
        yield* page.account.signOut()
        yield* Fiber.join(listening)
        yield* Fiber.interrupt(ticking)
        assert.strictEqual((yield* asked(Entity.directory(user.directoryId))).status, 401)
        assert.strictEqual((yield* asked("nobody")).status, 400)
      }))

    it.effect("lets an address try sixty times a minute", () =>
      Effect.gen(function*() {
        yield* pass("2 minutes")
        const page = yield* browser
        yield* Effect.forEach(Array(60).fill(0), () => page.access.signInOptions(), { discard: true })
        const limited = yield* Effect.flip(page.access.signInOptions())
        assert.strictEqual(limited._tag, "AccessLimited")
        yield* pass("1 minute")
        yield* page.access.signInOptions()
      }))

    it.effect("lets an operator go on whose address tries too often, and limits them by themselves", () =>
      Effect.gen(function*() {
        yield* pass("2 minutes")
        const { page, passkey } = yield* operator("Behind a proxy")
        const stranger = yield* browser
        const knock = Effect.forever(stranger.access.signInOptions())
        assert.strictEqual(yield* tagOf(knock), "AccessLimited")
        yield* verify(page, passkey)
        const ask = page.account.verificationOptions()
        yield* Effect.replicateEffect(ask, 58, { discard: true })
        assert.strictEqual(yield* tagOf(ask), "AccessLimited")
        yield* pass("1 minute")
      }))
  })

suite("a console of a platform in memory", inMemory, { thorough: true })
suite("a console of a platform in a file", inFile, { thorough: false })

describe.skipIf(serverUrl === undefined)("PostgreSQL", () => {
  suite("a console of a platform in PostgreSQL", inPg, { thorough: false })
})

describe("the console's contract", () => {
  const middlewares = (group: keyof typeof ConsoleApi.groups, tag: unknown) =>
    Object.values(ConsoleApi.groups[group]?.endpoints ?? {})
      .filter((endpoint) => Array.from<unknown>(endpoint.middlewares).includes(tag))
      .map(({ name }) => name)

  it("has a session for every call but those by which one begins", () => {
    for (const group of ["account", "operating"] as const) {
      assert.isTrue(Array.from<unknown>(ConsoleApi.groups[group]?.middlewares ?? []).includes(SignedIn))
    }
  })

  it("asks for a passkey anew before what takes away, and what lets in", () => {
    assert.sameMembers(middlewares("account", RecentlyVerified), ["passkeyOptions", "addPasskey", "removePasskey"])
    assert.sameMembers(middlewares("operating", RecentlyVerified), [
      "createOrganization",
      "updateDirectory",
      "updateService",
      "setPolicy",
      "addKey",
      "updateKey",
      "removeKey",
      "liftFraud",
      "unlinkDevice",
      "replayDelivery",
      "rotatePlatformKey",
      "retirePlatformKey"
    ])
  })
})

describe("where a console can be", () => {
  const reasonAt = (baseUrl: string) =>
    Either.match(RelyingParty.fromBaseUrl(baseUrl), { onLeft: ({ reason }) => reason, onRight: ({ id }) => id })

  it("is no place without TLS, or without a name", () => {
    assert.strictEqual(reasonAt("http://mfa.example.com"), "Insecure")
    assert.strictEqual(reasonAt("https://192.0.2.1"), "NoName")
    assert.strictEqual(reasonAt("https://[2001:db8::1]:8443"), "NoName")
    assert.strictEqual(reasonAt("http://127.0.0.1:8080"), "NoName")
    assert.strictEqual(reasonAt("https://mfa.example.com:8443/below"), "mfa.example.com")
    assert.strictEqual(reasonAt("http://localhost:8080"), "localhost")
  })
})
