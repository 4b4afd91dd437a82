/** The name of our database in an embedded PostgreSQL, and of its role. */
export const DATABASE = "vnic_graph";

/** Creates the URL of an embedded PostgreSQL's database. The server listens only on loopback, without TLS. */
export function createDatabaseUrl(port: number, password: string): string {
  return `postgres://${DATABASE}:${password}@127.0.0.1:${port}/${DATABASE}?sslmode=disable`;
}
