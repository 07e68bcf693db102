/**
 * The platform without its work, in a process of its own: an HTTP server on the loopback interface that answers what was
 * sealed before. Tells its parent where it is and which ids it has answers for, and ends with it.
 */
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import * as Fixture from "./fixture.ts"
import { ringSize } from "./operations.ts"

export interface Ready {
  readonly port: number
  readonly tokenIds: ReadonlyArray<string>
}

const fixture = await Fixture.make(ringSize)

const respond = (request: Http.IncomingMessage, response: Http.ServerResponse): void => {
  const { headers: { authorization }, method = "", url = "" } = request
  if (authorization === undefined) {
    const answer = Fixture.publicAnswer(url)
    response.writeHead(answer === undefined ? 404 : 200, {
      "content-type": "application/json",
      ...(answer?.keyId !== undefined && { "x-iov-key-id": answer.keyId })
    })
    response.end(answer?.body)
    return
  }
  const { body, status, token } = fixture.answerTo(Fixture.operationOf(method, url), authorization)
  const about = body.length === 0 ? {} : { "content-type": "application/jose", "content-length": body.length }
  response.writeHead(status, { "x-iov-jwt": token, ...about })
  response.end(body)
}

// an answer begins once the whole of its request has come
const server = Http.createServer((request, response) => {
  request.resume()
  request.once("end", () => respond(request, response))
})

server.listen(0, "127.0.0.1", () => {
  const ready: Ready = { port: (server.address() as AddressInfo).port, tokenIds: fixture.tokenIds }
  process.send?.(ready)
})

process.once("disconnect", () => process.exit(0))
