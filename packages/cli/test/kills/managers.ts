/** Who manages: directories with their keys and SDK keys, services with keys and policies, one after the other. */
import type { DirectoryId, ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import type { KeyId } from "@effect-launchkey/core/KeyId"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import { Effect, Option, Schema } from "effect"
import { type Fact, idle, type Journal } from "./journal.ts"
import type { World } from "./world.ts"

const none = "none"

type Keys = Readonly<Record<string, string>>

const sorted = (keys: Keys): Keys => Object.fromEntries(Object.entries(keys).sort(([a], [b]) => a < b ? -1 : 1))

const stateOf = (active: boolean) => active ? "active" : "inactive"

const toKeys = (keys: ReadonlyArray<{ readonly id: KeyId; readonly active: boolean }>): Keys =>
  sorted(Object.fromEntries(keys.map(({ active, id }) => [id, stateOf(active)])))

const pool = [TestKeys.directory, TestKeys.service, TestKeys.encryption, TestKeys.stranger]

/** Adds, changes and removes keys of something. */
const keysOf = (
  name: string,
  journal: Journal,
  random: () => number,
  calls: {
    readonly add: (pem: string) => Effect.Effect<unknown, unknown>
    readonly list: Effect.Effect<ReadonlyArray<{ readonly id: KeyId; readonly active: boolean }>, unknown>
    readonly update: (id: KeyId, active: boolean) => Effect.Effect<unknown, unknown>
    readonly remove: (id: KeyId) => Effect.Effect<unknown, unknown>
  }
) => {
  const fact = journal.fact<Keys>(`the keys of ${name}`, {}, Effect.map(calls.list, toKeys))
  const step = Effect.suspend(() => {
    const has = Object.keys(fact.value())
    const key = pool[Math.floor(random() * pool.length)] ?? TestKeys.directory
    const { keyId, publicKey } = key
    const withKey = (state: string) => (before: Keys) => sorted({ ...before, [keyId]: state })
    if (!has.includes(keyId)) return fact.change(calls.add(publicKey), withKey("active"))
    if (has.length === 1 || random() < 0.5) {
      const active = fact.value()[keyId] !== "active"
      return fact.change(calls.update(keyId, active), withKey(stateOf(active)))
    }
    return fact.change(
      calls.remove(keyId),
      (before) => Object.fromEntries(Object.entries(before).filter(([id]) => id !== keyId))
    )
  })
  return { fact, step }
}

const policies: ReadonlyArray<ServicePolicy.KnownPolicy> = [
  ServicePolicy.methodAmount(2),
  ServicePolicy.factors(["knowledge", "possession"]),
  ServicePolicy.methodAmount(1)
]

const asText = (policy: ServicePolicy.ServicePolicy) =>
  JSON.stringify(Schema.encodeSync(ServicePolicy.ServicePolicy)(policy))

interface Kept {
  readonly facts: ReadonlyArray<Pick<Fact<unknown>, "inDoubt">>
  readonly step: Effect.Effect<unknown>
}

const serviceOf = (
  id: ServiceId,
  name: string,
  directoryId: DirectoryId,
  world: World,
  journal: Journal,
  random: () => number
): Effect.Effect<Kept> =>
  Effect.gen(function*() {
    const directory = yield* world.managed(directoryId)
    let changes = 0
    const profile = journal.fact<string>(
      `service ${id}`,
      `${name}: ${none} active`,
      Effect.map(
        directory.getService(id),
        ({ active, description, name }) => `${name}: ${Option.getOrElse(description, () => none)} ${stateOf(active)}`
      )
    )
    const policy = journal.fact<string>(
      `the policy of service ${id}`,
      asText(ServicePolicy.none),
      Effect.map(directory.getServicePolicy(id), asText)
    )
    const keys = keysOf(`service ${id}`, journal, random, {
      add: (pem) => directory.addServiceKey(id, pem),
      list: directory.listServiceKeys(id),
      update: (keyId, active) => directory.updateServiceKey(id, keyId, { active }),
      remove: (keyId) => directory.removeServiceKey(id, keyId)
    })
    return {
      facts: [profile, policy, keys.fact],
      step: Effect.suspend(() => {
        const chance = random()
        if (chance < 0.4) return keys.step
        if (chance < 0.7) {
          const set = policies[Math.floor(random() * policies.length)]
          return set === undefined || random() < 0.3
            ? policy.change(directory.removeServicePolicy(id), () => asText(ServicePolicy.none))
            : policy.change(directory.setServicePolicy(id, set), () => asText(set))
        }
        changes++
        const change = { name: `${name} ${changes}`, description: `The ${changes}th`, active: random() < 0.5 }
        return profile.change(
          directory.updateService(id, change),
          () => `${change.name}: ${change.description} ${stateOf(change.active)}`
        )
      })
    }
  })

interface SdkKeys {
  readonly known: ReadonlyArray<string>
  readonly unknown: number
}

const directoryOf = (
  id: DirectoryId,
  name: string,
  world: World,
  journal: Journal,
  random: () => number
): Effect.Effect<Kept> =>
  Effect.gen(function*() {
    const { organization } = world
    const managed = yield* world.managed(id)
    let service = Option.none<Kept>()
    const profile = journal.fact<string>(
      `directory ${id}`,
      "active -",
      Effect.map(
        organization.getDirectory(id),
        ({ active, webhookUrl }) => `${stateOf(active)} ${Option.getOrElse(webhookUrl, () => "-")}`
      )
    )
    const sdkKeys = journal.fact<SdkKeys>(
      `the SDK keys of directory ${id}`,
      { known: [], unknown: 0 },
      Effect.map(organization.listSdkKeys(id), (known) => ({ known, unknown: 0 })),
      (actual, possible) =>
        possible.known.every((key) => actual.known.includes(key)) &&
        actual.known.length === possible.known.length + possible.unknown
    )
    const keys = keysOf(`directory ${id}`, journal, random, {
      add: (pem) => organization.addDirectoryKey(id, pem),
      list: organization.listDirectoryKeys(id),
      update: (keyId, active) => organization.updateDirectoryKey(id, keyId, { active }),
      remove: (keyId) => organization.removeDirectoryKey(id, keyId)
    })
    const named = `${name}'s service`
    const byName = journal.fact<string>(
      `${named} of directory ${id}`,
      none,
      Effect.map(managed.listServices, ([first]) => first?.id ?? none),
      (actual, possible) => possible === "some" ? actual !== none : actual === possible
    )
    const makeService = Effect.gen(function*() {
      if (byName.value() === none) {
        yield* byName.change(
          managed.createService(named),
          (_, made) => Option.getOrElse(made, () => "some")
        )
      }
      if (byName.inDoubt() || byName.value() === none) return
      const [found] = yield* Effect.orElseSucceed(managed.listServices, () => [])
      if (found === undefined) return
      service = Option.some(yield* serviceOf(found.id, named, id, world, journal, random))
    })
    return {
      facts: [profile, sdkKeys, keys.fact, byName],
      step: Effect.gen(function*() {
        if (Option.isSome(service)) {
          for (const fact of service.value.facts) {
            if (fact.inDoubt()) return yield* idle
          }
        }
        const chance = random()
        if (Option.isSome(service) && chance < 0.6) return yield* Effect.asVoid(service.value.step)
        if (Option.isNone(service) && chance < 0.3) return yield* makeService
        if (chance < 0.75) return yield* Effect.asVoid(keys.step)
        if (chance < 0.85) {
          const active = random() < 0.7
          const webhookUrl = `https://example.com/${Math.floor(random() * 1e6)}`
          yield* profile.change(
            organization.updateDirectory(id, { active, webhookUrl }),
            () => `${stateOf(active)} ${webhookUrl}`
          )
          return
        }
        const [first, second] = sdkKeys.value().known
        if (first !== undefined && second !== undefined && random() < 0.6) {
          const removed = (yield* Effect.orElseSucceed(organization.listSdkKeys(id), () => []))
            .find((key) => key === first)
          if (removed === undefined) return
          yield* sdkKeys.change(
            organization.removeSdkKey(id, removed),
            (before) => ({ ...before, known: before.known.filter((key) => key !== first) })
          )
          return
        }
        yield* sdkKeys.change(organization.generateSdkKey(id), (before, made) =>
          Option.match(made, {
            onNone: () => ({ ...before, unknown: before.unknown + 1 }),
            onSome: (key) => ({ ...before, known: [...before.known, key] })
          }))
      })
    }
  })

/** Goes on with one directory after the other: the effect is one step. */
export const lane = (lane: string, world: World, journal: Journal, random: () => number) =>
  Effect.sync(() => {
    const { organization } = world
    let count = 0
    let steps = 0
    let current = Option.none<Kept>()
    let byName: Fact<string> | undefined

    const begin = Effect.gen(function*() {
      const name = `${lane} ${count}`
      const here = Effect.map(
        organization.listDirectories,
        (all) => all.find((directory) => directory.name === name)
      )
      const fact = byName ?? journal.fact<string>(
        `directory ${name}`,
        none,
        Effect.map(here, (directory) => directory?.id ?? none),
        (actual, possible) => possible === "some" ? actual !== none : actual === possible
      )
      byName = fact
      if (fact.inDoubt()) return yield* idle
      if (fact.value() === none) {
        // Of one that is not there its name is not taken either.
        yield* fact.change(organization.createDirectory(name), (_, made) => Option.getOrElse(made, () => "some"))
      }
      if (fact.inDoubt() || fact.value() === none) return
      const directory = yield* Effect.orElseSucceed(here, () => undefined)
      if (directory === undefined) return
      current = Option.some(yield* directoryOf(directory.id, name, world, journal, random))
    })

    return Effect.gen(function*() {
      steps++
      if (Option.isNone(current)) return yield* begin
      for (const fact of current.value.facts) {
        if (fact.inDoubt()) return yield* idle
      }
      yield* current.value.step
      if (steps > 60) {
        steps = 0
        count++
        current = Option.none()
        byName = undefined
      }
    })
  })
