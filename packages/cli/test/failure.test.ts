import { OutcomeUnknown } from "@effect-launchkey/clients/OutcomeUnknown"
import { AwaitTimedOut } from "@effect-launchkey/clients/ServiceClient"
import * as ApiError from "@effect-launchkey/core/ApiError"
import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import { MessageRejected, TransportError } from "@effect-launchkey/transport/TransportError"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Option, Schema } from "effect"
import { table } from "../src/ExitCode.ts"
import * as Failure from "../src/Failure.ts"

const id = AuthorizationRequestId.make("9c0f6f3a-7d1c-11ee-b962-0242ac120002")
const unreachable = new TransportError({ reason: "Unreachable", operation: "POST /service/v3/auths", sent: false })

describe("Failure", () => {
  it("tells which request is in the way, and until when", () => {
    const error = new ApiError.AuthorizationInProgress({
      authorizationRequestId: Option.some(id),
      expires: Option.some(DateTime.unsafeMake("2031-01-01T00:00:00Z")),
      fromSameService: true,
      detail: ""
    })
    assert.strictEqual(
      Failure.text(Failure.describe(error)),
      `Problem: The user already has an authorization request open (SVC-005).
  authorizationRequestId: ${id}
  expires: 2031-01-01T00:00:00.000Z
  fromSameService: true
Next:    Await or cancel it if it is yours (fromSameService), else try again after it expires.`
    )
  })

  it("leaves out of JSON what there is not", () => {
    const told = (error: Failure.Failure) => Failure.document(error._tag, Failure.describe(error)).error
    assert.deepStrictEqual(told(new ApiError.RateLimited({ retryAfter: Option.none() })).details, {})
    assert.deepStrictEqual(
      told(new ApiError.RateLimited({ retryAfter: Option.some(Duration.seconds(3)) })).details,
      { retryAfterSeconds: 3 }
    )
  })

  it("says what the platform wrote, unless it is the same", () => {
    const says = (detail: unknown) => Failure.describe(new ApiError.EntityNotFound({ detail })).details
    assert.deepStrictEqual(says("no such device"), { platformSays: "no such device" })
    assert.deepStrictEqual(says({ user: ["unknown"] }), { platformSays: { user: ["unknown"] } })
    for (const detail of ["", null, undefined, ApiError.table.EntityNotFound.problem]) {
      assert.deepStrictEqual(says(detail), {})
    }
  })

  it("lets nothing that the platform wrote command the terminal", () => {
    const error = new ApiError.UnexpectedApiError({ status: 418, code: "TEA\u001b[2J", detail: "a\nb\u202ec" })
    assert.strictEqual(
      Failure.text(Failure.describe(error)),
      `Problem: The platform refused the request with status 418, for which this version has no name.
  code: TEA\\u001b[2J
  platformSays: a\\u000ab\\u202ec
Next:    Read what the platform says. A newer version of this command may know it.`
    )
  })

  it("has an exit code for each kind of end", () => {
    const endOf = (error: Failure.Failure) => table[Failure.describe(error).end].code
    const unknown = { cause: unreachable, until: DateTime.unsafeMake("2031-01-01T00:00:00Z") }
    assert.strictEqual(endOf(new ApiError.RequestTimedOut({ detail: "" })), 4)
    assert.strictEqual(endOf(new AwaitTimedOut({ id })), 4)
    assert.strictEqual(endOf(unreachable), 5)
    assert.strictEqual(
      endOf(new MessageRejected({ kind: "Response", reason: "SignatureInvalid", operation: "GET /x" })),
      5
    )
    assert.strictEqual(endOf(new OutcomeUnknown({ ...unknown, candidate: Option.none() })), 5)
    assert.strictEqual(endOf(new ApiError.Unauthorized({ authenticated: false, detail: "" })), 6)
    assert.strictEqual(endOf(new ApiError.InvalidParameters({ origin: "Client", issues: [], detail: "" })), 2)
    assert.strictEqual(endOf(new ApiError.InvalidParameters({ origin: "Platform", issues: [], detail: "" })), 1)
  })

  it("tells whether a request may be open that nobody knows of", () => {
    const until = DateTime.unsafeMake("2031-01-01T00:00:00Z")
    const told = (candidate: Option.Option<typeof id>) =>
      Failure.describe(new OutcomeUnknown({ cause: unreachable, until, candidate }))
    assert.deepStrictEqual(told(Option.some(id)).details, {
      candidate: id,
      until: "2031-01-01T00:00:00.000Z",
      cause: "TransportError"
    })
    assert.include(told(Option.some(id)).next, "Cancel it and ask again")
    assert.include(told(Option.none()).next, "ask again then")
  })

  it("writes documents that its schema reads", () => {
    const document = Failure.document("TransportError", Failure.describe(unreachable))
    assert.deepStrictEqual(
      Schema.decodeUnknownSync(Failure.FailureDocument)(JSON.parse(JSON.stringify(document))),
      document
    )
    assert.deepStrictEqual(document.error.details, {
      reason: "Unreachable",
      operation: "POST /service/v3/auths",
      sent: false
    })
  })
})
