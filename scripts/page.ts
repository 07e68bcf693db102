/**
 * Makes the authenticator's page for its package: `packages/authenticator/dist/page`.
 *
 *     pnpm build
 */
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as bundle from "../packages/authenticator/src/internal/bundle.ts"
import * as Workspace from "./workspace.ts"

const folder = Path.join(Workspace.root, "packages", "authenticator")
const built = Path.join(folder, "dist", bundle.builtFolder)

// names have a hash in them, so those of before would stay
Fs.rmSync(built, { recursive: true, force: true })
Fs.mkdirSync(built, { recursive: true })
for (const { body, name } of await bundle.make(Path.join(folder, "src"))) {
  Fs.writeFileSync(Path.join(built, name === "" ? "index.html" : name), body)
}
