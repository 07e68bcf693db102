/** The runtimes, where each comes from, and how the body is run on it. */
import * as Browser from "@effect-launchkey/testing/TestBrowser"
import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { chromium } from "playwright-core"
import type { Place } from "./body/place.ts"
import { type Running, started } from "./running.ts"
import * as Workerd from "./workerd.ts"

/** A runtime that is at hand. */
export interface Ready {
  /** As it says itself. */
  readonly version: string
  /** Has it run the body; the promise ends with the runtime, and what it said is for the case that it ends too early. */
  readonly run: (place: Place) => Running
}

export interface Runtime {
  readonly name: string
  /** Tests of what it cannot do at all, by the ends of their names, and why. */
  readonly cannot?: Readonly<Record<string, string>>
  /** In a folder with the body, in `body.mjs`. Why there is none, as text. */
  readonly prepare: (folder: string) => Promise<Ready | string>
}

const output = (command: string, args: ReadonlyArray<string>, cwd: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "ignore"] })
    let said = ""
    child.stdout.on("data", (chunk) => said += String(chunk))
    child.on("error", () => resolve(undefined))
    child.on("close", (code) => resolve(code === 0 ? said.trim() : undefined))
  })

/** From the package registry, by the package that carries the command of the same name. */
const packaged = async (name: string, version: string, folder: string): Promise<string | undefined> => {
  const found = await output("npx", ["-y", "-p", `${name}@${version}`, "-c", `command -v ${name}`], folder)
  return found === undefined || !Path.isAbsolute(found) ? undefined : found
}

const versionOf = async (command: string, args: ReadonlyArray<string>, folder: string): Promise<string> =>
  /\d+(?:[.-]\d+)+/.exec(await output(command, args, folder) ?? "")?.[0] ?? "unknown"

interface Packaged {
  readonly name: string
  readonly package: string
  readonly version: string
  /** What to give the command; `main.mjs` runs the body. */
  readonly args: (place: Place, folder: string) => ReadonlyArray<string>
}

const ofPackage = (runtime: Packaged): Runtime => ({
  name: runtime.name,
  prepare: async (folder) => {
    const command = await packaged(runtime.package, runtime.version, folder)
    if (command === undefined) return `npx did not find ${runtime.package}@${runtime.version} in the package registry`
    return {
      version: await versionOf(command, ["--version"], folder),
      run: (place) => started(command, runtime.args(place, folder), folder)
    }
  }
})

const script = (place: Place, folder: string): string => {
  const file = Path.join(folder, "main.mjs")
  Fs.writeFileSync(file, `import { run } from "./body.mjs"\nawait run(${JSON.stringify(place)})\n`)
  return file
}

const node = (version: string): Runtime =>
  ofPackage({
    name: `node${version.split(".")[0]}`,
    package: "node",
    version,
    args: (place, folder) => [script(place, folder)]
  })

const addresses = (place: Place): string => [place.baseUrl, place.runner].map((url) => new URL(url).host).join(",")

/** The body runs within a request, as workerd neither waits nor tells the time outside of one. */
const worker = (place: Place): string =>
  `import { run } from "body.mjs"
export default {
  fetch: async () => {
    await run(${JSON.stringify(place)})
    return new Response("done")
  }
}
`

/** The socket is asked once by itself, on a port that is free: workerd reports it on standard output. */
const workerConfig = `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "loopback", network = (allow = ["private"]))
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);

const main :Workerd.Worker = (
  modules = [
    (name = "main.mjs", esModule = embed "main.mjs"),
    (name = "body.mjs", esModule = embed "body.mjs")
  ],
  compatibilityDate = "2026-11-01",
  globalOutbound = "loopback"
);
`

const workerdVersion = "1.20261117.1"

export const findWorkerd = (folder: string): Promise<string | undefined> => packaged("workerd", workerdVersion, folder)

const workerd: Runtime = {
  name: "workerd",
  prepare: async (folder) => {
    const command = await findWorkerd(folder)
    if (command === undefined) return `npx did not find workerd@${workerdVersion} in the package registry`
    return {
      version: await versionOf(command, ["--version"], folder),
      run: (place) => {
        Fs.writeFileSync(Path.join(folder, "main.mjs"), worker(place))
        Fs.writeFileSync(Path.join(folder, "config.capnp"), workerConfig)
        const { port, running } = Workerd.serve(command, folder)
        // its answer comes at the end, which the runner is told of too
        port.then((port) => fetch(`http://127.0.0.1:${port}/`)).then((response) => response.text())
          .catch(() => undefined)
        return running
      }
    }
  }
}

const browser: Runtime = {
  name: "chromium",
  cannot: {
    "reads nothing of a body that says itself that it is larger": "a request made in a page has no content-length"
  },
  prepare: async () => {
    if (Browser.executable === undefined) return Browser.absent
    const instance = await chromium.launch({
      executablePath: Browser.executable,
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    })
    return {
      version: instance.version(),
      run: ({ runner }) => {
        let said = ""
        const ended = new Promise<string>((resolve) => {
          instance.on("disconnected", () => resolve(`ended\n${said.slice(-4000)}`))
        })
        const open = async (): Promise<void> => {
          const page = await instance.newPage()
          page.on("pageerror", (error) => said += `${error.stack ?? error.message}\n`)
          page.on("crash", () => void instance.close())
          await page.goto(`${runner}/page`)
        }
        open().catch((error) => {
          said += String(error)
          void instance.close()
        })
        return { ended, end: () => instance.close() }
      }
    }
  }
}

/** All that there are, each at the one version that is known to be in the registry. */
export const runtimes: ReadonlyArray<Runtime> = [
  node("20.20.2"),
  node("22.23.3"),
  node("24.21.0"),
  ofPackage({ name: "bun", package: "bun", version: "1.4.5", args: (place, folder) => [script(place, folder)] }),
  ofPackage({
    name: "deno",
    package: "deno",
    version: "2.9.6",
    args: (place, folder) => ["run", `--allow-net=${addresses(place)}`, script(place, folder)]
  }),
  workerd,
  browser
]
