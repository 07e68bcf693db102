/**
 * The whole contract: what clients derive their methods from, and the platform its routes.
 *
 * Everything here is plain JSON. Each side wraps it in one decorator that seals requests and answers.
 *
 * @since 0.1.0
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as Context from "effect/Context"
import { DeviceApi, LinkingApi } from "./api/DeviceApi.ts"
import { DirectoryApi } from "./api/DirectoryApi.ts"
import { Wire } from "./api/ErrorWire.ts"
import { OrganizationApi } from "./api/OrganizationApi.ts"
import { PublicApi } from "./api/PublicApi.ts"
import { Repeatable } from "./api/Repeatable.ts"
import { ServiceApi } from "./api/ServiceApi.ts"
import { DirectoryServicesApi, OrganizationServicesApi } from "./api/ServiceManagementApi.ts"

/**
 * @since 0.1.0
 * @category models
 */
export class Api extends HttpApi.make("launchkey")
  .add(PublicApi)
  .add(OrganizationApi)
  .add(OrganizationServicesApi)
  .add(DirectoryApi)
  .add(DirectoryServicesApi)
  .add(ServiceApi)
  .add(LinkingApi)
  .add(DeviceApi)
  .addError(Wire.InvalidParameters)
  .addError(Wire.InvalidRoute)
{}

const plainPaths = [PublicApi, LinkingApi].flatMap((group) =>
  Object.values(group.endpoints).map(({ path }) => path.split(":", 1)[0] ?? path)
)

/**
 * Whether a path is called plainly, without a signature: those of the public endpoints and of linking.
 *
 * @since 0.1.0
 * @category guards
 */
export const isPlain = (path: string): boolean =>
  plainPaths.some((plain) => plain.endsWith("/") ? path.startsWith(plain) : path === plain)

/**
 * An endpoint as a request to it shows: what may be told of a request without its ids.
 *
 * @since 0.1.0
 * @category models
 */
export interface Route {
  readonly method: string
  /** With the names of its parameters in place of ids: `"/service/v3/auths/:id"`. */
  readonly template: string
  /** The group and the name of the endpoint: `"service.getAuthorization"`. */
  readonly endpoint: string
  /** See {@link Repeatable}. */
  readonly repeatable: boolean
}

const reflected = (): ReadonlyArray<Route> => {
  const found: Array<Route> = []
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group, mergedAnnotations }) => {
      found.push({
        method: endpoint.method,
        template: endpoint.path,
        endpoint: `${group.identifier}.${endpoint.name}`,
        repeatable: Context.get(mergedAnnotations, Repeatable)
      })
    }
  })
  return found
}

/**
 * Every endpoint of the contract.
 *
 * @since 0.1.0
 * @category models
 */
export const routes: ReadonlyArray<Route> = reflected()

const exactRoutes = new Map(routes.map((route) => [`${route.method} ${route.template}`, route]))

const parameterRoutes = routes.filter(({ template }) => template.includes("/:")).map((route) => ({
  route,
  pattern: new RegExp(`^${route.template.replace(/:\w+/g, "[^/]+")}$`)
}))

/**
 * The endpoint that a request is for; undefined where the contract has none. The path is as the contract writes it,
 * without the base URL.
 *
 * @since 0.1.0
 * @category conversions
 */
export const routeOf = (method: string, path: string): Route | undefined =>
  exactRoutes.get(`${method} ${path}`)
    ?? parameterRoutes.find(({ pattern, route }) => route.method === method && pattern.test(path))?.route
