import { ApolloServer } from "@apollo/server";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { startStandaloneServer } from "@apollo/server/standalone";
import { parse } from "graphql";
import { typeDefs } from "./schema.mjs";
import { createLoaders, resolvers } from "./resolvers.mjs";
import { announce } from "./listen.mjs";

/** A subgraph as Apollo's documentation writes it, with DataLoader. */
const schema = buildSubgraphSchema([
  {
    typeDefs: parse(
      `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\n` +
        typeDefs.replace("type Vm {", 'type Vm @key(fields: "id") {'),
    ),
    resolvers: {
      ...resolvers,
      Vm: { ...resolvers.Vm, __resolveReference: ({ id }, { loaders }) => loaders.vms.load(id) },
    },
  },
]);
const server = new ApolloServer({ schema, nodeEnv: "production" });
const { url } = await startStandaloneServer(server, {
  listen: { port: 0, host: "127.0.0.1" },
  context: () => Promise.resolve({ loaders: createLoaders() }),
});
announce(url);
