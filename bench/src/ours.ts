/** The subjects: `ServiceClient` over `Transport`, as a program has them, by each engine. */
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as NodeJose from "@effect-launchkey/transport/NodeJose"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as Transport from "@effect-launchkey/transport/Transport"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Fixture from "./fixture.ts"
import type { Subject } from "./measure.ts"

const engines = { "ours": Jose.make, "ours, by NodeJose": NodeJose.make }

/** By which the subject reaches the platform, and the ids that it gives its requests. */
export interface Platform {
  readonly baseUrl: string
  readonly httpClient: Layer.Layer<HttpClient.HttpClient>
  readonly next: () => string
}

export const make = async (name: keyof typeof engines, platform: Platform): Promise<Subject> => {
  const jose = Layer.succeed(Jose.Jose, {
    ...engines[name],
    // drawn all the same, so that its cost is ours
    randomUuid: Effect.map(engines[name].randomUuid, platform.next)
  })
  const runtime = ManagedRuntime.make(
    ServiceClient.layer({ serviceId: Fixture.serviceId }).pipe(
      Layer.provide(Layer.effect(
        Transport.Transport,
        Transport.make({ issuer: Fixture.service, baseUrl: platform.baseUrl })
      )),
      Layer.provide(Layer.merge(
        RemoteApi.layer,
        Keyring.layer({ signingKey: Redacted.make(Fixture.servicePrivatePem) })
      )),
      Layer.provide(Layer.merge(jose, platform.httpClient))
    )
  )
  const client = await runtime.runPromise(ServiceClient.ServiceClient)

  const call: { readonly [O in Fixture.Operation]: () => Effect.Effect<boolean, unknown> } = {
    "create": () =>
      Effect.map(client.authorize(Fixture.user, Fixture.authorizeOptions), ({ id }) => id === Fixture.requestId),
    "pending poll": () => Effect.map(client.getResponse(Fixture.openRequestId), Option.isNone),
    "answered poll": () =>
      Effect.map(client.getResponse(Fixture.requestId), Option.exists(({ authorized }) => authorized))
  }

  return {
    name,
    run: (operation, { calls, inFlight, took }) => {
      let left = calls
      const lane = () => {
        let started = 0
        return Effect.whileLoop({
          while: () => left-- > 0,
          body: () => {
            started = performance.now()
            return call[operation]()
          },
          step: (right) => {
            if (!right) throw new Error(`Our ${operation} gave another result than was sealed`)
            took(performance.now() - started)
          }
        })
      }
      return runtime.runPromise(
        Effect.all(Array.from({ length: inFlight }, lane), { concurrency: "unbounded", discard: true })
      )
    },
    end: () => runtime.dispose()
  }
}
