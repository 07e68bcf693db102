/**
 * Attacks that JOSE is known for, and those that this protocol's claims are there for: each family with its variants, on
 * every surface that it applies to.
 */
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as bare from "./bare.ts"
import type { Base, Forgery, Members } from "./messages.ts"
import * as messages from "./messages.ts"
import {
  encrypted,
  hasBlock,
  hasBody,
  hasJwe,
  hasNoBody,
  type Refused,
  signed,
  withPart,
  withStrayBits
} from "./operator.ts"

interface Attack {
  readonly what: string
  readonly refused: Refused
  readonly forge: (base: Base) => Forgery
  readonly when?: ((base: Base) => boolean) | undefined
}

export interface Family {
  readonly name: string
  readonly attacks: ReadonlyArray<Attack>
}

const attack = (what: string, refused: Refused, forge: Attack["forge"], when?: Attack["when"]): Attack => ({
  what,
  refused,
  forge,
  when
})

const stranger = {
  jwk: bare.publicKeyOf(TestKeys.stranger).export({ format: "jwk" }),
  jku: "http://attacker.example/keys",
  x5u: "http://attacker.example/certificate",
  x5c: [bare.base64url(bare.publicKeyOf(TestKeys.stranger).export({ type: "spki", format: "der" }))]
}

const kids = (keyId: string): { readonly [what: string]: unknown } => ({
  "a path above": "../ping",
  "a path of another endpoint": `${keyId}/../../ping`,
  "an encoded path": "..%2f..%2fping",
  "a URL": "http://attacker.example/key",
  "a file": "../../../../dev/null",
  "a query": "' UNION SELECT 'key",
  "a command": "|cat /etc/passwd",
  "a member of every object": "__proto__",
  "a line break behind it": `${keyId}\n`,
  "a zero behind it": `${keyId}\0`,
  "upper case": keyId.toUpperCase(),
  "another separator": keyId.replaceAll(":", "-"),
  "a list": [keyId],
  "nothing": undefined
})

const anyBase = messages.bases.response[0] as Base

const twice = (json: string, member: string) =>
  [`{${member},${json.slice(1)}`, `${json.slice(0, -1)},${member}}`] as const

const strayed = (compact: string, part: number) => withPart(compact, part, (text) => withStrayBits(text) ?? `${text}=`)

const otherJwe = (base: Base) =>
  bare.jwe(
    JSON.stringify({ alg: base.wrap, enc: "A256CBC-HS512", kid: base.recipient.keyId, cty: "application/json" }),
    base.plaintext,
    { recipient: base.recipient, wrap: base.wrap }
  )

const otherBody = (base: Base) => base.encrypted ? otherJwe(base) : base.plaintext.replace(":20Z", ":21Z")

export const families: ReadonlyArray<Family> = [
  {
    name: "alg none",
    attacks: ["none", "None", "NONE", "nOnE"].flatMap((alg) => [
      attack(
        `"${alg}" without a signature`,
        signed("AlgorithmNotAllowed"),
        () => ({ header: { alg }, sign: bare.unsigned })
      ),
      attack(`"${alg}" with a good signature`, signed("AlgorithmNotAllowed"), () => ({ header: { alg } })),
      attack(
        `"${alg}" of the key encryption`,
        { answer: ["AlgorithmNotAllowed"] },
        () => ({ jweHeader: { alg } }),
        hasJwe
      )
    ])
  },
  {
    name: "HMAC with the public key",
    attacks: [
      ...Object.keys(bare.secretsOf(TestKeys.platform)).flatMap((form) =>
        ["HS256", "HS384", "HS512"].map((alg) =>
          attack(`${alg} keyed with ${form}`, signed("AlgorithmNotAllowed"), ({ signer }) => ({
            header: { alg },
            sign: bare.hs(bare.secretsOf(signer)[form] ?? "", alg)
          }))
        )
      ),
      ...Object.keys(bare.secretsOf(TestKeys.platform)).map((form) =>
        attack(`under the name of RSA, keyed with ${form}`, signed("SignatureInvalid"), ({ alg, signer }) => ({
          sign: bare.hs(bare.secretsOf(signer)[form] ?? "", alg)
        }))
      ),
      ...["dir", "A256KW", "A256GCMKW", "PBES2-HS512+A256KW"].map((alg) =>
        attack(`${alg}, for which the public key would be a secret`, encrypted("AlgorithmNotAllowed"), () => ({
          jweHeader: { alg }
        }), hasJwe)
      )
    ]
  },
  {
    name: "a key of the sender's own",
    attacks: Object.entries(stranger).flatMap(([name, value]) => [
      attack(`in ${name}, under the right kid`, signed("SignatureInvalid"), ({ alg }) => ({
        header: { [name]: value },
        sign: bare.rs(TestKeys.stranger, alg)
      })),
      attack(`in ${name}, under its own kid`, signed("KeyUnknown"), ({ alg }) => ({
        header: { [name]: value, kid: TestKeys.stranger.keyId },
        sign: bare.rs(TestKeys.stranger, alg)
      })),
      attack(`in ${name} of the encryption`, encrypted("DecryptionFailed"), () => ({
        jweHeader: { [name]: value },
        encryption: { recipient: TestKeys.stranger }
      }), hasJwe)
    ])
  },
  {
    name: "crit and b64",
    attacks: [
      ["crit of a member that nobody knows", { crit: ["https://example.com/x"], "https://example.com/x": true }],
      ["crit of one that is known", { crit: ["alg"] }],
      ["an empty crit", { crit: [] }],
      ["crit of b64", { crit: ["b64"], b64: false }],
      ["b64 alone", { b64: false }],
      ["b64 as it is by default", { b64: true }]
    ].flatMap(([what, header]) => [
      attack(what as string, signed("HeaderNotAllowed"), () => ({ header: header as Members })),
      attack(
        `${what as string}, of the encryption`,
        encrypted("HeaderNotAllowed"),
        () => ({ jweHeader: header as Members }),
        hasJwe
      )
    ])
  },
  {
    name: "a JSON member twice",
    attacks: [
      ...[0, 1].flatMap((place) => {
        const where = place === 0 ? "before" : "after"
        return [
          attack(`alg, ${where} the right one`, signed("TokenMalformed"), () => ({
            headerText: (json) => twice(json, `"alg":"none"`)[place] ?? ""
          })),
          attack(`alg in escapes, ${where} the right one`, signed("TokenMalformed"), () => ({
            headerText: (json) => twice(json, `"\\u0061lg":"HS256"`)[place] ?? ""
          })),
          attack(`iss, ${where} the right one`, signed("ClaimsMalformed"), () => ({
            claimsText: (json) => twice(json, `"iss":"${messages.sibling}"`)[place] ?? ""
          })),
          attack(`sub, ${where} the right one`, signed("ClaimsMalformed"), () => ({
            claimsText: (json) => twice(json, `"sub":"${messages.sibling}"`)[place] ?? ""
          })),
          attack(`kid of the encryption, ${where} the right one`, encrypted("BodyMalformed"), () => ({
            jweHeaderText: (json) => twice(json, `"kid":"${TestKeys.stranger.keyId}"`)[place] ?? ""
          }), hasJwe),
          attack(`the approval, ${where} the right one`, { answer: ["BodyMalformed"] }, ({ form }) => ({
            plaintext: (json) =>
              twice(
                json.replace(`,"service_pins":["2648"]`, ""),
                form === "jwe" ? `"type":"DENIED"` : `"response":false`
              )[place] ?? ""
          }))
        ]
      }),
      attack("within the facts", signed("ClaimsMalformed"), () => ({
        claimsText: (json) => json.replace(/"(request|response)":\{/, `"$1":{"hash":"0","hash":"0",`)
      }))
    ]
  },
  {
    name: "base64url that is not canonical",
    attacks: [
      attack(
        "bits behind the last octet of the signature",
        signed("TokenMalformed"),
        () => ({ token: (token) => strayed(token, 2) })
      ),
      ...[0, 1, 2].flatMap((part) => [
        attack(`padding at part ${part + 1} of the token`, signed("TokenMalformed"), () => ({
          token: (token) => withPart(token, part, (text) => `${text}=`)
        })),
        attack(`the alphabet of base64 in part ${part + 1} of the token`, signed("TokenMalformed"), () => ({
          token: (token) => withPart(token, part, (text) => `${text.slice(0, 4)}+/+/${text.slice(8)}`)
        })),
        attack(`a line break in part ${part + 1} of the token`, signed("TokenMalformed"), () => ({
          token: (token) => withPart(token, part, (text) => `${text.slice(0, 4)}\n${text.slice(4)}`)
        }))
      ]),
      ...[0, 1, 2, 3, 4].flatMap((part) => [
        attack(
          `padding or bits behind the last octet at part ${part + 1} of the encryption`,
          encrypted("BodyMalformed"),
          () => ({
            jwe: (compact) => strayed(compact, part)
          }),
          hasJwe
        ),
        attack(`the alphabet of base64 in part ${part + 1} of the encryption`, encrypted("BodyMalformed"), () => ({
          jwe: (compact) => withPart(compact, part, (text) => `+/${text.slice(2)}`)
        }), hasJwe)
      ]),
      attack("of the block of the first generation", { answer: ["BodyMalformed"] }, () => ({
        relayed: (relayed) => ({ ...relayed, auth: String(relayed["auth"]).replace(/=+$/, "") })
      }), hasBlock)
    ]
  },
  {
    name: "zip",
    attacks: ["DEF", "def", "", null].flatMap((zip) => [
      attack(
        `${JSON.stringify(zip)} of the encryption`,
        encrypted("HeaderNotAllowed"),
        () => ({ jweHeader: { zip } }),
        hasJwe
      ),
      attack(`${JSON.stringify(zip)} of the token`, signed("HeaderNotAllowed"), () => ({ header: { zip } }))
    ])
  },
  {
    name: "another enc",
    attacks: [
      ...["A128CBC-HS256", "A256GCM"].map((cipher) =>
        attack(`${cipher}, and truly so`, encrypted("AlgorithmNotAllowed"), () => ({
          jweHeader: { enc: cipher },
          encryption: { cipher: cipher as "A256GCM" }
        }), hasJwe)
      ),
      ...["A192CBC-HS384", "A128GCM", "A192GCM", "none", "a256cbc-hs512", null, undefined].map((enc) =>
        attack(
          `${JSON.stringify(enc) ?? "absent"} by name`,
          encrypted("AlgorithmNotAllowed"),
          () => ({ jweHeader: { enc } }),
          hasJwe
        )
      ),
      attack(
        "under the name of the right one, whose tag is longer",
        encrypted("BodyMalformed"),
        () => ({ encryption: { cipher: "A128CBC-HS256" } }),
        hasJwe
      )
    ]
  },
  {
    name: "RSA1_5",
    attacks: [
      attack("by name and truly so", encrypted("AlgorithmNotAllowed"), () => ({
        jweHeader: { alg: "RSA1_5" },
        encryption: { wrap: "RSA1_5" }
      }), hasJwe),
      attack(
        "under the name of OAEP",
        encrypted("DecryptionFailed"),
        () => ({ encryption: { wrap: "RSA1_5" } }),
        hasJwe
      ),
      attack(
        "of the block of the first generation",
        { answer: ["DecryptionFailed"] },
        () => ({ encryption: { wrap: "RSA1_5" } }),
        hasBlock
      )
    ]
  },
  {
    name: "kid",
    attacks: [
      ...Object.keys(kids("")).flatMap((what) => [
        attack(what, signed("KeyIdInvalid"), ({ signer }) => ({ header: { kid: kids(signer.keyId)[what] } })),
        attack(`${what}, of the encryption`, encrypted("KeyIdInvalid"), ({ recipient }) => ({
          jweHeader: { kid: kids(recipient.keyId)[what] }
        }), hasJwe)
      ]),
      attack("of the package", { answer: ["BodyMalformed"] }, () => ({
        relayed: (relayed) => ({ ...relayed, public_key_id: "../ping" })
      })),
      attack("of nobody", signed("KeyUnknown"), () => ({ header: { kid: Array(16).fill("ab").join(":") } })),
      attack("of nobody, of the encryption", encrypted("DecryptionKeyUnknown"), () => ({
        jweHeader: { kid: Array(16).fill("ab").join(":") }
      }), hasJwe)
    ]
  },
  {
    name: "a sibling's",
    attacks: [
      attack("aud", signed("AudienceMismatch"), () => ({ claims: { aud: messages.sibling } })),
      attack("aud beside the right one", signed("ClaimsMalformed"), (base) => ({
        claims: { aud: [base.surface === "request" ? "lka" : base.issuer, messages.sibling] }
      })),
      attack("iss", { request: ["KeyUnknown"], response: ["IssuerMismatch"], webhook: ["IssuerMismatch"] }, () => ({
        claims: { iss: messages.sibling }
      })),
      attack("iss and key", { request: ["KeyUnknown"] }, ({ alg }) => ({
        claims: { iss: messages.sibling, sub: messages.sibling },
        header: { kid: TestKeys.stranger.keyId },
        sign: bare.rs(TestKeys.stranger, alg)
      })),
      attack("sub", { request: ["NotPermitted"], response: ["SubjectMismatch"], webhook: ["SubjectMismatch"] }, () => ({
        claims: { sub: messages.sibling }
      })),
      attack("sub, by whom it was meant for", { response: ["SubjectMismatch"], webhook: ["SubjectMismatch"] }, () => ({
        delivered: () => ({ subject: messages.sibling })
      })),
      attack("message, whole", { response: ["AudienceMismatch"], webhook: ["AudienceMismatch"] }, () => ({
        delivered: () => ({ issuer: messages.sibling, subject: messages.sibling })
      })),
      attack(
        "user",
        { answer: ["UserMismatch"] },
        () => ({ relayed: (relayed) => ({ ...relayed, user_push_id: messages.deviceId }) })
      )
    ]
  },
  {
    name: "the hash",
    attacks: [
      attack("missing", signed("HashMissing"), () => ({ facts: { hash: undefined } }), hasBody),
      attack(
        "missing with its function",
        signed("HashMissing"),
        () => ({ facts: { hash: undefined, func: undefined } }),
        hasBody
      ),
      attack("without its function", signed("HashMissing"), () => ({ facts: { func: undefined } }), hasBody),
      attack(
        "of another body",
        signed("HashMismatch"),
        ({ func }) => ({ facts: { hash: bare.digest(func, "{}") } }),
        hasBody
      ),
      attack("of what is encrypted", signed("HashMismatch"), ({ func, plaintext }) => ({
        facts: { hash: bare.digest(func, plaintext) }
      }), (base) => hasBody(base) && base.encrypted),
      attack("in upper case", signed("HashMismatch"), ({ func }) => ({
        facts: (body) => ({ hash: bare.digest(func, body).toUpperCase() })
      }), hasBody),
      attack("in base64url", signed("HashMismatch"), ({ func }) => ({
        facts: (body) => ({ hash: bare.base64url(Buffer.from(bare.digest(func, body), "hex")) })
      }), hasBody),
      attack("of another function than is named", signed("HashMismatch"), ({ func }) => ({
        facts: { func: func === "S256" ? "S512" : "S256" }
      }), hasBody),
      ...["S1", "MD5", "s256", "SHA-256", "", "__proto__"].map((func) =>
        attack(`of the function "${func}"`, signed("AlgorithmNotAllowed"), () => ({ facts: { func } }), hasBody)
      ),
      attack("of no body", signed("HashUnexpected"), () => ({
        facts: { hash: bare.digest("S256", ""), func: "S256" }
      }), hasNoBody)
    ]
  },
  {
    name: "a fact of another message:",
    attacks: [
      attack(
        "the method",
        { request: ["MethodMismatch"], webhook: ["MethodMismatch"] },
        () => ({ facts: { meth: "DELETE" } })
      ),
      attack(
        "the method in lower case",
        { request: ["MethodMismatch"], webhook: ["MethodMismatch"] },
        ({ method }) => ({
          facts: { meth: method.toLowerCase() }
        })
      ),
      attack("the path", { request: ["PathMismatch"], webhook: ["PathMismatch"] }, () => ({
        facts: { path: "/service/v3/totp" }
      })),
      attack(
        "the path with a slash behind it",
        { request: ["PathMismatch"], webhook: ["PathMismatch"] },
        ({ path }) => ({
          facts: { path: `${path}/` }
        })
      ),
      attack(
        "the path, without the query that came",
        { request: ["PathMismatch"], webhook: ["PathMismatch"] },
        ({ path }) => ({
          delivered: () => ({ path: `${path}?x=1` })
        })
      ),
      attack("the path, encoded", { request: ["PathMismatch"], webhook: ["PathMismatch"] }, ({ path }) => ({
        delivered: () => ({ path: path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`) })
      })),
      attack("the status", { response: ["StatusMismatch"] }, () => ({ facts: { status: 201 } })),
      attack("the status, so that an error looks like success", { response: ["StatusMismatch"] }, ({ status }) => ({
        delivered: () => ({ status: status === 200 ? 204 : 200 })
      })),
      attack(
        "the status of a redirect",
        { response: ["StatusMismatch"] },
        () => ({ delivered: () => ({ status: 302 }) })
      ),
      attack("a Location that is not signed", { response: ["LocationMismatch"] }, ({ headers }) => ({
        delivered: () => ({ headers: { ...headers, location: "https://attacker.example/" } })
      })),
      attack("a Location that is signed and not there", { response: ["LocationMismatch"] }, () => ({
        facts: { location: "https://attacker.example/" }
      })),
      attack("a Cache-Control that is not signed", { response: ["CacheControlMismatch"] }, ({ headers }) => ({
        delivered: () => ({ headers: { ...headers, "cache-control": "public, max-age=31536000" } })
      })),
      attack("a Cache-Control that is signed and not there", { response: ["CacheControlMismatch"] }, () => ({
        facts: { cache: "private" }
      })),
      attack("its direction", signed("ClaimsMalformed"), () => ({
        claimsText: (json) =>
          json.includes(`"response":`)
            ? json.replace(`"response":`, `"request":`)
            : json.replace(`"request":`, `"response":`)
      })),
      attack("the authorization request", { answer: ["AuthorizationRequestMismatch"] }, () => ({
        plaintext: (json) => json.replace(messages.authorizationRequestId, messages.deviceId)
      }))
    ]
  },
  {
    name: "the body taken away",
    attacks: [
      attack("on the way", signed("HashUnexpected"), () => ({ delivered: () => ({ body: "" }) }), hasBody),
      attack("with its hash", signed("HashMissing"), () => ({ facts: { hash: undefined, func: undefined } }), hasBody),
      attack("to the last octet", signed("HashMismatch"), () => ({
        delivered: ({ body }) => ({ body: Buffer.from(body).subarray(0, 1) })
      }), hasBody),
      attack("from where the answer is", { answer: ["BodyMalformed"] }, () => ({
        relayed: (relayed) => ({ ...relayed, auth: null, auth_jwe: null })
      }))
    ]
  },
  {
    name: "another body",
    attacks: [
      attack(
        "as well encrypted, or as plain",
        signed("HashMismatch"),
        (base) => ({ delivered: () => ({ body: otherBody(base) }) }),
        hasBody
      ),
      attack("as well signed", { answer: ["AuthorizationRequestMismatch"] }, () => ({
        plaintext: (json) => json.replace(messages.authorizationRequestId, "1f0c0b7e-82ef-11ee-b962-0242ac120003")
      })),
      attack("plain, where it was encrypted", signed("HashMismatch"), ({ plaintext }) => ({
        delivered: () => ({ body: plaintext })
      }), (base) => hasBody(base) && base.encrypted),
      attack(
        "where there was none",
        signed("HashMissing"),
        () => ({ delivered: () => ({ body: otherBody(anyBase) }) }),
        hasNoBody
      ),
      attack("with a line break behind it", signed("HashMismatch"), () => ({
        delivered: ({ body }) => ({ body: `${Buffer.from(body).toString()}\n` })
      }), hasBody),
      attack(
        "with a block of the first generation beside a broken JWE",
        { answer: ["DecryptionFailed"] },
        ({ recipient }) => ({
          jwe: (compact) => withPart(compact, 4, () => bare.base64url(Buffer.alloc(32))),
          relayed: (relayed) => ({
            ...relayed,
            auth: bare.block((messages.bases.answer.find(hasBlock) as Base).plaintext, recipient).toString("base64")
          })
        }),
        hasJwe
      )
    ]
  },
  {
    name: "the jti of another call",
    attacks: [
      attack(
        "in the answer to this one",
        { response: ["TokenIdMismatch"] },
        () => ({ claims: { jti: messages.freshTokenId() } })
      ),
      attack("sent again, octet for octet", { request: ["Replayed"], webhook: ["Replayed"] }, () => ({
        delivered: () => ({ seen: true })
      })),
      attack("in upper case", { response: ["TokenIdMismatch"] }, () => ({
        claims: { jti: messages.defaultTokenId.toUpperCase() }
      })),
      attack("of no characters", signed("ClaimsMalformed"), () => ({ claims: { jti: "" } })),
      attack("of too many characters", signed("ClaimsMalformed"), () => ({ claims: { jti: "x".repeat(257) } })),
      attack("as that of the authorization", { answer: ["AuthorizationRequestMismatch"] }, () => ({
        plaintext: (json) => json.replace(messages.authorizationRequestId, messages.defaultTokenId)
      }))
    ]
  }
]
