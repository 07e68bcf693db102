/** Parts that the pages of the console are made of. */
import { type Child, dialog, h } from "@effect-launchkey/platform/PageElements"
import * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import * as Option from "effect/Option"

let count = 0

/** An id that no other element of the page has. */
export const freshId = (what: string): string => `${what}-${++count}`

export interface Field<Control extends HTMLElement = HTMLElement> {
  readonly row: HTMLElement
  readonly control: Control
  /** Says what is wrong with it, or that nothing is. */
  readonly complain: (problem: string) => void
}

const field = <Control extends HTMLElement>(label: string, control: Control, hint?: string): Field<Control> => {
  const id = control.id === "" ? freshId("field") : control.id
  control.id = id
  const problem = h("p", { class: "problem", id: `${id}-problem` })
  const told = hint === undefined ? undefined : h("p", { class: "hint", id: `${id}-hint` }, hint)
  control.setAttribute("aria-describedby", `${told === undefined ? "" : `${id}-hint `}${id}-problem`)
  return {
    control,
    row: h("div", { class: "field" }, h("label", { for: id }, label), control, told, problem),
    complain: (text) => {
      problem.textContent = text
      if (text === "") control.removeAttribute("aria-invalid")
      else control.setAttribute("aria-invalid", "true")
    }
  }
}

export const input = (
  label: string,
  value: string,
  changed: (value: string) => void,
  { hint, ...attributes }: Readonly<Record<string, string | boolean | undefined>> & { readonly hint?: string } = {}
): Field<HTMLInputElement> => {
  const control = h("input", { type: "text", autocomplete: "off", spellcheck: "false", ...attributes })
  control.value = value
  control.addEventListener("input", () => changed(control.value))
  return field(label, control, hint)
}

export const area = (
  label: string,
  value: string,
  attributes: Readonly<Record<string, string | boolean | undefined>> = {},
  hint?: string
): Field<HTMLTextAreaElement> => {
  const control = h("textarea", { autocomplete: "off", spellcheck: "false", class: "mono", ...attributes })
  control.value = value
  return field(label, control, hint)
}

export const select = (
  label: string,
  options: ReadonlyArray<{ readonly value: string; readonly text: string }>,
  value: string,
  changed: (value: string) => void,
  hint?: string
): Field<HTMLSelectElement> => {
  const control = h("select", {}, ...options.map(({ text, value }) => h("option", { value }, text)))
  control.value = value
  control.addEventListener("change", () => changed(control.value))
  return field(label, control, hint)
}

export const check = (label: string, checked: boolean, changed: (checked: boolean) => void): HTMLElement => {
  const control = h("input", { type: "checkbox", id: freshId("check"), checked })
  control.addEventListener("change", () => changed(control.checked))
  return h("label", { class: "check", for: control.id }, control, h("span", {}, label))
}

export const button = (
  label: string,
  kind: "primary" | "plain" | "danger" | "plain small" | "quiet small",
  act: () => void,
  attributes: Readonly<Record<string, string | boolean | undefined>> = {}
): HTMLButtonElement => {
  const element = h("button", { type: "button", class: kind, ...attributes }, label)
  element.addEventListener("click", act)
  return element
}

export const link = (text: string, href: string): HTMLAnchorElement => h("a", { href }, text)

export const mono = (text: string): HTMLElement => h("span", { class: "mono" }, text)

export const tag = (text: string, tone: "good" | "bad" | "warn" | "plain"): HTMLElement =>
  h("span", { class: `tag ${tone}` }, text)

/** In the zone of whoever reads it, with the machine's form beside it. */
export const time = (at: DateTime.Utc): HTMLElement =>
  h(
    "time",
    { datetime: DateTime.formatIso(at), title: DateTime.formatIso(at) },
    new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" }).format(DateTime.toEpochMillis(at))
  )

export const timeOr = (at: Option.Option<DateTime.Utc>, otherwise: string): Node =>
  Option.match(at, { onNone: () => document.createTextNode(otherwise), onSome: time })

/** A section with a heading, and what can be done in it. */
export const section = (
  title: string,
  actions: ReadonlyArray<Child>,
  ...children: ReadonlyArray<Child>
): HTMLElement => {
  const id = freshId("section")
  return h(
    "section",
    { class: "card", "aria-labelledby": id },
    h("header", { class: "bar" }, h("h3", { id }, title), h("div", { class: "actions" }, ...actions)),
    ...children
  )
}

export const empty = (text: string): HTMLElement => h("p", { class: "empty" }, text)

/** A table that becomes a list of records where it has no room; it says so in words where it has no rows. */
export const table = (
  label: string,
  columns: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<Child>>,
  nothing: string
): HTMLElement =>
  rows.length === 0
    ? empty(nothing)
    : h(
      "table",
      { role: "table", "aria-label": label },
      h(
        "thead",
        { role: "rowgroup" },
        h("tr", { role: "row" }, ...columns.map((name) => h("th", { role: "columnheader", scope: "col" }, name)))
      ),
      h(
        "tbody",
        { role: "rowgroup" },
        ...rows.map((cells) =>
          h(
            "tr",
            { role: "row" },
            ...cells.map((cell, index) => h("td", { role: "cell", "data-label": columns[index] ?? "" }, cell))
          )
        )
      )
    )

export const facts = (entries: ReadonlyArray<readonly [name: string, value: Child]>): HTMLElement =>
  h("dl", { class: "facts" }, ...entries.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]))

export interface Asked {
  readonly field: Field<HTMLInputElement> | Field<HTMLTextAreaElement> | Field<HTMLSelectElement>
  /** What is wrong with the value; none where it will do. */
  readonly problem: (value: string) => string | undefined
}

/** Asks for some values; none where they are not given. */
export const ask = (
  title: string,
  label: string,
  asked: ReadonlyArray<Asked>,
  before: ReadonlyArray<Node> = []
): Effect.Effect<Option.Option<ReadonlyArray<string>>> =>
  dialog<Option.Option<ReadonlyArray<string>>>({
    title,
    body: [...before, ...asked.map(({ field }) => field.row)],
    actions: [
      {
        label,
        kind: "primary",
        take: () => {
          const values = asked.map(({ field }) => field.control.value.trim())
          const wrong = asked.filter(({ field, problem }, index) => {
            const said = problem(values[index] ?? "")
            field.complain(said ?? "")
            return said !== undefined
          })
          wrong[0]?.field.control.focus()
          return wrong.length === 0 ? Option.some(values) : undefined
        }
      },
      { label: "Cancel", kind: "plain", take: () => Option.none() }
    ]
  }, Option.none())

/** Of a value that has to be there. */
export const needed = (value: string): string | undefined => value === "" ? "Fill this in." : undefined
