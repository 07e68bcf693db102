import * as PlatformKeys from "@effect-launchkey/platform/PlatformKeys"
import * as SqlWebhookQueue from "@effect-launchkey/platform/sql/SqlWebhookQueue"
import * as WebhookEgress from "@effect-launchkey/platform/WebhookEgress"
import type * as WebhookQueue from "@effect-launchkey/platform/WebhookQueue"
import * as WebhookSender from "@effect-launchkey/platform/WebhookSender"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { onEachDatabase } from "../support/databases.ts"
import { webhook } from "../support/deliveries.ts"

const queueOf = (sql: SqlClient.SqlClient) => Effect.provideService(SqlWebhookQueue.make(), SqlClient.SqlClient, sql)

/** A sender, and what arrives by it: the ids of deliveries. */
const senderOf = (queue: WebhookQueue.Service, answer: Effect.Effect<number>) =>
  Effect.gen(function*() {
    const arrived = yield* Queue.unbounded<number>()
    const sender = yield* Effect.provideService(WebhookSender.makeWith(queue), WebhookEgress.WebhookEgress, {
      post: ({ delivery }) => Effect.zipRight(Queue.offer(arrived, delivery), answer)
    })
    return { ...sender, arrived }
  })

onEachDatabase("senders of several processes", (database) => {
  it.scoped("deliver each webhook once while none of them dies", () =>
    Effect.gen(function*() {
      const { other, sql } = yield* database
      const here = yield* Effect.flatMap(queueOf(sql), (queue) => senderOf(queue, Effect.succeed(204)))
      const there = yield* Effect.flatMap(
        Effect.flatMap(other, queueOf),
        (queue) => senderOf(queue, Effect.succeed(204))
      )
      const sent = yield* Effect.forEach(
        Array.from({ length: 12 }, (_, index) => index % 2 === 0 ? here : there),
        ({ send }) => send(webhook),
        { concurrency: 4 }
      )
      yield* Effect.repeat(Effect.zipRight(TestClock.adjust("1 second"), here.log), {
        until: (log) => log.every(({ state }) => state === "DELIVERED")
      })
      const arrived = [...(yield* Queue.takeAll(here.arrived)), ...(yield* Queue.takeAll(there.arrived))]
      assert.deepStrictEqual(arrived.sort((a, b) => a - b), [...sent].sort((a, b) => a - b))
    }).pipe(Effect.provide(PlatformKeys.layerGenerated)))

  it.scoped("deliver what one of them attempted when it died", () =>
    Effect.gen(function*() {
      const { other, sql } = yield* database
      const scope = yield* Scope.make()
      const dying = yield* queueOf(sql).pipe(
        // Nothing that a process does at its end is done.
        Effect.flatMap((queue) => senderOf({ ...queue, release: () => Effect.void }, Effect.never)),
        Scope.extend(scope)
      )
      const id = yield* dying.send(webhook)
      assert.strictEqual(yield* Queue.take(dying.arrived), id)
      yield* Scope.close(scope, Exit.void)

      const next = yield* Effect.flatMap(
        Effect.flatMap(other, queueOf),
        (queue) => senderOf(queue, Effect.succeed(204))
      )
      // In a file nobody else can be about it.
      if (sql.onDialectOrElse({ pg: () => true, orElse: () => false })) {
        yield* TestClock.adjust("39 seconds")
        assert.strictEqual(yield* Queue.size(next.arrived), 0)
        yield* TestClock.adjust("1 second")
      }
      assert.strictEqual(yield* Queue.take(next.arrived), id)
    }).pipe(Effect.provide(PlatformKeys.layerGenerated)))

  it.scoped("leave to each other at once what one of them did not finish at its end", () =>
    Effect.gen(function*() {
      const { sql } = yield* database
      const queue = yield* queueOf(sql)
      const scope = yield* Scope.make()
      const ending = yield* Scope.extend(senderOf(queue, Effect.never), scope)
      const id = yield* ending.send(webhook)
      yield* Queue.take(ending.arrived)
      yield* Scope.close(scope, Exit.void)
      const next = yield* senderOf(queue, Effect.succeed(204))
      assert.strictEqual(yield* Queue.take(next.arrived), id)
    }).pipe(Effect.provide(PlatformKeys.layerGenerated)))
})
