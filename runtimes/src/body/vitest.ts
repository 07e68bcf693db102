/**
 * Stands in for vitest below `@effect/vitest` where vitest cannot run: registers what the test files of the packages
 * register, and runs it one after the other. Has what they use, and no more.
 */
import * as chai from "chai"
import * as FastCheck from "effect/FastCheck"
import * as Predicate from "effect/Predicate"

export { chai }
export const { assert } = chai

// What holds for any value is shown on Node with many; here it is the runtime that is in question.
FastCheck.configureGlobal({ numRuns: 20 })

const tagOf = (value: unknown): unknown => Predicate.isObject(value) && "_tag" in value ? value._tag : undefined

// as packages/testing/test/support/equality.ts has it for vitest
chai.config.deepEqual = (expected, actual) =>
  chai.util.eql(expected, actual, { comparator: (a, b) => tagOf(a) === tagOf(b) ? null : false })

interface TestContext {
  readonly signal: AbortSignal
  readonly onTestFinished: (hook: () => unknown) => void
}

type Run = (context: TestContext) => unknown

interface TestOptions {
  readonly timeout?: number | undefined
}

interface Test {
  readonly _tag: "Test"
  readonly name: string
  readonly run: Run
  readonly timeout: number
}

interface Suite {
  readonly _tag: "Suite"
  readonly name: string
  readonly before: Array<() => unknown>
  readonly after: Array<() => unknown>
  readonly members: Array<Suite | Test>
}

/** How a test, or what surrounds tests, has ended. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly error?: string | undefined
}

const emptySuite = (name: string): Suite => ({ _tag: "Suite", name, before: [], after: [], members: [] })

let current = emptySuite("")

// longer than vitest is given: WebCrypto is in another process in some places
const patience = 60_000

const register = (name: string, first: TestOptions | Run, second?: Run | number): void => {
  const run = typeof first === "function" ? first : second
  const given = typeof second === "number" ? second : typeof first === "function" ? undefined : first.timeout
  if (typeof run !== "function") throw new TypeError(`"${name}" has no body`)
  current.members.push({ _tag: "Test", name, run, timeout: Math.max(given ?? 0, patience) })
}

const leaveOut = (): void => undefined

const skipIf = (condition: unknown) => condition === true ? leaveOut : register

export const it = Object.assign(register, {
  skip: leaveOut,
  skipIf,
  runIf: (condition: unknown) => skipIf(condition !== true),
  scoped: leaveOut
})

const group = (name: string, body: (api: typeof it) => void): void => {
  const outer = current
  current = emptySuite(name)
  outer.members.push(current)
  try {
    body(it)
  } finally {
    current = outer
  }
}

export const describe = Object.assign(group, {
  skip: leaveOut,
  skipIf: (condition: unknown) => condition === true ? leaveOut : group
})

export const beforeAll = (hook: () => unknown): void => void current.before.push(hook)

export const afterAll = (hook: () => unknown): void => void current.after.push(hook)

/** Only so that `@effect/vitest` can be loaded: the packages' tests use `assert`. */
export const expect = { addEqualityTesters: (): void => undefined }

const shown = (error: unknown): string =>
  error instanceof Error
    ? error.stack?.includes(error.message) === true ? error.stack : `${error}\n${error.stack}`
    : String(error)

const within = async (timeout: number, run: (context: TestContext) => unknown): Promise<void> => {
  const abort = new AbortController()
  const hooks: Array<() => unknown> = []
  let timer: ReturnType<typeof setTimeout> | undefined
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${timeout / 1000} seconds`)), timeout)
  })
  try {
    await Promise.race([
      (async () => run({ signal: abort.signal, onTestFinished: (hook) => void hooks.push(hook) }))(),
      tooLong
    ])
  } finally {
    clearTimeout(timer)
    abort.abort()
    for (const hook of hooks) await hook()
  }
}

const attempt = async (
  name: string,
  timeout: number,
  run: (context: TestContext) => unknown
): Promise<Check> => {
  try {
    await within(timeout, run)
    return { name, ok: true }
  } catch (error) {
    return { name, ok: false, error: shown(error) }
  }
}

const inOrder = async (hooks: ReadonlyArray<() => unknown>): Promise<void> => {
  for (const hook of hooks) await hook()
}

const runSuite = async (suite: Suite, path: string): Promise<ReadonlyArray<Check>> => {
  const name = [path, suite.name].filter((part) => part !== "").join(" › ")
  const started = await attempt(`${name} (before all)`, patience, () => inOrder(suite.before))
  if (!started.ok) return [started]
  const checks: Array<Check> = []
  for (const member of suite.members) {
    if (member._tag === "Test") checks.push(await attempt(`${name} › ${member.name}`, member.timeout, member.run))
    else checks.push(...await runSuite(member, name))
  }
  const ended = await attempt(`${name} (after all)`, patience, () => inOrder(suite.after))
  return ended.ok ? checks : [...checks, ended]
}

/**
 * Runs each file of tests with what it has registered. That it cannot be loaded is a check that fails. `extended`
 * is the `it` of `@effect/vitest`, whose `layer` changes it for all that comes after, where vitest has each file begin anew.
 */
export const makeRunner = (extended: object) => {
  const asLoaded = { ...extended }
  return async (name: string, load: () => Promise<unknown>): Promise<ReadonlyArray<Check>> => {
    Object.assign(extended, asLoaded)
    const suite = emptySuite("")
    current = suite
    const loaded = await attempt(`${name} (is loaded)`, patience, load)
    return loaded.ok ? await runSuite(suite, name) : [loaded]
  }
}
