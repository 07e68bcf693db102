/** An HTTP request as it came, from a file. */
import * as Effect from "effect/Effect"
import { Unusable } from "./unusable.ts"

export interface Head {
  readonly method: string | undefined
  /** Without its query. */
  readonly path: string | undefined
  /** By names in lower case. */
  readonly headers: ReadonlyMap<string, string>
}

export interface RawRequest extends Head {
  readonly body: Uint8Array
}

const latin1 = new TextDecoder("latin1")

const unusable = (problem: string, next: string) => new Unusable({ what: "File", problem, next })

const requestLine = /^([A-Za-z]+) (\S+)(?: HTTP\/\d(?:\.\d)?)?$/

/** Of a target as in a request line: a path, or a whole address. */
export const pathOf = (target: string): string =>
  target.replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/, "").replace(/[?#].*$/s, "")

/** Lines of headers, below a request line where there is one. */
export const head = (text: string): Effect.Effect<Head, Unusable> =>
  Effect.gen(function*() {
    const lines = text.split(/\r?\n|\r$/)
    const [, method, target] = requestLine.exec(lines[0] ?? "") ?? []
    const headers = new Map<string, string>()
    for (const [i, line] of lines.entries()) {
      if ((i === 0 && target !== undefined) || line === "") continue
      const [, name = "", value = ""] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
      if (name === "") {
        return yield* unusable(
          `Line ${i + 1} of the request is no header`,
          "Save the request as it came: a request line, a header a line, an empty line, the body."
        )
      }
      const before = headers.get(name.toLowerCase())
      headers.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`)
    }
    return { method, path: target === undefined ? undefined : pathOf(target), headers }
  })

const endOfHead = (octets: Uint8Array): readonly [end: number, body: number] => {
  for (let i = 0; i < octets.length; i++) {
    if (octets[i] !== 0x0a) continue
    if (octets[i + 1] === 0x0a) return [i, i + 2]
    if (octets[i + 1] === 0x0d && octets[i + 2] === 0x0a) return [i, i + 3]
  }
  return [octets.length, octets.length]
}

/** Editors end a file with a line break that no body had, so what its length says counts. */
const body = (
  octets: Uint8Array,
  { headers }: Head
): Effect.Effect<Uint8Array, Unusable> =>
  Effect.gen(function*() {
    if (/chunked/i.test(headers.get("transfer-encoding") ?? "")) {
      return yield* unusable(
        "The body was saved in chunks, as it was on the wire",
        "Save the octets of the body alone, and give it with --body."
      )
    }
    const length = headers.get("content-length")
    if (length === undefined || !/^\d{1,9}$/.test(length)) return octets
    if (octets.length < Number(length)) {
      return yield* unusable(
        `The body has ${octets.length} octets, and by its Content-Length ${length}`,
        "Save the whole body as it came."
      )
    }
    return octets.subarray(0, Number(length))
  })

export const parse = (octets: Uint8Array): Effect.Effect<RawRequest, Unusable> =>
  Effect.gen(function*() {
    const [end, start] = endOfHead(octets)
    const found = yield* head(latin1.decode(octets.subarray(0, end)))
    return { ...found, body: yield* body(octets.subarray(start), found) }
  })
