import { type WireForm, wireForm } from "@effect-launchkey/core/api/WireForm"
import * as JSONSchema from "effect/JSONSchema"
import * as Option from "effect/Option"
import * as AST from "effect/SchemaAST"

const isWireForm = (u: unknown): u is WireForm => typeof u === "function"

/** What JSON Schema can say of a node beside its type. */
const kept = (ast: AST.Annotated): AST.Annotations => {
  const json = AST.getJSONSchemaAnnotation(ast)
  const description = AST.getDescriptionAnnotation(ast)
  return {
    ...(Option.isSome(json) ? { [AST.JSONSchemaAnnotationId]: json.value } : {}),
    ...(Option.isSome(description) ? { [AST.DescriptionAnnotationId]: description.value } : {})
  }
}

/** Checks that only this project makes, at the front of a schema whose own form follows. */
const isCheck = (ast: AST.AST): boolean => ast._tag === "Declaration" && ast.typeParameters.length === 0

/** The JSON that a schema reads and writes, as a schema without names, transformations and checks in code. */
const jsonForm = (ast: AST.AST): AST.AST => {
  const form = ast.annotations[wireForm]
  if (isWireForm(form)) return jsonForm(form().ast)
  switch (ast._tag) {
    case "Transformation":
      return isCheck(ast.from) ? jsonForm(ast.to) : jsonForm(ast.from)
    case "Refinement": {
      const from = jsonForm(ast.from)
      const annotations = kept(ast)
      return AST.JSONSchemaAnnotationId in annotations ? new AST.Refinement(from, ast.filter, annotations) : from
    }
    case "TypeLiteral":
      return new AST.TypeLiteral(
        ast.propertySignatures.map((member) =>
          new AST.PropertySignature(
            member.name,
            jsonForm(member.type),
            member.isOptional,
            member.isReadonly,
            kept(member)
          )
        ),
        ast.indexSignatures.map((signature) =>
          new AST.IndexSignature(signature.parameter, jsonForm(signature.type), signature.isReadonly)
        ),
        kept(ast)
      )
    case "TupleType":
      return new AST.TupleType(
        ast.elements.map((element) => new AST.OptionalType(jsonForm(element.type), element.isOptional, kept(element))),
        ast.rest.map((rest) => new AST.Type(jsonForm(rest.type), kept(rest))),
        ast.isReadonly,
        kept(ast)
      )
    case "Union":
      return AST.Union.make(ast.types.filter((type) => !AST.isUndefinedKeyword(type)).map(jsonForm), kept(ast))
    case "Suspend":
      return jsonForm(ast.f())
    case "Declaration":
    case "UndefinedKeyword":
    case "VoidKeyword":
      return AST.unknownKeyword
    default:
      return AST.annotations(ast, { [AST.IdentifierAnnotationId]: undefined })
  }
}

const isAnything = (json: object): boolean => "$id" in json && json.$id === "/schemas/unknown"

/** Without what says nothing: that anything may be, and that members may be added, as they are passed over. */
const terse = (json: unknown): unknown =>
  Array.isArray(json)
    ? json.map(terse)
    : typeof json !== "object" || json === null
    ? json
    : isAnything(json)
    ? {}
    : Object.fromEntries(
      Object.entries(json).flatMap(([name, value]) => name === "additionalProperties" ? [] : [[name, terse(value)]])
    )

/** The same as JSON Schema 2020-12, the dialect of OpenAPI 3.1. */
export const toJsonSchema = (ast: AST.AST): Record<string, unknown> => {
  const json = JSONSchema.fromAST(jsonForm(ast), {
    definitions: {},
    target: "openApi3.1",
    additionalPropertiesStrategy: "allow"
  })
  return { ...terse(json) as object }
}
