/**
 * One HTTP exchange as every call of this SDK makes it, whatever it says: no redirect is followed, nothing compressed
 * is accepted, no more is read than a message may have, no span tells of it, and all of it happens within a time.
 *
 * @since 0.1.0
 */
export { check as checkBaseUrl } from "./internal/baseUrl.ts"
export { type Exchange, make, type Received } from "./internal/exchange.ts"
