/**
 * Events sealed just in time, each delivered three times at once to processes that share a store; and what was handled
 * in the end.
 */
import { filename, pgDatabase } from "@effect-launchkey/testing/sql/TestDatabases"
import type * as TestWebhooks from "@effect-launchkey/testing/TestWebhooks"
import * as LibsqlClient from "@effect/sql-libsql/LibsqlClient"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { pathToFileURL } from "node:url"
import * as Libsql from "../../../src/sql/Libsql.ts"
import * as Pg from "../../../src/sql/Pg.ts"
import * as children from "../children.ts"
import { forge, isAnswer, nameOf } from "./events.ts"
import { type Place, retention } from "./store.ts"

export interface Options {
  readonly store: "Libsql" | "Pg"
  /** `"same"`: one token, three times. `"resigned"`: a token for each, as honest retries have. */
  readonly copies: "same" | "resigned"
  readonly events: number
  /** Sends a webhook to a port of this machine: the status of the answer. */
  readonly post: (port: number, delivery: TestWebhooks.Delivery) => Promise<number>
  readonly tell?: ((done: number) => void) | undefined
}

export interface Figures {
  readonly events: number
  readonly deliveries: number
  /** Answers by their status; 0 where none came. */
  readonly statuses: { readonly [status: number]: number }
  /** Events that were handled exactly once. */
  readonly once: number
  /** Events that were handled more than once. */
  readonly twice: number
  /** Handlings of events that nobody has sent. */
  readonly strange: number
  readonly rows: Rows
  /** What may not have been forgotten by then: what was first sent less than the retention before. */
  readonly due: Omit<Rows, "tokens">
  readonly bytes: number
  /** Rows that are left when they have expired. */
  readonly left: number
  /** Of the largest of the receiving processes, in bytes. */
  readonly memory: number
  readonly duration: Duration.Duration
}

interface Rows {
  readonly tokens: number
  readonly events: number
  readonly answers: number
}

/** Events on their way at once. */
const inFlight = 64

/** What a sender that has to try again waits for: by then the delivery that was in the way is done. */
const pause = Schedule.exponential("20 millis", 1.5).pipe(Schedule.jittered, Schedule.upTo("2 minutes"))

const tables = {
  tokens: "launchkey_webhook_tokens",
  events: "launchkey_webhook_events",
  answers: "launchkey_authorizations"
} as const

/** The exclusive lock of the layer would let nobody look into the file: this client has none. */
const client = (place: Place) =>
  place._tag === "Pg"
    ? PgClient.layer({ url: Redacted.make(place.url) })
    : LibsqlClient.layer({ url: pathToFileURL(place.filename).href })

const count = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, table: string) {
  const [row] = yield* sql<{ rows: number | string }>`SELECT count(*) AS rows FROM ${sql(table)}`
  return Number(row?.rows)
})

const countedIn = (sql: SqlClient.SqlClient) =>
  Effect.all({
    tokens: count(sql, tables.tokens),
    events: count(sql, tables.events),
    answers: count(sql, tables.answers)
  })

const size = (place: Place, sql: SqlClient.SqlClient) =>
  place._tag === "Pg"
    ? sql<{ bytes: string }>`
        SELECT sum(pg_total_relation_size(CAST(name AS regclass))) AS bytes
        FROM unnest(${Object.values(tables)}::text[]) AS name`.pipe(Effect.map(([row]) => Number(row?.bytes)))
    : Effect.sync(() =>
      ["", "-wal"].reduce(
        (bytes, end) => bytes + (Fs.statSync(`${place.filename}${end}`, { throwIfNoEntry: false })?.size ?? 0),
        0
      )
    )

/** As much as rows stay after they have expired, and more. */
const later = Duration.sum(retention, "15 minutes")

/** What is there; and what is left of it some time later, as the rows tell the time. */
const examined = (place: Place) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* countedIn(sql)
    const counted = yield* Clock.currentTimeMillis
    const bytes = yield* size(place, sql)
    yield* sql`UPDATE launchkey_webhook_tokens SET until = until - ${sql.literal(String(Duration.toSeconds(later)))}`
    for (const table of [tables.events, tables.answers]) {
      yield* sql`UPDATE ${sql(table)} SET until = until - ${sql.literal(String(Duration.toMillis(later)))}`
    }
    const stores = place._tag === "Pg"
      ? Layer.provide(Pg.layerClient({ listen: false }), client(place))
      : Libsql.layerClient()
    yield* Layer.build(stores)
    const left = Effect.map(countedIn(sql), ({ answers, events, tokens }) => tokens + events + answers)
    yield* Effect.repeat(left, {
      until: (rows) => rows === 0,
      schedule: Schedule.upTo(Schedule.spaced("50 millis"), "1 minute")
    })
    return { rows, counted, bytes, left: yield* left }
  }).pipe(Effect.scoped, Effect.provide(client(place)))

const place = (store: Options["store"]): Effect.Effect<Place, never, Scope.Scope> =>
  store === "Pg"
    ? Effect.map(pgDatabase, ({ url }) => ({ _tag: store, url: Redacted.value(url) }))
    : Effect.map(filename, (filename) => ({ _tag: store, filename }))

/** How often each event was handled. */
const audit = (logs: ReadonlyArray<string>, events: number) => {
  const handled = new Map<string, number>()
  for (const log of logs) {
    for (const name of Fs.readFileSync(log, "utf8").split("\n").slice(0, -1)) {
      handled.set(name, (handled.get(name) ?? 0) + 1)
    }
  }
  let once = 0
  let twice = 0
  for (let index = 0; index < events; index++) {
    const times = handled.get(nameOf(index)) ?? 0
    if (times === 1) once++
    if (times > 1) twice++
    handled.delete(nameOf(index))
  }
  return { once, twice, strange: handled.size }
}

export const run = ({ copies, events, post, store, tell }: Options): Effect.Effect<Figures, unknown> =>
  Effect.gen(function*() {
    const at = yield* place(store)
    const folder = Path.dirname(yield* filename)
    const logs = (store === "Pg" ? ["one", "other"] : ["only"]).map((name) => Path.join(folder, name))
    const receivers = yield* Effect.forEach(
      logs,
      (log) => children.start(new URL("./receiver.ts", import.meta.url), { place: at, log }),
      { concurrency: "unbounded" }
    )
    const ports = yield* Effect.forEach(
      receivers,
      ({ next }) => Effect.map(next(Schema.Struct({ port: Schema.Number })), ({ port }) => port)
    )
    const { again, seal } = yield* forge
    const begun = new Map<number, number>()
    const statuses: { [status: number]: number } = {}
    let deliveries = 0

    const send = (delivery: TestWebhooks.Delivery) =>
      Effect.map(
        Effect.orElseSucceed(
          // one process after the other, so that the copies of an event meet each other on all of them
          Effect.tryPromise(() => post(ports[deliveries++ % ports.length] ?? 0, delivery)),
          () => 0
        ),
        (status) => {
          statuses[status] = (statuses[status] ?? 0) + 1
          return status
        }
      )

    /** Until somebody has handled it, under a new token each time. */
    const insist = (delivery: TestWebhooks.Delivery) =>
      Effect.flatMap(again(delivery), send).pipe(
        Effect.filterOrFail((status) => status === 204, (status) => new Error(`the last answer was ${status}`)),
        Effect.retry(pause),
        Effect.delay("20 millis")
      )

    const deliver = (index: number) =>
      Effect.gen(function*() {
        begun.set(index, yield* Clock.currentTimeMillis)
        const sealed = yield* seal(index)
        const answers = yield* Effect.forEach([0, 1, 2], (copy) =>
          Effect.gen(function*() {
            const status = yield* send(copy === 0 || copies === "same" ? sealed : yield* again(sealed))
            const final = status === 204 || status === 401 && copies === "same"
            return final ? status : yield* insist(sealed)
          }), { concurrency: "unbounded" })
        // all of them came too late to be believed
        if (!answers.includes(204)) yield* insist(sealed)
        tell?.(index + 1)
      })

    const started = yield* Clock.currentTimeMillis
    yield* Effect.forEach(Array.from({ length: events }, (_, index) => index), deliver, {
      concurrency: inFlight,
      discard: true
    })
    const duration = Duration.millis((yield* Clock.currentTimeMillis) - started)
    const maxima = yield* Effect.forEach(receivers, ({ ended, next, tell }) =>
      Effect.zipLeft(
        Effect.zipRight(tell({ stop: true }), next(Schema.Struct({ maxRss: Schema.Number }))),
        ended
      ))
    const { counted, ...left } = yield* examined(at)
    const since = counted - Duration.toMillis(retention)
    const due = Array.from(begun).flatMap(([index, time]) => time > since ? [index] : [])
    return {
      events,
      deliveries,
      statuses,
      ...audit(logs, events),
      ...left,
      due: { events: due.length, answers: due.filter(isAnswer).length },
      memory: Math.max(...maxima.map(({ maxRss }) => maxRss)),
      duration
    }
  }).pipe(Effect.scoped)

const within = (least: number, found: number, most: number): boolean => least <= found && found <= most

/**
 * Whether each event was handled exactly once, and is kept once, with its answer, for as long as it must be; and nothing
 * is left of what has expired.
 */
export const holds = ({ due, events, left, once, rows, strange, twice }: Figures): boolean =>
  once === events && twice === 0 && strange === 0 && left === 0 && within(due.events, rows.events, events) &&
  within(due.answers, rows.answers, Array.from({ length: events }, (_, index) => index).filter(isAnswer).length)
