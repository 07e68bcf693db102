import { isHttpClientError } from "@effect/platform/HttpClientError"
import * as Predicate from "effect/Predicate"

/** Of the operating system and of the resolver: there was no connection to write to. */
const connecting = new Set(["connect", "getaddrinfo", "queryA", "queryAaaa"])

/**
 * What clients on Node, Bun and Deno say while they connect and at no other time. Others that are often seen then
 * (`ECONNRESET`, `EHOSTUNREACH`, `ETIMEDOUT`, most of TLS) can also end a connection that has carried a request.
 */
const beforeConnected = new Set([
  "ECONNREFUSED",
  "ConnectionRefused",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EAI_FAIL",
  "EAI_NODATA",
  "EAI_NONAME",
  "UND_ERR_CONNECT_TIMEOUT",
  // The certificate, which is looked at before anything is written.
  "CERT_CHAIN_TOO_LONG",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "PATH_LENGTH_EXCEEDED",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE"
])

/** Causes are followed no further. */
const depth = 8

const unsentBy = (cause: unknown, left: number): boolean => {
  if (left === 0 || !Predicate.isRecord(cause)) return false
  // Several addresses of one host were tried: none of them may have been written to.
  if (Array.isArray(cause.errors) && cause.errors.length > 0) {
    return cause.errors.every((one) => unsentBy(one, left - 1))
  }
  if (typeof cause.syscall === "string" && connecting.has(cause.syscall)) return true
  if (typeof cause.code === "string" && beforeConnected.has(cause.code)) return true
  // Undici tells what its socket has written in its life, which for a kept connection includes earlier requests.
  if (cause.code === "UND_ERR_SOCKET") return Predicate.isRecord(cause.socket) && cause.socket.bytesWritten === 0
  return unsentBy(cause.cause, left - 1)
}

/**
 * Whether an HTTP client's error shows that nothing of the request was written. Whatever is not known to show it may
 * have come after a part of the request did.
 */
export const nothingSent = (error: unknown): boolean =>
  isHttpClientError(error)
    ? error._tag === "RequestError" && (error.reason !== "Transport" || unsentBy(error.cause, depth))
    : unsentBy(error, depth)
