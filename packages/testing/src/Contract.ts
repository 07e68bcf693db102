/**
 * What the contract declares of each endpoint, for tests that have to try all of it.
 *
 * @since 0.1.0
 */
import { Api } from "@effect-launchkey/core/Api"
import { table } from "@effect-launchkey/core/ApiError"
import * as HttpApi from "@effect/platform/HttpApi"
import * as Option from "effect/Option"
import * as AST from "effect/SchemaAST"

/**
 * Of an error that has a code or a status of its own.
 *
 * @since 0.1.0
 * @category models
 */
export type ErrorTag = keyof typeof table

/**
 * @since 0.1.0
 * @category models
 */
export interface Member {
  /** As the body spells it: `"callback_url"`. */
  readonly wire: string
  /** As programs spell it: `"callbackUrl"`. */
  readonly field: string
  /** Whether a body may do without it. */
  readonly optional: boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Endpoint {
  /** `"service"`. */
  readonly group: string
  /** `"getAuthorization"`. */
  readonly name: string
  readonly method: string
  /** With the names of its parameters in place of ids: `"/service/v3/auths/:id"`. */
  readonly template: string
  /** The names of its parameters: `"id"`. */
  readonly parameters: ReadonlyArray<string>
  /** Those of the body; none where there is no body. */
  readonly members: ReadonlyArray<Member>
  /** The statuses of its successes. */
  readonly successes: ReadonlyArray<number>
  /** What it may fail with, those of every endpoint included. */
  readonly errors: ReadonlyArray<ErrorTag>
}

const isTag = (name: string): name is ErrorTag => name in table

const alternatives = (ast: AST.AST): ReadonlyArray<AST.AST> =>
  ast._tag === "Union" ? ast.types.flatMap(alternatives) : [ast]

/** The schema of each error ends in a class that is named for its module: `"@effect-launchkey/core/ApiError/Forbidden"`. */
const tagOf = (ast: AST.AST): ReadonlyArray<ErrorTag> =>
  ast._tag === "Transformation"
    ? Option.toArray(AST.getIdentifierAnnotation(ast.to)).map((id) => id.slice(id.lastIndexOf("/") + 1)).filter(isTag)
    : []

const propertiesOf = (ast: AST.AST): ReadonlyArray<AST.PropertySignature> =>
  ast._tag === "TypeLiteral" ? ast.propertySignatures : []

const membersOf = (payload: Option.Option<{ readonly ast: AST.AST }>): ReadonlyArray<Member> =>
  Option.match(payload, {
    onNone: () => [],
    onSome: ({ ast }) => {
      const fields = propertiesOf(AST.typeAST(ast))
      return propertiesOf(AST.encodedAST(ast)).map(({ isOptional, name }, index) => ({
        wire: String(name),
        field: String(fields[index]?.name ?? name),
        optional: isOptional
      }))
    }
  })

const all = (): ReadonlyArray<Endpoint> => {
  const found: Array<Endpoint> = []
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, errors, group, successes }) => {
      found.push({
        group: group.identifier,
        name: endpoint.name,
        method: endpoint.method,
        template: endpoint.path,
        parameters: Array.from(endpoint.path.matchAll(/:(\w+)/g), ([, name = ""]) => name),
        members: membersOf(endpoint.payloadSchema),
        successes: Array.from(successes.keys()),
        errors: Array.from(errors.values()).flatMap(({ ast }) =>
          Option.toArray(ast).flatMap(alternatives).flatMap(tagOf)
        )
      })
    }
  })
  return found
}

/**
 * @since 0.1.0
 * @category models
 */
export const endpoints: ReadonlyArray<Endpoint> = all()
