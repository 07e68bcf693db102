import { version } from "./version.ts"

interface Host {
  readonly navigator?: { readonly userAgent?: unknown }
  readonly process?: { readonly version?: unknown; readonly platform?: unknown }
}

const plain = (value: unknown): string | undefined =>
  typeof value === "string" && /^[\w./-]+(?: [\w./-]+)*$/.test(value) ? value : undefined

/** Name and version of this SDK, and what can be known of the runtime and its system without asking for anything. */
export const describe = (host: Host): string => {
  const agent = plain(host.navigator?.userAgent)
  const node = typeof host.process?.version === "string"
    ? `Node.js/${host.process.version.replace(/^v/, "")}`
    : undefined
  const known = [
    agent === undefined || agent.startsWith("Node.js/") ? node ?? agent : agent,
    plain(host.process?.platform)
  ]
    .filter((part) => part !== undefined)
  return `EffectServiceSDK/${version}${known.length === 0 ? "" : ` (${known.join("; ")})`}`
}

export const userAgent: string = describe(globalThis as Host)
