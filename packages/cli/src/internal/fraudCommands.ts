/** `list` and `lift` for reports of fraud. */
import { DirectoryId, ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import * as AdminApi from "@effect-launchkey/platform/AdminApi"
import * as Args from "@effect/cli/Args"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Admin from "./admin.ts"
import * as Given from "./given.ts"
import * as Leaf from "./leaf.ts"
import { rows } from "./text.ts"

const list = Leaf.make(
  "list",
  {
    description: "Lists what users reported as fraud, latest first.",
    config: {
      limit: Given.limit,
      ...Admin.option
    },
    result: Schema.Array(AdminApi.FraudReport),
    text: (reports) =>
      rows(
        ["When", "Service", "Directory", "Device", "Request"],
        reports.map(({ at, authorizationRequestId, deviceId, directoryId, serviceId }) => [
          DateTime.formatIso(at),
          serviceId,
          directoryId,
          deviceId,
          authorizationRequestId
        ]),
        "No reports."
      )
  },
  ({ config, limit }) =>
    Effect.flatMap(Admin.connect(config), (admin) => Admin.answered(admin.listFraud({ payload: { limit } })))
)

const lift = Leaf.make("lift", {
  description: "Lets a service ask a user again who reported it.",
  config: {
    directory: Args.text({ name: "DIRECTORY" }).pipe(Args.withDescription("Id of the user's directory.")),
    user: Given.userArgument,
    service: Args.text({ name: "SERVICE" }).pipe(Args.withDescription("Id of the service.")),
    ...Admin.option
  },
  result: Schema.Struct({ directoryId: DirectoryId, serviceId: ServiceId }),
  text: ({ serviceId }) => `Service ${serviceId} may ask the user again.`
}, ({ config, directory, service, user }) =>
  Effect.gen(function*() {
    const directoryId = yield* Given.directoryId(directory)
    const serviceId = yield* Given.serviceId(service)
    yield* Admin.answered((yield* Admin.connect(config)).liftFraud({ payload: { directoryId, user, serviceId } }))
    return { directoryId, serviceId }
  }))

export const commands = [list, lift] as const
