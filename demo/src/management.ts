/** The third act: an organization manages what is its own, with one key that signs and another that decrypts. */
import * as OrganizationCredentials from "@effect-launchkey/clients/OrganizationCredentials"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as Authenticator from "@effect-launchkey/platform/Authenticator"
import * as PlatformClock from "@effect-launchkey/platform/PlatformClock"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as OTPAuth from "otpauth"
import { act, done, expect, refusedWith } from "./Narrator.ts"

const user = "grace@example.com"

const story = (baseUrl: string) =>
  Effect.gen(function*() {
    const credentials = yield* OrganizationCredentials.OrganizationCredentials
    const jose = yield* Jose.Jose
    const organization = yield* credentials.organizationClient
    const directoryId = yield* organization.createDirectory("Employees")
    const sdkKey = yield* organization.generateSdkKey(directoryId)
    yield* refusedWith(organization.createDirectory("employees"), "DirectoryNameInUse")

    const directory = yield* credentials.directoryClient(directoryId)
    const serviceId = yield* directory.createService("Payroll", { description: "Salaries" })
    const { privateKey } = yield* jose.generateKey()
    yield* directory.addServiceKey(serviceId, privateKey.publicKey.pem, { type: "SIGNATURE" })
    const keys = yield* directory.listServiceKeys(serviceId)
    yield* expect(
      keys.length === 1 && keys[0]?.type === "SIGNATURE",
      "a directory, a service in it, and a key of the service that may only sign"
    )

    yield* directory.setServicePolicy(serviceId, ServicePolicy.methodAmount(3, { denyRootedJailbroken: true }))
    const policy = yield* directory.getServicePolicy(serviceId)
    yield* expect(policy._tag === "MethodAmount" && policy.amount === 3, "the service demands any three methods")

    const device = yield* Authenticator.make({ baseUrl, name: "Grace's phone", methods: ["PIN_CODE", "FACE"] })
    const link = yield* directory.linkDevice(user, { ttl: "5 minutes" })
    yield* device.link(link.code, sdkKey)
    const linked = yield* directory.listDevices(user)
    yield* expect(linked.length === 1 && linked[0]?.active === true, "a linked device in the directory's list")

    const service = yield* credentials.serviceClient(serviceId)
    const request = yield* service.authorize(user, { context: "Pay salaries" })
    yield* device.approve()
    const response = yield* service.awaitResponse(request)
    yield* expect(
      Option.contains(response.reason, "POLICY"),
      "with two methods set up the device cannot meet the service's policy, whatever the request asked for"
    )

    const totp = yield* directory.generateTotp(user)
    const code = new OTPAuth.TOTP({ ...totp, secret: Redacted.value(totp.secret) }).generate({
      timestamp: DateTime.toEpochMillis(yield* Effect.flatMap(PlatformClock.PlatformClock, ({ now }) => now))
    })
    yield* expect(yield* service.verifyTotp(user, code), "the code of a code application is right")
    yield* expect(!(yield* service.verifyTotp(user, code)), "and is so only once")
  })

export const management = (organizationId: Entity.OrganizationId, baseUrl: string) =>
  Effect.gen(function*() {
    const administration = yield* Administration.Administration
    const jose = yield* Jose.Jose
    yield* act("An organization with a key for each purpose")
    const signature = yield* jose.generateKey()
    const encryption = yield* jose.generateKey()
    const organization = Entity.organization(organizationId)
    yield* administration.addKey(organization, signature.privateKey.publicKey.pem, { type: "SIGNATURE" })
    yield* administration.addKey(organization, encryption.privateKey.publicKey.pem, { type: "ENCRYPTION" })
    yield* done("one key signs its requests, another decrypts the answers")
    yield* Effect.provide(
      story(baseUrl),
      OrganizationCredentials.layer({
        organizationId,
        baseUrl,
        signingKey: signature.privateKeyPem,
        decryptionKeys: [encryption.privateKeyPem],
        decryptWithSigningKey: false
      })
    )
  })
