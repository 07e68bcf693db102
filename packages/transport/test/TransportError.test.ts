import { assert, describe, it } from "@effect/vitest"
import { describeReason, RejectionReason } from "../src/Rejection.ts"
import { MessageRejected, operation, TransportError } from "../src/TransportError.ts"

describe("operation", () => {
  for (
    const [path, expected] of [
      ["/service/v3/auths", "/service/v3/auths"],
      ["/service/v3/auths/b1d05c28-0b18-41e4-94a0-853758eeefc8", "/service/v3/auths/…"],
      ["/service/v3/auths/B1D05C28-0B18-41E4-94A0-853758EEEFC8/policy", "/service/v3/auths/…/policy"],
      ["/public/v3/public-key/4f:73:c3:13:97:da:6f:12:1f:12:54:60:38:40:8a:bc", "/public/v3/public-key/…"],
      ["/public/v3/public-key", "/public/v3/public-key"],
      ["/directory/v3/service/keys", "/directory/v3/service/keys"]
    ] as const
  ) {
    it(`calls ${path} ${expected}`, () => assert.strictEqual(operation("GET", path), `GET ${expected}`))
  }

  it("reads a path of any length in no time", () => {
    const path = `/${"ab:".repeat(50_000)}x`
    assert.strictEqual(operation("GET", path), `GET ${path}`)
  })
})

describe("TransportError", () => {
  for (
    const [reason, message] of [
      [
        "Unreachable",
        "GET /service/v3/auths/…: no answer came: the platform could not be reached or the connection broke. "
        + "Check the base URL and the network. Whether the platform has acted on the call is not known."
      ],
      [
        "AnswerTooLarge",
        "GET /service/v3/auths/…: the answer is larger than this protocol allows. "
        + "Check that the base URL is that of a platform. Whether the platform has acted on the call is not known."
      ]
    ] as const
  ) {
    it(`says what happened and what to do when ${reason}`, () => {
      assert.strictEqual(new TransportError({ reason, operation: "GET /service/v3/auths/…" }).message, message)
    })
  }

  it("says so when nothing was sent", () => {
    const error = new TransportError({ reason: "TimedOut", operation: "GET /public/v3/ping", sent: false })
    assert.strictEqual(
      error.message,
      "GET /public/v3/ping: no answer came in time. Check the network, or allow more time. "
        + "The platform has certainly not acted on the call: nothing of it was sent."
    )
  })

  it("takes what is not said to have been unsent for sent", () => {
    assert.isTrue(new TransportError({ reason: "TimedOut", operation: "GET /public/v3/ping" }).sent)
  })
})

describe("MessageRejected", () => {
  it("says which message was refused, and for what", () => {
    const rejected = new MessageRejected({
      kind: "Response",
      reason: "HashMismatch",
      operation: "GET /service/v3/auths/…"
    })
    assert.strictEqual(
      rejected.message,
      "Response to GET /service/v3/auths/… was refused: the content hash differs from the signed claim. "
        + "Nothing of it was used."
    )
  })

  it("tells a device's answer from the message around it", () => {
    const rejected = new MessageRejected({
      kind: "DeviceAnswer",
      reason: "AuthorizationRequestMismatch",
      operation: "GET /service/v3/auths/…"
    })
    assert.strictEqual(
      rejected.message,
      "The device's answer within the response to GET /service/v3/auths/… was refused: "
        + "the device answered another authorization request. Nothing of it was used."
    )
  })

  it("has words for every reason", () => {
    assert.sameMembers(Object.keys(describeReason), [...RejectionReason.literals])
  })
})
