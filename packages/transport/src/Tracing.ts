/**
 * Spans of what happens within a call, and the trace that a message may carry.
 *
 * @see docs/telemetry.md "Spans"
 * @since 0.1.0
 */
import type * as Headers from "@effect/platform/Headers"
import * as HttpTraceContext from "@effect/platform/HttpTraceContext"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"

const native = Context.get(DefaultServices.liveServices, Tracer.Tracer)

/**
 * A span for those who have a tracer. Without one it would be made for nobody, and costs more than some of the steps
 * that it would time.
 *
 * @since 0.1.0
 * @category combinators
 */
export const traced = (name: string, options?: () => Tracer.SpanOptions) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.tracerWith((tracer) =>
    tracer === native
      ? effect
      : Effect.useSpan(
        name,
        { captureStackTrace: false, ...options?.() },
        (span) => Effect.withParentSpan(effect, span)
      )
  )

/**
 * As `Effect.annotateCurrentSpan`, of a span that {@link traced} made.
 *
 * @since 0.1.0
 * @category combinators
 */
export const annotated = (attributes: { readonly [name: string]: unknown }): Effect.Effect<void> =>
  Effect.tracerWith((tracer) => tracer === native ? Effect.void : Effect.annotateCurrentSpan(attributes))

/**
 * The header by which a receiver continues the current trace, where there is one.
 *
 * @see https://www.w3.org/TR/trace-context/
 * @since 0.1.0
 * @category conversions
 */
export const toHeaders: Effect.Effect<{ readonly traceparent?: string }> = Effect.currentSpan.pipe(
  Effect.map((span) => HttpTraceContext.toHeaders(span)),
  // Those of a tracer that is switched off name no trace.
  Effect.filterOrFail((headers) => Option.isSome(HttpTraceContext.w3c(headers))),
  Effect.map(({ traceparent }) => traceparent === undefined ? {} : { traceparent }),
  Effect.orElseSucceed(() => ({}))
)

/**
 * The span that whoever sent the headers was in, as far as they say so. Unverified: good for tracing alone.
 *
 * @see https://www.w3.org/TR/trace-context/
 * @since 0.1.0
 * @category conversions
 */
export const fromHeaders = (headers: Headers.Headers): Option.Option<Tracer.ExternalSpan> =>
  HttpTraceContext.w3c(headers)
