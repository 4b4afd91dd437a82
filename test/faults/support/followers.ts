import type { DataSource } from "typeorm";
import { queryRows } from "../../../src/store/postgres/sql.js";
import { eventually } from "../../support/eventually.js";
import { describeChange, startResumingClient, type ResumingClient } from "./resuming-client.js";

/** Clients that must be told what the log holds: nothing less, nothing twice, each VM's changes in their order. */
export interface Followers {
  readonly clients: readonly ResumingClient[];
  /** Changes that are in the log since they began. */
  countLogged(): Promise<number>;
  /** Waits until each has been told what the log holds. Lists those who have not been, after a while, or began anew. */
  settle(): Promise<string[]>;
  stop(): Promise<void>;
}

/** Starts so many; resolves when each has the state, from which on its changes are compared. */
export async function startFollowers(
  dataSource: DataSource,
  count: number,
  findUrl: (client: number) => string,
): Promise<Followers> {
  const clients = Array.from({ length: count }, (_, number) => startResumingClient(() => findUrl(number)));
  const stop = async () => {
    await Promise.all(clients.map((client) => client.stop()));
  };
  try {
    await eventually(() => {
      if (!clients.every(({ hasState }) => hasState)) throw new Error("not every client has the state");
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const old = new Set(await readLog(dataSource));
  const readNew = async () => (await readLog(dataSource)).filter((change) => !old.has(change));

  const findViolations = async (): Promise<string[]> => {
    const logged = sortByVm(await readNew());
    return clients.flatMap(({ changes, states, refusals }, number) => {
      const told = sortByVm(changes.filter((change) => !old.has(change)));
      const found: string[] = [];
      if (states !== 1) found.push(`client ${number} was told the state ${states} times`);
      if (refusals.includes("CURSOR_LOST")) found.push(`client ${number} lost its cursor`);
      if (told.join("\n") !== logged.join("\n")) {
        found.push(
          `client ${number} was told ${told.length} changes of ${logged.length}, or in another order`,
        );
      }
      return found;
    });
  };
  return {
    clients,
    countLogged: async () => (await readNew()).length,
    settle: async () => {
      let violations: string[] = [];
      await eventually(async () => {
        violations = await findViolations();
        if (violations.length > 0) throw new Error("not yet");
      }, PATIENCE_MS).catch(() => undefined);
      return violations;
    },
    stop,
  };
}

async function readLog(dataSource: DataSource): Promise<string[]> {
  const rows = await queryRows<{ vm_id: string; at: Date }>(
    dataSource,
    `SELECT vm_id, date_trunc('milliseconds', at + interval '999 microseconds') AS at
     FROM vnic_graph_change ORDER BY seq`,
  );
  return rows.map(({ vm_id: vmId, at }) => describeChange(vmId, at.toISOString()));
}

/** Sorts changes by VM; those of one VM stay in their order. */
function sortByVm(changes: readonly string[]): string[] {
  return changes.toSorted((left, right) => {
    const [first, second] = [left.slice(0, 36), right.slice(0, 36)];
    return first < second ? -1 : first > second ? 1 : 0;
  });
}

const PATIENCE_MS = 120_000;
