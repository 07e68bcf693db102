import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { certificateFingerprint } from "../src/internal/pkcs12.ts"

// A certificate of a throwaway key, and the fingerprint that `openssl x509 -fingerprint -sha256` tells of it.
const fingerprint = "3C:9B:B4:61:C4:D5:27:B0:00:DA:C4:12:10:5C:B9:8D:C0:AB:76:D5:A7:9F:27:8F:66:01:6C:B5:D4:21:15:CB"

/** As `openssl pkcs12 -export` of version 3.0 wrote them. */
const readable = {
  "with the certificate of its issuer":
    `MIIFTAIBAzCCBQIGCSqGSIb3DQEHAaCCBPMEggTvMIIE6zCCA6IGCSqGSIb3DQEHBqCCA5MwggOPAgEAMIIDiAYJKoZIhvcNAQcBMFcGCSqGSIb3DQEF
DTBKMCkGCSqGSIb3DQEFDDAcBAjk985riIMXvAICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEKRXHP/xszbaC72YUzRZJ36AggMgqp+FpZkq
eWgWDpuE/l+KPcIVAMhD40jRoqfU9JOsEegxWcSkBhGjMo4mxBKUXLx1MSabTNBhHgHc634vHet5X0F9zHCABAlu9F2FUyO0DV9Jb/6NEci+sIuwFwBo
oOnL8MBNIyxaZJMui0BbD29ZpfO0TncuEGYzEqFYdc0DuS9tfXGp9pPku6N6rCfoGEZVrDjljI3LGibZ0stGS4Z7CpLU0GhPSwqWjG0ffleOJKd7ba/G
tBGwP4fBg5WGsUoWJQER6oFQfVqIwlrcSbas1CtCq63vEnRyr6yhHbDjvQNfJ0SKTXpIQeGQwjcHp746uQaS3NmEkh33iGtHMarbTpYI9z3vBRKA87o4
vO+IF3HVc0nvVf/epukusyPREFl6v6kVCq7yDoOgpIaSql5MBZdvANhu10Ri1nW3VPj8xmWUq5eK3X8JhuxPXfLUyBtDhD/w3j/q3V/4nwqwVbepO05Q
X/s62/+VS3H40S26JPiE5VeWtgHw97e24GJs6ij77emIiEgOTMUjR7mfGZLLTUggHGBOeHeRAV+sa+8AeGO/pthQj+Y4EwaLH1kPjH0qy1ulvVygdo4x
fzX4wjrBeq4Ojmu9DkB/2j1ORSY8eh5QD6GBuwB8tSZn2GHUbD7C0N6IUuaaSbZJX86SMlHoXtCpD4K7h7DxjSYe8HejooOvBjgh97mcY7Pr6bVDt7cB
pI/mYYFrg4btU6pMHzo0IVkvnjJDkKSmJHNzFDeYFojKr1cYbAKstcSH6w/3sdNTU7XlUt7GpMxSmr6hW7PSAk2DsFDKDPoc1LlEcLtHB5nP0cNDf5KZ
v4Yh109N8VagCPAdJoV6V2gvLKVimjEXVtPoHv7nbAHrUVEKS+oMAHYlBXJXtd1uBRUZ/WowRLfGkJBGYkTMP0szeZCvvh9FRrmPqje6JDYnH2dxj7s7
3fZSuOW1N79b/tQC5OhxyYLKcFJTcLdhwbbogYCog2lEsiQinsFdklOjpOBGd1MiH8GI9sKRO3iYRDJSeNwjBWniiMwbDj9DAxfGj7kdKr7pMuBS++pV
uQ6XzmtDeC71gQEwggFBBgkqhkiG9w0BBwGgggEyBIIBLjCCASowggEmBgsqhkiG9w0BDAoBAqCB7zCB7DBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0B
BQwwHAQINoxqqnSSK40CAggAMAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBDSxeZQWYILy3AO4Fyzjk98BIGQqurtfQRI2n1qXKS72+p1SwkWCP+O
4n8goc6dKwKqmCY6lmEszbl6pu2lO9Gu4oct7cL7A9sqxLhESMfXS0tSjswwAYEvloCvTU00MDlgLZaE33L3zkf3eNyI3aXz2ykIYj43FXxzvgF/Lv8+
b61QmGMvxp1WCC58pF1TqFrPyNtj96DKNskxSnD+NQY9zc66MSUwIwYJKoZIhvcNAQkVMRYEFLNJOP3VkZLUsWik7UnfWTYbX3kBMEEwMTANBglghkgB
ZQMEAgEFAAQgsVNYlT9ZGXwL5gkQgtSd1lvfYiZsnYEgo9Y4Kp/WKy8ECOBUAvQZWXLRAgIIAA==`,
  "not encrypted":
    `MIIC5gIBAzCCAnwGCSqGSIb3DQEHAaCCAm0EggJpMIICZTCCAYYGCSqGSIb3DQEHAaCCAXcEggFzMIIBbzCCAWsGCyqGSIb3DQEMCgEDoIIBMzCCAS8G
CiqGSIb3DQEJFgGgggEfBIIBGzCCARcwgb0CFCYrYKaSAnv+Ndm02D51L0I4APo8MAoGCCqGSM49BAMCMA0xCzAJBgNVBAMMAmNhMB4XDTI2MTEyMTIz
MTYyOVoXDTM2MTExODIzMTYyOVowDzENMAsGA1UEAwwEbGVhZjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLslgC0wzxc9rR6PvOs5SmlIkLu/3lt4
S20cWoWbCS7aqtSyf17vpMn6XCwagV5wSitmQ+k+0P8MJSuBKx/lvWgwCgYIKoZIzj0EAwIDSQAwRgIhAP7628xb8pgBUGGtcG/BFW/GBcuiLW4jWVCU
U4x8PI9oAiEAzptBg9jl5ckgISjMJ6+CScCh9sqgNRD6NSh/YpMMAxExJTAjBgkqhkiG9w0BCRUxFgQUs0k4/dWRktSxaKTtSd9ZNhtfeQEwgdgGCSqG
SIb3DQEHAaCBygSBxzCBxDCBwQYLKoZIhvcNAQwKAQGggYowgYcCAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEbTBrAgEBBCCZJNwhTIlBdmVmeybwyv6a
tdi/JmNPoCEBD2I1kLT7k6FEA0IABLslgC0wzxc9rR6PvOs5SmlIkLu/3lt4S20cWoWbCS7aqtSyf17vpMn6XCwagV5wSitmQ+k+0P8MJSuBKx/lvWgx
JTAjBgkqhkiG9w0BCRUxFgQUs0k4/dWRktSxaKTtSd9ZNhtfeQEwYTBRMA0GCWCGSAFlAwQCAwUABEDbMJDeja9b1sXOBenZlOd6+nXVvlJwjxRaq1hH
8E2wn3ILUBsK96OCungph1zPcWHFalzD7SDBELypKdmUrWiwBAh5LamL88ycfQICCAA=`,
  "by triple DES, as older tools write it":
    `MIIDGgIBAzCCAuAGCSqGSIb3DQEHAaCCAtEEggLNMIICyTCCAb8GCSqGSIb3DQEHBqCCAbAwggGsAgEAMIIBpQYJKoZIhvcNAQcBMBwGCiqGSIb3DQEM
AQMwDgQIBVosZC7x1f0CAggAgIIBeNQbK0n7qSex1hbQIJpndNBe399WqhOdVEYrz5oMn/3gXsaWPTN2tHwODF1q6dKCQ7Ki+sGdzvC80R0cJ4r6w/jz
ru/ktBd7jemkDv8caX0wN/TnH/CVqo1ijfwu7LZTkPokpEsM0kd7CI/ISixTGMXQV2oS8LG3eCyRqKWpjoNe18Om+/7TjvNjTLMuITkHYqqdUDutMDvn
/G2MW8o43iKGakRrPSOqF7iM+wkSemOaydfTZ/3AjZVBQlty+0WAdk90zzNE671ZxglbnAyLUlPXncQ0cU3SQKhk0Wiczk6gwlyQPleCIk55eEHGv0fL
MlendqDA1Vd+cluUMlouWpCq9hM9tNa8xeECPOSG7FrI8l1zQ7Xi/3r3dpPQiluB/X1Gh7Vf4TuKjVMyrZzobHMp42U5Msnfc1nehOgycFLtvcT8Q1pE
XZrXi3z81Svdy58N8aTVxp7wIDqFT8OZf8zSUaTM2+r9e+ZK+W/QxnTwcbWEQOWfXdcwggECBgkqhkiG9w0BBwGggfQEgfEwge4wgesGCyqGSIb3DQEM
CgECoIG0MIGxMBwGCiqGSIb3DQEMAQMwDgQI6567C0vGuKMCAggABIGQ1rXVuxN1Xx4wsp1/cJMSZE1tqoRAc7/XJkHec8FDFKQOiYc9Lz133WNnANvm
wLf55FYrsRFVhIXjvNkj7DDVepF9Yc3hzaAHbeVz0xxfacRJN+hjvvd4k7VUvvK9b0waHmJEXByvEV+kt2HK3c87dF9x1AzIfljQJESUnCN8gUwsEZ1y
sl7j49lZe209QxvbMSUwIwYJKoZIhvcNAQkVMRYEFLNJOP3VkZLUsWik7UnfWTYbX3kBMDEwITAJBgUrDgMCGgUABBSq6uvGqQ1pygMVhLSRrQ8n4x+5
wwQIWsw63bGGbxACAggA`,
  "without a MAC":
    `MIIC7QIBAzCCAuYGCSqGSIb3DQEHAaCCAtcEggLTMIICzzCCAYYGCSqGSIb3DQEHAaCCAXcEggFzMIIBbzCCAWsGCyqGSIb3DQEMCgEDoIIBMzCCAS8G
CiqGSIb3DQEJFgGgggEfBIIBGzCCARcwgb0CFCYrYKaSAnv+Ndm02D51L0I4APo8MAoGCCqGSM49BAMCMA0xCzAJBgNVBAMMAmNhMB4XDTI2MTEyMTIz
MTYyOVoXDTM2MTExODIzMTYyOVowDzENMAsGA1UEAwwEbGVhZjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLslgC0wzxc9rR6PvOs5SmlIkLu/3lt4
S20cWoWbCS7aqtSyf17vpMn6XCwagV5wSitmQ+k+0P8MJSuBKx/lvWgwCgYIKoZIzj0EAwIDSQAwRgIhAP7628xb8pgBUGGtcG/BFW/GBcuiLW4jWVCU
U4x8PI9oAiEAzptBg9jl5ckgISjMJ6+CScCh9sqgNRD6NSh/YpMMAxExJTAjBgkqhkiG9w0BCRUxFgQUs0k4/dWRktSxaKTtSd9ZNhtfeQEwggFBBgkq
hkiG9w0BBwGgggEyBIIBLjCCASowggEmBgsqhkiG9w0BDAoBAqCB7zCB7DBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQIUgfioCBbSeECAggA
MAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBCfwuRpyTYMZ+rTiUpfbc5OBIGQZdSHrPi/wzVp4HRndfFVzU6ercs8YeAoiUUDDa0pvCjRk6YB85ec
ibmx2lfTm46KVEUEQoJhuveDM4gGw0KMaElpIrCpjiVzJcNtk+PjQZ2xUj2GUDT3Tkko4B4bWohZV47QlPKBzQo3FOUuckwTl1JA5YDosEi3K38UebzA
a2FKZLxAVesOKcusIYqjSptgMSUwIwYJKoZIhvcNAQkVMRYEFLNJOP3VkZLUsWik7UnfWTYbX3kB`
}

const unreadable = {
  "a password": [
    `MIIDrAIBAzCCA2IGCSqGSIb3DQEHAaCCA1MEggNPMIIDSzCCAgIGCSqGSIb3DQEHBqCCAfMwggHvAgEAMIIB6AYJKoZIhvcNAQcBMFcGCSqGSIb3DQEF
DTBKMCkGCSqGSIb3DQEFDDAcBAgem4djXknQawICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEIF61W8BzCG0z8XUBu9KmFuAggGAb+RMMkUl
t71SIAcC39donFVh8RBHa5eqi+uwkr7DbEmf8w/fISCT61DAi4zdtXqu+8C0tY0LlWIZZRz6bA4IdBiEvyMazNO3GZqesOFDnjMC+6ZhSA/pWuu8jFOw
auHfQtCERUS75WHENOY3fzHi/fc92h4uYnyDlLrJKO3E+sGlCxdjku0FOM1pJaaUVZ4D/1Cqsg6wm05/6YRJrHQOo9U9U6lsjuEwxGsXuYCKsb/qbQlj
MVJI6W1gHlqYGhNxE/baAkflFw0+B9/97sKd8pTplWXenfQ/AbqE84xcV16r1L7Rf/gmXJA2bhUqBcdS+SHlH7MJ9nVnjfv/i9UZY15yHuC2JBNwR+er
oVbnPyV6VpcerHxSQURk7x7w3H1S76jDCzmQ+WSAHr/uFADHb1b2RoT83hdOxcxivv5NLt7Cxd38kTn/UYrOmCYIGwiquwyi828xSDiKFXTSaqXquYx0
0Poi1q4YXWfIKLV9/7qIM8TL33XQVmUQ/XBd1jOOMIIBQQYJKoZIhvcNAQcBoIIBMgSCAS4wggEqMIIBJgYLKoZIhvcNAQwKAQKgge8wgewwVwYJKoZI
hvcNAQUNMEowKQYJKoZIhvcNAQUMMBwECMvBNiEdhee7AgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQNUWQxKxo9vhNEXHTHwLtPQSBkPhH
v9Rd3f7vdcPsKpdp5vzIwtplTXPwsYCGClLaBdeG0EmoK2QsuWKqA182jDVfINaps2NfvaQfVtkQNTOidwb4e9i4C6FaipaC8xotVYI2qKWLZ65zvDWp
dUNOZ4OmNWPt/YEoIs3QxUSu9jcWdTZGE4QyWsecT2yMlXnFWEHIE6EtmW8UBR58Qq3PVIU7STElMCMGCSqGSIb3DQEJFTEWBBSzSTj91ZGS1LFopO1J
31k2G195ATBBMDEwDQYJYIZIAWUDBAIBBQAEIEZCkomcybI7AlN4ynSNBBoDfs5tnBTFTOVbMvHBzk7lBAgRzEVeoudlawICCAA=`,
    "it has a password, or is damaged; write it with an empty one"
  ],
  "a key alone": [
    `MIIBfgIBAzCCATQGCSqGSIb3DQEHAaCCASUEggEhMIIBHTCCARkGCSqGSIb3DQEHAaCCAQoEggEGMIIBAjCB/wYLKoZIhvcNAQwKAQKgge8wgewwVwYJ
KoZIhvcNAQUNMEowKQYJKoZIhvcNAQUMMBwECIYye2jF8n7KAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQbHl5fPw4Kc33j3HS6TlmSwSB
kP9myqVk5xr91w9YAGOwrfMs61T5AQrk721RMmZbH2kZzxU/HGh5hR9q7A6hih0WnhP3YnszXDwodF2Nl0Ya8+30BIfyZLnZ5YI90dB6oWzOpHhp7Afe
Ph2qKKzRbvvtGc3swYF6QHgGZezYt5CDuqrE2VGl+NuxiO7I6q8rdyezgNhjDSHR6CJ+sgMoCVLGKjBBMDEwDQYJYIZIAWUDBAIBBQAEINFXK/9gxds+
y7hQhzqtVDoGKctlIBL02ikbEY5YcCoiBAjfBQyh6t4AVQICCAA=`,
    "it has no certificate"
  ],
  "a key that is derived over too often": [
    `MIIDrwIBAzCCA2QGCSqGSIb3DQEHAaCCA1UEggNRMIIDTTCCAgMGCSqGSIb3DQEHBqCCAfQwggHwAgEAMIIB6QYJKoZIhvcNAQcBMFgGCSqGSIb3DQEF
DTBLMCoGCSqGSIb3DQEFDDAdBAi7BGJuk4ORagIDAYahMAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBC8FMUPhzxOfrZvWNaEz3jJgIIBgH6on4Ae
SEdekwBQJWBNj0L0mxLM9eTrljGzoZ/kOgjvLu6vjx0kHAN4dvO2UZhB/1HYOp8Eph+R3zXURb9VdyyD473dlzjJjXXbwBjEP0igBaL6dxoPxuYMuayh
A6B7Kt4QVO7ZhNzkfHuOp1aqJu2he9LSTWu9+Uu890j0PsClD2SVLmJTgqSaO85jxYiVlNwA5m7abQm1a97KkemgR1Eg+S4ZXs1prReMrQQpHW4kwTyi
zH/DxdtfhF/ZRzosLvEqmNOHT5e2hp68SvzHY8xqBjuJ1XEdzIKgF6+gz/5fgl8RQtKP3DQJcBF9VqZKFjUmV7S+4yFcMkHF0DUudQBzrn+9D1TS7x0W
aSENMl98TCfAisbr4ElgBMW1jTJOV6i4vTZMlKqFvgxRsr9LBU5nh1yheMphBRI3D8aZ1ZEfHRYlB3hCAcNYOMll5cc36xW4we91wVqQLCATtK6tjzO+
l7tXxvzPIkx8/SPtAGMWBP02ESDicVBaouz98+3bgzCCAUIGCSqGSIb3DQEHAaCCATMEggEvMIIBKzCCAScGCyqGSIb3DQEMCgECoIHwMIHtMFgGCSqG
SIb3DQEFDTBLMCoGCSqGSIb3DQEFDDAdBAgtju88sWCMSQIDAYahMAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBCnqAMwKVKGhtICsJ4s1Ov+BIGQ
8BvLzZFMoyXeCWR7mhrDF4jX5mQhInAvXExkQHCajhAOkPpnNIM1kaqzz1NEVF8VMz6Dv7Q6Qs7Z9rLX6Vo/pv8JHPRxtgGbjDwfl4m5YuCoRQ8/RHQE
4wFiEYDmOGbkOKBvMxTnqbgNdvquH3fS1qi6LqXFAfL3DdrR1RgsfEMHJwMdvBBfDj0Czll6Ku9zMSUwIwYJKoZIhvcNAQkVMRYEFLNJOP3VkZLUsWik
7UnfWTYbX3kBMEIwMTANBglghkgBZQMEAgEFAAQgE4j8OErTNZgS7Z+0voDqXDTppU4i0Yy1FGC3tp5W4TAECAMVJSkcFkz0AgMBhqE=`,
    "it derives its keys in more than 100000 iterations"
  ]
} as const

const withOctet = (base64: string, at: number) => {
  const octets = Buffer.from(base64, "base64")
  octets[at] = (octets[at] ?? 0) ^ 0x01
  return octets.toString("base64")
}

const reasonOf = (base64: string) =>
  Effect.map(Effect.flip(certificateFingerprint(base64)), ({ _tag, detail, origin }) => {
    assert.deepStrictEqual([_tag, origin], ["InvalidParameters", "Platform"])
    const { ios_p12 } = detail as { readonly ios_p12: string }
    const prefix = "expected base64 of a PKCS#12 with a certificate and no password; "
    assert.isTrue(ios_p12.startsWith(prefix))
    return ios_p12.slice(prefix.length)
  })

describe("a PKCS#12", () => {
  for (const [name, base64] of Object.entries(readable)) {
    it.effect(`${name} is read for the certificate of its key`, () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* certificateFingerprint(base64), fingerprint)
        assert.strictEqual(yield* certificateFingerprint(base64.replace(/\n/g, "")), fingerprint)
        assert.strictEqual(yield* certificateFingerprint(` ${base64.replace(/\n/g, "\r\n")}\r\n`), fingerprint)
      }))
  }

  for (const [name, [base64, reason]] of Object.entries(unreadable)) {
    it.effect(`of ${name} is refused, and says so`, () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* reasonOf(base64), reason)
      }))
  }

  it.effect("that was changed anywhere is refused, or yields what it did", () =>
    Effect.gen(function*() {
      const base64 = readable["not encrypted"]
      const length = Buffer.from(base64, "base64").length
      // Its integrity is what the MAC is over; what is around that can only keep it from being read.
      for (let at = 0; at < length; at += 31) {
        const outcome = yield* Effect.either(certificateFingerprint(withOctet(base64, at)))
        assert.isTrue(outcome._tag === "Left" || outcome.right === fingerprint, `octet ${at}`)
      }
      const within = Math.floor(length / 2)
      assert.strictEqual(
        yield* reasonOf(withOctet(base64, within)),
        "it has a password, or is damaged; write it with an empty one"
      )
    }))

  it.effect("that is none is refused", () =>
    Effect.gen(function*() {
      const cut = readable["not encrypted"].replace(/\s/g, "").slice(0, 400)
      for (const none of ["AAAA", "MAA=", cut, Buffer.from("-----BEGIN CERTIFICATE-----").toString("base64")]) {
        assert.strictEqual(yield* reasonOf(none), "it is damaged, or is no PKCS#12")
      }
      for (const none of ["no base64!", "====", "-----BEGIN CERTIFICATE-----"]) {
        assert.strictEqual(yield* reasonOf(none), "it is no base64")
      }
    }))

  it.effect("nested deeply, or of very many parts, is refused in no time", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        yield* reasonOf(Buffer.alloc(200_000, Buffer.from([0x30, 0x80])).toString("base64")),
        "it is damaged, or is no PKCS#12"
      )
    }))
})
