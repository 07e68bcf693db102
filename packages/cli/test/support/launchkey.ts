/** The command in the process of the test: what it is given, and what comes of it. */
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert } from "@effect/vitest"
import { ConfigProvider, Console, Context, Deferred, Effect, Layer, Option, Predicate, Redacted, Ref } from "effect"
import { fileURLToPath } from "node:url"
import { format } from "node:util"
import { run } from "../../src/Cli.ts"
import { serve } from "../../src/commands/SandboxCommand.ts"
import * as Ending from "../../src/Ending.ts"
import { table } from "../../src/ExitCode.ts"
import * as Stdio from "../../src/Stdio.ts"

export const root = fileURLToPath(new URL("../../../../", import.meta.url))

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
  /** Of `--json`: the one document. */
  readonly json: unknown
}

export interface Given {
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly input?: string | Uint8Array | undefined
  /** Whether standard error is a terminal. */
  readonly interactive?: boolean
  /** What is answered to a question of yes or no. Default: nobody is there. */
  readonly answer?: boolean
  /** Hears standard error as it comes. */
  readonly onError?: (text: string) => void
  /** Hears standard output as it comes. */
  readonly onOut?: (text: string) => void
}

/** The arguments of a line without quotes. */
export const words = (line: string): ReadonlyArray<string> => line.split(" ")

const captured = (
  outer: Console.Console,
  out: (text: string) => void,
  err: (text: string) => void
): Console.Console => ({
  ...outer,
  log: (...args) => Effect.sync(() => out(`${format(...args)}\n`)),
  error: (...args) => Effect.sync(() => err(`${format(...args)}\n`))
})

/** Runs the command as bin does. An interruption ends it as a signal would. */
export const launchkey = (
  given: Given,
  ...args: ReadonlyArray<string>
): Effect.Effect<Ended, never, NodeContext.NodeContext | HttpClient.HttpClient> =>
  Effect.gen(function*() {
    const out: Array<string> = []
    const err: Array<string> = []
    const onOut = (text: string) => {
      out.push(text)
      given.onOut?.(text)
    }
    const onError = (text: string) => {
      err.push(text)
      given.onError?.(text)
    }
    const outer = yield* Console.consoleWith(Effect.succeed)
    const ending = yield* Ending.make
    const input = given.input ?? ""
    yield* run(["node", "launchkey", ...args]).pipe(
      Effect.withConsole(captured(outer, onOut, onError)),
      Effect.provideService(Ending.Ending, ending),
      Effect.provideService(Stdio.Stdio, {
        input: Effect.succeed(typeof input === "string" ? new TextEncoder().encode(input) : input),
        colours: false,
        interactive: given.interactive ?? false,
        show: (text) => Effect.sync(() => onError(text)),
        ask: (question) => Effect.as(Effect.sync(() => onError(`${question}\n`)), Option.fromNullable(given.answer))
      }),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(given.env ?? {}))))
    )
    const text = out.join("")
    const json: unknown = args.includes("--json") ? JSON.parse(text) : undefined
    return { code: table[yield* Ref.get(ending)].code, out: text, err: err.join(""), json }
  })

interface Platform {
  readonly baseUrl: string
  readonly organizationId: string
  /** Has a file of profiles, and the keys. */
  readonly folder: string
  /** Acts by the profile of the organization. */
  readonly launchkey: (
    ...args: ReadonlyArray<string>
  ) => Effect.Effect<Ended, never, NodeContext.NodeContext | HttpClient.HttpClient>
  /** As `launchkey --json`, where the result is all that counts: ends with 0. */
  readonly result: (
    ...args: ReadonlyArray<string>
  ) => Effect.Effect<Readonly<Record<string, unknown>>, never, NodeContext.NodeContext | HttpClient.HttpClient>
  /** Calls the sandbox's own API. */
  readonly control: (
    path: string,
    body: object
  ) => Effect.Effect<Readonly<Record<string, unknown>>, unknown, HttpClient.HttpClient>
}

/** A sandbox with an organization, and a profile for it. */
export class Sandboxed extends Context.Tag("test/Sandboxed")<Sandboxed, Platform>() {}

const control = (baseUrl: string): Platform["control"] => (path, body) =>
  Effect.gen(function*() {
    const request = yield* HttpClientRequest.bodyJson(HttpClientRequest.post(`${baseUrl}/sandbox/${path}`), body)
    const response = yield* HttpClient.execute(request)
    const json: unknown = response.status === 204 ? {} : yield* response.json
    assert(Predicate.isRecord(json))
    return json
  })

/** Lasts as long as the tests of a file. */
export const sandboxed = Layer.scoped(
  Sandboxed,
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const ready = yield* Deferred.make<string>()
    yield* Effect.forkScoped(
      serve({ host: "127.0.0.1", port: 0 }, (baseUrl) => Effect.asVoid(Deferred.succeed(ready, baseUrl)))
    )
    const baseUrl = yield* Deferred.await(ready)
    const folder = yield* fs.makeTempDirectoryScoped({ prefix: "launchkey-" })
    const { organization_id: organizationId } = yield* control(baseUrl)("organizations", {
      keys: [{ public_key: TestKeys.organization.publicKey, key_type: 0 }]
    })
    const key = `${folder}/organization.pem`
    yield* fs.writeFileString(key, Redacted.value(TestKeys.organization.privateKey), { mode: 0o600 })
    yield* fs.writeFileString(`${folder}/open.pem`, Redacted.value(TestKeys.organization.privateKey), { mode: 0o644 })
    yield* fs.writeFileString(`${folder}/directory.pub.pem`, TestKeys.directory.publicKey)
    yield* fs.writeFileString(`${folder}/directory.pem`, Redacted.value(TestKeys.directory.privateKey), { mode: 0o600 })
    yield* fs.writeFileString(`${folder}/service.pub.pem`, TestKeys.service.publicKey)
    yield* fs.writeFileString(`${folder}/service.pem`, Redacted.value(TestKeys.service.privateKey), { mode: 0o600 })
    const env = { XDG_CONFIG_HOME: folder }
    const adding = `profile add organization --base-url ${baseUrl} --entity org:${organizationId} --key-file ${key}`
    const added = yield* launchkey({ env }, ...adding.split(" "))
    assert.strictEqual(added.code, 0, added.err)
    const here = (...args: ReadonlyArray<string>) => launchkey({ env }, ...args)
    return {
      baseUrl,
      organizationId: String(organizationId),
      folder,
      launchkey: here,
      result: (...args) =>
        Effect.map(here(...args, "--json"), ({ code, err, json, out }) => {
          assert.strictEqual(code, 0, `${out}${err}`)
          assert(Predicate.isRecord(json))
          return json
        }),
      control: control(baseUrl)
    }
  })
).pipe(Layer.provideMerge(NodeContext.layer), Layer.provideMerge(FetchHttpClient.layer))

export const read = (file: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => Effect.orDie(fs.readFileString(file)))
