/** What a token may say falsely although the right key signed it, and what may change on the way. */
import * as TestKeys from "@effect-launchkey/testing/TestKeys"
import * as bare from "./bare.ts"
import * as messages from "./messages.ts"
import {
  brokenJson,
  hasBody,
  hasNoBody,
  notAnObject,
  type Operator,
  operator,
  other,
  type Pick,
  signed,
  withMemberTwice
} from "./operator.ts"

const { issuedAt } = messages
const leeway = 5

/** A little, a second, long. */
const beyond = (pick: Pick) => pick.from([0.001, 0.5, 1, 30, 3600, 86_400, 1e9])
/** The same in whole seconds, as tokens have them. */
const whole = (pick: Pick) => pick.from([1, 2, 30, 3600, 86_400, 1e9])

const factsOf = (surface: messages.Surface) => surface === "response" ? "response" : "request"

const registered = ["iss", "aud", "jti", "iat", "nbf", "exp"]

const identities: ReadonlyArray<Operator> = [
  operator("a claim is absent", signed("ClaimsMalformed"), (base, pick) => ({
    claims: { [pick.from([...registered, factsOf(base.surface)])]: undefined }
  })),
  operator("a claim is null or of another type", signed("ClaimsMalformed"), (base, pick) => ({
    claims: {
      [pick.from([...registered, factsOf(base.surface)])]: pick.from(
        [null, true, {}, [], ["lka", "lka"], [[]], "", { a: 1 }].filter(
          (value) => typeof value !== "string"
        )
      )
    }
  })),
  operator("a time is no whole number", signed("ClaimsMalformed"), (_, pick) => ({
    claimsText: (json) => {
      const name = pick.from(["iat", "nbf", "exp"])
      const value = pick.from([
        `${issuedAt}.5`,
        `"${issuedAt}"`,
        "1e400",
        "-1e400",
        "9007199254740993",
        `[${issuedAt}]`,
        "1e-3"
      ])
      return json.replace(new RegExp(`"${name}":\\d+`), `"${name}":${value}`)
    }
  })),
  operator("a claim stands twice", signed("ClaimsMalformed"), (base, pick) => ({
    claimsText: (json) => {
      const claims = JSON.parse(json) as Record<string, unknown>
      const name = pick.from(Object.keys(claims))
      const value = pick.from([claims[name], "lka", messages.sibling, issuedAt + 600])
      const facts = factsOf(base.surface)
      return pick.from([
        () => withMemberTwice(json, name, JSON.stringify(value), pick),
        () =>
          json.replace(
            `"${facts}":${JSON.stringify(claims[facts])}`,
            `"${facts}":${
              withMemberTwice(
                JSON.stringify(claims[facts]),
                Object.keys(claims[facts] as object)[0] ?? "",
                `"GET"`,
                pick
              )
            }`
          )
      ])()
    }
  })),
  operator("the claims are no JSON, or such that can be misread", signed("ClaimsMalformed"), (_, pick) => ({
    claimsText: (json) => brokenJson(json, pick)
  })),
  operator("the claims are no object", { ...signed("ClaimsMalformed", "TokenMalformed") }, (_, pick) => ({
    claimsText: (json) => notAnObject(json, pick)
  })),
  operator(
    "the claims are any JSON at all",
    signed("ClaimsMalformed"),
    (_, pick) => ({ claimsText: () => pick.json() })
  ),
  operator(
    "iss is another",
    { request: ["KeyUnknown"], response: ["IssuerMismatch"], webhook: ["IssuerMismatch"] },
    (base, pick) => ({
      claims: {
        iss: other(
          pick,
          [
            "lkb",
            "LKA",
            "lka ",
            "",
            "public",
            "launchkey",
            messages.sibling,
            messages.siblingDirectory,
            "svc:",
            "*",
            "__proto__"
          ],
          base.issuer
        )
      }
    })
  ),
  operator("aud is another", signed("AudienceMismatch"), (base, pick) => ({
    claims: {
      aud: pick.from<unknown>([
        "lkb",
        "LKA",
        "",
        "public",
        "*",
        messages.sibling,
        messages.siblingDirectory,
        messages.organization,
        [messages.sibling],
        ["public"],
        ...(base.surface === "request"
          ? [base.issuer, [base.issuer], "lka "]
          : ["lka", ["lka"], `${base.issuer} `, base.issuer.toUpperCase()])
      ])
    }
  })),
  operator("aud is a list of more or fewer than one", signed("ClaimsMalformed"), (base, pick) => {
    const right = base.surface === "request" ? "lka" : base.issuer
    return {
      claims: { aud: pick.from([[], [right, messages.sibling], [messages.sibling, right], [right, right], [[right]]]) }
    }
  }),
  operator("sub is a sibling's or an owner's", {
    request: ["NotPermitted"],
    response: ["SubjectMismatch"],
    webhook: ["SubjectMismatch"]
  }, (base, pick) => ({
    claims: {
      sub: other(
        pick,
        [
          messages.sibling,
          messages.siblingDirectory,
          messages.organization,
          "svc:",
          "",
          "*",
          "lka",
          "__proto__",
          `${base.subject} `
        ],
        base.subject
      )
    }
  })),
  operator("sub is absent", { response: ["SubjectMismatch"], webhook: ["ClaimsMalformed"] }, () => ({
    claims: { sub: undefined }
  })),
  operator("a service claims to be its owner", { request: ["KeyUnknown"] }, (base, pick) => ({
    claims: { iss: other(pick, [messages.organization, messages.directory, messages.device], base.issuer) }
  })),
  operator("it is read by a sibling", { response: ["AudienceMismatch"], webhook: ["AudienceMismatch"] }, (_, pick) => ({
    delivered: () => ({ issuer: pick.from([messages.sibling, messages.siblingDirectory]) })
  })),
  operator(
    "it is read as being about a sibling",
    { response: ["SubjectMismatch"], webhook: ["SubjectMismatch"] },
    (_, pick) => ({
      delivered: () => ({ subject: pick.from([messages.sibling, messages.siblingDirectory]) })
    })
  ),
  operator("jti is another call's", { response: ["TokenIdMismatch"] }, (_, pick) => ({
    claims: {
      jti: pick.from([
        messages.freshTokenId(),
        `${messages.defaultTokenId} `,
        messages.defaultTokenId.toUpperCase(),
        "x"
      ])
    }
  })),
  operator("jti is empty or too long", signed("ClaimsMalformed"), (_, pick) => ({
    claims: { jti: pick.from(["", "x".repeat(257), "x".repeat(pick.integer(257, 4000))]) }
  })),
  operator(
    "it was used before",
    { request: ["Replayed"], webhook: ["Replayed"] },
    () => ({ delivered: () => ({ seen: true }) })
  ),
  operator("it speaks of the other direction", signed("ClaimsMalformed"), (base, pick) => ({
    claims: base.surface === "response"
      ? { response: undefined, request: { meth: "GET", path: "/", status: base.status } }
      : {
        request: undefined,
        response: { status: pick.from([200, 204]), meth: base.method, path: base.path }
      }
  })),
  operator("it speaks of both directions", { webhook: ["ClaimsMalformed"] }, (_, pick) => ({
    claims: { response: pick.from([{ status: 200 }, null, {}, false]) }
  }))
]

const times: ReadonlyArray<Operator> = [
  operator("it has expired", signed("Expired"), (_, pick) => {
    const exp = issuedAt + 1 - leeway + 1 - whole(pick)
    return { claims: { exp, nbf: exp - 5, iat: exp - 5 } }
  }),
  operator("nbf is to come", signed("NotYetValid"), (_, pick) => {
    const nbf = issuedAt + 1 + leeway + whole(pick)
    return { claims: { nbf } }
  }),
  operator("iat is to come", signed("NotYetValid"), (_, pick) => {
    const iat = issuedAt + 1 + leeway + whole(pick)
    return { claims: { iat, exp: iat + 5 } }
  }),
  operator(
    "it would last longer than a request may",
    { request: ["LifetimeTooLong"], webhook: ["LifetimeTooLong"] },
    (_, pick) => ({
      claims: { exp: issuedAt + 60 + whole(pick) }
    })
  ),
  operator("it is read too late", signed("Expired"), (_, pick) => ({
    delivered: () => ({ now: issuedAt + 5 + leeway + pick.from([0, beyond(pick)]) })
  })),
  operator("it is read too early", signed("NotYetValid"), (_, pick) => ({
    delivered: () => ({ now: issuedAt - leeway - beyond(pick) })
  }))
]

const paths = (path: string): ReadonlyArray<string> => [
  `${path}/`,
  `${path}//`,
  `/${path}`,
  `${path}?`,
  `${path}?x=1`,
  `${path}#x`,
  path.toUpperCase(),
  path.slice(1),
  path.slice(0, -1),
  `${path}/..`,
  `${path}/../ping`,
  `/.${path}`,
  path.replace("/", "/%2e/"),
  path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  `http://localhost${path}`,
  "/",
  "*"
]

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "get", "Post", "POST ", "", "*"]

const claimed: ReadonlyArray<Operator> = [
  operator("another method is signed", { request: ["MethodMismatch"], webhook: ["MethodMismatch"] }, (base, pick) => ({
    facts: { meth: other(pick, methods, base.method) }
  })),
  operator(
    "it comes by another method",
    { request: ["MethodMismatch"], webhook: ["MethodMismatch"] },
    (base, pick) => ({
      delivered: () => ({ method: other(pick, methods, base.method) })
    })
  ),
  operator("another path is signed", { request: ["PathMismatch"], webhook: ["PathMismatch"] }, (base, pick) => ({
    facts: { path: pick.from(paths(base.path)) }
  })),
  operator("it comes to another path", { request: ["PathMismatch"], webhook: ["PathMismatch"] }, (base, pick) => ({
    delivered: () => ({ path: pick.from(paths(base.path)) })
  })),
  operator("another status is signed", { response: ["StatusMismatch"] }, (base, pick) => ({
    facts: { status: other(pick, [200, 201, 204, 302, 400, 401, 403, 404, 408, 409, 429, 500, 0, -1], base.status) }
  })),
  operator("it comes with another status", { response: ["StatusMismatch"] }, (base, pick) => ({
    delivered: () => ({ status: other(pick, [200, 201, 204, 301, 302, 400, 403, 404, 408, 409, 429], base.status) })
  })),
  operator("it comes with a status for which no token is required", { response: ["Unauthenticated"] }, (_, pick) => ({
    delivered: () => ({ status: pick.from([401, 500, 502, 503, 599]) })
  })),
  operator("a Location is signed that is not there, or is another", { response: ["LocationMismatch"] }, (_, pick) => ({
    facts: { location: pick.from(["", "/", "https://attacker.example/", "https://mfa.example.com/elsewhere/"]) }
  })),
  operator("it comes with a Location that is not signed, or without the one that is", {
    response: ["LocationMismatch"]
  }, (base, pick) => ({
    delivered: () => ({
      headers: {
        ...base.headers,
        location: other<string | undefined>(
          pick,
          [undefined, "", "/", "https://attacker.example/"],
          base.headers["location"]
        )
      }
    })
  })),
  operator(
    "a Cache-Control is signed that is not there, or is another",
    { response: ["CacheControlMismatch"] },
    (_, pick) => ({
      facts: { cache: pick.from(["", "no-cache", "public, max-age=31536000", "No-Store", "no-store "]) }
    })
  ),
  operator("it comes with a Cache-Control that is not signed, or without the one that is", {
    response: ["CacheControlMismatch"]
  }, (base, pick) => ({
    delivered: () => ({
      headers: {
        ...base.headers,
        "cache-control": other<string | undefined>(
          pick,
          [undefined, "", "public, max-age=31536000"],
          base.headers["cache-control"]
        )
      }
    })
  })),
  operator("a fact is null or of another type", signed("ClaimsMalformed"), (base, pick) => ({
    facts: {
      [
        pick.from(
          base.surface === "response"
            ? ["status", "location", "cache", "hash", "func"]
            : ["meth", "path", "hash", "func"]
        )
      ]: pick.from([
        null,
        true,
        [],
        {},
        ["POST"],
        0.5
      ])
    }
  }))
]

const bodies: ReadonlyArray<Operator> = [
  operator("no hash is signed, or no function", signed("HashMissing"), (_, pick) => ({
    facts: pick.from<messages.Members>([{ hash: undefined }, { func: undefined }, { hash: undefined, func: undefined }])
  }), hasBody),
  operator("another hash is signed", signed("HashMismatch"), (base, pick) => ({
    facts: (body, plaintext) => ({
      hash: pick.from([
        () => bare.digest(base.func, body).toUpperCase(),
        () => bare.digest(base.func, Buffer.concat([Buffer.from(body), Buffer.of(10)])),
        () => bare.digest(base.func, ""),
        () => bare.base64url(Buffer.from(bare.digest(base.func, body), "hex")),
        () => bare.digest(base.func, body).slice(0, -2),
        () => `${bare.digest(base.func, body)} `,
        () => "0".repeat(64),
        () => "",
        // of what is encrypted, where that is something else
        () => bare.digest(base.func, base.encrypted ? plaintext : `${Buffer.from(plaintext).toString()} `)
      ])()
    })
  }), hasBody),
  operator("the hash is of another function than is signed", signed("HashMismatch"), (base, pick) => ({
    facts: { func: other(pick, ["S256", "S384", "S512"], base.func) }
  }), hasBody),
  operator("the hash is of a function outside the list", signed("AlgorithmNotAllowed"), (_, pick) => ({
    facts: {
      func: pick.from(["S1", "s256", "S224", "MD5", "SHA-256", "sha256", "S256 ", "", "constructor", "__proto__"])
    }
  }), hasBody),
  operator("a hash or function is signed and there is no body", signed("HashUnexpected"), (_, pick) => ({
    facts: pick.from<messages.Members>([
      { hash: bare.digest("S256", ""), func: "S256" },
      { hash: bare.digest("S256", "") },
      { func: "S256" },
      { hash: "", func: "" }
    ])
  }), hasNoBody),
  operator("the body was changed", signed("HashMismatch"), (_, pick) => ({
    delivered: ({ body }) => {
      const octets = Buffer.from(body)
      const at = pick.integer(0, octets.length - 1)
      return {
        body: pick.from([
          () => {
            octets[at] = (octets[at] ?? 0) ^ 1 << pick.integer(0, 7)
            return octets
          },
          () => octets.subarray(0, at === 0 ? 1 : at),
          () => Buffer.concat([octets, pick.from([Buffer.of(0), Buffer.from("\n"), Buffer.from(" "), octets])]),
          () => Buffer.concat([Buffer.from(pick.from(["\uFEFF", " ", "\0"])), octets])
        ])()
      }
    }
  }), hasBody),
  operator("the body was taken away", signed("HashUnexpected"), () => ({ delivered: () => ({ body: "" }) }), hasBody),
  operator("a body was added", signed("HashMissing"), (base, pick) => ({
    delivered: () => ({
      body: pick.from([() => "{}", () => "x", () =>
        bare.jwe(
          JSON.stringify({ alg: base.wrap, enc: "A256CBC-HS512", kid: base.recipient.keyId }),
          "{}",
          { recipient: base.recipient, wrap: base.wrap }
        )])()
    })
  }), hasNoBody),
  operator("the body is that of another message that is as good", signed("HashMismatch"), (base) => ({
    delivered: () => ({
      body: base.encrypted
        ? bare.jwe(
          JSON.stringify({ alg: base.wrap, enc: "A256CBC-HS512", kid: base.recipient.keyId, cty: "application/json" }),
          base.plaintext,
          { recipient: base.recipient, wrap: base.wrap }
        )
        : `{"service_user_hash":"${messages.user.service_user_hash}","api_time":"2023-11-14T22:13:21Z"}`
    })
  }), hasBody),
  operator("it was signed by the platform's key for another kind of message", {
    response: ["ClaimsMalformed"],
    webhook: ["ClaimsMalformed"]
  }, (base) => ({
    header: { kid: TestKeys.platform.keyId },
    sign: bare.rs(TestKeys.platform, base.alg),
    claimsText: (json) =>
      base.surface === "response"
        ? json.replace(`"response":`, `"request":`)
        : json.replace(`"request":`, `"response":`)
  }))
]

export const claimOperators: ReadonlyArray<Operator> = [...identities, ...times, ...claimed, ...bodies]
