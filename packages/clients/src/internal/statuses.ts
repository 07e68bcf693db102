import * as Effect from "effect/Effect"
import * as Mailbox from "effect/Mailbox"
import * as Stream from "effect/Stream"
import type { AuthorizationStatus } from "../PromiseClients.ts"
import type * as ServiceClient from "../ServiceClient.ts"

/** Of a reader who is slow, only what is news is kept. */
export const statuses = (
  client: ServiceClient.Service,
  request: Parameters<ServiceClient.Service["awaitResponse"]>[0],
  options: ServiceClient.AwaitResponseOptions
): Stream.Stream<AuthorizationStatus, ServiceClient.AwaitResponseError> =>
  Stream.unwrapScoped(Effect.gen(function*() {
    const mailbox = yield* Mailbox.make<AuthorizationStatus, ServiceClient.AwaitResponseError>({
      capacity: 2,
      strategy: "sliding"
    })
    yield* client.awaitResponse(request, { ...options, onPending: mailbox.offer({ _tag: "Pending" }) }).pipe(
      Effect.flatMap((response) => mailbox.offer({ _tag: "Answered", response })),
      Mailbox.into(mailbox),
      Effect.forkScoped
    )
    return Mailbox.toStream(mailbox)
  }))
