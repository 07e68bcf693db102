/** Where spans, metrics and logs of a program go: to a collector, by OTLP over HTTP. */
import * as Otlp from "@effect/opentelemetry/Otlp"
import { FetchHttpClient } from "@effect/platform"
import { Layer } from "effect"

/**
 * Provide it outermost: what is built without it is not traced. All that is not sent yet is when the program ends.
 *
 * `baseUrl` is the collector's, such as `http://localhost:4318`.
 */
export const Telemetry = (baseUrl: string): Layer.Layer<never> =>
  Otlp.layerJson({ baseUrl, resource: { serviceName: "vault" } }).pipe(Layer.provide(FetchHttpClient.layer))
