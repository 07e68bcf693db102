/**
 * What a store of this package says when it cannot do its work.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The store that webhooks and pending requests are kept in did not do what it was asked. Nothing is lost: whoever sent a
 * webhook is told to send it again, and whoever waits goes on polling.
 *
 * @since 0.1.0
 * @category errors
 */
export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>(
  "@effect-launchkey/clients/StoreUnavailable"
)("StoreUnavailable", {
  /** What was asked of it, such as `"WebhookInbox.claim"`. */
  operation: Schema.String,
  cause: Schema.optional(Schema.Defect)
}) {
  override get message(): string {
    return `${this.operation}: the store did not answer, or refused. Check that it is reachable and its migrations have run.`
  }
}
