/** What docs/migrating.md says stands in the place of the official SDKs' names, as it can be checked. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../../../", import.meta.url))
const document = join(root, "docs/migrating.md")

const modules: Readonly<Record<string, ReadonlyArray<string>>> = {
  core: [
    "ApiError",
    "AuthPolicy",
    "Authorization",
    "DenialReason",
    "Device",
    "Directory",
    "EntityIdentifier",
    "Factor",
    "Fence",
    "PublicKey",
    "ResponsePolicy",
    "ServicePolicy",
    "ServiceProfile",
    "Session",
    "TimeFence",
    "Totp",
    "Webhook"
  ],
  transport: ["RemoteApi", "Transport"],
  clients: [
    "DirectoryClient",
    "DirectoryCredentials",
    "DirectoryWebhook",
    "LinkQrCode",
    "OrganizationClient",
    "OrganizationCredentials",
    "ServiceClient",
    "ServiceCredentials",
    "ServiceWebhook",
    "WebhookHost",
    "WebhookInbox"
  ]
}

/** `Webhook` of the tables receives; the one of core is what was received. */
const packageOf = (module: string, name: string): string | undefined =>
  module === "Webhook" && name === "respond"
    ? "clients"
    : Object.keys(modules).find((pkg) => modules[pkg]?.includes(module))

interface Named {
  /** The header of its column. */
  readonly column: string
  readonly section: string
  readonly span: string
}

/** Every span of code in the last column of every table. */
export const named: ReadonlyArray<Named> = readFileSync(document, "utf8").split(/^## /m).flatMap((text) => {
  const section = text.slice(0, text.indexOf("\n"))
  const rows = text.split("\n").filter((line) => line.startsWith("|")).map((line) =>
    line.replace(/\|\s*$/, "").split("|").at(-1)?.trim() ?? ""
  )
  const header = rows[0]?.replaceAll("`", "") ?? ""
  return rows.flatMap((cell) =>
    Array.from(cell.matchAll(/`([^`]+)`/g), ([, span]) => ({ column: header, section, span: span ?? "" }))
  )
})

/** `{ active, expires }` at the end of a call. */
const optionsOf = (span: string): ReadonlyArray<string> => {
  const [, inner] = /\{([^{}]*)\}/.exec(span) ?? []
  return (inner ?? "").split(",").map((option) => option.trim().split(":", 1)[0] ?? "").filter((name) => name !== "")
}

/** A program that compiles only where each method, each of its options and each export is there. */
export const program = (): string => {
  const lines = [
    "type Keys<A> = A extends object ? keyof A : never",
    "type Options<F> = F extends (...args: infer Args) => unknown ? Keys<Args[number]> : never",
    "declare const has: <Names>() => <const Name extends Names>(name: Name) => void"
  ]
  const imported = new Set<string>()
  named.forEach(({ column, span }, i) => {
    const [, qualifier, name] = /^([A-Z]\w+)\.(\w+)/.exec(span) ?? []
    const options = JSON.stringify(optionsOf(span))
    const isMethod = modules["clients"]?.includes(qualifier ?? "") === true && /^[a-z]/.test(name ?? "") &&
      !/^(layer|svg|text)/.test(name ?? "")
    if (qualifier !== undefined && name !== undefined && isMethod) {
      lines.push(`import type { Service as Service${i} } from "@effect-launchkey/clients/${qualifier}"`)
      lines.push(`has<keyof Service${i}>()("${name}")`)
      return
    }
    if (qualifier !== undefined && name !== undefined) {
      const pkg = packageOf(qualifier, name)
      lines.push(`import type { ${name} as Export${i} } from "@effect-launchkey/${pkg}/${qualifier}"`)
      if (optionsOf(span).length > 0) {
        lines.push(`for (const option of ${options} as const) has<Options<typeof Export${i}>>()(option)`)
      }
      return
    }
    const clients = column.split(", ").filter((client) => modules["clients"]?.includes(client))
    const [method] = /^\w+/.exec(span) ?? []
    for (const client of clients) {
      if (!imported.has(client)) {
        lines.push(`import type * as ${client} from "@effect-launchkey/clients/${client}"`)
        imported.add(client)
      }
      if (method !== undefined && /^[a-z]/.test(method)) {
        const service = `${client}.Service`
        lines.push(`has<keyof ${service}>()("${method}")`)
        if (optionsOf(span).length > 0) {
          lines.push(`for (const option of ${options} as const) has<Options<${service}["${method}"]>>()(option)`)
        }
      }
    }
  })
  return `${lines.join("\n")}\n`
}

/** Names that the sources of core, transport and clients declare: exports, members, tags and literals. */
const declared = (): ReadonlySet<string> => {
  const names = new Set(Object.values(modules).flat())
  for (const pkg of Object.keys(modules)) {
    const folder = join(root, "packages", pkg, "src")
    for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".ts")) continue
      names.add(file.replace(/^.*\//, "").replace(/\.ts$/, ""))
      const source = readFileSync(join(folder, file), "utf8")
      for (const [, name = ""] of source.matchAll(/(?:[{,(]\s*|^\s*(?:readonly |get )?)(\w+)\??\s*[:(]/gm)) {
        names.add(name)
      }
      for (const [, name = ""] of source.matchAll(/export (?:class|const|interface|type) (\w+)/g)) names.add(name)
      for (const [, name = ""] of source.matchAll(/"(\w+)"/g)) names.add(name)
    }
  }
  return names
}

/** Names in the tables that no source declares: of Effect's own, those that the tables use are known. */
export const undeclared = (): ReadonlyArray<string> => {
  const known = new Set([...declared(), "HttpClient", "Option", "cause", "message"])
  return named.flatMap(({ span }) =>
    /^[A-Z]\w+\.\w|[@-]/.test(span)
      ? []
      : [...(/^\w+(\.\w+)?/.exec(span)?.[0].split(".") ?? []), ...optionsOf(span)].filter((name) => !known.has(name))
  )
}
