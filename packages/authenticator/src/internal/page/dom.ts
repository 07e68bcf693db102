/** The few things of the DOM that the page needs. Text is only ever text. */

type Child = Node | string | undefined

type Attributes = Readonly<Record<string, string | boolean | undefined>>

/** An element. An attribute of true is there without a value, one of false or undefined is not there. */
export const h = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: ReadonlyArray<Child>
): HTMLElementTagNameMap[Tag] => {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value)
  }
  element.append(...children.filter((child) => child !== undefined))
  return element
}

const svg = "http://www.w3.org/2000/svg"

/** A drawing of lines, which says nothing that the text beside it does not. */
export const icon = (path: string): SVGElement => {
  const drawing = document.createElementNS(svg, "svg")
  for (const [name, value] of [["viewBox", "0 0 24 24"], ["class", "icon"], ["aria-hidden", "true"]] as const) {
    drawing.setAttribute(name, value)
  }
  const line = document.createElementNS(svg, "path")
  line.setAttribute("d", path)
  drawing.append(line)
  return drawing
}

export const paths = {
  shield: "M12 3 19 5.4v6c0 4.3-2.8 7.9-7 9.6-4.2-1.7-7-5.3-7-9.6v-6ZM8.8 12l2.3 2.3 4.3-4.6",
  check: "m5 12.5 4.5 4.5L19 7.5",
  cross: "M6.5 6.5 17.5 17.5M17.5 6.5 6.5 17.5",
  flag: "M6 21V4h11l-2 4 2 4H6",
  camera: "M4 8V5a1 1 0 0 1 1-1h3M16 4h3a1 1 0 0 1 1 1v3M20 16v3a1 1 0 0 1-1 1h-3M8 20H5a1 1 0 0 1-1-1v-3M8 12h8",
  inbox: "M4 13.5 6.3 5h11.4L20 13.5V19H4ZM4 13.5h4.5l1.2 2.5h4.6l1.2-2.5H20",
  key: "M14.5 9.5a4 4 0 1 0-3.8 4l1.3-1.3h2v-2Zm0 0 5.5 5.5v3.5h-3.5l-5.7-5"
} as const

/** Replaces what a keyed list shows: what stays keeps its element, so that focus stays too. */
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

/** Asks in a dialog, which the platform of the browser makes modal; resolves with what closed it. */
export const opened = <A>(
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
): { readonly element: HTMLDialogElement; readonly closed: Promise<A> } => {
  const id = `dialog-${parts.title.replace(/\W+/g, "-").toLowerCase()}`
  const element = h("dialog", { "aria-labelledby": id })
  const form = h("form", { novalidate: true }, h("h2", { id }, parts.title), ...parts.body)
  const row = h("div", { class: "actions" })
  form.append(row)
  element.append(form)
  const before = document.activeElement
  const closed = new Promise<A>((resolve) => {
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
      resolve(result)
    })
  })
  document.body.append(element)
  element.showModal()
  return { element, closed }
}
