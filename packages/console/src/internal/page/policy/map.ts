/** The map of a policy's fences: the world in lines, drawn by the page itself, so that no other host learns of them. */
import * as Fence from "@effect-launchkey/core/Fence"
import { h, s } from "@effect-launchkey/platform/PageElements"
import * as PolicyWords from "@effect-launchkey/platform/PolicyWords"
import type { Country } from "./countries.ts"
import * as geometry from "./geometry.ts"

/** A fence that can be drawn. */
export type Drawn =
  | {
    readonly _tag: "Circle"
    readonly key: number
    readonly label: string
    readonly latitude: number
    readonly longitude: number
    readonly radius: number
  }
  | { readonly _tag: "Country"; readonly key: number; readonly label: string; readonly country: string }

type Circle = Drawn & { readonly _tag: "Circle" }

/** In pixels of the map: what a key moves a circle by, and how near to the edge it may come. */
const steps = { coarse: 10, fine: 1, margin: 24 } as const

const coordinates = ({ latitude, longitude }: Fence.Position) => `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`

export interface Events {
  readonly moved: (key: number, to: Fence.Position) => void
  readonly resized: (key: number, metres: number) => void
  readonly chosen: (key: number) => void
}

export interface FenceMap {
  readonly element: HTMLElement
  readonly draw: (fences: ReadonlyArray<Drawn>, chosen: number | undefined) => void
  readonly countries: (countries: ReadonlyArray<Country>) => void
  readonly missing: () => void
  /** Shows all fences, or the world where there are none. */
  readonly fit: () => void
  readonly show: (key: number) => void
  /** The middle of what is shown, and a radius that is well seen there. */
  readonly middle: () => Fence.Position & { readonly radius: number }
}

const button = (label: string, text: string, act: () => void) => {
  const element = h("button", { type: "button", class: "plain small", "aria-label": label, title: label }, text)
  element.addEventListener("click", act)
  return element
}

export const make = (events: Events): FenceMap => {
  let view: geometry.View = { zoom: 0.7, x: 0, y: 0 }
  let size: geometry.Size = { width: 700, height: 400 }
  let fences: ReadonlyArray<Drawn> = []
  let chosen: number | undefined
  let boxes = new Map<string, geometry.Box>()
  let paths = new Map<string, SVGPathElement>()
  let fitted = false

  const lands = s("g", { class: "lands" })
  const marks = s("g", { class: "marks" })
  const hatch = s(
    "pattern",
    { id: "hatch", width: "8", height: "8", patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    s("rect", { width: "8", height: "8", class: "hatch-ground" }),
    s("line", { x1: "0", y1: "0", x2: "0", y2: "8", class: "hatch-line" })
  )
  // the countries are drawn once and moved as a whole, so what fills them may not be moved with them
  const landHatch = s(
    "pattern",
    { id: "land-hatch", width: "8", height: "8", patternUnits: "userSpaceOnUse" },
    s("rect", { width: "8", height: "8", class: "hatch-ground" }),
    s("line", { x1: "0", y1: "0", x2: "0", y2: "8", class: "hatch-line" })
  )
  const drawing = s(
    "svg",
    {
      class: "drawing",
      tabindex: "0",
      role: "application",
      "aria-label": "Map of the fences. Arrow keys move it, plus and minus zoom, 0 shows all fences.",
      "aria-describedby": "map-says"
    },
    s("defs", {}, hatch, landHatch),
    lands,
    marks
  )
  const scaleBar = h("span", { class: "scale-bar" })
  const scaleText = h("span", {})
  const under = h("span", { class: "under mono" })
  const told = h("p", { class: "told", role: "status" })
  const says = h("p", { id: "map-says", class: "hint" }, "The map is loading.")
  const element = h(
    "figure",
    { class: "map" },
    h(
      "div",
      { class: "frame" },
      drawing,
      h(
        "div",
        { class: "map-buttons" },
        button("Nearer", "+", () => zoom(2)),
        button("Farther", "−", () => zoom(0.5)),
        button("All fences", "⤢", () => fit())
      ),
      h("div", { class: "scale", "aria-hidden": "true" }, under, scaleText, scaleBar)
    ),
    h("figcaption", {}, told, says)
  )

  const look = (next: geometry.View) => {
    view = geometry.within(next, size)
    paint()
  }

  const zoom = (factor: number, at: readonly [number, number] = [size.width / 2, size.height / 2]) =>
    look(geometry.zoomed(view, factor, at))

  const boxOf = (fence: Drawn) => fence._tag === "Circle" ? geometry.circleBox(fence) : boxes.get(fence.country)

  const fit = () => {
    const found = fences.map(boxOf).filter((box) => box !== undefined)
    const all: geometry.Box = found.length === 0
      ? [[80, 190], [920, 700]]
      : [
        [Math.min(...found.map(([[left]]) => left)), Math.min(...found.map(([[, top]]) => top))],
        [Math.max(...found.map(([, [right]]) => right)), Math.max(...found.map(([, [, bottom]]) => bottom))]
      ]
    look(found.length === 0 ? { ...geometry.fitting(all, size), ...widest(all) } : geometry.fitting(all, size))
  }

  /** The world fills the width. */
  const widest = ([[, top], [, bottom]]: geometry.Box): geometry.View => {
    const zoom = size.width / geometry.world
    return { zoom, x: 0, y: size.height / 2 - zoom * (top + bottom) / 2 }
  }

  /** Follows a pointer from where it takes hold; what it does is undone by Escape nowhere, as the fields have the same. */
  const dragging = (
    target: SVGElement,
    begun: (event: PointerEvent) => (event: PointerEvent) => void
  ) => {
    target.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return
      event.stopPropagation()
      const move = begun(event)
      drawing.setPointerCapture(event.pointerId)
      drawing.classList.add("dragging")
      const moved = (event: PointerEvent) => move(event)
      const ended = () => {
        drawing.classList.remove("dragging")
        drawing.removeEventListener("pointermove", moved)
        drawing.removeEventListener("pointerup", ended)
        drawing.removeEventListener("pointercancel", ended)
      }
      drawing.addEventListener("pointermove", moved)
      drawing.addEventListener("pointerup", ended)
      drawing.addEventListener("pointercancel", ended)
    })
  }

  const position = (event: MouseEvent): readonly [number, number] => {
    const { left, top } = drawing.getBoundingClientRect()
    return [event.clientX - left, event.clientY - top]
  }

  const circleOf = (key: number) =>
    fences.find((fence): fence is Circle => fence.key === key && fence._tag === "Circle")

  /** What a key does to a circle whose cross has the focus: the same that dragging does. */
  const byKey = (key: number, event: KeyboardEvent) => {
    const now = circleOf(key)
    if (now === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    const step = event.shiftKey ? steps.fine : steps.coarse
    const moved = (right: number, down: number) => () => {
      const [x, y] = geometry.project(view, now)
      events.moved(key, geometry.unproject(view, x + right * step, y + down * step))
      follow(key)
    }
    const sized = (factor: number) => () => events.resized(key, geometry.rounded(now.radius * factor))
    const keys: Readonly<Record<string, () => void>> = {
      ArrowLeft: moved(-1, 0),
      ArrowRight: moved(1, 0),
      ArrowUp: moved(0, -1),
      ArrowDown: moved(0, 1),
      "+": sized(1.1),
      "=": sized(1.1),
      "-": sized(1 / 1.1)
    }
    const act = keys[event.key]
    if (act === undefined) return
    event.preventDefault()
    event.stopPropagation()
    act()
    const then = circleOf(key)
    if (then !== undefined) {
      told.textContent = `${then.label}: ${coordinates(then)}, within ${PolicyWords.distance(then.radius)}.`
    }
  }

  /** Keeps in sight what is moved by keys. */
  const follow = (key: number) => {
    const now = circleOf(key)
    if (now === undefined) return
    const [x, y] = geometry.project(view, now)
    const beyond = (at: number, length: number) =>
      Math.min(0, at - steps.margin) + Math.max(0, at + steps.margin - length)
    look({ ...view, x: view.x - beyond(x, size.width), y: view.y - beyond(y, size.height) })
  }

  const handle = (fence: Circle, what: "centre" | "radius") => {
    const element = s(
      "g",
      {
        class: `handle ${what}`,
        // one stop for both, as its keys do what both handles do
        ...(what === "centre"
          ? { tabindex: "0", role: "button", "aria-roledescription": "fence", "aria-describedby": "map-says" }
          : {})
      },
      s("circle", { r: "16", class: "reach" }),
      what === "centre" ? s("path", { d: "M-9 0H9M0-9V9" }) : s("rect", { x: "-6", y: "-6", width: "12", height: "12" })
    )
    dragging(element, () => {
      events.chosen(fence.key)
      return (event) => {
        const at = geometry.unproject(view, ...position(event))
        if (what === "centre") events.moved(fence.key, at)
        else {
          const now = circleOf(fence.key)
          if (now !== undefined) events.resized(fence.key, geometry.rounded(Fence.distance(now, at)))
        }
      }
    })
    if (what === "centre") {
      element.addEventListener("focus", () => events.chosen(fence.key))
      element.addEventListener("keydown", (event) => byKey(fence.key, event))
    }
    return element
  }

  const shown = new Map<number, {
    readonly group: SVGGElement
    readonly area: SVGPathElement
    readonly centre: SVGGElement
    readonly radius: SVGGElement
    readonly text: SVGTextElement
  }>()

  const shapes = (fence: Circle) => {
    const area = s("path", { class: "area", fill: "url(#hatch)" })
    const text = s("text", { class: "label", "text-anchor": "middle" })
    const centre = handle(fence, "centre")
    const radius = handle(fence, "radius")
    area.addEventListener("click", () => events.chosen(fence.key))
    return { group: s("g", { class: "circle" }, area, text, centre, radius), area, text, centre, radius }
  }

  const paint = () => {
    lands.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.zoom})`)
    landHatch.setAttribute("patternTransform", `scale(${1 / view.zoom}) rotate(45)`)
    for (const [key, { group }] of shown) {
      if (!fences.some((fence) => fence.key === key && fence._tag === "Circle")) {
        group.remove()
        shown.delete(key)
      }
    }
    for (const fence of fences) {
      if (fence._tag !== "Circle") continue
      const shape = shown.get(fence.key) ?? shapes(fence)
      if (!shown.has(fence.key)) {
        shown.set(fence.key, shape)
        marks.append(shape.group)
      }
      const [x, y] = geometry.project(view, fence)
      const [east, level] = geometry.project(view, geometry.eastern(fence))
      shape.group.classList.toggle("chosen", fence.key === chosen)
      shape.area.setAttribute("d", geometry.circle(view, size, fence))
      shape.centre.setAttribute("transform", `translate(${x} ${y})`)
      shape.centre.setAttribute("aria-label", fence.label)
      // a circle that is smaller than its own handles is taken hold of beside it
      shape.radius.setAttribute("transform", `translate(${Math.max(east, x + 26)} ${level})`)
      shape.text.setAttribute("x", String(x))
      shape.text.setAttribute("y", String(y + 30))
      shape.text.textContent = fence.label
    }
    for (const [code, path] of paths) {
      const fence = fences.find((fence) => fence._tag === "Country" && fence.country === code)
      path.classList.toggle("fenced", fence !== undefined)
      if (fence === undefined) path.removeAttribute("fill")
      else path.setAttribute("fill", "url(#land-hatch)")
    }
    const { metres, pixels } = geometry.scale(view, size)
    scaleBar.style.width = `${pixels}px`
    scaleText.textContent = PolicyWords.distance(metres)
  }

  dragging(drawing, (start) => {
    const [x, y] = position(start)
    const from = view
    return (event) => {
      const [toX, toY] = position(event)
      look({ zoom: from.zoom, x: from.x + toX - x, y: from.y + toY - y })
    }
  })
  drawing.addEventListener("pointermove", (event) => {
    under.textContent = coordinates(geometry.unproject(view, ...position(event)))
  })
  drawing.addEventListener("pointerleave", () => {
    under.textContent = ""
  })
  // with "Farther", the way to any place for whoever cannot drag
  drawing.addEventListener("dblclick", (event) => zoom(2, position(event)))
  // a page that is scrolled past the map does not get stuck in it
  drawing.addEventListener("wheel", (event) => {
    if (document.activeElement !== drawing && !event.ctrlKey) return
    event.preventDefault()
    zoom(2 ** (-event.deltaY / 240), position(event))
  }, { passive: false })
  drawing.addEventListener("keydown", (event) => {
    const step = 60
    const keys: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => look({ ...view, x: view.x + step }),
      ArrowRight: () => look({ ...view, x: view.x - step }),
      ArrowUp: () => look({ ...view, y: view.y + step }),
      ArrowDown: () => look({ ...view, y: view.y - step }),
      "+": () => zoom(2),
      "=": () => zoom(2),
      "-": () => zoom(0.5),
      "0": fit
    }
    const act = keys[event.key]
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    act()
  })

  new ResizeObserver(() => {
    const { height, width } = drawing.getBoundingClientRect()
    if (width === 0) return
    const first = !fitted
    const old = size
    size = { width, height }
    fitted = true
    if (first) fit()
    else look({ ...view, x: view.x + (width - old.width) / 2, y: view.y + (height - old.height) / 2 })
  }).observe(drawing)

  const describe = () => {
    says.textContent = fences.length === 0
      ? "No fence is drawn. The map comes with this page: no other host learns what is looked at."
      : `Hatched is inside ${fences.length === 1 ? "the fence" : "the fences"}, all else outside. `
        + "Drag a cross to move a circle and a square to size it, or use the fields. By keyboard, Tab leads to a cross: "
        + "there arrow keys move the circle, with Shift by little, and plus and minus size it. "
        + "Click the map before you zoom by wheel; a double click zooms in."
  }

  return {
    element,
    draw: (next, key) => {
      fences = next
      chosen = key
      paint()
      if (paths.size > 0) describe()
    },
    countries: (countries) => {
      const drawn = countries.map(({ code, name, outline }) => ({
        code,
        box: geometry.box(outline),
        outline,
        path: s("path", { d: geometry.outline(outline), class: "land" }, s("title", {}, name))
      }))
      lands.replaceChildren(...drawn.map(({ path }) => path))
      const coded = drawn.flatMap(({ code, ...rest }) => code === undefined ? [] : [{ code, ...rest }])
      paths = new Map(coded.map(({ code, path }) => [code, path]))
      boxes = new Map(coded.map(({ box, code }) => [code, box]))
      describe()
      fit()
    },
    missing: () => {
      says.textContent = "The map could not be loaded. The fields beside it are enough."
    },
    fit,
    show: (key) => {
      const fence = fences.find((fence) => fence.key === key)
      const box = fence === undefined ? undefined : boxOf(fence)
      if (box !== undefined) look(geometry.fitting(box, size))
    },
    middle: () => {
      const at = geometry.unproject(view, size.width / 2, size.height / 2)
      const edge = geometry.unproject(view, size.width / 2, size.height / 4)
      return { ...at, radius: geometry.rounded(Fence.distance(at, edge)) }
    }
  }
}
