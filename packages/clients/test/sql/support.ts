import { type AuthorizationPackage, AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import * as Option from "effect/Option"
import type { Key } from "../../src/PendingAuthorizations.ts"

export const keyOf = (n: number): Key => ({
  serviceId: ServiceId.make("3f2b1d6e-6a5c-4a2e-9d55-0c7f6a1b2c3d"),
  id: AuthorizationRequestId.make(`00000000-0000-4000-8000-${n.toString().padStart(12, "0")}`)
})

/** An answer, also for processes that do not run tests. */
export const relayed: AuthorizationPackage = {
  oaep: Option.none(),
  jwe: Option.some("sealed"),
  serviceUserHash: "u",
  organizationUserHash: Option.none(),
  userPushId: "54631005-5987-5b88-b59e-62bac03cc155",
  keyId: KeyId.make("00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00")
}
