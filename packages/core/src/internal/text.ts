import * as Schema from "effect/Schema"

/** Length in Unicode code points, as the protocol counts: `"🔑"` is one, though two UTF-16 units. */
const codePointLength = (text: string): number => {
  let length = 0
  for (const _ of text) length++
  return length
}

const characters = (count: number): string => count === 1 ? "1 character" : `${count} characters`

/** At most `max` code points. `what` begins the message, which never holds the text: it may be private. */
export const maxCodePoints =
  (max: number, what: string) =>
  <A extends string, I, R>(self: Schema.Schema<A, I, R>): Schema.filter<Schema.Schema<A, I, R>> =>
    self.pipe(Schema.filter((text) => {
      const length = codePointLength(text)
      return length <= max || `${what} has ${characters(length)}; shorten it to at most ${max}`
    }, { jsonSchema: { maxLength: max } }))

/** At least `min` code points. */
export const minCodePoints =
  (min: number, what: string) =>
  <A extends string, I, R>(self: Schema.Schema<A, I, R>): Schema.filter<Schema.Schema<A, I, R>> =>
    self.pipe(Schema.filter((text) => {
      const length = codePointLength(text)
      return length >= min ||
        (length === 0
          ? `${what} is empty; give at least ${characters(min)}`
          : `${what} has ${characters(length)}; give at least ${min}`)
    }, { jsonSchema: { minLength: min } }))

/** A string whose refusal names `what`, not the value. */
export const text = (what: string): Schema.SchemaClass<string> =>
  Schema.String.annotations({ message: () => `${what} is not a text; give a string` })
