import {
  buildASTSchema,
  defaultFieldResolver,
  GraphQLObjectType,
  GraphQLSchema,
  isObjectType,
  parse,
  type GraphQLFieldResolver,
} from "graphql";
import { createEntityFields, type EntityReaders } from "../../src/graph/federation/entities.js";
import type { ServerOptions } from "../../src/server/options.js";
import { unmanaged, type Served } from "../server/running.js";

/** Resolvers by type and field, where the default one would not do. */
export type Resolvers = Readonly<
  Record<string, Readonly<Record<string, GraphQLFieldResolver<unknown, unknown, Record<string, unknown>>>>>
>;

/** What a gateway asked since the last look. */
export interface Asked {
  readonly requests: number;
  /** How many representations each `_entities` was given. */
  readonly entities: readonly number[];
}

/** A subgraph on the product's server shell that counts what it is asked. */
export interface Subgraph {
  readonly name: string;
  readonly sdl: string;
  readonly url: string;
  readonly server: Served;
  asked(): Asked;
  stop(): Promise<void>;
}

/** Serves a subgraph on a free port; the caller stops it. */
export async function startSubgraph(
  name: string,
  sdl: string,
  schema: GraphQLSchema,
  options: Partial<ServerOptions> = {},
): Promise<Subgraph> {
  let requests = 0;
  let entities: number[] = [];
  const field = schema.getQueryType()?.getFields()["_entities"];
  const resolve = field?.resolve ?? defaultFieldResolver;
  if (field !== undefined) {
    field.resolve = (source, args: { representations: unknown[] }, context, info) => {
      entities.push(args.representations.length);
      return resolve(source, args, context, info);
    };
  }
  const server = await unmanaged({
    schema,
    contextFor: () => ({}),
    onOperation: () => {
      requests += 1;
    },
    ...options,
  });
  return {
    name,
    sdl,
    url: `${server.url}/graphql`,
    server,
    asked: () => {
      const seen = { requests, entities };
      requests = 0;
      entities = [];
      return seen;
    },
    stop: () => server.stop(),
  };
}

/** A schema that answers, of a subgraph's text; `_service` and `_entities` are the product's own. */
export function executable(sdl: string, resolvers: Resolvers, readers: EntityReaders): GraphQLSchema {
  const schema = buildASTSchema(parse(sdl), { assumeValidSDL: true });
  for (const [typeName, fields] of Object.entries(resolvers)) {
    const type = schema.getType(typeName);
    if (!isObjectType(type)) throw new Error(`${typeName} is no object type`);
    for (const [name, resolve] of Object.entries(fields)) type.getFields()[name]!.resolve = resolve;
  }
  const { query, types, ...rest } = schema.toConfig();
  const fields = { ...query?.toConfig().fields, ...createEntityFields(schema, () => sdl, readers) };
  return new GraphQLSchema({
    ...rest,
    types: types.filter((type) => type !== query),
    query: new GraphQLObjectType({ name: "Query", fields }),
  });
}
