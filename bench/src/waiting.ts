/**
 * A burst of open authorizations that one process waits for, by the ways in which an answer comes: how often the
 * platform is asked, what a wait holds, and how late an answer is noticed.
 */
import * as PendingAuthorizations from "@effect-launchkey/clients/PendingAuthorizations"
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import {
  AuthorizationPackage,
  AuthorizationRequest,
  AuthorizationRequestId
} from "@effect-launchkey/core/Authorization"
import * as TestTransport from "@effect-launchkey/testing/TestTransport"
import { Transport } from "@effect-launchkey/transport/Transport"
import * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientRequest } from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as V8 from "node:v8"
import * as Vm from "node:vm"
import { type Benchmark, table } from "./benchmark.ts"
import { serviceId } from "./fixture.ts"
import * as VirtualClock from "./virtualClock.ts"

interface Way {
  readonly name: string
  readonly webhooks: boolean
  /** In place of the default, where it is not the default. */
  readonly schedule?: ServiceClient.AwaitResponseOptions["schedule"]
  /** Whether the program knows whom the answer must be about. Otherwise the platform confirms each. */
  readonly userKnown: boolean
  /** Whether this one's webhook never comes. */
  readonly lost: (index: number) => boolean
}

const none = () => false

const ways: ReadonlyArray<Way> = [
  { name: "polling only", webhooks: false, userKnown: true, lost: none },
  // whoever gives a schedule is asked for at once, and then as it says: not while any request lives
  { name: "webhook only", webhooks: true, userKnown: true, schedule: Schedule.spaced("1 hour"), lost: none },
  { name: "both", webhooks: true, userKnown: true, lost: none },
  { name: "both, user not known", webhooks: true, userKnown: false, lost: none },
  { name: "both, 1 webhook in 100 lost", webhooks: true, userKnown: true, lost: (index) => index % 100 === 0 }
]

interface Row {
  readonly way: string
  readonly requests: number
  readonly bytesPerWait: number
  /** Milliseconds from the answer to the end of the wait, by the clock that everything runs on. */
  readonly noticed: { readonly median: number; readonly p99: number; readonly longest: number }
  /** The same in milliseconds of this machine, where a webhook brought it. */
  readonly handedOver: { readonly median: number; readonly p99: number } | undefined
  /** Milliseconds. */
  readonly cpu: number
}

interface Settings {
  readonly waits: number
}

/** Milliseconds between steps of the clock: no wait is measured finer. */
const tick = 20

/** Users answer one after the other, evenly between these: milliseconds. */
const firstAnswer = 3_000
const lastAnswer = 60_000

const idOf = (index: number) =>
  AuthorizationRequestId.make(`00000000-0000-4000-8000-${index.toString(16).padStart(12, "0")}`)

const encoder = new TextEncoder()

/** At once: a virtual clock does not wait for promises. */
const respond = (request: HttpClientRequest, { body, status }: TestTransport.Reply) => {
  const text = body === undefined ? "" : JSON.stringify(body)
  const response = HttpClientResponse.fromWeb(request, new Response(text === "" ? null : text, { status }))
  return Object.defineProperties(response, {
    text: { value: Effect.succeed(text) },
    arrayBuffer: { value: Effect.sync(() => encoder.encode(text).buffer) }
  })
}

const expected = { serviceUserHash: "E6ouuaZVRJfamDnYUsqfKDkohlvcKpepUg6w9o99ZJ8" }

const answered = TestTransport.answered(expected)

const replyTo = (path: string) => answered({ method: "GET", path, subject: "", body: undefined, at: 0 })

const decodePackage = Schema.decodeUnknownSync(AuthorizationPackage)

/** Nothing is sealed: it answers what is asked, and counts. */
const stub = (isAnswered: (id: string) => boolean) => {
  const count = { requests: 0 }
  const layer = Layer.effect(
    Transport,
    Effect.map(Transport, (transport) => ({
      ...transport,
      httpClient: () =>
        HttpClient.makeWith<never, never, never, never>(
          Effect.map((request) => {
            count.requests++
            const id = request.url.slice(request.url.lastIndexOf("/") + 1)
            return respond(request, isAnswered(id) ? replyTo(request.url) : TestTransport.noContent)
          }),
          Effect.succeed
        )
    }))
  ).pipe(Layer.provide(TestTransport.layerReplies(TestTransport.noContent)))
  return { count, layer }
}

V8.setFlagsFromString("--expose_gc")
const collect: () => void = Vm.runInNewContext("gc")

const heap = () => {
  collect()
  return process.memoryUsage().heapUsed
}

const quantile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN

const sorted = (values: Iterable<number>) => Array.from(values).sort((one, other) => one - other)

const measureWay = async (way: Way, { waits }: Settings): Promise<Row> => {
  const virtual = VirtualClock.make(1_800_000_000_000)
  const started = virtual.now()
  const answers = new Set<string>()
  const { count, layer } = stub((id) => answers.has(id))
  const store = Layer.succeed(
    PendingAuthorizations.PendingAuthorizations,
    Effect.runSync(PendingAuthorizations.makeMemory())
  )
  const services = Layer.provide(ServiceClient.layer({ serviceId }), layer)
  const { client, inbox, runtime } = await Effect.runPromise(
    Effect.gen(function*() {
      return {
        client: yield* ServiceClient.ServiceClient,
        inbox: yield* PendingAuthorizations.PendingAuthorizations,
        runtime: yield* Effect.runtime<never>()
      }
    }).pipe(
      Effect.provide(Layer.merge(way.webhooks ? Layer.provide(services, store) : services, store)),
      Effect.withClock(virtual.clock)
    )
  )
  const run = Runtime.runFork(runtime)

  const answeredAt = new Map<number, { readonly virtual: number; readonly real: number }>()
  const noticed = new Map<number, number>()
  const handedOver = new Map<number, number>()
  const before = heap()
  const waiting = Array.from({ length: waits }, (_, index) => {
    const request = new AuthorizationRequest({
      id: idOf(index),
      ttl: Duration.minutes(5),
      deviceIds: Option.none(),
      pushPackage: Option.none()
    })
    return run(
      Effect.tap(
        client.awaitResponse(request, { schedule: way.schedule, user: way.userKnown ? expected : undefined }),
        () =>
          Effect.sync(() => {
            const at = answeredAt.get(index)
            if (at === undefined) throw new Error("A response came before its answer")
            noticed.set(index, virtual.now() - at.virtual)
            handedOver.set(index, performance.now() - at.real)
          })
      )
    )
  })
  await virtual.step(tick)
  const bytesPerWait = (heap() - before) / waits

  const cpu = process.cpuUsage()
  for (let next = 0; noticed.size < waits;) {
    while (next < waits && started + firstAnswer + next * (lastAnswer - firstAnswer) / waits <= virtual.now()) {
      const index = next++
      const id = idOf(index)
      answers.add(id)
      answeredAt.set(index, { virtual: virtual.now(), real: performance.now() })
      if (!way.webhooks || way.lost(index)) continue
      // what a receiver does with a webhook once it has opened it
      await Effect.runPromise(inbox.complete({ serviceId, id }, decodePackage(replyTo(id).body)))
    }
    await virtual.step(0)
    await virtual.step(tick)
  }
  const { system, user } = process.cpuUsage(cpu)
  await Effect.runPromise(Fiber.joinAll(waiting))

  const times = sorted(noticed.values())
  const real = sorted([...handedOver].flatMap(([index, millis]) => way.lost(index) ? [] : [millis]))
  return {
    way: way.name,
    requests: count.requests,
    bytesPerWait,
    noticed: { median: quantile(times, 0.5), p99: quantile(times, 0.99), longest: quantile(times, 1) },
    handedOver: way.webhooks ? { median: quantile(real, 0.5), p99: quantile(real, 0.99) } : undefined,
    cpu: (user + system) / 1000
  }
}

const measure = async (settings: Settings, tell: (text: string) => void): Promise<ReadonlyArray<Row>> => {
  const rows: Array<Row> = []
  // for the compiler alone
  for (const way of ways) await measureWay(way, { waits: 100 })
  for (const way of ways) {
    const row = await measureWay(way, settings)
    tell(`${row.way}: ${row.requests} requests`)
    rows.push(row)
  }
  return rows
}

const head = [
  "way",
  "requests",
  "heap per wait, KB",
  "noticed after, s: p50",
  "p99",
  "longest",
  "handed over in, ms: p50",
  "p99",
  "CPU, s"
]

const seconds = (millis: number) => (millis / 1000).toFixed(1)

export const benchmark: Benchmark = {
  name: "waiting",
  run: async ({ quick }, tell) => {
    const settings = { waits: quick ? 200 : 5000 }
    const rows = await measure(settings, tell)
    return {
      figures: { settings, rows },
      goals: [],
      how: `${settings.waits} waits`,
      tables: table(
        head,
        rows.map(({ bytesPerWait, cpu, handedOver, noticed, requests, way }) => [
          way,
          requests,
          (bytesPerWait / 1000).toFixed(1),
          seconds(noticed.median),
          seconds(noticed.p99),
          seconds(noticed.longest),
          handedOver?.median.toFixed(1) ?? "",
          handedOver?.p99.toFixed(1) ?? "",
          seconds(cpu)
        ])
      )
    }
  }
}
