/** What a link, a QR image or a user says of a device to be linked. */
import { LinkingCode, SdkKey } from "@effect-launchkey/core/Device"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

export interface Link {
  readonly code: string
  readonly sdkKey: string | undefined
}

const decodeCode = Schema.decodeUnknownOption(LinkingCode)
const decodeSdkKey = Schema.decodeUnknownOption(SdkKey)

/** Of `#code=…&sdk_key=…`. None where there is no code of the right form; a key of a wrong form is none. */
export const fromFragment = (fragment: string): Option.Option<Link> => {
  const parameters = new URLSearchParams(fragment.replace(/^#/, ""))
  return Option.map(decodeCode(parameters.get("code")), (code) => ({
    code,
    sdkKey: Option.getOrUndefined(decodeSdkKey(parameters.get("sdk_key")))
  }))
}

/** What a QR image holds: the code alone, or the address of this very page with the code in its fragment. */
export const fromQr = (text: string, page: string): Option.Option<Link> =>
  Option.orElse(Option.map(decodeCode(text), (code): Link => ({ code, sdkKey: undefined })), () => {
    const [address = "", fragment = ""] = text.split("#", 2)
    return address === page ? fromFragment(fragment) : Option.none()
  })
