/** The store under trial, as it is told to a process of its own. */
import * as Duration from "effect/Duration"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { PendingAuthorizations } from "../../../src/PendingAuthorizations.ts"
import * as Libsql from "../../../src/sql/Libsql.ts"
import * as Pg from "../../../src/sql/Pg.ts"
import type { WebhookInbox } from "../../../src/WebhookInbox.ts"

export const Place = Schema.Union(
  Schema.TaggedStruct("Libsql", { filename: Schema.String }),
  Schema.TaggedStruct("Pg", { url: Schema.String })
)

export type Place = typeof Place.Type

/** Short, so that what has expired is seen to go. Longer than anybody here sends the same again. */
export const retention = Duration.minutes(2)

export const layer = (place: Place): Layer.Layer<WebhookInbox | PendingAuthorizations, unknown> => {
  const options = { inbox: { retention }, pending: { retention } }
  return place._tag === "Pg"
    ? Pg.layer({ url: Redacted.make(place.url), ...options })
    : Libsql.layer({ filename: place.filename, ...options })
}
