/**
 * The service worker of a page that `StaticPage` serves, as the page and who serves it know it.
 *
 * @since 0.1.0
 */

/**
 * Below the page's path. It never changes, as browsers know the worker by it.
 *
 * @since 0.1.0
 * @category models
 */
export const name = "worker.js"

/**
 * The Trusted Types policy by which the page names the worker, the only one that it may have.
 *
 * @since 0.1.0
 * @category models
 */
export const policy = "worker"
