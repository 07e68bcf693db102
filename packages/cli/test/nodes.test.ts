import * as OrganizationCredentials from "@effect-launchkey/clients/OrganizationCredentials"
import * as Authenticator from "@effect-launchkey/platform/Authenticator"
import { pgSchema, serverUrl } from "@effect-launchkey/testing/sql/TestDatabases"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Either, Fiber, Layer, Logger, Option, Predicate, Redacted } from "effect"
import * as ServeCommand from "../src/commands/ServeCommand.ts"
import * as Backend from "../src/internal/backend.ts"
import * as ServeConfig from "../src/ServeConfig.ts"
import { configured, environment } from "./support/served.ts"

/** A configuration by which any number of nodes serve one platform in an empty PostgreSQL. */
const shared = Effect.flatMap(pgSchema, ({ url }) =>
  Effect.map(
    configured({ store: Redacted.value(url), operations: { port: 0 } }),
    ({ admin, folder, start }) => ({
      admin,
      folder,
      node: Effect.map(start, ({ fiber, ...served }) => ({ ...served, stop: Fiber.interrupt(fiber) }))
    })
  ))

/** What is warned of where a node stands on a PostgreSQL that answers before it is on the disk, or after. */
const warnings = (store: URL, committed: "on" | "off") =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const folder = yield* fs.makeTempDirectoryScoped({ prefix: "launchkey-" })
    const url = new URL(store)
    url.searchParams.set("options", `${url.searchParams.get("options") ?? ""} -c synchronous_commit=${committed}`)
    yield* fs.writeFileString(
      `${folder}/serve.json`,
      JSON.stringify({ baseUrl: "https://mfa.example.com", store: url.href, keyEncryptionKeyFile: "key" })
    )
    yield* fs.writeFileString(`${folder}/key`, "A".repeat(43), { mode: 0o600 })
    const loaded = yield* ServeConfig.load(Option.some(`${folder}/serve.json`))
    const logged: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => {
      if (logLevel._tag === "Warning") logged.push(String(message))
    })
    yield* Effect.scoped(Layer.build(Backend.layer(loaded, { serves: true }))).pipe(
      Effect.provide(Logger.replace(Logger.defaultLogger, logger))
    )
    return logged
  })

describe.skipIf(serverUrl === undefined)("PostgreSQL", () => {
  layer(environment, { excludeTestServices: true, timeout: 60_000 })("a node on a PostgreSQL that forgets", (it) => {
    it.scoped("says so when it starts, and by which settings", () =>
      Effect.gen(function*() {
        const store = new URL(Redacted.value((yield* pgSchema).url))
        const [warning, ...others] = yield* warnings(store, "off")
        assert.deepStrictEqual(others, [])
        assert.match(warning ?? "", /^PostgreSQL may lose what it has answered\b.*: .*\bsynchronous_commit$/)
        assert.notMatch((yield* warnings(store, "on")).join(), /synchronous_commit/)
      }))
  })

  layer(environment, { excludeTestServices: true, timeout: 60_000 })("a platform that two nodes serve", (it) => {
    it.scoped("is one platform, which goes on when one of them ends", () =>
      Effect.gen(function*() {
        const { admin, folder, node } = yield* shared
        // Both find an empty database, and one of them makes the tables and the keys.
        const [here, there] = yield* Effect.all([node, node], { concurrency: 2 })
        const created = yield* admin(
          ..."organization create Shared --json --key".split(" "),
          `${folder}/organization.pub.pem`
        )
        assert.strictEqual(created.code, 0, created.err)
        assert(Predicate.isRecord(created.json))
        const organizationId = String(created.json["id"])

        const credentials = ({ address }: ServeCommand.Served) =>
          OrganizationCredentials.make({ organizationId, baseUrl: address })
        yield* Effect.gen(function*() {
          const [one, other] = [yield* credentials(here), yield* credentials(there)]
          const directoryId = yield* (yield* one.organizationClient).createDirectory("Employees")
          const sdkKey = yield* (yield* other.organizationClient).generateSdkKey(directoryId)
          const directory = yield* one.directoryClient(directoryId)
          const serviceId = yield* directory.createService("Payroll")

          const device = yield* Authenticator.make({ baseUrl: there.address, name: "Phone" })
          const { code } = yield* directory.linkDevice("ada")
          yield* device.link(code, sdkKey)

          const [asks, reads] = [yield* one.serviceClient(serviceId), yield* other.serviceClient(serviceId)]
          const { id } = yield* asks.authorize("ada")
          const second = yield* Effect.either(reads.authorize("ada"))
          assert(Either.isLeft(second) && second.left._tag === "AuthorizationInProgress")
          yield* device.approve(id)
          const response = yield* reads.getResponse(id)
          assert.isTrue(Option.exists(response, ({ authorized }) => authorized))

          yield* here.stop
          const { id: next } = yield* reads.authorize("ada")
          yield* device.deny({ id: next })
          assert.isTrue(Option.exists(yield* reads.getResponse(next), ({ authorized }) => !authorized))
        }).pipe(Effect.provideServiceEffect(
          Keyring.Keyring,
          Keyring.make({ signingKey: TestKeys.organization.privateKey })
        ))

        const ready = yield* HttpClient.get(`${Option.getOrElse(there.operations, () => "")}/ready`)
        assert.strictEqual(ready.status, 200)
        assert.lengthOf((yield* admin("platform-key", "list")).out.match(/^[0-9a-f:]{47} +signing /mg) ?? [], 1)
        const audit = yield* admin("audit", "verify")
        assert.match(audit.out, /^All \d+ entries hold\./)
      }))
  })
})
