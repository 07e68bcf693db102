/** The fields of fences and hours. */
import { allDays } from "@effect-launchkey/core/TimeFence"
import { h } from "@effect-launchkey/platform/PageElements"
import * as PolicyWords from "@effect-launchkey/platform/PolicyWords"
import * as ui from "../ui.ts"
import * as countries from "./countries.ts"
import type { FenceDraft, TimeDraft } from "./draft.ts"

type Register = (path: string, field: Pick<ui.Field, "complain" | "control">) => void

export interface Hooks {
  readonly register: Register
  readonly changed: () => void
  readonly remove: () => void
  /** None where it is not on the map. */
  readonly show: (() => void) | undefined
}

const legendOf = (fence: FenceDraft, index: number): string => {
  const what = { Circle: "Circle", Territory: "Territory", Kept: "Fence of another kind" }[fence.kind]
  return `${what} ${index + 1}`
}

/** What of a fence's fields follows the map. */
export interface FenceView {
  readonly element: HTMLElement
  readonly refresh: () => void
  readonly choose: (chosen: boolean) => void
}

const framed = (legend: string, hooks: Hooks, ...children: ReadonlyArray<Node>): HTMLElement =>
  h(
    "fieldset",
    { class: "fence" },
    h("legend", {}, legend),
    ...children,
    h(
      "div",
      { class: "actions" },
      hooks.show === undefined
        ? undefined
        : ui.button("Show on the map", "plain small", hooks.show, { "aria-label": `Show ${legend} on the map` }),
      ui.button("Remove", "quiet small", hooks.remove, { "aria-label": `Remove ${legend}` })
    )
  )

export const fence = (draft: FenceDraft, index: number, path: string, named: boolean, hooks: Hooks): FenceView => {
  const { changed, register } = hooks
  const legend = legendOf(draft, index)
  const of = (element: HTMLElement, refresh: () => void): FenceView => ({
    element,
    refresh,
    choose: (chosen) => element.classList.toggle("chosen", chosen)
  })
  if (draft.kind === "Kept") {
    return of(
      framed(
        legend,
        hooks,
        h("p", {}, "This version does not know its type. It stays as it is, or is removed."),
        h("pre", { class: "json", tabindex: "0" }, "json" in draft.fence ? JSON.stringify(draft.fence.json) : "")
      ),
      () => {}
    )
  }
  const name = ui.input(named ? "Name" : "Name (optional)", draft.name, (value) => {
    draft.name = value
    changed()
  })
  register(`${path}.name`, name)
  if (draft.kind === "Circle") {
    const number = (label: string, member: "latitude" | "longitude" | "radius", hint: string) => {
      const field = ui.input(label, draft[member], (value) => {
        draft[member] = value
        changed()
      }, { inputmode: "decimal", hint })
      register(`${path}.${member}`, field)
      return field
    }
    const latitude = number("Latitude", "latitude", "degrees north, −90 to 90")
    const longitude = number("Longitude", "longitude", "degrees east, −180 to 180")
    const radius = number("Radius", "radius", "metres")
    const element = framed(
      legend,
      hooks,
      h("div", { class: "pair" }, name.row, radius.row),
      h("div", { class: "pair" }, latitude.row, longitude.row)
    )
    return of(element, () => {
      latitude.control.value = draft.latitude
      longitude.control.value = draft.longitude
      radius.control.value = draft.radius
    })
  }
  const part = h("div", {})
  const showParts = () => {
    const parts = countries.partsOf(draft.country)
    const field = ui.select(
      "Part of it",
      [
        { value: "", text: parts.length === 0 ? "It has none" : "The whole country" },
        ...parts.map(({ code, name }) => ({ value: code, text: `${name} (${code})` }))
      ],
      draft.administrativeArea,
      (value) => {
        draft.administrativeArea = value
        changed()
      }
    )
    register(`${path}.administrativeArea`, field)
    part.replaceChildren(field.row)
  }
  showParts()
  const country = ui.select(
    "Country",
    [
      { value: "", text: "Choose one" },
      ...countries.all.map(({ code, name }) => ({ value: code, text: `${name} (${code})` })),
      // one that is newer than this version's list stays what it is
      ...(draft.country === "" || countries.all.some(({ code }) => code === draft.country)
        ? []
        : [{ value: draft.country, text: draft.country }])
    ],
    draft.country,
    (value) => {
      draft.country = value
      draft.administrativeArea = ""
      showParts()
      changed()
    }
  )
  register(`${path}.country`, country)
  const postal = ui.input("Postal code (optional)", draft.postalCode, (value) => {
    draft.postalCode = value
    changed()
  })
  register(`${path}.postalCode`, postal)
  return of(
    framed(
      legend,
      hooks,
      h("div", { class: "pair" }, name.row, country.row),
      h("div", { class: "pair" }, part, postal.row)
    ),
    () => {}
  )
}

const zones: ReadonlyArray<string> = ["UTC", ...Intl.supportedValuesOf("timeZone")]

export const hours = (draft: TimeDraft, index: number, path: string, hooks: Hooks): HTMLElement => {
  const { changed, register } = hooks
  const name = ui.input("Name", draft.name, (value) => {
    draft.name = value
    changed()
  })
  register(`${path}.name`, name)
  const clock = (label: string, member: "start" | "end", hint?: string) => {
    const field = ui.input(label, draft[member], (value) => {
      draft[member] = value
      changed()
    }, { type: "time", ...(hint === undefined ? {} : { hint }) })
    register(`${path}.${member}`, field)
    return field
  }
  const list = ui.freshId("zones")
  const zone = ui.input("Time zone", draft.timeZone, (value) => {
    draft.timeZone = value
    changed()
  }, { list, hint: "IANA name, such as Europe/Berlin" })
  register(`${path}.timeZone`, zone)
  const id = ui.freshId("days")
  const problem = h("p", { class: "problem", id })
  const days = h(
    "div",
    { class: "checks days", role: "group", "aria-label": "Days", "aria-describedby": id, tabindex: "-1" },
    ...allDays.map((day) =>
      ui.check(day.slice(0, 3), draft.days.has(day), (checked) => {
        const next = new Set(draft.days)
        if (checked) next.add(day)
        else next.delete(day)
        draft.days = next
        changed()
      })
    ),
    problem
  )
  register(`${path}.days`, { control: days, complain: (text) => problem.textContent = text })
  return framed(
    `Hours ${index + 1}`,
    hooks,
    h("div", { class: "pair" }, name.row, zone.row),
    h("datalist", { id: list }, ...zones.map((zone) => h("option", { value: zone }))),
    days,
    h(
      "div",
      { class: "pair" },
      clock("From", "start").row,
      clock("To", "end", "its whole minute counts; earlier than From is on the day after").row
    )
  )
}

/** What a fence is called on the map. */
export const labelOf = (draft: FenceDraft): string =>
  draft.kind === "Kept"
    ? PolicyWords.ofFence(draft.fence)
    : draft.name.trim() === ""
    ? draft.kind === "Circle" ? "Circle" : countries.nameOf(draft.country)
    : draft.name
