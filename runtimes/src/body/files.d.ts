declare module "runtimes:files" {
  export const files: ReadonlyArray<readonly [name: string, load: () => Promise<unknown>]>
}
