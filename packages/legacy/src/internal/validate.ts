import { InvalidParameters } from "@effect-launchkey/core/ApiError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** Nothing was sent. `problem` never has the value in it. */
const invalid = (path: string, problem: string): InvalidParameters =>
  new InvalidParameters({ origin: "Client", issues: [{ path, problem }], detail: undefined })

export const check = (holds: boolean, path: string, problem: string): Effect.Effect<void, InvalidParameters> =>
  holds ? Effect.void : Effect.fail(invalid(path, problem))

export const notEmpty = (path: string, text: string): Effect.Effect<void, InvalidParameters> =>
  check(typeof text === "string" && text.trim() !== "", path, "empty; give a text")

export const passing = (
  path: string,
  input: Duration.DurationInput
): Effect.Effect<Duration.Duration, InvalidParameters> => {
  const duration = Duration.decode(input)
  return Effect.as(
    check(
      Duration.isFinite(duration) && Duration.greaterThan(duration, Duration.zero),
      path,
      "not a time that passes; give one such as \"10 seconds\""
    ),
    duration
  )
}
