/** A service whose directory has a user with a device, and what the device does. */
import { Context, Effect, Layer } from "effect"
import { Sandboxed, sandboxed } from "./launchkey.ts"

export const user = "ada@employees.example"

export class Linked extends Context.Tag("test/Linked")<Linked, {
  readonly directoryId: string
  readonly serviceId: string
  readonly deviceId: string
  /** The service's own profile. */
  readonly asService: ReadonlyArray<string>
}>() {}

/** With a profile of the service's and one of the directory's own. */
export const linked = Layer.effect(
  Linked,
  Effect.gen(function*() {
    const { baseUrl, control, folder, result } = yield* Sandboxed
    const { id: directoryId } = yield* result("directory", "create", "Linked")
    const directory = ["--directory", String(directoryId)]
    yield* result("directory", "update", String(directoryId), "--denial-context", "yes")
    yield* result("directory", "sdk-key", "generate", String(directoryId))
    yield* result("directory", "key", "add", String(directoryId), `${folder}/directory.pub.pem`)
    const { id: serviceId } = yield* result("service", "create", "Vault", ...directory)
    yield* result("service", "key", "add", String(serviceId), `${folder}/service.pub.pem`, ...directory)
    const { code } = yield* result("device", "link", user, "--no-wait", ...directory)
    const { device_id: deviceId } = yield* control("devices", { linking_code: code })
    for (const [name, entity] of [["service", `svc:${serviceId}`], ["directory", `dir:${directoryId}`]]) {
      yield* result(
        ...`profile add ${name} --base-url ${baseUrl} --entity ${entity} --key-file ${folder}/${name}.pem`.split(" ")
      )
    }
    return {
      directoryId: String(directoryId),
      serviceId: String(serviceId),
      deviceId: String(deviceId),
      asService: ["--profile", "service"]
    }
  })
).pipe(Layer.provideMerge(sandboxed))
