/**
 * CPU time per call: what this process used, on all its threads, while a number of calls was made. Wall time says what
 * else the machine was doing as well; it is what calls per second and latencies are of. No harness was found that counts
 * CPU time, so these slices are our own.
 */
import type { Answer, Operation, Request } from "./fixture.ts"

export interface Load {
  readonly calls: number
  readonly inFlight: number
  /** Takes the milliseconds of each call. */
  readonly took: (millis: number) => void
}

/** How a floor has its request answered. */
export type Exchange = (operation: Operation, request: Request) => Answer | Promise<Answer>

export interface Subject<in O = Operation> {
  readonly name: string
  readonly run: (operation: O, load: Load) => Promise<void>
  readonly end: () => Promise<void>
}

/** The calls, so many of them at a time. One that returns no promise takes no turn of the event loop. */
export const lanes = async (call: () => unknown, { calls, inFlight, took }: Load): Promise<void> => {
  let left = calls
  const lane = async () => {
    while (left-- > 0) {
      const started = performance.now()
      const result = call()
      if (result instanceof Promise) await result
      took(performance.now() - started)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
}

interface Slice {
  /** Of CPU time, per call. */
  readonly micros: number
  readonly callsPerSecond: number
}

const slice = async <O>(subject: Subject<O>, operation: O, load: Load): Promise<Slice> => {
  const before = process.cpuUsage()
  const started = performance.now()
  await subject.run(operation, load)
  const seconds = (performance.now() - started) / 1000
  const { system, user } = process.cpuUsage(before)
  return { micros: (user + system) / load.calls, callsPerSecond: load.calls / seconds }
}

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export const spread = (values: ReadonlyArray<number>): Spread => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const at = (index: number) => sorted[index] ?? Number.NaN
  return { median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2, min: at(0), max: at(sorted.length - 1) }
}

export interface Settings {
  /** Of each subject before each figure, so that what is measured was compiled. */
  readonly warmUpCalls: number
  readonly rounds: number
  /** How much CPU time one slice is to take, in milliseconds. */
  readonly sliceMillis: number
}

export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** One subject under one load. Of slices, a value for each round. */
export interface Measured {
  readonly micros: ReadonlyArray<number>
  readonly callsPerSecond: ReadonlyArray<number>
  /** Milliseconds of each call of all rounds. */
  readonly latencies: ReadonlyArray<number>
}

/** The one divided by the other, round by round. */
export const ratio = (these: ReadonlyArray<number>, those: ReadonlyArray<number>): Spread =>
  spread(these.map((value, round) => value / (those[round] ?? Number.NaN)))

/**
 * The subjects, measured. They take turns in short slices, each round beginning with another one, so that whatever
 * disturbs the machine disturbs them alike, and the garbage of one is not always paid by the same other.
 */
export const compare = async <O>(
  subjects: ReadonlyArray<Subject<O>>,
  operation: O,
  inFlight: number,
  settings: Settings
): Promise<ReadonlyArray<Measured>> => {
  const measured: Array<
    {
      readonly calls: number
      readonly micros: Array<number>
      readonly perSecond: Array<number>
      latencies: Array<number>
    }
  > = []
  for (const subject of subjects) {
    const load = { inFlight, took: () => {} }
    await slice(subject, operation, { ...load, calls: settings.warmUpCalls })
    const { micros } = await slice(subject, operation, { ...load, calls: inFlight })
    const calls = Math.max(inFlight, Math.ceil(settings.sliceMillis * 1000 / micros))
    measured.push({ calls, micros: [], perSecond: [], latencies: [] })
  }
  for (let round = 0; round < settings.rounds; round++) {
    for (let turn = 0; turn < subjects.length; turn++) {
      const index = (round + turn) % subjects.length
      const [subject, of] = [subjects[index], measured[index]]
      if (subject === undefined || of === undefined) continue
      const found = await slice(subject, operation, {
        calls: of.calls,
        inFlight,
        took: (millis) => of.latencies.push(millis)
      })
      of.micros.push(found.micros)
      of.perSecond.push(found.callsPerSecond)
    }
  }
  return measured.map(({ latencies, micros, perSecond }) => ({ latencies, micros, callsPerSecond: perSecond }))
}
