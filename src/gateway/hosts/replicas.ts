import { createHash } from "node:crypto";
import { hostname } from "node:os";
import type { Config } from "../../config.js";
import type { Log } from "../log.js";
import { parseDatabaseUrl } from "../../model/connections/database-url.js";
import type { PassResult } from "../../refresher/pass.js";
import type { StartSchedule } from "../../refresher/schedule/schedule.js";
import { startTimerSchedule } from "../../refresher/schedule/timer-schedule.js";
import type { Wakes } from "../../redis/wakes.js";

/** What the replicas of an installation have in common. */
export interface Replicas {
  readonly startSchedule: StartSchedule<PassResult>;
  /** Tells the others what was written, and calls `onWake` when one of them did; `null`: nothing tells it. */
  openWakes(onWake: () => void): Wakes | null;
}

/**
 * Opens what the replicas share. Without `REDIS_URL` this process is taken to be the only one; others beside it are
 * wasteful, but right. BullMQ is loaded only where it is used: it is a good part of the time of a start.
 */
export async function openReplicas(config: Config, log: Log): Promise<Replicas> {
  if (config.redisUrl === null) return { startSchedule: startTimerSchedule, openWakes: () => null };
  const place = { url: config.redisUrl, installation: computeInstallationId(config) };
  const { createBullSchedule } = await import("../../refresher/schedule/bull-schedule.js");
  const { openWakes } = await import("../../redis/wakes.js");
  return {
    startSchedule: createBullSchedule(place, log),
    openWakes: (onWake) =>
      openWakes(place, {
        onWake,
        onReachable: (isReachable) => {
          if (isReachable) log.info("Redis answers; other replicas' changes are seen at once again");
          else
            log.warn("Redis does not answer; other replicas' changes are seen at the next look at the log");
        },
      }),
  };
}

/** Replicas are those that write to one database, whatever their roles and passwords there. */
export function computeInstallationId({
  databaseUrl,
  dataDir,
}: Pick<Config, "databaseUrl" | "dataDir">): string {
  return createHash("sha256")
    .update(databaseUrl === null ? `${hostname()}:${dataDir}` : describeDatabase(databaseUrl))
    .digest("hex")
    .slice(0, 16);
}

/** Describes the database. Several servers count as one, because they serve one database. */
function describeDatabase(databaseUrl: string): string {
  const { servers, database } = parseDatabaseUrl(databaseUrl);
  const hosts = servers.map(({ host, port }) => `${host ?? ""} ${port ?? 5432}`);
  return [...hosts, `/${database ?? ""}`].join(" ");
}
