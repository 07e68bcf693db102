/**
 * What a body talks to, on a free port of this machine: takes its reports and the webhooks that it asked for, serves the
 * page of a browser and, on the same origin, the sandbox.
 */
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import type { Check } from "./body/vitest.ts"

interface Caught {
  readonly token: string | undefined
  readonly method: string
  readonly path: string
  readonly body: string
}

/** What is heard of the body that runs. */
interface Listener {
  readonly begins: (file: string) => void
  readonly checks: (checks: ReadonlyArray<Check>) => void
  readonly done: () => void
}

export interface Runner {
  readonly url: string
  /** Hears the next body; one at a time. */
  readonly listen: (listener: Listener) => void
  readonly close: () => void
}

const page = `<!doctype html><meta charset="utf-8"><title>Runtimes</title><script type="module">
import { run } from "/body.mjs"
await run({ baseUrl: location.origin, runner: location.origin })
</script>`

const read = async (request: Http.IncomingMessage): Promise<Buffer> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const forward = (sandbox: string, request: Http.IncomingMessage, response: Http.ServerResponse): void => {
  const { host: _, ...headers } = request.headers
  const onward = Http.request(new URL(request.url ?? "/", sandbox), { method: request.method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  onward.on("error", () => response.destroy())
  request.pipe(onward)
}

export const start = async (sandbox: string, body: string): Promise<Runner> => {
  let listener: Listener | undefined
  const caught = new Map<string, Array<Caught>>()

  const handle = async (request: Http.IncomingMessage, response: Http.ServerResponse): Promise<void> => {
    const path = request.url ?? "/"
    const answer = (status: number, content = "", contentType = "application/json"): void => {
      response.writeHead(status, { "content-type": contentType }).end(content)
    }
    const [, hooks, address = ""] = /^\/(hooks|caught)\/(.+)$/.exec(path) ?? []
    if (hooks === "hooks") {
      const token = request.headers["x-iov-jwt"]
      const delivery = {
        token: typeof token === "string" ? token : undefined,
        method: request.method ?? "",
        path,
        body: (await read(request)).toString("base64")
      }
      caught.set(address, [...(caught.get(address) ?? []), delivery])
      return answer(204)
    }
    if (hooks === "caught") return answer(200, JSON.stringify(caught.get(address) ?? []))
    switch (path) {
      case "/page":
        return answer(200, page, "text/html; charset=utf-8")
      case "/body.mjs":
        return answer(200, body, "text/javascript; charset=utf-8")
      case "/begins":
        listener?.begins(JSON.parse(String(await read(request))).name)
        return answer(200, "{}")
      case "/checks":
        listener?.checks(JSON.parse(String(await read(request))))
        return answer(200, "{}")
      case "/done":
        answer(200, "{}")
        return listener?.done()
      default:
        return forward(sandbox, request, response)
    }
  }

  const server = Http.createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  // a body that is at its tests for long comes back on the same connection
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    listen: (next) => void (listener = next),
    close: () => {
      server.close()
      server.closeAllConnections()
    }
  }
}
