import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"

const assets = {
  "style.css": "text/css; charset=utf-8",
  "live.js": "text/javascript; charset=utf-8",
  "icon.svg": "image/svg+xml"
}

export const routes = HttpLayerRouter.use((router) =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const folder = yield* path.fromFileUrl(new URL("../assets/", import.meta.url))
    yield* Effect.forEach(Object.entries(assets), ([name, contentType]) =>
      Effect.gen(function*() {
        const text = yield* files.readFileString(path.join(folder, name))
        const headers = { "cache-control": "max-age=300" }
        yield* router.add("GET", `/assets/${name}`, HttpServerResponse.text(text, { contentType, headers }))
      }))
  })
)
