/**
 * What runs while the page is closed: shows that something waits, and opens the page. A push has no payload, so there is
 * nothing that it could say of what waits.
 */

/** What this script uses of where it runs, which is no window. */
interface Worker {
  readonly registration: {
    readonly scope: string
    readonly showNotification: (title: string, options: NotificationOptions) => Promise<void>
  }
  readonly clients: {
    readonly matchAll: (options: { readonly type: "window"; readonly includeUncontrolled: true }) => Promise<
      ReadonlyArray<{ readonly url: string; readonly focus: () => Promise<unknown> }>
    >
    readonly openWindow: (url: string) => Promise<unknown>
  }
  readonly addEventListener: (
    type: "push" | "notificationclick",
    listener: (
      event: Event & {
        readonly waitUntil: (work: Promise<unknown>) => void
        readonly notification: { readonly close: () => void }
      }
    ) => void
  ) => void
}

declare const self: Worker

self.addEventListener("push", (event) => {
  event.waitUntil(
    // One tag: a newer one takes the place of the older.
    self.registration.showNotification("A request waits", { tag: "request", requireInteraction: true })
  )
})

const open = async () => {
  const { scope } = self.registration
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true })
  const found = windows.find(({ url }) => url.startsWith(scope))
  await (found === undefined ? self.clients.openWindow(scope) : found.focus())
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close()
  event.waitUntil(open())
})

export {}
