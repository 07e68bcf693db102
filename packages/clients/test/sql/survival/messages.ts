/** What a process and the test that tries it say to each other. */
import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import type * as TestWebhooks from "@effect-launchkey/testing/TestWebhooks"
import * as Schema from "effect/Schema"
import { Place } from "../once/store.ts"

export const Settings = Schema.parseJson(
  Schema.Struct({ place: Place, lease: Schema.String.pipe(Schema.pattern(/^\d+ seconds?$/)) })
)

/** Whom each request is about, which the program knows. */
export const user = "the user's hash"

/** What a process is told to do. */
export const Command = Schema.Union(
  /** To remember a request, as though it had just been created, and to wait for its response. */
  Schema.TaggedStruct("Begin", { id: AuthorizationRequestId }),
  /** To wait for the response to a request that was remembered. */
  Schema.TaggedStruct("Resume", { id: AuthorizationRequestId }),
  /** To handle a webhook; where it hangs, the handler never ends. */
  Schema.TaggedStruct("Deliver", {
    token: Schema.String,
    method: Schema.String,
    path: Schema.String,
    body: Schema.Uint8ArrayFromBase64,
    hangs: Schema.Boolean
  })
)

/** What a process says. */
export const Said = Schema.Union(
  Schema.TaggedStruct("Ready", {}),
  /** It waits for the store to tell the answer. */
  Schema.TaggedStruct("Waiting", { id: Schema.String }),
  Schema.TaggedStruct("Answered", { id: Schema.String, authorized: Schema.Boolean }),
  /** A delivery brought an answer to the store; the first is the one that is kept. */
  Schema.TaggedStruct("Completed", { id: Schema.String, first: Schema.Boolean }),
  /** The handler has begun. */
  Schema.TaggedStruct("Handling", {}),
  /** What came of a delivery: `Handled`, `HandledBefore`, or the tag of an error. */
  Schema.TaggedStruct("Outcome", { outcome: Schema.String })
)

export type Said = typeof Said.Type

export const deliver = ({ body, method, path, token }: TestWebhooks.Delivery, { hangs = false } = {}) =>
  Schema.encodeSync(Command)({ _tag: "Deliver", token, method, path, body, hangs })
