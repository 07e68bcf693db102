/** What errors of connections tell of themselves, besides name, message and stack. */
const told = ["code", "errno", "syscall", "hostname", "address", "port"] as const

/** Causes are followed no further. */
const depth = 8

/**
 * An error as a copy that tells what happened and nothing of the message that it happened to: undici's parser, for one,
 * adds the octets that it could not read.
 */
export const withoutMessage = (cause: unknown, left = depth): unknown => {
  if (!(cause instanceof Error)) return cause
  if (left === 0) return undefined
  const copy = new Error(cause.message)
  const { name, stack } = cause
  Object.defineProperties(copy, {
    name: { value: name, configurable: true, writable: true },
    stack: { value: stack, configurable: true, writable: true }
  })
  const facts = told.flatMap((fact) => fact in cause ? [[fact, Reflect.get(cause, fact)]] : [])
  const inner = cause.cause === undefined ? {} : { cause: withoutMessage(cause.cause, left - 1) }
  const all: unknown = Reflect.get(cause, "errors")
  const several = Array.isArray(all) ? { errors: all.map((one) => withoutMessage(one, left - 1)) } : {}
  return Object.assign(copy, Object.fromEntries(facts), inner, several)
}
