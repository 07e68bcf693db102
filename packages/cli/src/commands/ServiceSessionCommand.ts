/**
 * `launchkey session start` and `end`: what a service tells of its users' sessions.
 *
 * @see docs/cli.md
 * @since 0.1.0
 */
import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Acting from "../internal/acting.ts"
import * as Given from "../internal/given.ts"
import * as Leaf from "../internal/leaf.ts"

const config = { user: Given.userArgument, service: Acting.serviceOption, ...Acting.profile }

/**
 * @since 0.1.0
 * @category constructors
 */
export const start = Leaf.make("start", {
  description: "Tells the platform that a user is logged in to the service.",
  config: {
    ...config,
    request: Given.optional("request", "Id of the authorization request that the user approved to log in.")
  },
  result: Schema.Struct({
    started: Schema.Literal(true),
    authorizationRequestId: Schema.OptionFromNullOr(AuthorizationRequestId)
  }),
  text: () => "The user is logged in."
}, (given) =>
  Effect.gen(function*() {
    const authorizationRequestId = yield* Option.match(given.request, {
      onNone: () => Effect.succeedNone,
      onSome: (text) => Effect.asSome(Given.id(AuthorizationRequestId, "authorization request", "authorize")(text))
    })
    yield* (yield* Acting.service(given)).sessionStart(given.user, {
      authorizationRequestId: Option.getOrUndefined(authorizationRequestId)
    })
    return { started: true as const, authorizationRequestId }
  }))

/**
 * @since 0.1.0
 * @category constructors
 */
export const end = Leaf.make("end", {
  description: "Tells the platform that a user is logged out of the service, whether there was a session or not.",
  config,
  result: Schema.Struct({ ended: Schema.Literal(true) }),
  text: () => "The user is logged out."
}, (given) =>
  Effect.gen(function*() {
    yield* (yield* Acting.service(given)).sessionEnd(given.user)
    return { ended: true as const }
  }))
