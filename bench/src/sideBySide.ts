/** CPU time of a call by this SDK and by the official ones of other languages, against one platform, in one run. */
import * as LinkedDevice from "@effect-launchkey/platform/LinkedDevice"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as NodeJose from "@effect-launchkey/transport/NodeJose"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { createInterface } from "node:readline"
import { atMost, type Benchmark, figures, type Options, table } from "./benchmark.ts"
import { ratio, spread } from "./measure.ts"
import * as Users from "./platformUsers.ts"
import { said, start } from "./process.ts"

interface Driver {
  readonly name: string
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
  /** What part of its CPU time a call of ours may take. */
  readonly share?: readonly [text: string, value: number]
}

const ours: Driver = {
  name: "ours",
  command: process.execPath,
  args: [...process.execArgv, Path.join(import.meta.dirname, "sideBySideClient.ts")]
}

const driver = (file: string) => Path.resolve(import.meta.dirname, "../side-by-side", file)

/** Whether it was given and all of it is there. */
const given = (what: string, paths: string | undefined, tell: (text: string) => void): paths is string => {
  const missing = paths?.split(Path.delimiter).find((path) => !Fs.existsSync(path))
  if (paths === undefined) tell(`${what} is not given: left out`)
  else if (missing !== undefined) tell(`${what} has ${missing}, which does not exist: left out`)
  return paths !== undefined && missing === undefined
}

const others = ({ java, python, pythonpath }: Options, tell: (text: string) => void): ReadonlyArray<Driver> => [
  ...(!given("--python <checkout of the official SDK>", python, tell) ? [] : [{
    name: "Python",
    command: "python3",
    args: [driver("driver.py")],
    env: { PYTHONPATH: [python, pythonpath ?? []].flat().join(Path.delimiter), PYTHONDONTWRITEBYTECODE: "1" },
    share: ["1/6", 1 / 6] as const
  }]),
  ...(!given("--java <class path with the official SDK>", java, tell) ? [] : [{
    name: "Java",
    command: "java",
    args: ["-cp", java, driver("Driver.java")],
    share: ["1/3", 1 / 3] as const
  }])
]

/** So many that nobody is asked twice. */
const users = 8000

/** Approves what is open for the users, by their devices. */
const devices = (baseUrl: string) => {
  const runtime = ManagedRuntime.make(
    Layer.merge(RemoteApi.layer, NodeHttpClient.layerUndici).pipe(Layer.provideMerge(NodeJose.layer))
  )
  const approved: LinkedDevice.Outcome = {
    ...LinkedDevice.denied({ fraud: false }),
    type: "AUTHORIZED",
    reason: "APPROVED"
  }
  const approve = Effect.fnUntraced(function*(index: number) {
    const key = yield* Effect.flatMap(Jose.Jose, (jose) => jose.importPrivateKey(TestKeys.device.privateKey))
    const device = yield* LinkedDevice.make({ baseUrl, deviceId: Users.deviceOf(index), key })
    for (const pending of yield* device.pending) yield* device.answer(pending, approved, { methods: [] })
  })
  return {
    approve: (indices: ReadonlyArray<number>) =>
      runtime.runPromise(Effect.forEach(indices, approve, { concurrency: 8, discard: true })),
    end: () => runtime.dispose()
  }
}

const launch = async ({ args, command, env, name, share }: Driver, baseUrl: string) => {
  const child = spawn(command, [...args, baseUrl, TestPlatform.serviceId], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...env, SERVICE_KEY: Redacted.value(TestKeys.service.privateKey) }
  })
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject)
    child.once("exit", (code) => reject(new Error(`The driver of ${name} ended with ${code}: see what it says above`)))
  })
  failed.catch(() => {})
  // of one that has ended, which `failed` tells
  child.stdin.on("error", () => {})
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const answer = async () => {
    const line = await Promise.race([lines.next(), failed])
    return line.done === true ? failed : line.value
  }
  await answer()
  return {
    name,
    share,
    /** Microseconds of CPU time. */
    ask: async (line: string): Promise<number> => {
      child.stdin.write(`${line}\n`)
      return Number(await answer())
    },
    end: () => child.stdin.end()
  }
}

const operations = ["create", "pending poll", "answered poll"] as const

type Each = { readonly [O in typeof operations[number]]: number }

const compare = async (
  others: ReadonlyArray<Driver>,
  { calls, rounds, warmUpCalls }: { readonly calls: number; readonly rounds: number; readonly warmUpCalls: number },
  tell: (text: string) => void
) => {
  const server = start("platformServer.ts", [users])
  const { baseUrl } = await said<{ readonly baseUrl: string }>(server)
  const { approve, end } = devices(baseUrl)
  const subjects: Array<Awaited<ReturnType<typeof launch>>> = []
  let next = 0
  const turn = async ({ ask }: (typeof subjects)[number], calls: number): Promise<Each> => {
    const indices = Array.from({ length: calls }, () => next++ % users)
    const create = await ask(["create", ...indices.map(Users.nameOf)].join(" "))
    const pending = await ask("pending")
    await approve(indices)
    const answered = await ask("answered")
    return { "create": create / calls, "pending poll": pending / calls, "answered poll": answered / calls }
  }
  try {
    for (const driver of [ours, ...others]) subjects.push(await launch(driver, baseUrl))
    const found = subjects.map((subject) => ({ subject, rounds: new Array<Each>() }))
    for (const { subject } of found) {
      for (let made = 0; made < warmUpCalls; made += calls) await turn(subject, calls)
      tell(`${subject.name} is warm`)
    }
    for (let round = 0; round < rounds; round++) {
      for (
        const { rounds, subject } of [...found.slice(round % found.length), ...found.slice(0, round % found.length)]
      ) {
        rounds.push(await turn(subject, calls))
      }
    }
    return found.map(({ rounds, subject: { name, share } }) => ({
      name,
      share,
      micros: (operation: keyof Each) => rounds.map((each) => each[operation])
    }))
  } finally {
    for (const { end } of subjects) end()
    await end()
    server.disconnect()
  }
}

export const benchmark: Benchmark = {
  name: "side-by-side",
  run: async (options, tell) => {
    const drivers = others(options, tell)
    if (drivers.length === 0) return undefined
    const settings = options.quick
      ? { calls: 10, rounds: 2, warmUpCalls: 10 }
      : { calls: 200, rounds: 7, warmUpCalls: 1000 }
    const [us, ...them] = await compare(drivers, settings, tell)
    const rows = operations.map((operation) => ({
      operation,
      ours: spread(us?.micros(operation) ?? []),
      others: them.map(({ micros, name, share }) => ({
        name,
        share,
        micros: spread(micros(operation)),
        ratio: ratio(us?.micros(operation) ?? [], micros(operation))
      }))
    }))
    return {
      figures: { settings, rows },
      goals: rows.flatMap(({ operation, others }) =>
        others.flatMap(({ name, ratio, share }) =>
          share === undefined ? [] : [{
            ...atMost(share[1], ratio.median, {
              goal: `CPU of a client's ${operation} over NodeJose / by the official ${name} SDK`,
              unit: ""
            }),
            target: `≤ ${share[0]}`
          }]
        )
      ),
      how:
        `${settings.rounds} rounds of ${settings.calls} calls each, after ${settings.warmUpCalls} of each, median (least–most)`,
      tables: table(
        ["operation", "ours, µs", ...them.flatMap(({ name }) => [`${name}, µs`, "ours / it"])],
        rows.map(({ operation, others, ours }) => [
          operation,
          figures(ours, 0),
          ...others.flatMap(({ micros, ratio }) => [figures(micros, 0), figures(ratio, 3)])
        ])
      )
    }
  }
}
