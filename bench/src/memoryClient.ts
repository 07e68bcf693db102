/**
 * The process whose memory is measured. Idle, it has imported Effect and nothing else; otherwise it makes calls as a
 * program does, against a peer in another process. Runs as plain JavaScript among installed packages.
 */
import type * as EffectModule from "effect/Effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import type { Job, Used } from "./memory.ts"

setFlagsFromString("--expose_gc")
const collect: () => void = runInNewContext("gc")

const { Effect, Layer, Redacted } = await import("effect")
await import("@effect/platform")

const megabytes = (octets: number) => octets / 1e6

const report = (sampledHeap: number): Used => {
  collect()
  return {
    // in kilobytes of 1024 octets
    peakRss: megabytes(process.resourceUsage().maxRSS * 1024),
    peakHeap: megabytes(Math.max(sampledHeap, process.memoryUsage().heapUsed)),
    keptHeap: megabytes(process.memoryUsage().heapUsed)
  }
}

const work = async (
  { baseUrl, calls, engine, inFlight, issuer, requests, serviceId, signingKey, tokenIds, user }: Job
) => {
  const { ServiceClient } = await import("@effect-launchkey/clients")
  const { Jose, Transport } = await import("@effect-launchkey/transport")
  const NodeJose = await import("@effect-launchkey/transport/NodeJose")
  const NodeHttpClient = await import("@effect/platform-node/NodeHttpClient")
  const by = engine === "NodeJose" ? NodeJose.make : Jose.make
  let drawn = 0
  const jose = Layer.succeed(Jose.Jose, {
    ...by,
    randomUuid: Effect.map(by.randomUuid, () => tokenIds[drawn++ % tokenIds.length] ?? "")
  })
  const live = ServiceClient.layer({ serviceId }).pipe(
    Layer.provide(Transport.layer({ issuer, baseUrl, signingKey: Redacted.make(signingKey) })),
    Layer.provide(Layer.merge(jose, NodeHttpClient.layerUndici))
  )
  let peak = 0
  const sampling = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().heapUsed)
  }, 20)
  await Effect.runPromise(
    Effect.gen(function*() {
      const client = yield* ServiceClient.ServiceClient
      const each: ReadonlyArray<EffectModule.Effect<void, unknown>> = [
        Effect.asVoid(client.authorize(user)),
        Effect.asVoid(client.getResponse(requests.open)),
        Effect.asVoid(client.getResponse(requests.answered))
      ]
      let made = 0
      const lane = Effect.whileLoop({
        while: () => made < calls,
        body: () => each[made++ % each.length] ?? Effect.void,
        step: () => {}
      })
      yield* Effect.all(Array.from({ length: inFlight }, () => lane), { concurrency: "unbounded", discard: true })
    }).pipe(Effect.provide(live))
  )
  clearInterval(sampling)
  return report(peak)
}

process.once("message", async (job: Job | "idle") => {
  try {
    process.send?.(job === "idle" ? report(0) : await work(job))
  } catch (error) {
    console.error(error)
    process.exitCode = 1
  }
  process.disconnect()
})
process.send?.("ready")
