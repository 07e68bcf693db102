/**
 * As much of DER as RSA keys need: definite lengths, one octet tags.
 *
 * @see https://www.itu.int/rec/T-REC-X.690
 */

export const Tag = { integer: 0x02, bitString: 0x03, octetString: 0x04, oid: 0x06, sequence: 0x30 } as const

export interface Element {
  readonly tag: number
  readonly content: Uint8Array
  /** Tag, length and content, as they stand in the input. */
  readonly encoded: Uint8Array
}

const readOne = (bytes: Uint8Array): Element | undefined => {
  const tag = bytes[0]
  const first = bytes[1]
  if (tag === undefined || first === undefined) return undefined
  let length = first
  let start = 2
  if (first >= 0x80) {
    const octets = first & 0x7f
    // 0 octets is BER's indefinite form; above 3 is more than any key
    if (octets === 0 || octets > 3) return undefined
    length = 0
    for (; start < 2 + octets; start++) length = length << 8 | (bytes[start] ?? 0)
    // the shortest form is the only one
    if (length < 0x80 || length >> 8 * (octets - 1) === 0) return undefined
  }
  const end = start + length
  return end > bytes.length
    ? undefined
    : { tag, content: bytes.subarray(start, end), encoded: bytes.subarray(0, end) }
}

/** The elements that follow each other in `bytes`; `undefined` unless they fill it exactly. */
export const readAll = (bytes: Uint8Array): ReadonlyArray<Element> | undefined => {
  const elements: Array<Element> = []
  for (let rest = bytes; rest.length > 0;) {
    const element = readOne(rest)
    if (element === undefined) return undefined
    elements.push(element)
    rest = rest.subarray(element.encoded.length)
  }
  return elements
}

/** The one element that fills `bytes`, if it is a SEQUENCE: what stands in it. */
export const readSequence = (bytes: Uint8Array): ReadonlyArray<Element> | undefined => {
  const all = readAll(bytes)
  return all?.length === 1 && all[0]?.tag === Tag.sequence ? readAll(all[0].content) : undefined
}

/** Value of a non-negative INTEGER in its shortest form. */
export const unsigned = (element: Element | undefined): bigint | undefined => {
  if (element?.tag !== Tag.integer) return undefined
  const [first, second] = element.content
  if (first === undefined || first >= 0x80) return undefined
  if (first === 0 && second !== undefined && second < 0x80) return undefined
  let hex = "0x"
  for (const octet of element.content) hex += octet.toString(16).padStart(2, "0")
  return BigInt(hex)
}

export const encode = (tag: number, ...parts: ReadonlyArray<Uint8Array>): Uint8Array<ArrayBuffer> => {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const header = length < 0x80
    ? [tag, length]
    : length < 0x100
    ? [tag, 0x81, length]
    : [tag, 0x82, length >> 8, length & 0xff]
  const bytes = new Uint8Array(header.length + length)
  bytes.set(header)
  let offset = header.length
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.length
  }
  return bytes
}

export const bytesEqual = (self: Uint8Array, that: Uint8Array): boolean =>
  self.length === that.length && self.every((octet, i) => octet === that[i])
