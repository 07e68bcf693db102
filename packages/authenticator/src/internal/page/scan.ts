/** Reads a QR image through the camera, where the browser can. */
import { dialog, h } from "@effect-launchkey/platform/PageElements"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { fromQr, type Link } from "./link.ts"

/** @see https://wicg.github.io/shape-detection-api/#barcode-detection-api */
interface BarcodeDetector {
  readonly detect: (image: HTMLVideoElement) => Promise<ReadonlyArray<{ readonly rawValue: string }>>
}

declare global {
  // Not in TypeScript's own declarations, nor in every browser.
  var BarcodeDetector: (new(options: { readonly formats: ReadonlyArray<string> }) => BarcodeDetector) | undefined
}

export const canScan = (): boolean => "BarcodeDetector" in globalThis && navigator.mediaDevices !== undefined

const camera = Effect.acquireRelease(
  Effect.tryPromise(() => navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } })),
  (stream) => Effect.sync(() => stream.getTracks().forEach((track) => track.stop()))
)

/** None where the user leaves; a problem in words where there is no camera. */
export const scan = (page: string): Effect.Effect<Option.Option<Link> | string> =>
  Effect.gen(function*() {
    const Detector = globalThis.BarcodeDetector
    if (Detector === undefined) return "This browser reads no QR images. Type the code."
    const detector = new Detector({ formats: ["qr_code"] })
    const video = h("video", { playsinline: true, muted: true, "aria-label": "What the camera sees" })
    video.srcObject = yield* camera
    const said = h("p", { class: "hint", role: "status" }, "Hold the QR image in front of the camera.")
    const look: Effect.Effect<Option.Option<Link>> = Effect.tryPromise(() => detector.detect(video)).pipe(
      Effect.orElseSucceed((): Awaited<ReturnType<BarcodeDetector["detect"]>> => []),
      Effect.map((codes) => {
        const links = codes.flatMap(({ rawValue }) => Option.toArray(fromQr(rawValue, page)))
        if (codes.length > 0 && links.length === 0) said.textContent = "That QR image is not for this platform."
        return Option.fromNullable(links[0])
      }),
      Effect.delay("200 millis")
    )
    const found = Effect.iterate(Option.none<Link>(), { while: Option.isNone, body: () => look })
    const left = dialog({
      title: "Scan a QR image",
      body: [video, said],
      actions: [{ label: "Cancel", kind: "plain", take: Option.none<Link> }]
    }, Option.none<Link>())
    return yield* Effect.raceFirst(Effect.zipRight(Effect.tryPromise(() => video.play()), found), left)
  }).pipe(
    Effect.scoped,
    Effect.orElseSucceed(() => "The camera cannot be used. Allow it in the browser's settings, or type the code.")
  )
