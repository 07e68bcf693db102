import { Effect, Option, Tracer } from "effect"

/** A tracer that keeps every span, in the order in which they began. */
export const recorder = Effect.map(Effect.tracer, (native) => {
  const spans: Array<Tracer.Span> = []
  const tracer = Tracer.make({
    span: (...args) => {
      const span = native.span(...args)
      spans.push(span)
      return span
    },
    context: native.context
  })
  return { spans, tracer }
})

/** A span by its name, or its name and then those within it. */
export type Tree = string | ReadonlyArray<Tree>

/** What is within the span, of those that are of interest. */
export const treeOf = (
  spans: ReadonlyArray<Tracer.Span>,
  span: Tracer.Span,
  interesting: (name: string) => boolean
): Tree => {
  const within = spans
    .filter(({ name, parent }) => interesting(name) && Option.exists(parent, ({ spanId }) => spanId === span.spanId))
    .map((child) => treeOf(spans, child, interesting))
  return within.length === 0 ? span.name : [span.name, ...within]
}

export const attributesOf = ({ attributes }: Tracer.Span) => Object.fromEntries(attributes)
