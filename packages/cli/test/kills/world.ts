/** Those who call the platform: an organization, its directory, services with their own keys, and their webhooks. */
import * as DirectoryClient from "@effect-launchkey/clients/DirectoryClient"
import * as DirectoryWebhook from "@effect-launchkey/clients/DirectoryWebhook"
import * as OrganizationClient from "@effect-launchkey/clients/OrganizationClient"
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import type { DirectoryId, OrganizationId, ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import * as LinkedDevice from "@effect-launchkey/platform/LinkedDevice"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Context, Effect, Layer, Option, Schedule } from "effect"
import * as Admin from "../../src/internal/admin.ts"
import type { Receiver } from "./receiver.ts"

const http = Layer.provideMerge(RemoteApi.layer, Layer.merge(NodeHttpClient.layerUndici, Jose.layer))

/** One that goes on until the platform is there again. */
const patient = Schedule.exponential("100 millis").pipe(Schedule.jittered, Schedule.intersect(Schedule.recurs(6)))

interface Calling {
  readonly issuer: string
  readonly signingKey: TestKeys.TestKey["privateKey"]
  readonly patient?: boolean
}

/** Of whoever has made the first organization of a platform that is served. */
export const make = (options: {
  readonly baseUrl: string
  readonly config: string
  readonly receiver: Receiver
  /** How many services the directory has. */
  readonly services: number
}) =>
  Effect.gen(function*() {
    const { baseUrl, receiver } = options
    const context = yield* Layer.build(Layer.merge(http, receiver.inbox))

    const calling = ({ issuer, patient: isPatient, signingKey }: Calling) =>
      Effect.map(
        Layer.build(Transport.layer({
          issuer,
          baseUrl,
          signingKey,
          ...(isPatient === true ? { retry: { schedule: patient } } : {})
        })),
        Context.merge(context)
      ).pipe(Effect.provide(context))

    const admin = Admin.connect(Option.some(options.config))
    const created = yield* Effect.scoped(Effect.flatMap(
      admin,
      (_) => _.createOrganization({ payload: { name: "Example", publicKey: TestKeys.organization.publicKey } })
    ))
    const organizationId: OrganizationId = created.id
    const asOrganization = yield* calling({
      issuer: `org:${organizationId}`,
      signingKey: TestKeys.organization.privateKey,
      patient: true
    })
    const organization = yield* Effect.provide(OrganizationClient.make({ organizationId }), asOrganization)

    const directoryId = yield* organization.createDirectory("Everybody")
    yield* organization.addDirectoryKey(directoryId, TestKeys.directory.publicKey)
    const sdkKey = yield* organization.generateSdkKey(directoryId)
    const asDirectory = yield* calling({
      issuer: `dir:${directoryId}`,
      signingKey: TestKeys.directory.privateKey
    })
    const directory = yield* Effect.provide(DirectoryClient.make({ directoryId }), asDirectory)
    yield* organization.updateDirectory(directoryId, {
      webhookUrl: receiver.at(
        `directory/${directoryId}`,
        yield* Effect.provide(DirectoryWebhook.make({ directoryId }), asDirectory)
      )
    })

    const makeService = (name: string) =>
      Effect.gen(function*() {
        const id = yield* directory.createService(name)
        yield* directory.addServiceKey(id, TestKeys.service.publicKey)
        const asService = yield* calling({ issuer: `svc:${id}`, signingKey: TestKeys.service.privateKey })
        const callbackUrl = receiver.at(
          `service/${id}`,
          yield* Effect.provide(ServiceWebhook.make({ serviceId: id }), asService)
        )
        yield* directory.updateService(id, { callbackUrl })
        return { id, client: yield* Effect.provide(ServiceClient.make({ serviceId: id }), asService) }
      })
    const services = yield* Effect.forEach(
      Array.from({ length: options.services }, (_, index) => `Service ${index + 1}`),
      makeService
    )

    const key = yield* Jose.make.importPrivateKey(TestKeys.device.privateKey)
    return {
      organization,
      directory,
      services,
      managed: (id: DirectoryId) =>
        Effect.orDie(Effect.provide(DirectoryClient.make({ directoryId: id }), asOrganization)),
      link: (code: string) =>
        Effect.provide(
          LinkedDevice.link({ baseUrl, code, sdkKey, name: "Phone", type: "Test", key }),
          context
        ),
      device: (deviceId: LinkedDevice.LinkedDevice["deviceId"]) =>
        Effect.orDie(Effect.provide(LinkedDevice.make({ baseUrl, deviceId, key }), context)),
      admin
    }
  })

export type World = Effect.Effect.Success<ReturnType<typeof make>>

export interface Service {
  readonly id: ServiceId
  readonly client: ServiceClient.Service
}
