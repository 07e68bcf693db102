/** How this application answers browsers. */
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type { Html } from "./Html.ts"
import * as Views from "./Views.ts"

/** Pages are for one user at one moment. */
const fresh = { "cache-control": "no-store" }

export const page = ({ markup }: Html, options: { readonly status?: number } = {}) =>
  HttpServerResponse.text(markup, { ...options, contentType: "text/html; charset=utf-8", headers: fresh })

/** After a form: the browser asks for the next page, and a reload of that sends nothing again. */
export const seeOther = (path: `/${string}`) => HttpServerResponse.redirect(path, { status: 303, headers: fresh })

interface Problem {
  readonly _tag: string
  readonly message: string
}

const retryAfter = (error: Problem): Option.Option<Duration.Duration> =>
  Predicate.hasProperty(error, "retryAfter") && Option.isOption(error.retryAfter)
    ? Option.filter(error.retryAfter, Duration.isDuration)
    : Option.none()

const toProblem = (error: Problem) => {
  switch (error._tag) {
    // A form that was not filled in by way of its page, which would have said what is wrong with it.
    case "ParseError":
    case "RequestError":
      return Effect.succeed(page(Views.problem("This form could not be read."), { status: 400 }))
    case "RateLimited":
      return Effect.succeed(
        page(Views.tooOften(retryAfter(error)), { status: 429 })
      )
    default:
      // The messages of the SDK name neither users nor secrets, so they may be logged.
      return Effect.as(
        Effect.logError("A page failed", `${error._tag}: ${error.message}`),
        page(Views.problem("Something went wrong on our side. Nothing was lost; try again."), { status: 502 })
      )
  }
}

/** Whatever fails becomes a page. */
export const orProblem = <E extends Problem, R>(
  response: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R> => Effect.catchAll(response, toProblem)
