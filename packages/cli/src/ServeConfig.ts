/**
 * How a platform is served: what its file and its environment say, and what holds where they say nothing.
 *
 * @see docs/operating.md "Configuration"
 * @since 0.1.0
 */
import * as Issues from "@effect-launchkey/core/Issues"
import { WebUrl } from "@effect-launchkey/core/ServiceProfile"
import * as PlatformSettings from "@effect-launchkey/platform/PlatformSettings"
import * as RelyingParty from "@effect-launchkey/platform/RelyingParty"
import { Contact } from "@effect-launchkey/platform/WebPush"
import { maximumBodyLength } from "@effect-launchkey/transport/Claims"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Unusable } from "./internal/unusable.ts"

const Text = Schema.NonEmptyString.annotations({ message: () => "expected a text that is not empty" })

/** A number of the file, or the text of one in the environment. */
const whole = (minimum: number, maximum: number) => {
  const problem = `expected a whole number from ${minimum} to ${maximum}`
  const message = () => ({ message: problem, override: true })
  return Schema.transformOrFail(Schema.Union(Schema.Number, Schema.String), Schema.Number, {
    strict: true,
    decode: (given, _, ast) => {
      const value = typeof given === "number" ? given : given.trim() === "" ? NaN : Number(given)
      return Number.isInteger(value) && value >= minimum && value <= maximum
        ? ParseResult.succeed(value)
        : ParseResult.fail(new ParseResult.Type(ast, given, problem))
    },
    encode: ParseResult.succeed
  }).annotations({ message })
}

const Port = whole(0, 65_535)

const aDuration = "expected a length of time, such as 30 seconds"

/** As Effect writes it: `"30 seconds"`. */
const Time = Schema.transformOrFail(Schema.String, Schema.DurationFromSelf, {
  strict: true,
  decode: (text, _, ast) =>
    Option.match(Duration.decodeUnknown(text), {
      onNone: () => ParseResult.fail(new ParseResult.Type(ast, text, aDuration)),
      onSome: ParseResult.succeed
    }),
  encode: (duration) => ParseResult.succeed(`${Duration.toMillis(duration)} millis`)
}).annotations({ message: () => aDuration })

/** Those of an environment are separated by commas. */
const List = Schema.Union(Schema.Array(Text), Schema.split(",")).annotations({
  message: () => "expected a list of texts"
})

const isStore = (url: string): boolean => /^(?:file:.+|postgres(?:ql)?:\/\/.+|memory:)$/.test(url)

/**
 * A store, by its address: `file:<path>` of libsql, a database of PostgreSQL, or `memory:`, this process's.
 *
 * @since 0.1.0
 * @category schemas
 */
export const StoreUrl = Schema.Redacted(
  Schema.String.pipe(
    Schema.filter(isStore, {
      message: () => "expected file:<path>, postgres://<user>@<host>/<database> or memory:"
    })
  )
)

const orElse = <A, I>(schema: Schema.Schema<A, I>, value: () => NoInfer<A>) =>
  // Exact, or what is wrong would be told twice: as no value, and as not undefined.
  Schema.optionalWith(schema, { default: value, exact: true })

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

const Listen = Schema.Struct({
  /** Default `"127.0.0.1"`: for a proxy on this machine. */
  host: orElse(Text, () => "127.0.0.1"),
  /** Default 8080; 0 for any that is free. */
  port: orElse(Port, () => 8080),
  /** PEM files, read again on SIGHUP. Default: plain HTTP, for a proxy in front of it. */
  tls: optional(Schema.Struct({ certificateFile: Text, keyFile: Text }))
})

const YesOrNo = Schema.Union(Schema.Boolean, Schema.BooleanFromString).annotations({
  message: () => ({ message: "expected true or false", override: true })
})

const Operations = Schema.Struct({
  /** Default true. */
  enabled: orElse(YesOrNo, () => true),
  /** Default `"127.0.0.1"`. */
  host: orElse(Text, () => "127.0.0.1"),
  /** Default 8081. */
  port: orElse(Port, () => 8081)
})

/** So many within a time. */
const limit = (otherwise: PlatformSettings.Limit) =>
  orElse(
    Schema.Struct({
      limit: orElse(whole(1, 1_000_000), () => otherwise.limit),
      window: orElse(Time, () => otherwise.window)
    }),
    () => otherwise
  )

const { defaults } = PlatformSettings

const Limits = Schema.Struct({
  /** Of a body, in octets. Default, and at most, what the protocol has for a message. */
  bodyBytes: orElse(whole(4096, maximumBodyLength.message), () => maximumBodyLength.message),
  /** Of all headers of a request, in octets. Default 32,768. */
  headerBytes: orElse(whole(8192, 1_048_576), () => 32_768),
  /** How long a request may take to arrive. Default 30 seconds. */
  requestTime: orElse(Time, () => Duration.seconds(30)),
  /** Authorization requests for one user. Default 20 within a minute. */
  authorizations: limit(defaults.authorizations),
  /** Requests that one user was asked, one after the other, and approved none of. Default 30 within an hour. */
  unapprovedPrompts: limit(defaults.unapprovedPrompts),
  /** Numbers that a user may enter to approve one request. Default 1. */
  numberTries: orElse(whole(1, 10), () => defaults.numberTries),
  /** How long a service may not ask a user who reported it for fraud. Default 15 minutes. */
  fraudPause: orElse(Time, () => defaults.fraudPause),
  /** One-time codes tried for one user. Default 10 within a minute. */
  totpAttempts: limit(defaults.totpAttempts),
  /** Links tried with one SDK key. Default 600 within a minute. */
  linkAttempts: limit(defaults.linkAttempts),
  /** Wrong SDK keys tried with one linking code. Default 10 within a minute. */
  sdkKeyAttempts: limit(defaults.sdkKeyAttempts)
})

const Shutdown = Schema.Struct({
  /** How long `/ready` says no before connections are refused. Default 0. */
  notReadyFor: orElse(Time, () => Duration.zero),
  /** How long open requests may take to end. Default 20 seconds. */
  requests: orElse(Time, () => Duration.seconds(20))
})

const Webhooks = Schema.Struct({
  /** Networks beside the public ones that webhooks may go to, such as `"10.0.0.0/8"`. Default none. */
  allowedRanges: orElse(List, () => [])
})

const Push = Schema.Struct({
  /** Whether devices may be told by push. Default false. */
  enabled: orElse(YesOrNo, () => false),
  /** Whom push services may ask about what is sent. */
  contact: optional(Contact)
}).pipe(
  Schema.filter(({ contact, enabled }) =>
    !enabled || contact !== undefined ||
    { path: ["contact"], message: "expected a mailto: or https: URL, to send pushes" }
  )
)

const Console = Schema.Struct({
  /** Default false. Browsers make passkeys for a name with TLS alone, or for localhost. */
  enabled: orElse(YesOrNo, () => false)
})

/**
 * @since 0.1.0
 * @category schemas
 */
export const ServeConfig = Schema.Struct({
  /** Where clients and devices find the platform. */
  baseUrl: WebUrl.annotations({ message: () => "expected an absolute http or https URL" }),
  store: orElse(StoreUrl, () => Redacted.make("file:launchkey.db")),
  /** A file with the key under which the platform's private keys are kept, readable by its owner alone. */
  keyEncryptionKeyFile: optional(Text),
  listen: orElse(Listen, () => Schema.decodeSync(Listen)({})),
  /** Where `/health`, `/ready` and `/metrics` are. */
  operations: orElse(Operations, () => Schema.decodeSync(Operations)({})),
  /** The socket of `launchkey admin`. Default: beside the file of the store; nowhere for other stores. */
  adminSocket: optional(Text),
  limits: orElse(Limits, () => Schema.decodeSync(Limits)({})),
  shutdown: orElse(Shutdown, () => Schema.decodeSync(Shutdown)({})),
  webhooks: orElse(Webhooks, () => Schema.decodeSync(Webhooks)({})),
  push: orElse(Push, () => ({ enabled: false })),
  /** Whether browsers find the authenticator below `/authenticator/`. Default true. */
  authenticator: orElse(YesOrNo, () => true),
  /** Whether operators find the console below `/console/`. */
  console: orElse(Console, () => Schema.decodeSync(Console)({}))
})

/**
 * @since 0.1.0
 * @category models
 */
export type ServeConfig = typeof ServeConfig.Type

/**
 * What `launchkey serve` and `launchkey admin` read from their environment: each goes before the file.
 *
 * @since 0.1.0
 * @category models
 */
export const environment = {
  LAUNCHKEY_SERVE_CONFIG: { path: undefined, meaning: "The file, where `--config` names none." },
  LAUNCHKEY_SERVE_BASE_URL: { path: ["baseUrl"], meaning: "`baseUrl`" },
  LAUNCHKEY_SERVE_STORE: { path: ["store"], meaning: "`store`" },
  LAUNCHKEY_SERVE_KEY_ENCRYPTION_KEY: {
    path: undefined,
    meaning: "The key under which the platform's private keys are kept, in place of a file."
  },
  LAUNCHKEY_SERVE_KEY_ENCRYPTION_KEY_FILE: { path: ["keyEncryptionKeyFile"], meaning: "`keyEncryptionKeyFile`" },
  LAUNCHKEY_SERVE_HOST: { path: ["listen", "host"], meaning: "`listen.host`" },
  LAUNCHKEY_SERVE_PORT: { path: ["listen", "port"], meaning: "`listen.port`" },
  LAUNCHKEY_SERVE_TLS_CERTIFICATE_FILE: {
    path: ["listen", "tls", "certificateFile"],
    meaning: "`listen.tls.certificateFile`"
  },
  LAUNCHKEY_SERVE_TLS_KEY_FILE: { path: ["listen", "tls", "keyFile"], meaning: "`listen.tls.keyFile`" },
  LAUNCHKEY_SERVE_OPERATIONS: { path: ["operations", "enabled"], meaning: "`operations.enabled`" },
  LAUNCHKEY_SERVE_OPERATIONS_HOST: { path: ["operations", "host"], meaning: "`operations.host`" },
  LAUNCHKEY_SERVE_OPERATIONS_PORT: { path: ["operations", "port"], meaning: "`operations.port`" },
  LAUNCHKEY_SERVE_ADMIN_SOCKET: { path: ["adminSocket"], meaning: "`adminSocket`" },
  LAUNCHKEY_SERVE_CONSOLE: { path: ["console", "enabled"], meaning: "`console.enabled`" },
  LAUNCHKEY_SERVE_WEBHOOK_RANGES: {
    path: ["webhooks", "allowedRanges"],
    meaning: "`webhooks.allowedRanges`, separated by commas"
  },
  LAUNCHKEY_SERVE_PUSH: { path: ["push", "enabled"], meaning: "`push.enabled`" },
  LAUNCHKEY_SERVE_PUSH_CONTACT: { path: ["push", "contact"], meaning: "`push.contact`" }
} as const satisfies Readonly<
  Record<string, { readonly path: ReadonlyArray<string> | undefined; readonly meaning: string }>
>

/**
 * What the file and the environment say cannot be served: everything that is wrong, at once.
 *
 * @since 0.1.0
 * @category errors
 */
export class InvalidConfiguration extends Schema.TaggedError<InvalidConfiguration>(
  "@effect-launchkey/cli/ServeConfig/InvalidConfiguration"
)("InvalidConfiguration", {
  /** By its path in the file, or its variable. */
  issues: Schema.Array(Schema.Struct({ path: Schema.String, problem: Schema.String }))
}) {
  override get message(): string {
    return `The configuration cannot be used. ${
      this.issues.map(({ path, problem }) => `${path}: ${problem}`).join("; ")
    }`
  }
}

/**
 * A configuration with what belongs to it and is no part of its file.
 *
 * @since 0.1.0
 * @category models
 */
export interface Loaded {
  readonly config: ServeConfig
  /** Where it was read; none where the environment alone says all. */
  readonly file: Option.Option<string>
  /** What is in the file of the key-encryption key, or in its variable. */
  readonly keyEncryptionKey: Option.Option<Redacted.Redacted<string>>
}

const variable = (name: keyof typeof environment): Effect.Effect<Option.Option<string>> =>
  Effect.map(Effect.option(Config.string(name)), Option.filter((value) => value !== ""))

/** The value with another one at the path. */
const withAt = (value: unknown, [name, ...rest]: ReadonlyArray<string>, leaf: string): unknown =>
  name === undefined
    ? leaf
    : {
      ...(Predicate.isRecord(value) ? value : {}),
      [name]: withAt(Predicate.isRecord(value) ? value[name] : {}, rest, leaf)
    }

const readJson = Schema.decodeEither(Schema.parseJson())

const unreadable = (file: string) => () =>
  new Unusable({
    what: "File",
    problem: `${file} cannot be read`,
    next: "Check the path and its permissions."
  })

const ofFile = (file: string) =>
  Effect.gen(function*() {
    const text = yield* Effect.mapError((yield* FileSystem.FileSystem).readFileString(file), unreadable(file))
    return yield* Effect.mapError(readJson(text), () =>
      new InvalidConfiguration({ issues: [{ path: file, problem: "is not JSON" }] }))
  })

/** Only its owner may read a file with a secret. */
const secret = (file: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const { mode } = yield* Effect.mapError(fs.stat(file), unreadable(file))
    if ((mode & 0o077) !== 0) {
      return yield* new Unusable({
        what: "File",
        problem: `The key file ${file} is open to others (mode ${(mode & 0o7777).toString(8).padStart(4, "0")})`,
        next: `Close it with \`chmod 600 ${file}\`. If others may have read it, exchange the key.`
      })
    }
    return Redacted.make((yield* Effect.mapError(fs.readFileString(file), unreadable(file))).trim())
  })

/**
 * Reads `--config` or the file that the environment names, with the environment over it. Paths in it are relative to its
 * folder.
 *
 * @since 0.1.0
 * @category constructors
 */
export const load = (
  named: Option.Option<string>
): Effect.Effect<Loaded, Unusable | InvalidConfiguration, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const path = yield* Path.Path
    const told = yield* variable("LAUNCHKEY_SERVE_CONFIG")
    const file = Option.map(Option.orElse(named, () => told), (name) => path.resolve(name))
    let raw: unknown = Option.isSome(file) ? yield* ofFile(file.value) : {}
    const sources = new Map<string, string>()
    for (const [name, { path: at }] of Object.entries(environment)) {
      if (at === undefined) continue
      // Their names are those of the table.
      const value = yield* variable(name as keyof typeof environment)
      if (Option.isNone(value)) continue
      raw = withAt(raw, at, value.value)
      sources.set(at.join("."), name)
    }
    const decoded = Schema.decodeUnknownEither(ServeConfig)(raw, { errors: "all", onExcessProperty: "error" })
    if (Either.isLeft(decoded)) {
      return yield* new InvalidConfiguration({
        issues: Issues.of(decoded.left.issue).map(({ path, problem }) => ({
          path: sources.get(path) ?? (path === "" ? "the whole" : path),
          problem
        }))
      })
    }
    if (decoded.right.console.enabled) {
      yield* Effect.mapError(RelyingParty.fromBaseUrl(decoded.right.baseUrl), ({ message }) =>
        new InvalidConfiguration({ issues: [{ path: "console.enabled", problem: message }] }))
    }
    const folder = Option.match(file, {
      onNone: () =>
        ".",
      onSome: path.dirname
    })
    const inFolder = (name: string) => path.resolve(folder, name)
    const { adminSocket, keyEncryptionKeyFile, listen: { tls, ...listen }, store, ...others } = decoded.right
    const url = Redacted.value(store)
    const database = url.startsWith("file:") ? inFolder(url.slice("file:".length)) : undefined
    const socket = adminSocket ?? (database === undefined ? undefined : `${database}.sock`)
    const config: ServeConfig = {
      ...others,
      store: database === undefined ? store : Redacted.make(`file:${database}`),
      ...(socket === undefined ? {} : { adminSocket: inFolder(socket) }),
      ...(keyEncryptionKeyFile === undefined ? {} : { keyEncryptionKeyFile: inFolder(keyEncryptionKeyFile) }),
      listen: tls === undefined ? listen : {
        ...listen,
        tls: { certificateFile: inFolder(tls.certificateFile), keyFile: inFolder(tls.keyFile) }
      }
    }
    const given = Option.map(yield* variable("LAUNCHKEY_SERVE_KEY_ENCRYPTION_KEY"), Redacted.make)
    const keyEncryptionKey = Option.isSome(given) || config.keyEncryptionKeyFile === undefined
      ? given
      : Option.some(yield* secret(config.keyEncryptionKeyFile))
    return { config, file, keyEncryptionKey }
  })

/** Where a store is. Of an address that cannot be read as one, any part may be the password. */
const withoutPassword = (store: string): string => {
  if (!store.startsWith("postgres")) return store
  const scheme = store.slice(0, store.indexOf(":"))
  const url = URL.canParse(store) ? new URL(store) : undefined
  // A password that is not percent-encoded ends early, and goes on behind.
  if (url === undefined || `${url.pathname}${url.search}${url.hash}`.includes("@")) return `${scheme}://…`
  const parameters = Array.from(url.searchParams, ([name, value]) => `${name}=${/password/i.test(name) ? "…" : value}`)
  return [
    `${scheme}://`,
    url.username === "" ? "" : `${url.username}${url.password === "" ? "" : ":…"}@`,
    `${url.host}${url.pathname}`,
    parameters.length === 0 ? "" : `?${parameters.join("&")}`
  ].join("")
}

/**
 * What holds, for people: the whole configuration without secrets.
 *
 * @since 0.1.0
 * @category conversions
 */
export const show = ({ config, file, keyEncryptionKey }: Loaded): Readonly<Record<string, unknown>> => ({
  ...Schema.encodeSync(ServeConfig)(config),
  store: withoutPassword(Redacted.value(config.store)),
  file: Option.getOrNull(file),
  keyEncryptionKey: Option.isSome(keyEncryptionKey) ? "given" : null,
  forwardedHeaders: "none is read"
})
