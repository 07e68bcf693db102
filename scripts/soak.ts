/**
 * Whether anything is left behind by many webhooks and many calls:
 *
 *     npx -y pnpm@12 soak [--openings N] [--for DURATION]
 *
 * By default 1,000,000 webhooks are opened, and calls of every kind go on meanwhile, or for as long as asked, such as
 * `--for "2 hours"`. The platform is embedded in a process of its own and called over loopback: it remembers every
 * authorization until it ends, so its memory is shown and not judged.
 *
 * An opening is `ServiceWebhook.handle`: token verified, remembered, hash compared, body decrypted where it is encrypted,
 * event claimed and completed. All messages differ, and each is opened once by each of eight receivers, which have an
 * inbox each and share a transport: so a token is verified eight times as often as one is signed. One message in eight
 * is a device's answer, encrypted twice over; the others end sessions and are plain. One delivery in fifty is then
 * repeated, and one comes tampered with: they must be refused, and are not counted.
 *
 * A round of calls is: a request that is asked for while it is open, answered by a device, awaited, its session started
 * and ended; one that is canceled; one whose waiter is interrupted and cancels it; and one that is refused.
 *
 * The warm-up is the first 90 seconds: inboxes here forget what was handled after fifteen seconds, and the heap has found
 * its size by then. Ends with one line of figures; exit code 0 only if every outcome was the expected one, no fiber and no
 * socket is left, and the memory of this process (RSS) grew by less than `bound` after the warm-up. In a run of less than
 * three minutes growth is shown and not judged.
 */
import * as DirectoryClient from "@effect-launchkey/clients/DirectoryClient"
import * as PendingAuthorizations from "@effect-launchkey/clients/PendingAuthorizations"
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as WebhookInbox from "@effect-launchkey/clients/WebhookInbox"
import * as Authenticator from "@effect-launchkey/platform/Authenticator"
import * as PlatformSettings from "@effect-launchkey/platform/PlatformSettings"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as TestWebhooks from "@effect-launchkey/testing/TestWebhooks"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { Cause, Context, Duration, Effect, Fiber, Layer, ManagedRuntime, Option, Predicate, Supervisor } from "effect"
import { type ChildProcess, fork } from "node:child_process"
import { createServer } from "node:http"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

const mebibyte = 1024 * 1024

/** How much larger this process may be after the warm-up. A leak of 100 bytes for each of a million openings is more. */
const bound = 64 * mebibyte

const here = fileURLToPath(import.meta.url)

// -- the platform, in a process of its own

const unlimited = { limit: 1e9, window: Duration.seconds(1) }

const settings = { ...PlatformSettings.defaults, authorizations: unlimited, unapprovedPrompts: unlimited }

const platform = Effect.gen(function*() {
  const { baseUrl } = yield* TestPlatform.TestPlatform
  process.send?.({ baseUrl })
  return yield* Effect.never
}).pipe(
  Effect.provide(
    Layer.provideMerge(
      TestPlatform.layerServed,
      Layer.merge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" }), FetchHttpClient.layer)
    )
  ),
  Effect.provideService(PlatformSettings.PlatformSettings, settings)
)

const servePlatform = (): void => {
  process.once("disconnect", () => process.exit(0))
  process.on("message", () => process.send?.({ rss: process.memoryUsage.rss() }))
  Effect.runFork(platform)
}

interface Told {
  readonly baseUrl?: string
  readonly rss?: number
}

const told = (child: ChildProcess): Promise<Told> =>
  new Promise((resolve, reject) => {
    child.once("message", (message: Told) => resolve(message))
    child.once("exit", (code) => reject(new Error(`The platform ended with ${String(code)}`)))
  })

// -- what is measured

class Fibers extends Supervisor.AbstractSupervisor<number> {
  readonly active = new Set<unknown>()
  started = 0
  override readonly value = Effect.sync(() => this.active.size)
  override onStart(
    ...[, , , fiber]: Parameters<Supervisor.AbstractSupervisor<number>["onStart"]>
  ): void {
    this.active.add(fiber)
    this.started++
  }
  override onEnd(...[, fiber]: Parameters<Supervisor.AbstractSupervisor<number>["onEnd"]>): void {
    this.active.delete(fiber)
  }
}

const fibers = new Fibers()

const sockets = (): number =>
  process.getActiveResourcesInfo().filter((resource) => /^(TCP|TLS|UDP|GetAddrInfo)/.test(resource)).length

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

interface Sample {
  /** Since the start, seconds. */
  readonly at: number
  readonly rss: number
}

/** Least squares, bytes per hour. */
const slope = (samples: ReadonlyArray<Sample>): number => {
  const mean = (of: (sample: Sample) => number) => samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length
  const [at, rss] = [mean((_) => _.at), mean((_) => _.rss)]
  const spread = samples.reduce((sum, _) => sum + (_.at - at) ** 2, 0)
  return spread === 0 ? 0 : samples.reduce((sum, _) => sum + (_.at - at) * (_.rss - rss), 0) / spread * 3600
}

const median = (samples: ReadonlyArray<Sample>): number =>
  samples.map(({ rss }) => rss).sort((a, b) => a - b)[samples.length >> 1] ?? 0

// -- what is done

const counts = {
  openings: 0,
  answers: 0,
  refusals: 0,
  sealed: 0,
  calls: 0,
  rounds: 0,
  unexpected: new Map<string, number>()
}

const unexpected = (what: string) =>
  Effect.sync(() => void counts.unexpected.set(what, (counts.unexpected.get(what) ?? 0) + 1))

const expect = (what: string, holds: boolean) => holds ? Effect.void : unexpected(what)

const { directoryId, sdkKey, serviceId } = TestPlatform

const receivers = 8

const receiver = ServiceWebhook.make({ serviceId }).pipe(
  Effect.provide(
    Layer.merge(
      WebhookInbox.layerMemory({ retention: "15 seconds" }),
      PendingAuthorizations.layerMemory({ retention: "15 seconds" })
    )
  )
)

/** Opens messages until there were enough openings. */
const openings = (wanted: number) =>
  Effect.gen(function*() {
    const webhooks = yield* TestWebhooks.TestWebhooks
    const all = yield* Effect.replicateEffect(receiver, receivers)
    const refused = (what: string, opened: Effect.Effect<unknown, { readonly _tag: string }>) =>
      Effect.matchEffect(opened, {
        onSuccess: () => unexpected(`${what} accepted`),
        onFailure: ({ _tag }) =>
          _tag === "MessageRejected" ? Effect.sync(() => void counts.refusals++) : unexpected(`${what}: ${_tag}`)
      })
    const one = (n: number) =>
      Effect.gen(function*() {
        const encrypted = n % 8 === 0
        const delivery = yield* encrypted
          ? webhooks.authorizationResponse()
          : webhooks.sessionEnd({ serviceUserHash: `user ${n}` })
        counts.sealed++
        yield* Effect.forEach(all, (receiver, i) =>
          Effect.gen(function*() {
            const outcome = yield* Effect.either(receiver.handle(delivery, () => Effect.void))
            if (outcome._tag === "Left") return yield* unexpected(`webhook: ${outcome.left._tag}`)
            yield* expect(`webhook: ${outcome.right}`, outcome.right === "Handled")
            counts.openings++
            if (encrypted) counts.answers++
            if ((n * receivers + i) % 50 === 0) yield* refused("repeated webhook", receiver.open(delivery))
            if ((n * receivers + i) % 50 === 25) {
              const tampered = yield* webhooks.tampered(delivery)
              yield* refused("tampered webhook", receiver.open(tampered))
            }
          }), { concurrency: receivers, discard: true })
      })
    yield* Effect.iterate(0, {
      while: () => counts.openings < wanted,
      body: (n) => Effect.as(one(n), n + 1)
    })
  })

const tagOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return Predicate.hasProperty(error, "_tag") ? String(error._tag) : String(error)
}

const call = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.ensuring(effect, Effect.sync(() => counts.calls++))

/** A user, with a device in hand. All devices have one key, as making keys takes long. */
const linked = (baseUrl: string, name: string) =>
  Effect.gen(function*() {
    const directory = yield* DirectoryClient.make({ directoryId }).pipe(
      Effect.provideServiceEffect(
        Transport.Transport,
        Effect.map(
          Layer.build(Transport.layer({
            issuer: `dir:${directoryId}`,
            baseUrl,
            signingKey: TestKeys.directory.privateKey
          })),
          Context.get(Transport.Transport)
        )
      )
    )
    const privateKey = yield* Jose.make.importPrivateKey(TestKeys.device.privateKey)
    const generateKey = () => Effect.succeed({ privateKey, privateKeyPem: TestKeys.device.privateKey })
    const device = yield* Authenticator.make({ baseUrl, name }).pipe(
      Effect.provideService(Jose.Jose, { ...Jose.make, generateKey })
    )
    const { code } = yield* call(directory.linkDevice(name))
    yield* call(device.link(code, sdkKey))
    return device
  })

const round = (user: string, device: Authenticator.Authenticator) =>
  Effect.gen(function*() {
    const service = yield* ServiceClient.ServiceClient

    const request = yield* call(service.authorize(user, { context: "Open the vault" }))
    yield* expect("answered at once", Option.isNone(yield* call(service.getResponse(request.id))))
    yield* call(device.approve(request.id))
    const { authorized } = yield* call(service.awaitResponse(request))
    yield* expect("not authorized", authorized)
    yield* call(service.sessionStart(user, { authorizationRequestId: request.id }))
    yield* call(service.sessionEnd(user))

    const other = yield* call(service.authorize(user))
    yield* call(service.cancel(other.id))

    const given = yield* call(service.authorize(user))
    const waiting = yield* Effect.fork(call(service.awaitResponse(given, { cancelOnInterrupt: true })))
    yield* Effect.sleep("20 millis")
    yield* Fiber.interrupt(waiting)

    const refused = yield* Effect.either(call(service.authorize("nobody")))
    yield* expect("nobody was asked", refused._tag === "Left" && refused.left._tag === "EntityNotFound")
    counts.rounds++
  }).pipe(Effect.catchAllCause((cause) => unexpected(`call: ${tagOf(cause)}`)))

// -- the run

const live = (baseUrl: string) =>
  ServiceClient.layer({ serviceId }).pipe(
    Layer.provideMerge(
      Transport.layer({ issuer: `svc:${serviceId}`, baseUrl, signingKey: TestKeys.service.privateKey })
    ),
    Layer.provideMerge(TestWebhooks.layerForging()),
    Layer.provideMerge(RemoteApi.layer),
    Layer.provideMerge(Layer.merge(NodeHttpClient.layerUndici, Jose.layer)),
    Layer.provideMerge(Supervisor.addSupervisor(fibers))
  )

const lanes = 4

const work = (baseUrl: string, { atLeast, wanted }: { readonly wanted: number; readonly atLeast: Duration.Duration }) =>
  Effect.scoped(Effect.gen(function*() {
    const ends = performance.now() + Duration.toMillis(atLeast)
    const opening = yield* Effect.fork(openings(wanted))
    const goesOn = () => performance.now() < ends || counts.openings < wanted && opening.unsafePoll() === null
    const calling = yield* Effect.forEach(
      Array.from({ length: lanes }, (_, lane) => `user ${lane}`),
      (user) =>
        Effect.flatMap(
          linked(baseUrl, user),
          (device) => Effect.whileLoop({ while: goesOn, body: () => round(user, device), step: () => {} })
        ),
      { concurrency: lanes, discard: true }
    ).pipe(Effect.fork)
    yield* Fiber.join(opening)
    yield* Fiber.join(calling)
  }))

const english = new Intl.NumberFormat("en", { maximumFractionDigits: 1 })

const inMebibytes = (bytes: number): string => `${english.format(bytes / mebibyte)} MiB`

const usage = (problem: string): never => {
  process.stderr.write(`${problem}\n`)
  process.exit(2)
}

const main = async (): Promise<void> => {
  const { values } = parseArgs({ options: { openings: { type: "string" }, for: { type: "string" } } })
  const wanted = Number(values.openings ?? "1000000")
  if (!Number.isSafeInteger(wanted) || wanted < 1) usage(`--openings ${values.openings}: give a whole number`)
  const atLeast = Option.getOrElse(
    Duration.decodeUnknown(values.for ?? "0 seconds"),
    () => usage(`--for ${values.for}: give a duration such as "10 minutes"`)
  )

  const child = fork(here, ["platform"])
  const { baseUrl = "" } = await told(child)
  collect()
  const start = process.memoryUsage.rss()
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1000
  const samples: Array<Sample> = []
  const sampling = setInterval(() => {
    samples.push({ at: seconds(), rss: process.memoryUsage.rss() })
    if (samples.length % 40 === 0) {
      process.stderr.write(
        `${english.format(seconds())} s: ${english.format(counts.openings)} openings, ${
          english.format(counts.calls)
        } calls, RSS ${inMebibytes(process.memoryUsage.rss())}, ${fibers.active.size} fibers, ${sockets()} sockets\n`
      )
    }
  }, 250)

  const runtime = ManagedRuntime.make(live(baseUrl))
  await runtime.runPromise(work(baseUrl, { atLeast, wanted }))
  const took = seconds()
  clearInterval(sampling)
  const busy = { fibers: fibers.active.size, sockets: sockets() }
  await runtime.dispose()
  child.send("rss")
  const { rss: platformRss = 0 } = await told(child)
  const ended = new Promise((resolve) => child.once("exit", resolve))
  child.disconnect()
  await ended
  // A socket is gone a turn of the event loop after it was closed.
  for (let turn = 0; turn < 40 && sockets() + fibers.active.size > 0; turn++) await setTimeout(50)
  collect()
  const end = process.memoryUsage.rss()

  const warmUp = Math.min(90, took / 2)
  const judged = took >= 180
  const warm = samples.filter(({ at }) => at >= warmUp)
  const growth = median(warm.slice(-20)) - median(warm.slice(0, 20))
  const left = { fibers: fibers.active.size, sockets: sockets() }
  const wrong = [...counts.unexpected.values()].reduce((sum, count) => sum + count, 0)
  for (const [what, count] of counts.unexpected) process.stdout.write(`unexpected: ${what}: ${count}\n`)
  const ok = wrong === 0 && (!judged || growth < bound) && left.fibers === 0 && left.sockets === 0 &&
    counts.openings >= wanted
  const warmRss = median(warm.slice(0, 20))
  process.stdout.write(
    [
      `${english.format(counts.openings)} openings (${english.format(counts.answers)} encrypted) of ${
        english.format(counts.sealed)
      } messages, ${english.format(counts.refusals)} refused as they must be`,
      `${english.format(counts.calls)} calls in ${english.format(counts.rounds)} rounds`,
      `${english.format(took)} s`,
      `RSS ${inMebibytes(start)} at start, ${inMebibytes(warmRss)} after warm-up of ${english.format(warmUp)} s, ${
        inMebibytes(end)
      } at end`,
      `growth ${inMebibytes(growth)}, ${judged ? `${inMebibytes(bound)} allowed` : "not judged"}, slope ${
        inMebibytes(slope(warm))
      }/h`,
      `fibers ${english.format(fibers.started)} started, ${busy.fibers} before and ${left.fibers} after closing`,
      `sockets ${busy.sockets} before and ${left.sockets} after closing`,
      `platform's RSS ${inMebibytes(platformRss)}`,
      `${wrong} unexpected`,
      ok ? "ok" : "NOT OK"
    ].join("; ") + "\n"
  )
  process.exitCode = ok ? 0 : 1
}

if (process.argv[2] === "platform") servePlatform()
else await main()
