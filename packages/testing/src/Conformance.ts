/**
 * Everything that an organization, a directory and a service can do, as a suite of tests that any way to a platform must
 * pass: in memory, over a socket, through another HTTP client.
 *
 * @since 0.1.0
 */
import { layer } from "@effect/vitest"
import type * as Layer from "effect/Layer"
import type { Services } from "./ConformanceTarget.ts"
import { answers } from "./internal/conformance/answers.ts"
import { clocks } from "./internal/conformance/clocks.ts"
import { credentials } from "./internal/conformance/credentials.ts"
import { devices } from "./internal/conformance/devices.ts"
import { directories } from "./internal/conformance/directories.ts"
import { keys } from "./internal/conformance/keys.ts"
import { numberMatching } from "./internal/conformance/numberMatching.ts"
import { policies } from "./internal/conformance/policies.ts"
import { requests } from "./internal/conformance/requests.ts"
import { rights } from "./internal/conformance/rights.ts"
import { type It, skipping } from "./internal/conformance/scene.ts"
import { servicePolicies } from "./internal/conformance/servicePolicies.ts"
import { services } from "./internal/conformance/services.ts"
import { sessions } from "./internal/conformance/sessions.ts"
import { users } from "./internal/conformance/users.ts"
import { webhooks } from "./internal/conformance/webhooks.ts"
import { wire } from "./internal/conformance/wire.ts"

const over = <E>(
  name: string,
  live: Layer.Layer<Services, E>,
  parts: ReadonlyArray<(it: It) => void>
): void => layer(live, { excludeTestServices: true })(name, (it) => parts.forEach((part) => part(skipping(it))))

/**
 * Registers the suite with vitest. All of its tests share the one platform: each has users of its own, and time that has
 * to pass is moved on the platform's clock. Timers are real, so that sockets work.
 *
 * A test's name ends with the ids of the behaviours that it shows, such as `(B-001)`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const conformance = <E>(name: string, live: Layer.Layer<Services, E>): void =>
  over(name, live, [
    requests,
    answers,
    numberMatching,
    sessions,
    credentials,
    directories,
    services,
    keys,
    policies,
    servicePolicies,
    users,
    devices,
    rights,
    webhooks,
    wire,
    clocks
  ])

/**
 * As {@link conformance}, but no more than what a service asks of its users, and who may: still every method of HTTP and
 * every way to seal and open, for one more HTTP client.
 *
 * @since 0.1.0
 * @category constructors
 */
export const serviceConformance = <E>(name: string, live: Layer.Layer<Services, E>): void =>
  over(name, live, [requests, answers, sessions, credentials])
