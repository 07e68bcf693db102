import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import { MessageRejected, TransportError } from "@effect-launchkey/transport/TransportError"
import * as Schema from "effect/Schema"

/** Something that was given to the command, and that it cannot do with. `what` tells where it was given. */
export class Unusable extends Schema.TaggedError<Unusable>("@effect-launchkey/cli/internal/unusable/Unusable")(
  "Unusable",
  {
    what: Schema.Literal("Arguments", "Profile", "Environment", "File", "Key"),
    /** Without an end mark. Holds no key, and no name of a user. */
    problem: Schema.String,
    next: Schema.String
  }
) {
  override get message(): string {
    return `${this.problem}. ${this.next}`
  }
}

/** The schedule of a wait ended, and what was waited for did not happen. It may happen yet. */
export class NotYet extends Schema.TaggedError<NotYet>("@effect-launchkey/cli/internal/unusable/NotYet")("NotYet", {
  problem: Schema.String,
  next: Schema.String
}) {
  override get message(): string {
    return `${this.problem}. ${this.next}`
  }
}

/** The platform's answer could not be had or believed while one waited, and the request stays open. */
export class AwaitFailed extends Schema.TaggedError<AwaitFailed>("@effect-launchkey/cli/internal/unusable/AwaitFailed")(
  "AwaitFailed",
  { id: AuthorizationRequestId, cause: Schema.Union(TransportError, MessageRejected) }
) {
  override get message(): string {
    return `Waiting for the answer to authorization request ${this.id} failed: ${this.cause.message}`
  }
}
