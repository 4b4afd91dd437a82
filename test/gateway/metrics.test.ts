import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { createMetrics } from "../../src/gateway/serving/metrics.js";
import { readFleetFigures, type FleetFigures } from "../../src/store/read/fleet-figures.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { temporaryFolder } from "../support/processes/gateway.js";
import { ROOT } from "../support/documents/markdown.js";
import { passResult as pass, claimHost } from "../support/builders/passes.js";
import { hostChanges } from "../support/builders/stored.js";

const HOST = { id: "3fa4b3ff-6b11-4d30-9a1f-0a6f3dd7a001", name: "h1", host: "h1", port: 54321 };
const FIGURES: FleetFigures = {
  hosts: 3,
  failingHosts: 1,
  unpolledHosts: 0,
  vms: 120,
  stalenessP50S: 4.5,
  stalenessP99S: 31,
  stalenessMaxS: 31,
};

/** Prometheus' own linter; Debian has it in the package prometheus. */
const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;

describe("metrics", () => {
  test("count passes, their failures and what they changed", async () => {
    const metrics = createMetrics({ fleet: () => null, pool: () => null, polling: () => null });
    metrics.onPass(
      pass({ outcome: "done", changedVms: 2, added: 3, changed: 1, removed: 4, rejectedVms: 1 }),
    );
    metrics.onPass(pass({ outcome: "failed", failure: { kind: "timeout", message: "h1: late" } }));
    const text = await metrics.print();
    expect(text).toContain('vnic_graph_polls_total{outcome="done"} 1');
    expect(text).toContain('vnic_graph_polls_total{outcome="failed"} 1');
    expect(text).toContain('vnic_graph_poll_failures_total{reason="timeout"} 1');
    expect(text).toContain('vnic_graph_guest_interface_changes_total{change="removed"} 4');
    expect(text).toContain("vnic_graph_changed_vms_total 2");
    expect(text).toContain("vnic_graph_rejected_vms_total 1");
    expect(text).toContain("vnic_graph_poll_duration_seconds_count 2");
  });

  test("read gauges at every scrape, and leave out what is not known", async () => {
    let figures: FleetFigures | null = FIGURES;
    const metrics = createMetrics({
      fleet: () => (figures === null ? Promise.reject(new Error("down")) : Promise.resolve(figures)),
      ready: () => Promise.resolve(figures !== null),
      pool: () => ({ total: 5, idle: 2, waiting: 1 }),
      polling: () => ({ running: 3, waiting: 7 }),
    });
    const known = await metrics.print();
    expect(known).toContain('vnic_graph_hosts{state="failing"} 1');
    expect(known).toContain('vnic_graph_hosts{state="fine"} 2');
    expect(known).toContain("vnic_graph_vms 120");
    expect(known).toContain("vnic_graph_ready 1");
    expect(known).toContain('vnic_graph_host_staleness_seconds{statistic="p99"} 31');
    expect(known).toContain('vnic_graph_database_connections{state="used"} 3');
    expect(known).toContain('vnic_graph_polls_in_progress{state="waiting"} 7');
    expect(known).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    figures = null;
    const unknown = await metrics.print();
    expect(unknown).not.toMatch(/^vnic_graph_(hosts|vms|host_staleness_seconds)\b.* /m);
    expect(unknown).toContain('vnic_graph_database_connections{state="used"} 3');
    expect(unknown).toContain("vnic_graph_ready 0");
  });

  test("leave out the figures of a database that hangs, and ask it once until it answers", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const questions: ((figures: FleetFigures) => void)[] = [];
    const metrics = createMetrics({
      fleet: () => new Promise((resolve) => void questions.push(resolve)),
      ready: () => new Promise<boolean>(() => undefined),
      pool: () => ({ total: 5, idle: 0, waiting: 1 }),
      polling: () => null,
    });
    for (let scrape = 0; scrape < 3; scrape += 1) {
      const scraped = metrics.print();
      await vi.advanceTimersByTimeAsync(2_000);
      const text = await scraped;
      expect(text).toContain('vnic_graph_database_connections{state="used"} 5');
      expect(text).not.toMatch(/^vnic_graph_(hosts|vms)\b/m);
      expect(text).toContain("vnic_graph_ready 0");
    }
    const last = metrics.print();
    expect(questions).toHaveLength(1);
    questions[0]?.(FIGURES);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await last).toContain("vnic_graph_vms 120");
  });

  test("are named by Prometheus' conventions", async () => {
    const families = listFamilies(await everyMetric());
    // The rule of promtool's linter that also what others measure for us must keep.
    for (const { name, type } of families) expect(name.endsWith("_total"), name).toBe(type === "counter");
    const ours = families.filter(({ name }) => name.startsWith("vnic_graph_"));
    expect(ours.length).toBeGreaterThan(12);
    for (const { name, help } of ours) {
      expect(name).toMatch(/^[a-z][a-z0-9_]*[a-z0-9]$/);
      expect(help, name).toMatch(/^[A-Z].*\.$/);
      // More of its rules: units are base units, no types in names.
      expect(name).not.toMatch(
        /_(milliseconds|minutes|hours|kilobytes|megabytes|percent|count|sum|bucket)(_|$)/,
      );
      expect(name).not.toMatch(/_(counter|gauge|histogram|summary|metric)(_|$)/);
    }
  });
});

describe.skipIf(!hasPromtool)("promtool (skipped where it is not installed)", () => {
  const promtool = (words: readonly string[], input = "") => {
    const { status, stdout, stderr } = spawnSync("promtool", words, { input, encoding: "utf8" });
    return status === 0 ? "fine" : stdout + stderr;
  };

  test("has nothing to say about the metrics", async () => {
    expect(promtool(["check", "metrics"], await everyMetric())).toBe("fine");
  });

  test("has nothing to say about the alarms", () => {
    expect(promtool(["check", "rules", "--lint-fatal", join(ROOT, "deploy/alerts.yaml")])).toBe("fine");
  });

  test("reads every expression of the dashboard", () => {
    const { panels } = JSON.parse(
      readFileSync(join(ROOT, "deploy/grafana-dashboard.json"), "utf8"),
    ) as Dashboard;
    const rules = panels
      .flatMap(({ targets = [] }) => targets.map(({ expr }) => expr.replaceAll("$__rate_interval", "5m")))
      .map((expr, index) => ({ record: `panel:${index}`, expr }));
    expect(rules.length).toBeGreaterThan(20);
    const folder = temporaryFolder();
    const file = join(folder.path, "dashboard.yaml");
    // JSON is YAML, too.
    writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
    expect(promtool(["check", "rules", file])).toBe("fine");
    folder.remove();
  });
});

describe("figures of the fleet", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());

  test("are unknown, not zero, before a host has answered, and then the age of its success", async () => {
    const { store, dataSource } = database;
    expect(await readFleetFigures(dataSource)).toEqual({
      hosts: 0,
      failingHosts: 0,
      unpolledHosts: 0,
      vms: 0,
      stalenessP50S: null,
      stalenessP99S: null,
      stalenessMaxS: null,
    });
    await store.registerHosts([HOST], 15_000);
    const claim = await claimHost(store, HOST.id);
    await store.apply(claim, hostChanges(), { vmCount: 7, durationMs: 5, visibleChanges: [] });
    database.statements();
    const figures = await readFleetFigures(dataSource);
    expect(database.statements()).toHaveLength(1);
    expect(figures).toMatchObject({ hosts: 1, failingHosts: 0, vms: 7 });
    expect(figures.stalenessMaxS).toBeGreaterThanOrEqual(0);
    await store.fail(await claimHost(store, HOST.id), { kind: "timeout", message: "late" }, 5);
    expect(await readFleetFigures(dataSource)).toMatchObject({ hosts: 1, failingHosts: 1 });
  });
});

/** What a scrape gets once everything has happened that is counted. */
async function everyMetric(): Promise<string> {
  const metrics = createMetrics({
    fleet: () => Promise.resolve(FIGURES),
    pool: () => ({ total: 1, idle: 1, waiting: 0 }),
    polling: () => ({ running: 0, waiting: 0 }),
  });
  metrics.onPass(pass({ outcome: "failed", failure: { kind: "timeout", message: "h1: late" } }));
  metrics.onOperation({ status: 200, decision: "answered", durationMs: 3 });
  return metrics.print();
}

interface Dashboard {
  readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
}

function listFamilies(text: string): { name: string; type: string; help: string }[] {
  const helps = new Map([...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name, help]) => [name!, help!]));
  return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => ({
    name: name!,
    type: type!,
    help: helps.get(name!) ?? "",
  }));
}
