/** Where the body runs, as its runner tells it. */
export interface Place {
  /** Of a sandbox. */
  readonly baseUrl: string
  /** Takes webhooks at `/hooks/<anything>`, and shows them at `/caught/<the same>`. */
  readonly runner: string
}

let told: Place | undefined

export const tell = (place: Place): void => void (told = place)

export const place = (): Place => {
  if (told === undefined) throw new Error("the runner has told no place; call run")
  return told
}
