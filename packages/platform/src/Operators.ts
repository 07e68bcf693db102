/**
 * Who may operate the platform in its console, and by what it knows them: a port whose every method is atomic, and its
 * implementation in memory. Of what opens anything it keeps hashes alone.
 *
 * @see docs/console.md
 * @since 0.1.0
 */
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { sweeper } from "./internal/sweeping.ts"
import type { Operator, OperatorId, PasskeyId, SessionId } from "./Operator.ts"

/**
 * An operator with how many passkeys open the console to them; none until an invitation was accepted.
 *
 * @since 0.1.0
 * @category models
 */
export interface Listed extends Operator {
  readonly created: DateTime.Utc
  readonly passkeys: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Passkey {
  readonly id: PasskeyId
  readonly operatorId: OperatorId
  readonly name: string
  /** COSE_Key, base64url. */
  readonly publicKey: string
  /** How often it was used, by its own account; 0 forever where it does not count. */
  readonly counter: number
  /** How a browser may reach it, such as `"internal"`. */
  readonly transports: ReadonlyArray<string>
  /** Whether it may be on several of its owner's devices. */
  readonly synced: boolean
  readonly created: DateTime.Utc
  readonly lastUsed: Option.Option<DateTime.Utc>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Session {
  readonly id: SessionId
  /** Of the token that its browser has. */
  readonly hash: string
  readonly operatorId: OperatorId
  readonly passkeyId: PasskeyId
  readonly started: DateTime.Utc
  readonly lastUsed: DateTime.Utc
  /** When a passkey was used in it last. */
  readonly verified: DateTime.Utc
  /** When it ends, unless it is used before. */
  readonly until: DateTime.Utc
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service<Unavailable = StoreUnavailable> {
  /** Knows the operator from now on, and lets a token with this hash in once. It takes the place of an earlier one. */
  readonly invite: (
    operator: Operator,
    invitation: { readonly hash: string; readonly until: DateTime.Utc },
    now: DateTime.Utc
  ) => Effect.Effect<void, Unavailable>
  /** Whom a token of this hash lets in. */
  readonly invited: (hash: string, now: DateTime.Utc) => Effect.Effect<Option.Option<Operator>, Unavailable>
  /** As `invited`, once. */
  readonly useInvitation: (hash: string, now: DateTime.Utc) => Effect.Effect<Option.Option<Operator>, Unavailable>
  readonly operator: (id: OperatorId) => Effect.Effect<Option.Option<Operator>, Unavailable>
  /** Oldest first. */
  readonly operators: Effect.Effect<ReadonlyArray<Listed>, Unavailable>
  /** With passkeys, sessions and invitations. False where there is none. */
  readonly removeOperator: (id: OperatorId) => Effect.Effect<boolean, Unavailable>

  /** Remembers what a passkey is to sign, and for which purpose. */
  readonly addChallenge: (
    challenge: { readonly challenge: string; readonly purpose: string; readonly until: DateTime.Utc }
  ) => Effect.Effect<void, Unavailable>
  /** Whether it was given for this purpose, and holds. It never does again. */
  readonly takeChallenge: (
    challenge: string,
    purpose: string,
    now: DateTime.Utc
  ) => Effect.Effect<boolean, Unavailable>

  /** False where anybody has that passkey already. */
  readonly insertPasskey: (passkey: Passkey) => Effect.Effect<boolean, Unavailable>
  readonly passkey: (id: PasskeyId) => Effect.Effect<Option.Option<Passkey>, Unavailable>
  /** Oldest first. */
  readonly passkeys: (operatorId: OperatorId) => Effect.Effect<ReadonlyArray<Passkey>, Unavailable>
  /** Notes a use. False, and nothing is noted, where the counter did not go on: it is another's copy, or a repetition. */
  readonly usePasskey: (
    id: PasskeyId,
    use: { readonly counter: number; readonly synced: boolean; readonly at: DateTime.Utc }
  ) => Effect.Effect<boolean, Unavailable>
  /** With the sessions that it began. Refused where it is the operator's last, or none of theirs. */
  readonly removePasskey: (
    operatorId: OperatorId,
    id: PasskeyId
  ) => Effect.Effect<Either.Either<void, "Unknown" | "Last">, Unavailable>

  /** False where its operator has no such passkey, or no longer: one that is removed begins no session more. */
  readonly insertSession: (session: Session) => Effect.Effect<boolean, Unavailable>
  /** None once its end has come. */
  readonly session: (hash: string, now: DateTime.Utc) => Effect.Effect<Option.Option<Session>, Unavailable>
  /** Those that have not ended, oldest first. */
  readonly sessions: (
    operatorId: OperatorId,
    now: DateTime.Utc
  ) => Effect.Effect<ReadonlyArray<Session>, Unavailable>
  /**
   * Does nothing where the session has ended meanwhile. `verified` stays where it is not given: who looks something up
   * meanwhile takes no use of a passkey back.
   */
  readonly renewSession: (
    session: Pick<Session, "id" | "lastUsed" | "until"> & Partial<Pick<Session, "verified">>
  ) => Effect.Effect<void, Unavailable>
  /** False where the operator has none of that id. */
  readonly endSession: (operatorId: OperatorId, id: SessionId) => Effect.Effect<boolean, Unavailable>
  /** Yields how many there were. */
  readonly endSessions: (operatorId: OperatorId) => Effect.Effect<number, Unavailable>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Operators extends Context.Tag("@effect-launchkey/platform/Operators")<Operators, Service>() {}

/**
 * Whether a passkey's counter may follow on another: it grows, or the passkey does not count.
 *
 * @see https://www.w3.org/TR/webauthn-3/#sctn-sign-counter
 * @since 0.1.0
 * @category guards
 */
export const followsOn = (counter: number, before: number): boolean =>
  counter > before || (counter === 0 && before === 0)

const passed = (time: DateTime.Utc, now: DateTime.Utc) => DateTime.lessThanOrEqualTo(time, now)

const isPast = ({ until }: { readonly until: DateTime.Utc }, now: number) => DateTime.toEpochMillis(until) <= now

/**
 * Each method is one synchronous step.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeMemory: Effect.Effect<Service<never>> = Effect.sync(() => {
  const operators = new Map<OperatorId, Omit<Listed, "passkeys">>()
  const invitations = new Map<OperatorId, { readonly hash: string; readonly until: DateTime.Utc }>()
  const challenges = new Map<string, { readonly purpose: string; readonly until: DateTime.Utc }>()
  const passkeys = new Map<PasskeyId, Passkey>()
  const sessions = new Map<SessionId, Session>()
  const sweepChallenges = sweeper(challenges, isPast)
  const sweepSessions = sweeper(sessions, isPast)

  const passkeysOf = (operatorId: OperatorId) =>
    Array.from(passkeys.values()).filter((passkey) => passkey.operatorId === operatorId)

  const endWhere = (ended: (session: Session) => boolean): number => {
    const all = Array.from(sessions.values()).filter(ended)
    for (const { id } of all) sessions.delete(id)
    return all.length
  }

  const invited = (hash: string, now: DateTime.Utc): Option.Option<Operator> => {
    const found = Array.from(invitations).find(([, invitation]) => invitation.hash === hash)
    if (found === undefined || passed(found[1].until, now)) return Option.none()
    return Option.map(Option.fromNullable(operators.get(found[0])), ({ id, name }) => ({ id, name }))
  }

  return {
    invite: (operator, invitation, now) =>
      Effect.sync(() => {
        if (!operators.has(operator.id)) operators.set(operator.id, { ...operator, created: now })
        invitations.set(operator.id, invitation)
      }),
    invited: (hash, now) => Effect.sync(() => invited(hash, now)),
    useInvitation: (hash, now) =>
      Effect.sync(() => {
        const operator = invited(hash, now)
        if (Option.isSome(operator)) invitations.delete(operator.value.id)
        return operator
      }),
    operator: (id) =>
      Effect.sync(() => Option.map(Option.fromNullable(operators.get(id)), ({ id, name }) => ({ id, name }))),
    operators: Effect.sync(() =>
      Array.from(operators.values(), (operator) => ({ ...operator, passkeys: passkeysOf(operator.id).length }))
    ),
    removeOperator: (id) =>
      Effect.sync(() => {
        for (const passkey of passkeysOf(id)) passkeys.delete(passkey.id)
        endWhere(({ operatorId }) => operatorId === id)
        invitations.delete(id)
        return operators.delete(id)
      }),

    addChallenge: ({ challenge, ...given }) =>
      Effect.clockWith((clock) =>
        Effect.sync(() => {
          sweepChallenges(clock.unsafeCurrentTimeMillis())
          challenges.set(challenge, given)
        })
      ),
    takeChallenge: (challenge, purpose, now) =>
      Effect.sync(() => {
        const given = challenges.get(challenge)
        challenges.delete(challenge)
        return given !== undefined && given.purpose === purpose && !passed(given.until, now)
      }),

    insertPasskey: (passkey) =>
      Effect.sync(() => {
        if (passkeys.has(passkey.id) || !operators.has(passkey.operatorId)) return false
        passkeys.set(passkey.id, passkey)
        return true
      }),
    passkey: (id) => Effect.sync(() => Option.fromNullable(passkeys.get(id))),
    passkeys: (operatorId) => Effect.sync(() => passkeysOf(operatorId)),
    usePasskey: (id, { at, counter, synced }) =>
      Effect.sync(() => {
        const before = passkeys.get(id)
        if (before === undefined || !followsOn(counter, before.counter)) return false
        passkeys.set(id, { ...before, counter, synced, lastUsed: Option.some(at) })
        return true
      }),
    removePasskey: (operatorId, id) =>
      Effect.sync(() => {
        const own = passkeysOf(operatorId)
        if (!own.some((passkey) => passkey.id === id)) return Either.left("Unknown" as const)
        if (own.length === 1) return Either.left("Last" as const)
        passkeys.delete(id)
        endWhere(({ passkeyId }) => passkeyId === id)
        return Either.void
      }),

    insertSession: (session) =>
      Effect.sync(() => {
        sweepSessions(DateTime.toEpochMillis(session.started))
        if (passkeys.get(session.passkeyId)?.operatorId !== session.operatorId) return false
        sessions.set(session.id, session)
        return true
      }),
    session: (hash, now) =>
      Effect.sync(() =>
        Option.fromNullable(
          Array.from(sessions.values()).find((session) => session.hash === hash && !passed(session.until, now))
        )
      ),
    sessions: (operatorId, now) =>
      Effect.sync(() =>
        Array.from(sessions.values()).filter((session) =>
          session.operatorId === operatorId && !passed(session.until, now)
        )
      ),
    renewSession: ({ id, ...times }) =>
      Effect.sync(() => {
        const session = sessions.get(id)
        if (session !== undefined) sessions.set(id, { ...session, ...times })
      }),
    endSession: (operatorId, id) =>
      Effect.sync(() => endWhere((session) => session.operatorId === operatorId && session.id === id) > 0),
    endSessions: (operatorId) => Effect.sync(() => endWhere((session) => session.operatorId === operatorId))
  }
})

/**
 * Remembers until the process ends.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<Operators> = Layer.effect(Operators, makeMemory)
