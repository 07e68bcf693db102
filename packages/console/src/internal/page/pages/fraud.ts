/** What users reported as fraud, and how a service may ask them again. */
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import type { FraudReport } from "@effect-launchkey/platform/OperatingApi"
import { h } from "@effect-launchkey/platform/PageElements"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { App, Page } from "../app.ts"
import type { Names } from "../names.ts"
import type { Problem } from "../problems.ts"
import * as ui from "../ui.ts"

/** How many reports are shown. */
const most = 200

export const fraud = ({ api, call, reload, run, tell }: App, names: Names): Effect.Effect<Page, Problem> =>
  Effect.map(call(api.operating.listFraud({ payload: { limit: most } })), (reports) => {
    const lift = ({ directoryId, serviceId }: typeof FraudReport.Type) =>
      Effect.gen(function*() {
        const field = ui.input("User", "", () => {}, { hint: "as the directory names them" })
        const given = yield* ui.ask("Let it ask again", "Let it ask", [{ field, problem: ui.needed }], [
          h(
            "p",
            {},
            `${names.text(Entity.service(serviceId))} asks this user nothing for a while. A report does not say whose `
              + "it is: ask whoever wants to be asked again."
          )
        ])
        if (Option.isNone(given)) return
        const [user = ""] = given.value
        yield* call(api.operating.liftFraud({ payload: { directoryId, serviceId, user } }))
        yield* tell("The service may ask the user again.")
      })
    return {
      title: "Reports of fraud",
      content: [
        ui.section(
          "Reports, the latest first",
          [ui.button("Look again", "plain small", () => run(reload))],
          ui.table(
            "Reports of fraud",
            ["When", "Service", "Directory", "Request", "Device", "Do"],
            reports.map((report) => [
              ui.time(report.at),
              names.of(Entity.service(report.serviceId)),
              names.of(Entity.directory(report.directoryId)),
              ui.mono(report.authorizationRequestId),
              ui.mono(report.deviceId),
              ui.button("Let it ask again", "plain small", () => run(lift(report)), {
                "aria-label": `Let the service of request ${report.authorizationRequestId} ask again`
              })
            ]),
            "No user has reported anything."
          ),
          h(
            "p",
            { class: "hint" },
            "A user who denies a request as fraud is asked nothing by that service for a while."
              + (reports.length < most ? "" : ` These are the latest ${most}.`)
          )
        )
      ]
    }
  })
