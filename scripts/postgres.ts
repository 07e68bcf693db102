/**
 * Runs a command with a PostgreSQL of its own: starts a private cluster on a free port of the loopback interface, tells
 * the command its address in TEST_DATABASE_URL, and stops it whatever happens. Where that variable is set, the command
 * runs with the database it names.
 *
 *     pnpm postgres -- vitest run packages/clients/test/sql
 *
 * The binaries are Debian's (`apt-get install postgresql`), those of PG_BIN, or those on the PATH.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import { setTimeout } from "node:timers/promises"

const root = process.getuid?.() === 0

const folders = (): ReadonlyArray<string> => {
  const debian = "/usr/lib/postgresql"
  const versions = Fs.existsSync(debian) ? Fs.readdirSync(debian) : []
  return [
    process.env["PG_BIN"] ?? "",
    ...versions.sort((a, b) => Number(b) - Number(a)).map((version) => Path.join(debian, version, "bin")),
    ...(process.env["PATH"] ?? "").split(Path.delimiter)
  ]
}

const binaries = folders().find((folder) =>
  folder !== "" && ["initdb", "postgres"].every((name) => Fs.existsSync(Path.join(folder, name)))
)

// PostgreSQL refuses to run as root. Where the kernel can, the server ends with this process, even if that is killed.
const asServer = (command: string, args: ReadonlyArray<string>): readonly [string, ReadonlyArray<string>] => {
  const user = root ? ["--reuid=postgres", "--regid=postgres", "--clear-groups"] : []
  return Fs.existsSync("/usr/bin/setpriv")
    ? ["/usr/bin/setpriv", [...user, "--pdeathsig", "QUIT", command, ...args]]
    : [command, args]
}

const freePort = async (): Promise<number> => {
  const server = Net.createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  return address !== null && typeof address === "object" ? address.port : 0
}

const answers = async (port: number): Promise<boolean> => {
  const socket = Net.connect(port, "127.0.0.1")
  const connected = await Promise.race([
    once(socket, "connect").then(() => true, () => false),
    setTimeout(1000, false)
  ])
  socket.destroy()
  return connected
}

let server: ChildProcess | undefined
let room: string | undefined

/** At once, as nothing in it is to be kept. */
const stop = (): void => {
  if (server !== undefined && server.exitCode === null && server.signalCode === null) {
    server.kill("SIGQUIT")
  }
  if (room !== undefined) {
    Fs.rmSync(room, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  }
}
process.on("exit", stop)

let child: ChildProcess | undefined
let stopping = false
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    stopping = true
    // the command ends first, and then this
    if (child === undefined) process.exit(1)
    child.kill(signal)
  })
}

const start = async (folder: string): Promise<string> => {
  room = Fs.mkdtempSync(Path.join(Os.tmpdir(), "postgres-"))
  if (root) {
    const owned = spawnSync("chown", ["postgres", room], { encoding: "utf8" })
    if (owned.status !== 0) {
      throw new Error(`PostgreSQL needs a user named postgres when root starts it: ${owned.stderr}`)
    }
  }
  const data = Path.join(room, "data")
  const [command, args] = asServer(Path.join(folder, "initdb"), [
    "-D",
    data,
    "--auth=trust",
    "--username=postgres",
    "--no-sync",
    "--encoding=UTF8",
    "--locale=C"
  ])
  const made = spawnSync(command, args, { cwd: room, encoding: "utf8" })
  if (made.status !== 0) {
    throw new Error(`initdb failed: ${made.error ?? made.stderr}`)
  }
  const port = await freePort()
  const settings = [
    `port=${port}`,
    "listen_addresses=127.0.0.1",
    `unix_socket_directories=${room}`,
    "max_connections=200",
    "shared_buffers=64MB",
    // for tests: what a crash of the machine would lose is of no interest
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off"
  ]
  const [postgres, postgresArgs] = asServer(Path.join(folder, "postgres"), [
    "-D",
    data,
    ...settings.flatMap((setting) => ["-c", setting])
  ])
  const log = Fs.openSync(Path.join(room, "log"), "w")
  // in a process group of its own: a signal to this one's group is this one's to answer
  server = spawn(postgres, postgresArgs, { cwd: room, stdio: ["ignore", log, log], detached: true })
  for (let attempt = 0; attempt < 200; attempt++) {
    if (server.exitCode !== null) break
    // a server that is starting refuses; a free port that somebody else took first answers, and the server has ended
    if (
      await answers(port) && Fs.readFileSync(Path.join(room, "log"), "utf8").includes("ready to accept connections")
    ) {
      return `postgres://postgres@127.0.0.1:${port}/postgres`
    }
    await setTimeout(50)
  }
  throw new Error(`PostgreSQL did not start:\n${Fs.readFileSync(Path.join(room, "log"), "utf8")}`)
}

const given = process.argv.slice(2)
const [command, ...args] = given[0] === "--" ? given.slice(1) : given
if (command === undefined) {
  console.error("Give the command to run: pnpm postgres -- vitest run packages/clients/test/sql")
  process.exit(2)
}

const known = process.env["TEST_DATABASE_URL"]
if (known === undefined && binaries === undefined) {
  console.error(
    "There is no PostgreSQL on this machine: no initdb in /usr/lib/postgresql/*/bin, in PG_BIN or on the PATH. " +
      "Install it (Debian: apt-get install postgresql), or name a database in TEST_DATABASE_URL."
  )
  process.exit(3)
}

try {
  const url = known ?? await start(binaries ?? "")
  if (stopping) process.exit(1)
  const env: NodeJS.ProcessEnv = { ...process.env, TEST_DATABASE_URL: url }
  // an outer npx would steer an inner one
  delete env["npm_config_package"]
  child = spawn(command, args, { stdio: "inherit", env })
  const [code, signal] = await once(child, "exit")
  process.exit(typeof code === "number" ? code : 128 + (Os.constants.signals[signal as NodeJS.Signals] ?? 0))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
