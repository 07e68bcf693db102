/** Everything at once, to be looked at: a platform, the application, and the page of an authenticator. */
import * as AuthenticatorPage from "@effect-launchkey/authenticator/AuthenticatorPage"
import * as NodeAuthenticatorPage from "@effect-launchkey/authenticator/NodeAuthenticatorPage"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { parseArgs } from "node:util"
import * as Simulation from "./Simulation.ts"
import * as World from "./World.ts"

const { values: given } = parseArgs({
  options: {
    /** Devices answer by themselves, and there is no page of an authenticator. */
    simulate: { type: "boolean", default: false },
    /** A file to keep what a program of one's own needs to call the platform, until this one ends. */
    env: { type: "string" },
    port: { type: "string", default: "0" },
    "platform-port": { type: "string", default: "0" }
  }
})

const Port = Schema.NumberFromString.pipe(Schema.int(), Schema.between(0, 65_535))

const told = (address: string, { baseUrl }: World.Service) =>
  given.simulate
    ? `
  The application    ${address}
  Its users' devices are simulated: they read the code that is shown, and approve whatever they are asked.

  Begin with "Link a device". Ctrl-C ends it.
`
    : `
  The application    ${address}
  The authenticator  ${baseUrl}${AuthenticatorPage.path}

  Begin with "Link a device" in the first, and answer in the second. Ctrl-C ends both.
`

/** As `--env-file` of Node reads it. */
const environment = ({ baseUrl, directoryId, organizationId, organizationKey, serviceId }: World.Service) =>
  Object.entries({
    BASE_URL: baseUrl,
    ORGANIZATION_ID: organizationId,
    ORGANIZATION_KEY: Redacted.value(organizationKey).trim().replaceAll("\n", "\\n"),
    DIRECTORY_ID: directoryId,
    SERVICE_ID: serviceId
  }).map(([name, value]) => `${name}="${value}"\n`).join("")

const keep = (path: string, world: World.Service) =>
  Effect.flatMap(FileSystem.FileSystem, (files) =>
    Effect.acquireRelease(
      // Nobody else may read the key, in a file that was there before neither.
      Effect.zipRight(
        files.remove(path, { force: true }),
        files.writeFileString(path, environment(world), { mode: 0o600, flag: "wx" })
      ),
      () => Effect.ignore(files.remove(path, { force: true }))
    ))

const ready = Layer.scopedDiscard(Effect.gen(function*() {
  const world = yield* World.World
  if (given.env !== undefined) yield* keep(given.env, world)
  yield* Console.log(told(yield* World.Address, world))
}))

const program = Effect.gen(function*() {
  const ports = yield* Schema.decode(Schema.Struct({ port: Port, platformPort: Port }))({
    port: given.port,
    platformPort: given["platform-port"]
  })
  const world = given.simulate
    ? World.layer(
      { ...ports, authenticator: Option.none() },
      (sdk) => Layer.provideMerge(Simulation.layer({ pace: "2 seconds" }), sdk)
    )
    : World.layer({
      ...ports,
      authenticator: Option.some({ mount: NodeAuthenticatorPage.make, path: AuthenticatorPage.path })
    })
  return yield* Layer.launch(Layer.provide(ready, [world, NodeFileSystem.layer]))
})

NodeRuntime.runMain(program)
