/** How operators come into the console, stay, and show anew who they are. */
import * as Jose from "@effect-launchkey/transport/Jose"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as AuditLog from "../AuditLog.ts"
import {
  AccessLimited,
  InvitationRefused,
  PasskeyRefused,
  Session,
  SignInNeeded,
  VerificationNeeded
} from "../ConsoleApi.ts"
import { identifier, type Operator, SessionId } from "../Operator.ts"
import * as Operators from "../Operators.ts"
import * as Passkeys from "../Passkeys.ts"
import * as PlatformClock from "../PlatformClock.ts"
import type { RelyingParty } from "../RelyingParty.ts"
import * as Store from "../Store.ts"
import type * as WebAuthn from "../WebAuthn.ts"
import * as Tokens from "./tokens.ts"

const times = {
  /** Of a challenge. */
  challenge: Duration.minutes(5),
  /** How long a session lasts in which nothing is done. */
  idle: Duration.minutes(30),
  /** How long one lasts at most. */
  session: Duration.hours(12),
  /** How long the use of a passkey suffices for what is dangerous. */
  verification: Duration.minutes(10),
  /** A session that was used less long ago is not written again. */
  renewal: Duration.seconds(30)
} as const

/** Of one address, whichever it tries to come in by; behind a proxy, that is the proxy's. And of one operator. */
const attempts = { limit: 60, window: Duration.minutes(1) }

const encodeSession = Schema.encodeSync(Session)

const endOf = (started: DateTime.Utc, lastUsed: DateTime.Utc) =>
  DateTime.min(DateTime.addDuration(lastUsed, times.idle), DateTime.addDuration(started, times.session))

const toSession = (
  { id, passkeyId, started, until, verified }: Operators.Session,
  operator: Operator
): Session => ({ id, operator, passkeyId, started, verified, expires: until })

export const make = (relyingParty: RelyingParty) =>
  Effect.gen(function*() {
    const clock = yield* PlatformClock.PlatformClock
    const jose = yield* Jose.Jose
    const log = yield* AuditLog.AuditLog
    const operators = yield* Operators.Operators
    const store = yield* Store.Store

    // Where TLS ends before the browser, it would not keep the name that only a secure cookie may have.
    const cookie = relyingParty.secure ? "__Host-launchkey-console" : "launchkey-console"

    const withCookie = (token: string, options?: { readonly maxAge: Duration.DurationInput }) =>
      HttpServerResponse.unsafeSetCookie(cookie, token, {
        httpOnly: true,
        path: "/",
        sameSite: "strict",
        secure: relyingParty.secure,
        ...options
      })

    const answer = ({ session, token }: { readonly session: Session; readonly token: string }) =>
      withCookie(token)(HttpServerResponse.unsafeJson(encodeSession(session)))

    const limited = (who: string) =>
      Effect.gen(function*() {
        const wait = yield* store.attempt(`console ${who}`, attempts, yield* clock.now)
        if (Option.isSome(wait)) return yield* new AccessLimited({ retryAfter: wait.value })
      })

    const limitedByAddress = Effect.flatMap(
      HttpServerRequest.HttpServerRequest,
      ({ remoteAddress }) => limited(Option.getOrElse(remoteAddress, () => "unknown"))
    )

    /** What a passkey is asked for; what limits how often. */
    interface Ceremony {
      readonly purpose: string
      readonly limit: typeof limitedByAddress
    }

    const ceremonies = {
      signIn: { purpose: "sign-in", limit: limitedByAddress },
      invitation: (hash: string) => ({ purpose: `invitation ${hash}`, limit: limitedByAddress }),
      // Whoever comes in vain from their address does not keep them from going on.
      verification: ({ id, operator }: Session) => ({
        purpose: `verification ${id}`,
        limit: limited(identifier(operator.id))
      }),
      passkey: ({ id, operator }: Session) => ({ purpose: `passkey ${id}`, limit: limited(identifier(operator.id)) })
    }

    const challengeFor = ({ limit, purpose }: Ceremony) =>
      Effect.gen(function*() {
        yield* limit
        const challenge = yield* jose.randomBytes(32)
        const until = DateTime.addDuration(yield* clock.now, times.challenge)
        yield* operators.addChallenge({ challenge: Encoding.encodeBase64Url(challenge), purpose, until })
        return challenge
      })

    const taken = (
      response: WebAuthn.RegistrationResponse | WebAuthn.AuthenticationResponse,
      { limit, purpose }: Ceremony
    ) =>
      Effect.gen(function*() {
        yield* limit
        const challenge = yield* Passkeys.challengeOf(response)
        return (yield* operators.takeChallenge(challenge, purpose, yield* clock.now))
          ? challenge
          : yield* new Passkeys.PasskeyNotVerified({ problem: "what it signed was not asked for, or too long ago" })
      })

    /** Why, the log says; whoever asks is told nothing that helps to guess. */
    const unverified = (error: Passkeys.PasskeyNotVerified) =>
      Effect.zipRight(
        Effect.annotateLogs(Effect.logWarning(error.message), {
          package: "@effect-launchkey/platform",
          module: "Console"
        }),
        new PasskeyRefused()
      )

    const used = (
      response: WebAuthn.AuthenticationResponse,
      ceremony: Ceremony,
      of?: Operator
    ) =>
      Effect.gen(function*() {
        const challenge = yield* taken(response, ceremony)
        const found = yield* operators.passkey(response.id)
        if (Option.isNone(found)) return yield* new Passkeys.PasskeyNotVerified({ problem: "nobody has it" })
        const passkey = found.value
        const verified = Effect.gen(function*() {
          if (of === undefined ? typeof response.response.userHandle !== "string" : passkey.operatorId !== of.id) {
            return yield* new Passkeys.PasskeyNotVerified({ problem: "it does not say whose it is, or is another's" })
          }
          const { counter, synced } = yield* Passkeys.used(relyingParty, challenge, passkey, response)
          const at = yield* clock.now
          if (!(yield* operators.usePasskey(passkey.id, { at, counter, synced }))) {
            return yield* new Passkeys.PasskeyNotVerified({ problem: "its counter did not go on: there may be a copy" })
          }
        })
        yield* Effect.tapErrorTag(verified, "PasskeyNotVerified", () =>
          log.record({ act: "operator.sign-in.refused", on: identifier(passkey.operatorId) }).pipe(
            Effect.provideService(AuditLog.Acting, of === undefined ? "unknown" : identifier(of.id))
          ))
        return passkey
      })

    /** A part of the transaction that is open. */
    const begin = (operator: Operator, passkeyId: Operators.Passkey["id"]) =>
      Effect.gen(function*() {
        const token = yield* Tokens.random
        const now = yield* clock.now
        const session: Operators.Session = {
          id: SessionId.make(yield* jose.randomUuid),
          hash: yield* Tokens.hashOf(token),
          operatorId: operator.id,
          passkeyId,
          started: now,
          lastUsed: now,
          verified: now,
          until: endOf(now, now)
        }
        if (!(yield* operators.insertSession(session))) {
          return yield* new Passkeys.PasskeyNotVerified({ problem: "its operator has removed it meanwhile" })
        }
        return { token, session: toSession(session, operator) }
      })

    const acting = (operator: Operator) => Effect.provideService(AuditLog.Acting, identifier(operator.id))

    const inserted = (
      operator: Operator,
      response: WebAuthn.RegistrationResponse,
      challenge: string,
      name: string
    ) =>
      Effect.gen(function*() {
        const passkey: Operators.Passkey = {
          ...yield* Passkeys.made(relyingParty, challenge, response),
          operatorId: operator.id,
          name,
          created: yield* clock.now,
          lastUsed: Option.none()
        }
        return Effect.gen(function*() {
          if (!(yield* operators.insertPasskey(passkey))) {
            return yield* new Passkeys.PasskeyNotVerified({ problem: "somebody has it already" })
          }
          yield* acting(operator)(log.record({ act: "operator.passkey.add", on: identifier(operator.id) }))
          return passkey
        })
      })

    const invited = (hash: string) =>
      Effect.gen(function*() {
        const operator = yield* operators.invited(hash, yield* clock.now)
        return Option.isSome(operator) ? operator.value : yield* new InvitationRefused()
      })

    const creation = (ceremony: Ceremony, operator: Operator) =>
      Effect.gen(function*() {
        const challenge = yield* challengeFor(ceremony)
        return Passkeys.creationOptions(relyingParty, challenge, operator, yield* operators.passkeys(operator.id))
      })

    /** Whose cookie the request has. What only watches does not lengthen the session. */
    const current = ({ renews }: { readonly renews: boolean }) =>
      Effect.gen(function*() {
        const { cookies } = yield* HttpServerRequest.HttpServerRequest
        const token = cookies[cookie]
        const now = yield* clock.now
        const found = token === undefined ? Option.none() : yield* operators.session(yield* Tokens.hashOf(token), now)
        if (Option.isNone(found)) return yield* new SignInNeeded()
        const operator = yield* operators.operator(found.value.operatorId)
        if (Option.isNone(operator)) return yield* new SignInNeeded()
        const { id, lastUsed, started } = found.value
        if (!renews || DateTime.lessThan(now, DateTime.addDuration(lastUsed, times.renewal))) {
          return toSession(found.value, operator.value)
        }
        const until = endOf(started, now)
        yield* operators.renewSession({ id, lastUsed: now, until })
        return toSession({ ...found.value, lastUsed: now, until }, operator.value)
      })

    return {
      current,

      recent: Effect.gen(function*() {
        const { verified } = yield* current({ renews: true })
        if (DateTime.lessThan(DateTime.addDuration(verified, times.verification), yield* clock.now)) {
          return yield* new VerificationNeeded()
        }
      }),

      signInOptions: Effect.map(
        challengeFor(ceremonies.signIn),
        (challenge) => Passkeys.requestOptions(relyingParty, challenge)
      ),

      signIn: (response: WebAuthn.AuthenticationResponse) =>
        Effect.gen(function*() {
          const { id, operatorId } = yield* used(response, ceremonies.signIn)
          const operator = yield* operators.operator(operatorId)
          if (Option.isNone(operator)) return yield* new PasskeyRefused()
          return answer(
            yield* store.transaction(
              Effect.zipLeft(
                begin(operator.value, id),
                log.record({ act: "operator.sign-in", on: identifier(operatorId) })
              )
            ).pipe(acting(operator.value))
          )
        }).pipe(Effect.catchTag("PasskeyNotVerified", unverified)),

      invitationOptions: (token: string) =>
        Effect.gen(function*() {
          const hash = yield* Tokens.hashOf(token)
          const operator = yield* Effect.zipRight(limitedByAddress, invited(hash))
          return { operator, options: yield* creation(ceremonies.invitation(hash), operator) }
        }),

      acceptInvitation: (
        { passkeyName, response, token }: {
          readonly token: string
          readonly passkeyName: string
          readonly response: WebAuthn.RegistrationResponse
        }
      ) =>
        Effect.gen(function*() {
          const hash = yield* Tokens.hashOf(token)
          const operator = yield* Effect.zipRight(limitedByAddress, invited(hash))
          const challenge = yield* taken(response, ceremonies.invitation(hash))
          const insert = yield* inserted(operator, response, challenge, passkeyName)
          return answer(
            yield* store.transaction(Effect.gen(function*() {
              // Of those who accept it at once, one does.
              const own = yield* operators.useInvitation(hash, yield* clock.now)
              if (Option.isNone(own)) return yield* new InvitationRefused()
              const { id } = yield* insert
              return yield* begin(operator, id)
            }))
          )
        }).pipe(Effect.catchTag("PasskeyNotVerified", unverified)),

      verificationOptions: (session: Session) =>
        Effect.gen(function*() {
          const challenge = yield* challengeFor(ceremonies.verification(session))
          return Passkeys.requestOptions(relyingParty, challenge, yield* operators.passkeys(session.operator.id))
        }),

      verify: (session: Session, response: WebAuthn.AuthenticationResponse) =>
        Effect.gen(function*() {
          yield* used(response, ceremonies.verification(session), session.operator)
          const now = yield* clock.now
          const until = endOf(session.started, now)
          yield* operators.renewSession({ id: session.id, lastUsed: now, verified: now, until })
          return { ...session, verified: now, expires: until }
        }).pipe(Effect.catchTag("PasskeyNotVerified", unverified)),

      signOut: (session: Session) =>
        Effect.as(
          operators.endSession(session.operator.id, session.id),
          withCookie("", { maxAge: Duration.zero })(HttpServerResponse.empty())
        ),

      passkeyOptions: (session: Session) => creation(ceremonies.passkey(session), session.operator),

      addPasskey: (session: Session, name: string, response: WebAuthn.RegistrationResponse) =>
        Effect.gen(function*() {
          const challenge = yield* taken(response, ceremonies.passkey(session))
          return yield* store.transaction(yield* inserted(session.operator, response, challenge, name))
        }).pipe(Effect.catchTag("PasskeyNotVerified", unverified))
    }
  })

export type ConsoleSessions = Effect.Effect.Success<ReturnType<typeof make>>
