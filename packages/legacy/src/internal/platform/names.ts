/** What a user is called by whom: made up when it is first asked for, and the same from then on. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as random from "./random.ts"
import { type Application, type AuthRequest, type State, type User, userKey, withEntry } from "./state.ts"

const named = (ref: Ref.Ref<State>, key: ReadonlyArray<string>) =>
  Effect.flatMap(random.text(43, random.mixedCase), (fresh) =>
    Ref.modify(ref, (state) => {
      const id = JSON.stringify(key)
      const known = state.names.get(id)
      return known === undefined
        ? [fresh, { ...state, names: withEntry(state.names, id, fresh) }] as const
        : [known, state] as const
    }))

type Named = Effect.Effect<string>

export const userHash = (ref: Ref.Ref<State>, appKey: string, username: string): Named =>
  named(ref, ["user", appKey, username])

const organizationUser = (ref: Ref.Ref<State>, organization: string, username: string): Named =>
  named(ref, ["organization", organization, username])

const userPushId = (ref: Ref.Ref<State>, appKey: string, username: string): Named =>
  named(ref, ["push", appKey, username])

/** Whom a caller means: a white label user of its own, a user, or whom it knows by a push id. */
export const find = (state: State, { appKey }: Application, text: string): Option.Option<User> => {
  const byName = (name: string) =>
    Option.orElse(
      Option.fromNullable(state.users.get(userKey(Option.some(appKey), name))),
      () => Option.fromNullable(state.users.get(userKey(Option.none(), name)))
    )
  return Option.orElse(byName(text), () => {
    const [key] = [...state.names].find(([id, value]) =>
      value === text && id.startsWith(JSON.stringify(["push", appKey]).slice(0, -1))
    ) ?? []
    return key === undefined ? Option.none() : byName((JSON.parse(key) as ReadonlyArray<string>)[2] ?? "")
  })
}

export interface Names {
  readonly user_hash: string
  readonly organization_user?: string
  readonly user_push_id?: string
}

/** What goes with an answer. */
export const ofAnswer = (
  ref: Ref.Ref<State>,
  { appKey, organization }: Application,
  { username, wantsPushId }: AuthRequest
): Effect.Effect<Names> =>
  Effect.gen(function*() {
    return {
      user_hash: yield* userHash(ref, appKey, username),
      ...(Option.isSome(organization) &&
        { organization_user: yield* organizationUser(ref, organization.value, username) }),
      ...(wantsPushId && { user_push_id: yield* userPushId(ref, appKey, username) })
    }
  })
