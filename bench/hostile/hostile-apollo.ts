/** Serves the graph on a database by Apollo Server with its defaults: no limits, no places, no deadline. */
import "reflect-metadata";
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import type { GraphContext } from "../../src/graph/context.js";
import { buildGraphSchema } from "../../src/graph/schema.js";
import { createLoaders } from "../../src/loaders/loaders.js";
import { ALL_ROLES } from "../../src/model/roles.js";
import { createDataSource } from "../../src/store/postgres/data-source.js";
import { createStore } from "../../src/store/store.js";

const url = process.env["DATABASE_URL"] ?? "";
const dataSource = await createDataSource(url, { poolSize: 10 }).initialize();
const store = createStore(dataSource);
const server = new ApolloServer<GraphContext>({ schema: buildGraphSchema({ federation: "whole" }) });
const { url: served } = await startStandaloneServer(server, {
  listen: { host: "127.0.0.1", port: 0 },
  context: () =>
    Promise.resolve({
      loaders: createLoaders(store),
      viewer: { name: "anybody", roles: new Set(ALL_ROLES) },
      hostAdmin: null,
      followGuests: null,
      followHosts: null,
    }),
});
process.stdout.write(`GraphQL: ${served.replace(/\/$/, "")}/graphql\n`);
