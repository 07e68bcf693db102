/** How `launchkey admin` reaches the platform: the process that serves it, or its store where none does. */
import * as Admin from "@effect-launchkey/platform/Admin"
import { AdminApi } from "@effect-launchkey/platform/AdminApi"
import * as InProcess from "@effect-launchkey/platform/InProcess"
import * as Options from "@effect/cli/Options"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Undici from "@effect/platform-node/Undici"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import type { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as ParseResult from "effect/ParseResult"
import * as Redacted from "effect/Redacted"
import { AdminFailed } from "../AdminFailed.ts"
import * as ServeConfig from "../ServeConfig.ts"
import { isServed } from "./adminSocket.ts"
import * as Backend from "./backend.ts"
import { Unusable } from "./unusable.ts"

const overSocket = (socket: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new Undici.Agent({ connect: { socketPath: socket } })),
      (agent) => Effect.ignore(Effect.tryPromise(() => agent.close()))
    ),
    NodeHttpClient.makeUndici
  )

const onStore = (loaded: ServeConfig.Loaded) =>
  Redacted.value(loaded.config.store) === "memory:"
    ? Effect.fail(
      new Unusable({
        what: "File",
        problem: "No process serves this platform, and a store in memory ends with its process",
        next: "Start it with an `adminSocket`, or give another store."
      })
    )
    : Effect.flatMap(
      Layer.build(Backend.layer(loaded, { serves: false })),
      (backend) => Effect.map(Effect.provide(Admin.httpApp, backend), InProcess.make)
    )

const makeClient = (httpClient: HttpClient.HttpClient) =>
  Effect.map(HttpApiClient.makeWith(AdminApi, { httpClient, baseUrl: "http://launchkey" }), ({ admin }) => admin)

/** The platform of this configuration, until the scope ends. */
export const connect = (config: Option.Option<string>) =>
  Effect.gen(function*() {
    const loaded = yield* ServeConfig.load(config)
    const { adminSocket } = loaded.config
    const served = adminSocket !== undefined && (yield* isServed(adminSocket))
    return yield* Effect.flatMap(served ? overSocket(adminSocket) : onStore(loaded), makeClient)
  })

type NoAnswer = HttpClientError.HttpClientError | HttpApiDecodeError | ParseResult.ParseError

const noAnswers: ReadonlySet<string> = new Set<NoAnswer["_tag"]>([
  "RequestError",
  "ResponseError",
  "HttpApiDecodeError",
  "ParseError"
])

/** Folds what is no answer of the platform's own into one error. */
export const answered = <A, E extends { readonly _tag: string }, R>(
  call: Effect.Effect<A, E, R>
): Effect.Effect<A, Exclude<E, NoAnswer> | AdminFailed, R> =>
  Effect.mapError(call, (error) =>
    noAnswers.has(error._tag)
      ? new AdminFailed({ cause: error })
      // Exclude does not narrow by a set of tags.
      : error as Exclude<E, NoAnswer>)

export const option = {
  config: Options.text("config").pipe(
    Options.withDescription("The file by which the platform is served. Default: LAUNCHKEY_SERVE_CONFIG."),
    Options.optional
  )
}
