import type { EntityIdentifier } from "@effect-launchkey/core/EntityIdentifier"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Envelope from "../Envelope.ts"
import * as Jose from "../Jose.ts"
import type * as Keyring from "../Keyring.ts"
import { Refusal } from "../Rejection.ts"
import type * as ServerClock from "../ServerClock.ts"
import { traced } from "../Tracing.ts"
import type { Delivery, OpenedWebhook } from "../Transport.ts"
import { MessageRejected, operation, TransportError } from "../TransportError.ts"

interface Options {
  readonly keyring: Keyring.Service
  readonly findKey: Envelope.FindKey<TransportError>
  readonly clock: ServerClock.ServerClock
  readonly issuer: EntityIdentifier
  readonly leeway: number
  readonly platform: string | undefined
  readonly jose: Jose.Service
}

/** How much longer than necessary tokens are remembered: measuring the platform's clock anew may set it back, seconds. */
const clockDrift = 5

const isAboutTime = ({ reason }: Refusal): boolean => reason === "Expired" || reason === "NotYetValid"

/** What opens the webhooks that are meant for one issuer. */
export const make =
  ({ clock, findKey, issuer, jose, keyring, leeway, platform }: Options) =>
  <E>({ firstSeen, ...delivery }: Delivery<E>): Effect.Effect<
    OpenedWebhook,
    MessageRejected | TransportError | E
  > => {
    const name = operation(delivery.method, delivery.path)
    const attempt = Effect.flatMap(
      Effect.zip(clock.now, Clock.currentTimeMillis),
      ([now, millis]) =>
        Envelope.openWebhook({
          ...delivery,
          // The token's times are the platform's, and whoever remembers it has another clock.
          firstSeen: (token) =>
            Effect.flatMap(
              Clock.currentTimeMillis,
              (millis) => firstSeen({ ...token, until: Math.ceil(millis / 1000 + token.until - now) + clockDrift })
            ),
          keyring,
          findKey,
          audience: issuer,
          now,
          leeway,
          platform
        }).pipe(Effect.map((opened) => ({ ...opened, clockOffset: now - millis / 1000 })))
    )
    return attempt.pipe(
      // Our clock may have drifted, as with responses. Times are checked before the token is marked as seen, so that is
      // asked once at most.
      Effect.catchAll((error) =>
        error instanceof Refusal && isAboutTime(error)
          ? Effect.flatMap(clock.doubt, (again) => again ? attempt : Effect.fail(error))
          : Effect.fail(error)
      ),
      Effect.mapError((error) =>
        error instanceof Refusal
          ? new MessageRejected({ kind: "Webhook", reason: error.reason, operation: name, cause: error.cause })
          : error
      ),
      Effect.provideService(Jose.Jose, jose),
      traced("Transport.openWebhook", () => ({ attributes: { operation: name } }))
    )
  }
