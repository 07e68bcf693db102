/** What a user's device answered, for people and for programs. */
import {
  AuthorizationRequestId,
  type AuthorizationResponse,
  DeviceId,
  ResponseReason,
  ResponseType
} from "@effect-launchkey/core/Authorization"
import type { DenialReason } from "@effect-launchkey/core/DenialReason"
import { AuthMethod } from "@effect-launchkey/core/Factor"
import { ResponsePolicy } from "@effect-launchkey/core/ResponsePolicy"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { End } from "../ExitCode.ts"
import { fields, none, yesNo } from "./text.ts"

/** As in an event of a webhook, too. Policy and methods are as the device wrote them. */
export const Answer = Schema.Struct({
  authorizationRequestId: AuthorizationRequestId,
  authorized: Schema.Boolean,
  type: Schema.OptionFromNullOr(ResponseType),
  reason: Schema.OptionFromNullOr(ResponseReason),
  denialReason: Schema.OptionFromNullOr(Schema.String),
  fraud: Schema.OptionFromNullOr(Schema.Boolean),
  deviceId: DeviceId,
  servicePins: Schema.Array(Schema.String),
  serviceUserHash: Schema.String,
  organizationUserHash: Schema.OptionFromNullOr(Schema.String),
  userPushId: Schema.String,
  policy: Schema.OptionFromNullOr(ResponsePolicy),
  methods: Schema.OptionFromNullOr(Schema.Array(AuthMethod))
})

export type Answer = typeof Answer.Type

export const fromResponse = (response: AuthorizationResponse): Answer => ({ ...response })

export const end = ({ authorized }: Answer): End => authorized ? "done" : "negative"

const orNone = (option: Option.Option<string>): string => Option.getOrElse(option, () => none)

const flags = { set: "set", active: "active", allowed: "allowed", supported: "supported", passed: "passed" } as const

/** `pin_code: set, active, not passed`: what the device said, and nothing where it said nothing. */
const method = (reported: AuthMethod): string => {
  const name = typeof reported.method === "string" ? reported.method.toLowerCase() : reported.method.wireName
  const facts = [
    ...Object.entries(flags).flatMap(([member, word]) => {
      const fact = reported[member as keyof typeof flags]
      return fact === null ? [] : [fact ? word : `not ${word}`]
    }),
    ...(reported.userRequired === true ? ["required by the user"] : []),
    ...(reported.error === true ? ["failed for another reason than the user"] : [])
  ]
  return facts.length === 0 ? name : `${name}: ${facts.join(", ")}`
}

const policy = ({ amount, factors, fences, requirement }: ResponsePolicy): string => {
  const required = Option.match(requirement, {
    onNone: () => "nothing beyond consent",
    onSome: (kind) =>
      kind === "AMOUNT"
        ? `${amount} methods`
        : kind === "TYPES"
        ? factors.join(", ")
        : kind === "COND_GEO"
        ? "by where the device is"
        : "a kind that this version does not know"
  })
  return fences.length === 0 ? required : `${required}; within ${fences.length} fences`
}

const verdict = ({ authorized, fraud, reason, type }: Answer): string => {
  if (authorized) return "Approved."
  if (Option.contains(fraud, true)) return "Denied as fraud."
  if (Option.contains(type, "FAILED")) return `Not approved: the device could not, for ${orNone(reason)}.`
  return "Denied."
}

/** `offered` are the reasons that the user had, where that is known. */
export const text = (answer: Answer, offered: ReadonlyArray<DenialReason> = []): string => {
  const chosen = Option.flatMapNullable(answer.denialReason, (id) => offered.find((reason) => reason.id === id))
  const pairs: Array<readonly [string, string]> = [
    ["Authorization request", answer.authorizationRequestId],
    ["Authorized", yesNo(answer.authorized)],
    ["Type", orNone(answer.type)],
    ["Reason", orNone(answer.reason)],
    [
      "Denial reason",
      Option.match(answer.denialReason, {
        onNone: () => none,
        onSome: (id) => Option.match(chosen, { onNone: () => id, onSome: ({ reason }) => `${id}: ${reason}` })
      })
    ],
    ["Fraud", Option.match(answer.fraud, { onNone: () => none, onSome: yesNo })],
    ["Device", answer.deviceId],
    ["Service PINs", answer.servicePins.join(", ") || none],
    ["User, to this service", answer.serviceUserHash],
    ["User, to the organization", orNone(answer.organizationUserHash)],
    ["User, for later requests", answer.userPushId],
    ["Policy", Option.match(answer.policy, { onNone: () => none, onSome: policy })],
    ...Option.match(answer.methods, {
      onNone: (): ReadonlyArray<readonly [string, string]> => [["Methods", none]],
      onSome: (methods) => methods.map((reported, i) => [i === 0 ? "Methods" : "", method(reported)] as const)
    })
  ]
  return `${verdict(answer)}\n${fields(pairs)}`
}
