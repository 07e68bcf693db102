/** The fields of what is required. */
import { allFactors, type Factor } from "@effect-launchkey/core/Factor"
import { h } from "@effect-launchkey/platform/PageElements"
import * as ui from "../ui.ts"
import type { RequirementDraft } from "./draft.ts"

const factors: { readonly [F in Factor]: string } = {
  inherence: "Inherence: something the user is",
  knowledge: "Knowledge: something the user knows",
  possession: "Possession: something the user has"
}

const kinds: { readonly [K in RequirementDraft["kind"]]: string } = {
  None: "Nothing but the decision",
  MethodAmount: "A number of methods",
  Factors: "Certain factors"
}

/** Complaints by the path below the requirement's own: `amount`, `factors`. */
export type Register = (path: string, field: Pick<ui.Field, "complain" | "control">) => void

export const make = (
  legend: string,
  draft: RequirementDraft,
  options: { readonly kinds: ReadonlyArray<RequirementDraft["kind"]>; readonly amountPath: string },
  register: Register,
  changed: () => void
): HTMLElement => {
  const amount = ui.input("Methods", draft.amount, (value) => {
    draft.amount = value
    changed()
  }, { inputmode: "numeric", class: "short", hint: "0 to 7; 0 asks for the decision alone" })
  const id = ui.freshId("factors")
  const problem = h("p", { class: "problem", id })
  const boxes = h(
    "div",
    { class: "checks", role: "group", "aria-label": "Factors", "aria-describedby": id, tabindex: "-1" },
    ...allFactors.map((factor) =>
      ui.check(factors[factor], draft.factors.has(factor), (checked) => {
        const next = new Set(draft.factors)
        if (checked) next.add(factor)
        else next.delete(factor)
        draft.factors = next
        changed()
      })
    ),
    problem
  )
  register(options.amountPath, amount)
  register("factors", { control: boxes, complain: (text) => problem.textContent = text })
  const show = () => {
    amount.row.hidden = draft.kind !== "MethodAmount"
    boxes.hidden = draft.kind !== "Factors"
  }
  show()
  const choice = options.kinds.length < 2
    ? undefined
    : ui.select("Requires", options.kinds.map((kind) => ({ value: kind, text: kinds[kind] })), draft.kind, (value) => {
      draft.kind = options.kinds.find((kind) => kind === value) ?? draft.kind
      show()
      changed()
    })
  return h("fieldset", { class: "requirement" }, h("legend", {}, legend), choice?.row, amount.row, boxes)
}
