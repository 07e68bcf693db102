/**
 * What `launchkey admin` says when the platform does not do what it asks.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The process that serves the platform did not answer as it should. Whether it acted is not known.
 *
 * @since 0.1.0
 * @category errors
 */
export class AdminFailed extends Schema.TaggedError<AdminFailed>("@effect-launchkey/cli/AdminFailed")("AdminFailed", {
  cause: Schema.Defect
}) {
  override get message(): string {
    return "The platform did not do it, or did not say so. Look whether it was done before you try again."
  }
}
