/**
 * The few things of the DOM that a page without a framework needs. Text is only ever text.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/**
 * @since 0.1.0
 * @category models
 */
export type Child = Node | string | undefined

/**
 * An attribute of true is there without a value, one of false or undefined is not there.
 *
 * @since 0.1.0
 * @category models
 */
export type Attributes = Readonly<Record<string, string | boolean | undefined>>

const dressed = <E extends Element>(element: E, attributes: Attributes, children: ReadonlyArray<Child>): E => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value)
  }
  element.append(...children.filter((child) => child !== undefined))
  return element
}

/**
 * An element of HTML.
 *
 * @since 0.1.0
 * @category constructors
 */
export const h = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: ReadonlyArray<Child>
): HTMLElementTagNameMap[Tag] => dressed(document.createElement(tag), attributes, children)

/**
 * An element of a drawing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const s = <Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: ReadonlyArray<Child>
): SVGElementTagNameMap[Tag] =>
  dressed(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children)

/**
 * A drawing of lines, 24 by 24, of the class `icon`: it says nothing that the text beside it does not.
 *
 * @since 0.1.0
 * @category constructors
 */
export const icon = (path: string): SVGElement =>
  s("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, s("path", { d: path }))

/** Of what is told and has not been read yet: more would hide what it is about. */
const mostNews = 2

/**
 * Tells what came up, for as long as it takes to read; what it says already, it says once.
 *
 * @since 0.1.0
 * @category constructors
 */
export const news = (): {
  readonly element: HTMLElement
  readonly tell: (text: string) => Effect.Effect<void>
} => {
  const element = h("div", { class: "news", role: "status", "aria-live": "polite" })
  return {
    element,
    tell: (text) =>
      Effect.gen(function*() {
        const others = Array.from(element.children).filter(({ textContent }) => textContent !== text)
        const line = h("p", {}, text)
        element.replaceChildren(...others.slice(1 - mostNews), line)
        const reading = Duration.millis(Math.max(6000, text.length * 80))
        yield* Effect.forkDaemon(Effect.delay(Effect.sync(() => line.remove()), reading))
      })
  }
}

/**
 * Replaces what a keyed list shows: what stays keeps its element, so that focus stays too.
 *
 * @since 0.1.0
 * @category combinators
 */
export const keyed = <A>(
  list: HTMLElement,
  entries: ReadonlyMap<string, A>,
  shown: Map<string, { readonly element: HTMLElement; readonly update: (value: A) => void }>,
  make: (value: A) => { readonly element: HTMLElement; readonly update: (value: A) => void }
): void => {
  for (const [key, { element }] of shown) {
    if (!entries.has(key)) {
      element.remove()
      shown.delete(key)
    }
  }
  let before: Element | null = null
  for (const [key, value] of entries) {
    const known = shown.get(key) ?? make(value)
    shown.set(key, known)
    known.update(value)
    const next: Element | null = before === null ? list.firstElementChild : before.nextElementSibling
    if (next !== known.element) list.insertBefore(known.element, next)
    before = known.element
  }
}

/**
 * Asks in a dialog, which the browser makes modal; yields what closed it, or `left` where the user left it. The first
 * action is also what Enter does. Interruption closes it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const dialog = <A>(
  parts: {
    readonly title: string
    readonly body: ReadonlyArray<Node>
    readonly actions: ReadonlyArray<{
      readonly label: string
      readonly kind: "primary" | "danger" | "plain"
      /** What it closes with; undefined leaves the dialog as it is. */
      readonly take: () => A | undefined
    }>
  },
  left: A
): Effect.Effect<A> =>
  Effect.async((resume) => {
    const id = `dialog-${parts.title.replace(/\W+/g, "-").toLowerCase()}`
    const element = h("dialog", { "aria-labelledby": id })
    const form = h("form", { novalidate: true }, h("h2", { id }, parts.title), ...parts.body)
    const row = h("div", { class: "actions" })
    form.append(row)
    element.append(form)
    const before = document.activeElement
    let result = left
    parts.actions.forEach(({ kind, label, take }, index) => {
      const button = h("button", { type: index === 0 ? "submit" : "button", class: kind }, label)
      const run = (event: Event) => {
        event.preventDefault()
        const taken = take()
        if (taken === undefined) return
        result = taken
        element.close()
      }
      if (index === 0) form.addEventListener("submit", run)
      else button.addEventListener("click", run)
      row.append(button)
    })
    element.addEventListener("close", () => {
      element.remove()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
      resume(Effect.succeed(result))
    })
    document.body.append(element)
    element.showModal()
    return Effect.sync(() => element.close())
  })

/**
 * Asks whether something that cannot be undone is meant; `label` names what is done then.
 *
 * @since 0.1.0
 * @category constructors
 */
export const confirm = (title: string, text: string, label: string): Effect.Effect<boolean> =>
  dialog(
    {
      title,
      body: [h("p", {}, text)],
      actions: [
        { label, kind: "danger", take: () => true },
        { label: "Cancel", kind: "plain", take: () => false }
      ]
    },
    false
  )
