import { createServer } from "node:http";
import { createSchema, createYoga } from "graphql-yoga";
import { typeDefs } from "./schema.mjs";
import { createLoaders, resolvers } from "./resolvers.mjs";
import { listen } from "./listen.mjs";

const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers }),
  context: () => ({ loaders: createLoaders() }),
  logging: false,
  graphiql: false,
  landingPage: false,
});
listen(createServer(yoga));
