/**
 * By what push services know the platform: a key of P-256 that signs a short word of whoever sends, and by whose public
 * half devices subscribe.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8292
 * @since 0.1.0
 */
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"

/**
 * What is said to a push service.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8292#section-2
 * @since 0.1.0
 * @category models
 */
export interface Claims {
  /** The origin of the push service. */
  readonly aud: string
  /** Seconds since the epoch, a day ahead at most. */
  readonly exp: number
  /** Whom the push service may ask: a `mailto:` or `https:` URL. */
  readonly sub: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** The uncompressed point in base64url, 87 characters: the `applicationServerKey` of a subscription. */
  readonly publicKey: string
  /** The value of `Authorization`: `vapid t=…, k=…`. */
  readonly authorization: (claims: Claims) => Effect.Effect<string>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class PushKey extends Context.Tag("@effect-launchkey/platform/PushKey")<PushKey, Service>() {}

const algorithm = { name: "ECDSA", namedCurve: "P-256" } as const

/** A private key in PKCS #8, up to its 32 octets: without the public half, which is computed as it is read. */
const pkcs8 = Uint8Array.from(
  // SEQUENCE { 0, SEQUENCE { ecPublicKey, prime256v1 }, OCTET STRING { SEQUENCE { 1, OCTET STRING } } }
  "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420".match(/../g) ?? [],
  (pair) => Number.parseInt(pair, 16)
)

const utf8 = new TextEncoder()

const base64url = (value: unknown): string => Encoding.encodeBase64Url(JSON.stringify(value))

/** The key that follows from the secret: of four thousand million numbers, one is none of the curve, and the next serves. */
const derived = (secret: Redacted.Redacted<Uint8Array>, jose: Jose.Service) => {
  let round = 0
  return Effect.suspend(() => jose.hmacSha256(Redacted.value(secret), utf8.encode(`web push ${round++}`))).pipe(
    Effect.flatMap((scalar) =>
      Effect.tryPromise(() =>
        crypto.subtle.importKey("pkcs8", Uint8Array.of(...pkcs8, ...scalar), algorithm, true, ["sign"])
      )
    ),
    Effect.retry(Schedule.recurs(8)),
    // nine in a row of one in four thousand million: the engine has no such keys
    Effect.orDie
  )
}

/**
 * The key that follows from a secret of 32 octets, the same whenever it is made.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (secret: Redacted.Redacted<Uint8Array>): Effect.Effect<Service> =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const key = yield* derived(secret, jose)
    // Of the engine's own key from here on: not from outside.
    const { x = "", y = "" } = yield* Effect.promise(() => crypto.subtle.exportKey("jwk", key))
    const [left, right] = yield* Effect.all([Encoding.decodeBase64Url(x), Encoding.decodeBase64Url(y)]).pipe(
      Effect.orDie
    )
    const publicKey = Encoding.encodeBase64Url(Uint8Array.of(4, ...left, ...right))
    return {
      publicKey,
      authorization: (claims) =>
        Effect.map(
          Effect.promise(() => {
            const signed = `${base64url({ typ: "JWT", alg: "ES256" })}.${base64url(claims)}`
            return crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, utf8.encode(signed)).then(
              (signature) => `${signed}.${Encoding.encodeBase64Url(new Uint8Array(signature))}`
            )
          }),
          (token) => `vapid t=${token}, k=${publicKey}`
        )
    }
  })

/**
 * A key that ends with the process: who subscribed by it has to subscribe anew.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerGenerated: Layer.Layer<PushKey> = Layer.effect(
  PushKey,
  Effect.flatMap(Jose.Jose, (jose) => Effect.flatMap(jose.randomBytes(32), (secret) => make(Redacted.make(secret))))
)
