/**
 * What a server of this package says when it finds no place.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The address cannot be listened on: it is taken, not this machine's, or needs more rights.
 *
 * @since 0.1.0
 * @category errors
 */
export class CannotListen extends Schema.TaggedError<CannotListen>("@effect-launchkey/cli/CannotListen")(
  "CannotListen",
  {
    /** A socket's is its path, with port 0. */
    host: Schema.String,
    port: Schema.Number,
    cause: Schema.Defect
  }
) {
  override get message(): string {
    const { cause, host, port } = this
    return `Cannot listen on ${host}, port ${port}: ${
      cause instanceof Error ? cause.message : String(cause)
    }. Give another port or address; port 0 is any that is free.`
  }
}
