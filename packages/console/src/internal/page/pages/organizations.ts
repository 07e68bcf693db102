/** Organizations down to services. */
import { DirectoryName } from "@effect-launchkey/core/Directory"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import { ServiceName } from "@effect-launchkey/core/ServiceProfile"
import type { Directory } from "@effect-launchkey/platform/OperatingApi"
import { confirm, h } from "@effect-launchkey/platform/PageElements"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { App, Page } from "../app.ts"
import * as editor from "../policy/editor.ts"
import { Problem } from "../problems.ts"
import * as ui from "../ui.ts"
import { devices } from "./devices.ts"
import { keys, notPem } from "./keys.ts"

const gone = new Problem({ text: "It is not there, or no longer. Go back and look again.", signedOut: false })

const found = <A extends { readonly id: string }>(all: ReadonlyArray<A>, id: string): Effect.Effect<A, Problem> =>
  Effect.mapError(Effect.fromNullable(all.find((each) => each.id === id)), () => gone)

const isName = <A>(schema: Schema.Schema<A, string>) => (value: string): string | undefined =>
  ui.needed(value) ?? (Option.isNone(Schema.decodeOption(schema)(value)) ? "It is too long." : undefined)

const isUrl = (value: string): string | undefined =>
  value === "" || (/^https?:$/.test(URL.canParse(value) ? new URL(value).protocol : ""))
    ? undefined
    : "Give an address such as https://example.com/webhook, or nothing."

const active = (is: boolean) => is ? ui.tag("active", "good") : ui.tag("inactive", "warn")

export const list = ({ api, call, go, run, tell }: App): Effect.Effect<Page, Problem> =>
  Effect.map(call(api.operating.listOrganizations()), (organizations) => {
    const create = Effect.gen(function*() {
      const name = ui.input("Name", "", () => {})
      const pem = ui.area(
        "Public key",
        "",
        { rows: "6", placeholder: "-----BEGIN PUBLIC KEY-----" },
        "PEM, RSA of 2048 bits or more. The private half stays with whoever administers the organization."
      )
      const given = yield* ui.ask("New organization", "Create", [
        { field: name, problem: ui.needed },
        { field: pem, problem: notPem }
      ])
      if (Option.isNone(given)) return
      const [named = "", publicKey = ""] = given.value
      const { id } = yield* call(api.operating.createOrganization({ payload: { name: named, publicKey } }))
      yield* tell("The organization is there.")
      yield* go(`#/org/${id}`)
    })
    return {
      title: "Organizations",
      content: [
        ui.section(
          `Organizations`,
          [ui.button("New organization", "plain small", () => run(create))],
          ui.table(
            "Organizations",
            ["Name", "Id"],
            organizations.map(({ id, name }) => [ui.link(name, `#/org/${id}`), ui.mono(id)]),
            "There is none yet. Create the first, with the public key of who administers it."
          )
        )
      ]
    }
  })

const services = (app: App, owner: typeof Entity.Organization.Type | typeof Entity.Directory.Type, path: string) => {
  const { api, call, go, run, tell } = app
  const create = Effect.gen(function*() {
    const name = ui.input("Name", "", () => {}, { hint: "users read it in every request" })
    const given = yield* ui.ask("New service", "Create", [{ field: name, problem: isName(ServiceName) }])
    if (Option.isNone(given)) return
    const [named = ""] = given.value
    const { id } = yield* call(api.operating.createService({ payload: { owner, service: { name: named } } }))
    yield* tell("The service is there.")
    yield* go(`${path}/svc/${id}`)
  })
  return Effect.map(call(api.operating.listServices({ payload: { owner } })), (services) =>
    ui.section(
      "Services",
      [ui.button("New service", "plain small", () => run(create))],
      ui.table(
        "Services",
        ["Name", "State", "Policy", "Id"],
        services.map(({ active: is, id, name, policy }) => [
          ui.link(name, `${path}/svc/${id}`),
          active(is),
          editor.sentences(policy).join(" "),
          ui.mono(id)
        ]),
        "There is none yet."
      )
    ))
}

const organizationOf = ({ api, call }: App, id: string) =>
  Effect.flatMap(call(api.operating.listOrganizations()), (all) => found(all, id))

const home = ["Organizations", "#/"] as const

export const organization = (app: App, id: string): Effect.Effect<Page, Problem> =>
  Effect.gen(function*() {
    const { api, call, go, run, tell } = app
    const { id: organizationId, name } = yield* organizationOf(app, id)
    const path = `#/org/${organizationId}`
    const directories = yield* call(api.operating.listDirectories({ payload: { organizationId } }))
    const create = Effect.gen(function*() {
      const field = ui.input("Name", "", () => {})
      const given = yield* ui.ask("New directory", "Create", [{ field, problem: isName(DirectoryName) }])
      if (Option.isNone(given)) return
      const [named = ""] = given.value
      const created = yield* call(api.operating.createDirectory({ payload: { organizationId, name: named } }))
      yield* tell("The directory is there.")
      yield* go(`${path}/dir/${created.id}`)
    })
    return {
      title: name,
      trail: [home],
      content: [
        ui.section(
          "Directories",
          [ui.button("New directory", "plain small", () => run(create))],
          ui.table(
            "Directories",
            ["Name", "State", "SDK keys", "Id"],
            directories.map(({ active: is, id, name, sdkKeys }) => [
              ui.link(name, `${path}/dir/${id}`),
              active(is),
              String(sdkKeys),
              ui.mono(id)
            ]),
            "There is none yet. A directory has users, their devices, and services for them."
          )
        ),
        yield* services(app, Entity.organization(organizationId), path),
        yield* keys(app, Entity.organization(organizationId))
      ]
    }
  })

const webhook = (app: App, url: Option.Option<string>, save: (url: string) => Effect.Effect<void, Problem>) =>
  Effect.gen(function*() {
    const field = ui.input("Address of the webhook", Option.getOrElse(url, () => ""), () => {}, {
      type: "url",
      hint: "nothing, and none is told"
    })
    const given = yield* ui.ask("Webhook", "Save", [{ field, problem: isUrl }])
    if (Option.isNone(given)) return
    yield* save(given.value[0] ?? "")
    yield* app.tell("Saved.")
    yield* app.reload
  })

const turning = (app: App, is: boolean, what: string, turn: Effect.Effect<void, Problem>) =>
  ui.button(is ? "Turn off" : "Turn on", "plain small", () =>
    app.run(Effect.gen(function*() {
      if (
        is &&
        !(yield* confirm(`Turn the ${what} off?`, "Whoever depends on it is refused from then on.", "Turn off"))
      ) {
        return
      }
      yield* turn
      yield* app.tell(is ? "It is off." : "It is on.")
      yield* app.reload
    })))

export const directory = (app: App, organizationId: string, id: string): Effect.Effect<Page, Problem> =>
  Effect.gen(function*() {
    const { api, call, run } = app
    const owner = yield* organizationOf(app, organizationId)
    const all = yield* call(api.operating.listDirectories({ payload: { organizationId: owner.id } }))
    const it: typeof Directory.Type = yield* found(all, id)
    const path = `#/org/${owner.id}/dir/${it.id}`
    const update = (change: { readonly active?: boolean; readonly webhookUrl?: string }) =>
      call(api.operating.updateDirectory({ payload: { id: it.id, ...change } }))
    return {
      title: it.name,
      trail: [home, [owner.name, `#/org/${owner.id}`]],
      content: [
        ui.section(
          "Directory",
          [
            turning(app, it.active, "directory", update({ active: !it.active })),
            ui.button(
              "Webhook",
              "plain small",
              () => run(webhook(app, it.webhookUrl, (webhookUrl) => update({ webhookUrl })))
            )
          ],
          ui.facts([
            ["State", active(it.active)],
            ["Webhook", Option.getOrElse(it.webhookUrl, () => "none")],
            ["SDK keys", String(it.sdkKeys)],
            ["Id", ui.mono(it.id)]
          ])
        ),
        devices(app, it.id),
        yield* services(app, Entity.directory(it.id), path),
        yield* keys(app, Entity.directory(it.id))
      ]
    }
  })

interface Place {
  readonly organizationId: string
  readonly directoryId: string | undefined
  readonly serviceId: string
}

/** The service and the pages above it. */
const serviceAt = (app: App, { directoryId, organizationId, serviceId }: Place) =>
  Effect.gen(function*() {
    const { api, call } = app
    const owner = yield* organizationOf(app, organizationId)
    const above = [home, [owner.name, `#/org/${owner.id}`]] as const
    if (directoryId === undefined) {
      const all = yield* call(api.operating.listServices({ payload: { owner: Entity.organization(owner.id) } }))
      return { it: yield* found(all, serviceId), trail: above, path: `#/org/${owner.id}/svc/${serviceId}` }
    }
    const directories = yield* call(api.operating.listDirectories({ payload: { organizationId: owner.id } }))
    const directory: typeof Directory.Type = yield* found(directories, directoryId)
    const all = yield* call(api.operating.listServices({ payload: { owner: Entity.directory(directory.id) } }))
    const path = `#/org/${owner.id}/dir/${directory.id}`
    return {
      it: yield* found(all, serviceId),
      trail: [...above, [directory.name, path] as const],
      path: `${path}/svc/${serviceId}`
    }
  })

export const service = (app: App, place: Place): Effect.Effect<Page, Problem> =>
  Effect.gen(function*() {
    const { api, call, run } = app
    const { it, path, trail } = yield* serviceAt(app, place)
    const update = (change: { readonly active?: boolean; readonly name?: string; readonly callbackUrl?: string }) =>
      call(api.operating.updateService({ payload: { id: it.id, ...change } }))
    const rename = Effect.gen(function*() {
      const field = ui.input("Name", it.name, () => {})
      const given = yield* ui.ask("Rename the service", "Save", [{ field, problem: isName(ServiceName) }])
      if (Option.isNone(given)) return
      yield* update({ name: given.value[0] ?? it.name })
      yield* app.tell("Saved.")
      yield* app.reload
    })
    return {
      title: it.name,
      trail,
      content: [
        ui.section(
          "Service",
          [
            ui.button("Rename", "plain small", () => run(rename)),
            turning(app, it.active, "service", update({ active: !it.active })),
            ui.button("Webhook", "plain small", () =>
              run(webhook(app, it.callbackUrl, (callbackUrl) =>
                update({ callbackUrl }))))
          ],
          ui.facts([
            ["State", active(it.active)],
            [
              "Description",
              Option.getOrElse(it.description, () =>
                "none")
            ],
            ["Webhook", Option.getOrElse(it.callbackUrl, () => "none")],
            ["Requests", ui.link("Live requests of this service", `#/requests/${Entity.service(it.id)}`)],
            ["Id", ui.mono(it.id)]
          ])
        ),
        ui.section(
          "Policy",
          [h("a", { class: "button plain small", href: `${path}/policy` }, "Edit the policy")],
          editor.words(it.policy)
        ),
        yield* keys(app, Entity.service(it.id))
      ]
    }
  })

export const policy = (app: App, place: Place): Effect.Effect<Page, Problem> =>
  Effect.gen(function*() {
    const { api, call, go, run, tell } = app
    const { it, path, trail } = yield* serviceAt(app, place)
    const above = [...trail, [it.name, path] as const]
    if (it.policy._tag === "UnknownPolicy") {
      return {
        title: "Policy",
        trail: above,
        content: [
          h("p", { class: "banner" }, "The policy is of a type that this version does not know. It stays as it is."),
          h("pre", { class: "json card", tabindex: "0" }, editor.jsonOf(it.policy)),
          h(
            "div",
            { class: "actions" },
            ui.button("Save as a file", "plain", () => editor.save("policy.json", editor.jsonOf(it.policy)))
          )
        ]
      }
    }
    const edited = editor.make(it.policy, run)
    let done = false
    const set = Effect.suspend(() => {
      const policy = edited.take()
      if (policy === undefined) return Effect.void
      return call(api.operating.setPolicy({ payload: { serviceId: it.id, policy } })).pipe(
        Effect.tap(Effect.sync(() => {
          done = true
        })),
        Effect.zipRight(tell("The policy is set: it holds from the next request on.")),
        Effect.zipRight(go(path))
      )
    })
    return {
      title: "Policy",
      trail: above,
      mayLeave: () => done || !edited.changed(),
      content: [
        edited.element,
        h(
          "div",
          { class: "actions foot" },
          ui.button("Set the policy", "primary", () => run(set)),
          h("a", { class: "button plain", href: path }, "Cancel")
        )
      ]
    }
  })
