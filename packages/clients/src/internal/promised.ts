import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Handler, Promised } from "../PromiseClients.ts"

/** Rejects with the error itself. */
export type Run<R> = <A, E>(effect: Effect.Effect<A, E, R>, signal?: AbortSignal) => Promise<A>

/** What a function of the caller's has thrown, to be thrown on as it is. */
class Thrown extends Data.TaggedError("Thrown")<{ readonly cause: unknown }> {}

export const rejection = (cause: Cause.Cause<unknown>): unknown => {
  const error = Cause.squash(cause)
  return error instanceof Thrown ? error.cause : error
}

export const handled = <Event>(handler: Handler<Event>, event: Event): Effect.Effect<unknown, Thrown> =>
  Effect.tryPromise({
    try: async (signal) => handler(event, { signal }),
    catch: (cause) => new Thrown({ cause })
  })

const hasSignal = (value: unknown): value is { readonly signal: AbortSignal | undefined } =>
  Predicate.hasProperty(value, "signal") &&
  (value.signal === undefined || Predicate.hasProperty(value.signal, "aborted"))

/** The client's own parameters, and the signal. Options that hold no more than that are none. */
const split = (parameters: ReadonlyArray<unknown>): readonly [ReadonlyArray<unknown>, AbortSignal | undefined] => {
  const last = parameters.at(-1)
  if (!hasSignal(last)) return [parameters, undefined]
  const { signal, ...options } = last
  const before = parameters.slice(0, -1)
  return [Object.keys(options).length === 0 ? before : [...before, options], signal]
}

const resolved = (value: unknown): unknown => Option.isOption(value) ? Option.getOrUndefined(value) : value

type Method = (...parameters: ReadonlyArray<unknown>) => Effect.Effect<unknown, unknown>

const method =
  (member: Effect.Effect<unknown, unknown> | Method, run: Run<never>) =>
  async (...parameters: ReadonlyArray<unknown>): Promise<unknown> => {
    const [own, signal] = split(parameters)
    return resolved(await run(Effect.isEffect(member) ? member : Effect.suspend(() => member(...own)), signal))
  }

export const client = <Client extends object>(self: Client, run: Run<never>): Promised<Client> =>
  // member by member, as the type says
  Object.fromEntries(Object.entries(self).map(([name, member]) => [name, method(member, run)])) as Promised<Client>

/** As a stream that was pulled says that it has ended. */
const ended = <E>(error: Option.Option<E>): Effect.Effect<Option.Option<never>, E> =>
  Option.match(error, { onNone: () => Effect.succeedNone, onSome: Effect.fail })

/** Whoever leaves the loop, ends the stream; so does the end of the scope around it. */
export const iterable = <A, E>(
  stream: Stream.Stream<A, E>,
  run: Run<never>,
  { around, signal }: { readonly around: Scope.Scope; readonly signal: AbortSignal | undefined }
): AsyncIterable<A> => ({
  async *[Symbol.asyncIterator]() {
    const scope = await run(Scope.fork(around, ExecutionStrategy.sequential), signal)
    try {
      const pull = await run(Scope.extend(Stream.toPull(stream), scope), signal)
      for (;;) {
        const chunk = await run(Effect.catchAll(Effect.asSome(pull), ended), signal)
        if (Option.isNone(chunk)) return
        yield* chunk.value
      }
    } finally {
      await Effect.runPromise(Scope.close(scope, Exit.void))
    }
  }
})
