import type { ChangeLog } from "../../store/changes/change-log.js";
import { isReadOnly } from "../../store/postgres/errors.js";
import { formatError } from "../format-error.js";
import type { Log } from "../log.js";

/**
 * Maintains the change log's partitions, now and every ten minutes: it creates those to come and drops those that are
 * too old. A failure is harmless: partitions are created hours ahead, and a pass that finds none creates it.
 */
export async function startLogMaintenance(
  changes: Pick<ChangeLog, "maintain">,
  retentionMs: number | null,
  log: Pick<Log, "warn">,
): Promise<{ stop(): Promise<void> }> {
  const maintain = () =>
    changes.maintain(retentionMs).catch((error: unknown) => {
      // A standby gets its partitions from its primary. Where passes cannot write, they say so.
      if (isReadOnly(error)) return;
      log.warn({ reason: formatError(error) }, "the change log could not be maintained; it is tried again");
    });
  let running = maintain();
  const timer = setInterval(() => {
    running = running.then(maintain);
  }, MAINTAIN_EVERY_MS);
  await running;
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}

const MAINTAIN_EVERY_MS = 600_000;
