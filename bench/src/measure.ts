/**
 * CPU time per call: what this process used, on all its threads, while a number of calls was made. Wall time would say
 * what else the machine was doing.
 */
import type { Operation } from "./fixture.ts"

export interface Load {
  readonly calls: number
  readonly inFlight: number
}

export interface Subject {
  readonly name: string
  readonly run: (operation: Operation, load: Load) => Promise<void>
  readonly end: () => Promise<void>
}

/** The calls, so many of them at a time. */
export const lanes = async (call: () => Promise<unknown>, { calls, inFlight }: Load): Promise<void> => {
  let left = calls
  const lane = async () => {
    while (left-- > 0) await call()
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
}

/** Microseconds of CPU time per call. */
const slice = async (subject: Subject, operation: Operation, load: Load): Promise<number> => {
  const before = process.cpuUsage()
  await subject.run(operation, load)
  const { system, user } = process.cpuUsage(before)
  return (user + system) / load.calls
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

/**
 * Per subject, the microseconds of each round. The subjects take turns in short slices, each round beginning with
 * another one, so that whatever disturbs the machine disturbs them alike, and the garbage of one is not always paid by
 * the same other.
 */
export const compare = async (
  subjects: ReadonlyArray<Subject>,
  operation: Operation,
  inFlight: number,
  settings: Settings
): Promise<ReadonlyMap<string, ReadonlyArray<number>>> => {
  const calls = new Map<string, number>()
  for (const subject of subjects) {
    await slice(subject, operation, { calls: settings.warmUpCalls, inFlight })
    const micros = await slice(subject, operation, { calls: 2 * inFlight, inFlight })
    calls.set(subject.name, Math.max(2 * inFlight, Math.ceil(settings.sliceMillis * 1000 / micros)))
  }
  const micros = new Map(subjects.map(({ name }) => [name, [] as Array<number>]))
  for (let round = 0; round < settings.rounds; round++) {
    for (let turn = 0; turn < subjects.length; turn++) {
      const subject = subjects[(round + turn) % subjects.length]
      if (subject === undefined) continue
      const load = { calls: calls.get(subject.name) ?? inFlight, inFlight }
      micros.get(subject.name)?.push(await slice(subject, operation, load))
    }
  }
  return micros
}
