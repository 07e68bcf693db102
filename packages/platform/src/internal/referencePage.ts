import type { Document, Json, Operation } from "../ApiReference.ts"

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;" }

const escaped = (text: unknown): string => String(text).replace(/[&<>"]/g, (char) => entities[char] ?? char)

const isJson = (u: unknown): u is Json => typeof u === "object" && u !== null && !Array.isArray(u)

/** The plain JSON of a body, whether it is sealed or not. */
const plainOf = (body: unknown): Json | undefined => {
  const [media] = isJson(body) && isJson(body["content"]) ? Object.values(body["content"]) : []
  const schema = isJson(media) ? media["schema"] : undefined
  const inner = isJson(schema) ? schema["contentSchema"] : undefined
  return isJson(inner) ? inner : isJson(schema) ? schema : undefined
}

const listed = (label: string, schema: Json | undefined): string =>
  schema === undefined || "$ref" in schema
    ? ""
    : `<details><summary>${label}</summary><pre>${escaped(JSON.stringify(schema, null, 2))}</pre></details>`

const operation = (path: string, method: string, self: Operation): string => {
  const open = self.security?.length === 0
  const responses = Object.entries(self.responses).map(([status, response]) =>
    `<tr><th scope="row">${status}</th><td>${escaped(response["description"])}${
      listed("JSON", plainOf(response))
    }</td></tr>`
  )
  return `<section id="${escaped(self.operationId)}">
<h3><span class="method">${method.toUpperCase()}</span> <code>${escaped(path)}</code></h3>
<p>${escaped(self.summary)} · ${open ? "anybody may call it" : "sealed both ways"}${
    self["x-repeatable"] ? " · safe to repeat" : ""
  }</p>
${listed("JSON of the request", plainOf(self.requestBody))}
<table>${responses.join("")}</table>
</section>`
}

/** A page without scripts, which asks nobody else for anything. */
export const html = (document: Document, paths: { readonly document: string; readonly style: string }): string => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, self]) => ({ path, method, self }))
  )
  const groups = document.tags.map(({ name }) => {
    const members = operations.filter(({ self }) => self.tags.includes(String(name)))
    return {
      contents: `<li>${escaped(name)}<ul>${
        members.map(({ method, path, self }) =>
          `<li><a href="#${escaped(self.operationId)}">${method.toUpperCase()} ${escaped(path)}</a></li>`
        ).join("")
      }</ul></li>`,
      text: `<h2>${escaped(name)}</h2>${
        members.map(({ method, path, self }) => operation(path, method, self)).join("")
      }`
    }
  })
  const { description, title } = document.info
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<link rel="stylesheet" href="${paths.style.slice(1)}">
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p>${escaped(description)}</p>
<p>The same for programs: <a href="${paths.document.slice(1)}">OpenAPI 3.1</a>.</p>
<nav aria-label="Calls"><ul>${groups.map(({ contents }) => contents).join("")}</ul></nav>
${groups.map(({ text }) => text).join("\n")}
</main>
</body>
</html>
`
}

export const style = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
main { max-width: 60rem; margin: 0 auto; padding: 1rem }
section { border-top: 1px solid; padding: .5rem 0; overflow-wrap: anywhere }
nav ul { list-style: none; padding-left: 1rem }
.method { font-weight: 700 }
pre { overflow-x: auto; padding: .75rem; border: 1px solid; border-radius: .4rem }
th { text-align: left; vertical-align: top; padding-right: 1rem }
`
