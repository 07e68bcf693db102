import * as Jose from "@effect-launchkey/transport/Jose"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as SecretKey from "../../SecretKey.ts"
import { equal } from "../equal.ts"
import type { Call } from "./parameters.ts"
import { family, refuse, type Refused } from "./refusals.ts"
import type { Application, State } from "./state.ts"

/** A stamp that is older has expired. */
const maximumAge = Duration.minutes(2)

/** Ahead of time is what the clock of one old SDK runs, by ever more. */
const maximumLead = Duration.hours(1)

const decrypted = (ciphertext: Uint8Array, keys: State["keys"]) =>
  Effect.flatMap(
    Jose.Jose,
    (jose) => Effect.option(Effect.firstSuccessOf(keys.map((key) => jose.decryptOaep(ciphertext, key))))
  )

/**
 * Who calls. The signature is over the ciphertext, or over the body where that is what the call signs.
 */
export const authenticate = (
  ref: Ref.Ref<State>,
  { body, parameters }: Call,
  options: {
    readonly call: keyof typeof family
    readonly signs: "secretKey" | "body"
    readonly required: ReadonlyArray<string>
    readonly allowReuse: boolean
  }
): Effect.Effect<Application, Refused> =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const codes = family[options.call]
    const state = yield* Ref.get(ref)

    // 1. all parameters are there
    const missing = ["app_key", "secret_key", "signature", ...options.required].filter((name) => !parameters.get(name))
    if (missing.length > 0) {
      return yield* refuse(
        codes.incomplete,
        Object.fromEntries(missing.map((name) => [name, "This field is required"]))
      )
    }
    const value = (name: string) => parameters.get(name) ?? ""

    // 2. the application is known, and 3. enabled
    const application = state.applications.get(value("app_key"))
    if (application === undefined) return yield* refuse(codes.unknownApplication, "Invalid app key")
    if (!application.enabled) return yield* refuse(codes.disabled, "App disabled")

    // 4. the signature can be read, and 5. is the application's
    const signature = SecretKey.octets(value("signature"))
    if (Option.isNone(signature)) return yield* refuse(codes.signatureUnreadable, "Signature could not be checked")
    const ciphertext = SecretKey.octets(value("secret_key"))
    const signed = options.signs === "body" ? Option.some(body) : ciphertext
    const valid = Option.isSome(signed) &&
      (yield* jose.verifyBytes(signed.value, signature.value, application.publicKey))
    if (!valid) return yield* refuse(codes.signatureInvalid, "Signature does not match")

    // 6. the secret decrypts, and 7. reads
    const plaintext = Option.isSome(ciphertext) ? yield* decrypted(ciphertext.value, state.keys) : Option.none()
    if (Option.isNone(plaintext)) return yield* refuse(codes.undecipherable, "Secret key could not be decrypted")
    const stamped = SecretKey.parse(plaintext.value)
    if (Option.isNone(stamped)) return yield* refuse(codes.malformed, "Secret key is malformed")

    // 8. its stamp is of now
    const now = yield* DateTime.now
    const age = DateTime.distance(stamped.value.stamped, now)
    if (age > Duration.toMillis(maximumAge) || -age > Duration.toMillis(maximumLead)) {
      return yield* refuse(codes.expired, "Secret key expired")
    }

    // 9. it is the application's secret
    if (!equal(Redacted.value(stamped.value.secret), Redacted.value(application.appSecret))) {
      return yield* refuse(codes.wrongSecret, "Credentials incorrect")
    }

    // 10. which nobody used before
    const digest = yield* jose.digest("S256", Option.getOrElse(ciphertext, () => plaintext.value))
    const until = DateTime.toEpochMillis(stamped.value.stamped) + Duration.toMillis(maximumAge)
    const isNew = yield* Ref.modify(ref, (current) => {
      const used = new Map([...current.used].filter(([, forgotten]) => forgotten >= now.epochMillis))
      const fresh = !used.has(digest)
      return [fresh, { ...current, used: used.set(digest, until) }]
    })
    if (!isNew && !options.allowReuse) return yield* refuse(codes.reused, "Secret key was used before")
    return application
  })
