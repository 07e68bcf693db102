/**
 * Writes docs/openapi.json, a copy of what every platform serves. A test tells when it is old.
 *
 *     pnpm openapi
 */
import * as ApiReference from "@effect-launchkey/platform/ApiReference"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Workspace from "./workspace.ts"

Fs.writeFileSync(
  Path.join(Workspace.root, "docs", "openapi.json"),
  `${JSON.stringify(ApiReference.document(), null, 1)}\n`
)
console.log("wrote docs/openapi.json")
