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

/** A push service that the page subscribes at, by a key of so many characters. */
export const withPushService = (): void => {
  let current: object | null = null
  Object.assign(PushManager.prototype, {
    getSubscription: () => Promise.resolve(current),
    subscribe: ({ applicationServerKey, userVisibleOnly }: PushSubscriptionOptionsInit) => {
      const octets = applicationServerKey instanceof Uint8Array && userVisibleOnly === true
        ? applicationServerKey.length
        : 0
      current = {
        endpoint: `https://push.example.com/${Math.ceil(octets * 4 / 3)}`,
        unsubscribe: () => {
          current = null
          return Promise.resolve(true)
        }
      }
      return Promise.resolve(current)
    }
  })
}

/** What is shown outside of the page, once there is something. */
export const notifications = async (): Promise<ReadonlyArray<ReadonlyArray<string>>> => {
  const registration = await navigator.serviceWorker.ready
  for (;;) {
    const shown = await registration.getNotifications()
    if (shown.length > 0) return shown.map(({ body, tag, title }) => [title, body, tag])
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
