/** What entities are called, where all that is told of them is an id. */
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import { h } from "@effect-launchkey/platform/PageElements"
import * as Effect from "effect/Effect"
import type { App } from "./app.ts"
import type { Problem } from "./problems.ts"
import * as ui from "./ui.ts"

interface Known {
  readonly name: string
  readonly href: string
}

export interface Names {
  readonly of: (identifier: string) => Node
  readonly text: (identifier: string) => string
}

/** How many organizations and directories are looked into: of more, ids are shown. */
const most = 100

const make = (known: ReadonlyMap<string, Known>): Names => ({
  of: (identifier) => {
    const found = known.get(identifier)
    return found === undefined ? ui.mono(identifier) : h("a", { href: found.href, title: identifier }, found.name)
  },
  text: (identifier) => known.get(identifier)?.name ?? identifier
})

/** All that have names, since what is shown may be of any of them: worth keeping for a while. */
export const load = ({ api, call }: Pick<App, "api" | "call">): Effect.Effect<Names, Problem> =>
  Effect.gen(function*() {
    const known = new Map<string, Known>()
    const services = (owner: typeof Entity.Organization.Type | typeof Entity.Directory.Type, path: string) =>
      Effect.map(call(api.operating.listServices({ payload: { owner } })), (all) => {
        for (const { id, name } of all) known.set(Entity.service(id), { name, href: `${path}/svc/${id}` })
      })
    const organizations = yield* call(api.operating.listOrganizations())
    const directories = yield* Effect.forEach(organizations.slice(0, most), ({ id, name }) => {
      const path = `#/org/${id}`
      known.set(Entity.organization(id), { name, href: path })
      return Effect.zipRight(
        services(Entity.organization(id), path),
        call(api.operating.listDirectories({ payload: { organizationId: id } }))
      )
    }, { concurrency: 4 })
    yield* Effect.forEach(directories.flat().slice(0, most), ({ id, name, organizationId }) => {
      const path = `#/org/${organizationId}/dir/${id}`
      known.set(Entity.directory(id), { name, href: path })
      return services(Entity.directory(id), path)
    }, { concurrency: 4, discard: true })
    return make(known)
  })
