/**
 * `launchkey admin`: operates the platform itself, on its own machine.
 *
 * @see docs/operating.md "Administration"
 * @since 0.1.0
 */
import { DeviceId } from "@effect-launchkey/core/Authorization"
import * as EntityIdentifier from "@effect-launchkey/core/EntityIdentifier"
import * as Issues from "@effect-launchkey/core/Issues"
import * as AccountImport from "@effect-launchkey/platform/AccountImport"
import * as AdminApi from "@effect-launchkey/platform/AdminApi"
import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Admin from "../internal/admin.ts"
import * as Audit from "../internal/auditCommands.ts"
import * as Backup from "../internal/backupCommands.ts"
import * as Fraud from "../internal/fraudCommands.ts"
import * as Given from "../internal/given.ts"
import * as KeyCommands from "../internal/keyCommands.ts"
import * as Leaf from "../internal/leaf.ts"
import * as Operators from "../internal/operatorCommands.ts"
import * as PlatformKeys from "../internal/platformKeyCommands.ts"
import { none, rows, yesNo } from "../internal/text.ts"

const orNone = Option.getOrElse(() => none)

const organizationId = Given.id(EntityIdentifier.OrganizationId, "organization", "admin organization list")

const createOrganization = Leaf.make("create", {
  description: "Creates an organization with its first public key, by which it then manages itself.",
  config: {
    name: Args.text({ name: "NAME" }).pipe(Args.withDescription("For people alone: names need not differ.")),
    key: Options.text("key").pipe(Options.withDescription("File of its public key, in PEM; - for standard input.")),
    ...Admin.option
  },
  result: Schema.Struct({ id: EntityIdentifier.OrganizationId, keyId: Schema.String }),
  text: ({ id, keyId }) => `Created organization ${id}, with key ${keyId}.`
}, ({ config, key, name }) =>
  Effect.gen(function*() {
    const publicKey = yield* Given.text(key)
    const admin = yield* Admin.connect(config)
    return yield* Admin.answered(admin.createOrganization({ payload: { name, publicKey } }))
  }))

const listOrganizations = Leaf.make("list", {
  description: "Lists the organizations.",
  config: Admin.option,
  result: Schema.Array(AdminApi.Organization),
  text: (organizations) => rows(["Id", "Name"], organizations.map(({ id, name }) => [id, name]), "No organizations.")
}, ({ config }) => Effect.flatMap(Admin.connect(config), (admin) => Admin.answered(admin.listOrganizations())))

const listDirectories = Leaf.make("list", {
  description: "Lists the directories of an organization.",
  config: { organization: Args.text({ name: "ORGANIZATION" }), ...Admin.option },
  result: Schema.Array(AdminApi.Directory),
  text: (directories) =>
    rows(
      ["Id", "Name", "Active", "Webhooks to", "SDK keys"],
      directories.map(({ active, id, name, sdkKeys, webhookUrl }) => [
        id,
        name,
        yesNo(active),
        orNone(webhookUrl),
        String(sdkKeys)
      ]),
      "No directories."
    )
}, ({ config, organization }) =>
  Effect.gen(function*() {
    const payload = { organizationId: yield* organizationId(organization) }
    return yield* Admin.answered((yield* Admin.connect(config)).listDirectories({ payload }))
  }))

const listServices = Leaf.make("list", {
  description: "Lists the services that an organization or a directory has itself.",
  config: {
    owner: Args.text({ name: "OWNER" }).pipe(Args.withDescription("org:<uuid> or dir:<uuid>")),
    ...Admin.option
  },
  result: Schema.Array(AdminApi.Service),
  text: (services) =>
    rows(
      ["Id", "Name", "Active", "Webhooks to", "Policy"],
      services.map(({ active, callbackUrl, id, name, policy }) => [
        id,
        name,
        yesNo(active),
        orNone(callbackUrl),
        policy._tag
      ]),
      "No services."
    )
}, ({ config, owner }) =>
  Effect.gen(function*() {
    const decode = Given.decoded(
      Schema.Union(EntityIdentifier.Organization, EntityIdentifier.Directory),
      "That is no id of an owner of services",
      "Give org:<uuid> or dir:<uuid>."
    )
    const payload = { owner: yield* decode(owner) }
    return yield* Admin.answered((yield* Admin.connect(config)).listServices({ payload }))
  }))

const entityOf = Given.decoded(
  EntityIdentifier.Issuer,
  "That is no id of an entity with keys",
  "Give org:<uuid>, dir:<uuid> or svc:<uuid>."
)

const keys = KeyCommands.make("entity", {
  entity: Args.text({ name: "ENTITY" }).pipe(Args.withDescription("org:<uuid>, dir:<uuid> or svc:<uuid>")),
  ...Admin.option
}, ({ config, entity }) =>
  Effect.gen(function*() {
    const of = { entity: yield* entityOf(entity) }
    const admin = yield* Admin.connect(config)
    return {
      add: (pem, { active, expires, type }) =>
        Effect.map(
          Admin.answered(admin.addKey({ payload: { ...of, pem, active, expires, type } })),
          ({ keyId }) => keyId
        ),
      list: Admin.answered(admin.listKeys({ payload: of })),
      update: (keyId, { active, expires }) =>
        Admin.answered(admin.updateKey({ payload: { ...of, keyId, active, expires } })),
      remove: (keyId) => Admin.answered(admin.removeKey({ payload: { ...of, keyId } }))
    } satisfies KeyCommands.Keys
  }))

const user = {
  directory: Args.text({ name: "DIRECTORY" }).pipe(Args.withDescription("Id of the user's directory.")),
  user: Given.userArgument
}

const listDevices = Leaf.make("list", {
  description: "Lists the devices of a user.",
  config: { ...user, ...Admin.option },
  result: Schema.Array(AdminApi.Device),
  text: (devices) =>
    rows(
      ["Device", "Name", "Type", "Status", "Created"],
      devices.map(({ created, id, name, status, type }) => [
        id,
        orNone(name),
        orNone(type),
        status.toLowerCase().replace("_", " "),
        DateTime.formatIso(created)
      ]),
      "No devices."
    )
}, ({ config, directory, user }) =>
  Effect.gen(function*() {
    const payload = { directoryId: yield* Given.directoryId(directory), user }
    return yield* Admin.answered((yield* Admin.connect(config)).listDevices({ payload }))
  }))

const unlinkDevice = Leaf.make("unlink", {
  description: "Unlinks a device of a user, such as one that is lost.",
  config: {
    ...user,
    device: Args.text({ name: "DEVICE" }).pipe(Args.withDescription("Id of the device.")),
    ...Admin.option
  },
  result: Schema.Struct({ deviceId: DeviceId }),
  text: ({ deviceId }) => `Unlinked device ${deviceId}.`
}, ({ config, device, directory, user }) =>
  Effect.gen(function*() {
    const deviceId = yield* Given.deviceId(device)
    const payload = { directoryId: yield* Given.directoryId(directory), user, deviceId }
    yield* Admin.answered((yield* Admin.connect(config)).unlinkDevice({ payload }))
    return { deviceId }
  }))

const listWebhooks = Leaf.make("list", {
  description: "Lists the latest webhooks, and what became of them.",
  config: Admin.option,
  result: Schema.Array(AdminApi.Delivery),
  text: (deliveries) =>
    rows(
      ["Delivery", "Kind", "About", "State", "Attempts", "Latest", "To"],
      deliveries.map(({ attempts, id, kind, state, subject, url }) => [
        String(id),
        kind.toLowerCase().replaceAll("_", " "),
        subject,
        state.toLowerCase().replace("_", " "),
        String(attempts.length),
        Option.match(Option.fromNullable(attempts.at(-1)), {
          onNone: () => none,
          onSome: ({ failure, status }) => Option.getOrElse(failure, () => orNone(Option.map(status, String)))
        }),
        url
      ]),
      "No webhooks."
    )
}, ({ config }) => Effect.flatMap(Admin.connect(config), (admin) => Admin.answered(admin.listDeliveries())))

const replayWebhook = Leaf.make("replay", {
  description: "Delivers a webhook once more, whatever became of it.",
  config: { delivery: Args.integer({ name: "DELIVERY" }), ...Admin.option },
  result: AdminApi.Delivery,
  text: ({ id }) => `Delivery ${id} is on its way again.`
}, ({ config, delivery }) =>
  Effect.flatMap(
    Admin.connect(config),
    (admin) => Admin.answered(admin.replayDelivery({ payload: { id: delivery } }))
  ))

const decodeAccount = Schema.decodeUnknownEither(Schema.parseJson(AccountImport.Account), {
  errors: "all",
  onExcessProperty: "error"
})

const importAccount = Leaf.make("import", {
  description: "Imports the ids, names, public keys, policies and webhook addresses of another platform's account.",
  config: {
    file: Args.text({ name: "FILE" }).pipe(Args.withDescription("The account, as JSON; - for standard input.")),
    dryRun: Options.boolean("dry-run").pipe(Options.withDescription("Look at all of it, and change nothing.")),
    ...Admin.option
  },
  result: AccountImport.Imported,
  text: ({ dryRun, ...counted }) =>
    [
      rows(
        ["", dryRun ? "To add" : "Added", "Kept"],
        Object.entries(counted).map(([name, { added, kept }]) => [name, String(added), String(kept)]),
        none
      ),
      ...(dryRun ? ["Nothing was changed: --dry-run."] : [])
    ].join("\n")
}, ({ config, dryRun, file }) =>
  Effect.gen(function*() {
    const account = decodeAccount(yield* Given.text(file))
    if (Either.isLeft(account)) {
      return yield* new AccountImport.ImportRefused({ problems: Issues.of(account.left.issue) })
    }
    const admin = yield* Admin.connect(config)
    return yield* Admin.answered(admin.importAccount({ payload: { account: account.right, dryRun } }))
  }))

/**
 * @since 0.1.0
 * @category constructors
 */
export const command = Leaf.group("admin", "The platform itself, on its own machine.", [
  Leaf.group("organization", "The organizations of the platform.", [createOrganization, listOrganizations]),
  Leaf.group("directory", "The directories of an organization.", [listDirectories]),
  Leaf.group("service", "The services of an organization or a directory.", [listServices]),
  Leaf.group("key", "The public keys of organizations, directories and services.", keys),
  Leaf.group("device", "The devices of users.", [listDevices, unlinkDevice]),
  Leaf.group("webhook", "Webhooks on their way, and those that arrived or not.", [listWebhooks, replayWebhook]),
  Leaf.group("platform-key", "The platform's own keys.", PlatformKeys.commands),
  Leaf.group("fraud", "What users reported as fraud.", Fraud.commands),
  Leaf.group("operator", "Who operates the platform in its console.", Operators.commands),
  Leaf.group("audit", "Who changed what.", Audit.commands),
  ...Backup.commands,
  importAccount
])
