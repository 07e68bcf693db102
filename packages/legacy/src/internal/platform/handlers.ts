import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import * as AuthPackage from "../../AuthPackage.ts"
import { LegacyPolicy } from "../../LegacyPolicy.ts"
import * as PlatformDate from "../../PlatformDate.ts"
import * as WhiteLabelAnswer from "../../WhiteLabelAnswer.ts"
import { authenticate } from "./credentials.ts"
import * as names from "./names.ts"
import * as parameters from "./parameters.ts"
import * as random from "./random.ts"
import { codes, refuse, type Refused } from "./refusals.ts"
import { appended, type AuthRequest, type State, type User, userKey, withEntry } from "./state.ts"

export interface Settings {
  readonly pingForm: "old" | "later"
  readonly authForm: "recorded" | "clean"
  readonly allowReuse: boolean
  readonly rateLimits: ReadonlyArray<{ readonly requests: number; readonly within: Duration.DurationInput }>
  readonly qrcodeUrl: (code: string) => URL
}

/** How long a request waits for its answer. */
const timeToLive = Duration.minutes(5)

export const isExpired = ({ answer, createdAt, expired }: AuthRequest, now: DateTime.Utc): boolean =>
  Option.isNone(answer) && (expired || DateTime.distance(createdAt, now) >= Duration.toMillis(timeToLive))

/** How long what has come to its end can still be asked about. */
const keptFor = Duration.hours(1)

const lasting = (requests: State["requests"], now: DateTime.Utc): State["requests"] =>
  new Map(
    [...requests].filter(([, { authenticated, createdAt, endedByUser, revoked, session }]) =>
      (session && Option.contains(authenticated, true) && !endedByUser && !revoked) ||
      DateTime.distance(createdAt, now) < Duration.toMillis(keptFor)
    )
  )

type Handler = (
  call: parameters.Call
) => Effect.Effect<HttpServerResponse.HttpServerResponse, Refused>

/** Empty lines after the first and before the last, as the platform had them, which not every reader takes. */
const withBlankLines = (pem: string): string =>
  pem.replace("-----\n", "-----\n\n").replace("\n-----END", "\n\n-----END")

const ping = (ref: Ref.Ref<State>, { pingForm }: Settings): Handler => ({ parameters: given }) =>
  Effect.gen(function*() {
    const known = given.get("date_stamp")
    if (known !== undefined && Option.isNone(PlatformDate.parse(known))) {
      return yield* refuse(codes.ping.incorrect, { date_stamp: "Not a date" })
    }
    const { keys: [{ publicKey }], keySince } = yield* Ref.get(ref)
    const now = yield* DateTime.now
    const dateStamp = PlatformDate.format(keySince)
    const isCurrent = given.get("fingerprint") === publicKey.keyId || (known ?? "") >= dateStamp
    return HttpServerResponse.unsafeJson({
      ...(pingForm === "old"
        ? { date_stamp: dateStamp, launchkey_time: PlatformDate.format(now) }
        : { fingerprint: publicKey.keyId, api_time: PlatformDate.formatIso(now) }),
      ...(!isCurrent && { key: withBlankLines(publicKey.pem) })
    })
  })

const flag = (call: parameters.Call, name: string, otherwise: boolean) => {
  const text = call.parameters.get(name)
  const value = text === undefined ? otherwise : parameters.boolean(text)
  return value === undefined
    ? Either.left(refuse(codes.auths.incomplete, { [name]: "Neither true nor false" }))
    : Either.right(value)
}

const maximumContextLength = 400

const decodePolicy = Schema.decodeUnknownOption(Schema.parseJson(LegacyPolicy))

const auths = (ref: Ref.Ref<State>, settings: Settings): Handler => (call) =>
  Effect.gen(function*() {
    const application = yield* authenticate(ref, call, {
      call: "auths",
      signs: "secretKey",
      required: ["username"],
      allowReuse: settings.allowReuse
    })
    const session = yield* flag(call, "session", true)
    const wantsPushId = yield* flag(call, "user_push_id", false)
    const context = Option.fromNullable(call.parameters.get("context"))
    if (Array.from(Option.getOrElse(context, () => "")).length > maximumContextLength) {
      return yield* refuse(codes.auths.incomplete, { context: "Longer than 400 characters" })
    }
    const policyText = call.parameters.get("policy")
    const policy = policyText === undefined ? Option.none() : decodePolicy(policyText)
    if (policyText !== undefined && Option.isNone(policy)) {
      return yield* refuse(codes.auths.incomplete, { policy: "Not a policy" })
    }
    const user = names.find(yield* Ref.get(ref), application, call.parameters.get("username") ?? "")
    if (Option.isNone(user)) return yield* refuse(40426, "No such user")
    if (user.value.devices.length === 0) return yield* refuse(40424, "No paired devices")
    const { username } = user.value
    const { appKey } = application
    const createdAt = yield* DateTime.now
    const id = yield* random.text(32, random.lowerCase)
    const request: AuthRequest = {
      id,
      appKey,
      username,
      session,
      wantsPushId,
      context,
      policy,
      createdAt,
      expired: false,
      answer: Option.none(),
      authenticated: Option.none(),
      endedByUser: false,
      revoked: false
    }
    const accepted = yield* Ref.modify(ref, (state) => {
      const ages = [...state.requests.values()]
        .filter((one) => one.appKey === appKey && one.username === username)
        .map((one) => DateTime.distance(one.createdAt, createdAt))
      const exceeded = settings.rateLimits.some(({ requests, within }) =>
        ages.filter((age) => age < Duration.toMillis(within)).length >= requests
      )
      return exceeded
        ? [false, state] as const
        : [true, { ...state, requests: withEntry(lasting(state.requests, createdAt), id, request) }] as const
    })
    if (!accepted) return yield* refuse(40436, "Too many attempts")
    return HttpServerResponse.unsafeJson({ auth_request: id })
  })

const poll = (ref: Ref.Ref<State>, settings: Settings): Handler => (call) =>
  Effect.gen(function*() {
    const application = yield* authenticate(ref, call, {
      call: "poll",
      signs: "secretKey",
      required: ["auth_request"],
      allowReuse: settings.allowReuse
    })
    const request = (yield* Ref.get(ref)).requests.get(call.parameters.get("auth_request") ?? "")
    if (request?.appKey !== application.appKey) return yield* refuse(70402, "There is no pending request")
    if (request.endedByUser || request.revoked || isExpired(request, yield* DateTime.now)) {
      return yield* refuse(70404, "Expired")
    }
    if (Option.isNone(request.answer)) return yield* refuse(70403, "Pending response")
    return HttpServerResponse.unsafeJson({
      auth: AuthPackage.toText(request.answer.value.auth, settings.authForm),
      ...(yield* names.ofAnswer(ref, application, request))
    })
  })

const logs = (ref: Ref.Ref<State>, settings: Settings): Handler => (call) =>
  Effect.gen(function*() {
    const { appKey } = yield* authenticate(ref, call, {
      call: "logs",
      signs: "secretKey",
      required: ["action", "status", "auth_request"],
      allowReuse: settings.allowReuse
    })
    const action = call.parameters.get("action")
    const status = parameters.boolean(call.parameters.get("status") ?? "")
    if ((action !== "Authenticate" && action !== "Revoke") || status === undefined) {
      return yield* refuse(codes.logs.incomplete, { action: "Neither Authenticate nor Revoke, or without a status" })
    }
    const at = yield* DateTime.now
    const id = call.parameters.get("auth_request") ?? ""
    yield* Effect.flatten(Ref.modify(ref, (state): readonly [Effect.Effect<void, Refused>, State] => {
      const request = state.requests.get(id)
      if (request?.appKey !== appKey) return [refuse(codes.logs.unknownRequest, "Auth request unknown"), state]
      const approved = Option.exists(request.answer, ({ authorized }) => authorized)
      const consistent = action === "Authenticate" ? !status || approved : Option.contains(request.authenticated, true)
      if (!consistent) return [refuse(codes.logs.inconsistent, "Log inconsistent"), state]
      if (action === "Revoke" && !request.session) {
        return [refuse(codes.logs.noSession, "Auth request does not belong to a session"), state]
      }
      const changed: AuthRequest = action === "Authenticate"
        ? { ...request, authenticated: Option.some(status) }
        : { ...request, revoked: request.revoked || status }
      return [Effect.void, {
        ...state,
        requests: withEntry(state.requests, id, changed),
        journal: appended(state.journal, { appKey, authRequest: id, action, status, at })
      }]
    }))
    return HttpServerResponse.unsafeJson({ message: "Successfully updated" })
  })

const users = (ref: Ref.Ref<State>, settings: Settings): Handler => (call) =>
  Effect.gen(function*() {
    const { appKey, publicKey } = yield* authenticate(ref, call, {
      call: "users",
      signs: "body",
      required: ["identifier"],
      allowReuse: settings.allowReuse
    })
    const username = call.parameters.get("identifier") ?? ""
    const code = yield* random.text(7, random.lowerCase)
    const key = userKey(Option.some(appKey), username)
    yield* Ref.update(ref, (state) => {
      const user: User = state.users.get(key) ?? { username, whiteLabelOf: Option.some(appKey), devices: [] }
      return {
        ...state,
        users: withEntry(state.users, key, user),
        links: withEntry(state.links, code, key)
      }
    })
    const response = yield* WhiteLabelAnswer.seal({ qrcode: settings.qrcodeUrl(code), code }, publicKey)
    return HttpServerResponse.unsafeJson(
      { successful: true, status_code: 201, message: "", message_code: 10220, response },
      { status: 201 }
    )
  })

/** By method and path below the base URL. */
export const make = (ref: Ref.Ref<State>, settings: Settings): Readonly<Record<string, Handler>> => ({
  "GET /v1/ping": ping(ref, settings),
  "POST /v1/auths": auths(ref, settings),
  "GET /v1/poll": poll(ref, settings),
  "PUT /v1/logs": logs(ref, settings),
  "POST /v1/users": users(ref, settings)
})
