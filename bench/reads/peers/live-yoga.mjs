import { createServer } from "node:http";
import { createPubSub, createSchema, createYoga, Repeater } from "graphql-yoga";
import { listen } from "./listen.mjs";

/** Yoga with its own pub/sub, one topic a VM. The writer informs it at `/publish` after the commit. */
const pubSub = createPubSub();
const yoga = createYoga({
  schema: createSchema({
    typeDefs: `type Query { ok: Boolean } type Changed { id: ID! ips: String! }
      type Subscription { changed(vmIds: [ID!]!): Changed! }`,
    resolvers: {
      Subscription: {
        changed: {
          subscribe: (_root, { vmIds }) => Repeater.merge(vmIds.map((id) => pubSub.subscribe("vm", id))),
          resolve: (event) => event,
        },
      },
    },
  }),
  logging: false,
  graphiql: false,
  landingPage: false,
});
listen(
  createServer((request, response) => {
    if (request.url !== "/publish") {
      yoga(request, response);
      return;
    }
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      for (const change of JSON.parse(body)) pubSub.publish("vm", change.id, change);
      response.end();
    });
  }),
);
