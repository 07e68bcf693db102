/**
 * The reasons for a denial that the user's device offers.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { maxCodePoints, minCodePoints, text } from "./internal/text.ts"
import { lenientBoolean } from "./internal/wire.ts"

/**
 * Names a reason within its request: 1 to 5 code points. The device answers with it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DenialReasonId = text("the id of a denial reason").pipe(
  minCodePoints(1, "the id of a denial reason"),
  maxCodePoints(5, "the id of a denial reason")
)

/**
 * A reason a user may choose on denying. Only a directory service whose directory asks for the context of denials may
 * offer reasons.
 *
 * @see docs/protocol.md "Denial reasons"
 * @since 0.1.0
 * @category schemas
 */
export class DenialReason extends Schema.Class<DenialReason>("@effect-launchkey/core/DenialReason")({
  id: DenialReasonId,
  /** What the user reads: 1 to 255 code points. The upper limit is this project's own. */
  reason: text("the text of a denial reason").pipe(
    minCodePoints(1, "the text of a denial reason"),
    maxCodePoints(255, "the text of a denial reason")
  ),
  /** Choosing it reports fraud: the answer's reason is then `FRAUDULENT`, else `DISAPPROVED`. */
  fraud: lenientBoolean("fraud is not a boolean; give true or false")
}) {}

/**
 * A reason that reports fraud. Throws a `ParseError` when the id or text is out of its limits: for literals in source.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fraudulent = (id: string, reason: string): DenialReason => new DenialReason({ id, reason, fraud: true })

/**
 * A reason that reports no fraud. Throws a `ParseError` when the id or text is out of its limits: for literals in
 * source.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ordinary = (id: string, reason: string): DenialReason => new DenialReason({ id, reason, fraud: false })

const problems = (reasons: ReadonlyArray<DenialReason>): Array<Schema.FilterIssue> => {
  const found: Array<Schema.FilterIssue> = []
  const say = (message: string, path: ReadonlyArray<PropertyKey> = []) => found.push({ path, message })
  if (reasons.length < 2) {
    const given = reasons.length === 1 ? "1 denial reason" : `${reasons.length} denial reasons`
    say(`${given} given; give at least two, one of them fraudulent, or none at all`)
  }
  reasons.forEach(({ id }, index) => {
    const first = reasons.findIndex((other) => other.id === id)
    if (first < index) say(`the denial reason has the id of number ${first + 1}; give each its own`, [index, "id"])
  })
  if (reasons.length > 0 && !reasons.some(({ fraud }) => fraud)) {
    say("no denial reason is fraudulent; add one with fraud true")
  }
  if (reasons.length > 0 && reasons.every(({ fraud }) => fraud)) {
    say("every denial reason is fraudulent; add one with fraud false")
  }
  return found
}

/**
 * The reasons of one request: at least two, with different ids, at least one fraudulent and one not.
 *
 * @see docs/protocol.md "Denial reasons"
 * @since 0.1.0
 * @category schemas
 */
export const DenialReasons = Schema.Array(DenialReason).annotations({ message: () => "expected a list" }).pipe(
  Schema.filter(problems, {
    identifier: "@effect-launchkey/core/DenialReason/DenialReasons",
    arbitrary: () => (fc) =>
      fc.uniqueArray(
        fc.record({
          id: fc.string({ minLength: 1, maxLength: 5 }),
          reason: fc.string({ minLength: 1, maxLength: 255 }),
          fraud: fc.boolean()
        }),
        { minLength: 2, maxLength: 8, selector: ({ id }) => id }
      ).map((reasons) =>
        reasons.map((reason, index) =>
          new DenialReason({ ...reason, fraud: index === 0 || (index > 1 && reason.fraud) })
        )
      )
  })
)

/**
 * @since 0.1.0
 * @category models
 */
export type DenialReasons = typeof DenialReasons.Type
