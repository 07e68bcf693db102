import type * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"

/** A platform enforces what it stores, so it stores nothing that it does not know. */
export const isStorable = (policy: ServicePolicy.ServicePolicy): policy is ServicePolicy.KnownPolicy =>
  policy._tag !== "UnknownPolicy" &&
  ("fences" in policy ? policy.fences : policy.geofences).every(({ _tag }) => _tag !== "UnknownFence")
