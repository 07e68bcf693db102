/**
 * A platform that is served and killed, again and again, while others call it: whether all that it answered is there
 * afterwards, nothing is there by half, and everybody is told of what has happened.
 */
import * as Libsql from "@effect-launchkey/sql/Libsql"
import { filename, pgDatabase, urlOf } from "@effect-launchkey/testing/sql/TestDatabases"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as LibsqlClient from "@effect/sql-libsql/LibsqlClient"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import {
  Clock,
  Duration,
  Effect,
  Fiber,
  Layer,
  Logger,
  LogLevel,
  Option,
  Queue,
  Redacted,
  Schedule,
  Scope
} from "effect"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Path from "node:path"
import * as Admin from "../../src/internal/admin.ts"
import { certificate } from "./certificate.ts"
import * as Command from "./command.ts"
import * as Invariants from "./invariants.ts"
import * as Journal from "./journal.ts"
import * as Managers from "./managers.ts"
import * as Receiver from "./receiver.ts"
import * as Users from "./users.ts"
import * as World from "./world.ts"

/**
 * - `load`: while it is called
 * - `delivery`: when a receiver has taken a webhook and its answer is on its way
 * - `start`: while it opens its store
 * - `ending`: while it ends as it was asked to
 * - `first start`: while it makes the tables of a new store
 */
export type Kind = "load" | "delivery" | "start" | "ending" | "first start"

export interface Options {
  readonly store: "libsql" | "postgres"
  readonly kills: ReadonlyArray<Kind>
  readonly seed: number
  /** Whether claims of those who were killed are ended in the store, rather than waited for. */
  readonly hurry?: boolean
  readonly tell?: ((line: string) => void) | undefined
  /** How many services are called, by as many users at once. */
  readonly services: number
  /** Whether to leave out the kills that remain. */
  readonly enough?: (() => boolean) | undefined
}

export interface Figures {
  readonly kills: number
  readonly acknowledged: number
  readonly inDoubt: { readonly all: number; readonly made: number }
  readonly unsent: number
  readonly checked: number
  readonly webhooks: {
    readonly due: number
    readonly missing: number
    /** Taken by the receiver of whose answer the platform never heard: each has to be told again. */
    readonly held: number
    readonly again: number
    readonly refused: number
  }
  /** What does not hold: nothing, if all does. */
  readonly problems: ReadonlyArray<string>
  readonly duration: Duration.Duration
}

/** Numbers from 0 to 1, the same for the same seed. */
export const randomOf = (seed: number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** As many kills of all kinds as there are to be, most of them under load. */
export const kindsOf = (count: number, random: () => number): ReadonlyArray<Kind> =>
  Array.from({ length: count }, () => {
    const chance = random()
    if (chance < 0.6) return "load"
    if (chance < 0.75) return "delivery"
    if (chance < 0.85) return "start"
    return chance < 0.95 ? "ending" : "first start"
  })

const freePort = Effect.async<number>((resume) => {
  const server = Net.createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(address !== null && typeof address === "object" ? address.port : 0)))
  })
})

interface Place {
  readonly config: string
  readonly baseUrl: string
  /** A client of the store, for when no process has it open: of a copy, as who opens a file changes it. */
  readonly reading: <A>(use: (sql: SqlClient.SqlClient) => Effect.Effect<A>) => Effect.Effect<A>
  readonly writing: <A>(use: (sql: SqlClient.SqlClient) => Effect.Effect<A>) => Effect.Effect<A>
}

const using = <A>(
  layer: Layer.Layer<SqlClient.SqlClient, unknown>,
  use: (sql: SqlClient.SqlClient) => Effect.Effect<A>
): Effect.Effect<A> => Effect.orDie(Effect.provide(Effect.flatMap(SqlClient.SqlClient, use), layer))

const copied = (file: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      for (const end of ["", "-wal"]) {
        if (Fs.existsSync(file + end)) Fs.copyFileSync(file + end, `${file}.copy${end}`)
      }
      return `${file}.copy`
    }),
    (copy) =>
      Effect.sync(() => {
        for (const end of ["", "-wal", "-shm"]) Fs.rmSync(copy + end, { force: true })
      })
  )

/** A store of its own, with a configuration to serve it. */
const place = (store: Options["store"]): Effect.Effect<Place, never, Scope.Scope> =>
  Effect.gen(function*() {
    const file = yield* filename
    const folder = Path.dirname(file)
    const port = yield* freePort
    const baseUrl = `http://127.0.0.1:${port}`
    const database = store === "postgres" ? Option.some(yield* pgDatabase) : Option.none()
    const config = Path.join(folder, "serve.json")
    Fs.writeFileSync(Path.join(folder, "key"), "A".repeat(43), { mode: 0o600 })
    Fs.writeFileSync(
      config,
      JSON.stringify({
        baseUrl,
        store: Option.match(database, { onNone: () => `file:${file}`, onSome: ({ url }) => Redacted.value(url) }),
        keyEncryptionKeyFile: "key",
        adminSocket: "admin.sock",
        listen: { port },
        operations: { enabled: false },
        authenticator: false,
        webhooks: { allowedRanges: ["127.0.0.0/8", "::1/128"] },
        shutdown: { requests: "2 seconds" }
      })
    )
    const client = Option.match(database, {
      onNone: () => LibsqlClient.layer({ url: urlOf(file) }),
      onSome: ({ url }) => PgClient.layer({ url, applicationName: "kills" })
    })
    const writer = Option.isSome(database) ? client : Libsql.layer({ filename: file })
    return {
      config,
      baseUrl,
      reading: (use) =>
        Option.isSome(database)
          ? using(client, use)
          : Effect.scoped(Effect.flatMap(copied(file), (copy) => using(LibsqlClient.layer({ url: urlOf(copy) }), use))),
      writing: (use) => using(writer, use)
    }
  })

/** Until the server has noticed that a process is gone, and undone what that has begun. */
const gone = (sql: SqlClient.SqlClient) =>
  sql.onDialectOrElse({
    pg: () =>
      sql`SELECT 1 AS there FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'launchkey'`.pipe(
        Effect.repeat({ until: (rows) => rows.length === 0, schedule: Schedule.spaced("10 millis") }),
        Effect.orDie,
        Effect.asVoid
      ),
    orElse: () => Effect.void
  })

/** Longer than a claim holds that was made by somebody who died. */
const patience = Duration.seconds(90)

const trial = (options: Options) =>
  Effect.gen(function*() {
    const random = randomOf(options.seed)
    const between = (least: number, most: number) => least + random() * (most - least)
    const tell = options.tell ?? (() => {})
    const started = yield* Clock.currentTimeMillis
    const journal = Journal.make(random)
    const receiver = yield* Receiver.make(random)
    const home = yield* place(options.store)
    const trusted = Path.join(Path.dirname(home.config), "receiver.pem")
    Fs.writeFileSync(trusted, certificate)

    const program = yield* Command.built(Path.dirname(home.config))
    const scope = yield* Effect.scope
    const load = Scope.extend(scope)(Command.standby(program, { NODE_EXTRA_CA_CERTS: trusted }))
    // One process is loaded while another one serves, as long as there is to be one more.
    let unloaded = options.kills.reduce((sum, kind) => sum + (kind === "start" || kind === "first start" ? 2 : 1), 0)
    const spare = yield* Queue.unbounded<Command.Command>()
    const another = Effect.flatMap(load, (command) => Queue.offer(spare, command))
    const next = Effect.zipRight(
      Effect.suspend(() => unloaded-- > 0 ? another : Effect.void),
      Queue.take(spare)
    )
    yield* another
    const commands: Array<Command.Command> = []
    /** Those who were killed have claimed webhooks; as if the time of it had passed. */
    const unclaimed = home.writing((sql) =>
      Effect.orDie(Effect.asVoid(sql`UPDATE platform_deliveries SET due = 0 WHERE state = 'PENDING'`))
    )
    const again = Effect.suspend(() =>
      invariants(home).pipe(
        Effect.zipRight(options.hurry === true ? unclaimed : Effect.void),
        Effect.zipRight(begin(home))
      )
    )
    const begin = (at: Place) =>
      Effect.tap(next, (command) => {
        commands.push(command)
        return command.run("serve", "--config", at.config)
      })
    const serving = (command: Command.Command) =>
      Effect.matchEffect(command.serving, {
        onFailure: (said) => Effect.dieMessage(`The platform did not start again: ${said}`),
        onSuccess: Effect.succeed
      })
    const kill = (command: Command.Command) => Effect.zipRight(command.signal("SIGKILL"), command.ended)

    const invariants = (at: Place) =>
      at.reading((sql) =>
        Effect.map(Effect.zipRight(gone(sql), Invariants.broken(sql)), (found) => void journal.problems.push(...found))
      )

    let command = yield* begin(home)
    yield* serving(command)
    const world = yield* World.make({
      baseUrl: home.baseUrl,
      config: home.config,
      receiver,
      services: options.services
    })
    const lanes = yield* Effect.all([
      ...world.services.map((service, index) => Users.lane(`user ${index + 1}`, service, world, journal, random)),
      Managers.lane("first", world, journal, random),
      Managers.lane("second", world, journal, random)
    ])

    let running = false
    let working = yield* Effect.fork(Effect.void)
    const work = Effect.gen(function*() {
      running = true
      working = yield* Effect.fork(Effect.forEach(
        lanes,
        (step) => Effect.whileLoop({ while: () => running, body: () => step, step: () => {} }),
        { concurrency: "unbounded", discard: true }
      ))
    })
    /** Until so many more changes are acknowledged, however fast the machine is. */
    const answered = (more: number) =>
      Effect.suspend(() => {
        const enough = journal.acknowledged() + more
        return Effect.repeat(Effect.sleep("5 millis"), { until: () => journal.acknowledged() >= enough })
      }).pipe(Effect.timeoutOption("20 seconds"))

    /** Those who call end with the call that they are in, which may be answered by the next process. */
    const settled = Effect.zipRight(Effect.suspend(() => Fiber.join(working)), journal.check(false))

    const audited = Effect.scoped(Effect.flatMap(
      Admin.connect(Option.some(home.config)),
      (admin) =>
        Effect.map(admin.verifyAudit({ payload: {} }), ({ broken, holds }) => {
          if (Option.isSome(broken)) journal.problems.push(`the audit log holds up to ${holds} alone`)
        })
    ))

    /** Whoever is killed while it makes its store finds it as it was left, and goes on. */
    const firstStart = Effect.scoped(Effect.gen(function*() {
      const other = yield* place(options.store)
      const killed = yield* begin(other)
      yield* Effect.sleep(between(0, 600))
      yield* kill(killed)
      const next = yield* begin(other)
      yield* serving(next)
      const organizations = yield* Effect.scoped(Effect.flatMap(
        Admin.connect(Option.some(other.config)),
        (admin) =>
          Effect.zipRight(
            admin.createOrganization({ payload: { name: "First", publicKey: TestKeys.organization.publicKey } }),
            admin.listOrganizations()
          )
      ))
      if (organizations.length !== 1) journal.problems.push("a new store has other organizations than it was given")
      yield* kill(next)
      yield* invariants(other)
    }))

    /** Until a webhook is taken that the platform does not know to be. */
    const taken = receiver.held.pipe(
      Effect.tap((event) => Effect.sync(() => void held.add(event))),
      Effect.timeoutOption("20 seconds")
    )

    const held = new Set<string>()
    let kills = 0
    let shown = 0
    for (const kind of options.kills) {
      if (options.enough?.() === true) break
      kills++
      if (kind === "first start") {
        yield* firstStart
      } else if (kind === "start") {
        yield* kill(command)
        command = yield* begin(home)
        yield* Effect.sleep(between(0, 400))
        yield* kill(command)
        command = yield* again
        yield* serving(command)
        yield* settled
      } else {
        yield* work
        yield* kind === "delivery"
          ? taken
          : Effect.zipRight(answered(Math.ceil(between(0, 30))), Effect.sleep(between(0, 100)))
        if (kind === "ending") {
          yield* command.signal("SIGTERM")
          yield* Effect.sleep(between(0, 200))
        }
        running = false
        yield* kill(command)
        command = yield* again
        yield* serving(command)
        yield* settled
      }
      if (kills % 25 === 0) yield* audited
      journal.problems.slice(shown).forEach(tell)
      shown = journal.problems.length
      tell(
        `${kills} of ${options.kills.length} kills, ${journal.acknowledged()} changes acknowledged, ${journal.inDoubt().all} in doubt, ${journal.problems.length} problems`
      )
    }

    const missing = Effect.sync(() => Array.from(journal.due).filter((event) => !receiver.taken.has(event)))
    const forgotten = Effect.sync(() => Array.from(held).filter((event) => receiver.taken.get(event) === 0))
    yield* Effect.repeat(Effect.all([missing, forgotten]), {
      until: (events) => events.flat().length === 0,
      schedule: Schedule.upTo(Schedule.spaced("50 millis"), patience)
    })
    yield* journal.check(true)
    yield* audited
    yield* kill(command)
    yield* invariants(home)

    const never = yield* missing
    journal.problems.push(...never.map((event) => `nobody was told: ${event}`))
    for (const event of yield* forgotten) {
      journal.problems.push(`it was not told again, though no answer had come: ${event}`)
    }
    for (const event of receiver.taken.keys()) {
      if (!journal.due.has(event)) {
        journal.problems.push(`somebody was told what is not so: ${event}`)
      }
    }
    for (const command of commands) journal.problems.push(...command.errors())
    for (const [status, count] of receiver.statuses) {
      if (status !== 204 && status !== 503) journal.problems.push(`${count} webhooks were answered ${status}`)
    }
    return {
      kills,
      acknowledged: journal.acknowledged(),
      inDoubt: journal.inDoubt(),
      unsent: journal.unsent(),
      checked: journal.checked(),
      webhooks: {
        due: journal.due.size,
        missing: never.length,
        held: held.size,
        again: Array.from(receiver.taken.values()).reduce((sum, times) => sum + times, 0),
        refused: receiver.statuses.get(503) ?? 0
      },
      problems: journal.problems,
      duration: Duration.millis((yield* Clock.currentTimeMillis) - started)
    }
  })

export const run = (options: Options): Effect.Effect<Figures> =>
  trial(options).pipe(
    Effect.scoped,
    Effect.provide(NodeContext.layer),
    Logger.withMinimumLogLevel(LogLevel.None),
    Effect.orDie
  )
