/** The subjects: `ServiceClient` over `Transport`, as a program has them, by each engine. */
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as NodeJose from "@effect-launchkey/transport/NodeJose"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Fixture from "./fixture.ts"
import type { Subject } from "./measure.ts"
import * as Peer from "./peer.ts"

const engines = { "ours": Jose.make, "ours, by NodeJose": NodeJose.make }

export const make = async (fixture: Fixture.Fixture, name: keyof typeof engines): Promise<Subject> => {
  const jose = Layer.succeed(Jose.Jose, {
    ...engines[name],
    // drawn all the same, so that its cost is ours
    randomUuid: Effect.map(engines[name].randomUuid, fixture.next)
  })
  const runtime = ManagedRuntime.make(
    ServiceClient.layer({ serviceId: Fixture.serviceId }).pipe(
      Layer.provide(Layer.effect(
        Transport.Transport,
        Transport.make({ issuer: Fixture.service, baseUrl: "https://mfa.example.com" })
      )),
      Layer.provide(Layer.merge(
        RemoteApi.layer,
        Keyring.layer({ signingKey: Redacted.make(Fixture.servicePrivatePem) })
      )),
      Layer.provide(Layer.merge(jose, Layer.succeed(HttpClient.HttpClient, Peer.make(fixture))))
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
    run: (operation, { calls, inFlight }) => {
      let left = calls
      const lane = Effect.whileLoop({
        while: () => left-- > 0,
        body: call[operation],
        step: (right) => {
          if (!right) throw new Error(`Our ${operation} gave another result than was sealed`)
        }
      })
      return runtime.runPromise(
        Effect.all(Array.from({ length: inFlight }, () => lane), { concurrency: "unbounded", discard: true })
      )
    },
    end: () => runtime.dispose()
  }
}
