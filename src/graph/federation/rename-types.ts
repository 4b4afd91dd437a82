import {
  GraphQLList,
  GraphQLNonNull,
  GraphQLScalarType,
  GraphQLSchema,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLType,
} from "graphql";
import { findOuterTypeName, type SubgraphNames } from "../../model/subgraph-names.js";

/**
 * Renames the types of a subgraph without root fields, and the keys of its entities. It changes the given schema, which
 * must not be used any more. Scalars are replaced instead of changed, because all schemas of the process share them.
 */
export function renameTypes(schema: GraphQLSchema, names: SubgraphNames): GraphQLSchema {
  const types = Object.values(schema.getTypeMap()).filter((type) => !type.name.startsWith("__"));
  const renamed = new Map<GraphQLNamedType, GraphQLNamedType>();
  for (const type of types) {
    if (isSpecifiedScalarType(type)) continue;
    const name = findOuterTypeName(type.name, names);
    if (isScalarType(type)) renamed.set(type, new GraphQLScalarType({ ...type.toConfig(), name }));
    else type.name = name;
  }
  for (const type of types.filter(isObjectType)) {
    for (const field of Object.values(type.getFields())) {
      field.type = replaceType<GraphQLOutputType>(field.type, renamed);
      for (const argument of field.args)
        argument.type = replaceType<GraphQLInputType>(argument.type, renamed);
    }
  }
  for (const { type, key } of Object.values(names.entities)) renameKey(types, type, key);
  return new GraphQLSchema({ types: types.map((type) => renamed.get(type) ?? type) });
}

function replaceType<Type extends GraphQLType>(
  type: Type,
  renamed: ReadonlyMap<GraphQLNamedType, GraphQLNamedType>,
): Type {
  if (type instanceof GraphQLNonNull) return new GraphQLNonNull(replaceType(type.ofType, renamed)) as Type;
  if (type instanceof GraphQLList) return new GraphQLList(replaceType(type.ofType, renamed)) as Type;
  return (renamed.get(type as GraphQLNamedType) ?? type) as Type;
}

function renameKey(types: readonly GraphQLNamedType[], typeName: string, key: string): void {
  const type = types.find(({ name }) => name === typeName);
  const fields = isObjectType(type) ? type.getFields() : {};
  const { id } = fields;
  if (id === undefined || key === "id") return;
  Reflect.deleteProperty(fields, "id");
  fields[key] = { ...id, name: key, resolve: ({ id: value }: { readonly id: string }) => value };
}
