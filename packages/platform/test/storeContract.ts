import { AuthorizationRequestId, DeviceId } from "@effect-launchkey/core/Authorization"
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import { LinkingCode, SdkKey } from "@effect-launchkey/core/Device"
import * as EffectivePolicy from "@effect-launchkey/core/EffectivePolicy"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import { TotpConfiguration } from "@effect-launchkey/core/Totp"
import * as Store from "@effect-launchkey/platform/Store"
import * as Arbitraries from "@effect-launchkey/testing/Arbitraries"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import { assert, layer } from "@effect/vitest"
import { Array, Context, DateTime, Duration, Effect, Either, FastCheck, type Layer, Option, Redacted } from "effect"
import * as crypto from "node:crypto"

/** The same store, as each of its nodes has it. */
export class Nodes extends Context.Tag("@effect-launchkey/platform/test/Nodes")<
  Nodes,
  readonly [Store.Service, ...ReadonlyArray<Store.Service>]
>() {}

export const at = (seconds: number) => DateTime.unsafeMake(seconds * 1000)

export const newUser = (): Store.UserKey => ({
  directoryId: Entity.DirectoryId.make(crypto.randomUUID()),
  identifier: "alice"
})

const newServiceId = () => Entity.ServiceId.make(crypto.randomUUID())

export const newRequest = (
  user: Store.UserKey,
  created: number,
  options: Partial<Store.Authorization> = {}
): Store.Authorization => {
  const serviceId = newServiceId()
  return {
    id: AuthorizationRequestId.make(crypto.randomUUID()),
    serviceId,
    user,
    request: { user: user.identifier },
    policy: EffectivePolicy.merge(ServicePolicy.none, AuthPolicy.none()),
    deviceIds: [DeviceId.make(crypto.randomUUID())],
    requester: {
      issuer: Entity.service(serviceId),
      recipient: { id: TestKeys.service.keyId, pem: TestKeys.service.publicKey }
    },
    created: at(created),
    expires: at(created + 60),
    state: { _tag: "Open" },
    ...options
  }
}

export const newDevice = (user: Store.UserKey): Store.Device => ({
  id: DeviceId.make(crypto.randomUUID()),
  user,
  status: "LINK_PENDING",
  name: Option.none(),
  type: Option.none(),
  created: at(0),
  updated: at(0)
})

const newCode = () =>
  LinkingCode.make(crypto.randomBytes(7).reduce((code, byte) => code + (byte % 36).toString(36), ""))

export const newLinking = (device: Store.Device): Store.Linking => ({
  code: newCode(),
  deviceId: device.id,
  expires: at(60),
  requester: Option.none()
})

const asLinked = (pending: Store.Device): Store.Device => ({ ...pending, status: "LINKED" })

const key = (n: number): Store.EntityKey => ({
  id: KeyId.make(`00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:${n.toString(16).padStart(2, "0")}`),
  pem: TestKeys.device.publicKey,
  type: "SIGNATURE",
  active: true,
  created: at(0),
  expires: Option.some(at(60))
})

const newDirectory = (organizationId: Entity.OrganizationId, name = "Directory"): Store.Directory => ({
  id: Entity.DirectoryId.make(crypto.randomUUID()),
  organizationId,
  name,
  active: true,
  denialContextInquiryEnabled: false,
  sdkKeys: [SdkKey.make(crypto.randomUUID())],
  androidKey: Option.some("android"),
  iosCertificateFingerprint: Option.none(),
  webhookUrl: Option.some("https://example.com/?a=b")
})

const newService = (organizationId: Entity.OrganizationId, name = "Service"): Store.ServiceRecord => ({
  id: newServiceId(),
  organizationId,
  directoryId: Option.none(),
  name,
  description: Option.none(),
  icon: Option.none(),
  callbackUrl: Option.some("https://example.com"),
  active: true,
  policy: ServicePolicy.none
})

const newOrganizationId = () => Entity.OrganizationId.make(crypto.randomUUID())

const many = { concurrency: "unbounded" } as const

const sample = <A>(arbitrary: FastCheck.Arbitrary<A>) => FastCheck.sample(arbitrary, { numRuns: 20, seed: 20 })

/** Texts that databases, or their drivers, may take for others or refuse. */
const texts = [
  "",
  "a",
  "A",
  "a ",
  "\u0000",
  "\\u0000",
  "\\",
  "\"",
  "'",
  "%",
  "é",
  "e\u0301",
  "\ud800",
  "\ud801",
  "💥",
  "null"
]

const countTrue = (answers: ReadonlyArray<boolean>) => answers.filter((yes) => yes).length

/** As often, by all of the nodes in turn. */
const byAll = <A, E>(times: number, ask: (store: Store.Service, n: number) => Effect.Effect<A, E>) =>
  Effect.flatMap(
    Nodes,
    (nodes) => Effect.forEach(Array.range(0, times - 1), (n) => ask(nodes[n % nodes.length] ?? nodes[0], n), many)
  )

const one = Effect.map(Nodes, ([store]) => store)

/** What every store promises. */
export const storeContract = <E>(name: string, live: Layer.Layer<Nodes, E>): void => {
  layer(live)(name, (it) => {
    it.effect("sees a token first once, however many bring it at once", () =>
      Effect.gen(function*() {
        const token = { issuer: `svc:${crypto.randomUUID()}`, tokenId: "1", until: 4_000_000_000.5 }
        assert.strictEqual(countTrue(yield* byAll(30, ({ firstSeen }) => firstSeen(token))), 1)
        const { firstSeen } = yield* one
        assert.isTrue(yield* firstSeen({ ...token, tokenId: "2" }))
        assert.isTrue(yield* firstSeen({ ...token, issuer: `${token.issuer}2` }))
        assert.isFalse(yield* firstSeen(token))
      }))

    it.effect("tells texts apart, whatever characters are in them", () =>
      Effect.gen(function*() {
        const { ensureUser, firstSeen, hasUser, rememberPushId, userByPushId } = yield* one
        const issuer = crypto.randomUUID()
        const { directoryId } = newUser()
        const serviceId = newServiceId()
        for (const text of texts) {
          assert.isTrue(yield* firstSeen({ issuer, tokenId: text, until: 4_000_000_000 }), JSON.stringify(text))
          const user = { directoryId, identifier: text }
          assert.isFalse(yield* hasUser(user), JSON.stringify(text))
          yield* ensureUser(user)
          assert.isTrue(yield* hasUser(user))
          yield* rememberPushId(text, serviceId, user)
        }
        for (const text of texts) {
          assert.deepStrictEqual(yield* userByPushId(text, serviceId), Option.some({ directoryId, identifier: text }))
        }
      }))

    it.effect("opens one request at a time for a user, however many are asked for at once", () =>
      Effect.gen(function*() {
        const user = newUser()
        const requests = Array.makeBy(30, () => newRequest(user, 0))
        const opened = yield* byAll(30, (store, n) => store.openAuthorization(requests[n] ?? newRequest(user, 0)))
        const winners = requests.filter((_, n) => Either.isRight(opened[n] ?? Either.left(undefined)))
        assert.lengthOf(winners, 1)
        for (const outcome of opened) {
          if (Either.isLeft(outcome)) assert.deepStrictEqual(outcome.left, winners[0])
        }
        assert.deepStrictEqual(yield* byAll(2, (store) => store.openAuthorizations(user, at(1))), [winners, winners])
      }))

    it.effect("has a request make way when its time has passed or it was closed", () =>
      Effect.gen(function*() {
        const { closeAuthorization, openAuthorization, openAuthorizations } = yield* one
        const user = newUser()
        const first = newRequest(user, 0)
        yield* openAuthorization(first)
        assert.deepStrictEqual(yield* openAuthorization(newRequest(user, 59)), Either.left(first))
        assert.deepStrictEqual(yield* openAuthorizations(user, at(60)), [])
        const second = newRequest(user, 60)
        assert.isTrue(Either.isRight(yield* openAuthorization(second)))
        yield* closeAuthorization(second.id, at(61), { _tag: "Canceled" })
        assert.deepStrictEqual(yield* openAuthorizations(user, at(61)), [])
        assert.isTrue(Either.isRight(yield* openAuthorization(newRequest(user, 61))))
        const others = [{ ...user, identifier: "Alice" }, { ...newUser(), identifier: user.identifier }]
        const opened = yield* Effect.forEach(others, (other) => openAuthorization(newRequest(other, 61)))
        assert.isTrue(opened.every(Either.isRight))
      }))

    it.effect("closes a request once, however many try at once, and none that has expired or never was", () =>
      Effect.gen(function*() {
        const { authorization, closeAuthorization, openAuthorization } = yield* one
        const request = newRequest(newUser(), 0)
        yield* openAuthorization(request)
        const [answer] = sample(Arbitraries.Authorization.AuthorizationPackage)
        if (answer === undefined) return assert.fail("nothing sampled")
        const before = yield* byAll(20, (store, n) =>
          store.closeAuthorization(
            request.id,
            at(1),
            n % 2 === 0 ? { _tag: "Canceled" } : { _tag: "Answered", answer }
          ))
        const states = before.map((found) => Option.getOrThrow(found).state._tag)
        assert.lengthOf(states.filter((state) => state === "Open"), 1)
        assert.notStrictEqual(Option.getOrThrow(yield* authorization(request.id)).state._tag, "Open")
        const expired = newRequest(newUser(), 0)
        yield* openAuthorization(expired)
        yield* closeAuthorization(expired.id, at(60), { _tag: "Canceled" })
        assert.deepStrictEqual(yield* authorization(expired.id), Option.some(expired))
        assert.isTrue(
          Option.isNone(yield* closeAuthorization(newRequest(newUser(), 0).id, at(0), { _tag: "Canceled" }))
        )
      }))

    it.effect("lists the latest requests of all, a service or a directory, and those before one", () =>
      Effect.gen(function*() {
        const { closeAuthorization, latestAuthorizations, openAuthorization } = yield* one
        const user = newUser()
        const made = [5_000_000, 5_000_001, 5_000_001].map((second, n) =>
          newRequest({ ...user, identifier: `user ${n}` }, second)
        )
        yield* Effect.forEach(made, openAuthorization)
        const [oldest] = made
        if (oldest === undefined) return assert.fail("none")
        const closed = { ...oldest, state: { _tag: "Canceled" } } as const
        yield* closeAuthorization(oldest.id, oldest.created, closed.state)
        const latest = made.slice(1).sort((one, other) => one.id < other.id ? 1 : -1)
        const of = Entity.directory(user.directoryId)
        assert.deepStrictEqual(yield* latestAuthorizations({ of, limit: 2 }), latest)
        const before = latest[0]
        assert.deepStrictEqual(yield* latestAuthorizations({ of, before, limit: 5 }), [...latest.slice(1), closed])
        assert.deepStrictEqual(yield* latestAuthorizations({ of, before: oldest, limit: 5 }), [])
        const ofService = Entity.service(oldest.serviceId)
        assert.deepStrictEqual(yield* latestAuthorizations({ of: ofService, limit: 5 }), [closed])
        const [other] = yield* latestAuthorizations({ limit: 1 })
        assert.deepStrictEqual(other, before)
      }))

    it.effect("keeps whatever a request may say, and its answer", () =>
      Effect.gen(function*() {
        const { authorization, closeAuthorization, openAuthorization } = yield* one
        const answers = sample(Arbitraries.Authorization.AuthorizationPackage)
        for (const [n, request] of sample(Arbitraries.Authorization.CreateAuthorization).entries()) {
          const kept = newRequest(newUser(), 0, { request })
          yield* openAuthorization(kept)
          assert.deepStrictEqual(yield* authorization(kept.id), Option.some(kept))
          const answer = answers[n]
          if (answer === undefined) return assert.fail("too few sampled")
          yield* closeAuthorization(kept.id, at(1), { _tag: "Answered", answer })
          assert.deepStrictEqual(
            yield* authorization(kept.id),
            Option.some<Store.Authorization>({ ...kept, state: { _tag: "Answered", answer } })
          )
        }
      }))

    it.effect("links one device by a code, however many use it at once, and none once it has expired", () =>
      Effect.gen(function*() {
        const { completeLinking, device, insertLinking, linking } = yield* one
        const user = newUser()
        const pending = newDevice(user)
        const link: Store.Linking = {
          ...newLinking(pending),
          requester: Option.some(newRequest(user, 0).requester)
        }
        assert.isTrue(yield* insertLinking(link, pending))
        assert.deepStrictEqual(yield* linking(link.code), Option.some(link))
        assert.deepStrictEqual(yield* completeLinking(link.code, at(60), asLinked), Option.none())
        assert.deepStrictEqual(yield* device(pending.id), Option.some(pending))
        const linked = yield* byAll(20, (store) => store.completeLinking(link.code, at(1), asLinked))
        assert.deepStrictEqual(linked.filter(Option.isSome), [Option.some(asLinked(pending))])
        assert.deepStrictEqual(yield* device(pending.id), Option.some(asLinked(pending)))
        assert.deepStrictEqual(yield* linking(link.code), Option.none())
      }))

    it.effect("gives a code to one device, however many ask for it at once", () =>
      Effect.gen(function*() {
        const user = newUser()
        const code = newCode()
        const inserted = yield* byAll(10, (store) => {
          const pending = newDevice(user)
          return store.insertLinking({ ...newLinking(pending), code }, pending)
        })
        assert.strictEqual(countTrue(inserted), 1)
        assert.lengthOf(yield* (yield* one).devices(user), 1)
        assert.isTrue(yield* (yield* one).hasUser(user))
      }))

    it.effect("lists devices in the order in which they were added, and removes them with their keys and codes", () =>
      Effect.gen(function*() {
        const store = yield* one
        const user = newUser()
        const devices = Array.makeBy(3, () => newDevice(user))
        const linkings = devices.map(newLinking)
        for (const [n, device] of devices.entries()) {
          yield* store.insertLinking(linkings[n] ?? newLinking(device), device)
          assert.isTrue(yield* store.insertKey(Entity.device(device.id), key(1)))
        }
        const ids = Effect.map(store.devices(user), (all) => all.map(({ id }) => id))
        assert.deepStrictEqual(yield* ids, devices.map(({ id }) => id))
        const [first, ...others] = devices
        if (first === undefined) return
        yield* byAll(4, (node) => node.removeDevice(first.id))
        assert.deepStrictEqual(yield* ids, others.map(({ id }) => id))
        assert.deepStrictEqual(yield* store.keys(Entity.device(first.id)), [])
        assert.deepStrictEqual(yield* store.device(first.id), Option.none())
        const code = linkings[0]?.code ?? newCode()
        assert.deepStrictEqual(yield* store.completeLinking(code, at(1), asLinked), Option.none())
        assert.lengthOf(yield* store.keys(Entity.device(devices[1]?.id ?? first.id)), 1)
      }))

    it.effect("adds each key once, and loses none of those that are added at once", () =>
      Effect.gen(function*() {
        const { insertKey, keys, modifyKeys } = yield* one
        const entity = Entity.service(newServiceId())
        assert.deepStrictEqual(yield* keys(entity), [])
        const added = yield* byAll(20, (store, n) => store.insertKey(entity, key(n >> 1)))
        assert.strictEqual(countTrue(added), 10)
        const all = yield* keys(entity)
        assert.sameDeepMembers([...all], Array.makeBy(10, key))
        assert.isFalse(yield* insertKey(entity, key(3)))
        const error = yield* Effect.flip(modifyKeys(entity, () => Either.left("refused")))
        assert.strictEqual(error, "refused")
        assert.deepStrictEqual(yield* keys(entity), all)
        yield* modifyKeys(entity, (present) => Either.right(present.slice(0, 2)))
        assert.deepStrictEqual(yield* keys(entity), all.slice(0, 2))
      }))

    it.effect("loses none of the changes that are made to a directory at once", () =>
      Effect.gen(function*() {
        const { directory: find, insertDirectory, modifyDirectory } = yield* one
        const directory = newDirectory(newOrganizationId())
        yield* insertDirectory(directory, "name")
        const added = Array.makeBy(20, () => SdkKey.make(crypto.randomUUID()))
        yield* byAll(20, (store, n) =>
          store.modifyDirectory(directory.id, (present) =>
            Either.right({ ...present, sdkKeys: [...present.sdkKeys, ...added.slice(n, n + 1)] })))
        const found = Option.getOrThrow(yield* find(directory.id))
        assert.sameMembers([...found.sdkKeys], [...directory.sdkKeys, ...added])
        assert.strictEqual(
          yield* Effect.flip(modifyDirectory(directory.id, () =>
            Either.left("no"))),
          "no"
        )
        assert.deepStrictEqual(yield* find(directory.id), Option.some(found))
        assert.deepStrictEqual(
          yield* modifyDirectory(newDirectory(newOrganizationId()).id, Either.right),
          Option.none()
        )
      }))

    it.effect("has each name once in what it names, however many take it at once", () =>
      Effect.gen(function*() {
        const { directories, insertDirectory, insertService, services, updateService } = yield* one
        const organizationId = newOrganizationId()
        const taken = yield* byAll(10, (store) => store.insertDirectory(newDirectory(organizationId), "one"))
        assert.strictEqual(countTrue(taken), 1)
        assert.lengthOf(yield* directories(organizationId), 1)
        assert.isTrue(yield* insertDirectory(newDirectory(organizationId, "two"), "two"))
        assert.isTrue(yield* insertDirectory(newDirectory(newOrganizationId()), "one"))
        assert.deepStrictEqual((yield* directories(organizationId)).map(({ name }) => name), ["Directory", "two"])

        const all = Array.makeBy(5, () => newService(organizationId))
        for (const [n, service] of all.entries()) assert.isTrue(yield* insertService(service, `${n}`))
        assert.isFalse(yield* insertService(newService(organizationId), "0"))
        const renamed = yield* byAll(5, (store, n) =>
          store.updateService(all[n] ?? newService(organizationId), { before: `${n}`, after: "new" }))
        assert.strictEqual(countTrue(renamed), 1)
        const winner = renamed.indexOf(true)
        assert.isTrue(yield* insertService(newService(organizationId, "Reuse"), `${winner}`))
        assert.lengthOf(yield* services(organizationId), 6)
        const [first] = all
        if (first !== undefined) {
          const name = winner === 0 ? "new" : "0"
          assert.isTrue(yield* updateService({ ...first, name: "Other" }, { before: name, after: name }))
          assert.deepStrictEqual(
            (yield* services(organizationId)).map(({ name }) =>
              name
            ),
            ["Other", "Service", "Service", "Service", "Service", "Reuse"]
          )
        }
      }))

    it.effect("keeps whatever policy a service has, apart from the rest of it", () =>
      Effect.gen(function*() {
        const { insertService, service: find, setPolicy, updateService } = yield* one
        const service = newService(newOrganizationId())
        yield* insertService(service, "name")
        assert.deepStrictEqual(yield* find(service.id), Option.some(service))
        for (const policy of sample(Arbitraries.ServicePolicy.KnownPolicy)) {
          yield* setPolicy(service.id, policy)
          yield* updateService({ ...service, active: false }, { before: "name", after: "name" })
          assert.deepStrictEqual(yield* find(service.id), Option.some({ ...service, active: false, policy }))
        }
      }))

    it.effect("keeps organizations, and tells all of them", () =>
      Effect.gen(function*() {
        const { insertOrganization, organization, organizations } = yield* one
        const all = texts.map((name) => ({ id: newOrganizationId(), name }))
        yield* Effect.forEach(all, insertOrganization)
        assert.deepStrictEqual(yield* Effect.forEach(all, ({ id }) => organization(id)), all.map(Option.some))
        assert.includeDeepMembers([...(yield* organizations)], all)
        assert.deepStrictEqual(yield* organization(newOrganizationId()), Option.none())
      }))

    it.effect("has one session of a user and a service, which ends once", () =>
      Effect.gen(function*() {
        const { endSession, sessions, startSession } = yield* one
        const user = newUser()
        const [serviceId, otherId] = [newServiceId(), newServiceId()]
        const session = (of: Entity.ServiceId, created: number): Store.SessionRecord => ({
          user,
          serviceId: of,
          authorizationRequestId: Option.some(AuthorizationRequestId.make(crypto.randomUUID())),
          issuer: Entity.service(of),
          created: at(created)
        })
        yield* startSession(session(serviceId, 1))
        const [other, latest] = [session(otherId, 2), session(serviceId, 3)]
        yield* Effect.forEach([other, latest], startSession)
        assert.deepStrictEqual(yield* sessions(user), [other, latest])
        const ended = yield* byAll(10, (store) => store.endSession(user, serviceId))
        assert.deepStrictEqual(ended.filter(Option.isSome), [Option.some(latest)])
        assert.deepStrictEqual(yield* sessions(user), [other])
        assert.deepStrictEqual(yield* endSession(newUser(), otherId), Option.none())
      }))

    it.effect("takes a step of one-time codes once, and no earlier one", () =>
      Effect.gen(function*() {
        const { setTotp, totp: find, useTotpStep } = yield* one
        const user = newUser()
        const totp = new TotpConfiguration({ secret: Redacted.make("ABC"), algorithm: "SHA1", period: 30, digits: 6 })
        assert.isFalse(yield* useTotpStep(user, 1))
        yield* setTotp(user, Option.some(totp))
        assert.deepStrictEqual(yield* find(user), Option.some(totp))
        assert.strictEqual(countTrue(yield* byAll(20, (store) => store.useTotpStep(user, 56_000_000))), 1)
        assert.isFalse(yield* useTotpStep(user, 55_999_999))
        assert.isTrue(yield* useTotpStep(user, 56_000_001))
        yield* setTotp(user, Option.some(totp))
        assert.isTrue(yield* useTotpStep(user, 0))
        yield* setTotp(user, Option.none())
        assert.deepStrictEqual(yield* find(user), Option.none())
      }))

    it.effect("refuses attempts beyond the limit until the oldest no longer counts, also those at once", () =>
      Effect.gen(function*() {
        const limit = { limit: 3, window: Duration.minutes(1) }
        const { attempt } = yield* one
        const name = crypto.randomUUID()
        const waits = yield* Effect.forEach(
          [0, 10, 20, 30, 59, 60, 61],
          (second) => attempt(name, limit, at(second))
        )
        assert.deepStrictEqual(waits.map(Option.map(Duration.toSeconds)), [
          Option.none(),
          Option.none(),
          Option.none(),
          Option.some(30),
          Option.some(1),
          Option.none(),
          Option.some(9)
        ])
        const together = yield* byAll(20, (store) => store.attempt(`${name}\u0000`, limit, at(0)))
        assert.lengthOf(together.filter(Option.isNone), 3)
      }))

    it.effect("tells what an attempt would have to wait, without counting it, and forgets attempts", () =>
      Effect.gen(function*() {
        const limit = { limit: 1, window: Duration.minutes(1) }
        const { attempt, attempted, forgetAttempts } = yield* one
        const name = `${crypto.randomUUID()}\u0000`
        assert.deepStrictEqual(yield* attempted(name, limit, at(0)), Option.none())
        yield* attempt(name, limit, at(0))
        assert.deepStrictEqual(yield* attempted(name, limit, at(20)), Option.some(Duration.seconds(40)))
        assert.deepStrictEqual(yield* attempted(name, limit, at(60)), Option.none())
        yield* forgetAttempts(name)
        assert.deepStrictEqual(yield* attempted(name, limit, at(20)), Option.none())
        yield* forgetAttempts(name)
      }))

    it.effect("keeps reports of fraud, latest first", () =>
      Effect.gen(function*() {
        const { fraudReports, recordFraud } = yield* one
        const report = (seconds: number): Store.FraudReport => ({
          authorizationRequestId: AuthorizationRequestId.make(crypto.randomUUID()),
          serviceId: newServiceId(),
          directoryId: newUser().directoryId,
          deviceId: DeviceId.make(crypto.randomUUID()),
          at: at(seconds)
        })
        const [first, second] = [report(1_000), report(2_000)]
        yield* recordFraud(first)
        yield* recordFraud(second)
        assert.deepStrictEqual(yield* fraudReports(2), [second, first])
        assert.deepStrictEqual(yield* fraudReports(1), [second])
      }))

    it.effect("keeps one place per device where it is told by push, as long as there is the device", () =>
      Effect.gen(function*() {
        const { insertLinking, pushEndpoint, removeDevice, setPushEndpoint } = yield* one
        const device = newDevice(newUser())
        yield* insertLinking(newLinking(device), device)
        assert.deepStrictEqual(yield* pushEndpoint(device.id), Option.none())
        for (const url of ["https://push.example.com/1", "https://push.example.com/2"]) {
          yield* setPushEndpoint(device.id, Option.some(url))
          assert.deepStrictEqual(yield* pushEndpoint(device.id), Option.some(url))
        }
        yield* setPushEndpoint(device.id, Option.none())
        assert.deepStrictEqual(yield* pushEndpoint(device.id), Option.none())
        yield* setPushEndpoint(device.id, Option.some("https://push.example.com/3"))
        yield* removeDevice(device.id)
        assert.deepStrictEqual(yield* pushEndpoint(device.id), Option.none())
      }))

    it.effect("hands on what a transaction yields, or fails with", () =>
      Effect.gen(function*() {
        const { hasUser, ensureUser, transaction } = yield* one
        const user = newUser()
        assert.isTrue(yield* transaction(Effect.zipRight(ensureUser(user), hasUser(user))))
        assert.isTrue(yield* hasUser(user))
        assert.strictEqual(yield* Effect.flip(transaction(Effect.fail("no"))), "no")
      }))
  })
}
