import { assert, describe, it } from "@effect/vitest"
import { html, nothing, trusted } from "../src/web/Html.ts"

describe("a template", () => {
  it("escapes what is put into text and attributes", () => {
    const name = `"><b onclick='x'>&amp;`
    assert.strictEqual(
      html`<i title="${name}">${name}</i>`.markup,
      "<i title=\"&quot;&gt;&lt;b onclick=&#39;x&#39;&gt;&amp;amp;\">&quot;&gt;&lt;b onclick=&#39;x&#39;&gt;&amp;amp;</i>"
    )
  })

  it("takes what templates made, alone and in lists, as it is", () => {
    const items = ["<", "2"].map((text) => html`<li>${text}</li>`)
    assert.strictEqual(html`<ul>${items}</ul>${nothing}${3}`.markup, "<ul><li>&lt;</li><li>2</li></ul>3")
  })

  it("takes markup that it is told to trust", () => {
    assert.strictEqual(html`<p>${trusted("<hr>")}</p>`.markup, "<p><hr></p>")
  })
})
