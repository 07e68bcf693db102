/** What holds for every page: how browsers are to treat it, and whose forms are listened to. */
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Settings from "../Settings.ts"
import * as Respond from "./Respond.ts"
import * as Views from "./Views.ts"

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'"
].join("; ")

const headers = {
  "content-security-policy": policy,
  "cross-origin-opener-policy": "same-origin",
  "x-content-type-options": "nosniff",
  // With none at all, browsers would not tell the origin of our own forms either.
  "referrer-policy": "same-origin"
}

export const securityHeaders = HttpLayerRouter.middleware(
  (app) => Effect.map(app, HttpServerResponse.setHeaders(headers)),
  { global: true }
)

const harmless: ReadonlySet<string> = new Set(["GET", "HEAD"])

/** Refuses forms that another site has made a browser send. A browser says where each comes from. */
export const ownForms = HttpLayerRouter.middleware(Effect.map(
  Settings.Settings,
  ({ externalUrl }) => (app) =>
    Effect.flatMap(
      HttpServerRequest.HttpServerRequest,
      ({ headers, method }) =>
        harmless.has(method) || headers["origin"] === externalUrl
          ? app
          : Respond.page(Views.foreignForm, { status: 403 })
    )
))
