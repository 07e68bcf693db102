/**
 * An `HttpClient` whose requests enter an `HttpApp` in this process, on the calling fiber: no socket, the same clock.
 *
 * @since 0.1.0
 */
export { layer, make } from "@effect-launchkey/platform/InProcess"
