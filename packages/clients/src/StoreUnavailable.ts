/**
 * What a store of this package says when it cannot do its work.
 *
 * @since 0.1.0
 */
export {
  /**
   * The store that webhooks and pending requests are kept in did not do what it was asked. Nothing is lost: whoever sent
   * a webhook is told to send it again, and whoever waits goes on polling.
   *
   * @since 0.1.0
   * @category errors
   */
  StoreUnavailable
} from "@effect-launchkey/core/StoreUnavailable"
