/**
 * A copy of all that the platform keeps, made while it serves, and a look at whether all of it is whole: a port, for
 * whoever operates it.
 *
 * @see docs/operating.md "Backup"
 * @since 0.1.0
 */
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as AuditLog from "./AuditLog.ts"

/**
 * What a look at everything found.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Checked = Schema.Struct({
  /** Whether the database finds its own pages and indexes sound. PostgreSQL is not asked. */
  sound: Schema.Boolean,
  /** The number of its newest migration. */
  migration: Schema.Int,
  /** Whether this version knows that migration. */
  known: Schema.Boolean,
  audit: AuditLog.Verdict
})

/**
 * @since 0.1.0
 * @category models
 */
export type Checked = typeof Checked.Type

/**
 * What is kept is in no file that could be copied: it is in memory, or in a PostgreSQL, which copies itself.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotAFile extends Schema.TaggedError<NotAFile>("@effect-launchkey/platform/Backups/NotAFile")(
  "NotAFile",
  {}
) {
  override get message(): string {
    return "What the platform keeps is in no file that could be copied. Copy a PostgreSQL by its pg_dump; memory ends with the process."
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** To a file that is empty or not there, as everything is at one moment. Whoever wants to change something waits. */
  readonly copyTo: (filename: string) => Effect.Effect<void, NotAFile | StoreUnavailable>
  readonly check: Effect.Effect<Checked, StoreUnavailable>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Backups extends Context.Tag("@effect-launchkey/platform/Backups")<Backups, Service>() {}
