/** The private keys of a profile, and what they are for. */
import type { KeyId } from "@effect-launchkey/core/KeyId"
import { InvalidKey } from "@effect-launchkey/transport/InvalidKey"
import * as Jose from "@effect-launchkey/transport/Jose"
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Profile from "../Profile.ts"
import type { Unusable } from "./unusable.ts"

/** A failure names where the key was read. */
export const read = (
  source: Profile.KeySource
): Effect.Effect<Jose.PrivateKey, Unusable | InvalidKey, FileSystem.FileSystem> =>
  Effect.flatMap(
    Effect.all([Jose.Jose, Profile.readKey(source)]),
    ([jose, pem]) =>
      Effect.mapError(
        jose.importPrivateKey(pem),
        (error) => new InvalidKey({ ...error, field: `The key in ${Profile.describeSource(source)}` })
      )
  )

/** Whether there is a key to decrypt by beside the one that signs. */
export const apart = (signing: KeyId, others: ReadonlyArray<KeyId>): boolean => others.some((id) => id !== signing)

/** What there is to say where one key serves both purposes. */
export const oneForBoth = {
  problem: "One key serves both purposes: it signs, and decrypts what is sent to its owner",
  next: "Whoever gets hold of it can do both. To part them, generate a second with `launchkey keys generate`, register "
    + "the two with --type signature and --type encryption, and give the profile --decryption-key-file."
} as const
