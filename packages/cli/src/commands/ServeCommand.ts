/**
 * `launchkey serve`: a platform for those who depend on it.
 *
 * @see docs/operating.md
 * @since 0.1.0
 */
import * as AuthenticatorPage from "@effect-launchkey/authenticator/AuthenticatorPage"
import * as NodeAuthenticatorPage from "@effect-launchkey/authenticator/NodeAuthenticatorPage"
import * as ConsolePage from "@effect-launchkey/console/ConsolePage"
import * as NodeConsolePage from "@effect-launchkey/console/NodeConsolePage"
import { OrganizationId } from "@effect-launchkey/core/EntityIdentifier"
import * as Admin from "@effect-launchkey/platform/Admin"
import * as Platform from "@effect-launchkey/platform/Platform"
import * as Store from "@effect-launchkey/platform/Store"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as FileSystem from "@effect/platform/FileSystem"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Console from "effect/Console"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as FiberSet from "effect/FiberSet"
import { identity } from "effect/Function"
import * as HashSet from "effect/HashSet"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Tls from "node:tls"
import type { CannotListen } from "../CannotListen.ts"
import * as Ending from "../Ending.ts"
import * as Failure from "../Failure.ts"
import * as AdminSocket from "../internal/adminSocket.ts"
import * as Backend from "../internal/backend.ts"
import { report } from "../internal/leaf.ts"
import * as Listening from "../internal/listening.ts"
import * as Operations from "../internal/operations.ts"
import { Unusable } from "../internal/unusable.ts"
import * as ServeConfig from "../ServeConfig.ts"

/**
 * Where a platform that is served can be reached.
 *
 * @since 0.1.0
 * @category models
 */
export interface Served {
  /** `http://127.0.0.1:8080` */
  readonly address: string
  /** Of `/health`, `/ready` and `/metrics`; none where they are off. */
  readonly operations: Option.Option<string>
}

type Tls = NonNullable<ServeConfig.ServeConfig["listen"]["tls"]>

/** Reads the pair, and tries it. */
const certificate = ({ certificateFile, keyFile }: Tls) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const read = (file: string) =>
      Effect.mapError(
        fs.readFileString(file),
        () =>
          new Unusable({ what: "File", problem: `${file} cannot be read`, next: "Check the path and its permissions." })
      )
    const pair = { cert: yield* read(certificateFile), key: yield* read(keyFile) }
    yield* Effect.try({
      try: () => Tls.createSecureContext(pair),
      catch: () =>
        new Unusable({
          what: "File",
          problem: `${certificateFile} and ${keyFile} are no certificate and its key, in PEM`,
          next: "Give the chain, the server's certificate first, and the private key of that certificate."
        })
    })
    return pair
  })

/** Refuses a body that says it is too long, before it comes; one that is too long unsaid is cut off. */
const bounded = (app: HttpApp.Default, { bodyBytes }: ServeConfig.ServeConfig["limits"]): HttpApp.Default =>
  Effect.flatMap(
    HttpServerRequest.HttpServerRequest,
    ({ headers }) =>
      Number(headers["content-length"] ?? 0) > bodyBytes
        ? Effect.succeed(HttpServerResponse.empty({ status: 413, headers: { connection: "close" } }))
        : HttpIncomingMessage.withMaxBodySize(app, Option.some(bodyBytes))
  )

/** What reads passkeys is loaded by whoever serves a console alone. */
const consoleBeside = (
  { baseUrl }: Pick<ServeConfig.ServeConfig, "baseUrl">,
  backend: Context.Context<Backend.Services>
) =>
  Effect.promise(() => import("@effect-launchkey/platform/Console")).pipe(
    Effect.flatMap((PlatformConsole) => Effect.provide(PlatformConsole.beside({ baseUrl }), backend)),
    // The configuration was refused where browsers make no passkeys.
    Effect.catchTag("NoPasskeysThere", Effect.die)
  )

/** A page that is off. A browser that looks for it would be told that its request is not signed. */
const without = (path: string) => (app: HttpApp.Default): HttpApp.Default =>
  Effect.flatMap(
    HttpServerRequest.HttpServerRequest,
    ({ url }) =>
      url.replace(/\/?(?:\?.*)?$/, "/").startsWith(path)
        ? Effect.succeed(HttpServerResponse.text("This platform has no such page.", { status: 404 }))
        : app
  )

/** An id that no organization has. */
const nobody = OrganizationId.make("00000000-0000-0000-0000-000000000000")

const onHangup = (renew: Effect.Effect<void>) =>
  Effect.gen(function*() {
    const run = yield* FiberSet.makeRuntime<never>()
    const hear = () => void run(renew)
    yield* Effect.acquireRelease(
      Effect.sync(() => process.on("SIGHUP", hear)),
      () => Effect.sync(() => process.off("SIGHUP", hear))
    )
  })

/**
 * Serves until it is interrupted, and then ends what it has begun: `/ready` says no, open requests are answered, and the
 * store is closed last. `started` hears where it is once calls are answered.
 *
 * @since 0.1.0
 * @category constructors
 */
export const serve = (
  loaded: ServeConfig.Loaded,
  started: (served: Served) => Effect.Effect<void> = () => Effect.void
): Effect.Effect<never, Backend.Failure | CannotListen, FileSystem.FileSystem> =>
  Effect.scoped(Effect.gen(function*() {
    const { limits, listen, operations, shutdown, store, ...config } = loaded.config
    const { tls } = listen
    const pair = tls === undefined ? undefined : yield* certificate(tls)
    const stopping = yield* Ref.make(false)
    const backend = yield* Layer.build(Backend.layer(loaded, { serves: true }))
    if (Redacted.value(store) === "memory:") {
      yield* Effect.logWarning("The store is this process's memory: all of it ends with the process")
    }

    const ready: Operations.Ready = Effect.gen(function*() {
      if (yield* Ref.get(stopping)) return ["notStopping"]
      const answered = yield* Effect.flatMap(Store.Store, (store) => store.organization(nobody)).pipe(
        Effect.provide(backend),
        Effect.timeout("2 seconds"),
        Effect.isSuccess
      )
      return answered ? [] : ["store"]
    })
    const operating = !operations.enabled
      ? Option.none()
      : Option.some(yield* Listening.listen(Operations.app(ready), { at: operations }))

    if (config.adminSocket !== undefined) {
      yield* AdminSocket.listen(yield* Effect.provide(Admin.httpApp, backend), config.adminSocket)
    }

    const platform = yield* Effect.provide(Platform.httpApp, backend)
    const console = config.console.enabled ? yield* consoleBeside(config, backend) : identity<HttpApp.Default>
    const consolePage = config.console.enabled ? yield* NodeConsolePage.make() : without(ConsolePage.path)
    const page = config.authenticator ? yield* NodeAuthenticatorPage.make() : without(AuthenticatorPage.path)
    const listening = yield* Listening.listen(bounded(page(consolePage(console(platform))), limits), {
      at: listen,
      certificate: pair,
      headerBytes: limits.headerBytes,
      requestTime: limits.requestTime,
      patience: shutdown.requests
    })
    yield* Effect.addFinalizer(() =>
      Effect.logInfo("Stopping").pipe(
        Effect.zipRight(Ref.set(stopping, true)),
        Effect.zipRight(Effect.sleep(shutdown.notReadyFor))
      )
    )

    const fs = yield* FileSystem.FileSystem
    yield* onHangup(
      tls === undefined
        ? Effect.logInfo("There is no certificate to read again")
        : Effect.flatMap(certificate(tls), listening.renew).pipe(
          Effect.zipRight(Effect.logInfo("The certificate was read again")),
          Effect.catchAll((error) => Effect.logError("The certificate stays as it was", error)),
          Effect.provideService(FileSystem.FileSystem, fs)
        )
    )

    const served = { address: listening.address, operations: Option.map(operating, ({ address }) => address) }
    yield* Effect.annotateLogs(Effect.logInfo("Serving"), {
      address: served.address,
      operations: Option.getOrElse(served.operations, () => "off"),
      store: Redacted.value(store).replace(/:.*$/s, ""),
      baseUrl: config.baseUrl
    })
    yield* started(served)
    return yield* Effect.never
  }))

/** For who reads logs by a program: one JSON document a line, on standard error. */
const jsonLogs = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.locally(effect, FiberRef.currentLoggers, HashSet.make(Logger.withConsoleError(Logger.jsonLogger)))

const options = {
  config: Options.text("config").pipe(
    Options.withDescription(
      "The file of the configuration. Default: LAUNCHKEY_SERVE_CONFIG, or the environment alone."
    ),
    Options.optional
  ),
  check: Options.boolean("check").pipe(
    Options.withDescription("Look at the configuration, print what holds without secrets, and serve nothing.")
  )
}

/** What is looked at before anything is opened. */
const checked = (config: Option.Option<string>) =>
  Effect.tap(
    ServeConfig.load(config),
    ({ config: { listen } }) => listen.tls === undefined ? Effect.void : certificate(listen.tls)
  )

/**
 * @since 0.1.0
 * @category constructors
 */
export const command = Command.make(
  "serve",
  options,
  ({ check, config }) =>
    Effect.flatMap(checked(config), (loaded) =>
      check
        ? Console.log(JSON.stringify(ServeConfig.show(loaded), undefined, 2))
        // It serves until it is interrupted, and that is its end.
        : Effect.zipRight(Ending.as("done"), jsonLogs(serve(loaded)))).pipe(
        Effect.catchAll((error) => report(error._tag, Failure.describe(error), false))
      )
).pipe(Command.withDescription("Serves a platform."))
