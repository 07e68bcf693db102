import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { fresh, type It } from "./scene.ts"
import { foreignService, nowhere, owners, tenant } from "./tenant.ts"

const profile = {
  description: "Super Awesome Service",
  icon: "https://www.iovation.com/icon",
  callbackUrl: "https://www.iovation.com/callback",
  active: true
}

const changed = {
  description: "A changed service",
  icon: "https://www.iovation.com/changed/icon",
  callbackUrl: "https://www.iovation.com/changed/callback",
  active: false
}

const asGiven = ({ active, callbackUrl, description, icon }: typeof profile) => ({
  active,
  callbackUrl: Option.some(callbackUrl),
  description: Option.some(description),
  icon: Option.some(icon)
})

/** What makes or changes a service of somebody else, or of nobody, is not told apart. */
const forbidden = <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), ({ _tag }) => assert.strictEqual(_tag, "Forbidden"))

const ownedBy = (it: It, { owner, rows, services }: (typeof owners)[number]) =>
  describe(`a service of ${owner}`, () => {
    /** The owner's client, and a service of it with all there is to give. */
    const complete = Effect.gen(function*() {
      const client = yield* services
      const name = yield* fresh("service")
      return { client, name, id: yield* client.createService(name, profile) }
    })

    it.effect(`is as it was created${rows([10, 16, 276], [132])}`, () =>
      Effect.gen(function*() {
        const { client, id, name } = yield* complete
        assert.deepStrictEqual({ ...yield* client.getService(id) }, { id, name, ...asGiven(profile) })
      }))

    it.effect(`needs no more than a name, and is active then${rows([], [127])}`, () =>
      Effect.gen(function*() {
        const client = yield* services
        const name = yield* fresh("service")
        const id = yield* client.createService(name)
        assert.deepStrictEqual({ ...yield* client.getService(id) }, {
          id,
          name,
          active: true,
          callbackUrl: Option.none(),
          description: Option.none(),
          icon: Option.none()
        })
      }))

    it.effect("may start inactive", () =>
      Effect.gen(function*() {
        const client = yield* services
        const id = yield* client.createService(yield* fresh("service"), { active: false })
        assert.isFalse((yield* client.getService(id)).active)
      }))

    it.effect(`of a name that the owner has used fails with ServiceNameTaken${rows([11], [128])}`, () =>
      Effect.gen(function*() {
        const { client, name } = yield* complete
        for (const same of [name, name.toUpperCase(), ` ${name} `]) {
          assert.strictEqual((yield* Effect.flip(client.createService(same)))._tag, "ServiceNameTaken")
        }
      }))

    it.effect("may have the name of another owner's", () =>
      Effect.gen(function*() {
        const { client, name } = yield* complete
        const { directory } = yield* tenant
        const id = yield* directory.createService(name)
        assert.strictEqual((yield* directory.getService(id)).name, name)
        yield* forbidden(client.getService(id))
      }))

    it.effect(`is one of all of its owner's${rows([13], [129])}`, () =>
      Effect.gen(function*() {
        const { client, id } = yield* complete
        const other = yield* client.createService(yield* fresh("service"))
        const all = yield* client.listServices
        assert.deepStrictEqual(all.slice(-2), [yield* client.getService(id), yield* client.getService(other)])
      }))

    it.effect(`is found by its id, with those that are asked for besides${rows([14], [130])}`, () =>
      Effect.gen(function*() {
        const { client, id } = yield* complete
        const other = yield* client.createService(yield* fresh("service"))
        const one = yield* client.getService(id)
        assert.deepStrictEqual(yield* client.getServices([id]), [one])
        assert.deepStrictEqual(yield* client.getServices([id, id]), [one])
        assert.deepStrictEqual((yield* client.getServices([other, id])).map((service) => service.id), [other, id])
        assert.deepStrictEqual(yield* client.getServices([]), [])
      }))

    it.effect(`that never was is not read${rows([15, 17], [131, 133])}`, () =>
      Effect.gen(function*() {
        const { client, id } = yield* complete
        yield* forbidden(client.getServices([nowhere.serviceId]))
        yield* forbidden(client.getServices([id, nowhere.serviceId]))
        yield* forbidden(client.getService(nowhere.serviceId))
      }))

    it.effect("of another owner is neither read nor changed", () =>
      Effect.gen(function*() {
        const { client, id } = yield* complete
        const foreign = yield* foreignService
        yield* forbidden(client.getService(foreign))
        yield* forbidden(client.getServices([id, foreign]))
        yield* forbidden(client.updateService(foreign, { active: false }))
        assert.isTrue((yield* client.listServices).every((service) => service.id !== foreign))
      }))

    it.effect(`changes what is given and nothing else${rows([18], [134])}`, () =>
      Effect.gen(function*() {
        const { client, id, name } = yield* complete
        yield* client.updateService(id, changed)
        assert.deepStrictEqual({ ...yield* client.getService(id) }, { id, name, ...asGiven(changed) })
        yield* client.updateService(id, { active: true })
        assert.deepStrictEqual({ ...yield* client.getService(id) }, {
          id,
          name,
          ...asGiven({ ...changed, active: true })
        })
        yield* client.updateService(id, {})
        assert.isTrue((yield* client.getService(id)).active)
      }))

    it.effect("loses what is null", () =>
      Effect.gen(function*() {
        const { client, id, name } = yield* complete
        yield* client.updateService(id, { description: null, icon: null, callbackUrl: null })
        assert.deepStrictEqual({ ...yield* client.getService(id) }, {
          id,
          name,
          active: true,
          callbackUrl: Option.none(),
          description: Option.none(),
          icon: Option.none()
        })
      }))

    it.effect("may be renamed, to its own name in another case too, but to no name that is taken", () =>
      Effect.gen(function*() {
        const { client, id, name } = yield* complete
        const taken = yield* fresh("service")
        yield* client.createService(taken)
        assert.strictEqual(
          (yield* Effect.flip(client.updateService(id, { name: taken.toUpperCase() })))._tag,
          "ServiceNameTaken"
        )
        yield* client.updateService(id, { name: name.toUpperCase() })
        assert.strictEqual((yield* client.getService(id)).name, name.toUpperCase())
        yield* client.updateService(id, { name: `${name} anew` })
        assert.strictEqual(yield* Effect.map(client.createService(name), (created) => typeof created), "string")
      }))

    it.effect(`that never was is not changed${rows([19], [135])}`, () =>
      Effect.flatMap(services, (client) => forbidden(client.updateService(nowhere.serviceId, { active: true }))))
  })

export const services = (it: It): void => {
  for (const owner of owners) ownedBy(it, owner)

  describe("services", () => {
    it.effect("are none in a new directory (B-012, B-278)", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* (yield* tenant).directory.listServices, [])
      }))

    it.effect("of a directory are told with it, oldest first", () =>
      Effect.gen(function*() {
        const { directory, directoryId, organization } = yield* tenant
        const first = yield* directory.createService(yield* fresh("service"))
        const second = yield* directory.createService(yield* fresh("service"))
        assert.deepStrictEqual((yield* organization.getDirectory(directoryId)).serviceIds, [first, second])
      }))
  })
}
