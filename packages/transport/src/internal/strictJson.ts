/**
 * JSON that can be read in one way only. `JSON.parse` keeps the last of two equal member names while other readers keep
 * the first, so a header or claim set with both would mean different things to the two sides.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7515#section-4
 * @see https://www.rfc-editor.org/rfc/rfc7493#section-2
 */
import * as Either from "effect/Either"
import { Refusal, type RejectionReason } from "../Rejection.ts"

/** How deep objects and arrays may nest. The protocol's own messages stay below ten. */
const maximumDepth = 32

// ignoreBOM keeps a byte order mark in the text, where JSON does not allow it
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const quote = 0x22
const backslash = 0x5c

/** Index of the quote that closes the string opened at `start`; the text is known to be JSON. */
const closingQuote = (json: string, start: number): number => {
  let end = start + 1
  for (let code = json.charCodeAt(end); code !== quote; code = json.charCodeAt(end)) end += code === backslash ? 2 : 1
  return end
}

/** Whether a text that is known to be JSON keeps to the depth and repeats no member name within an object. */
const isUnambiguous = (json: string): boolean => {
  // one entry per open container: the names seen so far for an object, nothing for an array
  const open: Array<Set<string> | undefined> = []
  // a string is a member name when it follows "{", or "," directly inside an object
  let expectsName = false
  for (let i = 0; i < json.length; i++) {
    switch (json.charCodeAt(i)) {
      case 0x7b: // {
        if (open.push(new Set()) > maximumDepth) return false
        expectsName = true
        break
      case 0x5b: // [
        if (open.push(undefined) > maximumDepth) return false
        expectsName = false
        break
      case 0x7d: // }
      case 0x5d: // ]
        open.pop()
        expectsName = false
        break
      case 0x2c: // ,
        expectsName = open.at(-1) !== undefined
        break
      case quote: {
        const end = closingQuote(json, i)
        if (expectsName) {
          // parsed, because "al\u0067" and "alg" are one name
          const name: string = JSON.parse(json.slice(i, end + 1))
          const names = open.at(-1)
          if (names?.has(name)) return false
          names?.add(name)
          expectsName = false
        }
        i = end
        break
      }
    }
  }
  return true
}

/**
 * Reads octets as one JSON text: valid UTF-8 without a byte order mark, unique member names at every depth, bounded
 * nesting. The refusal says only `reason`: a parser's own message would quote the text.
 */
export const parseJson = (bytes: Uint8Array, reason: RejectionReason): Either.Either<unknown, Refusal> => {
  try {
    const json = utf8.decode(bytes)
    const value: unknown = JSON.parse(json)
    if (isUnambiguous(json)) return Either.right(value)
  } catch {
    // what either says of it quotes it
  }
  return Either.left(new Refusal({ reason }))
}
