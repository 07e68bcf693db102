#!/usr/bin/env node
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { run } from "./Cli.ts"

// Standard output is the commands' own: a program may be reading it.
const logger = Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.stringLogger))

run(process.argv).pipe(
  Effect.provide(NodeContext.layer),
  Effect.tapErrorCause((cause) => Effect.logError(cause)),
  Effect.provide(logger),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
