/**
 * Chai takes whatever can be iterated for a list of what it yields. An `Option` yields itself wrapped, so that any two of
 * them were equal, and so an `Either`: here, different tags make different values.
 */
import * as Predicate from "effect/Predicate"
import { chai } from "vitest"

const tagOf = (value: unknown): unknown => Predicate.isObject(value) && "_tag" in value ? value._tag : undefined

chai.config.deepEqual = (expected, actual) =>
  chai.util.eql(expected, actual, { comparator: (a, b) => tagOf(a) === tagOf(b) ? null : false })
