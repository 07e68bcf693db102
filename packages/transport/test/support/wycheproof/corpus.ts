/**
 * The vectors of C2SP/wycheproof that speak of this protocol's algorithms. They live outside of this tree: a folder
 * with the project's `testvectors_v1` files is read where there is one.
 *
 * @see https://github.com/C2SP/wycheproof
 */
import * as Fs from "node:fs"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import type { Jwk } from "../jwk.ts"

/** How many vectors the files hold; the list of deviations is written for exactly these. */
export const total = 3615

export const absence = "no Wycheproof corpus: set WYCHEPROOF to a checkout's testvectors_v1 folder"

type JwkOrSet = Jwk | { readonly keys: ReadonlyArray<Jwk> }

interface Vector {
  readonly tcId: number
  readonly comment: string
  readonly result: "valid" | "invalid" | "acceptable"
}

interface Group<V> {
  readonly tests: ReadonlyArray<Vector & V>
}

export interface JoseGroup extends
  Group<{
    /** Compact, or an object where the vector is in JSON serialization; missing where the text is empty. */
    readonly jws?: string | object
    readonly jwe?: string | object
    /** Hex. */
    readonly pt?: string
    readonly enc?: string
  }>
{
  readonly public?: JwkOrSet
  readonly private?: JwkOrSet
}

/** `msg` and `sig` are hex. */
export interface SignatureGroup extends Group<{ readonly msg: string; readonly sig: string }> {
  readonly sha: string
  readonly publicKeyPem: string
  readonly publicKey: { readonly modulus: string; readonly publicExponent: string }
}

/** `msg`, `ct` and `label` are hex. */
export interface OaepGroup extends Group<{ readonly msg: string; readonly ct: string; readonly label: string }> {
  readonly sha: string
  readonly mgfSha: string
  readonly privateKeyPem: string
  readonly privateKey: { readonly modulus: string; readonly publicExponent: string }
}

/** All hex. */
export type CipherGroup = Group<
  {
    readonly key: string
    readonly iv: string
    readonly aad: string
    readonly msg: string
    readonly ct: string
    readonly tag: string
  }
>

const joseFiles = ["json_web_signature", "json_web_encryption", "json_web_key", "json_web_crypto"] as const
const signatureFiles = [2048, 3072, 4096].flatMap((bits) =>
  [256, 384, 512].map((hash) => `rsa_signature_${bits}_sha${hash}`)
)
const oaepFiles = [
  "rsa_oaep_2048_sha1_mgf1sha1",
  "rsa_oaep_2048_sha256_mgf1sha256",
  "rsa_oaep_3072_sha256_mgf1sha256",
  "rsa_oaep_4096_sha256_mgf1sha256",
  "rsa_oaep_misc"
]

export type File =
  & { readonly name: string; readonly numberOfTests: number }
  & (
    | { readonly kind: "jose"; readonly testGroups: ReadonlyArray<JoseGroup> }
    | { readonly kind: "signature"; readonly testGroups: ReadonlyArray<SignatureGroup> }
    | { readonly kind: "oaep"; readonly testGroups: ReadonlyArray<OaepGroup> }
    | { readonly kind: "cipher"; readonly testGroups: ReadonlyArray<CipherGroup> }
  )

/** Each file without its `_test.json`, and what it holds. */
export const names: ReadonlyArray<readonly [name: string, kind: File["kind"]]> = [
  ...joseFiles.map((name) => [name, "jose"] as const),
  ...signatureFiles.map((name) => [name, "signature"] as const),
  ...oaepFiles.map((name) => [name, "oaep"] as const),
  ["a256cbc_hs512", "cipher"]
]

const beside = Path.join(fileURLToPath(new URL("../../../../../", import.meta.url)), "..", "shared/vectors/wycheproof")

/** Where the corpus is, if it is anywhere. A folder that is named and not there is an error; an empty name is none. */
export const folder = (): string | undefined => {
  const named = process.env["WYCHEPROOF"] ?? (Fs.existsSync(beside) ? beside : "")
  return named === "" ? undefined : named
}

export const read = (from: string, name: string, kind: File["kind"]): File => ({
  ...JSON.parse(Fs.readFileSync(Path.join(from, `${name}_test.json`), "utf8")),
  name,
  kind
})
