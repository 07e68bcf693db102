/**
 * `launchkey service`: the services of an organization or a directory.
 *
 * @see docs/cli.md
 * @since 0.1.0
 */
import * as EntityIdentifier from "@effect-launchkey/core/EntityIdentifier"
import * as Args from "@effect/cli/Args"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Acting from "../internal/acting.ts"
import * as Given from "../internal/given.ts"
import * as KeyCommands from "../internal/keyCommands.ts"
import * as Leaf from "../internal/leaf.ts"
import { fields, none, rows, yesNo } from "../internal/text.ts"
import * as ServicePolicyCommand from "./ServicePolicyCommand.ts"

const acting = { directory: Acting.directoryOption, ...Acting.profile }

const owned = { id: Given.serviceArgument, ...acting }

const Shown = Schema.Struct({
  id: EntityIdentifier.ServiceId,
  name: Schema.String,
  description: Schema.OptionFromNullOr(Schema.String),
  icon: Schema.OptionFromNullOr(Schema.String),
  callbackUrl: Schema.OptionFromNullOr(Schema.String),
  active: Schema.Boolean
})

const orNone = Option.getOrElse(() => none)

const asFields = (service: typeof Shown.Type) =>
  fields([
    ["Id", service.id],
    ["Name", service.name],
    ["Description", orNone(service.description)],
    ["Icon", orNone(service.icon)],
    ["Webhooks to", orNone(service.callbackUrl)],
    ["Active", yesNo(service.active)]
  ])

const profileOptions = {
  description: Given.optional("description", "What users read of it: at most 1024 characters."),
  icon: Given.optional("icon", "Address of an image: http or https."),
  callbackUrl: Given.optional("callback-url", "Where its webhooks go: http or https.")
}

const create = Leaf.make("create", {
  description: "Creates a service: the organization's own, or with --directory a directory's. It has no keys yet.",
  config: {
    name: Args.text({ name: "NAME" }).pipe(Args.withDescription("1 to 128 characters, unique with its owner.")),
    ...profileOptions,
    active: Given.yesOrNo("active", "An inactive service cannot ask its users for anything. Default yes."),
    ...acting
  },
  result: Schema.Struct({ id: EntityIdentifier.ServiceId }),
  text: ({ id }) => `Created service ${id}.`
}, (given) =>
  Effect.gen(function*() {
    const owner = yield* Acting.owner(given)
    return {
      id: yield* owner.createService(given.name, {
        description: Option.getOrUndefined(given.description),
        icon: Option.getOrUndefined(given.icon),
        callbackUrl: Option.getOrUndefined(given.callbackUrl),
        active: Option.getOrUndefined(given.active)
      })
    }
  }))

const list = Leaf.make("list", {
  description: "Lists the services of the organization itself, or with --directory of a directory.",
  config: acting,
  result: Schema.Array(Shown),
  text: (services) =>
    rows(
      ["Id", "Name", "Active", "Webhooks to"],
      services.map(({ active, callbackUrl, id, name }) => [id, name, yesNo(active), orNone(callbackUrl)]),
      "No services."
    )
}, (given) => Effect.flatMap(Acting.owner(given), (owner) => owner.listServices))

const get = Leaf.make("get", {
  description: "Shows a service.",
  config: owned,
  result: Shown,
  text: asFields
}, (given) =>
  Effect.gen(function*() {
    const id = yield* Given.serviceId(given.id)
    return yield* (yield* Acting.owner(given)).getService(id)
  }))

const update = Leaf.make("update", {
  description: "Changes a service, and shows it: what is not named stays.",
  config: {
    ...owned,
    name: Given.optional("name", "1 to 128 characters, unique with its owner."),
    ...profileOptions,
    clearDescription: Given.clear("description"),
    clearIcon: Given.clear("icon"),
    clearCallbackUrl: Given.clear("callback-url"),
    active: Given.yesOrNo("active", "An inactive service cannot ask its users for anything.")
  },
  result: Shown,
  text: asFields
}, (given) =>
  Effect.gen(function*() {
    const id = yield* Given.serviceId(given.id)
    const change = {
      name: Option.getOrUndefined(given.name),
      description: yield* Given.change("description", given.description, given.clearDescription),
      icon: yield* Given.change("icon", given.icon, given.clearIcon),
      callbackUrl: yield* Given.change("callback-url", given.callbackUrl, given.clearCallbackUrl),
      active: Option.getOrUndefined(given.active)
    }
    yield* Given.somethingOf(change)
    const owner = yield* Acting.owner(given)
    yield* owner.updateService(id, change)
    return yield* owner.getService(id)
  }))

const key = Leaf.group(
  "key",
  "The public keys of a service.",
  KeyCommands.make("service", owned, (given) =>
    Effect.gen(function*() {
      const id = yield* Given.serviceId(given.id)
      const owner = yield* Acting.owner(given)
      return {
        add: (pem, options) => owner.addServiceKey(id, pem, options),
        list: owner.listServiceKeys(id),
        update: (keyId, change) => owner.updateServiceKey(id, keyId, change),
        remove: (keyId) => owner.removeServiceKey(id, keyId)
      }
    }))
)

/**
 * @since 0.1.0
 * @category constructors
 */
export const command = Leaf.group("service", "The services of an organization or a directory.", [
  create,
  list,
  get,
  update,
  key,
  ServicePolicyCommand.command
])
