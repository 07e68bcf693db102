/** What went wrong, for the operator to read: what it is, and what to do. */
import * as Data from "effect/Data"
import type { NoPasskey } from "./passkeys.ts"

/** A call that came to nothing, in words. */
export class Problem extends Data.TaggedError("Problem")<{
  readonly text: string
  /** Whether it is over with the session, which the page shows by itself. */
  readonly signedOut: boolean
}> {}

interface Tagged {
  readonly _tag: string
  readonly message: string
}

const noPasskey: { readonly [R in NoPasskey["reason"]]: string } = {
  Left: "No passkey was used: the browser was told not to, or nobody answered it. Nothing was done.",
  Known: "This device has a passkey for you already. Use another device, or sign in with it.",
  Failed: "The browser could not use a passkey. Try again, or with another."
}

const isNoPasskey = (error: Tagged): error is NoPasskey => error._tag === "NoPasskey"

export const of = (error: Tagged): string => {
  if (isNoPasskey(error)) return noPasskey[error.reason]
  switch (error._tag) {
    case "RequestError":
      return navigator.onLine
        ? "The platform cannot be reached. Try again in a moment."
        : "This computer is offline. Try again once it is not."
    case "ResponseError":
    case "ParseError":
    case "HttpApiDecodeError":
      return "The platform's answer is of no use to this page. Load the page again; if it stays so, look into the platform's log."
    case "StoreUnavailable":
      return "The platform's store does not answer. Try again in a moment; the platform's log says more."
    case "EntityNotFound":
      return "It is not there, or no longer. Go back and look again."
    default:
      return error.message
  }
}
