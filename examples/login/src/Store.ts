/**
 * What the application keeps: a port, and its implementation in memory. One over a database is four tables, and lets
 * several processes serve the same users.
 */
import type { AuthorizationRequestId, DeviceId } from "@effect-launchkey/core/Authorization"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { Token } from "./Token.ts"

/** A device that is to be linked. */
export interface Link {
  readonly token: Token
  readonly user: string
  readonly deviceId: DeviceId
  /** What the device must be told. */
  readonly code: string
  readonly completed: boolean
  readonly expires: DateTime.Utc
}

export type LoginStatus = Data.TaggedEnum<{
  Waiting: {}
  Approved: { readonly serviceUserHash: string }
  Denied: { readonly fraud: boolean }
  /** The device could not do what was asked of it. */
  Failed: {}
  Expired: {}
  Canceled: {}
  /** There may be an answer, and we could not learn it. */
  Unknown: {}
}>

export const LoginStatus = Data.taggedEnum<LoginStatus>()

/** A browser that waits for its user to approve. */
export interface Login {
  readonly token: Token
  readonly user: string
  readonly request: AuthorizationRequestId
  /** Shown here and on the device, for the user to compare. */
  readonly digits: string
  readonly status: LoginStatus
  /** Until when the device may answer. */
  readonly deadline: DateTime.Utc
  /** Later than the deadline, so that an answer of the last moment is still of use. */
  readonly expires: DateTime.Utc
}

export interface Session {
  readonly token: Token
  readonly user: string
  /** The name under which the platform speaks of the user. */
  readonly serviceUserHash: string
  readonly started: DateTime.Utc
  readonly expires: DateTime.Utc
}

/** A user who has logged in before. */
interface Known {
  readonly user: string
  readonly serviceUserHash: string
}

/** What has expired is as though it were not there. */
export interface Service {
  readonly saveLink: (link: Link) => Effect.Effect<void>
  readonly link: (token: Token) => Effect.Effect<Option.Option<Link>>
  /** The link of this user that waits for its device. */
  readonly openLink: (user: string) => Effect.Effect<Option.Option<Link>>
  /** Yields the link, where it is one of this application's. */
  readonly completeLink: (deviceId: DeviceId) => Effect.Effect<Option.Option<Link>>

  readonly saveLogin: (login: Login) => Effect.Effect<void>
  readonly login: (token: Token) => Effect.Effect<Option.Option<Login>>
  readonly loginOf: (request: AuthorizationRequestId) => Effect.Effect<Option.Option<Login>>
  /** Nothing where it does not wait. */
  readonly settleLogin: (token: Token, status: LoginStatus) => Effect.Effect<void>
  /** Takes it away: of several who ask at once, one gets it. */
  readonly takeLogin: (token: Token) => Effect.Effect<Option.Option<Login>>

  readonly saveSession: (session: Session) => Effect.Effect<void>
  readonly session: (token: Token) => Effect.Effect<Option.Option<Session>>
  readonly sessionsOf: (serviceUserHash: string) => Effect.Effect<ReadonlyArray<Session>>
  /** Yields what has ended. */
  readonly endSession: (token: Token) => Effect.Effect<Option.Option<Session>>
  readonly endSessionsOf: (serviceUserHash: string) => Effect.Effect<ReadonlyArray<Session>>

  readonly saveKnown: (known: Known) => Effect.Effect<void>
  readonly knownAs: (by: { readonly user: string } | { readonly serviceUserHash: string }) => Effect.Effect<
    Option.Option<Known>
  >
}

export class Store extends Context.Tag("@effect-launchkey/example-login/Store")<Store, Service>() {}

interface Row {
  readonly token: Token
  readonly expires: DateTime.Utc
}

type Rows<A> = HashMap.HashMap<Token, A>

/** Every change is one step, so no two fibers get between its reading and its writing. */
const table = <A extends Row>() =>
  Effect.map(Ref.make<Rows<A>>(HashMap.empty()), (rows) => {
    const modify = <B>(f: (live: Rows<A>) => readonly [B, Rows<A>]): Effect.Effect<B> =>
      Effect.flatMap(DateTime.now, (now) =>
        Ref.modify(rows, (all) => f(HashMap.filter(all, ({ expires }) => DateTime.greaterThan(expires, now)))))
    const read = <B>(f: (live: Rows<A>) => B) =>
      modify((live) => [f(live), live])
    return {
      save: (row: A) => modify((live) => [undefined, HashMap.set(live, row.token, row)]),
      get: (token: Token) => read(HashMap.get(token)),
      find: (is: (row: A) => boolean) => read((live) => Option.fromIterable(HashMap.values(HashMap.filter(live, is)))),
      list: (is: (row: A) => boolean) => read((live) => Array.from(HashMap.values(HashMap.filter(live, is)))),
      /** Those it applies to, and yields the first as it is then. */
      update: (is: (row: A) => boolean, change: (row: A) => A) =>
        modify((live) => {
          const changed = HashMap.map(HashMap.filter(live, is), change)
          return [Option.fromIterable(HashMap.values(changed)), HashMap.union(live, changed)]
        }),
      take: (is: (row: A) => boolean) =>
        modify((live) => {
          const taken = HashMap.filter(live, is)
          return [Array.from(HashMap.values(taken)), HashMap.removeMany(live, HashMap.keys(taken))]
        })
    }
  })

const makeMemory: Effect.Effect<Service> = Effect.gen(function*() {
  const links = yield* table<Link>()
  const logins = yield* table<Login>()
  const sessions = yield* table<Session>()
  const known = yield* Ref.make(HashMap.empty<string, Known>())
  const has = (token: Token) => (row: Row) => row.token === token

  return {
    saveLink: links.save,
    link: links.get,
    openLink: (user) => links.find((link) => link.user === user && !link.completed),
    completeLink: (deviceId) =>
      links.update((link) => link.deviceId === deviceId, (link) => ({ ...link, completed: true })),

    saveLogin: logins.save,
    login: logins.get,
    loginOf: (request) => logins.find((login) => login.request === request),
    settleLogin: (token, status) =>
      Effect.asVoid(
        logins.update(
          (login) => login.token === token && login.status._tag === "Waiting",
          (login) => ({ ...login, status })
        )
      ),
    takeLogin: (token) => Effect.map(logins.take(has(token)), ([login]) => Option.fromNullable(login)),

    saveSession: sessions.save,
    session: sessions.get,
    sessionsOf: (serviceUserHash) => sessions.list((session) => session.serviceUserHash === serviceUserHash),
    endSession: (token) => Effect.map(sessions.take(has(token)), ([session]) => Option.fromNullable(session)),
    endSessionsOf: (serviceUserHash) => sessions.take((session) => session.serviceUserHash === serviceUserHash),

    saveKnown: (user) => Ref.update(known, HashMap.set(user.serviceUserHash, user)),
    knownAs: (by) =>
      Effect.map(Ref.get(known), (users) =>
        "user" in by
          ? Option.fromIterable(HashMap.values(HashMap.filter(users, ({ user }) => user === by.user)))
          : HashMap.get(users, by.serviceUserHash))
  }
})

/** For one process: what it keeps is gone with it. */
export const layerMemory: Layer.Layer<Store> = Layer.effect(Store, makeMemory)
