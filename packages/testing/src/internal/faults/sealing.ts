import type { EntityIdentifier } from "@effect-launchkey/core/EntityIdentifier"
import * as Claims from "@effect-launchkey/transport/Claims"
import * as Envelope from "@effect-launchkey/transport/Envelope"
import * as Jose from "@effect-launchkey/transport/Jose"
import type * as Keyring from "@effect-launchkey/transport/Keyring"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Reply, Request, Sealing } from "../../Faults.ts"
import * as TestKeys from "../../TestKeys.ts"

const signer = (jose: Jose.Service, key: Jose.PrivateKey): Keyring.Service => ({
  signingKeyId: key.keyId,
  decryptionKeyIds: [],
  sign: (payload, options) => jose.sign({ key, header: options, payload }),
  decrypt: () => Effect.dieMessage("this keyring only signs"),
  decryptOaep: () => Effect.dieMessage("this keyring only signs")
})

const keyOf = (issuer: string): TestKeys.TestKey =>
  issuer.startsWith("org:") ? TestKeys.organization : issuer.startsWith("dir:") ? TestKeys.directory : TestKeys.service

export const makeSeal: Effect.Effect<(request: Request, sealing: Sealing) => Effect.Effect<Reply>> = Effect.gen(
  function*() {
    const jose = yield* Jose.Jose
    const privateKey = (key: TestKeys.TestKey) => Effect.orDie(jose.importPrivateKey(key.privateKey))
    const publicKey = (key: TestKeys.TestKey) => Effect.orDie(jose.importPublicKey(key.publicKey))
    const signers = {
      Platform: signer(jose, yield* privateKey(TestKeys.platform)),
      Retired: signer(jose, yield* privateKey(TestKeys.retired)),
      Stranger: signer(jose, yield* privateKey(TestKeys.stranger))
    }
    const recipients = new Map(
      yield* Effect.forEach(
        [TestKeys.organization, TestKeys.directory, TestKeys.service, TestKeys.stranger],
        (key) => Effect.map(publicKey(key), (imported) => [key, imported] as const)
      )
    )

    return Effect.fnUntraced(function*(request: Request, sealing: Sealing) {
      // A call of this project's own client is what is answered here.
      const claims = yield* Effect.orDie(Envelope.unverifiedRequestClaims(request.headers.authorization))
      const now = (yield* Clock.currentTimeMillis) / 1000 + (sealing.skew ?? 0)
      const { body, token } = yield* Envelope.sealResponse({
        keyring: signers[sealing.by ?? "Platform"],
        status: sealing.status,
        audience: sealing.audience ?? claims.iss,
        subject: (sealing.subject ?? claims.sub ?? claims.iss) as EntityIdentifier,
        tokenId: sealing.tokenId ?? claims.jti,
        now,
        body: sealing.body === undefined ? undefined : {
          plaintext: sealing.body,
          recipient: recipients.get(sealing.toStranger === true ? TestKeys.stranger : keyOf(claims.iss))
        }
      })
      const reply: Reply = {
        status: sealing.status,
        headers: {
          [Claims.tokenHeader]: token,
          ...(body === undefined ? {} : { "content-type": Claims.joseContentType }),
          ...sealing.headers
        },
        body: body ?? new Uint8Array(0)
      }
      return reply
    }, Effect.provideService(Jose.Jose, jose))
  }
)
