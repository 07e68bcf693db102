import * as Claims from "@effect-launchkey/transport/Claims"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Fault, Reply, Sealing } from "../../Faults.ts"
import { answeredWith, instead, rejected, spoiled, utf8 } from "./describing.ts"

const json = utf8.encode("{}")

/** An answer that is sealed with something wrong about it. */
const forged = (
  name: string,
  description: string,
  reason: Parameters<typeof rejected>[0],
  sealing: Partial<Sealing>,
  change: (reply: Reply) => Reply = (reply) => reply
): Fault =>
  instead({
    name,
    description,
    comesTo: rejected(reason),
    answer: ({ seal }) =>
      Effect.map(seal({ status: 200, body: json, ...sealing }), (reply) => answeredWith(change(reply)))
  })

const withToken = (reply: Reply, change: (parts: ReadonlyArray<string>) => ReadonlyArray<string>): Reply => ({
  ...reply,
  headers: {
    ...reply.headers,
    [Claims.tokenHeader]: change((reply.headers[Claims.tokenHeader] ?? "").split(".")).join(".")
  }
})

/** Another letter in front, which is still canonical base64url. */
const otherFirst = (text = ""): string => `${text.startsWith("A") ? "B" : "A"}${text.slice(1)}`

const base64url = (text: string): string => btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")

/** Sixteen octets that the signature, and so each answer, has of its own. */
const keyIdFrom = (signature = ""): string =>
  Array.from(signature.slice(0, 16), (letter) => letter.charCodeAt(0).toString(16).padStart(2, "0")).join(":")

/** Answers that are not the platform's to this call, or no longer. */
export const forgeries: ReadonlyArray<Fault> = [
  spoiled({
    name: "token-stripped",
    description: "a proxy drops the header with the token",
    comesTo: rejected("TokenMissing"),
    spoil: (reply) => {
      const { [Claims.tokenHeader]: _, ...headers } = reply.headers
      return answeredWith({ ...reply, headers })
    }
  }),
  spoiled({
    name: "token-too-large",
    description: "the token is longer than is looked at",
    comesTo: rejected("TokenTooLarge"),
    spoil: (reply) =>
      answeredWith({
        ...reply,
        headers: { ...reply.headers, [Claims.tokenHeader]: "x".repeat(Claims.maximumTokenLength + 1) }
      })
  }),
  spoiled({
    name: "token-cut",
    description: "the token lacks its signature",
    comesTo: rejected("TokenMalformed"),
    spoil: (reply) => answeredWith(withToken(reply, (parts) => parts.slice(0, 2)))
  }),
  spoiled({
    name: "signature-altered",
    description: "the signature is not the platform's",
    comesTo: rejected("SignatureInvalid"),
    spoil: (reply) =>
      answeredWith(withToken(reply, ([head = "", claims = "", last]) => [head, claims, otherFirst(last)]))
  }),
  spoiled({
    name: "body-stripped",
    description: "a proxy drops the body",
    comesTo: rejected("HashUnexpected"),
    needsBody: true,
    spoil: (reply) => answeredWith({ ...reply, body: new Uint8Array(0) })
  }),
  spoiled({
    name: "body-altered",
    description: "a proxy changes a byte of the body",
    comesTo: rejected("HashMismatch"),
    needsBody: true,
    spoil: (reply) => answeredWith({ ...reply, body: reply.body.map((octet, i) => i === 100 ? octet ^ 1 : octet) })
  }),
  spoiled({
    name: "body-unsigned",
    description: "a body is added to an answer",
    comesTo: rejected("HashMismatch"),
    needsBody: true,
    spoil: (reply) => answeredWith({ ...reply, body: json })
  }),
  spoiled({
    name: "status-changed",
    description: "a proxy makes another status of it",
    comesTo: rejected("StatusMismatch"),
    spoil: (reply) => answeredWith({ ...reply, status: 203 })
  }),
  spoiled({
    name: "location-added",
    description: "a proxy adds a Location header",
    comesTo: rejected("LocationMismatch"),
    spoil: (reply) => answeredWith({ ...reply, headers: { ...reply.headers, location: "https://elsewhere.example/" } })
  }),
  spoiled({
    name: "cache-control-added",
    description: "a proxy adds a Cache-Control header",
    comesTo: rejected("CacheControlMismatch"),
    spoil: (reply) => answeredWith({ ...reply, headers: { ...reply.headers, "cache-control": "max-age=3600" } })
  }),
  spoiled({
    name: "unknown-key-storm",
    description: "each answer names another key that nobody knows",
    comesTo: rejected("KeyUnknown"),
    spoil: (reply) =>
      answeredWith(withToken(reply, ([, claims = "", signature = ""]) => [
        base64url(JSON.stringify({ alg: "RS256", typ: "JWT", kid: keyIdFrom(signature) })),
        claims,
        signature
      ]))
  }),
  forged("strangers-key", "a stranger signs it by a key of his own", "KeyUnknown", { by: "Stranger" }),
  forged("of-another-call", "it answers another call", "TokenIdMismatch", {
    tokenId: "00000000-0000-4000-8000-000000000000"
  }),
  instead({
    name: "duplicated",
    description: "the answer to an earlier call comes once more",
    comesTo: rejected("TokenIdMismatch"),
    // Of a call that was made before this one.
    answer: ({ earlier, seal }) =>
      Option.match(earlier, {
        onNone: () => Effect.map(seal({ status: 200, body: json, tokenId: "none" }), (reply) => answeredWith(reply)),
        onSome: (reply) => answeredWith(reply)
      })
  }),
  forged("for-another-issuer", "it is meant for another issuer", "AudienceMismatch", {
    audience: "svc:00000000-0000-4000-8000-000000000000"
  }),
  forged("about-another-subject", "it is about another entity", "SubjectMismatch", {
    subject: "svc:00000000-0000-4000-8000-000000000000"
  }),
  forged("expired", "it was signed an hour ago", "Expired", { skew: -3600 }),
  forged("not-yet-valid", "it was signed in an hour", "NotYetValid", { skew: 3600 }),
  forged("to-another-key", "the body is encrypted to another's key", "DecryptionKeyUnknown", { toStranger: true })
]
