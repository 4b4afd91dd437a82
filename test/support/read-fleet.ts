import pg from "pg";
import { fillReadFleet } from "../../bench/reads/fleet.js";
import type { TestDatabase } from "./database.js";

/** Fills a database with the VMs that reading is measured with. */
export async function addReadFleet({ url }: TestDatabase, vms: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await fillReadFleet(client, vms);
  } finally {
    await client.end();
  }
}
