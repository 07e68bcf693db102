import * as DirectoryClient from "@effect-launchkey/clients/DirectoryClient"
import * as LinkQrCode from "@effect-launchkey/clients/LinkQrCode"
import * as Entity from "@effect-launchkey/core/EntityIdentifier"
import * as Authenticator from "@effect-launchkey/platform/Authenticator"
import * as Keyring from "@effect-launchkey/transport/Keyring"
import * as Transport from "@effect-launchkey/transport/Transport"
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestKeys from "../src/TestKeys.ts"
import * as TestPlatform from "../src/TestPlatform.ts"

const directory = Effect.gen(function*() {
  const { baseUrl } = yield* TestPlatform.TestPlatform
  const keyring = yield* Keyring.make({ signingKey: TestKeys.directory.privateKey })
  const transport = yield* Transport.make({ issuer: Entity.directory(TestPlatform.directoryId), baseUrl }).pipe(
    Effect.provideService(Keyring.Keyring, keyring)
  )
  return yield* DirectoryClient.make({ directoryId: TestPlatform.directoryId }).pipe(
    Effect.provideService(Transport.Transport, transport)
  )
})

const image = Effect.fnUntraced(function*(code: string) {
  const { baseUrl } = yield* TestPlatform.TestPlatform
  return yield* HttpClient.get(`${baseUrl}/public/v3/qr/${code}`)
})

/** Where the dark modules are, whatever the margin. */
const darkModules = (svg: string) => {
  const modules = Array.from(svg.matchAll(/M(\d+),(\d+)h10v10h-10z/g), ([, x, y]) => [Number(x), Number(y)] as const)
  const left = Math.min(...modules.map(([x]) => x))
  const top = Math.min(...modules.map(([, y]) => y))
  return modules.map(([x, y]) => `${x - left},${y - top}`)
}

layer(TestPlatform.layer, { excludeTestServices: true })("the image of a link", (it) => {
  describe("at its address", () => {
    it.effect("is fetched by anyone, and holds the code alone as the image that clients draw does", () =>
      Effect.gen(function*() {
        const link = yield* Effect.flatMap(directory, (client) => client.linkDevice("ada"))
        const answer = yield* image(link.code)
        assert.isTrue(link.qrCodeUrl.endsWith(`/public/v3/qr/${link.code}`))
        assert.strictEqual(answer.status, 200)
        assert.match(answer.headers["content-type"] ?? "", /^image\/svg\+xml/)
        const drawn = darkModules(yield* answer.text)
        assert.isAbove(drawn.length, 100)
        assert.sameMembers(drawn, darkModules(LinkQrCode.svg(link)))
      }))

    it.effect("is gone once the code was used, and never was for a code that was not given out", () =>
      Effect.gen(function*() {
        const { baseUrl } = yield* TestPlatform.TestPlatform
        const link = yield* Effect.flatMap(directory, (client) => client.linkDevice("grace"))
        const device = yield* Authenticator.make({ baseUrl, name: "Phone" })
        yield* device.link(link.code, TestPlatform.sdkKey)
        assert.strictEqual((yield* image(link.code)).status, 404)
        assert.strictEqual((yield* image("zzzzzzz")).status, 404)
        assert.strictEqual((yield* image("not-a-code")).status, 400)
      }))
  })
})
