import { DeviceId } from "@effect-launchkey/core/Authorization"
import { KeyId } from "@effect-launchkey/core/KeyId"
import { DeviceLinkCompleted, UnknownEvent } from "@effect-launchkey/core/Webhook"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as DirectoryWebhook from "../src/DirectoryWebhook.ts"
import type { Delivery } from "../src/Webhook.ts"
import * as WebhookInbox from "../src/WebhookInbox.ts"
import * as deliveries from "./deliveries.ts"
import { answer, deliver, link } from "./deliveries.ts"
import * as vectors from "./vectors.ts"

const directoryId = vectors.entities.directory.slice(4)

describe("the vectors", () => {
  const receiver = DirectoryWebhook.layer({ directoryId }).pipe(
    Layer.provide(WebhookInbox.layerMemory()),
    Layer.provide(vectors.transport(vectors.entities.directory))
  )

  const openVector = (name: string) =>
    Effect.flatMap(
      DirectoryWebhook.DirectoryWebhook,
      (webhook) => webhook.open(vectors.deliveryOf(vectors.named(name)))
    )

  it("are two", () => {
    assert.sameMembers(
      vectors.webhooks.filter((vector) => vector.expected_subject.startsWith("dir:")).map(({ name }) => name),
      ["directory_device_link_completion", "directory_unknown_type"]
    )
  })

  it.effect("directory_device_link_completion", () =>
    Effect.gen(function*() {
      const { expect } = vectors.named("directory_device_link_completion")
      const event = yield* openVector("directory_device_link_completion")
      assert.instanceOf(event, DeviceLinkCompleted)
      assert.strictEqual(event.deviceId, expect.device_id)
      assert.strictEqual(event.publicKeyId, expect.device_public_key_id)
      assert.match(event.publicKey, /^-----BEGIN PUBLIC KEY-----\n/)
    }).pipe(Effect.provide(receiver)))

  it.effect("directory_unknown_type", () =>
    Effect.gen(function*() {
      const event = yield* openVector("directory_unknown_type")
      assert.instanceOf(event, UnknownEvent)
      assert.isTrue(Option.isSome(event.type))
    }).pipe(Effect.provide(receiver)))
})

const stubbed = (options: Partial<DirectoryWebhook.Options> = {}) =>
  DirectoryWebhook.layer({ directoryId, ...options }).pipe(
    Layer.provide(WebhookInbox.layerMemory()),
    Layer.provide(deliveries.transport)
  )

const open = (delivery: Delivery) =>
  Effect.flatMap(DirectoryWebhook.DirectoryWebhook, (webhook) => webhook.open(delivery))

describe("a message", () => {
  it.effect("that is encrypted completes a link", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* open(deliver(link)),
        new DeviceLinkCompleted({
          deviceId: DeviceId.make(link.device_id),
          publicKey: link.device_public_key,
          publicKeyId: KeyId.make(link.device_public_key_id)
        })
      )
    }).pipe(Effect.provide(stubbed())))

  const others: ReadonlyArray<readonly [string, object, boolean, string | undefined]> = [
    ["plain", link, false, link.type],
    ["an answer", answer(), true, undefined],
    ["an answer with its type", answer({ type: "AUTHORIZATION_RESPONSE" }), true, "AUTHORIZATION_RESPONSE"],
    ["the end of a session", deliveries.sessionEnd, false, undefined],
    ["of a type whose case differs", { ...link, type: link.type.toLowerCase() }, true, link.type.toLowerCase()]
  ]
  for (const [what, body, encrypted, type] of others) {
    it.effect(`is unknown to a directory that is ${what}`, () =>
      Effect.gen(function*() {
        const event = yield* open(deliver(body, { encrypted }))
        assert.deepStrictEqual(event, new UnknownEvent({ type: Option.fromNullable(type) }))
      }).pipe(Effect.provide(stubbed())))
  }

  for (const member of ["device_id", "device_public_key", "device_public_key_id"]) {
    it.effect(`is refused without ${member}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(open(deliver({ ...link, [member]: undefined })))
        assert.strictEqual(error._tag === "MessageRejected" && error.reason, "BodyMalformed")
      }).pipe(Effect.provide(stubbed())))
  }
})

describe("an event", () => {
  const outcomes = (first: object, second: object) =>
    Effect.gen(function*() {
      const webhook = yield* DirectoryWebhook.DirectoryWebhook
      return yield* Effect.forEach(
        [deliver(first), deliver(second)],
        (delivery) => webhook.handle(delivery, () => Effect.void)
      )
    }).pipe(Effect.provide(stubbed()))

  const otherKey = "00:a7:7f:35:20:ee:1b:64:5b:a3:e0:b9:53:ee:40:62"

  it.effect("is the same for the same device and key", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* outcomes(link, { ...link, more: 1 }), ["Handled", "HandledBefore"])
    }))

  it.effect("is another for another device or key", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* outcomes(link, { ...link, device_id: "another" }), ["Handled", "Handled"])
      assert.deepStrictEqual(yield* outcomes(link, { ...link, device_public_key_id: otherKey }), ["Handled", "Handled"])
    }))
})

describe("the options", () => {
  it.effect("do not take a directory that is none", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        Effect.provide(DirectoryWebhook.DirectoryWebhook, stubbed({ directoryId: "dir" }))
      )
      assert.deepStrictEqual(error.issues.map(({ path }) => path), ["directoryId"])
    }))

  it.effect("come from the configuration too, and say who listens where", () =>
    Effect.gen(function*() {
      yield* Ref.set(deliveries.asked, [])
      yield* open(deliver(link))
      const [asked] = yield* Ref.get(deliveries.asked)
      assert.strictEqual(asked?.path, "/external")
      assert.strictEqual(asked?.subject, `dir:${directoryId}`)
    }).pipe(
      Effect.provide(
        DirectoryWebhook.layerConfig({
          directoryId: Config.string("DIRECTORY"),
          path: Config.string("PATH")
        }).pipe(Layer.provide(WebhookInbox.layerMemory()), Layer.provide(deliveries.transport))
      ),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["DIRECTORY", directoryId], ["PATH", "/external"]])))
    ))
})
