/** What an encrypted body may be although it is hashed and signed as it should be; and a device's answer likewise. */
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as bare from "./bare.ts"
import type { Base, Members } from "./messages.ts"
import * as messages from "./messages.ts"
import {
  brokenJson,
  encrypted,
  hasBlock,
  hasJwe,
  notAnObject,
  type Operator,
  operator,
  spliced,
  withMemberTwice,
  withOtherBit,
  withOtherCharacter,
  withPart,
  withStrayBits
} from "./operator.ts"

const wrappings = [
  ["RSA1_5", "RSA-OAEP-384", "RSA-OAEP-512", "dir", "A128KW", "A256KW", "A256GCMKW", "ECDH-ES", "ECDH-ES+A256KW"],
  ["PBES2-HS256+A128KW", "none", "rsa-oaep", "RSA-OAEP ", "RS256", "", null, 1, ["RSA-OAEP"]]
].flat()

const ciphers = [
  ["A128CBC-HS256", "A192CBC-HS384", "A128GCM", "A192GCM", "A256GCM", "C20P", "none", "a256cbc-hs512"],
  ["A256CBC-HS512 ", "", null, 1, ["A256CBC-HS512"]]
].flat()

const sealed = (name: string, refused: Operator["refused"], spoil: Operator["spoil"]): Operator =>
  operator(name, refused, spoil, hasJwe)

const jwes: ReadonlyArray<Operator> = [
  sealed("the JWE's alg is RSA1_5, and so is its key block", encrypted("AlgorithmNotAllowed"), () => ({
    jweHeader: { alg: "RSA1_5" },
    encryption: { wrap: "RSA1_5" }
  })),
  sealed("the JWE's alg is listed, and its key block RSA1_5", encrypted("DecryptionFailed"), () => ({
    encryption: { wrap: "RSA1_5" }
  })),
  sealed("the JWE's alg is outside the list, or no text", encrypted("AlgorithmNotAllowed"), (_, pick) => ({
    jweHeader: { alg: pick.from(wrappings) }
  })),
  sealed("the JWE's alg names the other OAEP than its key block has", encrypted("DecryptionFailed"), (base) => ({
    encryption: { wrap: base.wrap === "RSA-OAEP" ? "RSA-OAEP-256" : "RSA-OAEP" }
  })),
  sealed("the JWE's enc is another that is truly used", encrypted("AlgorithmNotAllowed"), (_, pick) => {
    const enc = pick.from(["A128CBC-HS256", "A256GCM"] as const)
    return { jweHeader: { enc }, encryption: { cipher: enc } }
  }),
  sealed(
    "the JWE's enc is listed, and another is truly used",
    encrypted("DecryptionFailed", "BodyMalformed"),
    (_, pick) => ({
      encryption: { cipher: pick.from(["A128CBC-HS256", "A256GCM"] as const) }
    })
  ),
  sealed("the JWE's enc is outside the list, or no text", encrypted("AlgorithmNotAllowed"), (_, pick) => ({
    jweHeader: { enc: pick.from(ciphers) }
  })),
  sealed("the JWE lacks alg or enc", encrypted("AlgorithmNotAllowed"), (_, pick) => ({
    jweHeader: { [pick.from(["alg", "enc"])]: undefined }
  })),
  sealed("the JWE's plaintext is compressed", encrypted("HeaderNotAllowed"), (_, pick) => ({
    jweHeader: { zip: pick.from(["DEF", "def", "GZIP", "", null, true]) }
  })),
  sealed("the JWE has crit, b64 or p2c", encrypted("HeaderNotAllowed"), (_, pick) => ({
    jweHeader: pick.from<Members>([{ crit: ["exp"] }, { crit: [] }, { b64: false }, { p2c: 2 ** 31 }, {
      p2c: 1,
      p2s: "AA"
    }])
  })),
  sealed("the JWE's kid is absent or no key id", encrypted("KeyIdInvalid"), (base, pick) => ({
    jweHeader: {
      kid: pick.from([
        undefined,
        null,
        "",
        "../ping",
        "../../etc/passwd",
        "' OR '1'='1",
        base.recipient.keyId.toUpperCase(),
        `${base.recipient.keyId} `,
        `${base.recipient.keyId}/..`,
        [base.recipient.keyId],
        7
      ])
    }
  })),
  sealed("the JWE's kid is nobody's, or another's", encrypted("DecryptionKeyUnknown"), (base, pick) => ({
    jweHeader: {
      kid: pick.from([
        TestKeys.stranger.keyId,
        base.recipient === TestKeys.platform ? TestKeys.service.keyId : TestKeys.platform.keyId,
        Buffer.from(pick.octets(16, 16)).toString("hex").replace(/..(?!$)/g, "$&:")
      ])
    }
  })),
  sealed("the JWE is for a stranger, under the right kid", encrypted("DecryptionFailed"), () => ({
    encryption: { recipient: TestKeys.stranger }
  })),
  sealed("the JWE is for a stranger, whose key it brings along", encrypted("DecryptionFailed"), () => ({
    encryption: { recipient: TestKeys.stranger },
    jweHeader: {
      jwk: bare.publicKeyOf(TestKeys.stranger).export({ format: "jwk" }),
      jku: "http://attacker.example/keys"
    }
  })),
  sealed("a header member of the JWE stands twice", encrypted("BodyMalformed"), (base, pick) => ({
    jweHeaderText: (json) =>
      pick.from([
        () => withMemberTwice(json, "alg", pick.from([`"${base.wrap}"`, `"RSA1_5"`]), pick),
        () => withMemberTwice(json, "enc", `"A256CBC-HS512"`, pick),
        () => withMemberTwice(json, "kid", `"${TestKeys.stranger.keyId}"`, pick)
      ])()
  })),
  sealed("the JWE's header is no JSON, or such that can be misread", encrypted("BodyMalformed"), (_, pick) => ({
    jweHeaderText: (json) => brokenJson(json, pick)
  })),
  sealed("the JWE's header is no object", encrypted("BodyMalformed"), (_, pick) => ({
    jweHeaderText: (json) => notAnObject(json, pick)
  })),
  sealed("the JWE's header was changed after encryption", encrypted("DecryptionFailed"), (_, pick) => ({
    jwe: (compact) =>
      withPart(compact, 0, (header) => {
        const json = bare.unbase64url(header).toString()
        return bare.base64url(pick.from([
          `${json.slice(0, -1)},"typ":"JWT"}`,
          `{"x":1,${json.slice(1)}`,
          ` ${json}`,
          json.replace("application/json", "text/plain")
        ]))
      })
  })),
  sealed("a bit of the JWE's key block is another", encrypted("DecryptionFailed"), (_, pick) => ({
    jwe: (compact) => withOtherBit(compact, 1, pick)
  })),
  sealed("a bit of the JWE's initialization vector is another", encrypted("DecryptionFailed"), (_, pick) => ({
    jwe: (compact) => withOtherBit(compact, 2, pick)
  })),
  sealed("a bit of the JWE's ciphertext is another", encrypted("DecryptionFailed"), (_, pick) => ({
    jwe: (compact) => withOtherBit(compact, 3, pick)
  })),
  sealed("a bit of the JWE's tag is another", encrypted("DecryptionFailed"), (_, pick) => ({
    jwe: (compact) => withOtherBit(compact, 4, pick)
  })),
  sealed(
    "a character of the JWE is another",
    encrypted("BodyMalformed", "AlgorithmNotAllowed", "KeyIdInvalid", "DecryptionKeyUnknown", "DecryptionFailed"),
    (_, pick) => ({ jwe: (compact) => withOtherCharacter(compact, pick.integer(0, 4), pick) })
  ),
  sealed("the JWE's tag is shortened, lengthened or empty", encrypted("BodyMalformed"), (_, pick) => ({
    jwe: (compact) =>
      withPart(compact, 4, (tag) => {
        const octets = bare.unbase64url(tag)
        return bare.base64url(pick.from([
          octets.subarray(0, pick.integer(0, 31)),
          Buffer.concat([octets, Buffer.alloc(pick.integer(1, 32))])
        ]))
      })
  })),
  sealed("the JWE's ciphertext is no whole number of blocks, or none", encrypted("BodyMalformed"), (_, pick) => ({
    jwe: (compact) =>
      withPart(compact, 3, (ciphertext) =>
        pick.from([
          () => "",
          () => bare.base64url(bare.unbase64url(ciphertext).subarray(0, -pick.integer(1, 15)))
        ])())
  })),
  sealed(
    "blocks of the JWE's ciphertext are missing, doubled or swapped",
    encrypted("DecryptionFailed"),
    (_, pick) => ({
      jwe: (compact) =>
        withPart(compact, 3, (ciphertext) => {
          const octets = bare.unbase64url(ciphertext)
          return bare.base64url(pick.from([
            Buffer.concat([octets, octets]),
            Buffer.concat([octets.subarray(16), octets.subarray(0, 16), Buffer.alloc(16)]),
            Buffer.concat([Buffer.alloc(16), octets])
          ]))
        })
    })
  ),
  sealed(
    "the JWE's initialization vector or key block is of another length",
    encrypted("BodyMalformed", "DecryptionFailed"),
    (_, pick) => ({
      jwe: (compact) =>
        withPart(compact, pick.integer(1, 2), (part) => {
          const octets = bare.unbase64url(part)
          return bare.base64url(pick.from([
            octets.subarray(0, pick.integer(0, octets.length - 1)),
            Buffer.concat([octets, Buffer.alloc(pick.integer(1, 16))])
          ]))
        })
    })
  ),
  sealed("the JWE's padding is wrong under a good tag", encrypted("DecryptionFailed"), (_, pick) => ({
    encryption: {
      padding: pick.from([
        Buffer.alloc(16),
        Buffer.alloc(16, 17),
        Buffer.concat([Buffer.alloc(14), Buffer.of(3, 2)]),
        Buffer.alloc(16, 0xff)
      ])
    }
  })),
  sealed("the JWE's content key is of another length", encrypted("DecryptionFailed"), (_, pick) => ({
    encryption: { keyLength: pick.from([0, 1, 16, 32, 48, 63, 65, 128]) },
    jweHeader: { cty: "application/json" }
  })),
  sealed("parts of the JWE are missing or too many", encrypted("BodyNotEncrypted"), (_, pick) => ({
    jwe: (compact) => {
      const parts = compact.split(".")
      return pick.from([
        () => spliced(parts, pick.integer(1, 4), 1),
        () => spliced(parts, pick.integer(1, 5), 0, pick.from([...parts, ""]))
      ])().join(".")
    }
  })),
  sealed("a part of the JWE has bits behind its last octet", encrypted("BodyMalformed"), (_, pick) => ({
    jwe: (compact) =>
      pick.from(
        compact.split(".").flatMap((part, index) => {
          const stray = withStrayBits(part)
          return stray === undefined ? [] : [withPart(compact, index, () => stray)]
        })
      )
  })),
  sealed("a part of the JWE is padded, or in another alphabet", encrypted("BodyMalformed"), (_, pick) => ({
    jwe: (compact) =>
      withPart(compact, pick.integer(0, 4), (part) => {
        const at = pick.integer(1, part.length)
        return pick.from([
          `${part}=`,
          `${part}==`,
          `${part.slice(0, at)}${pick.from(["+", "/", " ", "\n", "%", "é"])}${part.slice(at)}`
        ])
      })
  })),
  operator("the body is plain where it must be encrypted", {
    request: ["BodyNotEncrypted"],
    response: ["BodyNotEncrypted"],
    answer: ["BodyNotEncrypted"]
  }, (base, pick) => ({
    content: pick.from([base.plaintext, "{}", "x", "null", " ", "\0"])
  }), hasJwe),
  operator("the body is a JWE in the JSON serialization", {
    request: ["BodyNotEncrypted"],
    response: ["BodyNotEncrypted"],
    answer: ["BodyNotEncrypted"]
  }, () => ({
    jwe: (compact) => {
      const [protectedHeader, key, iv, ciphertext, tag] = compact.split(".")
      return JSON.stringify({ protected: protectedHeader, encrypted_key: key, iv, ciphertext, tag })
    }
  }), hasJwe),
  operator("the body is random octets", encrypted("BodyNotEncrypted", "BodyMalformed"), (base, pick) => ({
    // what begins with a brace is plain JSON to a webhook's receiver
    content: Buffer.concat([Buffer.from("x"), base.surface === "answer" ? Buffer.of() : pick.octets(1, 500)])
  }), hasJwe),
  operator("the body is a signed token", encrypted("BodyNotEncrypted"), (base) => ({
    content: `${bare.base64url(JSON.stringify({ alg: "RS256", kid: base.signer.keyId }))}.e30.AAAA`
  }), hasJwe)
]

const requiredOf: { readonly [form in Base["form"]]: ReadonlyArray<string> } = {
  jwe: ["type", "reason", "auth_request", "device_id"],
  oaep: ["response", "auth_request", "device_id"]
}

const without = (json: string, name: string): string => {
  const { [name]: _, ...rest } = JSON.parse(json) as Record<string, unknown>
  return JSON.stringify(rest)
}

const withMember = (json: string, name: string, value: unknown): string =>
  JSON.stringify({ ...JSON.parse(json) as object, [name]: value })

const answered = (
  name: string,
  reason:
    | "BodyMalformed"
    | "AuthorizationRequestMismatch"
    | "UserMismatch"
    | "DecryptionKeyUnknown"
    | "DecryptionFailed",
  spoil: Operator["spoil"],
  when?: Operator["when"]
): Operator => operator(name, { answer: [reason] }, spoil, when)

const answers: ReadonlyArray<Operator> = [
  answered("the answer is to another request", "AuthorizationRequestMismatch", (_, pick) => ({
    plaintext: (json) => withMember(json, "auth_request", pick.from([messages.freshTokenId(), messages.deviceId]))
  })),
  answered("the answer names no request that could be one", "BodyMalformed", (_, pick) => ({
    plaintext: (json) =>
      withMember(
        json,
        "auth_request",
        pick.from(["", "none", null, 7, [messages.authorizationRequestId], `${messages.authorizationRequestId} `])
      )
  })),
  answered("the answer is about another user", "UserMismatch", (_, pick) => ({
    relayed: (relayed) => ({
      ...relayed,
      [pick.from(["service_user_hash", "org_user_hash", "user_push_id"])]: "somebody"
    })
  })),
  answered("the answer does not tell the organization's user", "UserMismatch", (_, pick) => ({
    relayed: (relayed) => ({ ...relayed, org_user_hash: pick.from([null, undefined, ""]) })
  })),
  answered("the answer lacks a member", "BodyMalformed", (base, pick) => ({
    plaintext: (json) => without(json, pick.from(requiredOf[base.form]))
  })),
  answered("a member of the answer is of another type", "BodyMalformed", (base, pick) => ({
    plaintext: (json) =>
      withMember(json, pick.from(requiredOf[base.form]), pick.from([null, 7, [], {}, ["AUTHORIZED"]]))
  })),
  answered("the approval is a text or number", "BodyMalformed", (_, pick) => ({
    plaintext: (json) => withMember(json, "response", pick.from(["true", "false", "yes", 1, 0, [true], null]))
  }), hasBlock),
  answered("a member of the answer stands twice", "BodyMalformed", (base, pick) => ({
    plaintext: (json) => {
      const name = pick.from(requiredOf[base.form])
      return withMemberTwice(without(json, "service_pins"), name, pick.from([`"AUTHORIZED"`, "true", "null"]), pick)
    }
  })),
  answered("the answer is no JSON, or such that can be misread", "BodyMalformed", (_, pick) => ({
    plaintext: (json) => {
      // one block takes little more than half of what two copies need
      const broken = brokenJson(without(json, "service_pins"), pick)
      return Buffer.from(broken).subarray(0, 214)
    }
  })),
  answered("the answer is no object", "BodyMalformed", (_, pick) => ({
    plaintext: (json) =>
      pick.from([notAnObject("{}", pick), notAnObject(without(json, "service_pins").slice(0, 80), pick)]) || "7"
  })),
  answered("the answer is in neither form", "BodyMalformed", (_, pick) => ({
    relayed: (relayed) => ({ ...relayed, auth: null, auth_jwe: pick.from([null, undefined, ""]) })
  })),
  answered("the newer form fails, and the first is good beside it", "DecryptionFailed", (base) => ({
    jwe: (compact) => withPart(compact, 4, () => bare.base64url(Buffer.alloc(32))),
    relayed: (relayed) => ({
      ...relayed,
      auth: bare.block(
        JSON.stringify({ response: true, auth_request: messages.authorizationRequestId, device_id: messages.deviceId }),
        base.recipient
      ).toString("base64")
    })
  }), hasJwe),
  answered("the block is for a stranger", "DecryptionFailed", () => ({
    encryption: { recipient: TestKeys.stranger }
  }), hasBlock),
  answered("the block has another padding", "DecryptionFailed", (_, pick) => ({
    encryption: { wrap: pick.from(["RSA1_5", "RSA-OAEP-256"] as const) }
  }), hasBlock),
  answered("a bit of the block is another", "DecryptionFailed", (_, pick) => ({
    relayed: (relayed) => {
      const octets = Buffer.from(String(relayed["auth"]), "base64")
      const bit = pick.integer(0, octets.length * 8 - 1)
      octets[bit >> 3] = (octets[bit >> 3] ?? 0) ^ 1 << (bit & 7)
      return { ...relayed, auth: octets.toString("base64") }
    }
  }), hasBlock),
  answered("the block is of another length", "DecryptionFailed", (_, pick) => ({
    relayed: (relayed) => {
      const octets = Buffer.from(String(relayed["auth"]), "base64")
      return {
        ...relayed,
        auth: Buffer.from(pick.from([
          octets.subarray(0, pick.integer(0, 255)),
          Buffer.concat([octets, octets]),
          Buffer.concat([Buffer.of(0), octets])
        ])).toString("base64")
      }
    }
  }), hasBlock),
  answered("the block is not base64", "BodyMalformed", (_, pick) => ({
    relayed: (relayed) => ({
      ...relayed,
      auth: pick.from(["!", "====", "é", String(relayed["auth"]).slice(0, -1), "{}"])
    })
  }), hasBlock),
  answered("the package names another key", "DecryptionKeyUnknown", (_, pick) => ({
    relayed: (relayed) => ({
      ...relayed,
      public_key_id: pick.from([TestKeys.stranger.keyId, TestKeys.platform.keyId, TestKeys.device.keyId])
    })
  }), hasBlock),
  answered("the package names another of the receiver's keys", "DecryptionFailed", () => ({
    relayed: (relayed) => ({ ...relayed, public_key_id: TestKeys.encryption.keyId })
  }), hasBlock),
  answered("the package names no key id", "BodyMalformed", (base, pick) => ({
    relayed: (relayed) => ({
      ...relayed,
      public_key_id: pick.from<unknown>([undefined, null, "", "../ping", base.recipient.keyId.toUpperCase(), 7])
    })
  })),
  answered("the package is of other types", "BodyMalformed", (_, pick) => ({
    relayed: (relayed) => ({
      ...relayed,
      [pick.from(["auth", "auth_jwe", "service_user_hash", "user_push_id", "org_user_hash"])]: pick.from([
        7,
        true,
        [],
        {}
      ])
    })
  }))
]

export const bodyOperators: ReadonlyArray<Operator> = [...jwes, ...answers]
