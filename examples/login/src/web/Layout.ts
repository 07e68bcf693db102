/** What all pages have in common. */
import { type Html, html, nothing, type Part } from "./Html.ts"

export interface Options {
  readonly title: string
  /**
   * Where the page asks whether it still shows what is so, and the word for that. A browser without scripts loads the
   * page again every few seconds.
   */
  readonly live?: { readonly path: `/${string}`; readonly status: string }
  /** Whether the page is worth more room than a form. */
  readonly wide?: boolean
}

export const layout = ({ live, title, wide = false }: Options, ...content: ReadonlyArray<Part>): Html =>
  html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Lighthouse</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/style.css">
<script src="/assets/live.js" defer></script>
${live === undefined ? nothing : html`<noscript><meta http-equiv="refresh" content="2"></noscript>`}
</head>
<body${live === undefined ? nothing : html` data-live="${live.path}" data-status="${live.status}"`}>
<header class="bar"><a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="28" height="28">Lighthouse</a></header>
<main class="card${wide ? " wide" : ""}">
${content.map((part) => html`${part}`)}
</main>
<footer>A login without a password. An example of effect-launchkey.</footer>
</body>
</html>
`

export const failure = (text: string): Html => html`<p class="note bad" role="alert">${text}</p>`

export const notice = (text: string): Html => html`<p class="note" role="status">${text}</p>`

export const button = (
  action: `/${string}`,
  label: string,
  kind: "primary" | "plain" | "danger" = "primary"
): Html => html`<form method="post" action="${action}"><button class="${kind}">${label}</button></form>`

/** Counts down where there are scripts, and is right when it is sent where there are none. */
export const timeLeft = (seconds: number): Html => {
  const left = Math.max(0, Math.ceil(seconds))
  const text = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`
  return html`<span class="left" role="timer" data-left="${left}">${text}</span>`
}
