/**
 * Who operates a platform in its console.
 *
 * @see docs/console.md
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * @since 0.1.0
 * @category schemas
 */
export const OperatorId = Schema.UUID.pipe(Schema.brand("OperatorId"))

/**
 * @since 0.1.0
 * @category models
 */
export type OperatorId = typeof OperatorId.Type

/**
 * An operator beside entities of the protocol: `"opr:<uuid>"`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OperatorIdentifier = Schema.TemplateLiteral("opr:", Schema.String).pipe(
  Schema.filter((text) => Schema.is(Schema.UUID)(text.slice("opr:".length)), {
    message: () => "expected opr:<uuid>",
    arbitrary: () => (fc) => fc.uuid().map((id) => `opr:${id}` as const)
  }),
  Schema.brand("OperatorIdentifier")
)

/**
 * @since 0.1.0
 * @category models
 */
export type OperatorIdentifier = typeof OperatorIdentifier.Type

/**
 * @since 0.1.0
 * @category conversions
 */
export const identifier = (id: OperatorId): OperatorIdentifier => OperatorIdentifier.make(`opr:${id}`)

/**
 * 1 to 128 characters, for people and the audit's readers: names need not differ.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OperatorName = Schema.String.pipe(Schema.minLength(1), Schema.maxLength(128))

/**
 * @since 0.1.0
 * @category schemas
 */
export const Operator = Schema.Struct({ id: OperatorId, name: OperatorName })

/**
 * @since 0.1.0
 * @category models
 */
export type Operator = typeof Operator.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const SessionId = Schema.UUID.pipe(Schema.brand("ConsoleSessionId"))

/**
 * @since 0.1.0
 * @category models
 */
export type SessionId = typeof SessionId.Type

/**
 * The id of a passkey's credential: base64url, at most 1023 octets.
 *
 * @see https://www.w3.org/TR/webauthn-3/#credential-id
 * @since 0.1.0
 * @category schemas
 */
export const PasskeyId = Schema.String.pipe(Schema.pattern(/^[\w-]{1,1364}$/), Schema.brand("PasskeyId"))

/**
 * @since 0.1.0
 * @category models
 */
export type PasskeyId = typeof PasskeyId.Type
