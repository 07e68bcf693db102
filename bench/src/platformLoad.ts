/**
 * Services and devices that keep the platform busy, from a process of their own:
 * `<base URLs> <lanes> <users> <seconds>`. Of several base URLs, with commas between them, each request goes to the next.
 */
import * as ServiceClient from "@effect-launchkey/clients/ServiceClient"
import * as LinkedDevice from "@effect-launchkey/platform/LinkedDevice"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as NodeJose from "@effect-launchkey/transport/NodeJose"
import * as RemoteApi from "@effect-launchkey/transport/RemoteApi"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Users from "./platformUsers.ts"
import { type Used, used } from "./process.ts"

export interface Load {
  /** Milliseconds of each call that succeeded, by what it was. */
  readonly times: Readonly<Record<string, ReadonlyArray<number>>>
  readonly errors: ReadonlyArray<string>
  /** Seconds from the first call that was counted to the end of the last. */
  readonly seconds: number
  readonly used: Used
}

const [, , baseUrls = "", ...numbers] = process.argv
const [lanes = 1, users = 1, seconds = 1] = numbers.map(Number)
const origins = baseUrls.split(",")
const [baseUrl = ""] = origins

let turn = 0
const spread = HttpClient.mapRequest((request) =>
  HttpClientRequest.setUrl(request, request.url.replace(baseUrl, origins[turn++ % origins.length] ?? baseUrl))
)

const approved: LinkedDevice.Outcome = {
  ...LinkedDevice.denied({ fraud: false }),
  type: "AUTHORIZED",
  reason: "APPROVED"
}

const program = Effect.gen(function*() {
  const service = yield* ServiceClient.ServiceClient
  const key = yield* Effect.flatMap(Jose.Jose, (jose) => jose.importPrivateKey(TestKeys.device.privateKey))
  const devices = yield* Effect.forEach(
    Array.from({ length: users }, (_, index) => index),
    (index) => LinkedDevice.make({ baseUrl: baseUrl, deviceId: Users.deviceOf(index), key })
  )
  const times: Record<string, Array<number>> = {}
  const errors: Array<string> = []
  let counted = false
  const call = <A, E extends { readonly message: string }, R>(name: string, effect: Effect.Effect<A, E, R>) =>
    Effect.suspend(() => {
      const began = performance.now()
      return Effect.tapBoth(effect, {
        onFailure: ({ message }) => Effect.sync(() => errors.push(`${name}: ${message}`)),
        onSuccess: () =>
          Effect.sync(() => {
            if (counted) (times[name] ??= []).push(performance.now() - began)
          })
      })
    })

  const one = Effect.fnUntraced(function*(index: number, device: LinkedDevice.LinkedDevice) {
    const { id } = yield* call("create", service.authorize(Users.nameOf(index)))
    yield* call("pending poll", service.getResponse(id))
    const [pending] = yield* call("device's list", device.pending)
    if (pending !== undefined) yield* call("device's answer", device.answer(pending, approved, { methods: [] }))
    const response = yield* call("answered poll", service.getResponse(id))
    if (!Option.exists(response, ({ authorized }) => authorized)) errors.push("no approval")
  })
  let next = 0
  const lane = (until: number) =>
    Effect.whileLoop({
      while: () => performance.now() < until,
      body: () => {
        const index = next++ % devices.length
        const device = devices[index]
        return device === undefined ? Effect.void : Effect.ignore(one(index, device))
      },
      step: () => undefined
    })
  const all = (until: number) =>
    Effect.all(Array.from({ length: lanes }, () => lane(until)), { concurrency: "unbounded", discard: true })

  // for the compilers on both sides
  yield* all(performance.now() + Math.min(10_000, 200 * seconds))
  process.send?.("warm")
  counted = true
  const [began, before] = [performance.now(), used()]
  yield* all(began + 1000 * seconds)
  const load: Load = {
    times,
    errors,
    seconds: (performance.now() - began) / 1000,
    used: { ...used(), cpu: used().cpu - before.cpu }
  }
  return load
})

const live = ServiceClient.layer({ serviceId: TestPlatform.serviceId }).pipe(
  Layer.provideMerge(Transport.layer({
    issuer: `svc:${TestPlatform.serviceId}`,
    baseUrl: baseUrl,
    signingKey: TestKeys.service.privateKey
  })),
  Layer.provideMerge(RemoteApi.layer),
  Layer.provideMerge(
    Layer.map(
      NodeHttpClient.layerUndici,
      (context) => Context.add(context, HttpClient.HttpClient, spread(Context.get(context, HttpClient.HttpClient)))
    )
  ),
  Layer.provideMerge(NodeJose.layer)
)

const load = await Effect.runPromise(Effect.provide(program, live))
// some megabytes after ten minutes: what is not yet written when the channel is closed is lost
await new Promise((written) => process.send?.(load, written))
process.disconnect()
