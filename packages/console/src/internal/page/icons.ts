/** The drawings of the console. */
export const paths = {
  key: "M14.5 9.5a4 4 0 1 0-3.8 4l1.3-1.3h2v-2Zm0 0 5.5 5.5v3.5h-3.5l-5.7-5",
  lines: "M5 6h14M5 12h9M5 18h12"
} as const
