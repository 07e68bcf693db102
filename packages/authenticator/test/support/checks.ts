/** What is looked at within the page. Each function runs there, so it stands on nothing but itself. */

/** What the page keeps, read as any script of its origin could. */
export const kept = (): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const opening = indexedDB.open("authenticator")
    opening.addEventListener("error", () => reject(opening.error))
    opening.addEventListener("success", () => {
      const reading = opening.result.transaction("device").objectStore("device").get("current")
      reading.addEventListener("success", () => {
        opening.result.close()
        resolve(reading.result === undefined ? undefined : Object.keys(reading.result))
      })
    })
  })

/** What comes of trying to export each half of the key. */
export const exported = async (): Promise<ReadonlyArray<unknown>> => {
  const key = await new Promise<Record<string, CryptoKey>>((resolve, reject) => {
    const opening = indexedDB.open("authenticator")
    opening.addEventListener("error", () => reject(opening.error))
    opening.addEventListener("success", () => {
      const reading = opening.result.transaction("device").objectStore("device").get("current")
      reading.addEventListener("success", () => {
        opening.result.close()
        resolve(reading.result.key)
      })
    })
  })
  return Promise.all(["signing", "decryption"].map(async (name) => {
    const half = key[name]
    if (half === undefined) return [name]
    const refusal = await crypto.subtle.exportKey("pkcs8", half).then(() => "exported", (error) => error.name)
    return [name, half.extractable, half.usages, refusal]
  }))
}
