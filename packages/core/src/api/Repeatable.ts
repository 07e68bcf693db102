/**
 * Which endpoints may be asked again where no answer came.
 *
 * @see docs/protocol.md "Retries"
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/**
 * Whether repeating a request to an endpoint changes nothing more than the first did, and asks nobody again. Default
 * false: a request of which it is not known whether the platform has acted is then sent once.
 *
 * An annotation of endpoints. True of reads, of changes that set, and of ends that succeed where there is nothing to
 * end; false of whatever creates, of what answers otherwise the second time, and of a code that serves once.
 *
 * @since 0.1.0
 * @category tags
 */
export class Repeatable extends Context.Reference<Repeatable>()("@effect-launchkey/core/api/Repeatable", {
  defaultValue: () => false
}) {}
