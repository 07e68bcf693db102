/** How the platform's stores read the rows of their tables. */
import type { Database } from "@effect-launchkey/sql/Database"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Records from "./records.ts"

/** As in JSON, without its quotes: different texts stay different, and PostgreSQL can hold all of them. */
export const text = (key: string): string => JSON.stringify(key).slice(1, -1)

export type Rows<Column extends string> = Effect.Effect<ReadonlyArray<Readonly<Record<Column, string>>>, SqlError>

export const decoded = <A>({ decode }: Records.Codec<A>, operation: string, texts: ReadonlyArray<string>) =>
  Effect.forEach(texts, (json) => decode(operation, json))

export const head = <A>(values: ReadonlyArray<A>): Option.Option<A> => Option.fromNullable(values[0])

export const make = ({ join }: Database) => {
  const read = <A>(operation: string, codec: Records.Codec<A>, rows: Rows<"record">) =>
    Effect.flatMap(join(operation, rows), (found) => decoded(codec, operation, found.map(({ record }) => record)))

  const readOne = <A>(operation: string, codec: Records.Codec<A>, rows: Rows<"record">) =>
    Effect.map(read(operation, codec, rows), head)

  /** Whether the statement, which returns what it changed, changed anything. */
  const changed = (operation: string, rows: Effect.Effect<ReadonlyArray<unknown>, SqlError>) =>
    Effect.map(join(operation, rows), ({ length }) => length > 0)

  return { changed, read, readOne }
}
