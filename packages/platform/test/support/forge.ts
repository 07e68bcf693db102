/** Requests by hand: valid unless a test says otherwise, signed and encrypted by node:crypto alone. */
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Administration from "@effect-launchkey/platform/Administration"
import type * as Store from "@effect-launchkey/platform/Store"
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as TestPlatform from "@effect-launchkey/testing/TestPlatform"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert } from "@effect/vitest"
import { Clock, Effect, Redacted } from "effect"
import * as crypto from "node:crypto"
import * as bare from "./bare.ts"

/** A member set to `undefined` is left out. */
export interface Members {
  readonly [name: string]: unknown
}

export interface Forgery {
  readonly method?: string
  readonly path?: string
  /** The JSON to encrypt. */
  readonly json?: unknown
  /** The body as sent, where it is to be other than the encrypted JSON. */
  readonly body?: string
  readonly issuer?: string
  readonly key?: TestKeys.TestKey
  /** In place of the valid claims, or beside them. `seconds` is now. */
  readonly claims?: (seconds: number) => Members
  /** In place of the valid members of `request`, or beside them. */
  readonly facts?: Members
  /** In place of the valid members of the protected header, or beside them. */
  readonly header?: Members
  readonly recipient?: TestKeys.TestKey
  /** In place of the valid members of the JWE's header, or beside them. */
  readonly jweHeader?: Members
}

export interface Message {
  readonly method: "GET" | "POST" | "PUT" | "DELETE"
  readonly path: string
  readonly authorization: string | undefined
  readonly body: string | undefined
}

export interface Received {
  readonly status: number
  readonly headers: { readonly [name: string]: string | undefined }
  readonly body: string
}

export const serviceIssuer: string = Entity.service(TestPlatform.serviceId)

const pem = (key: TestKeys.TestKey) => Redacted.value(key.privateKey)

export const encrypted = (
  plaintext: string | Uint8Array,
  to: TestKeys.TestKey = TestKeys.platform,
  header: Members = {}
): string =>
  bare.sealJwe(
    JSON.stringify({ alg: "RSA-OAEP", enc: "A256CBC-HS512", cty: "application/json", kid: to.keyId, ...header }),
    plaintext,
    to.publicKey
  )

/** By default a read of a request that never was, which is answered with 204. */
export const message = (forgery: Forgery = {}): Effect.Effect<Message> =>
  Effect.map(Clock.currentTimeMillis, (millis) => {
    const seconds = Math.floor(millis / 1000)
    const issuer = forgery.issuer ?? serviceIssuer
    const key = forgery.key ?? TestKeys.service
    const body = forgery.body ??
      (forgery.json === undefined
        ? undefined
        : encrypted(JSON.stringify(forgery.json), forgery.recipient, forgery.jweHeader))
    const method = forgery.method ?? (body === undefined ? "GET" : "POST")
    const path = forgery.path ?? (body === undefined
      ? "/service/v3/auths/00000000-0000-4000-8000-000000000001"
      : "/service/v3/sessions")
    const token = bare.signJws(
      JSON.stringify({ alg: "RS256", kid: key.keyId, ...forgery.header }),
      JSON.stringify({
        jti: crypto.randomUUID(),
        iss: issuer,
        sub: issuer,
        aud: "lka",
        iat: seconds,
        nbf: seconds,
        exp: seconds + 5,
        request: {
          meth: method,
          path,
          ...(body === undefined ? {} : { hash: bare.sha256(body), func: "S256" }),
          ...forgery.facts
        },
        ...forgery.claims?.(seconds)
      }),
      pem(key)
    )
    return { method: method as Message["method"], path, authorization: `IOV-JWT ${token}`, body }
  })

/** Sends a message as it is. */
export const send = ({ authorization, body, method, path }: Message) =>
  Effect.gen(function*() {
    const { baseUrl } = yield* TestPlatform.TestPlatform
    const response = yield* HttpClient.execute(
      HttpClientRequest.make(method)(`${baseUrl}${path}`).pipe(
        HttpClientRequest.setHeaders(authorization === undefined ? {} : { authorization }),
        (request) =>
          body === undefined
            ? request
            : HttpClientRequest.bodyUint8Array(request, Buffer.from(body), "application/jose")
      )
    )
    const received: Received = { status: response.status, headers: response.headers, body: yield* response.text }
    return received
  })

/** Makes a message and sends it. */
export const exchange = (forgery: Forgery = {}) =>
  Effect.flatMap(message(forgery), (sent) => Effect.map(send(sent), (received) => ({ sent, received })))

export const claimsOf = (authorization: string | undefined) =>
  JSON.parse(Buffer.from(authorization?.split(".")[1] ?? "", "base64url").toString()) as {
    readonly iss: string
    readonly sub?: string
    readonly jti: string
  }

/**
 * The plaintext of an answer, once everything that its token says of it was found to hold.
 */
export const opened = (
  { received, sent }: { readonly sent: Message; readonly received: Received },
  key: TestKeys.TestKey = TestKeys.service
): string => {
  const { claims } = bare.openJws(received.headers["x-iov-jwt"] ?? "", TestKeys.platform.publicKey)
  const { exp, iat, nbf, ...rest } = claims as { exp: number; iat: number; nbf: number }
  const asked = claimsOf(sent.authorization)
  // an SDK in use reads no time that has a fraction
  assert.isTrue(Number.isInteger(iat), `iat ${iat}`)
  assert.strictEqual(exp - iat, 5)
  assert.strictEqual(nbf, iat)
  assert.deepStrictEqual<unknown>(rest, {
    aud: asked.iss,
    iss: "lka",
    cty: "application/json",
    jti: asked.jti,
    sub: asked.sub ?? asked.iss,
    response: {
      status: received.status,
      ...(received.body === "" ? {} : { hash: bare.sha256(received.body), func: "S256" })
    }
  })
  assert.isUndefined(received.headers["location"])
  assert.isUndefined(received.headers["cache-control"])
  if (received.body === "") return ""
  if (received.status === 401) return received.body
  const { header, plaintext } = bare.openJwe(received.body, pem(key))
  assert.deepInclude(header, { alg: "RSA-OAEP", enc: "A256CBC-HS512", kid: key.keyId })
  return plaintext
}

/** Code of the error in an opened answer. */
export const codeOf = (plaintext: string): string => (JSON.parse(plaintext) as { error_code: string }).error_code

export interface KeyOptions extends Administration.AddKeyOptions {
  readonly key: TestKeys.TestKey
}

/** A service of the seeded directory with these keys, oldest first. */
export const serviceWith = (keys: ReadonlyArray<KeyOptions>) =>
  Effect.gen(function*() {
    const administration = yield* Administration.Administration
    const service: Store.ServiceRecord = yield* administration.createService(
      TestPlatform.directoryId,
      crypto.randomUUID()
    )
    for (const { key, ...options } of keys) {
      yield* administration.addKey(Entity.service(service.id), key.publicKey, options)
    }
    return Entity.service(service.id) as string
  })
