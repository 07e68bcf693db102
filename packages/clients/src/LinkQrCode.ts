/**
 * The linking code as an image that an authenticator reads, drawn here: the platform's image at `qrCodeUrl` shows the
 * same.
 *
 * @since 0.1.0
 */
import type { LinkStarted } from "@effect-launchkey/core/Device"
import { renderSVG, renderUnicodeCompact } from "uqr"

/** The margin that readers may count on, in modules. */
const border = 4

/**
 * An SVG document with the QR code of the linking code alone, black on white.
 *
 * @see https://www.iso.org/standard/83389.html
 * @since 0.1.0
 * @category conversions
 */
export const svg = (link: Pick<LinkStarted, "code">): string => renderSVG(link.code, { border })

/**
 * @since 0.1.0
 * @category models
 */
export interface TextOptions {
  /**
   * Whether the text will be shown dark on light, as on paper. Default false: light on dark, as on most terminals.
   */
  readonly darkOnLight?: boolean | undefined
}

/**
 * Lines of block characters with the QR code of the linking code alone, for a monospaced font: two modules high each.
 *
 * @since 0.1.0
 * @category conversions
 */
export const text = (link: Pick<LinkStarted, "code">, options: TextOptions = {}): string =>
  renderUnicodeCompact(link.code, { border, invert: options.darkOnLight === true })
