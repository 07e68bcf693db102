#!/usr/bin/env node
import * as ValidationError from "@effect/cli/ValidationError"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { run } from "./Cli.ts"

// Standard output is the commands' own: a program may be reading it.
const logger = Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.stringLogger))

run(process.argv).pipe(
  // What is wrong with the arguments was told already.
  Effect.tapError((error) => ValidationError.isValidationError(error) ? Effect.void : Console.error(error.message)),
  Effect.tapDefect((cause) => Effect.logFatal(cause)),
  Effect.provide([NodeContext.layer, logger]),
  NodeRuntime.runMain({ disableErrorReporting: true, disablePrettyLogger: true })
)
