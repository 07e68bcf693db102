/**
 * What the platform of the API v1 refuses, as errors, and the table of its codes. The codes of one meaning share a tag;
 * `code` tells them apart.
 *
 * @see docs/legacy.md "Errors"
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * @since 0.1.0
 * @category models
 */
export interface Definition {
  /** The wire's codes. The first digit tells the call: 4 auths, 5 logs, 6 ping, 7 poll. */
  readonly codes: ReadonlyArray<number>
  readonly problem: string
  readonly remedy: string
}

/**
 * The code that means that nobody has answered yet: a value, and no error.
 *
 * @since 0.1.0
 * @category models
 */
export const pending = 70403

/**
 * Every refusal that has a meaning of its own: where it is written down.
 *
 * @since 0.1.0
 * @category models
 */
export const table = {
  NoSuchUser: {
    codes: [40426],
    problem: "The platform knows no user of that name",
    remedy: "Check the name, or create the user."
  },
  NoPairedDevices: {
    codes: [40424],
    problem: "The user has no paired device",
    remedy: "Have the user pair one."
  },
  TooManyAttempts: {
    codes: [40436],
    problem: "Too many requests for this user",
    remedy: "Wait for a minute before the next one."
  },
  StampExpired: {
    codes: [40431, 50451],
    problem: "The platform took the time in the call for too old",
    remedy: "Try again, which measures its clock anew after five minutes at the latest; ping with force does at once."
  },
  AuthRequestExpired: {
    codes: [70404],
    problem: "The auth request expired unanswered, or its session has ended",
    remedy: "Start a new one if it is still wanted."
  },
  UnknownAuthRequest: {
    codes: [50456, 70402],
    problem: "The platform knows no such auth request",
    remedy: "Check the handle, and that it is of this application."
  },
  InvalidSignature: {
    codes: [40428, 40432, 50448, 50452],
    problem: "The signature does not match the application's public key",
    remedy: "Check that the private key is the application's."
  },
  InvalidCredentials: {
    codes: [
      40422,
      40423,
      40425,
      40429,
      40433,
      40434,
      40435,
      50442,
      50443,
      50444,
      50445,
      50447,
      50449,
      50453,
      50454
    ],
    problem: "The platform did not accept the application's key or secret, or the application is disabled",
    remedy: "Check both, and the application's state."
  },
  InvalidRequest: {
    codes: [40421, 40437, 50441, 50446, 50455, 50457, 60401, 70401],
    problem: "The platform did not accept what the call says",
    remedy: "Read detail, and correct the argument."
  }
} as const satisfies Record<string, Definition>

const fields = {
  /** Five digits: the call's digit, and what is wrong. */
  code: Schema.Int,
  /** Of HTTP. */
  status: Schema.Int,
  /** The platform's words: a text, or an object with a text for each argument. */
  detail: Schema.Unknown
}

const describe = (tag: keyof typeof table, code: number): string =>
  `${table[tag].problem} (${code}). ${table[tag].remedy}`

/**
 * @since 0.1.0
 * @category errors
 */
export class NoSuchUser
  extends Schema.TaggedError<NoSuchUser>("@effect-launchkey/legacy/LegacyError/NoSuchUser")("NoSuchUser", fields)
{
  override get message(): string {
    return describe("NoSuchUser", this.code)
  }
}

/**
 * @since 0.1.0
 * @category errors
 */
export class NoPairedDevices extends Schema.TaggedError<NoPairedDevices>(
  "@effect-launchkey/legacy/LegacyError/NoPairedDevices"
)("NoPairedDevices", fields) {
  override get message(): string {
    return describe("NoPairedDevices", this.code)
  }
}

/**
 * At most one request per user and application in 5 seconds, and three in 60, as the platform's vendor had it.
 *
 * @since 0.1.0
 * @category errors
 */
export class TooManyAttempts extends Schema.TaggedError<TooManyAttempts>(
  "@effect-launchkey/legacy/LegacyError/TooManyAttempts"
)("TooManyAttempts", fields) {
  override get message(): string {
    return describe("TooManyAttempts", this.code)
  }
}

/**
 * The call took more than two minutes, or the clocks differ. Compare `AuthRequestExpired`, which is about the user.
 *
 * @since 0.1.0
 * @category errors
 */
export class StampExpired extends Schema.TaggedError<StampExpired>(
  "@effect-launchkey/legacy/LegacyError/StampExpired"
)("StampExpired", fields) {
  override get message(): string {
    return describe("StampExpired", this.code)
  }
}

/**
 * Nobody answered within five minutes; or the user answered, and has ended the session since.
 *
 * @since 0.1.0
 * @category errors
 */
export class AuthRequestExpired extends Schema.TaggedError<AuthRequestExpired>(
  "@effect-launchkey/legacy/LegacyError/AuthRequestExpired"
)("AuthRequestExpired", fields) {
  override get message(): string {
    return describe("AuthRequestExpired", this.code)
  }
}

/**
 * @since 0.1.0
 * @category errors
 */
export class UnknownAuthRequest extends Schema.TaggedError<UnknownAuthRequest>(
  "@effect-launchkey/legacy/LegacyError/UnknownAuthRequest"
)("UnknownAuthRequest", fields) {
  override get message(): string {
    return describe("UnknownAuthRequest", this.code)
  }
}

/**
 * @since 0.1.0
 * @category errors
 */
export class InvalidSignature extends Schema.TaggedError<InvalidSignature>(
  "@effect-launchkey/legacy/LegacyError/InvalidSignature"
)("InvalidSignature", fields) {
  override get message(): string {
    return describe("InvalidSignature", this.code)
  }
}

/**
 * @since 0.1.0
 * @category errors
 */
export class InvalidCredentials extends Schema.TaggedError<InvalidCredentials>(
  "@effect-launchkey/legacy/LegacyError/InvalidCredentials"
)("InvalidCredentials", fields) {
  override get message(): string {
    return describe("InvalidCredentials", this.code)
  }
}

/**
 * @since 0.1.0
 * @category errors
 */
export class InvalidRequest extends Schema.TaggedError<InvalidRequest>(
  "@effect-launchkey/legacy/LegacyError/InvalidRequest"
)("InvalidRequest", fields) {
  override get message(): string {
    return describe("InvalidRequest", this.code)
  }
}

/**
 * A refusal without a code, or with one that this call is not known to have.
 *
 * @since 0.1.0
 * @category errors
 */
export class UnexpectedLegacyError extends Schema.TaggedError<UnexpectedLegacyError>(
  "@effect-launchkey/legacy/LegacyError/UnexpectedLegacyError"
)("UnexpectedLegacyError", { ...fields, code: Schema.OptionFromSelf(Schema.Int) }) {
  override get message(): string {
    return `The platform refused the call with HTTP status ${this.status} and ${
      this.code._tag === "Some" ? `code ${this.code.value}, for which this version has no name` : "without a code"
    }. Read detail, and check the base URL.`
  }
}

const errors = {
  NoSuchUser,
  NoPairedDevices,
  TooManyAttempts,
  StampExpired,
  AuthRequestExpired,
  UnknownAuthRequest,
  InvalidSignature,
  InvalidCredentials,
  InvalidRequest
}

/**
 * @since 0.1.0
 * @category models
 */
export type Tag = keyof typeof table

/**
 * @since 0.1.0
 * @category errors
 */
export type Refusal<T extends Tag = Tag> = InstanceType<(typeof errors)[T]>

const tags = new Map<number, Tag>(
  Object.entries(table).flatMap(([tag, { codes }]) => codes.map((code) => [code, tag as Tag] as const))
)

/**
 * The error of a code, where the code means one of `expected`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const fromCode = <T extends Tag>(
  expected: ReadonlyArray<T>,
  { code, detail, status }: { readonly code: number; readonly status: number; readonly detail: unknown }
): Refusal<T> | undefined => {
  const tag = tags.get(code)
  const known = expected.find((one) => one === tag)
  // TypeScript does not see that the constructor at a key makes the instance at that key
  return known === undefined ? undefined : new errors[known]({ code, status, detail }) as Refusal<T>
}
