/**
 * What the official SDKs can do, in our words, and where it is here: the second part of SUPPORTED.md. One list, to be
 * read beside theirs, so it is not split.
 */

export interface Capability {
  readonly what: string
  /** Numbers of the ids `F-…`. */
  readonly ids: ReadonlyArray<number>
  /** `Module.member`, or `Module.declaration.member`: each is looked for in the sources. */
  readonly ours?: ReadonlyArray<string>
  readonly note?: string
  /** A file of an example: for what is not in a package. */
  readonly example?: string
  /** Titles of the tests that show it, by their file. */
  readonly shown?: Readonly<Record<string, ReadonlyArray<string>>>
  /** Why it is not here. */
  readonly missing?: { readonly kind: "left out" | "not yet"; readonly why: string }
}

export interface Section {
  readonly title: string
  readonly capabilities: ReadonlyArray<Capability>
}

const leftOut = (why: string) => ({ missing: { kind: "left out", why } }) as const

const errors = (...tags: ReadonlyArray<string>) => tags.map((tag) => `ApiError.${tag}`)

const login = (file: string) => `examples/login/src/${file}`

const transcript = {
  "packages/cli/test/docs.test.ts": ["shows what commands print, and JSON as their schemas have it"]
}

const pages = (...titles: ReadonlyArray<string>) => ({ "examples/login/test/login.test.ts": titles })

export const sections: ReadonlyArray<Section> = [
  {
    title: "Organizations and directories",
    capabilities: [
      { what: "create a directory", ids: [1], ours: ["OrganizationClient.createDirectory"] },
      { what: "read all directories", ids: [2], ours: ["OrganizationClient.listDirectories"] },
      {
        what: "read some, or one",
        ids: [3, 4],
        ours: ["OrganizationClient.getDirectories", "OrganizationClient.getDirectory"]
      },
      {
        what: "change a directory: active, push credentials, context of denials, webhook address",
        ids: [5, 6, 7, 8, 9],
        ours: ["OrganizationClient.updateDirectory"],
        note: "each member is left, cleared or set; a PKCS#12 as bytes or base64"
      },
      {
        what: "public keys of a directory: add, list, change, remove",
        ids: [10, 11, 12, 13],
        ours: [
          "OrganizationClient.addDirectoryKey",
          "OrganizationClient.listDirectoryKeys",
          "OrganizationClient.updateDirectoryKey",
          "OrganizationClient.removeDirectoryKey"
        ]
      },
      {
        what: "SDK keys: generate, list, remove",
        ids: [14, 15, 16],
        ours: [
          "OrganizationClient.generateSdkKey",
          "OrganizationClient.listSdkKeys",
          "OrganizationClient.removeSdkKey"
        ]
      }
    ]
  },
  {
    title: "Services of an organization or a directory",
    capabilities: [
      { what: "create a service", ids: [17], ours: ["ServiceManagement.createService"] },
      {
        what: "read all, some, or one",
        ids: [18, 19, 20],
        ours: ["ServiceManagement.listServices", "ServiceManagement.getServices", "ServiceManagement.getService"]
      },
      { what: "change a service", ids: [21], ours: ["ServiceManagement.updateService"] },
      {
        what: "public keys of a service: add, list, change, remove",
        ids: [22, 23, 24, 25],
        ours: [
          "ServiceManagement.addServiceKey",
          "ServiceManagement.listServiceKeys",
          "ServiceManagement.updateServiceKey",
          "ServiceManagement.removeServiceKey"
        ]
      },
      {
        what: "set, read and remove the policy",
        ids: [26, 27, 30],
        ours: [
          "ServiceManagement.setServicePolicy",
          "ServiceManagement.getServicePolicy",
          "ServiceManagement.removeServicePolicy"
        ]
      },
      {
        what: "set and read a legacy policy alone",
        ids: [28, 29],
        ...leftOut("deprecated twins: the calls above take and give every kind of policy")
      },
      {
        what: "all of it for a directory too",
        ids: [39],
        ours: ["DirectoryClient.Service"],
        note: "extends `ServiceManagement`"
      }
    ]
  },
  {
    title: "Users of a directory",
    capabilities: [
      {
        what: "link a device, list and unlink devices",
        ids: [31, 32, 33],
        ours: ["DirectoryClient.linkDevice", "DirectoryClient.listDevices", "DirectoryClient.unlinkDevice"]
      },
      {
        what: "list the sessions of a user, end them all",
        ids: [34, 35],
        ours: ["DirectoryClient.listSessions", "DirectoryClient.endAllSessions"]
      },
      {
        what: "generate and remove the secret of one-time codes",
        ids: [36, 37],
        ours: ["DirectoryClient.generateTotp", "DirectoryClient.removeTotp"]
      }
    ]
  },
  {
    title: "A service",
    capabilities: [
      { what: "create an authorization request", ids: [40], ours: ["ServiceClient.authorize"] },
      {
        what: "with context, policy, title, time to live, push texts, denial reasons",
        ids: [42, 43, 44, 45, 46, 47],
        ours: [
          "ServiceClient.AuthorizeOptions.context",
          "ServiceClient.AuthorizeOptions.policy",
          "ServiceClient.AuthorizeOptions.title",
          "ServiceClient.AuthorizeOptions.ttl",
          "ServiceClient.AuthorizeOptions.pushTitle",
          "ServiceClient.AuthorizeOptions.pushBody",
          "ServiceClient.AuthorizeOptions.denialReasons"
        ]
      },
      { what: "read the response", ids: [48], ours: ["ServiceClient.getResponse"] },
      { what: "wait for the response", ids: [56], ours: ["ServiceClient.awaitResponse", "Polling.defaultSchedule"] },
      { what: "cancel a request", ids: [50], ours: ["ServiceClient.cancel"] },
      {
        what: "start and end a session",
        ids: [51, 52],
        ours: ["ServiceClient.sessionStart", "ServiceClient.sessionEnd"]
      },
      { what: "verify a one-time code", ids: [53], ours: ["ServiceClient.verifyTotp"] },
      {
        what: "the older create and the older read of a response",
        ids: [41, 49],
        ...leftOut("deprecated twins: `ServiceClient.authorize` and `ServiceClient.getResponse` are the whole")
      }
    ]
  },
  {
    title: "Webhooks",
    capabilities: [
      {
        what: "receive them, for a service and for a directory: answers, ends of sessions, completed links",
        ids: [38, 54, 80, 81, 155, 156, 157],
        ours: ["ServiceWebhook.make", "DirectoryWebhook.make", "Webhook.Receiver.open", "Webhook.Receiver.handle"],
        note: "each event handled once, whatever its sender repeats"
      },
      {
        what: "tell an unknown kind",
        ids: [158],
        ours: ["Webhook.UnknownEvent"],
        note: "an event of its own, never an approval"
      },
      {
        what: "take the request as a framework has it",
        ids: [159],
        ours: [
          "Webhook.respond",
          "WebhookHost.toWebHandler",
          "WebhookHost.toNodeHandler",
          "WebhookHost.toFastifyHandler"
        ]
      },
      {
        what: "check method and path; take the body as octets",
        ids: [160, 161],
        ours: ["Envelope.openWebhook"],
        note: "required, not optional"
      },
      {
        what: "the errors of receiving",
        ids: [150],
        ours: ["TransportError.MessageRejected", "TransportError.TransportError", "StoreUnavailable.StoreUnavailable"],
        note: "one tag with a closed `reason` for what is not believed"
      },
      {
        what: "the older handler of a service",
        ids: [55],
        ...leftOut("deprecated twin: `ServiceWebhook` is the whole")
      }
    ]
  },
  {
    title: "What is read",
    capabilities: [
      { what: "a directory", ids: [57, 58], ours: ["Directory.Directory", "Directory.Directory.premium"] },
      {
        what: "equality and a text form",
        ids: [59],
        ours: ["Directory.Directory"],
        note: "a `Schema.Class`: `Equal.equals`, `toString`"
      },
      { what: "a service", ids: [60], ours: ["ServiceProfile.ServiceProfile"] },
      {
        what: "a public key, with its PEM and its type; an unknown type is `OTHER`",
        ids: [61, 62, 63, 64],
        ours: ["PublicKey.PublicKey", "PublicKey.PublicKey.pem", "PublicKey.KeyType"]
      },
      {
        what: "a device, when it was made and changed, and whether it may answer",
        ids: [65, 66, 67],
        ours: [
          "Device.Device",
          "Device.Device.created",
          "Device.Device.updated",
          "Device.DeviceStatus",
          "Device.Device.active"
        ]
      },
      {
        what: "a started link: code, address of its image, device",
        ids: [68],
        ours: ["Device.LinkStarted", "LinkQrCode.svg", "LinkQrCode.text"]
      },
      { what: "a session", ids: [69], ours: ["Session.Session"] },
      {
        what: "the secret of one-time codes and its parameters",
        ids: [70],
        ours: ["Totp.TotpConfiguration", "Totp.TotpConfiguration.uri"]
      },
      { what: "a request: id, push package, devices", ids: [71], ours: ["Authorization.AuthorizationRequest"] },
      {
        what: "a response: whether it authorizes, who answered about whom, service PINs, why",
        ids: [72, 73],
        ours: [
          "Authorization.AuthorizationResponse.authorized",
          "Authorization.AuthorizationResponse.deviceId",
          "Authorization.AuthorizationResponse.servicePins",
          "Authorization.AuthorizationResponse.userPushId",
          "Authorization.AuthorizationResponse.serviceUserHash",
          "Authorization.AuthorizationResponse.organizationUserHash",
          "Authorization.AuthorizationResponse.type",
          "Authorization.AuthorizationResponse.reason",
          "Authorization.AuthorizationResponse.denialReason",
          "Authorization.AuthorizationResponse.fraud"
        ]
      },
      {
        what: "the policy and the methods that the device reports",
        ids: [74, 75, 77, 78],
        ours: [
          "Authorization.AuthorizationResponse.policy",
          "Authorization.AuthorizationResponse.methods",
          "ResponsePolicy.Requirement",
          "Factor.AuthMethod",
          "Factor.AuthMethodKind"
        ]
      },
      {
        what: "a response as it came, still sealed",
        ids: [76],
        ours: ["Transport.httpClient", "Authorization.AuthorizationPackage", "Answer.open"],
        note: "by the client that is derived from the contract"
      },
      { what: "a denial reason", ids: [79], ours: ["DenialReason.ordinary", "DenialReason.fraudulent"] }
    ]
  },
  {
    title: "Policies",
    capabilities: [
      {
        what: "the policy of a request: an amount or factors, intact devices, places",
        ids: [82],
        ours: ["AuthPolicy.any", "AuthPolicy.factors", "AuthPolicy.none"]
      },
      {
        what: "change one after it was made",
        ids: [83],
        ours: [
          "AuthPolicy.withGeofence",
          "AuthPolicy.withoutGeofence",
          "AuthPolicy.withJailbreakProtection",
          "AuthPolicy.make"
        ],
        note: "yields another policy; none is mutable"
      },
      { what: "read one from JSON, write it", ids: [84], ours: ["AuthPolicy.AuthPolicy", "AuthPolicy.fromOptions"] },
      {
        what: "the legacy policy of a service, with places and times",
        ids: [85],
        ours: [
          "ServicePolicy.legacy",
          "ServicePolicy.withGeofences",
          "ServicePolicy.withTimeFences",
          "ServicePolicy.withoutTimeFence",
          "TimeFence.make"
        ]
      },
      { what: "names of fences are checked", ids: [86], ours: ["AuthPolicy.InvalidPolicy"], note: "in every policy" },
      {
        what: "policies by amount, by factors, by place, legacy; short forms without fences",
        ids: [87, 88],
        ours: [
          "ServicePolicy.methodAmount",
          "ServicePolicy.factors",
          "ServicePolicy.conditionalGeofence",
          "ServicePolicy.legacy"
        ]
      },
      { what: "circles and territories", ids: [89], ours: ["Fence.GeoCircleFence", "Fence.TerritoryFence"] },
      {
        what: "what a conditional geofence may nest is checked",
        ids: [90],
        ours: ["ServicePolicy.ConditionalOptions", "ServicePolicy.isUnrestricted"],
        note: "by the types, and again when it is built"
      },
      {
        what: "a policy as a plain object",
        ids: [91],
        ours: ["ServicePolicy.ServicePolicy", "ServicePolicy.fromOptions"]
      }
    ]
  },
  {
    title: "Credentials and keys",
    capabilities: [
      { what: "a service's credentials make its client", ids: [92], ours: ["ServiceCredentials.serviceClient"] },
      {
        what: "a directory's make its own and its services'",
        ids: [93],
        ours: ["DirectoryCredentials.directoryClient", "DirectoryCredentials.serviceClient"]
      },
      {
        what: "an organization's make its own, its directories' and their services'",
        ids: [94],
        ours: [
          "OrganizationCredentials.organizationClient",
          "OrganizationCredentials.directoryClient",
          "OrganizationCredentials.serviceClient"
        ]
      },
      {
        what: "settings, keys and clock of a platform shared by many credentials",
        ids: [95, 100],
        ours: ["OrganizationCredentials.Options", "RemoteApi.layer"],
        note: "options are values to spread; the keys of each entity are given with its own credentials"
      },
      {
        what: "credentials of an id and one PEM",
        ids: [96],
        ours: ["OrganizationCredentials.layer", "Transport.layer"]
      },
      {
        what: "one key that signs, several that decrypt; keys for a single purpose",
        ids: [97, 98],
        ours: ["Keyring.Options.signingKey", "Keyring.Options.decryptionKeys", "Keyring.Options.decryptWithSigningKey"]
      },
      {
        what: "add a decryption key later",
        ids: [99],
        ours: ["Transport.layerKeyring", "Keyring.Service.decrypt"],
        note: "by a keyring of one's own, which decides at each message"
      },
      { what: "the id of a key comes from the key", ids: [101], ours: ["KeyId.KeyId", "Jose.keyIdOf"] },
      {
        what: "ids and private keys are checked at the start",
        ids: [102, 103, 152],
        ours: ["ApiError.InvalidParameters", "EntityIdentifier.Uuid", "InvalidKey.InvalidKey"]
      }
    ]
  },
  {
    title: "Transport",
    capabilities: [
      { what: "base URL", ids: [104], ours: ["Transport.Options.baseUrl"], note: "no default: the vendor's is gone" },
      { what: "another name of the platform than `lka`", ids: [105], ours: ["Transport.Options.platform"] },
      { what: "another lifetime of a request's token than 5 s", ids: [106], ours: ["Transport.Options.tokenLifetime"] },
      { what: "tolerance for the clocks' difference", ids: [107], ours: ["Transport.Options.leeway"] },
      {
        what: "how long the clock's offset and the platform's keys are kept",
        ids: [108, 109],
        ours: ["RemoteApi.RemoteLifetimes"]
      },
      {
        what: "a cache of keys of one's own",
        ids: [110],
        ours: ["RemoteApi.RemoteApi", "Transport.make"],
        note: "the port that holds them can be replaced"
      },
      {
        what: "an HTTP client of one's own, with its pool",
        ids: [111, 113],
        ours: ["Transport.layer"],
        note: "any `HttpClient` of `@effect/platform`"
      },
      { what: "time-out of an attempt", ids: [112], ours: ["Transport.Options.attemptTimeout"] },
      { what: "TLS verification off", ids: [114], ...leftOut("a switch that only weakens") },
      {
        what: "redirects are not followed; only what is safe is retried, or nothing",
        ids: [115, 116],
        ours: ["Transport.make", "Transport.Options.retry"]
      },
      { what: "cryptography of one's own", ids: [117], ours: ["Jose.Jose", "Keyring.Keyring"] },
      {
        what: "choice of the algorithms for signatures, keys, content and hashes",
        ids: [118, 119, 120, 121],
        ours: [
          "Keyring.Options.signatureAlgorithm",
          "Transport.Options.keyEncryptionAlgorithm",
          "Algorithms.ContentEncryptionAlgorithm",
          "Transport.Options.hashFunction"
        ]
      },
      { what: "a transport of one's own", ids: [122], ours: ["Transport.Transport", "TestTransport.layerReplies"] },
      { what: "a user agent that tells name and version", ids: [123], ours: ["Transport.make"] },
      {
        what: "asynchronous, and safe to call concurrently",
        ids: [124, 125],
        ours: ["ServiceClient.ServiceClient"],
        note: "every call is an `Effect`, interruptible"
      },
      {
        what: "what happens can be watched",
        ids: [126],
        ours: ["Transport.make"],
        note: "a span for each call and each exchange, without names, ids or bodies"
      },
      {
        what: "runtimes",
        ids: [127],
        ours: ["Transport.Transport"],
        note: "Node 20.19 and later; nothing but WebCrypto and an `HttpClient` is asked of it"
      }
    ]
  },
  {
    title: "Errors",
    capabilities: [
      {
        what: "refusals with a code",
        ids: [128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143, 144],
        ours: errors(
          "InvalidParameters",
          "InvalidRoute",
          "ServiceNameTaken",
          "InvalidPolicyInput",
          "PolicyFailure",
          "ServiceNotFound",
          "AuthorizationInProgress",
          "AuthorizationResponseExists",
          "AuthorizationRequestCanceled",
          "InvalidDirectoryIdentifier",
          "InvalidPublicKey",
          "PublicKeyAlreadyInUse",
          "PublicKeyDoesNotExist",
          "LastRemainingKey",
          "DirectoryNameInUse",
          "LastRemainingSdkKey",
          "InvalidSdkKey"
        )
      },
      {
        what: "refusals by status; a request that has expired",
        ids: [145, 147],
        ours: errors("Unauthorized", "Forbidden", "EntityNotFound", "RequestTimedOut", "RateLimited")
      },
      { what: "a 409, or any refusal, of no known code", ids: [146], ours: errors("UnexpectedApiError") },
      {
        what: "an answer, or a device's answer, that cannot be read or believed",
        ids: [148, 149],
        ours: ["TransportError.MessageRejected", "TransportError.TransportError"],
        note: "`kind` tells which, `reason` why"
      },
      { what: "a policy or a fence that cannot be", ids: [151], ours: ["AuthPolicy.InvalidPolicy"] },
      {
        what: "message, status, code and data of an error",
        ids: [153],
        ours: ["ApiError.table", "ApiError.UnexpectedApiError.status", "ApiError.AuthorizationInProgress.expires"],
        note: "data are fields; codes and statuses are in one table"
      },
      {
        what: "classes above the errors",
        ids: [154],
        ours: ["ServiceClient.AuthorizeError", "ServiceManagement.ManagementError"],
        note: "unions of tags, for `catchTag` and `catchTags`"
      }
    ]
  },
  {
    title: "Tools",
    capabilities: [
      {
        what: "a command-line program: which platform it calls, and further keys to decrypt by",
        ids: [162, 163],
        ours: ["ProfileCommand.command"],
        note: "in a profile, which names files and variables with keys",
        shown: {
          "packages/cli/test/profile.test.ts": [
            "adds a profile without its key, in a file of the user's own, and makes the first the current one",
            "notes a further key that is the signing key"
          ]
        }
      },
      {
        what: "it leaves TLS unverified",
        ids: [164],
        ...leftOut("whoever is in between could keep requests from the platform; plain http is for loopback hosts")
      },
      {
        what: "it authorizes and waits: context, title, time to live, notification, denial reasons, policy",
        ids: [165, 166, 167, 168, 171, 172, 173, 174, 175, 176],
        ours: ["AuthorizeCommand.authorize", "AuthorizeCommand.response"],
        note: "with the time left; Ctrl-C offers to cancel; reasons are given, not made up; polls as the client does",
        shown: {
          "packages/cli/test/authorize.test.ts": [
            "asks with all that may be said, waits, and shows what the device answered",
            "prints the policy of options and of a file as it is sent, and sends nothing with --dry-run",
            "asks whether to cancel the request when it is interrupted, and does so for a yes",
            "ends with the code of a time that has passed when the platform lets the request expire"
          ],
          ...transcript
        }
      },
      {
        what: "it chooses between the old and the new response",
        ids: [169],
        ...leftOut("there is one, with all that either tells")
      },
      {
        what: "it waits for a webhook instead of polling",
        ids: [170],
        ...leftOut("a platform elsewhere cannot call a terminal; `launchkey webhook verify` explains those that came")
      },
      {
        what: "it cancels requests, starts and ends sessions, also by the key of a directory",
        ids: [177, 178, 179, 184],
        ours: ["AuthorizeCommand.cancel", "ServiceSessionCommand.start", "ServiceSessionCommand.end"],
        shown: {
          "packages/cli/test/authorize.test.ts": [
            "starts and ends a user's session, with the key of the service, its directory or its organization"
          ],
          ...transcript
        }
      },
      {
        what: "it makes key pairs",
        ids: [189],
        ours: ["KeysCommand.command"],
        note:
          "in files that nobody else can read; `launchkey doctor` looks what is wrong with keys, clock and connection",
        shown: {
          "packages/cli/test/keys.test.ts": [
            "generates a pair that the platform takes, and closes the private half to others"
          ],
          "packages/cli/test/doctor.test.ts": [
            "ends with the code of the first check that fails, tells its remedy, and skips what needs it"
          ]
        }
      },
      {
        what: "it links, lists and unlinks devices",
        ids: [180, 181, 182],
        ours: ["DeviceCommand.command"],
        note: "waits for a link with the time left, the QR code in the terminal",
        shown: {
          "packages/cli/test/device.test.ts": [
            "shows the code of a link and the time left, and ends once the device has completed it"
          ],
          ...transcript
        }
      },
      {
        what: "it lists and ends a user's sessions with all services",
        ids: [183],
        ours: ["SessionCommand.command"],
        shown: transcript
      },
      {
        what: "it sets up, removes and verifies one-time codes",
        ids: [185, 186, 187],
        ours: ["TotpCommand.command"],
        shown: transcript
      },
      {
        what: "it sets where the webhooks of a directory go",
        ids: [188],
        ours: ["DirectoryCommand.command", "ServiceCommand.command"],
        note: "and manages directories, services, their keys and policies",
        shown: transcript
      },
      {
        what: "it acts for a service by the key of its directory or organization",
        ids: [190],
        shown: {
          "packages/cli/test/directory.test.ts": ["is for the key of an organization, and says so to that of another"],
          ...transcript
        }
      },
      {
        what: "a web application: its configuration",
        ids: [191],
        example: login("Settings.ts"),
        shown: { "examples/login/test/Settings.test.ts": ["are read from the environment"] }
      },
      {
        what: "it registers its webhooks",
        ids: [192],
        example: login("Registration.ts"),
        shown: pages("tells the platform at its start where its webhooks go")
      },
      {
        what: "what it stores",
        ids: [193],
        example: login("Store.ts"),
        shown: { "examples/login/test/Logins.test.ts": ["is forgotten a minute after its time", "is taken once"] },
        note: "a port, in memory"
      },
      {
        what: "its start page",
        ids: [194],
        example: login("web/AccountRoutes.ts"),
        shown: pages("leads whoever is not logged in to its form")
      },
      {
        what: "it links a device by a QR code",
        ids: [195],
        example: login("Links.ts"),
        shown: pages("links a device by a code, and learns of it by webhook")
      },
      {
        what: "it logs in, also where a request is open",
        ids: [196],
        example: login("Logins.ts"),
        shown: pages(
          "logs in whose device approves, and shows the device's name as text",
          "cancels a login of the same browser that is open, and asks again"
        ),
        note: "where it is the browser's own, it may go on with it as well"
      },
      {
        what: "it shows how a login stands",
        ids: [197],
        example: login("web/LoginRoutes.ts"),
        shown: pages("logs nobody in whose device denies", "tells of a login that was reported as fraud")
      },
      {
        what: "it logs out",
        ids: [198],
        example: login("web/AccountRoutes.ts"),
        shown: pages("ends a session with the logout, here and on the device")
      },
      {
        what: "it receives answers and session ends",
        ids: [199],
        example: login("Sessions.ts"),
        shown: pages(
          "ends all sessions of a user who logs out on the device, and tells the open page",
          "takes webhooks of requests and links that it does not know, and does nothing with them"
        ),
        note: "a session starts with an approval only"
      },
      {
        what: "it receives completed links",
        ids: [200],
        example: login("Links.ts"),
        shown: pages("links a device by a code, and learns of it by webhook")
      },
      {
        what: "a suite for any way to a platform, devices driven by it, and nothing left behind",
        ids: [201, 202, 203],
        ours: ["Conformance.conformance", "Authenticator.make", "TestPlatform.layer"]
      }
    ]
  }
]

export const highestId = 203

/** What the protocol describes and this project does not do, with the reason. */
export const deviations: ReadonlyArray<{ readonly what: string; readonly why: string }> = [
  {
    what: "`PolicyFailure` for a user whose devices cannot meet the policy (B-253)",
    why:
      "the platform does not know what a device has set up, and is not to guess: the official suites expect requests for " +
      "factors that their device has no method of to be created (B-195, B-205, B-206). The device itself answers `FAILED` " +
      "with reason `POLICY`. The clients know the error, for platforms that send it."
  },
  {
    what: "no `device_ids` in the answer to a request of an organization's own service (B-271)",
    why:
      "its users are those of the vendor's own accounts, by their LaunchKey names, which there are none of here: its " +
      "requests end in `EntityNotFound` before there is such an answer. The clients read an answer without them."
  }
]
