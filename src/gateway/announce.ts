import type { Config } from "../config.js";

/** Prints the first lines that a new user reads: what runs, and where to ask it, below `BASE_PATH` as through a proxy. */
export function announceStart(config: Config, url: string, print: (line: string) => void): void {
  if (config.demo) {
    print(
      "This is a demonstration: DATABASE_URL and VDSM_HOSTS are not set, so an embedded PostgreSQL runs,",
    );
    print("and a simulated cluster of two VDSM hosts on real TLS sockets, with guests that change.");
  }
  const base = url + config.basePath;
  print(`Portal: ${base}/`);
  const page = config.graphiql ? `GraphiQL: ${base}/graphiql  ` : "";
  print(`${page}GraphQL: ${base}/graphql`);
}
