/**
 * Creates some of which meet faults, each held to what the platform knows: a user who is asked answers at once, so that
 * a create that is sent twice asks twice.
 */
import type * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import type { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import * as Store from "@effect-launchkey/platform/Store"
import * as Faults from "@effect-launchkey/testing/Faults"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Ref from "effect/Ref"
import { memory } from "./cells.ts"
import { user } from "./operations.ts"
import * as World from "./world.ts"

interface Tally {
  readonly creates: number
  readonly faults: number
  /** Faults met after the platform had acted. */
  readonly acted: number
  readonly created: number
  readonly notCreated: number
  readonly unknown: number
  /** Of those unknown, how many there are. */
  readonly unknownAndCreated: number
  readonly problems: ReadonlyArray<string>
}

/** Where nothing could get to the platform, it cannot have acted. */
const canAct = ({ acts, comesTo }: Faults.Fault): boolean =>
  acts || comesTo._tag === "Unanswered" || comesTo._tag === "Rejected" ||
  // A refusal that the platform itself signs says that it has not acted, below 500.
  (comesTo._tag === "Refused" && (comesTo.status >= 500 || !comesTo.authenticated))

const met = Faults.all.filter(({ comesTo, on, target }) =>
  on !== "Wire" && target === "Call" && comesTo._tag !== "Harmless"
)

const afterActing = met.filter(canAct)
const before = met.filter(({ acts }) => !acts)

/** Tells of every request that there is, and has its user deny it at once. */
const answering =
  (asked: Ref.Ref<ReadonlyArray<AuthorizationRequestId>>, current: Ref.Ref<string>) =>
  (app: HttpApp.Default, platform: World.World["platform"]): HttpApp.Default => {
    const store = Context.get(platform, Store.Store)
    return Effect.tap(app, () =>
      Effect.gen(function*() {
        const now = yield* DateTime.now
        const open = yield* store.openAuthorizations(
          { directoryId: TestPlatform.directoryId, identifier: yield* Ref.get(current) },
          now
        )
        for (const { id } of open) {
          yield* Ref.update(asked, (all) => [...all, id])
          yield* store.closeAuthorization(id, now, { _tag: "Canceled" })
        }
      }).pipe(Effect.orDie))
  }

type Authorize = (client: ServiceClient.Service, user: string) => ReturnType<ServiceClient.Service["authorize"]>

/**
 * One create of each five meets a fault, half of them after the platform acted. Needs `TestClock`. `authorize` makes
 * one create.
 */
export const run = (
  count: number,
  seed: number,
  authorize: Authorize = (client, user) => client.authorize(user)
) =>
  Effect.gen(function*() {
    const asked = yield* Ref.make<ReadonlyArray<AuthorizationRequestId>>([])
    const current = yield* Ref.make("")
    const world = yield* World.inMemory(memory, answering(asked, current))
    const { around, clients: { service }, desk } = yield* world.connect("service")
    const random = Random.make(seed)
    const problems: Array<string> = []
    const tally = { creates: 0, faults: 0, acted: 0, created: 0, notCreated: 0, unknown: 0, unknownAndCreated: 0 }

    let due = 0
    for (let i = 0; i < count; i++) {
      const { identifier } = yield* Effect.provide(user(`user ${i}`), world.platform)
      yield* Ref.set(current, identifier)
      yield* Ref.set(asked, [])
      if (i % 5 === 0) due = i + (yield* random.nextIntBetween(0, 5))
      const faulty = i === due
      const acts = tally.faults % 2 === 0
      const list = acts ? afterActing : before
      const fault = list[yield* random.nextIntBetween(0, list.length)]
      if (faulty && fault !== undefined) {
        yield* desk.meet(fault, { acts })
        tally.faults++
        if (acts) tally.acted++
      }
      const result = yield* around(Effect.either(authorize(service, identifier)))
      yield* desk.heal
      tally.creates++
      const prompts = yield* Ref.get(asked)
      const problem = (text: string) =>
        void problems.push(`create ${i}${faulty ? ` × ${fault?.name}${acts ? ", acted" : ""}` : ""}: ${text}`)
      if (prompts.length > 1) problem(`the user was asked ${prompts.length} times`)
      if (result._tag === "Right") {
        tally.created++
        if (!prompts.includes(result.right.id)) problem("its id is none that the platform has")
      } else if (result.left._tag === "OutcomeUnknown") {
        tally.unknown++
        if (prompts.length > 0) tally.unknownAndCreated++
      } else {
        tally.notCreated++
        if (prompts.length > 0) problem(`certainly not created (${result.left._tag}), and it was`)
      }
      if (!faulty && result._tag === "Left") problem(`it met no fault, and failed: ${result.left._tag}`)
    }
    const found: Tally = { ...tally, problems }
    return found
  }).pipe(Effect.scoped)
