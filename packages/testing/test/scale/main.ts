/**
 * Whether a call costs with a million users what it costs with a thousand:
 *
 *     npx -y pnpm@12 scale [--users 1000000] [--devices 100000] [--rounds 60]
 *     npx -y pnpm@12 postgres npx -y pnpm@12 scale --store postgres
 *
 * A small and a large store of the same kind answer the same calls in turn, each for another user of those that were
 * loaded: through the clients, real cryptography and the platform's app, in this process. Rows are loaded by SQL, as copies of
 * what the platform itself wrote for one user, device and session. Prints median and 95th percentile of each, and fails where the median
 * of the large one is more than twice the small one's.
 */
import * as DirectoryCredentials from "@effect-launchkey/clients/DirectoryCredentials"
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import { DeviceId } from "@effect-launchkey/core/Authorization"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as LinkedDevice from "@effect-launchkey/platform/LinkedDevice"
import * as Libsql from "@effect-launchkey/platform/sql/Libsql"
import * as Pg from "@effect-launchkey/platform/sql/Pg"
import * as SqlStore from "@effect-launchkey/platform/sql/SqlStore"
import * as SqlWebhookQueue from "@effect-launchkey/platform/sql/SqlWebhookQueue"
import * as WebhookQueue from "@effect-launchkey/platform/WebhookQueue"
import { filename, pgDatabase } from "@effect-launchkey/testing/sql/TestDatabases"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as NodeJose from "@effect-launchkey/transport/NodeJose"
import type * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as SqlClient from "@effect/sql/SqlClient"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import * as Schedule from "effect/Schedule"
import { parseArgs } from "node:util"

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "libsql" },
    users: { type: "string", default: "1000000" },
    devices: { type: "string", default: "100000" },
    rounds: { type: "string", default: "60" }
  }
})
const rounds = Number(values.rounds)
const warming = 5
const most = 2
const smallest = 1000
const share = Number(values.users) / Number(values.devices)

const baseUrl = "http://localhost"
const { directoryId, serviceId } = TestPlatform

const webhook: WebhookQueue.Webhook = {
  kind: "SESSION_END",
  url: "https://example.com/hooks",
  subject: Entity.service(serviceId),
  audience: Entity.service(serviceId),
  recipient: Option.none(),
  payload: "{}"
}

/** The user and device of which the others are copies. */
const template = "user-0"

/** Copies: users `user-1` and on, of which the first have a device, a session, a request of the past and a one-time code. */
const load = (users: number, devices: number) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const { linkedDevice } = yield* TestPlatform.TestPlatform
    const device = yield* linkedDevice(template, { methods: [] })
    const service = yield* ServiceClient.make({ serviceId })
    const request = yield* service.authorize(template)
    yield* device.approve(request.id)
    yield* service.awaitResponse(request)
    yield* service.sessionStart(template, { authorizationRequestId: request.id })
    const now = yield* Clock.currentTimeMillis
    const { text, numbers, random } = sql.onDialectOrElse({
      pg: () => ({
        numbers: (to: number) => sql`generate_series(1, ${sql.literal(String(to))}) AS numbers (i)`,
        random: sql.literal("CAST(gen_random_uuid() AS TEXT)"),
        text: sql.literal("CAST(i AS TEXT)")
      }),
      orElse: () => ({
        numbers: (to: number) =>
          sql`(WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < ${
            sql.literal(String(to))
          }) SELECT i FROM numbers)`,
        random: sql.literal(
          "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' || "
            + "substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
        ),
        text: sql.literal("i")
      })
    })
    const user = sql`'user-' || ${text}`
    const named = (column: string) => sql`replace(${sql(column)}, '"user-0"', '"user-' || ${text} || '"')`

    yield* sql`CREATE TABLE loading AS SELECT i, ${random} AS device, ${random} AS request FROM ${numbers(devices)}`
    yield* sql`INSERT INTO platform_users (directory_id, identifier) SELECT ${
      sql.literal(`'${directoryId}'`)
    }, ${user} FROM ${numbers(users)}`
    const copied = (table: string, columns: string, values: ReturnType<typeof named>, one: ReturnType<typeof named>) =>
      sql`INSERT INTO ${sql(table)} (${sql.literal(columns)})
        SELECT ${values} FROM loading CROSS JOIN (SELECT * FROM ${sql(table)} WHERE ${one} LIMIT 1) AS one`
    const whose = sql`directory_id, ${user}`
    const isTemplate = sql`identifier = ${sql.literal(`'${template}'`)}`
    const [made] = yield* sql<{ id: string }>`SELECT id FROM platform_devices WHERE ${isTemplate}`
    const id = sql.literal(`'${made?.id ?? ""}'`)
    yield* copied(
      "platform_devices",
      "id, directory_id, identifier, record",
      sql`device, ${whose}, replace(${named("record")}, ${id}, device)`,
      isTemplate
    )
    yield* copied("platform_keys", "entity, list", sql`'dev:' || device, list`, sql`entity = 'dev:' || ${id}`)
    yield* copied(
      "platform_sessions",
      "directory_id, identifier, service_id, created, record",
      sql`${whose}, service_id, created, ${named("record")}`,
      isTemplate
    )
    yield* copied(
      "platform_authorizations",
      "id, until, record, state",
      sql`request, until, replace(${named("record")}, one.id, request), state`,
      sql`1 = 1`
    )
    yield* copied(
      "platform_push_ids",
      "service_id, push_id, owner",
      sql`service_id, push_id || '-' || ${text}, ${named("owner")}`,
      sql`1 = 1`
    )
    yield* sql`INSERT INTO platform_tokens (issuer, token_id, until)
      SELECT 'svc:loaded', device, ${sql.literal(String(Math.ceil(now / 1000) + 3600))} FROM loading`
    yield* sql`INSERT INTO platform_attempts (attempt, list, until)
      SELECT 'loaded ' || device, '[]', ${sql.literal(String(now + 3_600_000))} FROM loading`
    yield* sql`DROP TABLE loading`
    // What a database does by itself within minutes of such a load.
    yield* sql`ANALYZE`
  }).pipe(Effect.withTracerEnabled(false))

const open = Effect.gen(function*() {
  const store = values.store === "postgres"
    ? Effect.map(pgDatabase, ({ url }) => Pg.layer({ url, maxConnections: 4 }))
    : Effect.map(filename, (filename) => Libsql.layer({ filename }))
  const made = yield* Layer.build(Layer.fresh(yield* store))
  const platform = yield* Layer.build(
    Layer.fresh(Layer.provide(TestPlatform.layerOver(Layer.succeedContext(made)), NodeJose.layer))
  )
  return Context.merge(made, platform)
})

type Call<R = never> = (n: number) => Effect.Effect<unknown, unknown, R>

/** What is measured, each with a loaded user that has a device, of that number. */
const calls = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const jose = yield* Jose.Jose
  const context = yield* Effect.context<HttpClient.HttpClient | RemoteApi.RemoteApi>()
  const { linkedDevice } = yield* TestPlatform.TestPlatform
  const service = yield* ServiceClient.make({ serviceId })
  const credentials = yield* Effect.map(
    Layer.build(DirectoryCredentials.layer({ directoryId, baseUrl, signingKey: TestKeys.directory.privateKey })),
    Context.get(DirectoryCredentials.DirectoryCredentials)
  )
  const directory = yield* credentials.directoryClient
  const queue = yield* SqlWebhookQueue.make()
  const key = yield* jose.importPrivateKey(TestKeys.device.privateKey)
  const numbered: Record<string, Call<HttpClient.HttpClient | RemoteApi.RemoteApi>> = {
    "create a user by a link": (n: number) => directory.linkDevice(`new-${n}-a`),
    "create a user, and complete the link": (n: number) => linkedDevice(`new-${n}`, { methods: [] }),
    "authorize, answer, poll": (n: number) =>
      Effect.gen(function*() {
        const request = yield* service.authorize(`user-${n}`)
        const [listed] = yield* directory.listDevices(`user-${n}`)
        const device = yield* LinkedDevice.make({ baseUrl, key, deviceId: DeviceId.make(listed?.id ?? "") })
        const [pending] = yield* device.pending
        if (pending === undefined) return yield* Effect.dieMessage("the device has nothing to answer")
        yield* device.answer(
          pending,
          { ...LinkedDevice.denied({ fraud: false }), type: "AUTHORIZED", reason: "APPROVED" },
          { methods: [] }
        )
        const response = yield* service.awaitResponse(request)
        if (!response.authorized) yield* Effect.dieMessage("what was approved is not authorized")
      }),
    "list devices": (n: number) =>
      Effect.filterOrDieMessage(directory.listDevices(`user-${n}`), (found) => found.length === 1, "not one device"),
    "list sessions": (n: number) =>
      Effect.filterOrDieMessage(directory.listSessions(`user-${n}`), (found) => found.length === 1, "not one session"),
    "list services": () => directory.listServices,
    "queue, claim, settle a webhook": () =>
      Effect.gen(function*() {
        const now = yield* DateTime.now
        yield* queue.enqueue(webhook, now)
        const until = DateTime.addDuration(now, "30 seconds")
        for (const claim of yield* queue.claim({ now, until, limit: 10, busy: new Map(), perOrigin: 10 })) {
          yield* queue.settle(claim, Option.none(), WebhookQueue.Outcome.Delivered())
        }
        yield* queue.outlook([])
      }),
    "sweep 1,000 tokens that expired": () =>
      Effect.scoped(Effect.gen(function*() {
        yield* sql`INSERT INTO platform_tokens (issuer, token_id, until)
          SELECT 'expired', identifier, 1 FROM platform_users LIMIT 1000`
        yield* SqlStore.make()
        yield* Effect.repeat(
          sql`SELECT 1 FROM platform_tokens WHERE issuer = 'expired' LIMIT 1`,
          { until: (left) => left.length === 0, schedule: Schedule.spaced("1 millis") }
        )
      })).pipe(Effect.provideService(SqlClient.SqlClient, sql))
  }
  return Record.map(numbered, (call): Call => (n) => Effect.provide(call(n), context))
})

const percentile = (times: ReadonlyArray<number>, part: number): number =>
  Array.from(times).sort((a, b) => a - b)[Math.floor((times.length - 1) * part)] ?? 0

const shown = (millis: number): string => millis.toFixed(1).padStart(8)

const program = Effect.gen(function*() {
  const sizes = [
    { users: smallest, devices: Math.round(smallest / share) },
    { users: Number(values.users), devices: Number(values.devices) }
  ]
  const stores = yield* Effect.forEach(sizes, ({ devices, users }) =>
    Effect.gen(function*() {
      const context = yield* open
      const [took] = yield* Effect.timed(Effect.provide(load(users, devices), context))
      console.log(`${values.store}: ${users} users, ${devices} devices loaded in ${Duration.format(took)}`)
      return { devices, calls: yield* Effect.provide(calls, context) }
    }))
  const [small, large] = stores
  if (small === undefined || large === undefined) return
  const times = new Map<string, readonly [Array<number>, Array<number>]>()
  // the first of each are for caches, compilers and connections
  for (let round = -warming; round < rounds; round++) {
    for (const name of Object.keys(small.calls)) {
      const of = times.get(name) ?? [[], []]
      times.set(name, of)
      for (const [which, { calls, devices }] of (round % 2 === 0 ? stores : Arr.reverse(stores)).entries()) {
        const call = calls[name]
        if (call === undefined) continue
        // each round another one, from all over the table
        const user = 1 + ((round + warming) * Math.max(1, Math.floor(devices / (rounds + warming)))) % devices
        const [took] = yield* Effect.timed(call(user))
        if (round >= 0) of[(which + Math.abs(round)) % 2]?.push(Duration.toMillis(took))
      }
    }
  }
  console.log(
    `${"ms, median and 95th percentile".padEnd(40)}${`${smallest}`.padStart(17)}${values.users.padStart(17)}    ratio`
  )
  const slow: Array<string> = []
  for (const [name, [few, many]] of times) {
    const ratio = percentile(many, 0.5) / percentile(few, 0.5)
    if (ratio > most) slow.push(name)
    console.log(
      name.padEnd(40) + [few, many].map((of) => ` ${shown(percentile(of, 0.5))}${shown(percentile(of, 0.95))}`).join("")
        + ratio.toFixed(2).padStart(9)
    )
  }
  if (slow.length > 0) {
    console.error(`scale: more than ${most} times slower with ${values.users} users: ${slow.join(", ")}`)
    process.exitCode = 1
  }
})

await Effect.runPromise(Effect.scoped(program))
