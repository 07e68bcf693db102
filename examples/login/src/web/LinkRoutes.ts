import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Links from "../Links.ts"
import * as Sessions from "../Sessions.ts"
import * as Settings from "../Settings.ts"
import * as Cookies from "./Cookies.ts"
import * as Form from "./Form.ts"
import * as LiveStatus from "./LiveStatus.ts"
import * as Respond from "./Respond.ts"
import * as Views from "./Views.ts"

const taken = {
  user: "That name has a device already. Log in to link another, or choose another name.",
  link: "Somebody is linking a device to that name. Choose another, or try again in some minutes."
}

export const routes = HttpLayerRouter.use((router) =>
  Effect.gen(function*() {
    const cookies = yield* Cookies.Cookies
    const links = yield* Links.Links
    const sessions = yield* Sessions.Sessions
    const { authenticatorUrl } = yield* Settings.Settings
    const live = yield* LiveStatus.makeByCookie

    const session = Effect.flatMap(cookies.read("session"), Effect.transposeMapOption(sessions.find)).pipe(
      Effect.map(Option.flatten)
    )

    const showForm = Effect.map(
      session,
      Option.match({
        onNone: () => Respond.page(Views.linkForm()),
        onSome: ({ user }) => Respond.page(Views.linkForm({ user, owner: true }))
      })
    )

    const submit = Effect.gen(function*() {
      const loggedIn = yield* session
      const owner = Option.isSome(loggedIn)
      // Who is logged in links for oneself alone, whatever the form says.
      const user = owner ? Option.some(loggedIn.value.user) : yield* Form.userName
      if (Option.isNone(user)) return Respond.page(Views.linkForm({ problem: Form.notAName }), { status: 422 })
      const refused = (problem: string) =>
        Respond.page(Views.linkForm({ user: user.value, owner, problem }), { status: 422 })
      const previous = yield* cookies.read("link")
      return yield* links.begin(user.value, { owner, previous }).pipe(
        Effect.map(({ token }) => cookies.write("link", token)(Respond.seeOther("/link/waiting"))),
        Effect.catchTags({
          NameTaken: ({ by }) => Effect.succeed(refused(taken[by])),
          InvalidDirectoryIdentifier: () => Effect.succeed(refused("The directory does not take that name."))
        })
      )
    })

    const waiting = Effect.gen(function*() {
      const token = yield* cookies.read("link")
      const link = Option.flatten(yield* Effect.transposeMapOption(token, links.find))
      if (Option.isNone(link)) return Respond.seeOther("/link")
      return Respond.page(
        link.value.completed
          ? Views.linkCompleted(Option.isSome(yield* session))
          : Views.linkWaiting(link.value, authenticatorUrl, yield* DateTime.now)
      )
    })

    const events = live("link", (token) =>
      Effect.map(
        links.find(token),
        Option.match({ onNone: () => "gone", onSome: ({ completed }) => completed ? "completed" : "waiting" })
      ))

    yield* router.add("GET", "/link", showForm)
    yield* router.add("POST", "/link", Respond.orProblem(submit))
    yield* router.add("GET", "/link/waiting", waiting)
    yield* router.add("GET", "/link/events", events)
  })
)
