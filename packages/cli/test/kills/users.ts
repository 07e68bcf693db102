/** Users of the directory, one after the other: their devices, what they are asked and answer, sessions, one-time codes. */
import type { AuthorizationRequestId, DeviceId } from "@effect-launchkey/core/Authorization"
import type { TotpConfiguration } from "@effect-launchkey/core/Totp"
import { untried } from "@effect-launchkey/platform/DevicePolicy"
import * as LinkedDevice from "@effect-launchkey/platform/LinkedDevice"
import { Effect, Either, Option, Redacted } from "effect"
import { codeOf } from "../support/oneTimeCode.ts"
import { type Fact, idle, type Journal } from "./journal.ts"
import type { Service, World } from "./world.ts"

/** What somebody has of which a part may not be known by its id. */
interface Known {
  readonly ids: Readonly<Record<string, string>>
  readonly unknown: number
}

const fits = (actual: Known, possible: Known): boolean =>
  Object.entries(possible.ids).every(([id, state]) => actual.ids[id] === state) &&
  Object.keys(actual.ids).length === Object.keys(possible.ids).length + possible.unknown

const sorted = (ids: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(ids).sort(([a], [b]) => a < b ? -1 : 1))

const nothing = "none"
const unknown = "unknown"

/** What the platform says to a device, in a word: `refused` where it does not know it. */
const heard = (device: LinkedDevice.LinkedDevice) =>
  device.pending.pipe(
    Effect.as("heard"),
    Effect.catchTag("Unauthorized", () => Effect.succeed("refused"))
  )

const approved: LinkedDevice.Outcome = { ...untried, type: "AUTHORIZED", reason: "APPROVED" }

interface Request {
  readonly id: AuthorizationRequestId
  readonly state: Fact<string>
}

interface Totp {
  readonly configuration: TotpConfiguration
  /** The latest step of which a code was tried, and whether it was accepted for sure. */
  readonly tried: number
  readonly accepted: boolean
}

/** The steps of one user's life; each asks the platform for one thing. */
const make = (
  name: string,
  { client, id: serviceId }: Service,
  world: World,
  journal: Journal,
  random: () => number
) => {
  const { directory } = world
  const devices = new Map<DeviceId, LinkedDevice.LinkedDevice>()
  const requests: Array<Request> = []
  let link = Option.none<{ readonly code: string; readonly deviceId: DeviceId }>()
  let linked = Option.none<LinkedDevice.LinkedDevice>()
  let hash = Option.none<string>()
  let asked = 0
  let ended = false
  let totp = Option.none<Totp>()

  // A device is whole: it is listed as linked and may call, or it is neither.
  const readDevices = Effect.gen(function*() {
    const listed = new Map((yield* directory.listDevices(name)).map((device) => [device.id, device]))
    const ids: Record<string, string> = {}
    for (const [id, device] of listed) {
      ids[id] = `${device.status} ${Option.getOrElse(device.name, () => "-")}`
    }
    for (const [id, device] of devices) {
      const said = yield* heard(device)
      const status = listed.get(id)?.status
      if ((said === "heard") !== (status === "LINKED")) ids[id] = `${status ?? "gone"}, and ${said} as a device`
    }
    return { ids: sorted(ids), unknown: 0 }
  })
  const list = journal.fact<Known>(`the devices of ${name}`, { ids: {}, unknown: 0 }, readDevices, fits)
  const withDevice = ({ ids, ...others }: Known, id: DeviceId, state: string) => ({
    ...others,
    ids: sorted({ ...ids, [id]: state })
  })
  const without = ({ ids, ...others }: Known, gone: DeviceId) => ({
    ...others,
    ids: Object.fromEntries(Object.entries(ids).filter(([id]) => id !== gone))
  })

  const readPending = Effect.suspend(() =>
    Option.match(linked, {
      onNone: () => Effect.succeed(nothing),
      onSome: ({ pending }) => Effect.map(pending, ([open]) => open?.id ?? nothing)
    })
  )
  const open = journal.fact<string>(
    `what ${name} is asked`,
    nothing,
    readPending,
    (actual, possible) => possible === unknown ? actual !== nothing : actual === possible
  )

  const readSessions = Effect.map(
    directory.listSessions(name),
    (sessions) => sessions.map(({ authorizationRequestId: id }) => Option.getOrElse(id, () => "-"))
  )
  const sessions = journal.fact<ReadonlyArray<string>>(
    `the sessions of ${name}`,
    [],
    Effect.catchAll(
      readSessions,
      // Whose link was never begun is nobody.
      (error) => error._tag === "EntityNotFound" ? Effect.succeed([]) : Effect.fail(error)
    )
  )

  const verify = ({ period, secret }: TotpConfiguration, step: number) =>
    client.verifyTotp(name, codeOf(Redacted.value(secret), step * period * 1000))
  const step = Effect.map(Effect.clockWith((clock) => clock.currentTimeMillis), (now) => Math.floor(now / 30_000))
  const readTotp = Effect.gen(function*() {
    if (Option.isNone(totp)) {
      const answer = yield* Effect.either(client.verifyTotp(name, "000000"))
      if (Either.isRight(answer)) return unknown
      return answer.left._tag === "EntityNotFound" ? nothing : yield* answer.left
    }
    const { accepted, configuration, tried } = totp.value
    const used = accepted ? tried : Math.max(yield* step, tried + 1)
    totp = Option.some({ configuration, tried: used, accepted })
    const answer = yield* Effect.either(verify(configuration, used))
    if (Either.isLeft(answer)) {
      return answer.left._tag === "EntityNotFound" ? nothing : yield* answer.left
    }
    if (accepted) return answer.right ? "set, and a code served twice" : "set"
    totp = Option.some({ configuration, tried: used, accepted: true })
    return answer.right ? "set" : "set, with another secret"
  })
  const codes = journal.fact<string>(`the one-time codes of ${name}`, nothing, readTotp)

  const stateOf = (id: AuthorizationRequestId) =>
    client.getResponse(id).pipe(
      Effect.map(Option.match({
        onNone: () => "open",
        onSome: (response) => {
          hash = Option.some(response.serviceUserHash)
          return response.authorized ? "approved" : "denied"
        }
      })),
      Effect.catchTag("AuthorizationRequestCanceled", () => Effect.succeed("canceled")),
      Effect.catchTag("RequestTimedOut", () => Effect.succeed("expired"))
    )

  const begin = Effect.gen(function*() {
    const started = yield* list.change(
      directory.linkDevice(name, { ttl: "1 day" }),
      (before, answer) =>
        Option.match(answer, {
          onNone: () => ({ ...before, unknown: before.unknown + 1 }),
          onSome: ({ deviceId }) => withDevice(before, deviceId, "LINK_PENDING -")
        })
    )
    if (Option.isNone(started)) return
    const { code, deviceId } = started.value
    link = Option.some({ code, deviceId })
    devices.set(deviceId, yield* world.device(deviceId))
  })

  const complete = (code: string, deviceId: DeviceId) =>
    list.change(
      world.link(code),
      (before) => withDevice(before, deviceId, "LINKED Phone"),
      () => journal.due.add(`link ${deviceId}`)
    )

  const ask = Effect.gen(function*() {
    asked++
    const answer = yield* open.change(
      client.authorize(name, { context: `${name} ${asked}`, ttl: "10 minutes" }),
      (_, request) => Option.match(request, { onNone: () => unknown, onSome: ({ id }) => id })
    )
    if (Option.isSome(answer)) know(answer.value.id)
  })

  const know = (id: AuthorizationRequestId) => {
    requests.push({ id, state: journal.fact(`request ${id}`, "open", stateOf(id)) })
  }

  /** Closes the request that is open: what it is then and that it no longer waits are one. */
  const close = ({ id, state }: Request, call: Effect.Effect<unknown, unknown>, to: string, told: boolean) =>
    Effect.gen(function*() {
      const done = yield* state.change(call, () => to, told ? () => journal.due.add(`answer ${id}`) : undefined)
      const closed = Option.isSome(done)
      if (closed || state.inDoubt()) {
        // Not counted as another change of the platform.
        yield* open.follow(closed, () => nothing)
      }
    })

  const answer = (request: Request, device: LinkedDevice.LinkedDevice, outcome: LinkedDevice.Outcome) =>
    Effect.gen(function*() {
      const [pending] = yield* Effect.orElseSucceed(device.pending, () => [])
      if (pending === undefined || pending.id !== request.id) return
      yield* close(
        request,
        device.answer(pending, outcome, { methods: ["PIN_CODE"] }),
        outcome === approved ? "approved" : "denied",
        true
      )
    })

  const start = (id: AuthorizationRequestId) =>
    sessions.change(client.sessionStart(name, { authorizationRequestId: id }), () => [id])

  const end = Effect.suspend(() => {
    const value = Option.getOrElse(hash, () => "")
    const has = sessions.value().length > 0
    // By the service itself nobody is told; by others it is told once for each user, so that one can be told from another.
    if (ended || value === "" || !has || random() < 0.3) return sessions.change(client.sessionEnd(name), () => [])
    ended = true
    const call = random() < 0.5 || Option.isNone(linked)
      ? directory.endAllSessions(name)
      : linked.value.endSessions(serviceId)
    return sessions.change(call, () => [], () => journal.due.add(`end ${value}`))
  })

  const codesStep = Effect.gen(function*() {
    if (codes.value() === nothing) {
      totp = Option.none()
      const made = yield* codes.change(
        directory.generateTotp(name),
        (_, answer) => Option.isSome(answer) ? "set" : unknown
      )
      totp = Option.map(made, (configuration) => ({ configuration, tried: 0, accepted: false }))
    } else {
      const removed = yield* codes.change(directory.removeTotp(name), () => nothing)
      if (Option.isSome(removed)) totp = Option.none()
    }
  })

  const unlink = (device: LinkedDevice.LinkedDevice) =>
    Effect.gen(function*() {
      const { deviceId } = device
      const byDevice = random() < 0.5
      yield* list.change(
        byDevice ? device.unlink : directory.unlinkDevice(name, deviceId),
        (before) => without(before, deviceId)
      )
      linked = Option.none()
      link = Option.none()
    })

  /** Whether all is known, so that it can go on. */
  const settle = Effect.gen(function*() {
    for (const fact of [list, open, sessions, codes, ...requests.slice(-1).map(({ state }) => state)]) {
      if (fact.inDoubt()) return false
    }
    if (Option.isSome(link)) {
      const { deviceId } = link.value
      if (Option.isNone(linked) && list.value().ids[deviceId]?.startsWith("LINKED") === true) {
        linked = Option.fromNullable(devices.get(deviceId))
      }
    }
    const id = open.value()
    if (id !== nothing && id !== unknown && requests.at(-1)?.id !== id && Option.isSome(linked)) {
      const [pending] = yield* Effect.orElseSucceed(linked.value.pending, () => [])
      // The platform cannot be reached.
      if (pending === undefined || pending.id !== id) return false
      if (Option.getOrElse(pending.context, () => "") !== `${name} ${asked}`) {
        journal.problems.push(`${name} is asked something that nobody asked`)
      }
      know(pending.id)
    }
    const latest = requests.at(-1)
    if (
      latest !== undefined && Option.isSome(linked) &&
      (latest.state.value() === "open") !== (open.value() === latest.id)
    ) {
      journal.problems.push(`request ${latest.id} is ${latest.state.value()}, while ${name} is asked ${open.value()}`)
    }
    return true
  })

  return {
    done: () => asked >= 8 && !open.inDoubt() && open.value() === nothing,
    step: Effect.gen(function*() {
      if (!(yield* settle)) return yield* idle
      if (Option.isNone(link)) return yield* begin
      if (Option.isNone(linked)) {
        yield* complete(link.value.code, link.value.deviceId)
        return
      }
      const device = linked.value
      const latest = requests.at(-1)
      if (latest !== undefined && latest.state.value() === "open") {
        const chance = random()
        if (chance < 0.55) return yield* answer(latest, device, approved)
        if (chance < 0.75) return yield* answer(latest, device, LinkedDevice.denied({ fraud: false }))
        if (chance < 0.95) return yield* close(latest, client.cancel(latest.id), "canceled", false)
        return yield* answer(latest, device, approved)
      }
      const chance = random()
      if (chance < 0.5 && asked < 12) return yield* ask
      if (chance < 0.62 && latest !== undefined) return yield* Effect.asVoid(start(latest.id))
      if (chance < 0.74) return yield* Effect.asVoid(end)
      if (chance < 0.9) return yield* codesStep
      if (chance < 0.95) return yield* unlink(device)
      return yield* ask
    })
  }
}

/** Goes on with one user after the other: the effect is one step. */
export const lane = (name: string, service: Service, world: World, journal: Journal, random: () => number) =>
  Effect.sync(() => {
    let count = 0
    let user = make(`${name} ${count}`, service, world, journal, random)
    return Effect.suspend(() => {
      if (user.done()) user = make(`${name} ${++count}`, service, world, journal, random)
      return user.step
    })
  })
