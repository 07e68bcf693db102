/** What happened, for the user to read: what it is, and what to do. */
import type * as LinkedDevice from "@effect-launchkey/platform/LinkedDevice"
import type { InvalidKey } from "@effect-launchkey/transport/InvalidKey"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { VaultUnavailable } from "./vault.ts"

/** Only the platform itself says so: whoever stands between could forge a bare 401. */
export const isRefused = (error: LinkedDevice.CallError): boolean =>
  error._tag === "Unauthorized" && error.authenticated

export const isOffline = (error: LinkedDevice.CallError): boolean =>
  error._tag === "TransportError" && (error.reason === "Unreachable" || error.reason === "TimedOut")

export const ofCall = (error: LinkedDevice.CallError): string => {
  switch (error._tag) {
    case "TransportError":
      return isOffline(error)
        ? "The platform cannot be reached. Check the network and try again."
        : "The platform's answer is of no use. Try again; if it stays, tell whoever runs the platform."
    case "MessageRejected":
      return "An answer was not believed: it is not the platform's, or this computer's clock is wrong. Nothing was done."
    case "Unauthorized":
      return "The platform did not accept this device's request. If it stays so, link the device again."
    default:
      return "The platform could not do that. Try again; if it stays, tell whoever runs the platform."
  }
}

const fields: Readonly<Record<string, string>> = {
  code: "The code has seven letters and digits.",
  sdkKey: "The SDK key has the form of a UUID: 36 characters with dashes.",
  name: "The name has 1 to 255 characters."
}

export const ofLink = (error: LinkedDevice.LinkError | VaultUnavailable | InvalidKey): string => {
  switch (error._tag) {
    case "InvalidParameters":
      return error.issues.map(({ path }) => fields[path]).find((text) => text !== undefined) ??
        "The platform does not take this link. Start another."
    case "EntityNotFound":
      return "The code is not known: it was used, has expired, or was mistyped. Ask for another."
    case "InvalidSdkKey":
      return "The SDK key does not belong to the one who gave the code. Check it, or open the link that came with the code."
    case "RateLimited":
      return `Too many links are tried. Try again ${
        Option.match(error.retryAfter, {
          onNone: () => "in a minute",
          onSome: (after) => `in ${Math.ceil(Duration.toSeconds(after))} seconds`
        })
      }.`
    case "VaultUnavailable":
      return error.message
    case "InvalidKey":
      return "The key that this browser kept is damaged. Link the device again."
    case "InvalidRoute":
    case "InvalidPublicKey":
    case "UnexpectedApiError":
      return "The platform could not link this device. Try again; if it stays, tell whoever runs the platform."
    default:
      return ofCall(error)
  }
}

export const wrongNumber = "That is not the number. Look where you sign in, and try again."

export const ofOutcome = (serviceName: string, { reason }: LinkedDevice.Outcome): string => {
  switch (reason) {
    case "APPROVED":
      return `Approved: ${serviceName}.`
    case "DISAPPROVED":
      return `Denied: ${serviceName}.`
    case "FRAUDULENT":
      return `Reported as fraud: ${serviceName}.`
    case "AUTHENTICATION":
      return `Not approved: ${serviceName} was told that the PIN was wrong.`
    default:
      return `Not approved: ${serviceName} was told that this device cannot meet what it asks for.`
  }
}
