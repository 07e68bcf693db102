/** Platforms that tests configure in a folder of their own, serve, and operate. */
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as FileSystem from "@effect/platform/FileSystem"
import { Deferred, Effect, Fiber, Layer, Logger, Option } from "effect"
import * as ServeCommand from "../../src/commands/ServeCommand.ts"
import * as ServeConfig from "../../src/ServeConfig.ts"
import { launchkey } from "./launchkey.ts"

export const environment = Layer.mergeAll(
  NodeContext.layer,
  FetchHttpClient.layer,
  Layer.provide(RemoteApi.layer, FetchHttpClient.layer)
)

/** Serves, without a log, until the scope ends or the fiber is interrupted. */
export const serve = (loaded: ServeConfig.Loaded) =>
  Effect.gen(function*() {
    const started = yield* Deferred.make<ServeCommand.Served>()
    const fiber = yield* Effect.forkScoped(
      Effect.provide(
        ServeCommand.serve(loaded, (at) => Effect.asVoid(Deferred.succeed(started, at))),
        Logger.remove(Logger.defaultLogger)
      )
    )
    return { ...yield* Effect.raceFirst(Deferred.await(started), Fiber.join(fiber)), fiber }
  })

/** One that keeps its keys, with an organization's public key beside it. */
export const configured = (config: object) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const folder = yield* fs.makeTempDirectoryScoped({ prefix: "launchkey-" })
    const file = `${folder}/serve.json`
    yield* fs.writeFileString(
      file,
      JSON.stringify({
        baseUrl: "https://mfa.example.com",
        keyEncryptionKeyFile: "key",
        authenticator: false,
        listen: { port: 0 },
        ...config
      })
    )
    yield* fs.writeFileString(`${folder}/key`, "A".repeat(43), { mode: 0o600 })
    yield* fs.writeFileString(`${folder}/organization.pub.pem`, TestKeys.organization.publicKey)
    return {
      admin: (...args: ReadonlyArray<string>) => launchkey({}, "admin", ...args, "--config", file),
      file,
      folder,
      fs,
      start: Effect.flatMap(ServeConfig.load(Option.some(file)), serve)
    }
  })
