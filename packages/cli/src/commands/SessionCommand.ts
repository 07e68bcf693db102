/**
 * `launchkey session`: where users are logged in.
 *
 * @see docs/cli.md
 * @since 0.1.0
 */
import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import * as EntityIdentifier from "@effect-launchkey/core/EntityIdentifier"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Acting from "../internal/acting.ts"
import * as Given from "../internal/given.ts"
import * as Leaf from "../internal/leaf.ts"
import { none, rows } from "../internal/text.ts"
import * as ServiceSessionCommand from "./ServiceSessionCommand.ts"

const config = { user: Given.userArgument, directory: Acting.directoryOption, ...Acting.profile }

const Shown = Schema.Struct({
  serviceId: EntityIdentifier.ServiceId,
  serviceName: Schema.String,
  serviceIcon: Schema.OptionFromNullOr(Schema.String),
  authorizationRequestId: Schema.OptionFromNullOr(AuthorizationRequestId),
  created: Schema.DateTimeUtc
})

const list = Leaf.make("list", {
  description: "Lists the sessions of a user with all services of the directory.",
  config,
  result: Schema.Array(Shown),
  text: (sessions) =>
    rows(
      ["Service", "Name", "Since", "Authorization request"],
      sessions.map(({ authorizationRequestId, created, serviceId, serviceName }) => [
        serviceId,
        serviceName,
        DateTime.formatIso(created),
        Option.getOrElse(authorizationRequestId, () => none)
      ]),
      "No sessions."
    )
}, (given) => Effect.flatMap(Acting.directory(given), (client) => client.listSessions(given.user)))

const purge = Leaf.make("purge", {
  description: "Ends the sessions of a user with all services of the directory, where there are any.",
  config,
  result: Schema.Struct({ ended: Schema.Literal("all") }),
  text: () => "The user has no sessions any more."
}, (given) =>
  Effect.gen(function*() {
    yield* (yield* Acting.directory(given)).endAllSessions(given.user)
    return { ended: "all" as const }
  }))

/**
 * @since 0.1.0
 * @category constructors
 */
export const command = Leaf.group("session", "Where users are logged in.", [
  ServiceSessionCommand.start,
  ServiceSessionCommand.end,
  list,
  purge
])
