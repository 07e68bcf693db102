/** What keeps workflows: a file here, and with another client of SQL a database that processes share. */
import { ClusterWorkflowEngine, SingleRunner } from "@effect/cluster"
import { LibsqlClient } from "@effect/sql-libsql"
import { Layer } from "effect"

export const engine = (file: string) =>
  ClusterWorkflowEngine.layer.pipe(
    Layer.provide(SingleRunner.layer({
      runnerStorage: "memory",
      // What a process that ended has left is taken up within a second.
      shardingConfig: { entityMessagePollInterval: "1 second", entityTerminationTimeout: "0 seconds" }
    })),
    // Its ids are integers of 64 bits.
    Layer.provide(LibsqlClient.layer({ url: `file:${file}`, intMode: "bigint" }))
  )
