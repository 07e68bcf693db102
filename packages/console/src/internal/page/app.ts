/** What every page of the console stands on. */
import type { Session } from "@effect-launchkey/platform/ConsoleApi"
import { confirm } from "@effect-launchkey/platform/PageElements"
import * as Effect from "effect/Effect"
import type { Client } from "./client.ts"
import * as passkeys from "./passkeys.ts"
import * as problems from "./problems.ts"
import { Problem } from "./problems.ts"

/** A page that is shown. */
export interface Page {
  readonly title: string
  /** The pages above it, from the top. */
  readonly trail?: ReadonlyArray<readonly [text: string, href: string]>
  readonly content: ReadonlyArray<Node>
  /** What runs as long as it is shown. */
  readonly running?: Effect.Effect<void>
  /** Whether it is to be left, where that would lose something. */
  readonly mayLeave?: () => boolean
}

interface Tagged {
  readonly _tag: string
  readonly message: string
}

export interface App {
  readonly api: Client
  readonly session: Session
  readonly run: (effect: Effect.Effect<unknown, Problem>) => void
  /** A call in the name of who is signed in: asks for the passkey where the call needs it, and goes on. */
  readonly call: <A, E extends Tagged>(effect: Effect.Effect<A, E>) => Effect.Effect<A, Problem>
  readonly tell: (text: string) => Effect.Effect<void>
  /** Shows the page anew, of what the platform says now. */
  readonly reload: Effect.Effect<void>
  readonly go: (href: string) => Effect.Effect<void>
  readonly left: Effect.Effect<void>
}

const isTag = (tag: string) => (error: Tagged): boolean => error._tag === tag

const problemOf = (error: Tagged): Problem =>
  error instanceof Problem ? error : new Problem({ text: problems.of(error), signedOut: false })

const verify = (api: Client): Effect.Effect<void, Problem> =>
  Effect.flatMap(
    confirm(
      "Use your passkey",
      "What you are about to do needs your passkey once more: the last time is more than ten minutes ago.",
      "Continue"
    ),
    (sure) =>
      sure
        ? api.account.verificationOptions().pipe(
          Effect.flatMap(passkeys.use),
          Effect.flatMap((payload) => api.account.verify({ payload })),
          Effect.asVoid,
          Effect.mapError(problemOf)
        )
        : Effect.fail(new Problem({ text: "Nothing was done.", signedOut: false }))
  )

/** `signedOut` runs where the platform knows of no session any more. */
export const calling =
  (api: Client, signedOut: Effect.Effect<void>) =>
  <A, E extends Tagged>(effect: Effect.Effect<A, E>): Effect.Effect<A, Problem> =>
    effect.pipe(
      Effect.catchIf(isTag("VerificationNeeded"), () => Effect.zipRight(verify(api), effect)),
      Effect.catchAll((error: E | Problem) =>
        isTag("SignInNeeded")(error)
          ? Effect.zipRight(signedOut, Effect.fail(new Problem({ text: problems.of(error), signedOut: true })))
          : Effect.fail(problemOf(error))
      )
    )
