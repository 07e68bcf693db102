/**
 * The sandbox of this checkout, by one command:
 *
 *     npx -y pnpm@12 sandbox [--port N] [--host ADDRESS] [--store URL] [--json]
 */
import { endWithNpx } from "./endWithNpx.ts"

endWithNpx()
process.argv.splice(2, 0, "sandbox")
await import("../packages/cli/src/bin.ts")
