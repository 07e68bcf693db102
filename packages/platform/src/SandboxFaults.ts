/**
 * Faults on purpose: calls that meet a platform that is overloaded, broken, slow or not what it says to be.
 *
 * @see docs/sandbox.md
 * @since 0.1.0
 */
import { isPlain } from "@effect-launchkey/core/Api"
import { Wire } from "@effect-launchkey/core/api/ErrorWire"
import { RateLimited, statusCode, type WireError } from "@effect-launchkey/core/ApiError"
import * as Claims from "@effect-launchkey/transport/Claims"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { computedOnce } from "./internal/computedOnce.ts"
import { otherLastPart } from "./internal/tamper.ts"
import type * as Platform from "./Platform.ts"
import * as PlatformKeys from "./PlatformKeys.ts"
import type { Fault } from "./SandboxApi.ts"
import * as SealedHttpApp from "./SealedHttpApp.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Ends the connection of a request, as far as the server can. What is answered afterwards is not heard. */
  readonly disconnect: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Faults {
  /** The platform's app, save that sealed calls meet the faults that were asked for, in that order. */
  readonly app: HttpApp.Default
  readonly add: (fault: typeof Fault.Type, count: number) => Effect.Effect<void>
}

interface Due {
  readonly fault: typeof Fault.Type
  readonly count: number
}

const answering = (status: number, body: unknown): HttpApp.Default =>
  Effect.succeed(HttpServerResponse.unsafeJson(body, { status }))

const tooMany = answering(
  429,
  Schema.encodeSync(Wire.RateLimited)(new RateLimited({ retryAfter: Option.some(Duration.seconds(1)) }))
)

const broken = answering(
  500,
  { error_code: statusCode(500), error_detail: "the platform was asked to fail" } satisfies WireError
)

/**
 * `plain` is the platform before it is sealed, `sealed` the same after.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (plain: HttpApp.Default, sealed: HttpApp.Default, { disconnect }: Options) =>
  Effect.gen(function*() {
    const queue = yield* Ref.make<ReadonlyArray<Due>>([])
    const jose = yield* Jose.Jose
    const platform = yield* PlatformKeys.PlatformKeys

    const next = Ref.modify(
      queue,
      ([first, ...rest]): [Option.Option<string>, ReadonlyArray<Due>] =>
        first === undefined
          ? [Option.none(), []]
          : [Option.some(first.fault), first.count === 1 ? rest : [{ ...first, count: first.count - 1 }, ...rest]]
    )

    const impostor = yield* Effect.gen(function*() {
      const { privateKey } = yield* jose.generateKey()
      const { sign, signingKeyId } = yield* Keyring.fromKeys({ signing: privateKey, decryption: [] })
      return yield* Effect.provideService(SealedHttpApp.make(plain), PlatformKeys.PlatformKeys, {
        ...platform,
        keyring: { ...platform.keyring, sign, signingKeyId }
      })
    }).pipe(Effect.provide(yield* Effect.context<Platform.Services>()), computedOnce)

    const refusing = yield* SealedHttpApp.make(tooMany)
    const failing = yield* SealedHttpApp.make(broken)

    const meeting = (fault: string): HttpApp.Default => {
      switch (fault) {
        case "429":
          return refusing
        case "500":
          return failing
        case "drop":
          return Effect.flatMap(HttpServerRequest.HttpServerRequest, disconnect).pipe(
            Effect.as(HttpServerResponse.empty({ status: 503 }))
          )
        case "bad-signature":
          return Effect.map(sealed, (response) =>
            HttpServerResponse.setHeader(
              response,
              Claims.tokenHeader,
              otherLastPart(response.headers[Claims.tokenHeader] ?? "")
            ))
        case "wrong-key":
          return Effect.flatten(impostor)
        default:
          return Effect.delay(sealed, Duration.millis(Number(fault.slice("delay:".length))))
      }
    }

    const faults: Faults = {
      app: Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
        isPlain(request.url.split("?", 1)[0] ?? "")
          ? sealed
          : Effect.flatMap(next, Option.match({ onNone: () => sealed, onSome: meeting }))),
      add: (fault, count) => Ref.update(queue, (due) => [...due, { fault, count }])
    }
    return faults
  })
