/** The second act: organization, directory, service, keys, policy, one-time codes. */
import * as OrganizationCredentials from "@effect-launchkey/clients/OrganizationCredentials"
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as Authenticator from "@effect-launchkey/platform/Authenticator"
import * as PlatformClock from "@effect-launchkey/platform/PlatformClock"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as OTPAuth from "otpauth"
import { done, expect, refusedWith, scene } from "./Narrator.ts"

const user = "grace@example.com"

/** By the organization's key alone, until the service has keys of its own. */
const story = (baseUrl: string) =>
  Effect.gen(function*() {
    const credentials = yield* OrganizationCredentials.OrganizationCredentials
    const jose = yield* Jose.Jose

    yield* scene("Organization and directory")
    const organization = yield* credentials.organizationClient
    const directoryId = yield* organization.createDirectory("Employees")
    const sdkKey = yield* organization.generateSdkKey(directoryId)
    yield* done("the organization has a directory for its users, with an SDK key that devices link by")
    yield* refusedWith(
      "another of that name",
      organization.createDirectory("employees"),
      "DirectoryNameInUse"
    )

    yield* scene("A service, and a key for each of its purposes")
    const directory = yield* credentials.directoryClient(directoryId)
    const serviceId = yield* directory.createService("Payroll", { description: "Salaries" })
    const signing = yield* jose.generateKey()
    const decrypting = yield* jose.generateKey()
    yield* directory.addServiceKey(serviceId, signing.privateKey.publicKey.pem, { type: "SIGNATURE" })
    yield* directory.addServiceKey(serviceId, decrypting.privateKey.publicKey.pem, { type: "ENCRYPTION" })
    const keys = yield* directory.listServiceKeys(serviceId)
    yield* expect(
      keys.map(({ type }) => type).join() === "SIGNATURE,ENCRYPTION",
      "one key may only sign the service's requests, the other only decrypt the answers"
    )
    const serviceWith = (signingKey: Redacted.Redacted) =>
      Layer.provide(
        ServiceClient.layer({ serviceId }),
        Transport.layer({
          issuer: Entity.service(serviceId),
          baseUrl,
          signingKey,
          decryptionKeys: [decrypting.privateKeyPem],
          decryptWithSigningKey: false
        })
      )
    const authorize = Effect.flatMap(ServiceClient.ServiceClient, (service) => service.authorize(user))
    yield* refusedWith(
      "a request that is signed by the key for decryption",
      Effect.provide(authorize, serviceWith(decrypting.privateKeyPem)),
      "Unauthorized"
    )

    yield* Effect.gen(function*() {
      const service = yield* ServiceClient.ServiceClient

      yield* scene("Its policy")
      yield* directory.setServicePolicy(serviceId, ServicePolicy.methodAmount(3, { denyRootedJailbroken: true }))
      const policy = yield* directory.getServicePolicy(serviceId)
      yield* expect(
        policy._tag === "MethodAmount" && policy.amount === 3,
        "the service demands any three methods, on a device that is not rooted"
      )
      const device = yield* Authenticator.make({ baseUrl, name: "Grace's phone", methods: ["PIN_CODE", "FACE"] })
      const link = yield* directory.linkDevice(user, { ttl: "5 minutes" })
      yield* device.link(link.code, sdkKey)
      const [linked] = yield* directory.listDevices(user)
      yield* expect(linked?.active === true, "the directory lists the device that its user has linked")
      const request = yield* service.authorize(user, { context: "Pay salaries" })
      yield* device.approve()
      const response = yield* service.awaitResponse(request)
      yield* expect(
        !response.authorized && Option.contains(response.reason, "POLICY"),
        "with two methods set up it cannot meet the service's policy, whatever the request asked for"
      )

      yield* scene("One-time codes")
      const totp = yield* directory.generateTotp(user)
      const code = new OTPAuth.TOTP({ ...totp, secret: Redacted.value(totp.secret) }).generate({
        timestamp: DateTime.toEpochMillis(yield* Effect.flatMap(PlatformClock.PlatformClock, ({ now }) => now))
      })
      yield* expect(yield* service.verifyTotp(user, code), "the code that an application for codes shows is right")
      yield* expect(!(yield* service.verifyTotp(user, code)), "and is so only once")
    }).pipe(Effect.provide(serviceWith(signing.privateKeyPem)))
  })

export const management = (organizationId: Entity.OrganizationId, baseUrl: string) =>
  Effect.gen(function*() {
    const administration = yield* Administration.Administration
    const jose = yield* Jose.Jose
    const { privateKey, privateKeyPem } = yield* jose.generateKey()
    yield* administration.addKey(Entity.organization(organizationId), privateKey.publicKey.pem)
    yield* Effect.provide(
      story(baseUrl),
      OrganizationCredentials.layer({ organizationId, baseUrl, signingKey: privateKeyPem })
    )
  })
