/** Of the store: where devices are told by push, and what they report. */
import type { Database } from "@effect-launchkey/sql/Database"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Store from "../../Store.ts"
import * as Reading from "./reading.ts"
import { head, text } from "./reading.ts"
import * as Records from "./records.ts"

type Methods = Pick<Store.Service, "recordFraud" | "fraudReports" | "setPushEndpoint" | "pushEndpoint">

/** How long a report of fraud is kept. */
const retention = Duration.days(90)

export const make = (database: Database): Methods => {
  const { join, sql } = database
  const { read } = Reading.make(database)
  return {
    recordFraud: (report) =>
      Effect.flatMap(Records.fraudReport.encode("Store.recordFraud", report), (record) =>
        join(
          "Store.recordFraud",
          sql`INSERT INTO platform_fraud_reports (until, record)
            VALUES (${DateTime.toEpochMillis(report.at) + Duration.toMillis(retention)}, ${record})`
        )),
    fraudReports: (limit) =>
      read(
        "Store.fraudReports",
        Records.fraudReport,
        sql`SELECT record FROM platform_fraud_reports ORDER BY position DESC LIMIT ${limit}`
      ),
    setPushEndpoint: (id, endpoint) =>
      Option.match(endpoint, {
        onNone: () =>
          join("Store.setPushEndpoint", sql`DELETE FROM platform_push_endpoints WHERE device_id = ${text(id)}`),
        onSome: (url) =>
          join(
            "Store.setPushEndpoint",
            sql`INSERT INTO platform_push_endpoints (device_id, endpoint) VALUES (${text(id)}, ${url})
              ON CONFLICT (device_id) DO UPDATE SET endpoint = excluded.endpoint`
          )
      }),
    pushEndpoint: (id) =>
      Effect.map(
        join(
          "Store.pushEndpoint",
          sql<{ endpoint: string }>`SELECT endpoint FROM platform_push_endpoints WHERE device_id = ${text(id)}`
        ),
        (rows) => Option.map(head(rows), ({ endpoint }) => endpoint)
      )
  }
}
