/** The one form that there is: a user's name. */
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** Compared without case and outer space, as people type it. */
const UserName = Schema.Trim.pipe(
  Schema.compose(Schema.Lowercase),
  Schema.filter((name) => name !== "" && name.length <= 100 && !/\p{Cc}/u.test(name), {
    message: () => "expected a name of 1 to 100 characters"
  })
)

const decodeName = Schema.decodeOption(UserName)

const readForm = HttpServerRequest.schemaBodyUrlParams(Schema.Struct({ user: Schema.String }))

/** None where it is no name that anybody could have. */
export const userName = readForm.pipe(
  Effect.map(({ user }) => decodeName(user)),
  HttpIncomingMessage.withMaxBodySize(Option.some(4096))
)

export const notAName = "Give a name of 1 to 100 characters."
