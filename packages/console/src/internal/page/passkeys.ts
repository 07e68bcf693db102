/** Passkeys, as the browser makes and uses them. */
import {
  AuthenticationResponse,
  type AuthenticationResponse as Used,
  type CreationOptions,
  RegistrationResponse,
  type RegistrationResponse as Made,
  type RequestOptions
} from "@effect-launchkey/platform/WebAuthn"
import { browserSupportsWebAuthn, startAuthentication, startRegistration } from "@simplewebauthn/browser"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

export const supported = (): boolean => globalThis.isSecureContext && browserSupportsWebAuthn()

/** The browser gave no passkey. */
export class NoPasskey extends Data.TaggedError("NoPasskey")<{ readonly reason: "Left" | "Known" | "Failed" }> {}

const noPasskey = (cause: unknown): NoPasskey => {
  const name = Predicate.hasProperty(cause, "name") ? cause.name : ""
  return new NoPasskey({
    reason: name === "NotAllowedError" || name === "AbortError"
      ? "Left"
      : name === "InvalidStateError"
      ? "Known"
      : "Failed"
  })
}

const read = <A, I>(schema: Schema.Schema<A, I>, given: unknown): Effect.Effect<A, NoPasskey> =>
  Effect.mapError(ParseResult.decodeUnknown(schema)(given), () => new NoPasskey({ reason: "Failed" }))

export const use = (options: typeof RequestOptions.Type): Effect.Effect<Used, NoPasskey> =>
  Effect.flatMap(
    Effect.tryPromise({ try: () => startAuthentication({ optionsJSON: options }), catch: noPasskey }),
    (given) => read(AuthenticationResponse, given)
  )

export const create = (options: typeof CreationOptions.Type): Effect.Effect<Made, NoPasskey> =>
  Effect.flatMap(
    Effect.tryPromise({ try: () => startRegistration({ optionsJSON: options }), catch: noPasskey }),
    (given) => read(RegistrationResponse, given)
  )

const systems: ReadonlyArray<readonly [pattern: RegExp, name: string]> = [
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "Mac"],
  [/Linux/, "Linux"]
]

/** What its owner might call a passkey that is made here. */
export const suggestedName = (): string =>
  `${systems.find(([pattern]) => pattern.test(navigator.userAgent))?.[1] ?? "Passkey"}`
