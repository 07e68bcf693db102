import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import { AuthorizationRequestId, type DeviceId } from "@effect-launchkey/core/Authorization"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as InProcess from "@effect-launchkey/platform/InProcess"
import * as KeyVault from "@effect-launchkey/platform/KeyVault"
import * as LinkedDevice from "@effect-launchkey/platform/LinkedDevice"
import * as Platform from "@effect-launchkey/platform/Platform"
import * as PlatformClock from "@effect-launchkey/platform/PlatformClock"
import * as SqlPlatform from "@effect-launchkey/platform/sql/SqlPlatform"
import * as SqlStore from "@effect-launchkey/platform/sql/SqlStore"
import * as WebhookEgress from "@effect-launchkey/platform/WebhookEgress"
import * as WebhookQueue from "@effect-launchkey/platform/WebhookQueue"
import * as WebhookSender from "@effect-launchkey/platform/WebhookSender"
import { pgSchema, serverUrl } from "@effect-launchkey/testing/sql/TestDatabases"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as NodeJose from "@effect-launchkey/transport/NodeJose"
import * as Redaction from "@effect-launchkey/transport/Redaction"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, layer } from "@effect/vitest"
import {
  Array,
  Context,
  Deferred,
  Effect,
  Either,
  Layer,
  Option,
  Queue,
  Redacted,
  Ref,
  Schedule,
  Stream,
  Tuple
} from "effect"

const baseUrl = "http://localhost"

/** A request that never was. */
const unknown = AuthorizationRequestId.make("6ba7b810-9dad-11d1-80b4-00c04fd430c8")

const vault = Layer.orDie(KeyVault.layer({ keys: Redacted.make("A".repeat(43)) }))

/** All that `launchkey serve` makes of a PostgreSQL, save that its webhooks are counted. */
const node = (url: Redacted.Redacted, sent: Ref.Ref<ReadonlyArray<number>>) =>
  Effect.gen(function*() {
    const egress = Layer.succeed(WebhookEgress.WebhookEgress, {
      post: ({ delivery }) => Effect.as(Ref.update(sent, Array.append(delivery)), 204)
    })
    const services = yield* Layer.build(Layer.orDie(
      Layer.mergeAll(WebhookSender.layer, Administration.layer).pipe(
        Layer.provideMerge(SqlPlatform.layerPg({ url, maxConnections: 5 })),
        Layer.provideMerge(PlatformClock.layer),
        Layer.provide([egress, vault])
      )
    ))
    const http = Layer.succeed(HttpClient.HttpClient, InProcess.make(yield* Effect.provide(Platform.httpApp, services)))
    const calling = yield* Layer.build(Layer.provideMerge(RemoteApi.layer, http))
    return { services, calling }
  })

type Node = Effect.Effect.Success<ReturnType<typeof node>>

const three = Effect.gen(function*() {
  const { url } = yield* pgSchema
  const sent = yield* Ref.make<ReadonlyArray<number>>([])
  const each = node(url, sent)
  const nodes = yield* Effect.all([each, each, each], { concurrency: "unbounded" })
  const administration = Context.get(nodes[0].services, Administration.Administration)
  const organization = yield* administration.createOrganization("Organization")
  const directory = yield* administration.createDirectory(organization.id, "Directory")
  const sdkKey = yield* administration.createSdkKey(directory.id)
  const { id: serviceId } = yield* administration.createService(directory.id, "Service")
  yield* administration.updateService({
    id: serviceId,
    callbackUrl: "https://example.com/hooks"
  })
  yield* administration.addKey(Entity.service(serviceId), TestKeys.service.publicKey)
  const deviceKey = yield* Effect.flatMap(Jose.Jose, (jose) => jose.importPrivateKey(TestKeys.device.privateKey))

  const serviceAt = ({ calling }: Node) =>
    ServiceClient.make({ serviceId }).pipe(
      Effect.provide(Transport.layer({
        issuer: Entity.service(serviceId),
        baseUrl,
        signingKey: TestKeys.service.privateKey
      })),
      Effect.provide(calling)
    )
  /** What a service sends to ask for an answer, before it is sent. */
  const asking = (node: Node) =>
    Effect.scoped(Effect.gen(function*() {
      const held = yield* Deferred.make<HttpClientRequest.HttpClientRequest>()
      const http = HttpClient.make((request, url) =>
        url.pathname.endsWith(unknown)
          ? Effect.zipRight(Deferred.succeed(held, request), Effect.never)
          : Context.get(node.calling, HttpClient.HttpClient).execute(request)
      )
      const calling = yield* Layer.build(
        Layer.provideMerge(RemoteApi.layer, Layer.succeed(HttpClient.HttpClient, http))
      )
      const service = yield* serviceAt({ ...node, calling })
      return yield* Effect.raceFirst(Deferred.await(held), Effect.zipRight(service.getResponse(unknown), Effect.never))
    }))
  const started = (identifier: string) => administration.linkDevice({ directoryId: directory.id, identifier })
  const link = ({ calling }: Node, code: string) =>
    Effect.provide(
      LinkedDevice.link({ baseUrl, code, sdkKey, name: "Phone", type: "test", key: deviceKey }),
      calling
    )
  /** A device, as it calls each of the nodes. */
  const deviceOf = (deviceId: DeviceId) =>
    Effect.all(
      Tuple.map(
        nodes,
        ({ calling }) => Effect.provide(LinkedDevice.make({ baseUrl, deviceId, key: deviceKey }), calling)
      )
    )
  /** A user with one device. */
  const linked = (identifier: string) =>
    Effect.flatMap(started(identifier), ({ code }) => Effect.flatMap(link(nodes[0], code), deviceOf))
  return {
    nodes,
    sent,
    serviceId,
    asking,
    services: yield* Effect.all(Tuple.map(nodes, serviceAt)),
    started,
    link,
    deviceOf,
    linked
  }
})

class Three extends Context.Tag("test/Three")<Three, Effect.Effect.Success<typeof three>>() {}

const approved: LinkedDevice.Outcome = {
  ...LinkedDevice.denied({ fraud: false }),
  type: "AUTHORIZED",
  reason: "APPROVED"
}

/** As often, at all of them in turn. */
const atAll = <A>(times: number, [first, second, third]: readonly [A, A, A]): ReadonlyArray<A> =>
  Array.makeBy(times, (n) => [first, second, third][n % 3] ?? first)

const many = { concurrency: "unbounded" } as const

/** How often each came out. */
const outcomes = (results: ReadonlyArray<Either.Either<unknown, { readonly _tag: string }>>) => {
  const counts: Record<string, number> = {}
  for (const result of results) {
    const outcome = Either.match(result, { onLeft: ({ _tag }) => _tag, onRight: () => "done" })
    counts[outcome] = (counts[outcome] ?? 0) + 1
  }
  return counts
}

/** What PostgreSQL tells of devices while something is done, the nodes' own heartbeats aside. */
const noticesOf = <A, E, R>(done: Effect.Effect<A, E, R>) =>
  Effect.scoped(Effect.gen(function*() {
    const { nodes } = yield* Three
    const sql = Context.get(nodes[2].services, PgClient.PgClient)
    const heard = yield* Queue.unbounded<string>()
    yield* Effect.forkScoped(Stream.runForEach(sql.listen("platform_devices"), (payload) => heard.offer(payload)))
    const mark = (text: string) => sql`SELECT pg_notify('platform_devices', ${text})`
    // What is told before it listens is told to nobody.
    yield* Effect.raceFirst(
      Effect.repeat(heard.take, { until: (payload) => payload === "begin" }),
      Effect.forever(Effect.delay(mark("begin"), "20 millis"))
    )
    const result = yield* done
    yield* mark("end")
    const notices: Array<string> = []
    yield* Effect.repeat(Effect.tap(heard.take, (payload) => Effect.sync(() => notices.push(payload))), {
      until: (payload) => payload === "end"
    })
    return { result, notices: notices.filter((payload) => !/^(?:beat .*|begin|end)$/.test(payload)) }
  }))

describe.skipIf(serverUrl === undefined)("PostgreSQL", () => {
  layer(Layer.provideMerge(Layer.scoped(Three, three), Layer.merge(NodeJose.layer, Redaction.layer)), {
    excludeTestServices: true
  })(
    "three nodes of one platform",
    (it) => {
      it.effect("open one request of many that are asked for at once, count all, and prompt once", () =>
        Effect.gen(function*() {
          const { linked, services } = yield* Three
          const devices = yield* linked("ada@example.com")
          const { notices, result } = yield* noticesOf(
            Effect.forEach(atAll(30, services), (service) => Effect.either(service.authorize("ada@example.com")), many)
          )
          assert.deepStrictEqual(outcomes(result), { done: 1, AuthorizationInProgress: 19, RateLimited: 10 })
          assert.lengthOf(notices, 1)
          const opened = Array.getRights(result).map(({ id }) => id)
          for (const device of devices) {
            assert.deepStrictEqual((yield* device.pending).map(({ id }) => id), opened)
          }
        }))

      it.effect("accept one of many answers that come at once, and send one webhook", () =>
        Effect.gen(function*() {
          const { deviceOf, linked, nodes, sent, services } = yield* Three
          const devices = yield* linked("bob@example.com")
          const { id } = yield* services[0].authorize("bob@example.com")
          const [pending] = yield* devices[1].pending
          assert.isDefined(pending)
          const answering = (device: LinkedDevice.LinkedDevice, n: number) =>
            Effect.either(
              device.answer(pending, n % 2 === 0 ? approved : LinkedDevice.denied({ fraud: false }), { methods: [] })
            )
          const { notices, result } = yield* noticesOf(
            // one answer at a time leaves a device, so each of these is by a device of its own
            Effect.flatMap(Effect.all(Array.replicate(deviceOf(devices[0].deviceId), 3)), (more) =>
              Effect.forEach(more.flat(), answering, many))
          )
          assert.deepStrictEqual(outcomes(result), { done: 1, AuthorizationResponseExists: 8 })
          assert.lengthOf(notices, 1)
          const told = yield* Effect.forEach(services, (service) =>
            service.getResponse(id))
          assert.lengthOf(new Set(told.map((response) => Option.getOrThrow(response).authorized)), 1)
          const { log } = Context.get(nodes[0].services, WebhookQueue.WebhookQueue)
          const deliveries = yield* Effect.repeat(log, {
            until: (all) => all.length > 0 && all.every(({ state }) => state !== "PENDING"),
            schedule: Schedule.spaced("20 millis")
          }).pipe(Effect.zipRight(log))
          assert.deepStrictEqual(deliveries.map(({ kind, state }) => [kind, state]), [
            ["AUTHORIZATION_RESPONSE", "DELIVERED"]
          ])
          assert.deepStrictEqual(yield* Ref.get(sent), deliveries.map(({ id }) => id))
        }))

      it.effect("take a token once, whichever of them gets it", () =>
        Effect.gen(function*() {
          const { asking, nodes } = yield* Three
          const request = yield* asking(nodes[0])
          const statuses = yield* Effect.forEach(
            atAll(9, nodes),
            ({ calling }) =>
              Effect.map(Context.get(calling, HttpClient.HttpClient).execute(request), ({ status }) => status),
            many
          )
          assert.deepStrictEqual(statuses.sort(), [204, ...Array.replicate(401, 8)])
        }))

      it.effect("link one device by a code that many use at once", () =>
        Effect.gen(function*() {
          const { link, nodes, started } = yield* Three
          const { code } = yield* started("lena@example.com")
          const results = yield* Effect.forEach(atAll(6, nodes), (node) => Effect.either(link(node, code)), many)
          assert.deepStrictEqual(outcomes(results), { done: 1, EntityNotFound: 5 })
        }))

      it.effect("tell and end at one of them a session that began at another", () =>
        Effect.gen(function*() {
          const { linked, services } = yield* Three
          const [one, other, third] = yield* linked("carol@example.com")
          yield* services[0].sessionStart("carol@example.com")
          assert.lengthOf(yield* other.sessions, 1)
          yield* third.endSessions()
          assert.deepStrictEqual(yield* one.sessions, [])
        }))

      it.effect("refuse at all of them a key that was made inactive at one", () =>
        Effect.gen(function*() {
          const { nodes, serviceId, services } = yield* Three
          const entity = Entity.service(serviceId)
          const change = (active: boolean) =>
            Context.get(nodes[1].services, Administration.Administration).updateKey(entity, {
              keyId: TestKeys.service.keyId,
              active
            })
          yield* Effect.forEach(services, (service) => service.getResponse(unknown))
          yield* change(false)
          const refused = yield* Effect.forEach(services, (service) => Effect.either(service.getResponse(unknown)))
          assert.deepStrictEqual(outcomes(refused), { Unauthorized: 3 })
          yield* change(true)
          yield* Effect.forEach(services, (service) => service.getResponse(unknown))
        }))

      it.effect("forget together what has expired, and nothing else", () =>
        Effect.gen(function*() {
          const { nodes } = yield* Three
          const sql = Context.get(nodes[0].services, SqlClient.SqlClient)
          const count = sql<{ n: number }>`
            SELECT CAST(count(*) AS INTEGER) AS n FROM platform_tokens WHERE issuer = 'sweeping'`
          yield* sql`INSERT INTO platform_tokens (issuer, token_id, until)
            SELECT 'sweeping', CAST(n AS TEXT), CASE WHEN n % 100 = 0 THEN 4000000000 ELSE 60 END
            FROM generate_series(1, 5000) AS n`
          // each looks as soon as it begins
          yield* Effect.scoped(Effect.zipRight(
            Effect.forEach(nodes, ({ services }) => Effect.provide(SqlStore.make(), services), many),
            Effect.repeat(count, { until: ([row]) => row?.n === 50, schedule: Schedule.spaced("20 millis") })
          ))
          assert.strictEqual((yield* count)[0]?.n, 50)
        }))
    }
  )
})
