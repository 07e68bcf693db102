import type { PrivateKey, PublicKey } from "@effect-launchkey/transport/Jose"
import type * as DateTime from "effect/DateTime"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { LegacyPolicy } from "../../LegacyPolicy.ts"

export type CallbackForm = "deorbit" | "deorbitApiTime" | "clear"

export interface Application {
  readonly appKey: string
  readonly appSecret: Redacted.Redacted<string>
  readonly publicKey: PublicKey
  readonly enabled: boolean
  readonly callbackUrl: Option.Option<URL>
  readonly callbackForm: CallbackForm
  readonly organization: Option.Option<string>
}

export interface User {
  readonly username: string
  /** The application whose white label user it is. */
  readonly whiteLabelOf: Option.Option<string>
  readonly devices: ReadonlyArray<string>
}

export interface AuthRequest {
  readonly id: string
  readonly appKey: string
  readonly username: string
  readonly session: boolean
  readonly wantsPushId: boolean
  readonly context: Option.Option<string>
  readonly policy: Option.Option<LegacyPolicy>
  readonly createdAt: DateTime.Utc
  readonly expired: boolean
  readonly answer: Option.Option<{ readonly authorized: boolean; readonly auth: Uint8Array }>
  /** What the application said that it made of the answer. */
  readonly authenticated: Option.Option<boolean>
  readonly endedByUser: boolean
  readonly revoked: boolean
}

export interface LogEntry {
  readonly appKey: string
  readonly authRequest: string
  readonly action: "Authenticate" | "Revoke"
  readonly status: boolean
  readonly at: DateTime.Utc
}

export interface Delivery {
  readonly appKey: string
  readonly event: "Answer" | "Logout"
  /** Of the answer; none where nothing answered. */
  readonly status: Option.Option<number>
}

export interface State {
  /** The first is in force; the others still decrypt. */
  readonly keys: readonly [PrivateKey, ...ReadonlyArray<PrivateKey>]
  readonly keySince: DateTime.Utc
  readonly applications: ReadonlyMap<string, Application>
  readonly users: ReadonlyMap<string, User>
  readonly requests: ReadonlyMap<string, AuthRequest>
  readonly links: ReadonlyMap<string, string>
  /** What a user is called by whom: hashes, push ids, PINs. */
  readonly names: ReadonlyMap<string, string>
  readonly pins: ReadonlyMap<string, ReadonlyArray<string>>
  /** Until when each `secret_key` is remembered, by its digest: milliseconds. */
  readonly used: ReadonlyMap<string, number>
  readonly journal: ReadonlyArray<LogEntry>
  readonly deliveries: ReadonlyArray<Delivery>
}

/** A white label user is the application's alone; all others share one space of names. */
export const userKey = (whiteLabelOf: Option.Option<string>, username: string): string =>
  JSON.stringify([whiteLabelOf._tag === "Some" ? whiteLabelOf.value : null, username])

export const withEntry = <K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> =>
  new Map(map).set(key, value)

/** How much of what happened is told, newest last. */
const remembered = 1000

export const appended = <A>(all: ReadonlyArray<A>, one: A): ReadonlyArray<A> => [...all.slice(1 - remembered), one]
