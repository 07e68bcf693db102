import { assert, describe, it } from "@effect/vitest"
import { inspect } from "node:util"
import { withoutMessage } from "../src/internal/causes.ts"

/** As undici's parser fails, within what fetch makes of it. */
const unreadable = new TypeError("terminated", {
  cause: Object.assign(new Error("Response does not match the HTTP/1.1 protocol"), {
    name: "HTTPParserError",
    code: "HPE_INVALID_CHUNK_SIZE",
    data: "eyJhbGciOiJSU0EtT0FFUCJ9.the-body-of-the-answer"
  })
})

describe("withoutMessage", () => {
  it("leaves out the octets that a parser could not read", () => {
    assert.include(inspect(unreadable), "the-body-of-the-answer")
    assert.notInclude(inspect(withoutMessage(unreadable), { showHidden: true }), "the-body-of-the-answer")
  })

  it("keeps what happened, and where", () => {
    const copy = withoutMessage(unreadable)
    assert.instanceOf(copy, Error)
    assert.propertyVal(copy, "message", "terminated")
    assert.propertyVal(copy.cause, "name", "HTTPParserError")
    assert.propertyVal(copy.cause, "code", "HPE_INVALID_CHUNK_SIZE")
  })

  it("keeps each of several errors", () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", syscall: "connect" })
    const copy = withoutMessage(new AggregateError([refused], "all refused")) as AggregateError
    assert.propertyVal(copy.errors[0], "syscall", "connect")
  })

  it("ends where causes name each other", () => {
    const one = new Error("one")
    one.cause = new Error("other", { cause: one })
    assert.instanceOf(withoutMessage(one), Error)
  })

  it("leaves alone what is no error", () => {
    assert.strictEqual(withoutMessage("a text"), "a text")
    assert.isUndefined(withoutMessage(undefined))
  })
})
