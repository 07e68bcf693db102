/** What people read. */

// Names come from elsewhere, and a terminal obeys some characters rather than show them: C0, C1, and those that turn
// the direction of what follows.
// oxlint-disable-next-line no-control-regex
const commanding = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** The text with nothing in it that a terminal would obey. */
export const printable = (text: string): string =>
  text.replace(commanding, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** Lines of text with nothing in them that a terminal would obey, save that they end. */
export const printableLines = (text: string): string => text.split("\n").map(printable).join("\n")

/** What stands where there is no value. */
export const none = "–"

export const yesNo = (value: boolean): string => value ? "yes" : "no"

const width = (text: string): number => Array.from(text).length

const pad = (text: string, to: number): string => text + " ".repeat(Math.max(0, to - width(text)))

/** One name and value a line, the values below each other. */
export const fields = (pairs: ReadonlyArray<readonly [name: string, value: string]>): string => {
  const column = Math.max(...pairs.map(([name]) => width(name)))
  return pairs.map(([name, value]) => `${pad(name, column)}  ${printable(value)}`).join("\n")
}

/** Columns below their names; `empty` where there are no rows. */
export const rows = (
  names: ReadonlyArray<string>,
  found: ReadonlyArray<ReadonlyArray<string>>,
  empty: string
): string => {
  if (found.length === 0) return empty
  const lines = [names, ...found.map((row) => row.map(printable))]
  const columns = names.map((_, i) => Math.max(...lines.map((line) => width(line[i] ?? ""))))
  return lines.map((line) => line.map((cell, i) => pad(cell, columns[i] ?? 0)).join("  ").trimEnd()).join("\n")
}
