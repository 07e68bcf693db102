/** Who receives the forged messages: the codec itself, with the keys of the test platform. */
import { AuthorizationPackage, AuthorizationRequestId } from "@effect-launchkey/core/Authorization"
import { EntityIdentifier } from "@effect-launchkey/core/EntityIdentifier"
import type { KeyId } from "@effect-launchkey/core/KeyId"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as Answer from "@effect-launchkey/transport/Answer"
import * as Envelope from "@effect-launchkey/transport/Envelope"
import * as Jose from "@effect-launchkey/transport/Jose"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import { Refusal, type RejectionReason } from "@effect-launchkey/transport/Rejection"
import { Context, Effect, Layer, Schema } from "effect"
import * as messages from "./messages.ts"

/** What became of a message: accepted, or refused for this reason by a typed error. */
export type Outcome = "accepted" | RejectionReason | "Unauthenticated"

export interface Service {
  /** Everything but a typed refusal is a defect. */
  readonly open: (message: messages.Message) => Effect.Effect<Outcome>
}

export class Receivers extends Context.Tag("@effect-launchkey/testing/test/Receivers")<Receivers, Service>() {}

const leeway = 5

const utf8 = new TextEncoder()

const octets = (body: string | Uint8Array): Uint8Array => typeof body === "string" ? utf8.encode(body) : body

const readIdentifier = Schema.decodeUnknownSync(EntityIdentifier)
const readPackage = Schema.decodeUnknown(AuthorizationPackage)

const unknown = new Refusal({ reason: "KeyUnknown" })

const signers: { readonly [issuer: string]: TestKeys.TestKey } = {
  [messages.service]: TestKeys.service,
  [messages.directory]: TestKeys.directory,
  [messages.organization]: TestKeys.organization,
  [messages.device]: TestKeys.device
}

const owners: { readonly [subject: string]: ReadonlyArray<string> } = {
  [messages.service]: [messages.service, messages.directory, messages.organization],
  [messages.directory]: [messages.directory, messages.organization],
  [messages.organization]: [messages.organization],
  [messages.device]: [messages.device],
  [messages.sibling]: [messages.sibling, messages.siblingDirectory],
  [messages.siblingDirectory]: [messages.siblingDirectory]
}

const make = Effect.gen(function*() {
  const jose = yield* Jose.Jose
  const context = yield* Effect.context<Jose.Jose>()
  const keys = new Map(
    yield* Effect.forEach(
      [
        TestKeys.platform,
        TestKeys.retired,
        TestKeys.service,
        TestKeys.directory,
        TestKeys.organization,
        TestKeys.device
      ],
      (key) => Effect.map(jose.importPublicKey(key.publicKey), (imported) => [key.keyId as string, imported] as const)
    )
  )
  const keyOf = (keyId: KeyId) => {
    const key = keys.get(keyId)
    return key === undefined ? unknown : Effect.succeed(key)
  }
  const ofPlatform = (keyId: KeyId) =>
    keyId === TestKeys.platform.keyId || keyId === TestKeys.retired.keyId ? keyOf(keyId) : unknown
  const platform = yield* Keyring.make({
    signingKey: TestKeys.platform.privateKey,
    decryptionKeys: [TestKeys.retired.privateKey]
  })
  const caller = yield* Keyring.make({
    signingKey: TestKeys.service.privateKey,
    decryptionKeys: [TestKeys.encryption.privateKey]
  })

  const accepted = { onSuccess: () => Effect.succeed<Outcome>("accepted"), onFailure: refusedFor }

  const open = {
    request: (message: messages.Message) =>
      Effect.matchEffect(
        Envelope.openRequest({
          keyring: platform,
          authorization: message.token === undefined ? undefined : `IOV-JWT ${message.token}`,
          method: message.method,
          path: message.path,
          body: octets(message.body),
          now: message.now,
          leeway,
          findKey: (issuer, keyId) =>
            Object.hasOwn(signers, issuer) && signers[issuer]?.keyId === keyId ? keyOf(keyId) : unknown,
          firstSeen: () => Effect.succeed(!message.seen),
          mayActFor: (issuer, subject) =>
            Effect.succeed(Object.hasOwn(owners, subject) && owners[subject]?.includes(issuer) === true)
        }),
        accepted
      ),
    response: (message: messages.Message) =>
      Effect.matchEffect(
        Envelope.openResponse({
          keyring: caller,
          findKey: ofPlatform,
          issuer: readIdentifier(message.issuer),
          subject: readIdentifier(message.subject),
          tokenId: message.tokenId,
          status: message.status,
          headers: { ...message.headers, "x-iov-jwt": message.token },
          body: octets(message.body),
          now: message.now,
          leeway
        }),
        {
          onSuccess: ({ authenticated }): Effect.Effect<Outcome> =>
            Effect.succeed(authenticated ? "accepted" : "Unauthenticated"),
          onFailure: refusedFor
        }
      ),
    webhook: (message: messages.Message) =>
      Effect.matchEffect(
        Envelope.openWebhook({
          keyring: caller,
          findKey: ofPlatform,
          audience: readIdentifier(message.issuer),
          subject: readIdentifier(message.subject),
          token: message.token,
          method: message.method,
          path: message.path,
          body: octets(message.body),
          now: message.now,
          leeway,
          firstSeen: () => Effect.succeed(!message.seen)
        }),
        accepted
      ),
    answer: (message: messages.Message) =>
      readPackage(message.relayed).pipe(
        Effect.mapError(() => new Refusal({ reason: "BodyMalformed" })),
        Effect.flatMap((relayed) =>
          Answer.open(relayed, caller, {
            authorizationRequestId: AuthorizationRequestId.make(messages.authorizationRequestId),
            user: {
              serviceUserHash: messages.user.service_user_hash,
              organizationUserHash: messages.user.org_user_hash,
              userPushId: messages.user.user_push_id
            }
          })
        ),
        Effect.matchEffect(accepted)
      )
  }

  return { open: (message) => Effect.provide(open[message.surface](message), context) } satisfies Service
})

/** A refusal has a reason; whatever else came through the error channel is none. */
const refusedFor = (error: Refusal | Envelope.VerifiedRefusal): Effect.Effect<Outcome> =>
  error._tag === "Refusal" || error._tag === "VerifiedRefusal"
    ? Effect.succeed(error.reason)
    : Effect.dieMessage("What refused the message is no refusal")

/** With any engine, such as one that has a hole. */
export const layerJose: Layer.Layer<Receivers, never, Jose.Jose> = Layer.effect(Receivers, Effect.orDie(make))

export const layer: Layer.Layer<Receivers> = Layer.provide(layerJose, Jose.layer)
