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
import { Buffer } from "node:buffer"
import { atMost, type Benchmark, type Goal, table } from "./benchmark.ts"
import * as Fixture from "./fixture.ts"
import { serviceId } from "./fixture.ts"
import { heap } from "./process.ts"
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
  readonly waits: number
  readonly requests: number
  /** Of one wait, on average. */
  readonly requestsPerMinute: number
  /** Sent and received for one wait, on average: bytes. */
  readonly bytesOnTheWire: number
  readonly bytesPerWait: number
  /** Milliseconds from the answer to the end of the wait, by the clock that everything runs on. */
  readonly noticed: { readonly median: number; readonly p99: number; readonly longest: number }
  /** The same in milliseconds of this machine, where a webhook brought it. */
  readonly handedOver: { readonly median: number; readonly p99: number } | undefined
  /** Milliseconds. */
  readonly cpu: number
}

/** The number that the goals are for, which is waited for in every way. */
const goalsAt = 5000

/** What is also waited for by other numbers. */
const compared = ["polling only", "both"]

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
  const count = { requests: 0, answered: 0 }
  const layer = Layer.effect(
    Transport,
    Effect.map(Transport, (transport) => ({
      ...transport,
      httpClient: () =>
        HttpClient.makeWith<never, never, never, never>(
          Effect.map((request) => {
            count.requests++
            const id = request.url.slice(request.url.lastIndexOf("/") + 1)
            if (!isAnswered(id)) return respond(request, TestTransport.noContent)
            count.answered++
            return respond(request, replyTo(request.url))
          }),
          Effect.succeed
        )
    }))
  ).pipe(Layer.provide(TestTransport.layerReplies(TestTransport.noContent)))
  return { count, layer }
}

interface Wire {
  readonly pending: number
  readonly answered: number
  readonly webhook: number
}

/** The sizes of sealed messages, as those of `calls` are: bytes. */
const wireSizes = async (): Promise<Wire> => {
  const fixture = await Fixture.make(1)
  const tokenId = Fixture.ringOf(fixture.tokenIds)()
  const encodedLength = (json: object) => Buffer.from(JSON.stringify(json)).toString("base64url").length
  const token = encodedLength({ alg: "RS256", typ: "JWT", kid: Fixture.serviceKeyId }) + encodedLength({
    jti: tokenId,
    iss: Fixture.service,
    sub: Fixture.service,
    aud: "lka",
    iat: 1_800_000_000,
    nbf: 1_800_000_000,
    exp: 1_800_000_005,
    request: { meth: "GET", path: `/service/v3/auths/${Fixture.requestId}` }
  }) + 2 + encodedSignatureLength
  const request = `GET /service/v3/auths/${Fixture.requestId} HTTP/1.1\r\nauthorization: IOV-JWT \r\n`.length + token
  const answer = (operation: Fixture.Operation) => {
    const { body, token } = fixture.answer(operation, tokenId)
    return "HTTP/1.1 200 OK\r\nx-iov-jwt: \r\n".length + token.length + body.length
  }
  return {
    pending: request + answer("pending poll"),
    answered: request + answer("answered poll"),
    webhook: answer("answered poll")
  }
}

/** Of RSA with 2048 bits, in base64url. */
const encodedSignatureLength = 342

const quantile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN

const sorted = (values: Iterable<number>) => Array.from(values).sort((one, other) => one - other)

const measureWay = async (way: Way, waits: number, wire: Wire): Promise<Row> => {
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

  let webhooks = 0
  const cpu = process.cpuUsage()
  for (let next = 0; noticed.size < waits;) {
    const told = next
    while (next < waits && started + firstAnswer + next * (lastAnswer - firstAnswer) / waits <= virtual.now()) {
      const index = next++
      const id = idOf(index)
      answers.add(id)
      answeredAt.set(index, { virtual: virtual.now(), real: performance.now() })
      if (!way.webhooks || way.lost(index)) continue
      // what a receiver does with a webhook once it has opened it
      webhooks++
      await Effect.runPromise(inbox.complete({ serviceId, id }, decodePackage(replyTo(id).body)))
    }
    if (next > told) await virtual.step(0)
    await virtual.step(tick)
  }
  const { system, user } = process.cpuUsage(cpu)
  await Effect.runPromise(Fiber.joinAll(waiting))

  const times = sorted(noticed.values())
  const real = sorted([...handedOver].flatMap(([index, millis]) => way.lost(index) ? [] : [millis]))
  const minutes = times.reduce((all, time) => all + time, 0) / 60_000 +
    [...answeredAt.values()].reduce((all, at) => all + at.virtual - started, 0) / 60_000
  const { answered, requests } = count
  return {
    way: way.name,
    waits,
    requests,
    requestsPerMinute: requests / minutes,
    bytesOnTheWire: ((requests - answered) * wire.pending + answered * wire.answered + webhooks * wire.webhook) / waits,
    bytesPerWait,
    noticed: { median: quantile(times, 0.5), p99: quantile(times, 0.99), longest: quantile(times, 1) },
    handedOver: way.webhooks ? { median: quantile(real, 0.5), p99: quantile(real, 0.99) } : undefined,
    cpu: (user + system) / 1000
  }
}

const measure = async (
  numbers: ReadonlyArray<number>,
  all: number,
  tell: (text: string) => void
): Promise<ReadonlyArray<Row>> => {
  const wire = await wireSizes()
  const rows: Array<Row> = []
  // for the compiler alone
  for (const way of ways.filter(({ name }) => compared.includes(name))) await measureWay(way, 100, wire)
  for (const waits of numbers) {
    for (const way of ways) {
      if (waits !== all && !compared.includes(way.name)) continue
      const row = await measureWay(way, waits, wire)
      tell(`${waits}, ${row.way}: ${row.requests} requests`)
      rows.push(row)
    }
  }
  return rows
}

const goals = (rows: ReadonlyArray<Row>, waits: number): ReadonlyArray<Goal> => {
  const row = rows.find((row) => row.waits === waits && row.way === "both")
  if (row === undefined) return []
  const many = `${waits} waits with webhooks`
  return [
    atMost(1, row.requestsPerMinute, { goal: `${many}: requests for each, per minute`, unit: "" }),
    atMost(60, row.bytesPerWait * waits / 1e6, { goal: `${many}: heap above idle`, unit: "MB" }),
    atMost(50, row.handedOver?.median ?? Number.NaN, { goal: `${many}: median from delivery to notice`, unit: "ms" })
  ]
}

const head = [
  "waits",
  "way",
  "requests for each, per minute",
  "KB on the wire for each",
  "KB of heap for each",
  "noticed after, s: p50",
  "longest",
  "handed over in, ms: p50",
  "CPU, s"
]

const seconds = (millis: number) => (millis / 1000).toFixed(1)

export const benchmark: Benchmark = {
  name: "waiting",
  run: async ({ quick }, tell) => {
    const all = quick ? 100 : goalsAt
    const numbers = quick ? [all] : [100, 1000, all, 10_000]
    const rows = await measure(numbers, all, tell)
    return {
      figures: { settings: { numbers }, rows },
      goals: goals(rows, all),
      how: `${numbers.join(", ")} waits`,
      tables: table(
        head,
        rows.map(({ bytesOnTheWire, bytesPerWait, cpu, handedOver, noticed, requestsPerMinute, waits, way }) => [
          waits,
          way,
          requestsPerMinute.toFixed(2),
          (bytesOnTheWire / 1000).toFixed(1),
          (bytesPerWait / 1000).toFixed(1),
          seconds(noticed.median),
          seconds(noticed.longest),
          handedOver?.median.toFixed(1) ?? "",
          seconds(cpu)
        ])
      )
    }
  }
}
