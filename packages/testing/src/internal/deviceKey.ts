import * as Jose from "@effect-launchkey/transport/Jose"
import * as Effect from "effect/Effect"
import type { TestKey } from "../TestKeys.ts"

/** Devices that are linked in here have this key, since making one for each takes most of a test's time. */
export const withDeviceKey = ({ privateKey: privateKeyPem }: TestKey) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const jose = yield* Jose.Jose
    const privateKey = yield* Effect.orDie(jose.importPrivateKey(privateKeyPem))
    return yield* Effect.provideService(effect, Jose.Jose, {
      ...jose,
      generateKey: () => Effect.succeed({ privateKey, privateKeyPem })
    })
  })
