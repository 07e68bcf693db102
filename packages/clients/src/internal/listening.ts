/** A store that tells of an answer without a fiber that awaits it: each would be a third of what a wait takes. */
import type { AuthorizationPackage } from "@effect-launchkey/core/Authorization"
import type * as Exit from "effect/Exit"
import type { Key, Service } from "../PendingAuthorizations.ts"

/**
 * Tells of the answer, also of one that is there by now, in milliseconds since the epoch; what it returns ends the
 * listening.
 */
export type Listen = (key: Key, now: number, tell: (answer: Exit.Exit<AuthorizationPackage>) => void) => () => void

const listenId = Symbol.for("@effect-launchkey/clients/PendingAuthorizations/listen")

/** The function itself knows, so that whoever puts another in its place is asked instead. */
export const withListening = (awaitAnswer: Service["awaitAnswer"], listen: Listen): Service["awaitAnswer"] =>
  Object.assign(awaitAnswer, { [listenId]: listen })

export const listening = ({ awaitAnswer }: Service): Listen | undefined =>
  (awaitAnswer as Service["awaitAnswer"] & { readonly [listenId]?: Listen })[listenId]
