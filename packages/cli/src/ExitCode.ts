/**
 * What the command ends with, for scripts to tell one end from another.
 *
 * @see docs/cli.md
 * @since 0.1.0
 */

/**
 * Every end there is.
 *
 * @since 0.1.0
 * @category models
 */
export const table = {
  done: { code: 0, meaning: "What was asked for was done." },
  refused: {
    code: 1,
    meaning: "The platform refused it, or something on this machine is in the way."
  },
  usage: {
    code: 2,
    meaning: "The command line, the profile, or a file or key that they name cannot be used. Nothing was sent."
  },
  negative: {
    code: 3,
    meaning: "The answer is no: the user denied, or what was to be verified is not valid."
  },
  timedOut: { code: 4, meaning: "Nobody answered in time." },
  unreachable: {
    code: 5,
    meaning: "No answer came, or none that can be believed. The message says whether the platform may have acted."
  },
  credentials: {
    code: 6,
    meaning: "The platform did not accept the key, or its owner may not act for that entity."
  },
  bug: { code: 70, meaning: "The command itself is at fault. Standard error has what to report." },
  interrupted: { code: 130, meaning: "It was interrupted: Ctrl-C, or a signal." }
} as const

/**
 * @since 0.1.0
 * @category models
 */
export type End = keyof typeof table
