import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Settings from "../src/Settings.ts"

const complete = {
  EXTERNAL_URL: "https://login.example.com/",
  ORGANIZATION_ID: "8a6b1e9e-7d1c-11ee-b962-0242ac120002",
  DIRECTORY_ID: "9c0f6f3a-7d1c-11ee-b962-0242ac120002",
  SERVICE_ID: "a5a2d6d4-7d1c-11ee-b962-0242ac120002"
}

const read = (environment: Readonly<Record<string, string>>) =>
  Effect.provide(
    Effect.map(Settings.Settings, (settings) => settings),
    Settings.layerConfig.pipe(
      Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment)))))
    )
  )

describe("settings", () => {
  it.effect("are read from the environment", () =>
    Effect.gen(function*() {
      const { authenticatorUrl, externalUrl, serviceId } = yield* read(complete)
      assert.strictEqual(externalUrl, "https://login.example.com")
      assert.strictEqual(serviceId, complete.SERVICE_ID)
      assert.deepStrictEqual(authenticatorUrl, Option.none())
    }))

  it.effect("name what is wrong with an address that no origin is", () =>
    Effect.gen(function*() {
      for (const url of ["login.example.com", "https://example.com/login", "ftp://example.com"]) {
        const error = yield* Effect.flip(read({ ...complete, EXTERNAL_URL: url }))
        assert.include(String(error), "is not the address of a site")
      }
    }))

  it.effect("refuse an id that is none", () =>
    Effect.gen(function*() {
      assert.include(String(yield* Effect.flip(read({ ...complete, SERVICE_ID: "mine" }))), "SERVICE_ID")
    }))
})
