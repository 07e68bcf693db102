/**
 * What devices answer in tests, and who they say they are, where a test does not say otherwise.
 *
 * @since 0.1.0
 */
import {
  type AuthorizationPackage,
  type AuthorizationRequestId,
  type DeviceAnswer,
  DeviceId
} from "@effect-launchkey/core/Authorization"
import type { KeyId } from "@effect-launchkey/core/KeyId"
import * as Option from "effect/Option"
import type { AnsweredBy, AnsweredOptions } from "../TestTransport.ts"

export const serviceUserHash = "B1R3RD7WFKjlr0g4RACl25c2phPqcunajeQeZdTkLkM"

/** The same for every generation of devices. */
export const facts = ({ deviceId, servicePins }: AnsweredBy, authorizationRequestId: AuthorizationRequestId) => ({
  authorizationRequestId,
  deviceId: DeviceId.make(deviceId ?? "77616b20-f49f-11e7-a34e-967362b04474"),
  servicePins: servicePins ?? ["1234"]
})

export const answer = (
  options: AnsweredOptions,
  authorizationRequestId: AuthorizationRequestId
): DeviceAnswer => ({
  ...facts(options, authorizationRequestId),
  type: options.type ?? "AUTHORIZED",
  reason: options.reason ?? "APPROVED",
  denialReason: Option.fromNullable(options.denialReason),
  policy: Option.fromNullable(options.policy),
  methods: Option.fromNullable(options.methods)
})

/** What the platform hands on, the sealed answer beside what it adds: on the wire. */
export const relayed = (
  options: AnsweredBy,
  sealed: { readonly auth: string; readonly auth_jwe?: string },
  keyId: KeyId
): typeof AuthorizationPackage.Encoded => ({
  ...sealed,
  service_user_hash: options.serviceUserHash ?? serviceUserHash,
  ...(options.organizationUserHash === undefined ? {} : { org_user_hash: options.organizationUserHash }),
  user_push_id: options.userPushId ?? "54631005-5987-8b88-b59e-62bac03cc155",
  public_key_id: keyId
})
