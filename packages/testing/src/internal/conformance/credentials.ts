import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as DenialReason from "@effect-launchkey/core/DenialReason"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as ServicePolicy from "@effect-launchkey/core/ServicePolicy"
import * as Administration from "@effect-launchkey/platform/Administration"
import * as Store from "@effect-launchkey/platform/Store"
import * as Jose from "@effect-launchkey/transport/Jose"
import { assert, describe } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as TestKeys from "../../TestKeys.ts"
import * as TestPlatform from "../../TestPlatform.ts"
import { approve, ask, fresh, type It, scene, serviceActedForBy } from "./scene.ts"

const seeded = (issuer: Entity.EntityIdentifier, key: TestKeys.TestKey) =>
  serviceActedForBy(TestPlatform.serviceId, issuer, key)

const uuid = Effect.flatMap(Jose.Jose, (_) => _.randomUuid)

/** A directory of the seeded organization and a service of it, as given, both with the directory's key. */
const elsewhere = (options: { readonly inquiry: boolean; readonly active: boolean }) =>
  Effect.gen(function*() {
    const store = yield* Store.Store
    const administration = yield* Administration.Administration
    const directoryId = Entity.DirectoryId.make(yield* uuid)
    const serviceId = Entity.ServiceId.make(yield* uuid)
    yield* store.insertDirectory({
      id: directoryId,
      organizationId: TestPlatform.organizationId,
      name: directoryId,
      active: true,
      denialContextInquiryEnabled: options.inquiry,
      sdkKeys: [],
      androidKey: Option.none(),
      iosCertificateFingerprint: Option.none(),
      webhookUrl: Option.none()
    }, directoryId)
    yield* store.insertService({
      id: serviceId,
      organizationId: TestPlatform.organizationId,
      directoryId: Option.some(directoryId),
      name: serviceId,
      description: Option.none(),
      icon: Option.none(),
      callbackUrl: Option.none(),
      active: options.active,
      policy: ServicePolicy.none
    }, serviceId)
    for (const entity of [Entity.directory(directoryId), Entity.service(serviceId)]) {
      yield* administration.addKey(entity, TestKeys.stranger.publicKey)
    }
    return {
      directoryId,
      service: yield* serviceActedForBy(serviceId, Entity.service(serviceId), TestKeys.stranger)
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
        const organization = yield* seeded(Entity.organization(TestPlatform.organizationId), TestKeys.organization)
        const world = { ...yield* scene(), service: organization }
        assert.isTrue((yield* ask(world, approve)).authorized)
        yield* organization.sessionStart(world.user)
        assert.strictEqual((yield* world.device.sessions)[0]?.serviceId, TestPlatform.serviceId)
        const request = yield* organization.authorize(world.user)
        yield* organization.cancel(request.id)
      }))

    it.effect("of the directory act for the service and open the answer", () =>
      Effect.gen(function*() {
        const directory = yield* seeded(Entity.directory(TestPlatform.directoryId), TestKeys.directory)
        assert.isTrue((yield* ask({ ...yield* scene(), service: directory }, approve)).authorized)
      }))

    it.effect("may spell the service's id in any case", () =>
      Effect.gen(function*() {
        const client = yield* ServiceClient.make({ serviceId: TestPlatform.serviceId.toUpperCase() })
        assert.isTrue((yield* ask({ ...yield* scene(), service: client }, approve)).authorized)
      }))

    it.effect("with a key that is not the issuer's are refused with Unauthorized, signed", () =>
      Effect.gen(function*() {
        const { user } = yield* scene()
        const stranger = yield* seeded(Entity.service(TestPlatform.serviceId), TestKeys.stranger)
        const failure = yield* Effect.flip(stranger.authorize(user))
        assert.deepInclude(failure, { _tag: "Unauthorized", authenticated: true })
      }))

    it.effect("of an entity that does not exist are refused with Unauthorized", () =>
      Effect.gen(function*() {
        const { user } = yield* scene()
        const nobody = Entity.directory(Entity.DirectoryId.make(yield* uuid))
        const failure = yield* Effect.flip(Effect.flatMap(seeded(nobody, TestKeys.directory), (_) => _.authorize(user)))
        assert.strictEqual(failure._tag, "Unauthorized")
      }))

    it.effect("whose key has expired are refused with Unauthorized", () =>
      Effect.gen(function*() {
        const administration = yield* Administration.Administration
        const { id } = yield* administration.createService(TestPlatform.directoryId, yield* fresh("service"))
        yield* administration.addKey(Entity.service(id), TestKeys.stranger.publicKey, {
          expires: DateTime.unsafeMake(0)
        })
        const client = yield* serviceActedForBy(id, Entity.service(id), TestKeys.stranger)
        assert.strictEqual((yield* Effect.flip(client.sessionEnd("anyone")))._tag, "Unauthorized")
      }))

    it.effect("of another directory are refused with Forbidden", () =>
      Effect.gen(function*() {
        const { user } = yield* scene()
        const { directoryId } = yield* elsewhere({ inquiry: true, active: true })
        const other = yield* seeded(Entity.directory(directoryId), TestKeys.stranger)
        assert.deepStrictEqual(yield* everything(other, user), ["Forbidden", "Forbidden", "Forbidden"])
      }))

    it.effect("of another service are refused with Forbidden", () =>
      Effect.gen(function*() {
        const { user } = yield* scene()
        const administration = yield* Administration.Administration
        const { id } = yield* administration.createService(TestPlatform.directoryId, yield* fresh("service"))
        yield* administration.addKey(Entity.service(id), TestKeys.stranger.publicKey)
        const sibling = yield* seeded(Entity.service(id), TestKeys.stranger)
        assert.deepStrictEqual(yield* everything(sibling, user), ["Forbidden", "Forbidden", "Forbidden"])
      }))

    it.effect("for a service that does not exist are refused with Forbidden", () =>
      Effect.gen(function*() {
        const { user } = yield* scene()
        const client = yield* serviceActedForBy(
          Entity.ServiceId.make(yield* uuid),
          Entity.directory(TestPlatform.directoryId),
          TestKeys.directory
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
        const administration = yield* Administration.Administration
        const { id } = yield* administration.createService(TestPlatform.organizationId, yield* fresh("service"))
        const client = yield* serviceActedForBy(
          id,
          Entity.organization(TestPlatform.organizationId),
          TestKeys.organization
        )
        const denialReasons = [DenialReason.ordinary("1", "Wrong time"), DenialReason.fraudulent("2", "Not me")]
        for (const options of [{ title: "Title" }, { pushTitle: "Title" }, { pushBody: "Body" }, { denialReasons }]) {
          const failure = yield* Effect.flip(client.authorize("anyone", options))
          assert.deepInclude(failure, { _tag: "InvalidParameters", origin: "Platform" })
        }
        assert.strictEqual((yield* Effect.flip(client.authorize("anyone")))._tag, "EntityNotFound")
      }))
  })
