/** Pages as text. What is put into a template is escaped, so that a name is never markup. */
import * as Data from "effect/Data"

export class Html extends Data.Class<{ readonly markup: string }> {}

export type Part = string | number | Html | ReadonlyArray<Html>

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "\"": "&quot;",
  "'": "&#39;"
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? "")

const markupOf = (part: Part): string => {
  if (typeof part === "string") return escape(part)
  if (typeof part === "number") return String(part)
  return part instanceof Html ? part.markup : part.map(({ markup }) => markup).join("")
}

/**
 * Parts may stand between tags and in attributes with double quotes, nowhere else: not in a script, a style, or as the
 * name of anything. The address of a link must not be a user's.
 */
export const html = (strings: TemplateStringsArray, ...parts: ReadonlyArray<Part>): Html =>
  new Html({ markup: String.raw({ raw: strings }, ...parts.map(markupOf)) })

export const nothing = html``

/** Takes markup as it is: for that which no user has had a hand in. */
export const trusted = (markup: string): Html => new Html({ markup })
