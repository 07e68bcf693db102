/**
 * Seals what rests in a store and must not be read there: the platform's private keys, and its secrets. Each is a
 * compact JWE under a key-encryption key, which comes from outside the store and is named by its id.
 *
 * @see docs/keys.md "Keys at rest"
 * @since 0.1.0
 */
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/**
 * A key-encryption key that is none: not 32 bytes in base64url.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidKeyEncryptionKey extends Schema.TaggedError<InvalidKeyEncryptionKey>(
  "@effect-launchkey/platform/KeyVault/InvalidKeyEncryptionKey"
)("InvalidKeyEncryptionKey", {
  /** Which of those that are given, from 1 on. */
  position: Schema.Int
}) {
  override get message(): string {
    return `Key-encryption key ${this.position} is not 32 bytes in base64url (43 characters). Make one by: openssl rand 32 | basenc --base64url`
  }
}

/**
 * Something sealed that does not open.
 *
 * - `KeyMissing`: none of the keys that are given has the id
 * - `NotOpened`: it was changed, or the key of that id is another
 * - `Malformed`: it is nothing that was sealed here
 *
 * @since 0.1.0
 * @category errors
 */
export class NotUnsealed extends Schema.TaggedError<NotUnsealed>("@effect-launchkey/platform/KeyVault/NotUnsealed")(
  "NotUnsealed",
  {
    reason: Schema.Literal("KeyMissing", "NotOpened", "Malformed"),
    /** What was to be opened, such as `"signing key"`. */
    subject: Schema.String,
    /** Of the key-encryption key that it asks for; empty where it names none. */
    keyId: Schema.String,
    /** Of those that are given. */
    given: Schema.Array(Schema.String)
  }
) {
  override get message(): string {
    const remedy = {
      KeyMissing: `it asks for key-encryption key ${this.keyId}, and given are ${
        this.given.join(", ")
      }. Give that one as well, after the first.`,
      NotOpened:
        `it does not open under key-encryption key ${this.keyId}. It was changed in the store: restore it from a backup.`,
      Malformed: "it is not of the form in which it is sealed. It was changed in the store: restore it from a backup."
    }
    return `The platform's ${this.subject} cannot be read: ${remedy[this.reason]}`
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** Of the key that seals: the RFC 7638 thumbprint of it as a JWK. */
  readonly keyId: string
  /** A compact JWE. `subject` says what it is, and is part of what is sealed: it opens as nothing else. */
  readonly seal: (subject: string, plaintext: Uint8Array) => Effect.Effect<string>
  /** By the key that it names. */
  readonly open: (subject: string, sealed: string) => Effect.Effect<Uint8Array, NotUnsealed>
  /** Sealed anew under the key that seals; none where it is already. */
  readonly rewrap: (subject: string, sealed: string) => Effect.Effect<Option.Option<string>, NotUnsealed>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class KeyVault extends Context.Tag("@effect-launchkey/platform/KeyVault")<KeyVault, Service>() {}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * Key-encryption keys, 32 bytes in base64url each, with spaces or commas between them. The first seals, all open: to
   * exchange it, put the new one first, `rewrap`, and take the old one out.
   */
  readonly keys: Redacted.Redacted<string>
}

const octets = 32

/** @see https://www.rfc-editor.org/rfc/rfc7638#section-3 */
const thumbprint = (key: Uint8Array) =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const members = JSON.stringify({ k: Encoding.encodeBase64Url(key), kty: "oct" })
    const digest = yield* jose.digest("S256", new TextEncoder().encode(members))
    // It is hex, as the port has it.
    return Encoding.encodeBase64Url(Either.getOrThrow(Encoding.decodeHex(digest)))
  })

const parse = (keys: Redacted.Redacted<string>) =>
  Effect.forEach(
    Redacted.value(keys).trim().split(/[\s,]+/),
    (text, index) =>
      Option.getRight(Encoding.decodeBase64Url(text.replace(/=+$/, ""))).pipe(
        Option.filter(({ length }) => length === octets),
        Option.match({
          onNone: () => new InvalidKeyEncryptionKey({ position: index + 1 }),
          onSome: (key) => Effect.map(thumbprint(key), (id) => ({ id, key: Redacted.make(key) }))
        })
      )
  )

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Service, InvalidKeyEncryptionKey> =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const keys = yield* parse(options.keys)
    const [sealing] = keys
    if (sealing === undefined) return yield* new InvalidKeyEncryptionKey({ position: 1 })
    const given = keys.map(({ id }) => id)

    const seal: Service["seal"] = (subject, plaintext) =>
      jose.encryptDirect({ plaintext, key: sealing.key, keyId: sealing.id, contentType: subject })

    const read = (subject: string, sealed: string) => {
      const failed = (reason: NotUnsealed["reason"], keyId: string) =>
        new NotUnsealed({ reason, subject, keyId, given })
      return Effect.gen(function*() {
        const jwe = yield* Effect.mapError(jose.parseDirectJwe(sealed), () => failed("Malformed", ""))
        const { cty, kid } = jwe.header
        const key = keys.find(({ id }) => id === kid)
        if (key === undefined) return yield* failed("KeyMissing", kid)
        const plaintext = yield* Effect.mapError(jose.decryptDirect(jwe, key.key), () => failed("NotOpened", kid))
        // Whoever can write to the store could put one sealed thing in the place of another.
        return cty === subject ? { kid, plaintext } : yield* failed("Malformed", kid)
      })
    }

    return {
      keyId: sealing.id,
      seal,
      open: (subject, sealed) => Effect.map(read(subject, sealed), ({ plaintext }) => plaintext),
      rewrap: (subject, sealed) =>
        Effect.flatMap(
          read(subject, sealed),
          ({ kid, plaintext }) => kid === sealing.id ? Effect.succeedNone : Effect.asSome(seal(subject, plaintext))
        )
    }
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<KeyVault, InvalidKeyEncryptionKey> =>
  Layer.effect(KeyVault, make(options))

/**
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: Config.Config.Wrap<Options>
): Layer.Layer<KeyVault, InvalidKeyEncryptionKey | ConfigError.ConfigError> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(options), layer))
