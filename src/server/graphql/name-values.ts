import { type ASTNode, type DocumentNode, GraphQLError, Kind, visit } from "graphql";

/**
 * Puts the place of a wrong value that stands in the document before what is wrong with it: `filter.address.inCidr: …`.
 * graphql-js tells the place of a variable's value alone.
 */
export function nameValues(document: DocumentNode, errors: readonly Error[]): void {
  const byValue = new Map<ASTNode, Error[]>();
  for (const error of errors) {
    const [node] = error instanceof GraphQLError ? (error.nodes ?? []) : [];
    if (node === undefined || !VALUES.has(node.kind)) continue;
    byValue.set(node, [...(byValue.get(node) ?? []), error]);
  }
  if (byValue.size === 0) return;
  visit(document, {
    enter(node, _key, parent, _path, ancestors) {
      const wrong = byValue.get(node);
      if (wrong === undefined) return;
      const place = listNames([...ancestors, parent ?? []]).join(".");
      for (const error of place === "" ? [] : wrong) error.message = `${place}: ${error.message}`;
    },
  });
}

/** Lists the names on the way to a value: of its argument or variable, and of the input fields in it. */
function listNames(above: readonly (ASTNode | readonly ASTNode[])[]): string[] {
  const names: string[] = [];
  for (const each of above) {
    if (!("kind" in each)) continue;
    if (each.kind === Kind.ARGUMENT || each.kind === Kind.OBJECT_FIELD) names.push(each.name.value);
    else if (each.kind === Kind.VARIABLE_DEFINITION) names.push(`$${each.variable.name.value}`);
  }
  return names;
}

const VALUES: ReadonlySet<string> = new Set([
  Kind.INT,
  Kind.FLOAT,
  Kind.STRING,
  Kind.BOOLEAN,
  Kind.NULL,
  Kind.ENUM,
  Kind.LIST,
  Kind.OBJECT,
]);
