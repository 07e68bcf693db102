/** `backup`, `check` and `restore`. */
import * as Backups from "@effect-launchkey/platform/Backups"
import * as SqlBackups from "@effect-launchkey/platform/sql/SqlBackups"
import * as Libsql from "@effect-launchkey/sql/Libsql"
import * as Args from "@effect/cli/Args"
import * as Options from "@effect/cli/Options"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as ServeConfig from "../ServeConfig.ts"
import * as Admin from "./admin.ts"
import { isServed } from "./adminSocket.ts"
import * as Leaf from "./leaf.ts"
import { Unusable } from "./unusable.ts"

const isWhole = ({ audit, known, sound }: Backups.Checked): boolean => sound && known && Option.isNone(audit.broken)

const told = ({ audit, known, migration, sound }: Backups.Checked): string =>
  [
    sound ? "The database is sound." : "The database is damaged.",
    known
      ? `Its tables are of migration ${migration}.`
      : `Its tables are of migration ${migration}, which this version does not know.`,
    Option.match(audit.broken, {
      onNone: () => `All ${audit.holds} entries of the audit log hold.`,
      onSome: ({ reason, sequence }) => `Entry ${sequence} of the audit log does not hold: ${reason}.`
    })
  ].join("\n")

/** A look at a copy, which nobody else has open. */
const look = (filename: string) =>
  Effect.flatMap(SqlBackups.make, ({ check }) => check).pipe(Effect.provide(Libsql.layer({ filename })))

const unusable = (problem: string, next: string) => () => new Unusable({ what: "File", problem, next })

/** An empty file that nobody else can read. */
const reserve = (filename: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) =>
    Effect.mapError(
      fs.writeFile(filename, new Uint8Array(), { flag: "wx", mode: 0o600 }),
      unusable(
        `${filename} cannot be made, or is there already`,
        "Give a name that is free, in a folder that is there."
      )
    ))

const Copied = Schema.Struct({ file: Schema.String, ...Backups.Checked.fields })

const backup = Leaf.make("backup", {
  description: "Copies all that is kept in a file to another, while the platform serves, and looks at the copy.",
  config: {
    file: Args.text({ name: "FILE" }).pipe(Args.withDescription("The copy, which is not there yet.")),
    ...Admin.option
  },
  result: Copied,
  end: (copied) => isWhole(copied) ? "done" : "negative",
  text: ({ file, ...checked }) => `${file}\n${told(checked)}`
}, ({ config, file }) =>
  Effect.gen(function*() {
    const filename = (yield* Path.Path).resolve(file)
    const admin = yield* Admin.connect(config)
    yield* reserve(filename)
    yield* Admin.answered(admin.copyTo({ payload: { filename } })).pipe(
      Effect.tapError(() => Effect.flatMap(FileSystem.FileSystem, (fs) => Effect.ignore(fs.remove(filename))))
    )
    return { file: filename, ...(yield* look(filename)) }
  }))

const check = Leaf.make("check", {
  description: "Reads all that is kept, and tells whether it is whole.",
  config: Admin.option,
  result: Backups.Checked,
  end: (checked) => isWhole(checked) ? "done" : "negative",
  text: told
}, ({ config }) => Effect.flatMap(Admin.connect(config), (admin) => Admin.answered(admin.check())))

/**
 * Opened once by this process alone, a file has no log beside it any more that would be taken for that of another. One
 * that is damaged cannot be opened, and may be replaced all the same; one that is in use may not.
 */
const alone = (filename: string) =>
  Effect.catchTag(
    Effect.scoped(Layer.build(Libsql.layer({ filename }))),
    "StoreUnavailable",
    () => Effect.void
  )

/** A store, with what may stand beside it: a log that stayed would be taken for that of its successor. */
const moved = (from: string, to: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    for (const suffix of ["-wal", "-shm", ""]) {
      if (yield* fs.exists(`${from}${suffix}`)) yield* fs.rename(`${from}${suffix}`, `${to}${suffix}`)
    }
  })

/** On the disk, and its owner's alone. */
const copied = (from: string, to: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    yield* fs.copyFile(from, to)
    yield* fs.chmod(to, 0o600)
    yield* Effect.scoped(Effect.flatMap(fs.open(to, { flag: "r+" }), ({ sync }) => sync))
  })

const restore = Leaf.make("restore", {
  description: "Puts a copy in the place of the store, once it is found whole. The platform is not served meanwhile.",
  config: {
    file: Args.text({ name: "FILE" }).pipe(Args.withDescription("The copy; it stays.")),
    replace: Options.boolean("replace").pipe(
      Options.withDescription("Replace a store that is there, damaged or not: it is kept beside, as <store>.replaced.")
    ),
    ...Admin.option
  },
  result: Copied,
  text: ({ file, ...checked }) => `${file}\n${told(checked)}`
}, ({ config, file, replace }) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const loaded = yield* ServeConfig.load(config)
    const url = Redacted.value(loaded.config.store)
    if (!url.startsWith("file:")) return yield* new Backups.NotAFile()
    const store = url.slice("file:".length)
    const { adminSocket } = loaded.config
    if (adminSocket !== undefined && (yield* isServed(adminSocket))) {
      return yield* new Unusable({ what: "File", problem: "The platform is served", next: "Stop it first." })
    }
    const failed = unusable(`${file} cannot be put in the place of ${store}`, "Check paths, permissions and space.")
    const there = yield* Effect.mapError(fs.exists(store), failed)
    if (there && !replace) {
      return yield* new Unusable({
        what: "File",
        problem: `There is a store already: ${store}`,
        next: "Give --replace to put the copy in its place. It is kept beside, as <store>.replaced."
      })
    }
    const replaced = `${store}.replaced`
    if (there) {
      if (yield* Effect.mapError(fs.exists(replaced), failed)) {
        return yield* new Unusable({
          what: "File",
          problem: `${replaced} is there already, of an earlier restoration`,
          next: "Move it away, or remove it."
        })
      }
      yield* alone(store)
    }
    const restoring = `${store}.restoring`
    yield* Effect.ignore(fs.remove(restoring))
    yield* reserve(restoring)
    const found = yield* Effect.gen(function*() {
      yield* Effect.mapError(copied(file, restoring), failed)
      return yield* look(restoring)
    }).pipe(
      Effect.filterOrFail(isWhole, unusable(`${file} is no whole copy of a platform`, "Take another copy.")),
      Effect.tapError(() => Effect.ignore(fs.remove(restoring)))
    )
    if (there) yield* Effect.mapError(moved(store, replaced), failed)
    yield* Effect.mapError(fs.rename(restoring, store), failed)
    return { file: store, ...found }
  }))

export const commands = [backup, check, restore] as const
