/** What the application has to know of the place where it runs. */
import { DirectoryId, OrganizationId, ServiceId } from "@effect-launchkey/core/EntityIdentifier"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"

export interface Service {
  /** Where browsers and the platform find this application: scheme, host and port, as `"https://login.example.com"`. */
  readonly externalUrl: string
  readonly organizationId: OrganizationId
  readonly directoryId: DirectoryId
  readonly serviceId: ServiceId
  /** Of a page on which users can complete a link, where there is one. It gets the code in its fragment. */
  readonly authenticatorUrl: Option.Option<string>
}

export class Settings extends Context.Tag("@effect-launchkey/example-login/Settings")<Settings, Service>() {}

/** Webhooks are signed for their path and forms are checked for their origin, so neither may be guessed. */
const origin = Config.mapOrFail(Config.string("EXTERNAL_URL"), (text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url !== undefined && /^https?:$/.test(url.protocol) && url.pathname === "/" && url.search === ""
    ? Either.right(url.origin)
    : Either.left(ConfigError.InvalidData(
      ["EXTERNAL_URL"],
      `${JSON.stringify(text)} is not the address of a site; give it without a path, such as https://login.example.com`
    ))
})

export const layerConfig: Layer.Layer<Settings, ConfigError.ConfigError> = Layer.effect(
  Settings,
  Config.all({
    externalUrl: origin,
    organizationId: Schema.Config("ORGANIZATION_ID", OrganizationId),
    directoryId: Schema.Config("DIRECTORY_ID", DirectoryId),
    serviceId: Schema.Config("SERVICE_ID", ServiceId),
    authenticatorUrl: Config.option(Config.string("AUTHENTICATOR_URL"))
  })
)
