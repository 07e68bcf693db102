/**
 * The whole contract: what clients derive their methods from, and the platform its routes.
 *
 * Everything here is plain JSON. Each side wraps it in one decorator that seals requests and answers.
 *
 * @since 0.1.0
 */
import { contract, type Route, type RouteOf, routeOf as routing, routesOf } from "./api/Contract.ts"
import { DeviceApi, LinkingApi } from "./api/DeviceApi.ts"
import { DirectoryApi } from "./api/DirectoryApi.ts"
import { OrganizationApi } from "./api/OrganizationApi.ts"
import { PublicApi } from "./api/PublicApi.ts"
import { ServiceApi } from "./api/ServiceApi.ts"
import { DirectoryServicesApi, OrganizationServicesApi } from "./api/ServiceManagementApi.ts"

/**
 * @since 0.1.0
 * @category models
 */
export class Api extends contract
  .add(PublicApi)
  .add(OrganizationApi)
  .add(OrganizationServicesApi)
  .add(DirectoryApi)
  .add(DirectoryServicesApi)
  .add(ServiceApi)
  .add(LinkingApi)
  .add(DeviceApi)
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

const groups = Object.values(Api.groups)

/**
 * Every endpoint of the contract.
 *
 * @since 0.1.0
 * @category models
 */
export const routes: ReadonlyArray<Route> = routesOf(...groups)

/**
 * The endpoint of the whole contract that a request is for.
 *
 * @since 0.1.0
 * @category conversions
 */
export const routeOf: RouteOf = routing(...groups)
