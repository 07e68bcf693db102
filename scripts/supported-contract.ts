/** The endpoints of the contract and their ids, for `supported.ts`. */
import { Api } from "@effect-launchkey/core/Api"
import * as HttpApi from "@effect/platform/HttpApi"

const ofServices = [
  "createService",
  "allServices",
  "listServices",
  "updateService",
  "addServiceKey",
  "listServiceKeys",
  "updateServiceKey",
  "removeServiceKey",
  "setServicePolicy",
  "getServicePolicy",
  "removeServicePolicy"
]

/** By group, in the order of their ids: `E-01` is the first. */
const order: Readonly<Record<string, ReadonlyArray<string>>> = {
  public: ["ping", "publicKey", "publicKeyById", "qrCode"],
  organization: [
    "createDirectory",
    "allDirectories",
    "listDirectories",
    "updateDirectory",
    "addDirectoryKey",
    "listDirectoryKeys",
    "updateDirectoryKey",
    "removeDirectoryKey",
    "generateSdkKey",
    "listSdkKeys",
    "removeSdkKey"
  ],
  organizationServices: ofServices,
  directory: [
    "linkDevice",
    "listDevices",
    "unlinkDevice",
    "listSessions",
    "endSessions",
    "generateTotp",
    "removeTotp"
  ],
  directoryServices: ofServices,
  service: [
    "createAuthorization",
    "getAuthorization",
    "cancelAuthorization",
    "startSession",
    "endSession",
    "verifyTotp"
  ]
}

/** `"public.ping"` → `"E-01"`. Those of this project's own have none. */
export const ids: ReadonlyMap<string, string> = new Map(
  Object.entries(order).flatMap(([group, names]) => names.map((name) => `${group}.${name}`)).map((endpoint, i) => [
    endpoint,
    `E-${String(i + 1).padStart(2, "0")}`
  ])
)

/** Endpoints that no client calls, and what takes the place of a call. */
export const uncalled: Readonly<Record<string, string>> = {
  "public.qrCode": "an address to show: `DirectoryClient.linkDevice` hands it out, `LinkQrCode` draws the same image"
}

/** What a transport calls by itself, so that the tests are the transport's. */
export const withinTransport = "public"

export interface Endpoint {
  readonly group: string
  readonly name: string
  readonly method: string
  readonly path: string
}

const all: Array<Endpoint> = []
HttpApi.reflect(Api, {
  onGroup: () => {},
  onEndpoint: ({ endpoint, group }) => {
    all.push({
      group: group.identifier,
      name: endpoint.name,
      method: endpoint.method,
      path: endpoint.path.replace(/:(\w+)/g, "<$1>")
    })
  }
})

export const endpoints: ReadonlyArray<Endpoint> = all

export const keyOf = ({ group, name }: Endpoint): string => `${group}.${name}`
