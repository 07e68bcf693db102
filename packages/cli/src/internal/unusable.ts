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
