/** `invite`, `list`, `remove` and the end of sessions for operators of the console. */
import * as ConsolePage from "@effect-launchkey/console/ConsolePage"
import * as AdminApi from "@effect-launchkey/platform/AdminApi"
import { OperatorId, OperatorName } from "@effect-launchkey/platform/Operator"
import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as ServeConfig from "../ServeConfig.ts"
import * as Admin from "./admin.ts"
import * as Given from "./given.ts"
import * as Leaf from "./leaf.ts"
import { rows } from "./text.ts"
import { Unusable } from "./unusable.ts"

const operatorId = Given.id(OperatorId, "operator", "admin operator list")

const operatorName = Given.decoded(
  OperatorName,
  "That is no name of an operator",
  "Give a --name of 1 to 128 characters."
)

const operator = Args.text({ name: "OPERATOR" }).pipe(Args.withDescription("Id of the operator, as `list` prints it."))

const invite = Leaf.make("invite", {
  description:
    "Lets somebody operate the platform in its console: by a link that serves once, for a quarter of an hour.",
  config: {
    name: Options.text("name").pipe(
      Options.withDescription("Of somebody new, for people alone: names need not differ."),
      Options.optional
    ),
    operator: Options.text("operator").pipe(
      Options.withDescription("Id of an operator who is known, and needs another passkey."),
      Options.optional
    ),
    ...Admin.option
  },
  result: Schema.Struct({ operatorId: OperatorId, url: Schema.String, expires: Schema.DateTimeUtc }),
  text: ({ expires, operatorId, url }) =>
    `Operator ${operatorId} is let in once, until ${DateTime.formatIso(expires)}, by whoever opens\n${url}`
}, ({ config, name, operator }) =>
  Effect.gen(function*() {
    if (Option.isSome(name) === Option.isSome(operator)) {
      return yield* new Unusable({
        what: "Arguments",
        problem: "It is not said who is invited",
        next: "Give --name of somebody new, or --operator with an id of `launchkey admin operator list`."
      })
    }
    const { config: { baseUrl, console } } = yield* ServeConfig.load(config)
    if (!console.enabled) {
      return yield* new Unusable({
        what: "File",
        problem: "This platform serves no console",
        next: "Set `console.enabled` in its configuration, and start it again."
      })
    }
    const admin = yield* Admin.connect(config)
    const invited = Option.isSome(operator)
      ? admin.inviteOperator({ payload: { operatorId: yield* operatorId(operator.value) } })
      : admin.inviteOperator({ payload: { name: yield* operatorName(Option.getOrElse(name, () => "")) } })
    const invitation = yield* Admin.answered(invited)
    return {
      operatorId: invitation.operator.id,
      url: ConsolePage.invitationUrl(baseUrl, Redacted.value(invitation.token)),
      expires: invitation.expires
    }
  }))

const list = Leaf.make("list", {
  description: "Lists the operators of the console.",
  config: Admin.option,
  result: Schema.Array(AdminApi.Operator),
  text: (operators) =>
    rows(
      ["Operator", "Name", "Since", "Passkeys"],
      operators.map(({ created, id, name, passkeys }) => [id, name, DateTime.formatIso(created), String(passkeys)]),
      "No operators."
    )
}, ({ config }) => Effect.flatMap(Admin.connect(config), (admin) => Admin.answered(admin.listOperators())))

const remove = Leaf.make("remove", {
  description: "Takes the console from an operator, at once.",
  config: { operator, ...Admin.option },
  result: Schema.Struct({ operatorId: OperatorId }),
  text: ({ operatorId }) => `Removed operator ${operatorId}.`
}, ({ config, operator }) =>
  Effect.gen(function*() {
    const payload = { operatorId: yield* operatorId(operator) }
    yield* Admin.answered((yield* Admin.connect(config)).removeOperator({ payload }))
    return payload
  }))

const end = Leaf.make("end", {
  description: "Ends all sessions of an operator, whose passkeys stay.",
  config: { operator, ...Admin.option },
  result: Schema.Struct({ ended: Schema.Int }),
  text: ({ ended }) => `Ended ${ended} ${ended === 1 ? "session" : "sessions"}.`
}, ({ config, operator }) =>
  Effect.gen(function*() {
    const payload = { operatorId: yield* operatorId(operator) }
    return yield* Admin.answered((yield* Admin.connect(config)).endOperatorSessions({ payload }))
  }))

export const commands = [
  invite,
  list,
  remove,
  Leaf.group("sessions", "Where operators are signed in.", [end])
] as const
