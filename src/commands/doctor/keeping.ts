import { forgetAll, forgetVm } from "../../store/changes/forget.js";
import { tryPartition } from "../../store/changes/partitions.js";
import { migrate } from "../../store/postgres/migrate.js";
import type { DataSource } from "./rehearsal.js";
import type { Trial } from "./trial.js";

/** Lists what brings the tables up to date; the trials after it see them as they will be. */
export function listMigrationTrials(rehearsal: DataSource, pending: readonly string[]): readonly Trial[] {
  if (pending.length === 0) return [];
  return [
    {
      what: `running ${pending.join(", ")}`,
      attempt: () => migrate(rehearsal),
      hint: "run `vnic-graph migrate` as the owner of our tables, with GRANT USAGE, CREATE ON SCHEMA public; then GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ROLE",
    },
  ];
}

/**
 * Lists what a gateway does now and then, and the commands that go with it. They lock the whole change log until all is undone, so
 * they come last and wait for nobody for long. A gateway runs without them for a while, so each is only a warning.
 */
export function listKeepingTrials(rehearsal: DataSource, vmId: string, isOwner: boolean): readonly Trial[] {
  const partition: Trial = {
    what: "making and dropping a partition of the change log",
    attempt: () => tryPartition(rehearsal),
    hint: "GRANT USAGE, CREATE ON SCHEMA public TO ROLE",
    isWarning: true,
  };
  return [
    {
      what: "erasing a VM's past, as `forget` does",
      attempt: () => forgetVm(rehearsal, vmId),
      isWarning: true,
    },
    // Who does not own the log is told so in words of its own.
    ...(isOwner ? [partition] : []),
    {
      what: "erasing the past of all VMs, as `forget --all` does",
      attempt: () => forgetAll(rehearsal, LOCK_WAIT_MS),
      hint: "GRANT TRUNCATE ON vnic_graph_change, vnic_graph_address_span TO ROLE; nothing else needs it",
      isWarning: true,
    },
  ];
}

const LOCK_WAIT_MS = 500;
