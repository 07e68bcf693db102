/**
 * What a store says when it cannot do its work: those of the clients, and the platform's.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * A store did not do what it was asked, or its answer was lost: it is not known which. Of what it had acknowledged before,
 * nothing is lost.
 *
 * @since 0.1.0
 * @category errors
 */
export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>("@effect-launchkey/core/StoreUnavailable")(
  "StoreUnavailable",
  {
    /** What was asked of it, such as `"WebhookInbox.claim"`. */
    operation: Schema.String,
    cause: Schema.optional(Schema.Defect)
  }
) {
  override get message(): string {
    return `${this.operation}: the store did not answer, or refused. Check that it is reachable and its migrations have run.`
  }
}
