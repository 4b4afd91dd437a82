import { once } from "node:events";
import { startEmbeddedPostgres } from "../../src/embedded-postgres/embedded-postgres.js";

// Starts a PostgreSQL on the directory given, tells its URL, and stops it when standard input ends.
const server = await startEmbeddedPostgres({ dataDir: process.argv[2] ?? "", log: () => undefined });
process.stdout.write(`${server.url}\n`);
process.stdin.resume();
await once(process.stdin, "end");
await server.stop();
