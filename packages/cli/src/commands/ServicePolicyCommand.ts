/**
 * `launchkey service policy`: what a service demands of every authorization.
 *
 * @see docs/cli.md
 * @since 0.1.0
 */
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Acting from "../internal/acting.ts"
import * as Given from "../internal/given.ts"
import * as Leaf from "../internal/leaf.ts"
import * as Policies from "../internal/servicePolicy.ts"
import { Unusable } from "../internal/unusable.ts"

const owned = { id: Given.serviceArgument, directory: Acting.directoryOption, ...Acting.profile }

const pretty = (policy: unknown) => JSON.stringify(policy, null, 2)

const get = Leaf.make("get", {
  description: "Prints the policy of a service: the JSON that `set --file` takes.",
  config: owned,
  result: ServicePolicy.ServicePolicy,
  text: (policy) => pretty(Schema.encodeSync(ServicePolicy.ServicePolicy)(policy))
}, (given) =>
  Effect.gen(function*() {
    const id = yield* Given.serviceId(given.id)
    return yield* (yield* Acting.owner(given)).getServicePolicy(id)
  }))

const Sent = Schema.Struct({
  sent: Schema.Boolean,
  policy: Schema.Record({ key: Schema.String, value: Schema.Unknown })
})

const repeated = (name: string, description: string) =>
  Options.text(name).pipe(Options.withDescription(description), Options.repeated)

const set = Leaf.make("set", {
  description: "Replaces the policy of a service, and prints it as it is sent.",
  config: {
    ...owned,
    file: Given.optional("file", "The policy as JSON, in place of all other options; - for standard input."),
    require: Given.optional("require", "So many methods, as 2, or these factors, as knowledge,possession."),
    inside: Given.optional("inside", "What to require of a device within the fences: as --require."),
    outside: Given.optional("outside", "What to require of a device outside of them: as --require."),
    geofence: repeated("geofence", "[NAME=]LATITUDE,LONGITUDE,RADIUS: decimal degrees, WGS 84, and metres."),
    territory: repeated("territory", "[NAME=]COUNTRY[-AREA][/POSTAL CODE], by ISO 3166: US, US-NV, US-NV/89101."),
    denyRooted: Options.boolean("deny-rooted").pipe(
      Options.withDescription("Refuse devices that find themselves rooted or jailbroken.")
    ),
    denyEmulator: Options.boolean("deny-emulator").pipe(
      Options.withDescription("Refuse devices that find themselves to be emulators or simulators.")
    ),
    dryRun: Options.boolean("dry-run").pipe(Options.withDescription("Print what would be sent, and send nothing."))
  },
  result: Sent,
  text: ({ policy, sent }) => `${pretty(policy)}\n${sent ? "The policy is set." : "Nothing was sent: --dry-run."}`
}, (given) =>
  Effect.gen(function*() {
    const id = yield* Given.serviceId(given.id)
    const flags = Option.isSome(given.require) || Option.isSome(given.inside) || Option.isSome(given.outside) ||
      given.geofence.length > 0 || given.territory.length > 0 || given.denyRooted || given.denyEmulator
    if (Option.isSome(given.file) && flags) {
      return yield* new Unusable({
        what: "Arguments",
        problem: "--file has the whole policy, and options for parts of it are given beside it",
        next: "Give one or the other."
      })
    }
    const policy = Option.isSome(given.file)
      ? yield* Policies.fromJson(yield* Given.text(given.file.value))
      : yield* Policies.fromFlags(given)
    const json = yield* Policies.toJson(policy)
    if (!given.dryRun) yield* (yield* Acting.owner(given)).setServicePolicy(id, policy)
    return { sent: !given.dryRun, policy: json }
  }))

const remove = Leaf.make("remove", {
  description: "Removes the policy of a service, which demands nothing from then on.",
  config: owned,
  result: Given.ServiceNamed,
  text: ({ serviceId }) => `Removed the policy of service ${serviceId}.`
}, (given) =>
  Effect.gen(function*() {
    const serviceId = yield* Given.serviceId(given.id)
    yield* (yield* Acting.owner(given)).removeServicePolicy(serviceId)
    return { serviceId }
  }))

/**
 * @since 0.1.0
 * @category constructors
 */
export const command = Leaf.group("policy", "What a service demands of every authorization.", [get, set, remove])
