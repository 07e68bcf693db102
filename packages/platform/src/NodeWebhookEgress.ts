/**
 * Sends webhooks over the network of Node: to addresses that are public, and to those that an operator allows.
 *
 * Whoever registers a URL chooses what the platform calls. So every address that the name has is looked at before
 * anything is sent, and the connection goes to one of the addresses that were looked at: a name that resolves otherwise
 * the next time leads nowhere else.
 *
 * @see docs/protocol.md "Delivery"
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import IpAddress from "ipaddr.js"
import * as Dns from "node:dns"
import * as Http from "node:http"
import * as Https from "node:https"
import * as Net from "node:net"
import * as Tls from "node:tls"
import * as WebhookEgress from "./WebhookEgress.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Whether this machine itself may be called, by plain http too. For tests. Default false. */
  readonly insecureAllowLoopback?: boolean | undefined
  /**
   * Ranges of addresses that may be called although they are not public, such as `"10.1.0.0/16"` or `"fd00:1::/32"`.
   * Default none.
   */
  readonly allowedRanges?: ReadonlyArray<string> | undefined
  /** PEM of certificates to trust beside those that Node trusts. Default none. */
  readonly certificates?: ReadonlyArray<string> | undefined
  /** All addresses that a name has. Default: the operating system's. */
  readonly resolve?: ((name: string) => Effect.Effect<ReadonlyArray<string>, unknown>) | undefined
}

/**
 * An allowed range is not one of addresses.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidRange extends Data.TaggedError("InvalidRange")<{ readonly range: string }> {
  override get message(): string {
    return `${
      JSON.stringify(this.range)
    } is no range of addresses. Write it as an address and the length of its prefix, such as 10.1.0.0/16.`
  }
}

type Address = IpAddress.IPv4 | IpAddress.IPv6

const readHost = Option.liftThrowable((host: string) => new URL(`http://${host}/`).hostname)

/**
 * None where the text is no address, in the one way of writing that Node connects to; an IPv4-mapped one is the IPv4 one.
 * `ipaddr.js` takes dotted decimals in any IPv6 address for a mapped one, so it gets none to read.
 */
const parse = (text: string): Address | undefined =>
  Net.isIPv4(text)
    ? IpAddress.process(text)
    : Net.isIPv6(text)
    ? Option.getOrUndefined(Option.map(readHost(`[${text}]`), (host) => IpAddress.process(host.slice(1, -1))))
    : undefined

/** All that IANA has given out as global unicast; `ipaddr.js` knows what of it is for special purposes. */
const globalUnicast = IpAddress.IPv6.parseCIDR("2000::/3")

const isGlobal = (address: Address): boolean =>
  address.range() === "unicast" &&
  (address.kind() === "ipv4" || address.match(globalUnicast))

/**
 * Whether an address is one of the Internet's, and of no other use there: neither private nor loopback, link-local,
 * multicast, unspecified, reserved or for documentation, nor an IPv4 address in a translation prefix of IPv6. An
 * IPv4-mapped address is as public as the IPv4 address in it. False for what is no address.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 * @see https://www.iana.org/assignments/iana-ipv6-special-registry
 * @since 0.1.0
 * @category guards
 */
export const isPublic = (text: string): boolean => {
  const address = parse(text)
  return address !== undefined && isGlobal(address)
}

const isLoopback = (address: Address): boolean => address.range() === "loopback"

/** Host names that are this machine by definition, which Node's resolver does not know all of. */
const isLocalhost = (name: string): boolean => /(?:^|\.)localhost\.?$/.test(name)

const refused = (reason: WebhookEgress.UnsentReason, cause?: unknown) =>
  new WebhookEgress.WebhookUnsent({ reason, cause })

const systemAddresses = (name: string): Effect.Effect<ReadonlyArray<string>, unknown> =>
  Effect.tryPromise(() => Dns.promises.lookup(name, { all: true })).pipe(
    Effect.map((addresses) => addresses.map(({ address }) => address))
  )

const parseRange = (range: string) =>
  Effect.try({ try: () => IpAddress.parseCIDR(range), catch: () => new InvalidRange({ range }) })

/**
 * One connection per request, which ends with the head of the answer.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Effect.Effect<WebhookEgress.Service, InvalidRange> =>
  Effect.gen(function*() {
    const { insecureAllowLoopback = false, resolve = systemAddresses } = options
    const ranges = yield* Effect.forEach(options.allowedRanges ?? [], parseRange)
    const ca = options.certificates === undefined ? undefined : [...Tls.rootCertificates, ...options.certificates]

    const isAllowed = (address: Address): boolean =>
      isGlobal(address) ||
      (insecureAllowLoopback && isLoopback(address)) ||
      ranges.some(([range, prefix]) => range.kind() === address.kind() && address.match(range, prefix))

    /** The addresses of a host, at least one, all of which may be called. */
    const addressesOf = ({ hostname, protocol }: URL) =>
      Effect.gen(function*() {
        const host = hostname.replace(/^\[(.*)\]$/, "$1")
        const texts = Net.isIP(host) !== 0
          ? [host]
          : insecureAllowLoopback && isLocalhost(host)
          ? ["127.0.0.1", "::1"]
          : yield* Effect.mapError(resolve(host), (cause) => refused("NameUnresolved", cause))
        for (const text of texts) {
          const address = parse(text)
          if (address === undefined || !isAllowed(address) || (protocol === "http:" && !isLoopback(address))) {
            return yield* refused("AddressRefused")
          }
        }
        const found = texts.map((address) => ({ address, family: Net.isIP(address) }))
        return Arr.isNonEmptyArray(found) ? found : yield* refused("NameUnresolved")
      })

    const isCallable = ({ password, protocol, username }: URL): boolean =>
      username === "" && password === "" &&
      (protocol === "https:" || (protocol === "http:" && insecureAllowLoopback))

    return {
      post: ({ body, headers, url }) =>
        Effect.gen(function*() {
          if (!isCallable(url)) return yield* refused("UrlRefused")
          const addresses = yield* addressesOf(url)
          const [first] = addresses
          return yield* Effect.async<number, WebhookEgress.WebhookUnsent>((resume) => {
            const failed = (cause?: unknown) => resume(refused("ConnectionFailed", cause))
            const request = (url.protocol === "https:" ? Https : Http).request(url, {
              method: "POST",
              headers: { "user-agent": "effect-launchkey", ...headers, "content-length": body.length },
              agent: false,
              lookup: (_name, { all }, callback) => {
                if (all === true) callback(null, addresses)
                else callback(null, first.address, first.family)
              },
              ...(ca === undefined ? {} : { ca })
            })
            request.once("response", (response) => {
              const { statusCode } = response
              resume(statusCode === undefined ? refused("ConnectionFailed") : Effect.succeed(statusCode))
              response.on("error", () => {})
              request.destroy()
            })
            // It stays: what goes wrong after the head of the answer must not end the process.
            request.on("error", failed)
            request.once("close", () => failed())
            request.end(body)
            return Effect.sync(() => request.destroy())
          })
        })
    }
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<WebhookEgress.WebhookEgress, InvalidRange> =>
  Layer.effect(WebhookEgress.WebhookEgress, make(options))
