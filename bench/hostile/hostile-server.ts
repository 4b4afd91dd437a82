/** Runs one server in a process of its own, with the schema that hurts servers: `ours`, or Apollo's with its defaults. */
import { createWriteStream } from "node:fs";
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { pino } from "pino";
import { createOpenIdentity } from "../../src/server/identity/identity.js";
import { startServer } from "../../src/server/server.js";
import { hurtfulSchema } from "../../test/server/schema.js";

const schema = hurtfulSchema({ resolved: 0, mutations: 0, waiting: new Set() });
const url = process.argv[2] === "ours" ? await startOurs() : await startApollo();
process.stdout.write(`listening ${url}\n`);
process.on("disconnect", () => process.exit());

async function startOurs(): Promise<string> {
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    schema,
    contextFor: (viewer, { signal }) => ({ viewer, signal }),
    readiness: () => Promise.resolve({ ready: true, reasons: [] }),
    // Log lines are formatted as always, and discarded.
    log: pino(createWriteStream("/dev/null")),
    identity: createOpenIdentity(),
    insecure: false,
    graphiql: false,
    cors: [],
    allowedHosts: [],
  });
  return server.url;
}

async function startApollo(): Promise<string> {
  // All defaults except introspection: production turns it off, but honest tools need it.
  const server = new ApolloServer({
    schema,
    introspection: true,
    logger: pino(createWriteStream("/dev/null")),
  });
  const { url } = await startStandaloneServer(server, { listen: { host: "127.0.0.1", port: 0 } });
  return url.replace(/\/$/, "");
}
