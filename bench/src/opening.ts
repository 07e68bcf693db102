/** CPU time of opening what comes in: webhooks to a service, and what a device sealed within an answer. */
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as WebhookInbox from "@effect-launchkey/clients/WebhookInbox"
import { AuthorizationPackage } from "@effect-launchkey/core/Authorization"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as TestWebhooks from "@effect-launchkey/testing/TestWebhooks"
import * as NodeJose from "@effect-launchkey/transport/NodeJose"
import { Transport } from "@effect-launchkey/transport/Transport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"
import { Buffer } from "node:buffer"
import { type Benchmark, table } from "./benchmark.ts"
import * as Cpu from "./cpu.ts"
import * as FloorJose from "./floorJose.ts"
import * as FloorNode from "./floorNode.ts"
import { compare, lanes, type Subject } from "./measure.ts"
import * as VirtualClock from "./virtualClock.ts"

type Message = "webhook: answer" | "webhook: session end" | "device's answer"

const messages: ReadonlyArray<Message> = ["webhook: answer", "webhook: session end", "device's answer"]

interface Row extends Cpu.Cpu {
  readonly message: Message
}

type Deliveries = { readonly [M in "answer" | "sessionEnd"]: TestWebhooks.Delivery }

/** A webhook is sealed for seconds and opened for longer, so the clock of those who open it stands still. */
const standing = Layer.unwrapEffect(
  Effect.clockWith((clock) =>
    Effect.map(clock.currentTimeMillis, (now) => Layer.setClock(VirtualClock.make(now).clock))
  )
)

/** The same message comes again and again, so the inbox takes each for the first. */
const inbox = Layer.effect(
  WebhookInbox.WebhookInbox,
  Effect.map(WebhookInbox.makeMemory(), (memory) => ({ ...memory, firstSeen: () => Effect.succeed(true) }))
)

const receiving = (engine: Layer.Layer<never>) =>
  ServiceWebhook.layer({ serviceId: TestPlatform.serviceId }).pipe(
    Layer.provideMerge(Layer.merge(inbox, TestWebhooks.layer())),
    Layer.provideMerge(Layer.merge(engine, standing))
  )

const seal = Effect.gen(function*() {
  const webhooks = yield* TestWebhooks.TestWebhooks
  return { answer: yield* webhooks.authorizationResponse(), sessionEnd: yield* webhooks.sessionEnd() }
})

const readRelayed = Schema.decodeSync(Schema.parseJson(AuthorizationPackage))

const ours = async (name: string, engine: Layer.Layer<never>): Promise<Subject<Message>> => {
  const runtime = ManagedRuntime.make(receiving(engine))
  const { answer, sessionEnd } = await runtime.runPromise(seal)
  const [webhook, transport] = await runtime.runPromise(Effect.all([ServiceWebhook.ServiceWebhook, Transport]))
  const relayed = readRelayed(answer.content.plaintext)
  const open: { readonly [M in Message]: () => Effect.Effect<unknown, unknown> } = {
    "webhook: answer": () => webhook.open(answer),
    "webhook: session end": () => webhook.open(sessionEnd),
    "device's answer": () => transport.openAnswer(relayed, {})
  }
  return {
    name,
    run: (message, load) => lanes(() => runtime.runPromise(open[message]()), load),
    end: () => runtime.dispose()
  }
}

const relayedBy = ({ content }: TestWebhooks.Delivery): string => {
  const { auth_jwe: relayed } = JSON.parse(content.plaintext)
  return relayed
}

const bareJose = async ({ answer, sessionEnd }: Deliveries): Promise<Subject<Message>> => {
  const { decrypt, verified } = await FloorJose.opening()
  const relayed = relayedBy(answer)
  const open: { readonly [M in Message]: () => Promise<unknown> } = {
    "webhook: answer": async () => {
      await verified(answer.token, answer.body)
      return decrypt((await decrypt(answer.body) as { readonly auth_jwe: string }).auth_jwe)
    },
    "webhook: session end": async () => {
      await verified(sessionEnd.token, sessionEnd.body)
      return JSON.parse(Buffer.from(sessionEnd.body).toString())
    },
    "device's answer": () => decrypt(relayed)
  }
  return { name: "jose", run: (message, load) => lanes(open[message], load), end: () => Promise.resolve() }
}

const bareNode = ({ answer, sessionEnd }: Deliveries): Subject<Message> => {
  const { decrypt, verified } = FloorNode.opening()
  const relayed = relayedBy(answer)
  const open: { readonly [M in Message]: () => unknown } = {
    "webhook: answer": () => {
      verified(answer.token, answer.body)
      const opened = decrypt(Buffer.from(answer.body).toString("latin1"))
      return decrypt((opened as { readonly auth_jwe: string }).auth_jwe)
    },
    "webhook: session end": () => {
      verified(sessionEnd.token, sessionEnd.body)
      return JSON.parse(Buffer.from(sessionEnd.body).toString())
    },
    "device's answer": () => decrypt(relayed)
  }
  return { name: "node:crypto", run: (message, load) => lanes(open[message], load), end: () => Promise.resolve() }
}

const inFlight = 8

export const benchmark: Benchmark = {
  name: "opening",
  run: async ({ quick }, tell) => {
    const settings = quick
      ? { warmUpCalls: 1, rounds: 2, sliceMillis: 1 }
      : { warmUpCalls: 500, rounds: 9, sliceMillis: 200 }
    const deliveries = await Effect.runPromise(Effect.provide(seal, TestWebhooks.layer()))
    const subjects = [
      await ours("ours", Layer.empty),
      await ours("ours, by NodeJose", NodeJose.layer),
      await bareJose(deliveries),
      bareNode(deliveries)
    ]
    const rows: Array<Row> = []
    for (const message of messages) {
      const row: Row = { message, ...Cpu.of(Cpu.compared(await compare(subjects, message, inFlight, settings))) }
      rows.push(row)
      tell(`${message}: ${row.ours.median.toFixed(0)} µs over WebCrypto`)
    }
    await Promise.all(subjects.map(({ end }) => end()))
    return {
      figures: { settings: { ...settings, inFlight }, rows },
      goals: [],
      how: `${settings.rounds} rounds, ${inFlight} in flight, median (least–most)`,
      tables: table(["opened", ...Cpu.head], rows.map((row) => [row.message, ...Cpu.cells(row)]))
    }
  }
}
