/** Help for groups of commands, and what of the library's own help is better left out. */
import type { Info } from "./leaf.ts"

/** The words of the arguments that name a command, from the outermost group on, and that command. */
export const find = (
  root: Info,
  args: ReadonlyArray<string>
): { readonly path: ReadonlyArray<string>; readonly info: Info; readonly rest: ReadonlyArray<string> } => {
  const path = [root.name]
  let info = root
  let rest = args
  for (;;) {
    const child = info.children.find(({ name }) => name === rest[0])
    if (child === undefined) return { path, info, rest }
    path.push(child.name)
    info = child
    rest = rest.slice(1)
  }
}

/** What a group is for, and its commands. */
export const ofGroup = (path: ReadonlyArray<string>, { children, description }: Info): string => {
  const column = Math.max(...children.map(({ name }) => name.length))
  return [
    `${path.join(" ")}: ${description}`,
    "",
    ...children.map((child) =>
      `  ${child.name.padEnd(column)}  ${child.description}${
        child.children.length === 0 ? "" : ` (${child.children.map(({ name }) => name).join(", ")})`
      }`
    ),
    "",
    `\`${path.join(" ")} <command> --help\` tells of each.`,
    ...(path.length > 1 ? [] : [
      "--completions bash|zsh|fish prints completions for a shell; --wizard asks for what a command needs;",
      "--log-level debug tells more on standard error; --version tells the version."
    ])
  ].join("\n")
}

/**
 * The library's completions for bash, where its script looks for a command of a group by the group's words with commas and
 * those with underscores for hyphens, neither of which it keeps: corrected, so that these have completions too.
 */
export const completions = (script: string): string =>
  script.replace(
    /^( +)([a-z]\S*),([\w-]+)\)$/gm,
    (_, indent: string, group: string, command: string) =>
      `${indent}${group.replaceAll(",", "__")},${command.replaceAll("__", "-")})`
  )

/** Types that every option has, told as if they said something. */
const noise = /^ *(?:A user-defined piece of text\.|A true or false value\.)\n\n/gm

/** The library's help of one command: without noise, and with the groups before its name in the line of its usage. */
export const ofCommand = (text: string, path: ReadonlyArray<string>): string =>
  text.replace(noise, "").replace(
    new RegExp(String.raw`^\$ (?:\S+ )?(?=${path.at(-1)}(?: |$))`, "m"),
    `$ ${path.slice(0, -1).map((word) => `${word} `).join("")}`
  )
