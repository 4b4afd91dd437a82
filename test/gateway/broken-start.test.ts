import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { loadConfig } from "../../src/config.js";
import { startGateway } from "../../src/gateway.js";
import { createDatabase } from "../support/databases/database.js";

test("a start that fails behind its database leaves nothing running that would keep the process", async () => {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  const countTimers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = countTimers();
  const config = loadConfig({ PORT: "0", DATABASE_URL: database.url });
  const started = startGateway({
    // The settings would refuse it: its driver cannot decode it, and throws when the change log is followed already.
    config: { ...config, redisUrl: "redis://:50%off@127.0.0.1:1" },
    log: pino({ level: "silent" }),
    announce: () => undefined,
  });
  await expect(started).rejects.toThrow("URI malformed");
  await vi.waitFor(
    () => {
      expect(countTimers()).toBeLessThanOrEqual(before);
    },
    { timeout: 10_000 },
  );
});
