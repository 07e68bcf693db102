/**
 * Everything that a service can do, as a suite of tests that any way to a platform must pass: in memory, over a socket,
 * through another HTTP client.
 *
 * @since 0.1.0
 */
import { layer } from "@effect/vitest"
import type * as Layer from "effect/Layer"
import { answers } from "./internal/conformance/answers.ts"
import { credentials } from "./internal/conformance/credentials.ts"
import { requests } from "./internal/conformance/requests.ts"
import { sessions } from "./internal/conformance/sessions.ts"
import type * as TestPlatform from "./TestPlatform.ts"

/**
 * Registers the suite with vitest. All of its tests share the one platform: each has users of its own, and time that has
 * to pass is moved on the platform's clock. Timers are real, so that sockets work.
 *
 * @since 0.1.0
 * @category constructors
 */
export const conformance = <E>(name: string, live: Layer.Layer<TestPlatform.Services, E>): void =>
  layer(live, { excludeTestServices: true })(name, (it) => {
    requests(it)
    answers(it)
    sessions(it)
    credentials(it)
  })
