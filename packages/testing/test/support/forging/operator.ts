/** One way to spoil a valid message, and what it has to be refused for. */
import { FastCheck } from "effect"
import type { Base, Forgery, Surface } from "./messages.ts"
import type { Outcome } from "./receivers.ts"

export interface Pick {
  readonly integer: (minimum: number, maximum: number) => number
  readonly from: <A>(list: ReadonlyArray<A>) => A
  readonly octets: (minimum: number, maximum: number) => Uint8Array
  /** Any JSON value, as text. */
  readonly json: () => string
}

export const pickWith = (generate: FastCheck.GeneratorValue): Pick => {
  const integer = (min: number, max: number) => generate(FastCheck.integer, { min, max })
  return {
    integer,
    from: <A>(list: ReadonlyArray<A>) => {
      if (list.length === 0) throw new RangeError("There is nothing to pick from")
      return list[integer(0, list.length - 1)] as A
    },
    octets: (minLength, maxLength) => generate(FastCheck.uint8Array, { minLength, maxLength }),
    json: () => generate(FastCheck.json, { maxDepth: 3 })
  }
}

export type Refused = { readonly [S in Surface]?: ReadonlyArray<Outcome> | undefined }

export interface Operator {
  /** As a clause: "the message, …". */
  readonly name: string
  /** Per surface that it applies to: any of these. */
  readonly refused: Refused
  /** Whether it applies to this message. */
  readonly when: (base: Base) => boolean
  readonly spoil: (base: Base, pick: Pick) => Forgery
}

const always = () => true

export const operator = (
  name: string,
  refused: Refused,
  spoil: Operator["spoil"],
  when: Operator["when"] = always
): Operator => ({ name, refused, spoil, when })

/** On all that carries a token. */
export const signed = (...reasons: ReadonlyArray<Outcome>): Refused => ({
  request: reasons,
  response: reasons,
  webhook: reasons
})

/** On all that may be encrypted. */
export const encrypted = (...reasons: ReadonlyArray<Outcome>): Refused => ({ ...signed(...reasons), answer: reasons })

export const hasBody = (base: Base): boolean => base.plaintext !== "" && base.surface !== "answer"
export const hasNoBody = (base: Base): boolean => base.plaintext === ""
export const hasJwe = (base: Base): boolean =>
  base.plaintext !== "" && base.encrypted && (base.surface !== "answer" || base.form === "jwe")
export const hasBlock = (base: Base): boolean => base.surface === "answer" && base.form === "oaep"

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

export const other = <A>(pick: Pick, list: ReadonlyArray<A>, than: A): A =>
  pick.from(list.filter((item) => item !== than))

export const spliced = <A>(
  list: ReadonlyArray<A>,
  at: number,
  count: number,
  ...items: ReadonlyArray<A>
): ReadonlyArray<A> => [
  ...list.slice(0, at),
  ...items,
  ...list.slice(at + count)
]

export const replaced = <A>(list: ReadonlyArray<A>, at: number, item: A): ReadonlyArray<A> => spliced(list, at, 1, item)

/** One character of a part of a compact serialization, another one of the alphabet. */
export const withOtherCharacter = (compact: string, part: number, pick: Pick): string => {
  const parts = compact.split(".")
  const text = parts[part] ?? ""
  const at = pick.integer(0, text.length - 1)
  const character = other(pick, [...alphabet], text[at] ?? "")
  return replaced(parts, part, text.slice(0, at) + character + text.slice(at + 1)).join(".")
}

/** One bit of what a part stands for. */
export const withOtherBit = (compact: string, part: number, pick: Pick): string => {
  const parts = compact.split(".")
  const octets = Buffer.from(parts[part] ?? "", "base64url")
  const bit = pick.integer(0, octets.length * 8 - 1)
  octets[bit >> 3] = (octets[bit >> 3] ?? 0) ^ 1 << (bit & 7)
  return replaced(parts, part, octets.toString("base64url")).join(".")
}

export const withPart = (compact: string, part: number, change: (text: string) => string): string => {
  const parts = compact.split(".")
  return replaced(parts, part, change(parts[part] ?? "")).join(".")
}

/** The same octets with bits set behind the last one; undefined where the text has no such bits. */
export const withStrayBits = (text: string): string | undefined => {
  const spare = [0, 0, 4, 2][text.length % 4] ?? 0
  const last = alphabet.indexOf(text.at(-1) ?? "")
  return spare === 0 ? undefined : text.slice(0, -1) + (alphabet[last | 1] ?? "")
}

/** A member of a JSON object a second time, in either place and spelling. The text is an object's with members. */
export const withMemberTwice = (json: string, name: string, value: string, pick: Pick): string => {
  const spelled = pick.from([
    name,
    `\\u${name.charCodeAt(0).toString(16).padStart(4, "0")}${name.slice(1)}`
  ])
  const member = `"${spelled}":${value}`
  return pick.from([
    () => `{${member},${json.slice(1)}`,
    () => `${json.slice(0, -1)},${member}}`
  ])()
}

/** JSON that is none, or that other readers might read otherwise. The text is an object's with members. */
export const brokenJson = (json: string, pick: Pick): string | Uint8Array =>
  pick.from<() => string | Uint8Array>([
    () => `\uFEFF${json}`,
    () => `${json.slice(0, -1)},}`,
    () => `${json}${json}`,
    () => `${json}\0`,
    () => `${json}//`,
    () => `/**/${json}`,
    () => json.replaceAll("\"", "'"),
    () => json.slice(0, pick.integer(1, json.length - 1)),
    () => json.slice(1),
    () =>
      Buffer.concat([Buffer.from(json.slice(0, -1)), Buffer.from(`,"x":"`), Buffer.of(0xc0, 0x80), Buffer.from(`"}`)]),
    () => Buffer.from(json, "utf16le"),
    () => `${json.slice(0, -1)},"x":NaN}`,
    () => `${json.slice(0, -1)},"x":01}`,
    () => `${json.slice(0, -1)},"x":"\n"}`,
    () => `${json.slice(0, -1)},"x":${"[".repeat(40)}${"]".repeat(40)}}`
  ])()

/** JSON of a value that is no object. */
export const notAnObject = (json: string, pick: Pick): string =>
  pick.from(["null", "true", "7", "\"text\"", "[]", `[${json}]`, JSON.stringify(json), ""])
