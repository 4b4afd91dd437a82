import { expect, test } from "vitest";
import { loadConfig } from "../../src/config.js";
import { createLog } from "../../src/gateway/log.js";
import { computeInstallationId, openReplicas } from "../../src/gateway/hosts/replicas.js";
import { startTimerSchedule } from "../../src/refresher/schedule/timer-schedule.js";

const at = (databaseUrl: string) => computeInstallationId({ databaseUrl, dataDir: "/data" });

test("replicas are those that write to one database, whoever they are there", () => {
  const one = at("postgres://a:secret@db/vms");
  expect(at("postgresql://b@db:5432/vms?sslmode=require")).toBe(one);
  expect(at("postgres://a:secret@db/others")).not.toBe(one);
  expect(at("postgres://a:secret@db:5433/vms")).not.toBe(one);
  expect(at("postgres://a:secret@db2/vms")).not.toBe(one);
  expect(at("postgres:///vms?host=/run/postgresql")).not.toBe(at("postgres:///vms?host=/run/other"));
  expect(computeInstallationId({ databaseUrl: null, dataDir: "/data" })).not.toBe(
    computeInstallationId({ databaseUrl: null, dataDir: "/data2" }),
  );
  expect(one).not.toContain("secret");
});

test("one process is alone where no Redis is named", async () => {
  const { startSchedule } = await openReplicas(loadConfig({}), createLog("silent"));
  expect(startSchedule).toBe(startTimerSchedule);
});

test("several share the work where one is", async () => {
  const config = loadConfig({ REDIS_URL: "redis://127.0.0.1:1", DATABASE_URL: "postgres://db/vms" });
  const { startSchedule } = await openReplicas(config, createLog("silent"));
  expect(startSchedule).not.toBe(startTimerSchedule);
});
