/**
 * What is looked at within a page, in a browser. Each function runs there, so it stands on nothing but itself.
 *
 * @since 0.1.0
 */

/**
 * Problems of contrast (WCAG 1.4.3), names (4.1.2), sizes of targets (2.5.8), ids and headings, each in a line.
 *
 * @since 0.1.0
 * @category constructors
 */
export const accessibility = (
  /** How many pixels a target has to have each way. */
  target = 24
): ReadonlyArray<string> => {
  const problems: Array<string> = []
  const visible = (element: Element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true })
  const channels = (color: string): ReadonlyArray<number> => {
    if (canvas === null) return [0, 0, 0, 1]
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = color
    canvas.fillRect(0, 0, 1, 1)
    const [r = 0, g = 0, b = 0, a = 0] = canvas.getImageData(0, 0, 1, 1).data
    return [r, g, b, a / 255]
  }
  const luminance = ([r = 0, g = 0, b = 0]: ReadonlyArray<number>) =>
    [[r, 0.2126], [g, 0.7152], [b, 0.0722]].reduce((sum, [value = 0, weight = 0]) => {
      const part = value / 255
      return sum + weight * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    }, 0)
  const behind = (element: Element | null): ReadonlyArray<number> => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor)
      if ((color[3] ?? 0) > 0.99) return color
    }
    return [255, 255, 255, 1]
  }
  const top = document.querySelector("dialog[open]") ?? document.body
  const all = Array.from(top.querySelectorAll("*")).filter(visible)
  for (const element of all) {
    const text = Array.from(element.childNodes).filter((node) => node.nodeType === Node.TEXT_NODE).map((node) =>
      node.textContent?.trim() ?? ""
    ).join("")
    if (text !== "") {
      const style = getComputedStyle(element)
      const [light, dark] = [luminance(channels(style.color)), luminance(behind(element))].sort((a, b) => b - a)
      const ratio = ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05)
      const size = Number.parseFloat(style.fontSize)
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
      if (ratio < (large ? 3 : 4.5) && element.closest("[aria-disabled], :disabled, [aria-hidden]") === null) {
        problems.push(`contrast ${ratio.toFixed(2)} of "${text.slice(0, 30)}"`)
      }
    }
  }
  for (const control of all.filter((element) => element.matches("button, input, select, textarea, a[href], summary"))) {
    const name = control.getAttribute("aria-label")
      ?? (control instanceof HTMLInputElement || control instanceof HTMLSelectElement ||
          control instanceof HTMLTextAreaElement
        ? Array.from(control.labels ?? []).map((label) => label.textContent).join("")
        : control.textContent)
    if ((name ?? "").trim() === "") problems.push(`no name: ${control.outerHTML.slice(0, 60)}`)
    const hit = control.matches("[type=radio], [type=checkbox]") ? control.closest("label") ?? control : control
    const { height, width } = hit.getBoundingClientRect()
    if (height < target || width < target) problems.push(`${Math.round(width)}×${Math.round(height)}: "${name}"`)
  }
  const ids = all.map(({ id }) => id).filter((id) => id !== "")
  for (const id of ids.filter((id, index) => ids.indexOf(id) !== index)) problems.push(`id ${id} twice`)
  for (const element of all) {
    for (const attribute of ["aria-labelledby", "aria-describedby"]) {
      for (const id of (element.getAttribute(attribute) ?? "").split(" ").filter((id) => id !== "")) {
        if (document.getElementById(id) === null) problems.push(`${attribute} names ${id}, which is not there`)
      }
    }
  }
  if (document.documentElement.lang === "") problems.push("no language")
  if (document.querySelectorAll("h1").length !== 1) problems.push("not one h1")
  if (document.documentElement.scrollWidth > innerWidth) problems.push("wider than the screen")
  return problems
}

/**
 * What comes of what injected markup would try.
 *
 * @since 0.1.0
 * @category constructors
 */
export const attacks = async (): Promise<ReadonlyArray<string>> => {
  const tried = (what: string, run: () => string): string => {
    try {
      return `${what}: ${run()}`
    } catch (error) {
      return `${what}: ${error instanceof Error ? error.name : "failed"}`
    }
  }
  const markup = tried("innerHTML", () => {
    document.createElement("div").innerHTML = "<img src=x onerror=\"document.title='run'\">"
    return "taken"
  })
  const script = tried("inline script", () => {
    const element = document.createElement("script")
    element.append("document.title = 'run'")
    document.head.append(element)
    return document.title === "run" ? "ran" : "did not run"
  })
  const elsewhere = await fetch("http://localhost:9/").then(() => "reached", (error) => error.name)
  return [markup, script, `other origin: ${elsewhere}`]
}
