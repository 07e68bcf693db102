/**
 * A Worker that asks users and answers at once: `POST /approvals`, then `GET /approvals/<id>` until it is no longer
 * pending. Answers come to `POST /webhook`, the service's callback URL.
 */
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as ServiceWebhook from "@effect-launchkey/clients/ServiceWebhook"
import * as WebhookHost from "@effect-launchkey/clients/WebhookHost"
import { AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { ask, onEvent, standing } from "./approvals.ts"
import * as Cells from "./cells.ts"
import * as Inbox from "./inbox.ts"

export { CellsObject } from "./cells.ts"

/** The variables and bindings of the Worker. */
export interface Env {
  readonly BASE_URL: string
  readonly ISSUER: string
  readonly SERVICE_ID: string
  /** A secret: PEM. */
  readonly SIGNING_KEY: string
  /** A secret: what the application that calls shows as its bearer token. */
  readonly APPLICATION_KEY: string
  readonly CELLS: Cells.Namespace
}

const layer = (env: Env) =>
  Layer.merge(
    ServiceClient.layer({ serviceId: env.SERVICE_ID }),
    ServiceWebhook.layer({ serviceId: env.SERVICE_ID })
  ).pipe(
    Layer.provide(Inbox.layer()),
    Layer.provideMerge(Cells.layer(env.CELLS)),
    Layer.provide(Transport.layer({
      issuer: env.ISSUER,
      baseUrl: env.BASE_URL,
      signingKey: Redacted.make(env.SIGNING_KEY),
      attemptTimeout: "4 seconds",
      deadline: "10 seconds"
    })),
    Layer.provide(FetchHttpClient.layer)
  )

const Asking = Schema.parseJson(Schema.Struct({ user: Schema.String, context: Schema.String }))

const refusals: Readonly<Record<string, number>> = {
  ParseError: 400,
  InvalidParameters: 400,
  EntityNotFound: 404,
  AuthorizationInProgress: 409,
  RateLimited: 429
}

const create = (body: string) =>
  Effect.gen(function*() {
    const { context, user } = yield* Schema.decode(Asking)(body)
    return Response.json({ id: yield* ask(user, context) }, { status: 202 })
  })

const show = (id: string) =>
  Effect.map(
    Effect.flatMap(Schema.decode(AuthorizationRequestId)(id), standing),
    Option.match({
      onNone: () => new Response(null, { status: 404 }),
      onSome: (status) => Response.json({ status })
    })
  )

const digest = async (text: string): Promise<string> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).join()

/** Compared by digests, which tell by their times nothing of what was compared. */
const admits = async (request: Request, { APPLICATION_KEY }: Env): Promise<boolean> =>
  await digest(request.headers.get("authorization") ?? "") === await digest(`Bearer ${APPLICATION_KEY}`)

export default {
  fetch: async (request: Request, env: Env): Promise<Response> => {
    const { pathname } = new URL(request.url)
    const isWebhook = request.method === "POST" && pathname === "/webhook"
    if (!isWebhook && !await admits(request, env)) return new Response(null, { status: 401 })
    // One for each request. What requests share they would wait for together, and a request of a Worker that waits for what
    // another one fetches is taken to hang, and ended.
    const runtime = ManagedRuntime.make(layer(env))
    try {
      if (isWebhook) {
        return await WebhookHost.toWebHandler(ServiceWebhook.ServiceWebhook, onEvent, { runtime })(request)
      }
      const [, id] = /^\/approvals\/([^/]+)$/.exec(pathname) ?? []
      const answer = request.method === "POST" && pathname === "/approvals"
        ? create(await request.text())
        : request.method === "GET" && id !== undefined
        ? show(id)
        : Effect.succeed(new Response(null, { status: 404 }))
      return await runtime.runPromise(
        Effect.catchAll(
          answer,
          (error) =>
            Effect.as(
              Effect.logWarning(`Not answered: ${error._tag}`),
              new Response(null, { status: refusals[error._tag] ?? 503 })
            )
        ),
        { signal: request.signal }
      )
    } finally {
      await runtime.dispose()
    }
  }
}
