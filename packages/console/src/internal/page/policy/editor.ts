/** The editor of a service's policy: fields, map, words and JSON of the same policy. */
import * as AuthPolicy from "@effect-launchkey/core/AuthPolicy"
import * as EffectivePolicy from "@effect-launchkey/core/EffectivePolicy"
import type { Issue } from "@effect-launchkey/core/Issues"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import { confirm, h } from "@effect-launchkey/platform/PageElements"
import * as PolicyWords from "@effect-launchkey/platform/PolicyWords"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as ui from "../ui.ts"
import * as countries from "./countries.ts"
import * as Draft from "./draft.ts"
import * as fences from "./fences.ts"
import * as FenceMap from "./map.ts"
import * as requirement from "./requirement.ts"

const kinds: { readonly [K in Draft.Kind]: string } = {
  MethodAmount: "A number of methods",
  Factors: "Certain factors",
  ConditionalGeofence: "Depends on the place",
  Legacy: "Legacy: with hours, for old integrations"
}

const Json = Schema.parseJson(ServicePolicy.ServicePolicy)

const encode = Schema.encodeEither(ServicePolicy.ServicePolicy)

export const jsonOf = (policy: ServicePolicy.ServicePolicy): string =>
  Either.match(encode(policy), { onLeft: () => "", onRight: (json) => JSON.stringify(json, undefined, 2) })

/** What holds by a policy, a sentence each. */
export const sentences = (policy: ServicePolicy.ServicePolicy): ReadonlyArray<string> => {
  if (policy._tag === "UnknownPolicy") return ["This version does not know what the policy demands."]
  const said = PolicyWords.sentences(EffectivePolicy.merge(policy, AuthPolicy.none()))
  return said.length === 0 ? ["Asks for nothing but the user's decision."] : said
}

export const words = (policy: ServicePolicy.ServicePolicy): HTMLElement =>
  h("ul", { class: "words" }, ...sentences(policy).map((text) => h("li", {}, text)))

export interface Editor {
  readonly element: HTMLElement
  /** The policy as it stands; where it cannot be, the first field that says why has the focus. */
  readonly take: () => ServicePolicy.KnownPolicy | undefined
  readonly changed: () => boolean
}

export const make = (
  policy: ServicePolicy.KnownPolicy,
  run: (effect: Effect.Effect<unknown>) => void
): Editor => {
  let draft = Draft.of(policy)
  let chosen: number | undefined
  let complaining = false
  const before = jsonOf(policy)
  const registered = new Map<string, Pick<ui.Field, "complain" | "control">>()
  const register = (prefix: string): requirement.Register => (path, field) => {
    registered.set(prefix === "" ? path : `${prefix}.${path}`, field)
  }
  let views = new Map<number, fences.FenceView>()

  const form = h("div", { class: "policy-form" })
  const summary = h("div", { class: "summary", role: "alert" })
  const said = h("div", { class: "effective", "aria-live": "polite" })
  const json = ui.area("The policy as JSON", "", { rows: "12" }, "As services' keys and the other SDKs send it.")

  const map = FenceMap.make({
    moved: (key, to) => change(key, Draft.coordinates(to)),
    resized: (key, metres) => change(key, { radius: String(metres) }),
    chosen: (key) => choose(key)
  })

  const change = (key: number, members: Partial<Pick<Draft.CircleDraft, "latitude" | "longitude" | "radius">>) => {
    const fence = draft.fences.find((fence) => fence.key === key)
    if (fence?.kind !== "Circle") return
    Object.assign(fence, members)
    views.get(key)?.refresh()
    changed()
  }

  const choose = (key: number) => {
    chosen = key
    for (const [other, view] of views) view.choose(other === key)
    drawAll()
  }

  const drawAll = () =>
    map.draw(
      draft.fences.flatMap((fence): ReadonlyArray<FenceMap.Drawn> => {
        const label = fences.labelOf(fence)
        if (fence.kind === "Territory") return [{ _tag: "Country", key: fence.key, label, country: fence.country }]
        if (fence.kind === "Kept") return []
        const [latitude, longitude, radius] = [fence.latitude, fence.longitude, fence.radius].map(Number)
        return latitude !== undefined && longitude !== undefined && radius !== undefined && Math.abs(latitude) < 89 &&
            Math.abs(longitude) <= 180 && radius > 0 && fence.latitude !== "" && fence.longitude !== ""
          ? [{ _tag: "Circle", key: fence.key, label, latitude, longitude, radius }]
          : []
      }),
      chosen
    )

  /** A problem stands at its field, or at the nearest one above it. */
  const fieldOf = (path: string) => {
    for (let at = path; at !== ""; at = at.replace(/(\.[^.[]+|\[\d+\]|^[^.[]+)$/, "")) {
      const field = registered.get(at)
      if (field !== undefined) return field
    }
    return undefined
  }

  const complain = (issues: ReadonlyArray<Issue>) => {
    for (const field of registered.values()) field.complain("")
    const loose: Array<string> = []
    for (const { path, problem } of issues) {
      const field = fieldOf(path)
      if (field === undefined) loose.push(problem)
      else field.complain(`${problem.slice(0, 1).toUpperCase()}${problem.slice(1)}.`)
    }
    summary.replaceChildren(
      ...(issues.length === 0 ? [] : [h(
        "p",
        {},
        [`${issues.length === 1 ? "One thing is" : `${issues.length} things are`} to be mended`, ...loose].join(": ")
      )])
    )
  }

  const changed = () => {
    drawAll()
    const read = Draft.read(draft)
    if (Either.isRight(read)) {
      complain([])
      said.replaceChildren(words(read.right))
      json.control.value = jsonOf(read.right)
      json.complain("")
    } else {
      if (complaining) complain(read.left)
      said.replaceChildren(h("p", { class: "hint" }, "It is no policy yet: what is wrong stands at the fields."))
    }
  }

  const add = (fence: Draft.FenceDraft) => {
    draft = { ...draft, fences: [...draft.fences, fence] }
    chosen = fence.key
    build()
    views.get(fence.key)?.element.querySelector("input")?.focus()
  }

  const become = (kind: Draft.Kind) => {
    const lost = Draft.lostBy(draft, kind)
    const turn = Effect.sync(() => {
      draft = Draft.as(draft, kind)
      build()
    })
    run(
      lost.length === 0 ? turn : Effect.flatMap(
        confirm("Change the kind?", `It has no place for ${lost.join(" and ")}: they are left out.`, "Change"),
        (sure) => sure ? turn : Effect.sync(build)
      )
    )
  }

  const isKind = (value: string): value is Draft.Kind => value in kinds

  const build = () => {
    registered.clear()
    const { kind } = draft
    const legacy = kind === "Legacy"
    const list = legacy ? "geofences" : "fences"
    const mend = (next: Partial<Draft.Draft>) => {
      draft = { ...draft, ...next }
      changed()
    }
    const kindField = ui.select(
      "Kind",
      Object.entries(kinds).map(([value, text]) => ({ value, text })),
      kind,
      (value) => isKind(value) && become(value)
    )
    const required = (legend: string, at: Draft.RequirementDraft, path: string) =>
      requirement.make(
        legend,
        at,
        {
          kinds: legacy
            ? ["None", "MethodAmount", "Factors"]
            : path === ""
            ? [kind === "Factors" ? "Factors" : "MethodAmount"]
            : ["MethodAmount", "Factors"],
          amountPath: legacy ? "any" : "amount"
        },
        register(path),
        changed
      )
    if (kind === "MethodAmount" || kind === "Factors") draft.required.kind = kind
    const removed = (key: number) => () => {
      draft = { ...draft, fences: draft.fences.filter((fence) => fence.key !== key) }
      build()
      heading.focus()
    }
    views = new Map(draft.fences.map((fence, index) => [
      fence.key,
      fences.fence(fence, index, `${list}[${index}]`, legacy, {
        register: (path, field) => registered.set(path, field),
        changed,
        remove: removed(fence.key),
        show: fence.kind === "Kept" ? undefined : () => {
          choose(fence.key)
          map.show(fence.key)
        }
      })
    ]))
    for (const [key, view] of views) view.element.addEventListener("focusin", () => chosen !== key && choose(key))
    const heading = h("h4", { tabindex: "-1" }, kind === "ConditionalGeofence" ? "Places" : "Only in these places")
    const places = h("div", { class: "places", tabindex: "-1" })
    const problem = h("p", { class: "problem" })
    registered.set(list, { control: places, complain: (text) => problem.textContent = text })
    places.append(
      heading,
      h(
        "p",
        { class: "hint" },
        kind === "ConditionalGeofence"
          ? "One requirement holds inside any of them, the other elsewhere. At least one."
          : "The device has to be in one of them. Without any, it may be anywhere."
      ),
      problem,
      ...Array.from(views.values(), ({ element }) => element),
      h(
        "div",
        { class: "actions" },
        ui.button("Add a circle", "plain small", () => {
          const { radius, ...at } = map.middle()
          add(Draft.circle(at, radius))
        }),
        legacy ? undefined : ui.button("Add a territory", "plain small", () => add(Draft.territory()))
      )
    )
    form.replaceChildren(
      kindField.row,
      ...(kind === "ConditionalGeofence"
        ? [
          places,
          h(
            "div",
            { class: "branches" },
            required("Inside", draft.inside, "inside"),
            required("Outside", draft.outside, "outside")
          )
        ]
        : [required("Requirement", draft.required, ""), places]),
      ...(legacy ? [hoursOf(removedHours)] : []),
      h(
        "fieldset",
        { class: "requirement" },
        h("legend", {}, "Devices"),
        ui.check(
          "Not rooted or jailbroken",
          draft.denyRootedJailbroken,
          (denyRootedJailbroken) => mend({ denyRootedJailbroken })
        ),
        legacy ? h("p", { class: "hint" }, "A legacy policy knows no emulators.") : ui.check(
          "No emulator or simulator",
          draft.denyEmulatorSimulator,
          (denyEmulatorSimulator) => mend({ denyEmulatorSimulator })
        )
      )
    )
    changed()
  }

  const removedHours = (key: number) => () => {
    draft = { ...draft, timeFences: draft.timeFences.filter((fence) => fence.key !== key) }
    build()
  }

  const hoursOf = (removed: (key: number) => () => void) =>
    h(
      "div",
      { class: "places" },
      h("h4", {}, "Only at these hours"),
      h("p", { class: "hint" }, "It has to be within one of them. Without any, at all times."),
      ...draft.timeFences.map((fence, index) =>
        fences.hours(fence, index, `timeFences[${index}]`, {
          register: (path, field) => registered.set(path, field),
          changed,
          remove: removed(fence.key),
          show: undefined
        })
      ),
      h(
        "div",
        { class: "actions" },
        ui.button("Add hours", "plain small", () => {
          const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
          draft = { ...draft, timeFences: [...draft.timeFences, Draft.timeFence(timeZone)] }
          build()
        })
      )
    )

  const useJson = (text: string) =>
    Either.match(Schema.decodeUnknownEither(Json)(text), {
      onLeft: () => json.complain("This is no policy: check that it is JSON, and its members."),
      onRight: (policy) => {
        if (policy._tag === "UnknownPolicy") {
          json.complain("This version does not know the type of this policy, or of a part of it.")
          return
        }
        draft = Draft.of(policy)
        build()
        map.fit()
      }
    })

  const file = h("input", { type: "file", accept: "application/json,.json", "aria-label": "A file of a policy" })
  file.hidden = true
  file.addEventListener("change", () => {
    const [given] = file.files ?? []
    file.value = ""
    if (given !== undefined) {
      run(Effect.matchEffect(Effect.tryPromise(() => given.text()), {
        onFailure: () => Effect.sync(() => json.complain("The file cannot be read.")),
        onSuccess: (text) => Effect.sync(() => useJson(text))
      }))
    }
  })

  build()
  run(Effect.matchEffect(countries.outlines, {
    onFailure: () => Effect.sync(map.missing),
    onSuccess: (all) => Effect.sync(() => map.countries(all))
  }))

  const element = h(
    "div",
    { class: "editor" },
    h("div", { class: "editor-fields" }, summary, form),
    h(
      "div",
      { class: "editor-side" },
      map.element,
      h("section", { class: "card", "aria-label": "What the policy demands" }, h("h3", {}, "In words"), said),
      h(
        "details",
        { class: "card" },
        h("summary", {}, "JSON"),
        json.row,
        h(
          "div",
          { class: "actions" },
          ui.button("Use this JSON", "plain small", () => useJson(json.control.value)),
          ui.button("Read a file", "plain small", () => file.click()),
          ui.button("Save as a file", "plain small", () => save("policy.json", json.control.value)),
          file
        )
      )
    )
  )
  return {
    element,
    changed: () => Either.match(Draft.read(draft), { onLeft: () => true, onRight: (now) => jsonOf(now) !== before }),
    take: () => {
      complaining = true
      const read = Draft.read(draft)
      if (Either.isRight(read)) return read.right
      complain(read.left)
      const [first] = read.left.flatMap(({ path }) => fieldOf(path)?.control ?? []).sort((a, b) =>
        a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1
      )
      first?.focus()
      return undefined
    }
  }
}

/** Has the browser keep a text as a file of its user's. */
export const save = (name: string, text: string): void => {
  const link = h("a", { href: `data:application/json;charset=utf-8,${encodeURIComponent(text)}`, download: name })
  link.click()
}
