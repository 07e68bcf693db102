/**
 * What every part of the contract has in common: the errors of all endpoints, and what a request shows of its endpoint.
 * Who speaks one group alone needs no other.
 *
 * @since 0.1.0
 */
import * as HttpApi from "@effect/platform/HttpApi"
import type * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as Context from "effect/Context"
import { Wire } from "./ErrorWire.ts"
import { Repeatable } from "./Repeatable.ts"

/**
 * The contract before any group was added to it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const contract = HttpApi.make("launchkey").addError(Wire.InvalidParameters).addError(Wire.InvalidRoute)

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

/**
 * The endpoint that a request is for; undefined where there is none. The path is as the contract writes it, without the
 * base URL.
 *
 * @since 0.1.0
 * @category models
 */
export type RouteOf = (method: string, path: string) => Route | undefined

/**
 * Every endpoint of these groups.
 *
 * @since 0.1.0
 * @category conversions
 */
export const routesOf = (...groups: ReadonlyArray<HttpApiGroup.HttpApiGroup.Any>): ReadonlyArray<Route> => {
  const found: Array<Route> = []
  for (const group of groups) {
    HttpApi.reflect(contract.add(group), {
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
  }
  return found
}

/**
 * Tells the endpoint of these groups that a request is for.
 *
 * @since 0.1.0
 * @category conversions
 */
export const routeOf = (...groups: ReadonlyArray<HttpApiGroup.HttpApiGroup.Any>): RouteOf => {
  const routes = routesOf(...groups)
  const exact = new Map(routes.map((route) => [`${route.method} ${route.template}`, route]))
  const withParameters = routes.filter(({ template }) => template.includes("/:")).map((route) => ({
    route,
    pattern: new RegExp(`^${route.template.replace(/:\w+/g, "[^/]+")}$`)
  }))
  return (method, path) =>
    exact.get(`${method} ${path}`)
      ?? withParameters.find(({ pattern, route }) => route.method === method && pattern.test(path))?.route
}
