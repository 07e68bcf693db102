/** The version in this package's package.json, which a test holds it to. */
export const version = "0.0.0"
