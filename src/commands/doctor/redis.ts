import type { Config } from "../../config.js";
import { connectRedis } from "../../redis/redis-link.js";
import { computeInstallationId } from "../../gateway/hosts/replicas.js";
import { formatError } from "../../gateway/format-error.js";
import { fail, createOkFinding, warn, type Finding } from "./finding.js";

/** Checks the Redis that replicas share, if one is named. */
export async function checkRedis(config: Config): Promise<Finding[]> {
  if (config.redisUrl === null) return [];
  const redis = connectRedis(
    { url: config.redisUrl, installation: computeInstallationId(config) },
    PATIENCE_MS,
  );
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`no connection within ${PATIENCE_MS} ms`));
      }, PATIENCE_MS);
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        finish();
      };
      redis.once("ready", () => {
        settle(resolve);
      });
      redis.once("error", (error) => {
        settle(() => {
          reject(error);
        });
      });
    });
    return parseFindings(await redis.info());
  } catch (error) {
    const mend = "check REDIS_URL; without Redis every replica polls every host: wasteful, but right";
    return [fail(CHECK, `does not answer: ${formatError(error)}`, mend)];
  } finally {
    redis.disconnect();
  }
}

function parseFindings(info: string): Finding[] {
  const readValue = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? null;
  const version = readValue("redis_version") ?? "of unknown version";
  const findings = [createOkFinding(CHECK, `Redis ${version} answers`)];
  if (Number.parseFloat(version) < OLDEST) {
    return [fail(CHECK, `Redis ${version} is too old`, "give REDIS_URL a Redis 6.2 or later")];
  }
  const policy = readValue("maxmemory_policy");
  if (policy !== null && policy !== "noeviction") {
    const what = `it may throw keys away (maxmemory-policy ${policy})`;
    findings.push(warn(CHECK, what, "set maxmemory-policy noeviction there"));
  }
  if (readValue("role") === "slave") {
    return [fail(CHECK, "is a replica, which cannot be written", "give REDIS_URL the primary")];
  }
  return findings;
}

const CHECK = "Redis";
const PATIENCE_MS = 3_000;

/** The oldest version with what BullMQ's scripts need. */
const OLDEST = 6.2;
