import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import type { Key } from "../../src/PendingAuthorizations.ts"

export const keyOf = (n: number): Key => ({
  serviceId: ServiceId.make("3f2b1d6e-6a5c-4a2e-9d55-0c7f6a1b2c3d"),
  id: AuthorizationRequestId.make(`00000000-0000-4000-8000-${n.toString().padStart(12, "0")}`)
})
