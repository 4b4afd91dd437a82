import type { Config } from "../config.js";

/** Prints the first lines that a new user reads: what runs, and where to ask it. */
export function announceStart(config: Config, url: string, print: (line: string) => void): void {
  if (config.demo) {
    print(
      "This is a demonstration: DATABASE_URL and VDSM_HOSTS are not set, so an embedded PostgreSQL runs,",
    );
    print("and a simulated cluster of two VDSM hosts on real TLS sockets, with guests that change.");
  }
  print(`Portal: ${url}/`);
  const page = config.graphiql ? `GraphiQL: ${url}/graphiql  ` : "";
  print(`${page}GraphQL: ${url}/graphql`);
}
