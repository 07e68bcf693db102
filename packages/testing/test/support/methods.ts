/**
 * `layer` of @effect/vitest puts its own methods on vitest's `it`, which test files of one process share: each file
 * begins with those that stand for no layer.
 */
import { makeMethods } from "@effect/vitest"
import { it } from "vitest"

makeMethods(it)
