import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { PendingAuthorizations } from "../../src/PendingAuthorizations.ts"
import * as Libsql from "../../src/sql/Libsql.ts"
import { Claim, WebhookInbox } from "../../src/WebhookInbox.ts"
import { keyOf, relayed } from "./support.ts"

Effect.runFork(
  Effect.gen(function*() {
    const inbox = yield* WebhookInbox
    const pending = yield* PendingAuthorizations
    yield* inbox.firstSeen({ audience: "svc", tokenId: "seen", until: 4_000_000_000 })
    const claim = yield* inbox.claim("handled", Duration.seconds(30))
    yield* inbox.complete("handled", Claim.$is("Claimed")(claim) ? claim.ticket : "")
    yield* pending.complete(keyOf(1), relayed)
    console.log("held")
    yield* Effect.never
  }).pipe(Effect.provide(Libsql.layer({ filename: process.argv[2] ?? "" })))
)
