/** What can be done to a token: to its text by anybody, and to its header by who can sign. */
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as bare from "./bare.ts"
import * as messages from "./messages.ts"
import {
  brokenJson,
  notAnObject,
  type Operator,
  operator,
  other,
  replaced,
  signed,
  spliced,
  withMemberTwice,
  withOtherBit,
  withOtherCharacter,
  withPart,
  withStrayBits
} from "./operator.ts"

const text: ReadonlyArray<Operator> = [
  operator(
    "a character of the signature is another",
    signed("SignatureInvalid", "TokenMalformed"),
    (_, pick) => ({ token: (token) => withOtherCharacter(token, 2, pick) })
  ),
  operator(
    "a bit of the signature is another",
    signed("SignatureInvalid"),
    (_, pick) => ({ token: (token) => withOtherBit(token, 2, pick) })
  ),
  operator(
    "a character of the claims is another",
    {
      ...signed("SignatureInvalid", "TokenMalformed"),
      request: ["SignatureInvalid", "TokenMalformed", "ClaimsMalformed", "KeyUnknown"]
    },
    (_, pick) => ({ token: (token) => withOtherCharacter(token, 1, pick) })
  ),
  operator(
    "a bit of the claims is another",
    { ...signed("SignatureInvalid"), request: ["SignatureInvalid", "ClaimsMalformed", "KeyUnknown"] },
    (_, pick) => ({ token: (token) => withOtherBit(token, 1, pick) })
  ),
  operator(
    "a character of the header is another",
    signed("TokenMalformed", "AlgorithmNotAllowed", "KeyIdInvalid", "KeyUnknown", "SignatureInvalid"),
    (_, pick) => ({ token: (token) => withOtherCharacter(token, 0, pick) })
  ),
  operator(
    "the token is cut off",
    signed("TokenMalformed", "SignatureInvalid"),
    (_, pick) => ({ token: (token) => token.slice(0, pick.integer(1, token.length - 1)) })
  ),
  operator(
    "the signature is shortened or lengthened by octets",
    signed("SignatureInvalid"),
    (_, pick) => ({
      token: (token) =>
        withPart(token, 2, (signature) => {
          const octets = bare.unbase64url(signature)
          const count = pick.integer(1, 8)
          return bare.base64url(pick.from([
            octets.subarray(count),
            octets.subarray(0, -count),
            Buffer.concat([octets, Buffer.alloc(count)]),
            Buffer.concat([Buffer.alloc(count), octets])
          ]))
        })
    })
  ),
  operator(
    "the signature is of zeros, of ones or of random octets",
    signed("SignatureInvalid"),
    (_, pick) => ({
      token: (token) =>
        withPart(
          token,
          2,
          () =>
            bare.base64url(pick.from([Buffer.alloc(256), Buffer.alloc(256, 0xff), Buffer.of(1), pick.octets(1, 512)]))
        )
    })
  ),
  operator("a part is padded", signed("TokenMalformed"), (_, pick) => ({
    token: (token) => withPart(token, pick.integer(0, 2), (part) => part + pick.from(["=", "==", "%3D"]))
  })),
  operator("a part has bits behind its last octet", signed("TokenMalformed"), (_, pick) => ({
    token: (token) => {
      const spoiled = token.split(".").flatMap((part, index) => {
        const stray = withStrayBits(part)
        return stray === undefined ? [] : [withPart(token, index, () => stray)]
      })
      return pick.from(spoiled)
    }
  })),
  operator("a part is in another alphabet", signed("TokenMalformed"), (_, pick) => ({
    token: (token) => {
      const at = pick.integer(0, token.length)
      return token.slice(0, at) + pick.from(["+", "/", "~", "*", "é", "\0", "%41"]) + token.slice(at)
    }
  })),
  operator("white space stands within or beside it", {
    ...signed("TokenMalformed"),
    request: ["TokenMalformed", "TokenMissing"]
  }, (_, pick) => ({
    token: (token) => {
      const at = pick.integer(1, token.length)
      return token.slice(0, at) + pick.from([" ", "\n", "\r\n", "\t", "\u00a0"]) + token.slice(at)
    }
  })),
  operator("a part is missing, empty or one too many", signed("TokenMalformed"), (_, pick) => ({
    token: (token) => {
      const parts = token.split(".")
      return pick.from([
        () => spliced(parts, pick.integer(0, 2), 1),
        () => spliced(parts, pick.integer(0, 3), 0, ""),
        () => spliced(parts, pick.integer(0, 3), 0, pick.from(parts)),
        () => replaced(parts, pick.integer(0, 2), "")
      ])().join(".")
    }
  })),
  operator("it is in the JSON serialization", signed("TokenMalformed"), (_, pick) => ({
    token: (token) => {
      const [protectedHeader, payload, signature] = token.split(".")
      return JSON.stringify(pick.from([
        { protected: protectedHeader, payload, signature },
        { payload, signatures: [{ protected: protectedHeader, signature }] }
      ]))
    }
  })),
  operator(
    "it is random text",
    { ...signed("TokenMalformed"), request: ["TokenMalformed", "TokenMissing"] },
    (_, pick) => ({
      token: () => `x${Buffer.from(pick.octets(0, 200)).toString("latin1").replaceAll("\n", "")}`
    })
  ),
  operator("it is missing or empty", signed("TokenMissing"), (_, pick) => ({
    token: () => pick.from([undefined, ""])
  })),
  operator("it is longer than any header", signed("TokenTooLarge"), (_, pick) => ({
    token: (token) => {
      const filling = "A".repeat(pick.integer(8193, 20_000))
      return pick.from([filling, token + filling, `${filling}.${filling}.${filling}`])
    }
  })),
  operator(
    "it stands there twice",
    { ...signed("TokenMalformed"), request: ["TokenMalformed", "TokenMissing"] },
    (_, pick) => ({
      token: (token) => token + pick.from([",", ", ", " ", "."]) + token
    })
  )
]

const algorithms = ["none", "None", "NONE", "nOnE", "NoNe"]
const hmacs = ["HS256", "HS384", "HS512"]
const unlisted = [
  ["PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA", "Ed25519", "RS1", "RSA-OAEP", "dir"],
  ["rs256", "Rs256", "RS256 ", " RS256", "RS-256", "RS256\0", "SHA256withRSA", "", null, 256, true, ["RS256"], {
    alg: "RS256"
  }]
].flat()

const misnamed = [
  ["../ping", "../../directory/v3/devices", "/public/v3/ping", "..%2fping", "http://attacker.example/key"],
  ["' OR '1'='1", "1; DROP TABLE keys", "| cat /etc/passwd", "__proto__", "constructor", "", " "],
  [null, 7, true, [TestKeys.platform.keyId], { kid: TestKeys.platform.keyId }, "x".repeat(4000)]
].flat()

const malformedKeyIds = (keyId: string): ReadonlyArray<unknown> => [
  ...misnamed,
  keyId.toUpperCase(),
  keyId.replaceAll(":", ""),
  keyId.replaceAll(":", "-"),
  `${keyId}:00`,
  `${keyId}\0`,
  `${keyId}\n`,
  `${keyId}/../ping`,
  `${keyId}#`,
  ` ${keyId}`,
  keyId.slice(3),
  keyId.replaceAll("0", "０").replaceAll("5", "５").replaceAll("f", "ｆ").replace(/^.{2}/, "zz")
]

const foreign = (key: TestKeys.TestKey) => ({
  jwk: bare.publicKeyOf(key).export({ format: "jwk" }),
  jku: "http://attacker.example/keys",
  x5u: "http://attacker.example/certificate",
  x5c: [bare.base64url(bare.publicKeyOf(key).export({ type: "spki", format: "der" }))],
  x5t: "attacker",
  "x5t#S256": "attacker"
})

const randomKeyId = (octets: Uint8Array): string => Buffer.from(octets).toString("hex").replace(/..(?!$)/g, "$&:")

/** Keys that the receiver knows and that are not the one that signs. */
const knownToo = (surface: messages.Surface): TestKeys.TestKey =>
  surface === "request" ? TestKeys.platform : TestKeys.retired

const header: ReadonlyArray<Operator> = [
  operator("alg is none, in any case", signed("AlgorithmNotAllowed"), (_, pick) => ({
    header: { alg: pick.from(algorithms) },
    sign: bare.unsigned
  })),
  operator("alg is none, and the signature good", signed("AlgorithmNotAllowed"), (base, pick) => ({
    header: { alg: pick.from(algorithms) },
    sign: bare.rs(base.signer)
  })),
  operator("alg is an HMAC's, keyed with the public key", signed("AlgorithmNotAllowed"), (base, pick) => {
    const alg = pick.from(hmacs)
    return { header: { alg }, sign: bare.hs(pick.from(Object.values(bare.secretsOf(base.signer))), alg) }
  }),
  operator(
    "alg is a listed one, and the signature an HMAC keyed with the public key",
    signed("SignatureInvalid"),
    (base, pick) => ({
      sign: bare.hs(pick.from(Object.values(bare.secretsOf(base.signer))), base.alg)
    })
  ),
  operator("alg is PSS, and so is the signature", signed("AlgorithmNotAllowed"), (base, pick) => {
    const alg = pick.from(["PS256", "PS384", "PS512"])
    return { header: { alg }, sign: bare.ps(base.signer, alg) }
  }),
  operator("alg is listed, and the signature PSS", signed("SignatureInvalid"), (base) => ({
    sign: bare.ps(base.signer, base.alg)
  })),
  operator("alg is outside the list, or no text", signed("AlgorithmNotAllowed"), (base, pick) => ({
    header: { alg: pick.from(unlisted) },
    sign: bare.rs(base.signer, base.alg)
  })),
  operator("alg is absent", signed("AlgorithmNotAllowed"), () => ({ header: { alg: undefined } })),
  operator("alg names another hash than the signature has", signed("SignatureInvalid"), (base, pick) => ({
    header: { alg: other(pick, ["RS256", "RS384", "RS512"], base.alg) }
  })),
  operator("alg is inherited", signed("AlgorithmNotAllowed"), () => ({
    headerText: (json) => `{"__proto__":${json},"kid":"${(JSON.parse(json) as { kid: string }).kid}"}`
  })),
  operator("kid is absent", signed("KeyIdInvalid"), () => ({ header: { kid: undefined } })),
  operator("kid is no key id: a path, a query, another spelling", signed("KeyIdInvalid"), (base, pick) => ({
    header: { kid: pick.from(malformedKeyIds(base.signer.keyId)) }
  })),
  operator("kid is nobody's", signed("KeyUnknown"), (_, pick) => ({
    header: { kid: randomKeyId(pick.octets(16, 16)) }
  })),
  operator("kid is that of another key that is known", {
    request: ["KeyUnknown"],
    response: ["SignatureInvalid"],
    webhook: ["SignatureInvalid"]
  }, (base) => ({
    header: { kid: knownToo(base.surface).keyId }
  })),
  operator("it is signed by a stranger under the right kid", signed("SignatureInvalid"), (base, pick) => ({
    sign: bare.rs(pick.from([TestKeys.stranger, TestKeys.encryption]), base.alg)
  })),
  operator("it is signed by a stranger under its own kid", signed("KeyUnknown"), (base) => ({
    header: { kid: TestKeys.stranger.keyId },
    sign: bare.rs(TestKeys.stranger, base.alg)
  })),
  operator("it is signed by the other side's key", signed("KeyUnknown"), (base) => {
    const key = base.surface === "request" ? TestKeys.platform : TestKeys.service
    return { header: { kid: key.keyId }, sign: bare.rs(key, base.alg) }
  }),
  operator("it brings the stranger's key along that signed it", signed("SignatureInvalid"), (base, pick) => {
    const brought = Object.entries(foreign(TestKeys.stranger))
    const [name, value] = pick.from(brought)
    return {
      header: pick.from([{ [name]: value }, foreign(TestKeys.stranger)]),
      sign: bare.rs(TestKeys.stranger, base.alg)
    }
  }),
  operator("it brings the stranger's key along, and its kid", signed("KeyUnknown"), (base) => ({
    header: { ...foreign(TestKeys.stranger), kid: TestKeys.stranger.keyId },
    sign: bare.rs(TestKeys.stranger, base.alg)
  })),
  operator("it has crit", signed("HeaderNotAllowed"), (_, pick) => ({
    header: pick.from<messages.Members>([
      { crit: ["exp"], exp: messages.issuedAt + 5 },
      { crit: [] },
      { crit: ["b64"], b64: true },
      { crit: null },
      { crit: ["alg"] }
    ])
  })),
  operator("it has b64", signed("HeaderNotAllowed"), (_, pick) => ({
    header: { b64: pick.from([false, true, null, "false"]) }
  })),
  operator("it has zip or p2c", signed("HeaderNotAllowed"), (_, pick) => ({
    header: pick.from<messages.Members>([{ zip: "DEF" }, { zip: null }, { p2c: 1 }, { p2c: 2 ** 31 }])
  })),
  operator("typ is not JWT", signed("HeaderNotAllowed"), (_, pick) => ({
    header: { typ: pick.from(["JWE", "JOSE", "at+jwt", "application/jwt", "", " JWT", "JWT ", null, 1, ["JWT"]]) }
  })),
  operator("a header member stands twice", signed("TokenMalformed"), (base, pick) => ({
    headerText: (json) =>
      pick.from([
        () => withMemberTwice(json, "alg", pick.from([`"${base.alg}"`, `"none"`, `"HS256"`]), pick),
        () => withMemberTwice(json, "kid", pick.from([`"${base.signer.keyId}"`, `"${TestKeys.stranger.keyId}"`]), pick),
        () => `{"x":{"y":1,"y":2},${json.slice(1)}`
      ])()
  })),
  operator("its header is no JSON, or one that can be misread", signed("TokenMalformed"), (_, pick) => ({
    headerText: (json) => brokenJson(json, pick)
  })),
  operator("its header is no object", signed("TokenMalformed"), (_, pick) => ({
    headerText: (json) => notAnObject(json, pick)
  }))
]

export const tokenOperators: ReadonlyArray<Operator> = [...text, ...header]
