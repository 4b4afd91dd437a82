import {
  Kind,
  lexicographicSortSchema,
  parse,
  print,
  printSchema,
  visit,
  type ConstDirectiveNode,
  type GraphQLSchema,
} from "graphql";

/** Prints the schema with directives for its types, and the link to the specification that defines these directives. */
export function printSubgraph(schema: GraphQLSchema, directives: Readonly<Record<string, string>>): string {
  const document = parse(printSchema(lexicographicSortSchema(schema)));
  const marked = visit(document, {
    ObjectTypeDefinition: (node) => ({ ...node, directives: parseDirectives(directives[node.name.value]) }),
  });
  return `${LINK}\n\n${print(marked)}\n`;
}

/** 2.0 would be enough; 2.3 is the oldest version that every composer in use understands without hints. */
const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])';

function parseDirectives(text: string | undefined): readonly ConstDirectiveNode[] {
  if (text === undefined) return [];
  const [definition] = parse(`type Any ${text}`).definitions;
  return definition?.kind === Kind.OBJECT_TYPE_DEFINITION ? (definition.directives ?? []) : [];
}
