/** What runs on every runtime: the one export of the bundle. The list of files is made by the bundler. */
import { it } from "@effect/vitest"
import { files } from "runtimes:files"
import { type Place, tell } from "./place.ts"
import { makeRunner } from "./vitest.ts"

const runFile = makeRunner(it)

/** Runs all, and posts to the runner how each file's checks have ended: `/checks` for each file, `/done` for all. */
export const run = async (place: Place): Promise<void> => {
  tell(place)
  const post = async (path: string, body: unknown): Promise<void> => {
    const response = await fetch(`${place.runner}${path}`, { method: "POST", body: JSON.stringify(body) })
    await response.text()
  }
  for (const [name, load] of files) {
    await post("/begins", { name })
    await post("/checks", await runFile(name, load))
  }
  await post("/done", {})
}
