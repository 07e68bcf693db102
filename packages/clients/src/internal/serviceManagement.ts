import { type OrganizationServicesApi, SetServicePolicy } from "@effect-launchkey/core/api/ServiceManagementApi"
import { ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import { KeyId } from "@effect-launchkey/core/KeyId"
import { NewService, ServiceChange, WebUrl } from "@effect-launchkey/core/ServiceProfile"
import type * as DerivedClient from "@effect-launchkey/transport/DerivedClient"
import type { MessageRejected, TransportError } from "@effect-launchkey/transport/TransportError"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { ServiceManagement } from "../ServiceManagement.ts"
import { only, validate } from "./call.ts"
import { exact, given, keyChange, newKey } from "./inputs.ts"

/** The methods that are derived for an owner: the same for either. */
type Derived = DerivedClient.Client<typeof OrganizationServicesApi, TransportError | MessageRejected>

// None is given by leaving it out, and cleared by null, so an empty text is a mistake.
const NewAddress = Schema.optionalWith(WebUrl, exact)
const Address = Schema.optional(Schema.NullOr(WebUrl))

const validateNew = validate(
  Schema.typeSchema(NewService).pipe(
    Schema.omit("icon", "callbackUrl"),
    Schema.extend(Schema.Struct({ icon: NewAddress, callbackUrl: NewAddress }))
  )
)

const validateChange = validate(
  Schema.typeSchema(ServiceChange).pipe(
    Schema.omit("id", "icon", "callbackUrl"),
    Schema.extend(Schema.Struct({ id: ServiceId, icon: Address, callbackUrl: Address }))
  )
)

const validateId = validate(ServiceId, "id")

const validateIds = validate(Schema.Array(ServiceId), "ids")

const OfService = Schema.Struct({ serviceId: ServiceId })

const validateService = validate(OfService)

const validateNewKey = validate(Schema.Struct({ ...OfService.fields, ...newKey }))

const validateKeyChange = validate(Schema.Struct({ ...OfService.fields, ...keyChange }))

const validateKey = validate(Schema.Struct({ ...OfService.fields, keyId: KeyId }))

const validatePolicy = validate(Schema.typeSchema(SetServicePolicy))

/** `owner` begins the names of spans. */
export const make = (owner: "Organization" | "Directory", api: Derived): ServiceManagement => {
  const prefix = `${owner}Client` as const
  const get = (ids: ReadonlyArray<ServiceId>) => api.listServices({ payload: { ids } })
  return {
    createService: Effect.fn(`${prefix}.createService`)(function*(name, options = {}) {
      return (yield* api.createService({ payload: yield* validateNew({ ...given(options), name }) })).id
    }),
    listServices: Effect.withSpan(Effect.suspend(() => api.allServices({})), `${prefix}.listServices`),
    getServices: Effect.fn(`${prefix}.getServices`)(function*(ids) {
      return yield* get(yield* validateIds(ids))
    }),
    getService: Effect.fn(`${prefix}.getService`)(function*(named) {
      const id = yield* validateId(named)
      return yield* only(yield* get([id]), id, `POST /${owner.toLowerCase()}/v3/services/list`)
    }),
    updateService: Effect.fn(`${prefix}.updateService`)(function*(id, change) {
      yield* api.updateService({ payload: yield* validateChange({ ...given(change), id }) })
    }),
    addServiceKey: Effect.fn(`${prefix}.addServiceKey`)(function*(serviceId, pem, options = {}) {
      const payload = yield* validateNewKey({ ...given(options), serviceId, pem })
      return (yield* api.addServiceKey({ payload })).keyId
    }),
    listServiceKeys: Effect.fn(`${prefix}.listServiceKeys`)(function*(serviceId) {
      return yield* api.listServiceKeys({ payload: yield* validateService({ serviceId }) })
    }),
    updateServiceKey: Effect.fn(`${prefix}.updateServiceKey`)(function*(serviceId, keyId, change) {
      const payload = yield* validateKeyChange({ ...given(change), serviceId, keyId })
      yield* api.updateServiceKey({ payload })
    }),
    removeServiceKey: Effect.fn(`${prefix}.removeServiceKey`)(function*(serviceId, keyId) {
      yield* api.removeServiceKey({ payload: yield* validateKey({ serviceId, keyId }) })
    }),
    setServicePolicy: Effect.fn(`${prefix}.setServicePolicy`)(function*(serviceId, policy) {
      yield* api.setServicePolicy({ payload: yield* validatePolicy({ serviceId, policy }) })
    }),
    getServicePolicy: Effect.fn(`${prefix}.getServicePolicy`)(function*(serviceId) {
      return yield* api.getServicePolicy({ payload: yield* validateService({ serviceId }) })
    }),
    removeServicePolicy: Effect.fn(`${prefix}.removeServicePolicy`)(function*(serviceId) {
      yield* api.removeServicePolicy({ payload: yield* validateService({ serviceId }) })
    })
  }
}
