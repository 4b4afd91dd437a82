import { forgetAll, forgetVm } from "../../store/changes/forget.js";
import { tryPartition } from "../../store/changes/partitions.js";
import { tryToMigrate } from "../../store/postgres/migrate.js";
import type { DataSource } from "./rehearsal.js";
import type { Trial } from "./trial.js";
import { BRIEF_LOCK_WAIT_MS, BRIEF_STATEMENT_MS, UntriedError } from "./untried.js";

/**
 * Creates the trial of the migrations. If there are older tables, a gateway may use them, and migrations lock them
 * until all is undone.
 */
export function createMigrationTrial(
  rehearsal: DataSource,
  pending: readonly string[],
  isUpgrade: boolean,
): Trial {
  return {
    what: `running ${pending.join(", ")}`,
    attempt: async () => {
      if (isUpgrade) await makeBrief(rehearsal);
      const result = await tryToMigrate(rehearsal);
      if (typeof result === "string") throw new UntriedError(result);
    },
    hint: "run `vnic-graph migrate` as the owner of our tables, with GRANT USAGE, CREATE ON SCHEMA {schema}; then GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
    isBrief: isUpgrade,
  };
}

async function makeBrief(rehearsal: DataSource): Promise<void> {
  const queryRunner = rehearsal.createQueryRunner();
  await queryRunner.query(`SET LOCAL lock_timeout = '${BRIEF_LOCK_WAIT_MS}ms'`);
  await queryRunner.query(`SET LOCAL statement_timeout = '${BRIEF_STATEMENT_MS}ms'`);
}

/**
 * Lists the trials of what a gateway does from time to time, and of commands like these. Some lock the whole change
 * log, so each trial is undone at once. A gateway runs without them for a while, so a failure is only a warning.
 */
export function listKeepingTrials(rehearsal: DataSource, vmId: string, isOwner: boolean): readonly Trial[] {
  const partition: Trial = {
    what: "making and dropping a partition of the change log",
    attempt: () => tryPartition(rehearsal, BRIEF_LOCK_WAIT_MS),
    hint: "GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}",
    isWarning: true,
    isBrief: true,
  };
  return [
    {
      what: "erasing a VM's past, as `forget` does",
      attempt: () => forgetVm(rehearsal, vmId),
      isWarning: true,
    },
    // If the role does not own the log, another finding says so.
    ...(isOwner ? [partition] : []),
    {
      what: "erasing the past of all VMs, as `forget --all` does",
      attempt: () => forgetAll(rehearsal, BRIEF_LOCK_WAIT_MS),
      hint: "GRANT TRUNCATE ON vnic_graph_change, vnic_graph_address_span TO {role}; nothing else needs it",
      isWarning: true,
      isBrief: true,
    },
  ];
}
