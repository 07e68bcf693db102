/** Nodes of one platform, each a process of its own, and what is in front of them. */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import * as Http from "node:http"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"

/** Milliseconds of CPU time, and bytes in memory. */
interface Used {
  readonly cpu: number
  readonly rss: number
}

/** What a node says: first where it is, and then what it has used as often as it is asked. */
export type FromNode = { readonly port: number } | Used

export interface Node {
  readonly port: number
  readonly used: () => Promise<Used>
  readonly stop: () => void
}

const said = <A extends FromNode>(child: ChildProcess): Promise<A> =>
  new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`A node ended with ${code}`))
    child.once("exit", ended)
    child.once("message", (message) => {
      child.off("exit", ended)
      resolve(message as A)
    })
  })

/** Starts them all at once, on a database that may be empty. They end with this process at the latest. */
export const start = (count: number, databaseUrl: string): Promise<ReadonlyArray<Node>> =>
  Promise.all(Array.from({ length: count }, async (): Promise<Node> => {
    const child = fork(fileURLToPath(new URL("node.ts", import.meta.url)), {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      env: { ...process.env, NODE_DATABASE_URL: databaseUrl }
    })
    const { port } = await said<{ readonly port: number }>(child)
    return {
      port,
      used: () => {
        child.send("used")
        return said<Used>(child)
      },
      stop: () => child.disconnect()
    }
  }))

type Incoming = Pick<Http.IncomingMessage, "method" | "url" | "rawHeaders">

/** Over a connection of its own, with path and headers as they came. */
const ask = ({ port }: Node, { method, rawHeaders, url }: Incoming): Http.ClientRequest =>
  Http.request({ host: "127.0.0.1", port, method, path: url, headers: rawHeaders, setHost: false, agent: false })

const answer = async (node: Node, incoming: Incoming, body: string) => {
  const request = ask(node, incoming).end(body)
  const [response]: Array<Http.IncomingMessage> = await once(request, "response")
  return { status: response?.statusCode ?? 502, body: response === undefined ? "" : await text(response) }
}

/** What is told to all of them, as each holds it for itself. */
const toAll: ReadonlySet<string | undefined> = new Set(["/sandbox/clock"])

/**
 * A port at which each request is given to the next node, whoever had the last of its connection. Ends with this process
 * at the latest.
 */
export const distribute = async (nodes: ReadonlyArray<Node>): Promise<{ readonly port: number; close: () => void }> => {
  let turn = 0
  const server = Http.createServer(async (incoming, outgoing) => {
    if (toAll.has(incoming.url)) {
      const body = await text(incoming)
      const answers = await Promise.all(nodes.map((node) => answer(node, incoming, body)))
      const shown = answers.find(({ status }) => status !== 200) ?? answers[0]
      outgoing.writeHead(shown?.status ?? 502, { "content-type": "application/json" }).end(shown?.body)
      return
    }
    const node = nodes[turn++ % nodes.length]
    if (node === undefined) return outgoing.destroy()
    const request = ask(node, incoming)
    request.on("response", (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.rawHeaders)
      response.pipe(outgoing)
    })
    request.on("error", () => outgoing.destroy())
    outgoing.on("close", () => request.destroy())
    incoming.pipe(request)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  return {
    port: address !== null && typeof address === "object" ? address.port : 0,
    close: () => {
      server.close()
      server.closeAllConnections()
    }
  }
}
