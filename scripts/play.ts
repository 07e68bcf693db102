/**
 * A platform, an application whose login is this SDK, and an authenticator to answer it, by one command:
 *
 *     npx -y pnpm@12 play [--simulate] [--port N] [--platform-port N]
 */
import { endWithNpx } from "./endWithNpx.ts"

endWithNpx()
await import("../examples/login/play/main.ts")
