/**
 * The clients for programs that are not written with Effect: the same methods under the same names, that return promises
 * and take an `AbortSignal`. What a promise rejects with is the error itself, of the same class and with the same `_tag`.
 *
 * Each method is made of the client's own, so a client that learns something has it here too.
 *
 * @since 0.1.0
 */
import type {
  AuthorizationRequest,
  AuthorizationRequestId,
  AuthorizationResponse
} from "@effect-launchkey/core/Authorization"
import type { DirectoryEvent, ServiceEvent } from "@effect-launchkey/core/Webhook"
import type * as Keyring from "@effect-launchkey/transport/Keyring"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import type * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as DirectoryClient from "./DirectoryClient.ts"
import * as DirectoryWebhook from "./DirectoryWebhook.ts"
import * as promised from "./internal/promised.ts"
import { statuses } from "./internal/statuses.ts"
import * as OrganizationClient from "./OrganizationClient.ts"
import * as PendingAuthorizations from "./PendingAuthorizations.ts"
import * as ServiceClient from "./ServiceClient.ts"
import * as ServiceWebhook from "./ServiceWebhook.ts"
import type { Delivery, Outcome, Receiver } from "./Webhook.ts"
import * as WebhookHost from "./WebhookHost.ts"
import * as WebhookInbox from "./WebhookInbox.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface CallOptions {
  /** Interrupts the call, which then rejects with the signal's reason, once all that it had begun has ended. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Parameters with a place for a signal: in the options of methods that have some, after all others elsewhere.
 *
 * @since 0.1.0
 * @category models
 */
export type WithSignal<Parameters extends ReadonlyArray<unknown>> = Parameters extends Required<Parameters>
  ? [...Parameters, options?: CallOptions]
  : Required<Parameters> extends [...infer Before, infer Options] ? [...Before, options?: Options & CallOptions]
  : never

/**
 * What a promise resolves to: undefined in place of `Option.none`, the value in place of `Option.some`.
 *
 * @since 0.1.0
 * @category models
 */
export type Resolved<A> = [A] extends [Option.Option<infer Value>] ? Value | undefined : A

/**
 * A client with promises in place of effects. An effect that takes no parameters is a method here.
 *
 * @since 0.1.0
 * @category models
 */
export type Promised<Client> = {
  readonly [Method in keyof Client]: Client[Method] extends
    (...parameters: infer Parameters) => Effect.Effect<infer A, infer _E>
    ? (...parameters: WithSignal<Parameters>) => Promise<Resolved<A>>
    : Client[Method] extends Effect.Effect<infer A, infer _E> ? (options?: CallOptions) => Promise<Resolved<A>>
    : never
}

/**
 * How an authorization request stands: `Pending` while nobody has answered, and at last `Answered`.
 *
 * @since 0.1.0
 * @category models
 */
export type AuthorizationStatus =
  | { readonly _tag: "Pending" }
  | { readonly _tag: "Answered"; readonly response: AuthorizationResponse }

/**
 * @since 0.1.0
 * @category models
 */
export interface Service extends Promised<ServiceClient.Service> {
  /**
   * How the request stands, each time that the platform was asked. Ends after the answer; throws what `awaitResponse`
   * rejects with. To leave the loop stops the asking, and cancels the request if `cancelOnInterrupt`.
   */
  readonly statuses: (
    request: AuthorizationRequest | AuthorizationRequestId | PendingAuthorizations.PendingAuthorization,
    options?: ServiceClient.AwaitResponseOptions & CallOptions
  ) => AsyncIterable<AuthorizationStatus>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Directory extends Promised<DirectoryClient.Service> {}

/**
 * @since 0.1.0
 * @category models
 */
export interface Organization extends Promised<OrganizationClient.Service> {}

/**
 * Does something about what a webhook tells. The signal is aborted when that is no longer wanted.
 *
 * @since 0.1.0
 * @category models
 */
export type Handler<Event> = (event: Event, options: { readonly signal: AbortSignal }) => unknown

/**
 * @since 0.1.0
 * @category models
 */
export interface Webhooks<Event> {
  /** What a webhook tells, once everything of it is verified. A delivery is opened once. */
  readonly open: (delivery: Delivery, options?: CallOptions) => Promise<Event>
  /**
   * Opens a webhook and has its event handled, unless it was handled before. The event counts as handled when the
   * handler has returned, and its promise is resolved; otherwise this rejects with what the handler threw.
   */
  readonly handle: (delivery: Delivery, handler: Handler<Event>, options?: CallOptions) => Promise<Outcome>
  /** For whatever has a `Request` answered by a `Response`. See `WebhookHost` for what it answers. */
  readonly toWebHandler: (handler: Handler<Event>) => (request: Request) => Promise<Response>
  /** For `node:http` and Express. */
  readonly toNodeHandler: (handler: Handler<Event>) => (
    request: WebhookHost.NodeRequest,
    response: WebhookHost.NodeResponse,
    next?: (error: unknown) => void
  ) => void
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Transport.Options, Omit<Keyring.Options, "signingKey" | "decryptionKeys"> {
  /** PKCS#8 or PKCS#1 PEM, unencrypted, RSA of 2048 bits or more. */
  readonly signingKey: Redacted.Redacted<string> | string
  /** Further keys that messages to us may be encrypted to. Same forms. Default: none. */
  readonly decryptionKeys?: ReadonlyArray<Redacted.Redacted<string> | string> | undefined
  /**
   * Whether webhooks bring answers to these very clients: then `awaitResponse` takes what their `handle` was given, and
   * polls but as a safety net. Default false.
   */
  readonly answersByWebhook?: boolean | undefined
  /** What webhooks remember. Default: in memory, for as long as these clients live. */
  readonly inbox?: Layer.Layer<WebhookInbox.WebhookInbox, unknown> | undefined
  /** Default: over `fetch`. */
  readonly httpClient?: Layer.Layer<HttpClient.HttpClient, unknown> | undefined
}

/**
 * The clients were disposed of before or while this was called.
 *
 * @since 0.1.0
 * @category errors
 */
export class ClientsDisposed extends Schema.TaggedError<ClientsDisposed>(
  "@effect-launchkey/clients/PromiseClients/ClientsDisposed"
)("ClientsDisposed", {}) {
  override get message(): string {
    return "These clients were disposed of. Dispose of them after the last call has ended, or make new ones."
  }
}

/**
 * Clients that share one transport. Nothing is done before the first of them is asked for; then a key that cannot be used
 * is rejected with `InvalidKey`, and an id that is none with `InvalidParameters`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Clients extends AsyncDisposable {
  /** For a service: the issuer itself, or one below it. */
  readonly service: (serviceId: string) => Promise<Service>
  readonly directory: (directoryId: string) => Promise<Directory>
  readonly organization: (organizationId: string) => Promise<Organization>
  readonly serviceWebhooks: (
    serviceId: string,
    options?: Omit<ServiceWebhook.Options, "serviceId">
  ) => Promise<Webhooks<ServiceEvent>>
  readonly directoryWebhooks: (
    directoryId: string,
    options?: Omit<DirectoryWebhook.Options, "directoryId">
  ) => Promise<Webhooks<DirectoryEvent>>
  /** Interrupts what is still going on, which rejects with `ClientsDisposed`, and resolves when it has ended. */
  readonly dispose: () => Promise<void>
}

const redacted = (pem: Redacted.Redacted<string> | string): Redacted.Redacted<string> =>
  Redacted.isRedacted(pem) ? pem : Redacted.make(pem)

type Needed = Transport.Transport | WebhookInbox.WebhookInbox

const layerOf = ({ answersByWebhook, decryptionKeys, httpClient, inbox, signingKey, ...options }: Options) =>
  Transport.layer({ ...options, signingKey: redacted(signingKey), decryptionKeys: decryptionKeys?.map(redacted) }).pipe(
    Layer.provide(httpClient ?? FetchHttpClient.layer),
    Layer.merge(inbox ?? WebhookInbox.layerMemory()),
    Layer.merge(answersByWebhook === true ? PendingAuthorizations.layerMemory() : Layer.empty)
  )

/**
 * Makes the clients. Whoever makes them disposes of them: by `dispose`, or by `await using`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Clients => {
  const runtime: ManagedRuntime.ManagedRuntime<Needed, unknown> = ManagedRuntime.make(layerOf(options))
  const disposed = Deferred.unsafeMake<never, ClientsDisposed>(FiberId.none)
  const around = Effect.runSync(Scope.make())
  const going = new Set<Promise<unknown>>()
  let ended: Promise<void> | undefined

  const run: promised.Run<Needed> = async (effect, signal) => {
    signal?.throwIfAborted()
    // not on the runtime: after its end there is none to ask
    if (ended !== undefined) throw new ClientsDisposed()
    const running = runtime.runPromiseExit(Effect.raceFirst(effect, Deferred.await(disposed)), { signal })
    going.add(running)
    try {
      const exit = await running
      if (Exit.isSuccess(exit)) return exit.value
      if (signal?.aborted === true && Cause.isInterruptedOnly(exit.cause)) throw signal.reason
      throw promised.rejection(exit.cause)
    } finally {
      going.delete(running)
    }
  }

  const dispose = (): Promise<void> =>
    ended ??= (async () => {
      Deferred.unsafeDone(disposed, Exit.fail(new ClientsDisposed()))
      await Effect.runPromise(Scope.close(around, Exit.void))
      await Promise.allSettled(going)
      await runtime.dispose()
    })()

  const receiving = async <Event, E>(receiver: Effect.Effect<Receiver<Event>, E, Needed>): Promise<Webhooks<Event>> => {
    const made = await run(receiver)
    const handling = (handler: Handler<Event>) => (event: Event) => promised.handled(handler, event)
    return {
      open: (delivery, options) => run(made.open(delivery), options?.signal),
      handle: (delivery, handler, options) => run(made.handle(delivery, handling(handler)), options?.signal),
      toWebHandler: (handler) => WebhookHost.toWebHandler(Effect.succeed(made), handling(handler), { runtime }),
      toNodeHandler: (handler) => WebhookHost.toNodeHandler(Effect.succeed(made), handling(handler), { runtime })
    }
  }

  return {
    service: async (serviceId) => {
      const client = await run(ServiceClient.make({ serviceId }))
      return {
        ...promised.client(client, run),
        statuses: (request, { signal, ...options } = {}) =>
          promised.iterable(statuses(client, request, options), run, { around, signal })
      }
    },
    directory: async (directoryId) => promised.client(await run(DirectoryClient.make({ directoryId })), run),
    organization: async (organizationId) =>
      promised.client(await run(OrganizationClient.make({ organizationId })), run),
    serviceWebhooks: (serviceId, options) => receiving(ServiceWebhook.make({ ...options, serviceId })),
    directoryWebhooks: (directoryId, options) => receiving(DirectoryWebhook.make({ ...options, directoryId })),
    dispose,
    [Symbol.asyncDispose]: dispose
  }
}
