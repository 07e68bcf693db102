/** The platform's secrets in its database, each by its name and sealed by a `KeyVault`. */
import { StoreUnavailable } from "@effect-launchkey/core/StoreUnavailable"
import * as Database from "@effect-launchkey/sql/Database"
import * as Rows from "@effect-launchkey/sql/Rows"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as KeyVault from "../../KeyVault.ts"

const Secret = Schema.Struct({ name: Schema.String, sealed: Schema.String })

export const make = Effect.gen(function*() {
  const { join, sql } = yield* Database.make
  const jose = yield* Jose.Jose
  const vault = yield* KeyVault.KeyVault

  const all = join("PlatformKeys.read", sql`SELECT name, sealed FROM platform_secrets`).pipe(
    Effect.flatMap(Schema.decodeUnknown(Schema.Array(Secret))),
    Effect.catchTag("ParseError", (error) => Effect.fail(Rows.unreadable("PlatformKeys.read")(error)))
  )

  const find = (name: string) => Effect.map(all, (secrets) => secrets.find((secret) => secret.name === name))

  /** 32 octets, drawn when they are first asked for. Of nodes that ask at once, the one whose row came first drew them. */
  const named = (name: string) =>
    Effect.gen(function*() {
      if ((yield* find(name)) === undefined) {
        const sealed = yield* vault.seal(name, yield* jose.randomBytes(32))
        yield* join(
          "PlatformKeys.begin",
          sql`INSERT INTO platform_secrets (name, sealed) VALUES (${name}, ${sealed}) ON CONFLICT DO NOTHING`
        )
      }
      const found = yield* find(name)
      if (found !== undefined) return Redacted.make(yield* vault.open(name, found.sealed))
      return yield* new StoreUnavailable({
        operation: "PlatformKeys.read",
        cause: new Error(`there is no ${name}`)
      })
    })

  /** How many were sealed anew. */
  const rewrap = Effect.gen(function*() {
    let rewrapped = 0
    for (const { name, sealed } of yield* all) {
      const anew = yield* vault.rewrap(name, sealed)
      if (Option.isNone(anew)) continue
      yield* join("KeyRotation.rewrap", sql`UPDATE platform_secrets SET sealed = ${anew.value} WHERE name = ${name}`)
      rewrapped += 1
    }
    return rewrapped
  })

  return { named, rewrap }
})
