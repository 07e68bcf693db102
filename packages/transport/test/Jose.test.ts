import { assert, describe } from "@effect/vitest"
import { Effect, Exit, Redacted } from "effect"
import * as crypto from "node:crypto"
import { inspect } from "node:util"
import * as Jose from "../src/Jose.ts"
import * as NodeJose from "../src/NodeJose.ts"
import { base64url, openJwe, sealJwe, signJws, verifyJws } from "./support/bare.ts"
import { onEach } from "./support/engines.ts"
import fixtures from "./vectors/sdk-fixtures.json" with { type: "json" }
import vectors from "./vectors/transport-vectors.json" with { type: "json" }

const { keys } = vectors
const ours = keys.service_dual
const api = keys.api_current
const keyEntries = Object.entries(keys)

const utf8 = (text: string) => new TextEncoder().encode(text)
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

const privateKey = (pem: string) => Effect.flatMap(Jose.Jose, (jose) => jose.importPrivateKey(Redacted.make(pem)))
const publicKey = (pem: string) => Effect.flatMap(Jose.Jose, (jose) => jose.importPublicKey(pem))

const spkiOf = (pem: string) => crypto.createPublicKey(pem).export({ type: "spki", format: "der" })

/** A key as a PEM of the wanted kind, from its numbers, whether or not they make sense. */
const publicPem = (n: Uint8Array, e: Uint8Array, type: "spki" | "pkcs1" = "spki"): string =>
  crypto.createPublicKey({ format: "jwk", key: { kty: "RSA", n: base64url(n), e: base64url(e) } })
    .export({ type, format: "pem" }).toString()

const numbers = (octets: number, last = 0x01) => {
  const n = Buffer.alloc(octets, 0xa5)
  n[octets - 1] = last
  return n
}
const f4 = Uint8Array.of(1, 0, 1)

const pemOf = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString("base64").replace(/.{64}/g, "$&\n")}\n-----END ${label}-----\n`

/** Another text that a lenient decoder takes for the same octets. */
const dirty = (part: string): string => {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
  const other = part.slice(0, -1) + letters.charAt(letters.indexOf(part.slice(-1)) + 1)
  assert.deepStrictEqual(Buffer.from(other, "base64url"), Buffer.from(part, "base64url"))
  return other
}

const tlv = (tag: number, ...parts: ReadonlyArray<Uint8Array>): Buffer => {
  const content = Buffer.concat(parts)
  const { length } = content
  const header = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...header]), content])
}

const derOf = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64")

onEach("Jose", (it) => {
  describe("key ids", () => {
    for (const fixture of fixtures.rsa_keys) {
      it(`of ${fixture.name} (${fixture.modulus_bits} bits)`, () => {
        assert.strictEqual(Jose.keyIdOf(spkiOf(fixture.public_spki_pem)), fixture.kid)
      })
    }

    for (const [name, vector] of keyEntries) {
      it.effect(`of ${name}, from each of its four forms`, () =>
        Effect.gen(function*() {
          const found = [
            yield* privateKey(vector.private_pkcs8_pem),
            yield* privateKey(vector.private_pkcs1_pem),
            yield* publicKey(vector.public_spki_pem),
            yield* publicKey(vector.public_pkcs1_pem)
          ]
          for (const key of found) {
            assert.strictEqual(key.keyId, vector.kid)
            assert.strictEqual(key.modulusLength, vector.modulus_bits)
          }
        }))
    }

    it("are neither of the PKCS#1 form nor of the text", () => {
      const { md5_of_pem_text, md5_of_pkcs1_der } = vectors.key_id_example.wrong_values
      const id = Jose.keyIdOf(Buffer.from(vectors.key_id_example.spki_der_base64, "base64"))
      assert.strictEqual(id, vectors.key_id_example.kid)
      assert.notInclude([md5_of_pem_text, md5_of_pkcs1_der], id)
    })
  })

  describe("importing", () => {
    for (const fixture of fixtures.rsa_keys) {
      const { kid, modulus_bits, name, private_pem_as_in_source, public_spki_pem } = fixture
      if (modulus_bits < 2048) {
        it.effect(`refuses ${name} for its ${modulus_bits} bits`, () =>
          Effect.gen(function*() {
            const error = yield* Effect.flip(publicKey(public_spki_pem))
            assert.strictEqual(error._tag, "InvalidKey")
            assert.strictEqual(error.reason, "ModulusTooSmall")
            assert.strictEqual(error.modulusLength, modulus_bits)
            assert.match(error.message, new RegExp(`has ${modulus_bits} bits, and 2048 bits or more`))
          }))
        continue
      }
      it.effect(`reads the public key of ${name}, and writes it as it was`, () =>
        Effect.gen(function*() {
          const key = yield* publicKey(public_spki_pem)
          assert.strictEqual(key.keyId, kid)
          assert.strictEqual(key.pem, public_spki_pem)
          assert.strictEqual(String(key), `<PublicKey ${kid}>`)
        }))
      if (private_pem_as_in_source !== undefined) {
        it.effect(
          `reads the private key of ${name}: ${fixture.private_der_structure} under the label `
            + `${fixture.private_pem_label}`,
          () =>
            Effect.gen(function*() {
              const key = yield* privateKey(private_pem_as_in_source)
              assert.strictEqual(key.keyId, kid)
              assert.strictEqual(key.modulusLength, modulus_bits)
              assert.strictEqual(key.publicKey.pem, public_spki_pem)
            })
        )
      }
    }

    const spellings: ReadonlyArray<readonly [name: string, spell: (pem: string) => string]> = [
      ["CRLF line ends", (pem) => pem.replaceAll("\n", "\r\n")],
      ["blank lines around", (pem) => `\n\r\n  ${pem}\n\n`],
      ["blank lines inside", (pem) => pem.replaceAll("\n", "\n\n")],
      ["everything on one line", (pem) => pem.replaceAll("\n", " ")],
      ["no final line end", (pem) => pem.trimEnd()],
      ["remarks around the block", (pem) => `Bag Attributes\n    friendlyName: key\n${pem}\nend\n`],
      ["a label of another kind", (pem) => pem.replaceAll(/(?:RSA )?(PRIVATE|PUBLIC) KEY/g, "ANYTHING AT ALL")]
    ]
    for (const [name, spell] of spellings) {
      it.effect(`reads PEMs with ${name}`, () =>
        Effect.gen(function*() {
          for (const pem of [ours.private_pkcs8_pem, ours.private_pkcs1_pem]) {
            assert.strictEqual((yield* privateKey(spell(pem))).keyId, ours.kid)
          }
          for (const pem of [ours.public_spki_pem, ours.public_pkcs1_pem]) {
            assert.strictEqual((yield* publicKey(spell(pem))).keyId, ours.kid)
          }
        }))
    }

    it.effect("reads keys of 3072 bits", () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        const { privateKey: key } = yield* jose.generateKey(3072)
        assert.strictEqual(key.modulusLength, 3072)
      }))

    const pkcs8 = derOf(ours.private_pkcs8_pem)
    const pkcs1 = derOf(ours.private_pkcs1_pem)
    const small = crypto.generateKeyPairSync("rsa", { modulusLength: 1024 })
    const pss = crypto.generateKeyPairSync("rsa-pss", { modulusLength: 2048 })
    const ec = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" })
    const ed25519 = crypto.generateKeyPairSync("ed25519")
    const encrypted = (type: "pkcs1" | "pkcs8") =>
      crypto.createPrivateKey(ours.private_pkcs8_pem)
        .export({ type, format: "pem", cipher: "aes-256-cbc", passphrase: "correct horse" }).toString()
    const asPem = (key: crypto.KeyObject, type: "pkcs8" | "spki" | "sec1") =>
      (key.type === "private" ? key.export({ type: type as "pkcs8", format: "pem" }) : key.export({
        type: type as "spki",
        format: "pem"
      })).toString()
    const pkcs1Numbers = (() => {
      const jwk = crypto.createPrivateKey(ours.private_pkcs8_pem).export({ format: "jwk" })
      return [jwk.n, jwk.e, jwk.d, jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi].map((number) => {
        const octets = Buffer.from(number ?? "", "base64url")
        return tlv(0x02, octets[0]! >= 0x80 ? Buffer.concat([Buffer.alloc(1), octets]) : octets)
      })
    })()
    const zero = Buffer.from([2, 1, 0])
    it.effect("reads a PKCS#1 PEM made here of the key's numbers, as the refusals below vary it", () =>
      Effect.gen(function*() {
        const pem = pemOf("RSA PRIVATE KEY", tlv(0x30, zero, ...pkcs1Numbers))
        assert.strictEqual((yield* privateKey(pem)).keyId, ours.kid)
        const wrapped = pemOf("PRIVATE KEY", tlv(0x30, zero, rsaAlgorithm, tlv(0x04, derOf(ours.private_pkcs1_pem))))
        assert.strictEqual((yield* privateKey(wrapped)).keyId, ours.kid)
        const info = pemOf("PUBLIC KEY", tlv(0x30, rsaAlgorithm, tlv(0x03, Buffer.of(0), derOf(ours.public_pkcs1_pem))))
        assert.strictEqual((yield* publicKey(info)).keyId, ours.kid)
        const noted = `Key Attributes: <none>\n${pem}`
        assert.strictEqual((yield* privateKey(noted)).keyId, ours.kid)
      }))
    // after the SEQUENCE's header: the INTEGER of 257 octets
    const otherModulus = derOf(api.public_pkcs1_pem).subarray(4, 4 + 261)
    const rsaAlgorithm = derOf(ours.public_spki_pem).subarray(4, 19)
    const certificate = `-----BEGIN CERTIFICATE-----
MIIDATCCAemgAwIBAgIUeV1COyENO79GKL7D16BwGnRIuGQwDQYJKoZIhvcNAQEL
BQAwDzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjEwMzUwMTFaGA8yMTI2MTAyODAz
NTAxMVowDzENMAsGA1UEAwwEdGVzdDCCASIwDQYJKoZIhvcNAQEBBQADggEPADCC
AQoCggEBAK5UAQkXz24dqn4Vkbh2JGq0NRaVy+edhaevzD2BFUTtL1zJoE5gmFhQ
WmfivEzkTjYrpcMUDwFDInXbPUxuOOEIFqIuDoylW00EHaGVkA262YnG0ZH4k36U
fJrDjsx00/s461roo08hgTPUneFF9hvEw2JbIv7tO4YvLziE78cxdt0hXAZzDBSo
fT4JqpKCjn/Twek8nrsoBzHiTSEg7c9c2J6uLVkU5A1/++Lf/vZBnidqzKP9n3r+
xgWLCIls2Q4T4DB7wtTGM10VGL75n2ZbGDVduBYKompv2LdbCiGsDG0x96PoWl9X
5M7oNAj4KlYXXd+Kz4saReiiWnFpz00CAwEAAaNTMFEwHQYDVR0OBBYEFMSEX3WI
U4iKd53eMEHVwhC6jwcZMB8GA1UdIwQYMBaAFMSEX3WIU4iKd53eMEHVwhC6jwcZ
MA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADggEBABKnLfocf/1kVMNR
U5Vha9J3lkohYg+eeQ8oABzjv5I49dM9P9MT0qu7gCSV6QYlQ9ABIuOktjCAj59A
F4E2C3h3vyVKXHZaNgtzVlvtyz9ggDynuSHiK7qT28uiLT6LaWzPSOikZl9gwqvM
z++EWUfFHHl9CgUe9dxeI83jeDgol+DXMeSfLXLo4fMPSTRzTmnayQMJ+CZYx6SI
hpU8iv6TJ94qGibXZE9wBF1Y2NJS9VPHe1k3bAZfKqe10v648GPlYyHZecXBssp6
GkwUMPP+6HkauFwUiGiW+Cw6BqZqzPvhPKQFesRKNfegPZckm7CEakjgGIVuCV4T
OlQ0cqM=
-----END CERTIFICATE-----
`

    type Expected = readonly [reason: Jose.InvalidKey["reason"], hint: RegExp]
    const whole = /Pass the file whole/
    const refusedAsEither: ReadonlyArray<readonly [name: string, pem: string, expected: Expected]> = [
      ["nothing", "", ["MalformedPem", whole]],
      ["no PEM", "c2VjcmV0IHRoYXQgaXMgbm90IGEga2V5", ["MalformedPem", whole]],
      ["an empty block", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----", ["MalformedPem", whole]],
      ["a block without an end", ours.private_pkcs8_pem.slice(0, 400), ["MalformedPem", whole]],
      [
        "an end of another label",
        ours.private_pkcs8_pem.replace("END PRIVATE", "END PUBLIC"),
        ["MalformedPem", whole]
      ],
      ["two blocks", ours.private_pkcs8_pem + ours.public_spki_pem, ["MalformedPem", whole]],
      [
        "a whole block after an open one",
        `${ours.private_pkcs8_pem.slice(0, 400)}\n${ours.private_pkcs8_pem}`,
        ["MalformedPem", whole]
      ],
      ["line ends as two characters", ours.private_pkcs8_pem.replaceAll("\n", "\\n"), ["MalformedPem", /\\n\.$/]],
      ["base64url", ours.private_pkcs8_pem.replaceAll("+", "-").replaceAll("/", "_"), ["MalformedPem", whole]],
      ["a lost character", ours.private_pkcs8_pem.replace("MII", "MI"), ["MalformedPem", whole]],
      ["40,000 characters", ours.private_pkcs8_pem + " ".repeat(40_000), ["MalformedPem", whole]],
      ["no DER", pemOf("PRIVATE KEY", utf8("not DER at all")), ["MalformedPem", whole]],
      ["a truncated PKCS#8", pemOf("PRIVATE KEY", pkcs8.subarray(0, 900)), ["MalformedPem", whole]],
      ["octets after the PKCS#8", pemOf("PRIVATE KEY", Buffer.concat([pkcs8, zero])), ["MalformedPem", whole]],
      ["an indefinite length", pemOf("PRIVATE KEY", Buffer.from([0x30, 0x80, 2, 1, 0, 0, 0])), ["MalformedPem", whole]],
      ["a length in four octets", pemOf("PRIVATE KEY", Buffer.from([0x30, 0x84, 0, 0, 0, 0])), ["MalformedPem", whole]],
      ["a length cut off", pemOf("PRIVATE KEY", Buffer.from([0x30, 0x82])), ["MalformedPem", whole]],
      ["a length longer than needed", pemOf("PRIVATE KEY", Buffer.from([0x30, 0x81, 3, 2, 1, 0])), [
        "MalformedPem",
        whole
      ]],
      ["a lone octet", pemOf("PRIVATE KEY", Buffer.from([0x30])), ["MalformedPem", whole]],
      ["an empty SEQUENCE", pemOf("PRIVATE KEY", Buffer.from([0x30, 0])), ["MalformedPem", whole]],
      ["a SEQUENCE of one INTEGER", pemOf("PRIVATE KEY", tlv(0x30, zero)), ["MalformedPem", whole]],
      ["a SEQUENCE of strange things", pemOf("PRIVATE KEY", tlv(0x30, tlv(0x30, zero), zero)), ["MalformedPem", whole]],
      ["an encrypted PKCS#8", encrypted("pkcs8"), ["Encrypted", /openssl pkcs8/]],
      [
        "an encrypted PKCS#8 under a plain label",
        encrypted("pkcs8").replaceAll("ENCRYPTED PRIVATE", "PRIVATE"),
        ["Encrypted", /openssl pkcs8/]
      ],
      ["an encrypted PKCS#1", encrypted("pkcs1"), ["Encrypted", /openssl pkcs8/]],
      ["an EC key", asPem(ec.privateKey, "sec1"), ["NotRsa", /an EC key/]],
      [
        "an EC key under another label",
        asPem(ec.privateKey, "sec1").replaceAll("EC PRIVATE", "PRIVATE"),
        ["NotRsa", /an EC key/]
      ],
      ["a certificate", certificate, ["Unsupported", /certificate.*openssl x509 -pubkey/]],
      [
        "an OpenSSH key",
        pemOf("OPENSSH PRIVATE KEY", Buffer.concat([utf8("openssh-key-v1\0"), Buffer.alloc(99)])),
        ["Unsupported", /ssh-keygen/]
      ]
    ]
    const refusedAsPrivate: typeof refusedAsEither = [
      ["a public key", ours.public_spki_pem, ["NotPrivate", /private half/]],
      ["a PKCS#1 public key", ours.public_pkcs1_pem, ["NotPrivate", /private half/]],
      ["a small key", asPem(small.privateKey, "pkcs8"), ["ModulusTooSmall", /has 1024 bits/]],
      ["an EC key in PKCS#8", asPem(ec.privateKey, "pkcs8"), ["NotRsa", /a key of another algorithm/]],
      ["an Ed25519 key", asPem(ed25519.privateKey, "pkcs8"), ["NotRsa", /a key of another algorithm/]],
      ["an RSASSA-PSS key", asPem(pss.privateKey, "pkcs8"), ["Unsupported", /RSASSA-PSS/]],
      [
        "a modulus that belongs to another key",
        pemOf("RSA PRIVATE KEY", tlv(0x30, zero, otherModulus, ...pkcs1Numbers.slice(1))),
        ["MalformedPem", whole]
      ],
      [
        "a number too few",
        pemOf("RSA PRIVATE KEY", tlv(0x30, zero, ...pkcs1Numbers.slice(0, 7))),
        ["MalformedPem", whole]
      ],
      [
        "a third prime",
        pemOf("RSA PRIVATE KEY", tlv(0x30, Buffer.from([2, 1, 1]), ...pkcs1Numbers, tlv(0x30, zero))),
        ["Unsupported", /more than two primes/]
      ],
      [
        "a version that there is not",
        pemOf("RSA PRIVATE KEY", tlv(0x30, Buffer.from([2, 1, 2]), ...pkcs1Numbers)),
        ["MalformedPem", whole]
      ],
      [
        "a negative number",
        pemOf("RSA PRIVATE KEY", tlv(0x30, zero, ...pkcs1Numbers.slice(0, 7), Buffer.from([2, 1, 0x80]))),
        ["MalformedPem", whole]
      ],
      [
        "a number with a needless zero",
        pemOf("RSA PRIVATE KEY", tlv(0x30, zero, ...pkcs1Numbers.slice(0, 7), Buffer.from([2, 2, 0, 1]))),
        ["MalformedPem", whole]
      ],
      [
        "an empty number",
        pemOf("RSA PRIVATE KEY", tlv(0x30, zero, ...pkcs1Numbers.slice(0, 7), Buffer.from([2, 0]))),
        ["MalformedPem", whole]
      ],
      [
        "an algorithm that is not one",
        pemOf("PRIVATE KEY", tlv(0x30, zero, tlv(0x30, zero), tlv(0x04, pkcs1))),
        ["MalformedPem", whole]
      ],
      [
        "PKCS#8 around something else",
        pemOf("PRIVATE KEY", tlv(0x30, zero, rsaAlgorithm, tlv(0x04, utf8("else")))),
        ["MalformedPem", whole]
      ]
    ]
    const refusedAsPublic: typeof refusedAsEither = [
      ["a private key", ours.private_pkcs8_pem, ["NotPublic", /openssl pkey .* -pubout/]],
      ["a PKCS#1 private key", ours.private_pkcs1_pem, ["NotPublic", /openssl pkey .* -pubout/]],
      ["a small key", asPem(small.publicKey, "spki"), ["ModulusTooSmall", /has 1024 bits/]],
      ["2047 bits", publicPem(Buffer.concat([Buffer.of(0x7f), numbers(255)]), f4), [
        "ModulusTooSmall",
        /has 2047 bits/
      ]],
      ["the exponent 3", publicPem(numbers(256), Uint8Array.of(3)), ["ExponentTooSmall", /below 65537/]],
      ["the exponent 65536", publicPem(numbers(256), Uint8Array.of(1, 0, 0)), ["ExponentTooSmall", /even/]],
      ["the exponent 65538", publicPem(numbers(256), Uint8Array.of(1, 0, 2)), ["ExponentTooSmall", /even/]],
      ["an exponent of 34 bits", publicPem(numbers(256), Uint8Array.of(2, 0, 0, 0, 1)), ["Unsupported", /33 bits/]],
      ["8200 bits", publicPem(numbers(1025), f4), ["Unsupported", /more than 8192 bits/]],
      ["an even modulus", publicPem(numbers(256, 2), f4), ["MalformedPem", whole]],
      ["a zero modulus", pemOf("PUBLIC KEY", tlv(0x30, zero, zero)), ["MalformedPem", whole]],
      ["an EC key", asPem(ec.publicKey, "spki"), ["NotRsa", /a key of another algorithm/]],
      [
        "parameters other than NULL",
        pemOf(
          "PUBLIC KEY",
          tlv(0x30, tlv(0x30, rsaAlgorithm.subarray(2, 13)), derOf(ours.public_spki_pem).subarray(19))
        ),
        ["MalformedPem", whole]
      ],
      [
        "SubjectPublicKeyInfo around something else",
        pemOf("PUBLIC KEY", tlv(0x30, rsaAlgorithm, tlv(0x03, Buffer.of(0), utf8("else")))),
        ["MalformedPem", whole]
      ],
      [
        "unused bits",
        pemOf("PUBLIC KEY", tlv(0x30, rsaAlgorithm, tlv(0x03, Buffer.of(1), derOf(ours.public_pkcs1_pem)))),
        ["MalformedPem", whole]
      ]
    ]

    const cases = [
      ...refusedAsEither.map((entry) => [privateKey, "private", ...entry] as const),
      ...refusedAsEither.map((entry) => [publicKey, "public", ...entry] as const),
      ...refusedAsPrivate.map((entry) => [privateKey, "private", ...entry] as const),
      ...refusedAsPublic.map((entry) => [publicKey, "public", ...entry] as const)
    ]
    for (const [importKey, half, name, pem, [reason, hint]] of cases) {
      it.effect(`refuses ${name} where a ${half} key belongs: ${reason}, and repeats none of it`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip<Jose.PrivateKey | Jose.PublicKey, Jose.InvalidKey, Jose.Jose>(importKey(pem))
          assert.strictEqual(error._tag, "InvalidKey")
          assert.strictEqual(error.reason, reason)
          assert.match(error.message, hint)
          assert.match(error.message, /^The key cannot be used: /)
          assert.isUndefined(error.field)
          const shown = inspect(error, { depth: null, showHidden: true }) + JSON.stringify(error) + String(error)
          for (const line of pem.split(/\n|\\n/)) {
            if (line.length > 20 && !line.startsWith("---")) assert.notInclude(shown, line.slice(0, 20))
          }
        }))
    }

    it("has words even where nothing more is known", () => {
      assert.match(new Jose.InvalidKey({ reason: "NotRsa" }).message, /not an RSA key/)
      assert.match(new Jose.InvalidKey({ reason: "ModulusTooSmall" }).message, /too few bits/)
      assert.match(new Jose.InvalidKey({ reason: "Unsupported" }).message, /of a kind that is not read here/)
    })

    it.effect("keeps the private half from every way of printing", () =>
      Effect.gen(function*() {
        const key = yield* privateKey(ours.private_pkcs8_pem)
        const shown = `<PrivateKey ${ours.kid}>`
        assert.strictEqual(String(key), shown)
        assert.strictEqual(inspect(key), shown)
        assert.strictEqual(JSON.stringify({ key }), JSON.stringify({ key: shown }))
        const everything = inspect(key, { depth: null, showHidden: true, customInspect: false })
        assert.notInclude(everything, ours.private_pkcs8_pem.slice(100, 160))
        assert.notInclude(everything, "PRIVATE KEY")
        assert.throws(() => Object.assign(key, { keyId: "other" }))
      }))

    it.effect("imports each CryptoKey once, however often and from wherever the key is used", () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        const subtle = globalThis.crypto.subtle
        const original = subtle.importKey
        const imported: Array<string> = []
        yield* Effect.acquireUseRelease(
          Effect.sync(() => {
            // counted, then handed on: its overloads do not survive being wrapped
            subtle.importKey =
              ((format: "pkcs8", ...rest: [Uint8Array<ArrayBuffer>, RsaHashedImportParams, boolean, []]) => {
                if (format !== ("raw" as string)) imported.push(`${format} ${rest[3].join()}`)
                return original.call(subtle, format, ...rest)
              }) as typeof original
          }),
          () =>
            Effect.gen(function*() {
              const key = yield* privateKey(ours.private_pkcs8_pem)
              const use = Effect.gen(function*() {
                const token = yield* jose.sign({ key, payload: "{}" })
                yield* jose.verify(yield* jose.parseJws(token), key.publicKey)
                const sealed = yield* jose.encrypt({ key: key.publicKey, plaintext: utf8("{}") })
                yield* jose.decrypt(yield* jose.parseJwe(sealed), key)
              })
              yield* Effect.all([use, use, use, use], { concurrency: "unbounded" })
            }),
          () =>
            Effect.sync(() => {
              subtle.importKey = original
            })
        )
        assert.deepStrictEqual(imported.sort(), ["pkcs8 decrypt", "pkcs8 sign", "spki encrypt", "spki verify"])
      }))
  })

  describe("generateKey", () => {
    it.effect("makes 2048 bits with the exponent 65537, and a PKCS#8 PEM of the same key", () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        const generated = yield* jose.generateKey()
        const pem = Redacted.value(generated.privateKeyPem)
        assert.match(pem, /^-----BEGIN PRIVATE KEY-----\n/)
        const details = crypto.createPrivateKey(pem).asymmetricKeyDetails
        assert.strictEqual(details?.modulusLength, 2048)
        assert.strictEqual(details?.publicExponent, 65537n)
        assert.strictEqual(generated.privateKey.keyId, Jose.keyIdOf(spkiOf(pem)))
        assert.notInclude(inspect(generated, { depth: null }), "BEGIN PRIVATE")
      }))
  })

  describe("sign", () => {
    for (const { jwt, name, signing_key } of vectors.requests) {
      it.effect(`reproduces the token of ${name}, octet for octet`, () =>
        Effect.gen(function*() {
          const jose = yield* Jose.Jose
          const vector = keyEntries.find(([name]) => name === signing_key)![1]
          const key = yield* privateKey(vector.private_pkcs8_pem)
          const algorithm = Jose.SignatureAlgorithm.literals.find((alg) => alg === jwt.header.alg)
          assert.strictEqual(yield* jose.sign({ key, algorithm, payload: jwt.claims_json }), jwt.compact)
        }))
    }

    for (const { jwt, name } of vectors.responses.filter(({ jwt }) => jwt?.signing_key === "api_current")) {
      it.effect(`reproduces the token of the response ${name}, with typ`, () =>
        Effect.gen(function*() {
          const jose = yield* Jose.Jose
          const key = yield* privateKey(api.private_pkcs8_pem)
          const algorithm = Jose.SignatureAlgorithm.literals.find((alg) => alg === jwt?.header.alg)
          assert.strictEqual(
            yield* jose.sign({ key, algorithm, header: { typ: "JWT" }, payload: jwt?.claims_json ?? "" }),
            jwt?.compact
          )
        }))
    }

    for (
      const [algorithm, hash] of [["RS256", "RSA-SHA256"], ["RS384", "RSA-SHA384"], ["RS512", "RSA-SHA512"]] as const
    ) {
      it.effect(`${algorithm} is verified by node:crypto alone`, () =>
        Effect.gen(function*() {
          const jose = yield* Jose.Jose
          const key = yield* privateKey(ours.private_pkcs1_pem)
          const payload = "{\"text\":\"ünïcode \\u0000 \u{1f511}\"}"
          assert.deepStrictEqual(verifyJws(yield* jose.sign({ key, algorithm, payload }), ours.public_spki_pem, hash), {
            valid: true,
            header: `{"alg":"${algorithm}","kid":"${ours.kid}"}`,
            payload
          })
        }))
    }
  })

  describe("verify", () => {
    it.effect("accepts a genuine token of the hosted API, and returns its payload", () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        const [genuine] = fixtures.jwts
        const pem = fixtures.rsa_keys.find(({ name }) => name === genuine?.verification_key)?.public_spki_pem ?? ""
        const jws = yield* jose.parseJws(genuine?.compact ?? "")
        assert.strictEqual(text(yield* jose.verify(jws, yield* publicKey(pem))), genuine?.claims_json)
      }))

    it.effect("refuses the older genuine token, which names no key", () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        const refusal = yield* Effect.flip(jose.parseJws(fixtures.jwts[1]?.compact ?? ""))
        assert.strictEqual(refusal.reason, "KeyIdInvalid")
      }))

    it.effect("accepts the older genuine token where it need not name its key, under the key that it was signed with", () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        const older = fixtures.jwts[1]
        const pem = fixtures.rsa_keys.find(({ name }) => name === older?.verification_key)?.public_spki_pem ?? ""
        const jws = yield* jose.parseJws(older?.compact ?? "", { keyIdOptional: true })
        assert.deepStrictEqual(jws.header, { alg: "RS512", kid: undefined })
        assert.strictEqual(text(yield* jose.verify(jws, yield* publicKey(pem))), older?.claims_json)
        const refusal = yield* Effect.flip(jose.verify(jws, yield* publicKey(ours.public_spki_pem)))
        assert.strictEqual(refusal.reason, "SignatureInvalid")
      }))

    for (const capture of vectors.sdk_captures) {
      it.effect(`accepts a token of the ${capture.sdk} SDK (${capture.method} ${capture.path})`, () =>
        Effect.gen(function*() {
          const jose = yield* Jose.Jose
          const pem = keyEntries.find(([name]) => name === capture.signing_key)?.[1].public_spki_pem ?? ""
          const jws = yield* jose.parseJws(capture.headers.Authorization.slice("IOV-JWT ".length))
          assert.strictEqual(text(jws.payload), capture.jwt.claims_json)
          assert.strictEqual(text(yield* jose.verify(jws, yield* publicKey(pem))), capture.jwt.claims_json)
        }))
    }

    const header = (alg: string) => JSON.stringify({ alg, kid: api.kid })
    const refusals: ReadonlyArray<readonly [name: string, token: string]> = [
      ["signed by another key under the kid of ours", signJws(header("RS256"), "{}", keys.attacker.private_pkcs8_pem)],
      ["signed with another hash than alg says", signJws(header("RS256"), "{}", api.private_pkcs8_pem, "RSA-SHA512")],
      [
        "with another payload than was signed",
        (() => {
          const [head, , signature] = signJws(header("RS256"), "{}", api.private_pkcs8_pem).split(".")
          return `${head}.${base64url("{\"a\":1}")}.${signature}`
        })()
      ],
      [
        "with another header than was signed",
        (() => {
          const [, payload, signature] = signJws(header("RS256"), "{}", api.private_pkcs8_pem).split(".")
          return `${base64url(header("RS384"))}.${payload}.${signature}`
        })()
      ],
      ["with a signature of one octet", `${base64url(header("RS256"))}.${base64url("{}")}.AA`]
    ]
    for (const [name, token] of refusals) {
      it.effect(`refuses a token ${name}`, () =>
        Effect.gen(function*() {
          const jose = yield* Jose.Jose
          const refusal = yield* Effect.flip(
            jose.verify(yield* jose.parseJws(token), yield* publicKey(api.public_spki_pem))
          )
          assert.strictEqual(refusal._tag, "Refusal")
          assert.strictEqual(refusal.reason, "SignatureInvalid")
          assert.isUndefined(refusal.cause)
        }))
    }

    it.effect("does not try a key that kid does not name", () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        const jws = yield* jose.parseJws(signJws(header("RS256"), "{}", ours.private_pkcs8_pem))
        const refusal = yield* Effect.flip(jose.verify(jws, yield* publicKey(ours.public_spki_pem)))
        assert.strictEqual(refusal.reason, "KeyUnknown")
      }))

    it.effect("believes the token rather than what is said about it", () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        const key = yield* publicKey(api.public_spki_pem)
        const signed = yield* jose.parseJws(signJws(header("RS256"), "{\"real\":1}", api.private_pkcs8_pem))
        assert.strictEqual(
          text(yield* jose.verify({ ...signed, payload: utf8("{\"forged\":1}") }, key)),
          "{\"real\":1}"
        )
        const refusal = yield* Effect.flip(jose.verify({ ...signed, header: { ...signed.header, alg: "RS384" } }, key))
        assert.strictEqual(refusal.reason, "SignatureInvalid")
      }))
  })

  describe("parseJws", () => {
    const kid = api.kid
    const good = JSON.stringify({ alg: "RS256", typ: "JWT", kid })
    // 3n + 1 octets, so that the last character has bits to spare
    const padded = good.padEnd(good.length + (4 - good.length % 3) % 3)
    const withHeader = (header: string) => signJws(header, "{}", api.private_pkcs8_pem)
    const [head, payload, signature] = withHeader(good).split(".") as [string, string, string]

    const accepted: ReadonlyArray<readonly [name: string, header: string]> = [
      ["no typ", JSON.stringify({ alg: "RS256", kid })],
      ["typ in lower case", JSON.stringify({ alg: "RS256", typ: "jwt", kid })],
      [
        "a key of the sender's own, which is not used",
        JSON.stringify({
          alg: "RS256",
          kid,
          jwk: keys.attacker.public_jwk,
          jku: "http://localhost/",
          x5u: "http://localhost/",
          x5c: ["AA=="],
          x5t: "AA"
        })
      ],
      ["members in another order, with spaces", ` { "kid" : "${kid}" , "cty":"x", "alg" : "RS256" } `],
      ["names in escaped form", `{"al\\u0067":"RS256","kid":"${kid}"}`]
    ]
    for (const [name, header] of accepted) {
      it.effect(`accepts a header with ${name}`, () =>
        Effect.gen(function*() {
          const jose = yield* Jose.Jose
          const jws = yield* jose.parseJws(withHeader(header))
          assert.deepStrictEqual<object>(jws.header, { alg: "RS256", kid })
          assert.strictEqual(text(yield* jose.verify(jws, yield* publicKey(api.public_spki_pem))), "{}")
        }))
    }

    const refused: ReadonlyArray<readonly [reason: string, name: string, token: string]> = [
      ["TokenMalformed", "nothing", ""],
      ["TokenMalformed", "no dots", head],
      ["TokenMalformed", "two parts", `${head}.${payload}`],
      ["TokenMalformed", "four parts", `${head}.${payload}.${signature}.`],
      ["TokenMalformed", "an empty header", `.${payload}.${signature}`],
      ["TokenMalformed", "an empty payload", `${head}..${signature}`],
      ["TokenMalformed", "an empty signature", `${head}.${payload}.`],
      ["TokenMalformed", "padding", `${head}.${payload}=.${signature}`],
      ["TokenMalformed", "white space before", ` ${head}.${payload}.${signature}`],
      ["TokenMalformed", "a line end after", `${head}.${payload}.${signature}\n`],
      ["TokenMalformed", "the other base64 alphabet", `${head}.${payload}.${signature.replace(/[-_]/, "+")}`],
      ["TokenMalformed", "a lone last character", `${head}.e30AA.${signature}`],
      ["TokenMalformed", "bits after the last octet of the payload", `${head}.${dirty(payload)}.${signature}`],
      [
        "TokenMalformed",
        "bits after the last octet of the header",
        `${dirty(base64url(padded))}.${payload}.${signature}`
      ],
      ["TokenMalformed", "bits after the last octet of the signature", `${head}.${payload}.${dirty(signature)}`],
      ["TokenMalformed", "a letter beyond ASCII", `${head}.${payload}.ü${signature.slice(1)}`],
      ["TokenMalformed", "a header that is no JSON", withHeader("alg=RS256")],
      ["TokenMalformed", "a header that is a list", withHeader(`[${good}]`)],
      ["TokenMalformed", "a header that is null", withHeader("null")],
      ["TokenMalformed", "a header with a byte order mark", withHeader(`\ufeff${good}`)],
      ["TokenMalformed", "alg twice", withHeader(`{"alg":"none","alg":"RS256","kid":"${kid}"}`)],
      ["TokenMalformed", "alg twice, once escaped", withHeader(`{"alg":"RS256","al\\u0067":"none","kid":"${kid}"}`)],
      ["TokenMalformed", "kid twice", withHeader(`{"alg":"RS256","kid":"${kid}","kid":"${ours.kid}"}`)],
      [
        "TokenMalformed",
        "a repeated name deep inside",
        withHeader(`{"alg":"RS256","kid":"${kid}","x":[{"a":1,"a":1}]}`)
      ],
      ["HeaderNotAllowed", "crit", withHeader(JSON.stringify({ alg: "RS256", kid, crit: ["exp"], exp: 1 }))],
      ["HeaderNotAllowed", "b64", withHeader(JSON.stringify({ alg: "RS256", kid, b64: true }))],
      ["HeaderNotAllowed", "zip", withHeader(JSON.stringify({ alg: "RS256", kid, zip: null }))],
      ["HeaderNotAllowed", "another typ", withHeader(JSON.stringify({ alg: "RS256", kid, typ: "at+jwt" }))],
      ["HeaderNotAllowed", "a typ that is no text", withHeader(JSON.stringify({ alg: "RS256", kid, typ: null }))],
      ["AlgorithmNotAllowed", "no alg", withHeader(JSON.stringify({ kid }))],
      ["AlgorithmNotAllowed", "alg in lower case", withHeader(JSON.stringify({ alg: "rs256", kid }))],
      ["AlgorithmNotAllowed", "alg as a list", withHeader(JSON.stringify({ alg: ["RS256"], kid }))],
      ["AlgorithmNotAllowed", "none, signed", withHeader(JSON.stringify({ alg: "none", kid }))],
      ["AlgorithmNotAllowed", "none, unsigned", `${base64url(JSON.stringify({ alg: "none", kid }))}.${payload}.`],
      ...["HS256", "PS256", "ES256", "EdDSA", "RS1", "toString", "__proto__"].map((alg) =>
        ["AlgorithmNotAllowed", alg, withHeader(`{"alg":"${alg}","kid":"${kid}"}`)] as const
      ),
      ["KeyIdInvalid", "no kid", withHeader(JSON.stringify({ alg: "RS256" }))],
      ["KeyIdInvalid", "a kid that is a number", withHeader(JSON.stringify({ alg: "RS256", kid: 1 }))],
      ["KeyIdInvalid", "a kid in upper case", withHeader(JSON.stringify({ alg: "RS256", kid: kid.toUpperCase() }))],
      ["KeyIdInvalid", "a kid that is a path", withHeader(JSON.stringify({ alg: "RS256", kid: "../ping" }))],
      ["KeyIdInvalid", "a kid and a line end", withHeader(JSON.stringify({ alg: "RS256", kid: `${kid}\n` }))],
      ["KeyIdInvalid", "a kid of 15 octets", withHeader(JSON.stringify({ alg: "RS256", kid: kid.slice(3) }))]
    ]
    for (const [reason, name, token] of refused) {
      it.effect(`refuses ${name}: ${reason}`, () =>
        Effect.gen(function*() {
          const jose = yield* Jose.Jose
          const refusal = yield* Effect.flip(jose.parseJws(token))
          assert.strictEqual(refusal._tag, "Refusal")
          assert.strictEqual(refusal.reason, reason)
        }))
    }

    const negatives: ReadonlyArray<readonly [name: string, reason: string]> = [
      ["alg_none", "AlgorithmNotAllowed"],
      ["alg_hs256_with_public_key_as_secret", "AlgorithmNotAllowed"],
      ["alg_ps256", "AlgorithmNotAllowed"],
      ["kid_missing", "KeyIdInvalid"],
      ["kid_path_traversal", "KeyIdInvalid"],
      ["bad_signature", "SignatureInvalid"],
      ["embedded_jwk_of_attacker", "SignatureInvalid"],
      ["unknown_kid", "KeyUnknown"]
    ]
    for (const [name, reason] of negatives) {
      it.effect(`refuses the token of ${name}: ${reason}`, () =>
        Effect.gen(function*() {
          const jose = yield* Jose.Jose
          const vector = vectors.negative_responses.find((vector) => vector.name === name)
          const key = yield* publicKey(api.public_spki_pem)
          const refusal = yield* Effect.flip(
            Effect.flatMap(jose.parseJws(vector?.headers["X-IOV-JWT"] ?? ""), (jws) => jose.verify(jws, key))
          )
          assert.strictEqual(refusal.reason, reason)
        }))
    }
  })

  describe("decrypt", () => {
    const jwes: ReadonlyArray<readonly [name: string, jwe: string, pem: string, plaintext: string]> = [
      ...vectors.requests.flatMap(({ body, name }) =>
        body === null || body === undefined
          ? []
          : [[name, body.jwe_compact, api.private_pkcs8_pem, body.plaintext] as const]
      ),
      ...vectors.device_responses.flatMap(({ auth_jwe_compact, auth_jwe_plaintext, name, recipient_key }) =>
        auth_jwe_compact === undefined
          ? []
          : [
            [
              name,
              auth_jwe_compact,
              keyEntries.find(([key]) => key === recipient_key)?.[1].private_pkcs1_pem ?? "",
              auth_jwe_plaintext ?? ""
            ] as const
          ]
      ),
      ...vectors.sdk_captures.flatMap(({ body, body_plaintext, method, path, sdk }) =>
        typeof body !== "string" || body === ""
          ? []
          : [[`${sdk} ${method} ${path}`, body, api.private_pkcs8_pem, body_plaintext ?? ""] as const]
      ),
      ...fixtures.jwes.map(({ compact, key, name, plaintext }) =>
        [
          name,
          compact,
          fixtures.rsa_keys.find((fixture) => fixture.name === key)?.private_pem_as_in_source ?? "",
          plaintext
        ] as const
      )
    ]
    for (const [name, jwe, pem, plaintext] of jwes) {
      it.effect(`opens the body of ${name}`, () =>
        Effect.gen(function*() {
          const jose = yield* Jose.Jose
          assert.strictEqual(
            text(yield* jose.decrypt(yield* jose.parseJwe(jwe), yield* privateKey(pem))),
            plaintext
          )
        }))
    }

    for (const alg of Jose.KeyEncryptionAlgorithm.literals) {
      it.effect(`opens what node:crypto alone seals with ${alg}`, () =>
        Effect.gen(function*() {
          const jose = yield* Jose.Jose
          const key = yield* privateKey(ours.private_pkcs8_pem)
          const header = JSON.stringify({ kid: key.keyId, cty: "application/json", alg, enc: "A256CBC-HS512" })
          for (const plaintext of ["", "{}", "x".repeat(10_000)]) {
            const jwe = yield* jose.parseJwe(sealJwe(header, plaintext, ours.public_spki_pem))
            assert.deepStrictEqual<object>(jwe.header, { alg, enc: "A256CBC-HS512", kid: ours.kid })
            assert.strictEqual(text(yield* jose.decrypt(jwe, key)), plaintext)
          }
        }))
    }

    const header = (rest: object = {}) =>
      JSON.stringify({ alg: "RSA-OAEP", enc: "A256CBC-HS512", kid: ours.kid, ...rest })
    const sealed = sealJwe(header(), "{\"some\":\"thing of two blocks\"}", ours.public_spki_pem)
    const parts = sealed.split(".") as [string, string, string, string, string]
    const withPart = (index: number, part: string) => parts.map((old, i) => i === index ? part : old).join(".")
    const flipped = (index: number) => {
      const octets = Buffer.from(parts[index] ?? "", "base64url")
      octets[0]! ^= 1
      return withPart(index, base64url(octets))
    }

    const unopened: ReadonlyArray<readonly [name: string, jwe: string]> = [
      ["another encrypted key", flipped(1)],
      ["an encrypted key of one octet", withPart(1, "AA")],
      ["another initialization vector", flipped(2)],
      ["another ciphertext", flipped(3)],
      ["a shorter ciphertext", withPart(3, base64url(Buffer.from(parts[3], "base64url").subarray(16)))],
      ["another tag", flipped(4)],
      ["another header than was sealed", withPart(0, base64url(header({ cty: "x" })))],
      ["another algorithm than was used", withPart(0, base64url(header({ alg: "RSA-OAEP-256" })))],
      ["another key than kid names", sealJwe(header(), "{}", api.public_spki_pem)]
    ]
    for (const [name, jwe] of unopened) {
      it.effect(`refuses a body with ${name}, and does not say why`, () =>
        Effect.gen(function*() {
          const jose = yield* Jose.Jose
          const key = yield* privateKey(ours.private_pkcs8_pem)
          const refusal = yield* Effect.flip(jose.decrypt(yield* jose.parseJwe(jwe), key))
          assert.strictEqual(refusal.reason, "DecryptionFailed")
          assert.isUndefined(refusal.cause)
        }))
    }

    const withHeader = (json: string) => withPart(0, base64url(json))
    const refused: ReadonlyArray<readonly [reason: string, name: string, jwe: string]> = [
      ["BodyNotEncrypted", "nothing", ""],
      ["BodyNotEncrypted", "plain JSON", "{\"auth_request\":\"b1d05c28\"}"],
      ["BodyNotEncrypted", "a JWS", signJws(header(), "{}", ours.private_pkcs8_pem)],
      ["BodyNotEncrypted", "six parts", `${sealed}.`],
      ["BodyMalformed", "plain JSON with four dots", "{\"ip\":\"1.2.3.4.\"}"],
      ["BodyMalformed", "padding", `${sealed}=`],
      ["BodyMalformed", "a line end after", `${sealed}\n`],
      ["BodyMalformed", "bits after the last octet", withPart(2, dirty(parts[2]))],
      ["BodyMalformed", "an empty header", withPart(0, "")],
      ["BodyMalformed", "a header that is no object", withHeader("\"RSA-OAEP\"")],
      ["BodyMalformed", "alg twice", withHeader(header().replace("{", "{\"alg\":\"RSA-OAEP-256\","))],
      ["HeaderNotAllowed", "zip", withHeader(header({ zip: "DEF" }))],
      ["HeaderNotAllowed", "crit", withHeader(header({ crit: ["exp"] }))],
      ["HeaderNotAllowed", "b64", withHeader(header({ b64: false }))],
      ["HeaderNotAllowed", "p2c", withHeader(header({ p2c: 1_000_000 }))],
      ...["RSA1_5", "dir", "A256KW", "ECDH-ES", "PBES2-HS512+A256KW", "RSA-OAEP-512", "rsa-oaep", null].map((alg) =>
        ["AlgorithmNotAllowed", `the algorithm ${alg}`, withHeader(header({ alg }))] as const
      ),
      ...["A128CBC-HS256", "A192CBC-HS384", "A256GCM", "A128GCM", undefined].map((enc) =>
        ["AlgorithmNotAllowed", `the encryption ${enc}`, withHeader(header({ enc }))] as const
      ),
      ["KeyIdInvalid", "no kid", withHeader(header({ kid: undefined }))],
      ["KeyIdInvalid", "a kid that is a path", withHeader(header({ kid: "../ping" }))],
      ["BodyMalformed", "no encrypted key", withPart(1, "")],
      ["BodyMalformed", "an initialization vector of 12 octets", withPart(2, base64url(Buffer.alloc(12)))],
      ["BodyMalformed", "no ciphertext", withPart(3, "")],
      ["BodyMalformed", "a ciphertext of 17 octets", withPart(3, base64url(Buffer.alloc(17)))],
      ["BodyMalformed", "a tag of 16 octets", withPart(4, base64url(Buffer.alloc(16)))],
      [
        "AlgorithmNotAllowed",
        "the example of RFC 7516 A.1, which is A256GCM",
        "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.OKOawDo13gRp2ojaHV7LFpZcgV7T6DVZKTyKOMTYUmKoTCVJRgckCL9kiMT03JGe"
        + "ipsEdY3mx_etLbbWSrFr05kLzcSr4qKAq7YN7e9jwQRb23nfa6c9d-StnImGyFDbSv04uVuxIp5Zms1gNxKKK2Da14B8S4rzVRltdYwam_lDp"
        + "5XnZAYpQdb76FdIKLaVmqgfwX7XWRxv2322i-vDxRfqNzo_tETKzpVLzfiwQyeyPGLBIO56YJ7eObdv0je81860ppamavo35UgoRdbYaBcoh9"
        + "QcfylQr66oc6vFWXRcZ_ZT2LawVCWTIy3brGPi6UklfCpIMfIjf7iGdXKHzg.48V1_ALb6US04U3b.5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TA"
        + "Lvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A.XFBoMYUZodetZdvTiFvSkQ"
      ]
    ]
    for (const [reason, name, jwe] of refused) {
      it.effect(`refuses ${name}: ${reason}`, () =>
        Effect.gen(function*() {
          const jose = yield* Jose.Jose
          const refusal = yield* Effect.flip(jose.parseJwe(jwe))
          assert.strictEqual(refusal._tag, "Refusal")
          assert.strictEqual(refusal.reason, reason)
        }))
    }
  })

  describe("encrypt", () => {
    for (const algorithm of [undefined, ...Jose.KeyEncryptionAlgorithm.literals]) {
      it.effect(`seals with ${algorithm ?? "RSA-OAEP-256 by default"}, for node:crypto alone to open`, () =>
        Effect.gen(function*() {
          const jose = yield* Jose.Jose
          const key = yield* publicKey(api.public_spki_pem)
          const plaintext = "{\"text\":\"ünïcode\"}"
          const alg = algorithm ?? "RSA-OAEP-256"
          const plain = yield* jose.encrypt({ key, algorithm, plaintext: utf8(plaintext) })
          assert.deepStrictEqual(openJwe(plain, api.private_pkcs8_pem), {
            header: `{"alg":"${alg}","enc":"A256CBC-HS512","kid":"${api.kid}"}`,
            plaintext
          })
          const typed = yield* jose.encrypt({
            key,
            algorithm,
            plaintext: utf8(plaintext),
            contentType: "application/json"
          })
          assert.deepStrictEqual(openJwe(typed, api.private_pkcs8_pem), {
            header: `{"alg":"${alg}","enc":"A256CBC-HS512","kid":"${api.kid}","cty":"application/json"}`,
            plaintext
          })
        }))
    }
  })

  describe("RSAES-OAEP blocks", () => {
    const padding = crypto.constants.RSA_PKCS1_OAEP_PADDING
    const known: ReadonlyArray<readonly [name: string, ciphertext: string, pem: string, plaintext: string]> = [
      ...fixtures.rsa_oaep_sha1.map((fixture) =>
        [
          fixture.name,
          fixture.ciphertext_base64,
          fixtures.rsa_keys.find(({ name }) => name === fixture.key)?.private_pem_as_in_source ?? "",
          fixture.plaintext
        ] as const
      ),
      ...vectors.device_responses.map(({ auth_base64, auth_plaintext, name, recipient_key }) =>
        [
          name,
          auth_base64,
          keyEntries.find(([key]) => key === recipient_key)?.[1].private_pkcs8_pem ?? "",
          auth_plaintext
        ] as const
      )
    ]
    for (const [name, ciphertext, pem, plaintext] of known) {
      it.effect(`opens ${name}`, () =>
        Effect.gen(function*() {
          const jose = yield* Jose.Jose
          const octets = yield* jose.decryptOaep(Buffer.from(ciphertext, "base64"), yield* privateKey(pem))
          assert.strictEqual(text(octets), plaintext)
        }))
    }

    it.effect("are opened by node:crypto, up to 214 octets for 2048 bits", () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        const key = yield* publicKey(ours.public_spki_pem)
        const maximum = vectors.device_response_size_limits.rsa_oaep_sha1_max_plaintext_bytes["2048"]
        for (const length of [0, 1, maximum]) {
          const plaintext = yield* jose.randomBytes(length)
          const block = yield* jose.encryptOaep(plaintext, key)
          assert.strictEqual(block.length, 256)
          const opened = crypto.privateDecrypt({ key: ours.private_pkcs8_pem, padding, oaepHash: "sha1" }, block)
          assert.deepStrictEqual(new Uint8Array(opened), plaintext)
        }
      }))

    it.effect("take no more than fits", () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        const error = yield* Effect.flip(jose.encryptOaep(new Uint8Array(215), yield* publicKey(ours.public_spki_pem)))
        assert.strictEqual(error._tag, "PlaintextTooLong")
        assert.strictEqual(error.length, 215)
        assert.strictEqual(error.maximum, 214)
        assert.match(error.message, /has 215 octets, and this key takes at most 214/)
      }))

    const seal = (key: string, oaepHash: string) => crypto.publicEncrypt({ key, padding, oaepHash }, Buffer.from("{}"))
    const unopened: ReadonlyArray<readonly [name: string, block: Uint8Array]> = [
      ["nothing", new Uint8Array(0)],
      ["too short a block", new Uint8Array(255)],
      ["zeros", new Uint8Array(256)],
      ["a number above the modulus", new Uint8Array(256).fill(255)],
      ["a block with SHA-256", seal(ours.public_spki_pem, "sha256")],
      ["a block for another key", seal(api.public_spki_pem, "sha1")]
    ]
    for (const [name, block] of unopened) {
      it.effect(`refuses ${name}, and does not say why`, () =>
        Effect.gen(function*() {
          const jose = yield* Jose.Jose
          const refusal = yield* Effect.flip(jose.decryptOaep(block, yield* privateKey(ours.private_pkcs8_pem)))
          assert.strictEqual(refusal.reason, "DecryptionFailed")
          assert.isUndefined(refusal.cause)
        }))
    }
  })

  describe("primitives", () => {
    it.effect("hmacSha256 is RFC 4231's", () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        assert.strictEqual(
          Buffer.from(yield* jose.hmacSha256(utf8("Jefe"), utf8("what do ya want for nothing?"))).toString("hex"),
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        )
      }))

    it.effect("hmacSha256 takes an empty key, as OpenSSL does", () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        assert.strictEqual(
          Buffer.from(yield* jose.hmacSha256(new Uint8Array(), utf8("data"))).toString("hex"),
          crypto.createHmac("sha256", "").update("data").digest("hex")
        )
      }))

    describe("under a shared key", () => {
      const key = Redacted.make(Uint8Array.from({ length: 32 }, (_, index) => index))
      const plaintext = "what rests in a store: grüße"
      /** Made by the AESGCM of Python's cryptography 48, under the octets 0 to 31. */
      const known =
        "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoia2VrLTEiLCJjdHkiOiJ0ZXh0L3BsYWluIn0..ZGVmZ2hpamtsbW5v."
        + "P3O_ElmbM-1KEX-BtEUL3TG2aXjuVtMV1RIQi2TG.f2Rmn7Nh-nlSOEFXXjeeNA"

      it.effect("decryptDirect opens what another implementation sealed", () =>
        Effect.gen(function*() {
          const jose = yield* Jose.Jose
          const jwe = yield* jose.parseDirectJwe(known)
          assert.deepStrictEqual(jwe.header, { alg: "dir", enc: "A256GCM", kid: "kek-1", cty: "text/plain" })
          assert.strictEqual(text(yield* jose.decryptDirect(jwe, key)), plaintext)
        }))

      it.effect("encryptDirect makes what either engine opens, each time another", () =>
        Effect.gen(function*() {
          const jose = yield* Jose.Jose
          const seal = jose.encryptDirect({ plaintext: utf8(plaintext), key, keyId: "kek-2" })
          const [first, second] = [yield* seal, yield* seal]
          assert.notStrictEqual(first, second)
          for (const engine of [Jose.make, NodeJose.make]) {
            const jwe = yield* engine.parseDirectJwe(first)
            assert.deepStrictEqual(jwe.header, { alg: "dir", enc: "A256GCM", kid: "kek-2", cty: undefined })
            assert.strictEqual(text(yield* engine.decryptDirect(jwe, key)), plaintext)
          }
        }))

      it.effect("refuses another key, and what is of another form, each for what it is", () =>
        Effect.gen(function*() {
          const jose = yield* Jose.Jose
          const jwe = yield* jose.parseDirectJwe(known)
          const other = Redacted.make(new Uint8Array(32))
          assert.strictEqual((yield* Effect.flip(jose.decryptDirect(jwe, other))).reason, "DecryptionFailed")
          const [, , iv = "", ciphertext = "", tag = ""] = known.split(".")
          const under = (header: object, parts: ReadonlyArray<string> = ["", iv, ciphertext, tag]) =>
            [base64url(JSON.stringify(header)), ...parts].join(".")
          const good = { alg: "dir", enc: "A256GCM", kid: "k" }
          const refused: ReadonlyArray<readonly [reason: string, token: string]> = [
            ["BodyNotEncrypted", "no token"],
            ["BodyNotEncrypted", `${known}.`],
            ["AlgorithmNotAllowed", under({ ...good, enc: "A128GCM" })],
            ["AlgorithmNotAllowed", under({ ...good, alg: "A256KW" })],
            ["KeyIdInvalid", under({ ...good, kid: "" })],
            ["HeaderNotAllowed", under({ ...good, cty: 1 })],
            ["HeaderNotAllowed", under({ ...good, zip: "DEF" })],
            ["BodyMalformed", under(good, ["AAAA", iv, ciphertext, tag])],
            ["BodyMalformed", under(good, ["", iv.slice(4), ciphertext, tag])],
            ["BodyMalformed", under(good, ["", iv, ciphertext, tag.slice(0, 12)])]
          ]
          for (const [reason, token] of refused) {
            assert.strictEqual((yield* Effect.flip(jose.parseDirectJwe(token))).reason, reason, token)
          }
        }))
    })

    it.effect("digest reads shared memory, which WebCrypto would not", () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        const shared = new Uint8Array(new SharedArrayBuffer(3))
        shared.set(utf8("abc"))
        assert.match(yield* jose.digest("S256", shared), /^ba7816bf/)
      }))

    it.effect("randomUuid makes version 4 UUIDs in lower case, no two alike", () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        const uuids = yield* Effect.replicateEffect(jose.randomUuid, 100)
        for (const uuid of uuids) {
          assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
        }
        assert.strictEqual(new Set(uuids).size, 100)
      }))

    it.effect("randomBytes makes as many as asked for, and refuses more than an engine gives at once", () =>
      Effect.gen(function*() {
        const jose = yield* Jose.Jose
        assert.lengthOf(yield* jose.randomBytes(65_536), 65_536)
        assert.isTrue(Exit.isFailure(yield* Effect.exit(jose.randomBytes(65_537))))
      }))
  })
})
