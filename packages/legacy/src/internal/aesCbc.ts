/** AES-256-CBC without padding of its own, out of WebCrypto's, which has PKCS#7 always. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

const owned = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes)

const concat = (a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> => {
  const whole = new Uint8Array(a.length + b.length)
  whole.set(a)
  whole.set(b, a.length)
  return whole
}

const importKey = (key: Uint8Array) =>
  crypto.subtle.importKey("raw", owned(key), { name: "AES-CBC" }, false, ["encrypt", "decrypt"])

const encryptPadded = async (plaintext: Uint8Array, key: CryptoKey, iv: Uint8Array) =>
  new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CBC", iv: owned(iv) }, key, owned(plaintext)))

/** None for what is no whole number of blocks. `key` has 32 octets and `iv` 16. */
export const decrypt = (
  ciphertext: Uint8Array,
  key: Uint8Array,
  iv: Uint8Array
): Effect.Effect<Option.Option<Uint8Array>> =>
  ciphertext.length === 0 || ciphertext.length % 16 !== 0
    ? Effect.succeedNone
    : Effect.tryPromise(async () => {
      const imported = await importKey(key)
      // a whole block of padding after the last one is what WebCrypto then takes off
      const padding = await encryptPadded(new Uint8Array(0), imported, ciphertext.subarray(-16))
      return new Uint8Array(
        await crypto.subtle.decrypt({ name: "AES-CBC", iv: owned(iv) }, imported, concat(ciphertext, padding))
      )
    }).pipe(Effect.option)

/** Fills the text up with blanks to whole blocks. `key` has 32 octets and `iv` 16. */
export const encryptFilled = (text: string, key: Uint8Array, iv: Uint8Array): Effect.Effect<Uint8Array> =>
  Effect.promise(async () => {
    const bytes = new TextEncoder().encode(text)
    const filled = concat(bytes, new Uint8Array((16 - bytes.length % 16) % 16).fill(0x20))
    return (await encryptPadded(filled, await importKey(key), iv)).slice(0, filled.length)
  })
