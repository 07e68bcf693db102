import { assert, describe, it } from "@effect/vitest"
import * as LinkQrCode from "../src/LinkQrCode.ts"

const link = { code: "xmchhhc" }

/** By another implementation, npm's `qrcode` 1.5.4, at error correction level L; read back by a third, `jsqr` 1.4.0. */
const modules = [
  "#######..#.##.#######",
  "#.....#.##.#..#.....#",
  "#.###.#.##..#.#.###.#",
  "#.###.#..#.#..#.###.#",
  "#.###.#.#...#.#.###.#",
  "#.....#.#..##.#.....#",
  "#######.#.#.#.#######",
  "........#####........",
  "##.#..##.##...###.##.",
  ".###.#.###....##..###",
  "#####.##..#.##...##.#",
  ".#.#.#..####....##.##",
  "#..##.####..#.#.#....",
  "........####...#.#.##",
  "#######.##...#.##..#.",
  "#.....#....###.#....#",
  "#.###.#..#.#..#.#...#",
  "#.###.#.####...##.###",
  "#.###.#..##.#..##.#.#",
  "#.....#.#....####....",
  "#######.##.##....#.#."
]

const margin = 4

const dark = (x: number, y: number) => modules[y - margin]?.[x - margin] === "#"

describe("svg", () => {
  it("draws the code alone, with a margin of four modules", () => {
    const drawn = LinkQrCode.svg(link)
    const side = 290
    assert.isTrue(drawn.startsWith(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}">`))
    const found = new Set(Array.from(drawn.matchAll(/M(\d+),(\d+)h10v10h-10z/g), ([, x, y]) => `${x},${y}`))
    for (let y = 0; y < 29; y++) {
      for (let x = 0; x < 29; x++) {
        assert.strictEqual(found.has(`${x * 10},${y * 10}`), dark(x, y), `${x},${y}`)
      }
    }
  })
})

const lit: Record<string, readonly [upper: boolean, lower: boolean]> = {
  "█": [true, true],
  "▀": [true, false],
  "▄": [false, true],
  " ": [false, false]
}

describe("text", () => {
  for (const [name, darkOnLight] of [["light on dark", false], ["dark on light", true]] as const) {
    it(`draws the code alone, ${name}`, () => {
      const lines = LinkQrCode.text(link, { darkOnLight }).split("\n")
      assert.strictEqual(lines.length, 15)
      for (let y = 0; y < 29; y++) {
        for (let x = 0; x < 29; x++) {
          const block = lit[lines[Math.floor(y / 2)]?.[x] ?? ""]
          assert.strictEqual(block?.[y % 2], dark(x, y) === darkOnLight, `${x},${y}`)
        }
      }
    })
  }

  it("is light on dark unless told otherwise", () => {
    assert.strictEqual(LinkQrCode.text(link), LinkQrCode.text(link, { darkOnLight: false }))
  })
})
