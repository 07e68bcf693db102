/**
 * Everything that a command may fail with, told as a problem, the values that belong to it, and the next step.
 *
 * @see docs/cli.md
 * @since 0.1.0
 */
import type { OutcomeUnknown } from "@effect-launchkey/clients/OutcomeUnknown"
import type { AwaitTimedOut, NumberMatchUnsupported } from "@effect-launchkey/clients/ServiceClient"
import * as ApiError from "@effect-launchkey/core/ApiError"
import type { InvalidPolicy } from "@effect-launchkey/core/AuthPolicy"
import type { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import type { ImportRefused } from "@effect-launchkey/platform/AccountImport"
import type { KeysNotKept } from "@effect-launchkey/platform/AdminApi"
import type { NotAFile } from "@effect-launchkey/platform/Backups"
import type { NotRetired, RotationUnderWay } from "@effect-launchkey/platform/KeyRotation"
import type { InvalidKeyEncryptionKey, NotUnsealed } from "@effect-launchkey/platform/KeyVault"
import type { NotEmpty } from "@effect-launchkey/platform/sql/SqlSandbox"
import type { FileInUse } from "@effect-launchkey/sql/Libsql"
import type { InvalidKey } from "@effect-launchkey/transport/InvalidKey"
import type { MessageRejected, TransportError } from "@effect-launchkey/transport/TransportError"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Match from "effect/Match"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { AdminFailed } from "./AdminFailed.ts"
import type { CannotListen } from "./CannotListen.ts"
import { type End, table } from "./ExitCode.ts"
import { printable } from "./internal/text.ts"
import type { AwaitFailed, NotYet, Unusable } from "./internal/unusable.ts"
import type { InvalidConfiguration } from "./ServeConfig.ts"
import type { InputUnreadable } from "./Stdio.ts"

type ApiFailure =
  | { [Tag in keyof typeof ApiError.table]: InstanceType<(typeof ApiError)[Tag]> }[keyof typeof ApiError.table]
  | ApiError.UnexpectedApiError

/**
 * @since 0.1.0
 * @category errors
 */
export type Failure =
  | ApiFailure
  | TransportError
  | MessageRejected
  | OutcomeUnknown
  | AwaitTimedOut
  | NumberMatchUnsupported
  | AwaitFailed
  | InvalidKey
  | InvalidPolicy
  | Unusable
  | NotYet
  | InputUnreadable
  | CannotListen
  | InvalidConfiguration
  | ImportRefused
  | AdminFailed
  | StoreUnavailable
  | FileInUse
  | KeysNotKept
  | NotAFile
  | NotEmpty
  | RotationUnderWay
  | NotRetired
  | NotUnsealed
  | InvalidKeyEncryptionKey

/**
 * @since 0.1.0
 * @category models
 */
export interface Block {
  readonly end: End
  /** One sentence or more. */
  readonly problem: string
  /** Values by their names, such as `authorizationRequestId`. Those that are undefined are left out. */
  readonly details?: Readonly<Record<string, unknown>>
  readonly next: string
}

/**
 * What stands on standard output in place of a result, with `--json`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FailureDocument = Schema.Struct({
  error: Schema.Struct({
    /** The error's name: `"EntityNotFound"`, or `"Usage"` for a command line that cannot be read. */
    tag: Schema.String,
    exitCode: Schema.Int,
    problem: Schema.String,
    details: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
    next: Schema.String
  })
})

const some = <A, B>(option: Option.Option<A>, f: (a: A) => B): B | undefined =>
  Option.getOrUndefined(Option.map(option, f))

/** What the platform wrote, which the next step may well ask to be read. */
const platformSays = (detail: unknown, problem?: string) =>
  detail === undefined || detail === null || detail === "" || detail === problem ? {} : { platformSays: detail }

const refused = (
  tag: keyof typeof ApiError.table,
  details: Readonly<Record<string, unknown>> = {},
  end: End = "refused"
): Block => {
  const { codes, problem, remedy, status }: ApiError.Definition = ApiError.table[tag]
  return { end, problem: `${problem} (${codes[0] ?? `HTTP ${status}`}).`, details, next: remedy }
}

const ofApi =
  <Tag extends keyof typeof ApiError.table>(tag: Tag, end?: End) => (error: { readonly detail?: unknown }) =>
    refused(tag, platformSays(error.detail, ApiError.table[tag].problem), end)

const issuesOf = (issues: ReadonlyArray<{ readonly path: string; readonly problem: string }>) =>
  Object.fromEntries(issues.map(({ path, problem }) => [path === "" ? "argument" : path, problem]))

const message = (end: End, next: string) => (error: Error): Block => ({ end, problem: error.message, next })

const told = (end: End) => ({ next, problem }: Unusable | NotYet): Block => ({ end, problem: `${problem}.`, next })

/**
 * The one place where errors become words for people. Total: an error that is added to {@link Failure} does not compile
 * until it is told here.
 *
 * @since 0.1.0
 * @category conversions
 */
export const describe: (error: Failure) => Block = Match.typeTags<Failure, Block>()({
  InvalidParameters: ({ detail, issues, origin }) =>
    origin === "Platform" ? refused("InvalidParameters", platformSays(detail)) : {
      end: "usage",
      problem: "An argument is not acceptable. Nothing was sent.",
      details: issuesOf(issues),
      next: "Correct what is named, and try again."
    },
  InvalidRoute: ofApi("InvalidRoute"),
  Unauthorized: ({ authenticated, detail }) =>
    refused("Unauthorized", authenticated ? platformSays(detail) : { signedByPlatform: false }, "credentials"),
  Forbidden: ofApi("Forbidden", "credentials"),
  EntityNotFound: ofApi("EntityNotFound"),
  RequestTimedOut: ofApi("RequestTimedOut", "timedOut"),
  RateLimited: ({ retryAfter }) => refused("RateLimited", { retryAfterSeconds: some(retryAfter, Duration.toSeconds) }),
  InvalidDirectoryIdentifier: ofApi("InvalidDirectoryIdentifier"),
  InvalidPublicKey: ofApi("InvalidPublicKey"),
  PublicKeyAlreadyInUse: ofApi("PublicKeyAlreadyInUse"),
  PublicKeyDoesNotExist: ofApi("PublicKeyDoesNotExist"),
  LastRemainingKey: ofApi("LastRemainingKey"),
  DirectoryNameInUse: ofApi("DirectoryNameInUse"),
  LastRemainingSdkKey: ofApi("LastRemainingSdkKey"),
  InvalidSdkKey: ofApi("InvalidSdkKey"),
  ServiceNameTaken: ofApi("ServiceNameTaken"),
  InvalidPolicyInput: ofApi("InvalidPolicyInput"),
  PolicyFailure: ofApi("PolicyFailure"),
  ServiceNotFound: ofApi("ServiceNotFound"),
  AuthorizationInProgress: ({ authorizationRequestId, detail, expires, fromSameService }) =>
    refused("AuthorizationInProgress", {
      authorizationRequestId: Option.getOrUndefined(authorizationRequestId),
      expires: some(expires, DateTime.formatIso),
      fromSameService,
      ...platformSays(detail)
    }),
  AuthorizationResponseExists: ofApi("AuthorizationResponseExists"),
  AuthorizationRequestCanceled: ofApi("AuthorizationRequestCanceled"),
  NumberMismatch: () => refused("NumberMismatch"),
  UnexpectedApiError: ({ code, detail, status }) => ({
    end: "refused",
    problem: `The platform refused the request with status ${status}, for which this version has no name.`,
    details: { code, ...platformSays(detail) },
    next: "Read what the platform says. A newer version of this command may know it."
  }),
  TransportError: ({ message, operation, reason, sent }) => ({
    end: "unreachable",
    problem: message,
    details: { reason, operation, sent },
    next: sent
      ? "Look whether it was done before you try again."
      : "Try again once the platform can be reached; `launchkey doctor` looks for the reason."
  }),
  MessageRejected: ({ kind, message, operation, reason }) => ({
    end: "unreachable",
    problem: message,
    details: { kind, reason, operation },
    next: "Check the base URL and the clock: `launchkey doctor` looks for the reason."
  }),
  OutcomeUnknown: ({ candidate, cause, until }) => ({
    end: "unreachable",
    problem: "Whether the authorization request was created is not known.",
    details: {
      candidate: Option.getOrUndefined(candidate),
      until: DateTime.formatIso(until),
      cause: cause._tag
    },
    next: Option.isSome(candidate)
      ? "The candidate is open for the user: this request, or an earlier one. Cancel it and ask again."
      : "It cannot be open after the time given: ask again then."
  }),
  NumberMatchUnsupported: ({ id, message }) => ({
    end: "refused",
    problem: message,
    details: { authorizationRequestId: id },
    next: "Ask without --number-matching."
  }),
  AwaitTimedOut: ({ id }) => ({
    end: "timedOut",
    problem: "Nobody answered while this command waited. The request is still open.",
    details: { authorizationRequestId: id },
    next: "Await it again with this id, or cancel it."
  }),
  AwaitFailed: ({ cause, id }) => {
    const { details, end, problem } = describe(cause)
    return {
      end,
      problem: `The user is asked, and waiting for the answer failed. ${problem}`,
      details: { ...details, cause: cause._tag, authorizationRequestId: id },
      next:
        `Wait on with \`launchkey response ${id} --wait\`, or take the request back with \`launchkey cancel ${id}\`.`
    }
  },
  InvalidKey: message("usage", "See `launchkey keys --help` for keys that serve."),
  InvalidPolicy: ({ issues }) => ({
    end: "usage",
    problem: "The policy cannot be. Nothing was sent.",
    details: issuesOf(issues),
    next: "Correct what is named; --dry-run shows what would be sent."
  }),
  Unusable: told("usage"),
  NotYet: told("timedOut"),
  InputUnreadable: () => ({
    end: "usage",
    problem: "Standard input cannot be read.",
    next: "Pipe a file into the command, or name one."
  }),
  CannotListen: ({ cause, host, port }) => ({
    end: "refused",
    problem: `Cannot listen on ${host}, port ${port}: ${cause instanceof Error ? cause.message : String(cause)}.`,
    next: "Give another port or address; port 0 is any that is free."
  }),
  ImportRefused: ({ problems }) => ({
    end: "refused",
    problem: "Nothing was imported.",
    details: issuesOf(problems),
    next: "Correct what is named, and try again; --dry-run only looks."
  }),
  StoreUnavailable: ({ cause, operation }) => ({
    end: "unreachable",
    problem: "The store did not answer, or refused.",
    details: { operation, cause: cause instanceof Error ? cause.message : undefined },
    next: "Check that it is reachable, and look whether it was done before you try again."
  }),
  FileInUse: ({ filename }) => ({
    end: "refused",
    problem: `${filename} is in use by another process, and serves one at a time.`,
    next: "Stop the other, or reach it: it hears `launchkey admin` where the `adminSocket` of both is the same."
  }),
  NotEmpty: message("usage", "Give --store an empty one, such as a file that is not there yet."),
  NotAFile: () => ({
    end: "refused",
    problem: "What the platform keeps is in no file that could be copied.",
    next: "Copy a PostgreSQL by its pg_dump, see docs/operating.md; memory ends with the process."
  }),
  KeysNotKept: () => ({
    end: "refused",
    problem: "The platform's own keys end with its process.",
    next: "Give it a store that stays: then they are kept, and can be rotated."
  }),
  RotationUnderWay: ({ id, signsFrom }) => ({
    end: "refused",
    problem: "A new key is announced already.",
    details: { keyId: id, signsFrom: DateTime.formatIso(signsFrom) },
    next: "Rotate again once it signs."
  }),
  NotRetired: ({ id, reason }) => ({
    end: "refused",
    problem: reason === "Unknown" ? "The platform has no such key." : "The key is needed still.",
    details: { keyId: id },
    next: reason === "Unknown"
      ? "List its keys: `launchkey admin platform-key list`."
      : "Rotate first, and retire it ten minutes after another signs."
  }),
  NotUnsealed: message("refused", "See docs/keys.md, \"Keys at rest\"."),
  InvalidKeyEncryptionKey: message("usage", "Give the key of old, unless this platform has none yet."),
  AdminFailed: ({ cause }) => ({
    end: "unreachable",
    problem: "The platform did not do it, or did not say so.",
    details: { cause: cause instanceof Error ? cause.message : String(cause) },
    next: "Look whether it was done before you try again, and into the platform's log."
  }),
  InvalidConfiguration: ({ issues }) => ({
    end: "usage",
    problem: "The configuration cannot be used.",
    details: issuesOf(issues),
    next: "Correct what is named; `launchkey serve --check` looks at it again."
  })
})

/**
 * With `--json`: in place of a result.
 *
 * @since 0.1.0
 * @category conversions
 */
export const document = (tag: string, { details = {}, end, next, problem }: Block): typeof FailureDocument.Type => ({
  error: {
    tag,
    exitCode: table[end].code,
    problem,
    details: Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined)),
    next
  }
})

/**
 * For people: the problem, a line for each value, the next step.
 *
 * @since 0.1.0
 * @category conversions
 */
export const text = ({ details = {}, next, problem }: Block): string =>
  [
    `Problem: ${printable(problem)}`,
    ...Object.entries(details).filter(([, value]) => value !== undefined).map(([name, value]) =>
      `  ${printable(name)}: ${printable(typeof value === "string" ? value : JSON.stringify(value))}`
    ),
    `Next:    ${printable(next)}`
  ].join("\n")
