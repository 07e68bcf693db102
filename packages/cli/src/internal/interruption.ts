/** What an interruption leaves behind, told where a result would have been. */
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import type { Block } from "../Failure.ts"

/** Of the command that runs: none while an interruption leaves nothing behind. */
export const left: FiberRef.FiberRef<Option.Option<Block>> = FiberRef.unsafeMake(Option.none<Block>())

/** Where nothing is to be told, but a document is expected. */
export const nothing: Block = {
  end: "interrupted",
  problem: "The command was interrupted before it had a result.",
  next: "Look whether what it was to do was done."
}

/** From here on an interruption leaves this. */
export const leaves = (block: Omit<Block, "end">) => FiberRef.set(left, Option.some({ ...block, end: "interrupted" }))
