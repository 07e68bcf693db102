#!/usr/bin/env node
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Ref from "effect/Ref"
import { run } from "./Cli.ts"
import * as Ending from "./Ending.ts"
import { table } from "./ExitCode.ts"
import * as Stdio from "./Stdio.ts"

// Standard output is the commands' own: a program may be reading it.
const logger = Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.stringLogger))

const ending = Effect.runSync(Ending.make)

run(process.argv).pipe(
  Effect.provideService(Ending.Ending, ending),
  Effect.provide([NodeContext.layer, FetchHttpClient.layer, Stdio.layer, logger]),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    disablePrettyLogger: true,
    teardown: (_, exit) => exit(table[Effect.runSync(Ref.get(ending))].code)
  })
)
