import pg from "pg";
import { fillReadFleet } from "../../../bench/reads/fleet.js";
import type { TestDatabase } from "../databases/database.js";

/** Inserts the VMs of the benchmark `reads` into a database. */
export async function addReadFleet({ url }: TestDatabase, vms: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await fillReadFleet(client, vms);
  } finally {
    await client.end();
  }
}
