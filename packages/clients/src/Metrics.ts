/**
 * What is counted of a program's use of the clients, beside what `@effect-launchkey/transport/Metrics` counts of each
 * call to the platform.
 *
 * @see docs/telemetry.md "Metrics"
 * @since 0.1.0
 */
import { counter, gauge, histogram, seconds } from "@effect-launchkey/transport/Metrics"

/**
 * Uses of the clients' methods by `operation`, such as `"ServiceClient.authorize"`, and `outcome`: `"Success"`,
 * `"Failure"`, `"Interrupted"` or `"Defect"`.
 *
 * @since 0.1.0
 * @category models
 */
export const operations = /* @__PURE__ */ counter({
  name: "launchkey_operations_total",
  description: "Uses of the clients' methods",
  unit: "{operation}",
  labels: ["operation", "outcome"]
})

/**
 * Failures by `operation` and the error's `_tag`.
 *
 * @since 0.1.0
 * @category models
 */
export const errors = /* @__PURE__ */ counter({
  name: "launchkey_errors_total",
  description: "Failures of the clients' methods",
  unit: "{error}",
  labels: ["operation", "error"]
})

/**
 * However they ended. `"ServiceClient.awaitResponse"` takes as long as people do.
 *
 * @since 0.1.0
 * @category models
 */
export const duration = /* @__PURE__ */ histogram({
  name: "launchkey_operation_duration_seconds",
  description: "How long the clients' methods take",
  unit: "s",
  labels: ["operation"],
  boundaries: seconds
})

/**
 * How many `awaitResponse` wait at the moment.
 *
 * @since 0.1.0
 * @category models
 */
export const waiting = /* @__PURE__ */ gauge({
  name: "launchkey_waiting_requests",
  description: "Authorization requests whose response is awaited",
  unit: "{request}",
  labels: []
})

/**
 * Messages that were not believed, by the `kind` and `reason` of `MessageRejected`. Of the kind `"Webhook"`, anyone who
 * finds a receiver's URL can cause them.
 *
 * @since 0.1.0
 * @category models
 */
export const rejections = /* @__PURE__ */ counter({
  name: "launchkey_rejections_total",
  description: "Messages that were not believed",
  unit: "{message}",
  labels: ["kind", "reason"]
})

/**
 * Webhooks by `receiver`, `"ServiceWebhook"` or `"DirectoryWebhook"`, and `outcome`: `"Opened"`, `"Handled"`,
 * `"HandledBefore"`, the tag of a `HandleError`, `"HandlerFailed"` or `"Interrupted"`.
 *
 * @since 0.1.0
 * @category models
 */
export const webhooks = /* @__PURE__ */ counter({
  name: "launchkey_webhooks_total",
  description: "Webhooks that came",
  unit: "{message}",
  labels: ["receiver", "outcome"]
})

/**
 * From when an event happened until it was handled, by its `event` tag. Where an event does not say when it happened,
 * from when the platform sealed the delivery.
 *
 * @since 0.1.0
 * @category models
 */
export const webhookLag = /* @__PURE__ */ histogram({
  name: "launchkey_webhook_lag_seconds",
  description: "From an event until its webhook is handled",
  unit: "s",
  labels: ["event"],
  boundaries: seconds
})
