/**
 * The `launchkey` command.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import * as SandboxCommand from "./commands/SandboxCommand.ts"
import { version } from "./internal/version.ts"

const command = Command.make("launchkey").pipe(
  Command.withDescription("Multi-factor authentication over the LaunchKey API v3."),
  Command.withSubcommands([SandboxCommand.command])
)

/**
 * Runs what the arguments ask for. They are those of the process, the first two of which name the program.
 *
 * @since 0.1.0
 * @category constructors
 */
export const run = Command.run(command, { name: "launchkey", version })
