/**
 * `layer` of @effect/vitest puts its own methods on vitest's `it`, which test files of one process share: each file
 * begins with those that stand for no layer.
 */
import { it, makeMethods } from "@effect/vitest"

makeMethods(it)
