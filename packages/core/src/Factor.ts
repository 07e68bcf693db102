/**
 * Factors of authentication, and what the user's device reports about the methods that prove them.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/**
 * Something the user knows, is, or has.
 *
 * @see NIST SP 800-63B, section 2
 * @since 0.1.0
 * @category schemas
 */
export const Factor = Schema.Literal("inherence", "knowledge", "possession").annotations({
  identifier: "@effect-launchkey/core/Factor",
  message: () => ({ message: "not a factor; give \"inherence\", \"knowledge\" or \"possession\"", override: true })
})

/**
 * @since 0.1.0
 * @category models
 */
export type Factor = typeof Factor.Type

/**
 * Every factor, in the order in which the wire lists them: at least one reader in use understands no other.
 *
 * @see docs/protocol.md "Response policy"
 * @since 0.1.0
 * @category models
 */
export const allFactors: ReadonlyArray<Factor> = Factor.literals

/**
 * The factors as a set: each once, in the order of {@link allFactors}.
 *
 * @since 0.1.0
 * @category conversions
 */
export const factorSet = (factors: Iterable<Factor>): ReadonlyArray<Factor> => {
  const wanted = new Set(factors)
  return allFactors.filter((factor) => wanted.has(factor))
}

/**
 * A way to prove a factor. On the wire it is lower case, such as `pin_code`, and is read in any case.
 *
 * @see docs/protocol.md "Authentication methods"
 * @since 0.1.0
 * @category schemas
 */
export const AuthMethodKind = Schema.Literal(
  "PIN_CODE",
  "CIRCLE_CODE",
  "GEOFENCING",
  "LOCATIONS",
  "WEARABLES",
  "FINGERPRINT",
  "FACE"
).annotations({ identifier: "@effect-launchkey/core/Factor/AuthMethodKind" })

/**
 * @since 0.1.0
 * @category models
 */
export type AuthMethodKind = typeof AuthMethodKind.Type

const readKind = Schema.decodeUnknownOption(AuthMethodKind)

const kindOf = (wireName: string): Option.Option<AuthMethodKind> => readKind(wireName.toUpperCase())

/**
 * A method this version does not know, by the name the device gave it.
 *
 * @since 0.1.0
 * @category schemas
 */
export class OtherMethod extends Schema.TaggedClass<OtherMethod>("@effect-launchkey/core/Factor/OtherMethod")(
  "OtherMethod",
  {
    /** Exactly as on the wire, so that it is written back unchanged. */
    wireName: Schema.String.pipe(
      Schema.filter((name) => Option.isNone(kindOf(name)) || "names a known method; use the method's own kind")
    )
  }
) {}

const factors: { readonly [Kind in AuthMethodKind]: Factor } = {
  PIN_CODE: "knowledge",
  CIRCLE_CODE: "knowledge",
  GEOFENCING: "inherence",
  LOCATIONS: "inherence",
  FINGERPRINT: "inherence",
  FACE: "inherence",
  WEARABLES: "possession"
}

/**
 * The factor that a method proves.
 *
 * @since 0.1.0
 * @category conversions
 */
export const factorOf = (method: AuthMethodKind): Factor => factors[method]

/**
 * How many methods these count for where a policy asks for an amount. A method counts once, and `GEOFENCING` (set by
 * the service) and `LOCATIONS` (set by the user) count as one, although both are verified.
 *
 * @see docs/protocol.md "Authentication methods"
 * @since 0.1.0
 * @category conversions
 */
export const countMethods = (methods: Iterable<AuthMethodKind>): number =>
  new Set(Array.from(methods, (method) => method === "LOCATIONS" ? "GEOFENCING" : method)).size

const MethodName = Schema.transform(
  Schema.String.annotations({ message: () => "expected the name of an authentication method" }),
  Schema.Union(AuthMethodKind, Schema.typeSchema(OtherMethod)),
  {
    strict: true,
    decode: (wireName) => Option.getOrElse(kindOf(wireName), () => new OtherMethod({ wireName })),
    encode: (method) => typeof method === "string" ? method.toLowerCase() : method.wireName
  }
)

// The device may leave a fact out or write null: either way it said nothing, and we write null.
const Fact = Schema.optionalWith(
  Schema.NullOr(Schema.Boolean).annotations({
    message: () => ({ message: "expected true, false or null", override: true })
  }),
  { default: (): boolean | null => null, exact: true }
)

/**
 * One authentication method as the user's device reports it with an answer. A fact of `null` is one the device did not
 * state. Encoding writes all eight members and no others, because readers in use refuse any difference.
 *
 * @see docs/protocol.md "Authentication methods"
 * @since 0.1.0
 * @category schemas
 */
export class AuthMethod extends Schema.Class<AuthMethod>("@effect-launchkey/core/Factor/AuthMethod")({
  /** The kind of a known method, or an {@link OtherMethod}. */
  method: MethodName,
  /** The user has set the method up. */
  set: Fact,
  /** The method is in use now: some become active only some time after they are set up. */
  active: Fact,
  /** The service, or its directory, permits the method. */
  allowed: Fact,
  /** The device is able to use the method. */
  supported: Fact,
  /** The user demands the method for every request. */
  userRequired: Fact.pipe(Schema.fromKey("user_required")),
  /** The user was asked for it: true if verified, false if not. */
  passed: Fact,
  /** Verifying it failed for a reason other than the user. */
  error: Fact
}) {
  /** The method's kind, with every unknown method as `"OTHER"`. */
  get kind(): AuthMethodKind | "OTHER" {
    return typeof this.method === "string" ? this.method : "OTHER"
  }

  /** The factor the method proves; none where the method is unknown. */
  get factor(): Option.Option<Factor> {
    return typeof this.method === "string" ? Option.some(factorOf(this.method)) : Option.none()
  }
}
