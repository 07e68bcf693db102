/**
 * Makes the pages for their packages, such as `packages/authenticator/dist/page`.
 *
 *     pnpm build
 */
import * as NodeAuthenticatorPage from "@effect-launchkey/authenticator/NodeAuthenticatorPage"
import * as NodeConsolePage from "@effect-launchkey/console/NodeConsolePage"
import * as NodeStaticPage from "@effect-launchkey/platform/NodeStaticPage"
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Workspace from "./workspace.ts"

for (const sources of [NodeAuthenticatorPage.sources, NodeConsolePage.sources]) {
  const built = Path.join(Workspace.root, "packages", sources.name, "dist", NodeStaticPage.builtFolder)
  const assets = await Effect.runPromise(NodeStaticPage.bundle(sources))
  // names have a hash in them, so those of before would stay
  Fs.rmSync(built, { recursive: true, force: true })
  Fs.mkdirSync(built, { recursive: true })
  for (const { body, name } of assets) Fs.writeFileSync(Path.join(built, name === "" ? "index.html" : name), body)
}
