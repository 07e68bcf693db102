/**
 * The whole contract: what clients derive their methods from, and the platform its routes.
 *
 * Everything here is plain JSON. Each side wraps it in one decorator that seals requests and answers.
 *
 * @since 0.1.0
 */
import * as HttpApi from "@effect/platform/HttpApi"
import { DeviceApi, LinkingApi } from "./api/DeviceApi.ts"
import { DirectoryApi } from "./api/DirectoryApi.ts"
import { Wire } from "./api/ErrorWire.ts"
import { OrganizationApi } from "./api/OrganizationApi.ts"
import { PublicApi } from "./api/PublicApi.ts"
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
