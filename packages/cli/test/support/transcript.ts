/**
 * Commands and what they print, as a document shows them, run again. UUIDs, times, codes, secrets and the like are
 * others each time: those of the document stand for them, each for one and the same from its first place on.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as HttpClient from "@effect/platform/HttpClient"
import { type Context, Effect } from "effect"
import * as Launchkey from "./launchkey.ts"

interface Step {
  /** As it stands behind the prompt. */
  readonly command: string
  readonly expected: string
  /** Where `expected` stands in the document. */
  readonly at: number
}

/** The steps of the document's blocks of ```console. */
const steps = (document: string): ReadonlyArray<Step> =>
  Array.from(document.matchAll(/^```console\n([\s\S]*?)^```$/gm), ({ 1: block = "", index }) => {
    const start = index + "```console\n".length
    return Array.from(block.matchAll(/^\$ (.*(?:\\\n.*)*)\n((?:(?!\$ ).*\n)*)/gm), (match) => ({
      command: (match[1] ?? "").replaceAll(/\\\n\s*/g, ""),
      expected: match[2] ?? "",
      at: start + match.index + "$ ".length + (match[1] ?? "").length + 1
    }))
  }).flat()

/** Whatever another run has otherwise: the second group is its value. */
const volatile = new RegExp(
  [
    String.raw`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`,
    String.raw`(?<=Linking code  |"code":"|/qr/|"linking_code": ?")[a-z0-9]{7}\b`,
    String.raw`(?<=secret=|"secret":"|Secret     )[A-Z2-7]{16,}`
  ].join("|"),
  "g"
)

const times = /\d{4}-\d\d-\d\dT[\d:.]+Z/g

const pem = /(-----BEGIN PUBLIC KEY-----).*?-----END PUBLIC KEY-----(?:\\n)?/g

const image = /(?:^[█▀▄ ]+\n)+/gm

const place = "/home/ada"
const address = "127.0.0.1:38321"

/** Splits as a shell does, as far as the document's commands need. */
const words = (command: string): ReadonlyArray<string> =>
  Array.from(command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g), ([, one, two, three]) => one ?? two ?? three ?? "")

export interface Told {
  readonly step: Step
  /** The document's expectation and what came, each with numbers in place of what is volatile. */
  readonly expected: string
  readonly actual: string
  /** What came, in the document's terms where it has any. */
  readonly shown: string
  /** Of a command with `--json` that ended with 0. */
  readonly json: unknown
}

type Platform = Context.Tag.Service<typeof Launchkey.Sandboxed>

/** One after the other, against one platform. */
export const play = (
  document: string,
  { baseUrl, control, folder, organizationId }: Platform
): Effect.Effect<ReadonlyArray<Told>, unknown, NodeContext.NodeContext | HttpClient.HttpClient> =>
  Effect.gen(function*() {
    const port = new URL(baseUrl).port
    // What the document calls a thing, and what it is called here.
    const ours = new Map<string, string>()
    const theirs = new Map<string, string>()
    const pair = (documents: string, actual: string) => {
      ours.set(documents, actual)
      theirs.set(actual, documents)
    }
    const organization = /--entity org:(\S+)/.exec(document)?.[1]
    if (organization !== undefined) pair(organization, organizationId)

    const toOurs = (text: string) =>
      text.replaceAll(volatile, (value) => ours.get(value) ?? value).replaceAll(place, folder).replaceAll(
        address,
        `127.0.0.1:${port}`
      )
    const toTheirs = (text: string) =>
      text.replaceAll(folder, place).replaceAll(
        new RegExp(String.raw`(?<=127\.0\.0\.1:|platform\.localhost:)${port}`, "g"),
        "38321"
      )
        .replaceAll(image, "(QR code)\n").replaceAll(pem, "$1…").replaceAll(volatile, (value) =>
          theirs.get(value) ?? value)
        .replaceAll(times, "2031-01-01T00:00:00.000Z")

    const execute = (command: string) =>
      Effect.gen(function*() {
        const [line = "", file] = toOurs(command).split(/ < /)
        const curl = /^curl -s http:\S+\/sandbox\/(\S+) .*-d '(.*)'$/.exec(line)
        if (curl !== null) {
          const answer = yield* control(curl[1] ?? "", JSON.parse(curl[2] ?? "{}"))
          return { printed: `${JSON.stringify(answer)}\n`, json: undefined }
        }
        const [name, ...args] = words(line)
        if (name !== "launchkey") return { printed: "", json: undefined }
        const given = { env: { HOME: folder }, input: file === undefined ? undefined : yield* Launchkey.read(file) }
        const { code, err, json, out } = yield* Launchkey.launchkey(
          given,
          ...args.map((arg) => /^[\w.-]+\.(?:pem|p12|json)$/.test(arg) ? `${folder}/${arg}` : arg)
        )
        return {
          printed: `${err}${out}${code === 0 ? "" : `# exit code ${code}\n`}`,
          json: code === 0 ? json : undefined
        }
      })

    const told: Array<Told> = []
    for (const step of steps(document)) {
      const { json, printed } = yield* execute(step.command)
      // Where both have something new at the same place, it is the same.
      const found = (text: string) => text.replaceAll(image, "(QR code)\n").match(volatile) ?? []
      const actual = found(printed)
      found(step.expected).forEach((documents, i) => {
        const value = actual[i]
        if (value !== undefined && !ours.has(documents) && !theirs.has(value)) pair(documents, value)
      })
      const shown = toTheirs(printed)
      const expected = step.expected.replaceAll(times, "2031-01-01T00:00:00.000Z")
      told.push({ step, expected, actual: shown, shown, json })
    }
    return told
  })
