import { createServer } from "node:http";
import { ApolloServer, HeaderMap } from "@apollo/server";
import { compileQuery, isCompiledQuery } from "graphql-jit";
import { makeExecutableSchema } from "@graphql-tools/schema";
import { typeDefs } from "./schema.mjs";
import { createLoaders, resolvers } from "./resolvers.mjs";
import { listen } from "./listen.mjs";

/** Apollo Server with a compiled executor and plain rows from `pg`, as a careful team would build it. */
const schema = makeExecutableSchema({ typeDefs, resolvers });
const compiled = new Map();
const executor = async ({ queryHash, document, operationName, request, context }) => {
  const key = `${queryHash}:${operationName ?? ""}`;
  let query = compiled.get(key);
  if (query === undefined) {
    query = compileQuery(schema, document, operationName ?? undefined);
    compiled.set(key, query);
  }
  return isCompiledQuery(query) ? query.query({}, context, request.variables ?? {}) : query;
};
const apollo = new ApolloServer({
  schema,
  csrfPrevention: false,
  stopOnTerminationSignals: false,
  nodeEnv: "production",
  gateway: {
    load: () => Promise.resolve({ executor }),
    onSchemaLoadOrUpdate: (tell) => {
      tell({ apiSchema: schema, coreSupergraphSdl: "" });
      return () => undefined;
    },
    stop: () => Promise.resolve(),
  },
});
await apollo.start();
listen(
  createServer(async (request, reply) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const headers = new HeaderMap(Object.entries(request.headers));
    const answer = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: {
        method: "POST",
        headers,
        search: "",
        body: JSON.parse(Buffer.concat(chunks).toString()),
      },
      context: () => Promise.resolve({ loaders: createLoaders() }),
    });
    reply.writeHead(answer.status ?? 200, Object.fromEntries(answer.headers));
    reply.end(answer.body.string);
  }),
);
