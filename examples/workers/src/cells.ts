/**
 * What all isolates of a Worker share: texts by name, each for a time, in one Durable Object. Every step is atomic, since
 * an object's storage is synchronous. On another platform this is a table of its database.
 */
import { StoreUnavailable } from "@effect-launchkey/clients/StoreUnavailable"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const Step = Schema.Union(
  Schema.Struct({ step: Schema.Literal("read"), name: Schema.String }),
  Schema.Struct({ step: Schema.Literal("take"), name: Schema.String, value: Schema.String, millis: Schema.Number }),
  Schema.Struct({
    step: Schema.Literal("swap"),
    name: Schema.String,
    from: Schema.String,
    to: Schema.NullOr(Schema.String),
    millis: Schema.Number
  })
)

type Step = typeof Step.Type

interface Cell {
  readonly value: string
  /** Milliseconds since the epoch. */
  readonly until: number
}

/** What is needed of the state of a Durable Object that SQLite keeps. */
export interface State {
  readonly storage: {
    readonly kv: {
      readonly get: (name: string) => unknown
      readonly put: (name: string, cell: Cell) => void
      readonly delete: (name: string) => unknown
      readonly list: () => Iterable<readonly [string, unknown]>
    }
    readonly getAlarm: () => Promise<number | null>
    readonly setAlarm: (time: number) => Promise<void>
  }
}

const isCell = Schema.is(Schema.Struct({ value: Schema.String, until: Schema.Number }))

const hour = 3_600_000

/** The Durable Object. */
export class CellsObject {
  readonly #storage: State["storage"]

  constructor({ storage }: State) {
    this.#storage = storage
  }

  async fetch(request: Request): Promise<Response> {
    const step = Schema.decodeUnknownSync(Step)(await request.json())
    const result = this.#run(step, Date.now())
    if (step.step !== "read" && await this.#storage.getAlarm() === null) {
      await this.#storage.setAlarm(Date.now() + hour)
    }
    return Response.json(result)
  }

  /** What has ended an hour ago is of no use to anyone, not even to whoever has overrun a lease. */
  async alarm(): Promise<void> {
    const { kv } = this.#storage
    const now = Date.now()
    const cells = Array.from(kv.list())
    const ended = cells.filter(([, cell]) => !isCell(cell) || cell.until + hour <= now)
    for (const [name] of ended) kv.delete(name)
    if (ended.length < cells.length) await this.#storage.setAlarm(now + hour)
  }

  #run(step: Step, now: number): string | boolean | null {
    const { kv } = this.#storage
    const found = kv.get(step.name)
    const cell = isCell(found) ? found : undefined
    const current = cell !== undefined && cell.until > now ? cell.value : null
    switch (step.step) {
      case "read":
        return current
      case "take":
        if (current === null) kv.put(step.name, { value: step.value, until: now + step.millis })
        return current
      case "swap":
        if (cell?.value !== step.from) return false
        if (step.to === null) kv.delete(step.name)
        else kv.put(step.name, { value: step.to, until: now + step.millis })
        return true
    }
  }
}

/** The binding of the Durable Object's class. */
export interface Namespace {
  readonly idFromName: (name: string) => unknown
  readonly get: (id: never) => { readonly fetch: (request: Request) => Promise<Response> }
}

export interface Service {
  readonly read: (name: string) => Effect.Effect<Option.Option<string>, StoreUnavailable>
  /** Puts the value where there is none. What was there before. */
  readonly take: (
    name: string,
    value: string,
    time: Duration.Duration
  ) => Effect.Effect<Option.Option<string>, StoreUnavailable>
  /** Replaces this value and no other, also where its time has ended and nobody has taken the name since. */
  readonly swap: (
    name: string,
    from: string,
    to: Option.Option<string>,
    time: Duration.Duration
  ) => Effect.Effect<boolean, StoreUnavailable>
}

export class Cells extends Context.Tag("@effect-launchkey/example-workers/cells/Cells")<Cells, Service>() {}

const Value = Schema.NullOr(Schema.String)

export const layer = (namespace: Namespace): Layer.Layer<Cells> =>
  Layer.sync(Cells, () => {
    const ask = <A, I>(step: Step, answer: Schema.Schema<A, I>): Effect.Effect<A, StoreUnavailable> =>
      Effect.tryPromise((signal) =>
        namespace.get(namespace.idFromName("cells") as never).fetch(
          new Request("https://cells", { method: "POST", body: JSON.stringify(step), signal })
        ).then((response) => response.json())
      ).pipe(
        Effect.flatMap(Schema.decodeUnknown(answer)),
        Effect.mapError((cause) => new StoreUnavailable({ operation: `Cells.${step.step}`, cause }))
      )
    return {
      read: (name) => Effect.map(ask({ step: "read", name }, Value), Option.fromNullable),
      take: (name, value, time) =>
        Effect.map(
          ask({ step: "take", name, value, millis: Duration.toMillis(time) }, Value),
          Option.fromNullable
        ),
      swap: (name, from, to, time) =>
        ask(
          { step: "swap", name, from, to: Option.getOrNull(to), millis: Duration.toMillis(time) },
          Schema.Boolean
        )
    }
  })
