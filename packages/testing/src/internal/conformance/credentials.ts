import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import type { AddKeyOptions } from "@effect-launchkey/clients/ServiceManagement"
import * as DenialReason from "@effect-launchkey/core/DenialReason"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Jose from "@effect-launchkey/transport/Jose"
import { assert, describe } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { ConformanceTarget } from "../../ConformanceTarget.ts"
import type { TestKey } from "../../TestKeys.ts"
import { approve, ask, fresh, type It, scene, serviceActedForBy } from "./scene.ts"
import { ownDirectory, tenant } from "./tenant.ts"

/** The target's service, by the key of somebody. */
const own = (issuer: Entity.EntityIdentifier, key: TestKey) =>
  Effect.flatMap(ConformanceTarget, ({ serviceId }) => serviceActedForBy(serviceId, issuer, key))

const uuid = Effect.flatMap(Jose.Jose, (_) => _.randomUuid)

/** A new service of the target's directory, its client by its own key, and the key. */
const sibling = (options?: AddKeyOptions) =>
  Effect.gen(function*() {
    const { keys: { stranger } } = yield* ConformanceTarget
    const directory = yield* (yield* ownDirectory).directoryClient
    const id = yield* Effect.flatMap(fresh("service"), directory.createService)
    yield* directory.addServiceKey(id, stranger.publicKey, options)
    return {
      entity: Entity.service(id),
      key: stranger,
      client: yield* serviceActedForBy(id, Entity.service(id), stranger)
    }
  })

/** A new directory of the target's organization and a service of it, as given, both with one key. */
const elsewhere = (options: { readonly inquiry: boolean; readonly active: boolean }) =>
  Effect.gen(function*() {
    const { keys: { stranger } } = yield* ConformanceTarget
    const { directory, directoryId, organization } = yield* tenant
    yield* organization.updateDirectory(directoryId, { denialContextInquiryEnabled: options.inquiry })
    yield* organization.addDirectoryKey(directoryId, stranger.publicKey)
    const serviceId = yield* directory.createService(yield* fresh("service"), { active: options.active })
    yield* directory.addServiceKey(serviceId, stranger.publicKey)
    return {
      directoryId,
      key: stranger,
      service: yield* serviceActedForBy(serviceId, Entity.service(serviceId), stranger)
    }
  })

const everything = (service: ServiceClient.Service, user: string) =>
  Effect.all([
    Effect.flip(service.authorize(user)),
    Effect.flip(service.sessionStart(user)),
    Effect.flip(service.sessionEnd(user))
  ]).pipe(Effect.map((failures) => failures.map(({ _tag }) => _tag)))

export const credentials = (it: It) =>
  describe("credentials", () => {
    it.effect("of the organization act for the service and open the answer", () =>
      Effect.gen(function*() {
        const { keys, organizationId, serviceId } = yield* ConformanceTarget
        const organization = yield* own(Entity.organization(organizationId), keys.organization)
        const world = { ...yield* scene(), service: organization }
        assert.isTrue((yield* ask(world, approve)).authorized)
        yield* organization.sessionStart(world.user)
        assert.strictEqual((yield* world.device.sessions)[0]?.serviceId, serviceId)
        const request = yield* organization.authorize(world.user)
        yield* organization.cancel(request.id)
      }))

    it.effect("of the directory act for the service and open the answer", () =>
      Effect.gen(function*() {
        const { directoryId, keys } = yield* ConformanceTarget
        const directory = yield* own(Entity.directory(directoryId), keys.directory)
        assert.isTrue((yield* ask({ ...yield* scene(), service: directory }, approve)).authorized)
      }))

    it.effect("may spell the service's id in any case", () =>
      Effect.gen(function*() {
        const client = yield* ServiceClient.make({ serviceId: (yield* ConformanceTarget).serviceId.toUpperCase() })
        assert.isTrue((yield* ask({ ...yield* scene(), service: client }, approve)).authorized)
      }))

    it.effect("with a key that is not the issuer's are refused with Unauthorized, signed", () =>
      Effect.gen(function*() {
        const { user } = yield* scene()
        const { keys, serviceId } = yield* ConformanceTarget
        const stranger = yield* own(Entity.service(serviceId), keys.stranger)
        const failure = yield* Effect.flip(stranger.authorize(user))
        assert.deepInclude(failure, { _tag: "Unauthorized", authenticated: true })
      }))

    it.effect("of an entity that does not exist are refused with Unauthorized", () =>
      Effect.gen(function*() {
        const { user } = yield* scene()
        const nobody = Entity.directory(Entity.DirectoryId.make(yield* uuid))
        const { keys } = yield* ConformanceTarget
        const failure = yield* Effect.flip(Effect.flatMap(own(nobody, keys.directory), (_) => _.authorize(user)))
        assert.strictEqual(failure._tag, "Unauthorized")
      }))

    it.effect("whose key has expired are refused with Unauthorized", () =>
      Effect.gen(function*() {
        const { client } = yield* sibling({ expires: DateTime.unsafeMake(0) })
        assert.strictEqual((yield* Effect.flip(client.sessionEnd("anyone")))._tag, "Unauthorized")
      }))

    it.effect("of another directory are refused with Forbidden", () =>
      Effect.gen(function*() {
        const { user } = yield* scene()
        const { directoryId, key } = yield* elsewhere({ inquiry: true, active: true })
        const other = yield* own(Entity.directory(directoryId), key)
        assert.deepStrictEqual(yield* everything(other, user), ["Forbidden", "Forbidden", "Forbidden"])
      }))

    it.effect("of another service are refused with Forbidden", () =>
      Effect.gen(function*() {
        const { user } = yield* scene()
        const { entity, key } = yield* sibling()
        assert.deepStrictEqual(yield* everything(yield* own(entity, key), user), [
          "Forbidden",
          "Forbidden",
          "Forbidden"
        ])
      }))

    it.effect("for a service that does not exist are refused with Forbidden", () =>
      Effect.gen(function*() {
        const { user } = yield* scene()
        const { directoryId, keys } = yield* ConformanceTarget
        const client = yield* serviceActedForBy(
          Entity.ServiceId.make(yield* uuid),
          Entity.directory(directoryId),
          keys.directory
        )
        assert.strictEqual((yield* Effect.flip(client.authorize(user)))._tag, "Forbidden")
      }))

    it.effect("for a service that is inactive are refused with Forbidden", () =>
      Effect.gen(function*() {
        const { service } = yield* elsewhere({ inquiry: true, active: false })
        assert.deepStrictEqual(yield* everything(service, "anyone"), ["Forbidden", "Forbidden", "Forbidden"])
      }))

    it.effect("for a service of another directory find none of this one's users", () =>
      Effect.gen(function*() {
        const { user } = yield* scene()
        const { service } = yield* elsewhere({ inquiry: true, active: true })
        assert.deepStrictEqual(yield* everything(service, user), ["EntityNotFound", "EntityNotFound", "EntityNotFound"])
      }))

    it.effect("where the directory asks no user for reasons offer none (B-240)", () =>
      Effect.gen(function*() {
        const { service } = yield* elsewhere({ inquiry: false, active: true })
        const failure = yield* Effect.flip(service.authorize("anyone", {
          denialReasons: [DenialReason.ordinary("1", "Wrong time"), DenialReason.fraudulent("2", "Not me")]
        }))
        assert.deepInclude(failure, { _tag: "InvalidParameters", origin: "Platform" })
        assert(failure._tag === "InvalidParameters")
        assert.property(failure.detail, "denial_reasons")
      }))

    it.effect("of an organization's own service give no title, push texts or reasons (B-238)", () =>
      Effect.gen(function*() {
        const { credentials, organization } = yield* tenant
        const id = yield* Effect.flatMap(fresh("service"), organization.createService)
        const client = yield* credentials.serviceClient(id)
        const denialReasons = [DenialReason.ordinary("1", "Wrong time"), DenialReason.fraudulent("2", "Not me")]
        for (const options of [{ title: "Title" }, { pushTitle: "Title" }, { pushBody: "Body" }, { denialReasons }]) {
          const failure = yield* Effect.flip(client.authorize("anyone", options))
          assert.deepInclude(failure, { _tag: "InvalidParameters", origin: "Platform" })
        }
        assert.strictEqual((yield* Effect.flip(client.authorize("anyone")))._tag, "EntityNotFound")
      }))
  })
