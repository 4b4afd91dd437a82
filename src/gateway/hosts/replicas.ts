import { createHash } from "node:crypto";
import { hostname } from "node:os";
import type { Config } from "../../config.js";
import type { Log } from "../log.js";
import { parseDatabaseUrl } from "../../model/connections/database-url.js";
import type { PassResult } from "../../refresher/pass.js";
import type { StartSchedule } from "../../refresher/schedule/schedule.js";
import { startTimerSchedule } from "../../refresher/schedule/timer-schedule.js";
import type { Wakes } from "../../redis/wakes.js";

/** What the replicas of an installation share. */
export interface Replicas {
  readonly startSchedule: StartSchedule<PassResult>;
  /**
   * Opens the wake-ups: they tell other replicas that something was written, and call `onWake` when one of them did;
   * `null`: there are none.
   */
  openWakes(onWake: () => void): Wakes | null;
}

/**
 * Opens what the replicas share. Without `REDIS_URL` this process assumes that it is the only one. Others beside it
 * would poll twice, but nothing would be wrong. BullMQ is loaded only if it is needed, because loading it takes a good
 * part of a start.
 */
export async function openReplicas(config: Config, log: Log): Promise<Replicas> {
  if (config.redisUrl === null) return { startSchedule: startTimerSchedule, openWakes: () => null };
  const shared = { url: config.redisUrl, installation: computeInstallationId(config) };
  const { createBullSchedule } = await import("../../refresher/schedule/bull-schedule.js");
  const { openWakes } = await import("../../redis/wakes.js");
  return {
    startSchedule: createBullSchedule(shared, log),
    openWakes: (onWake) =>
      openWakes(shared, {
        onWake,
        onReachable: (isReachable) => {
          if (isReachable) log.info("Redis answers; other replicas' changes are seen at once again");
          else
            log.warn("Redis does not answer; other replicas' changes are seen at the next look at the log");
        },
      }),
  };
}

/**
 * Computes the id of an installation. All gateways that write to one database are its replicas, whatever roles and
 * passwords they use.
 */
export function computeInstallationId({
  databaseUrl,
  dataDir,
}: Pick<Config, "databaseUrl" | "dataDir">): string {
  return createHash("sha256")
    .update(databaseUrl === null ? `${hostname()}:${dataDir}` : describeDatabase(databaseUrl))
    .digest("hex")
    .slice(0, 16);
}

/** Describes the database of a URL. A list of several servers is one text, because they serve one database. */
function describeDatabase(databaseUrl: string): string {
  const { servers, database } = parseDatabaseUrl(databaseUrl);
  const hosts = servers.map(({ host, port }) => `${host ?? ""} ${port ?? 5432}`);
  return [...hosts, `/${database ?? ""}`].join(" ");
}
