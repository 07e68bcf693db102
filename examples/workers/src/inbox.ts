/** The inbox of webhooks, in the cells: whichever isolate receives one, each is handled once. */
import * as WebhookInbox from "@effect-launchkey/clients/WebhookInbox"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Cells } from "./cells.ts"

const { Claim } = WebhookInbox

const handled = "handled"

const nameOf = (...parts: ReadonlyArray<string>): string => JSON.stringify(parts)

export const layer = (
  { retention = Duration.hours(24) }: WebhookInbox.Options = {}
): Layer.Layer<WebhookInbox.WebhookInbox, never, Cells> =>
  Layer.effect(
    WebhookInbox.WebhookInbox,
    Effect.map(Cells, ({ swap, take }) => ({
      firstSeen: ({ audience, tokenId, until }) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          Effect.map(
            take(nameOf("token", audience, tokenId), "seen", Duration.millis(until * 1000 - now)),
            Option.isNone
          )),
      claim: (event, lease) =>
        Effect.suspend(() => {
          const ticket = crypto.randomUUID()
          return Effect.map(
            take(nameOf("event", event), ticket, lease),
            Option.match({
              onNone: () => Claim.Claimed({ ticket }),
              onSome: (value) => value === handled ? Claim.Handled() : Claim.InProgress()
            })
          )
        }),
      renew: (event, ticket, lease) => swap(nameOf("event", event), ticket, Option.some(ticket), lease),
      complete: (event, ticket) =>
        swap(nameOf("event", event), ticket, Option.some(handled), Duration.decode(retention)),
      release: (event, ticket) => Effect.asVoid(swap(nameOf("event", event), ticket, Option.none(), Duration.zero))
    }))
  )
