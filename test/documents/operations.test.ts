import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createMetrics } from "../../src/gateway/serving/metrics.js";
import { checkEngine } from "../../src/engine-store/check-engine.js";
import { ENGINE_COLUMNS } from "../../src/engine-store/engine-columns.js";
import { createEngineDatabase } from "../engine-store/engine-database.js";
import { listLogLines } from "../support/documents/log-lines.js";
import { listAnchors, ROOT } from "../support/documents/markdown.js";

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const operations = read("docs/operations.md");
const alerts = read("deploy/alerts.yaml");

/** Names of metrics as this program, or Prometheus itself, writes them. */
async function seriesNames(): Promise<{ families: string[]; series: Set<string>; text: string }> {
  const metrics = createMetrics({
    fleet: () =>
      Promise.resolve({
        hosts: 1,
        failingHosts: 0,
        unpolledHosts: 0,
        vms: 1,
        stalenessP50S: 1,
        stalenessP99S: 1,
        stalenessMaxS: 1,
      }),
    ready: () => Promise.resolve(true),
    pool: () => ({ total: 1, idle: 1, waiting: 0 }),
    polling: () => ({ running: 0, waiting: 0 }),
  });
  const text = await metrics.print();
  const families = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  const series = families.flatMap(([, name = "", type]) =>
    type === "histogram" ? ["_bucket", "_sum", "_count"].map((end) => `${name}${end}`) : [name],
  );
  return { families: families.map(([, name = ""]) => name), series: new Set([...series, "up"]), text };
}

/** Lines whose words are put together where they are logged. */
const PUT_TOGETHER: readonly string[] = [
  "pass failed",
  "engine database …: read only, as …; nothing is migrated, written or polled",
];

/** The metrics that an expression of PromQL asks for. */
function listMetrics(expression: string): string[] {
  const bare = expression
    .replaceAll(/"[^"]*"/g, "")
    .replaceAll(/\{[^}]*\}/g, "")
    .replaceAll(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, "")
    .replaceAll(/\[[^\]]*\]/g, "");
  return [...bare.matchAll(/\b[a-z_][a-z0-9_]*\b(?!\s*\()/g)]
    .map(([word]) => word)
    .filter((word) => !["and", "or", "unless"].includes(word));
}

describe("docs/operations.md", () => {
  test("explains every metric of ours, and no other", async () => {
    const { families } = await seriesNames();
    const ours = families.filter((name) => name.startsWith("vnic_graph_"));
    expect(ours.length).toBeGreaterThan(12);
    const explained = [...operations.matchAll(/^\| `(vnic_graph_\w+)` \|/gm)].map(([, name]) => name);
    expect(explained.toSorted()).toEqual(ours.toSorted());
    const named = [...operations.matchAll(/`((?:vnic_graph|nodejs|process)_\w+)`/g)].map(
      ([, name = ""]) => name,
    );
    expect(named.filter((name) => !families.includes(name))).toEqual([]);
  });

  test("explains every line that is logged, and no other", () => {
    const lines = listLogLines(join(ROOT, "src"));
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.filter((line) => !operations.includes(line))).toEqual([]);
    const section = operations.split(/^## /m).find((each) => each.startsWith("Logs"))!;
    const explained = [...section.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, words = ""]) => words),
    );
    const known = ["msg", ...lines, ...PUT_TOGETHER];
    expect(explained.filter((words) => !known.includes(words))).toEqual([]);
    expect(explained.length).toBeGreaterThan(30);
  });

  test("has a section for every alarm, and no alarm too many", () => {
    const names = [...alerts.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name = ""]) => name);
    expect(names.length).toBeGreaterThan(10);
    expect([...operations.matchAll(/^### (VnicGraph\w+)$/gm)].map(([, name]) => name).toSorted()).toEqual(
      names.toSorted(),
    );
    for (const name of names) expect(listAnchors(operations)).toContain(name.toLowerCase());
  });
});

describe("what is deployed", () => {
  test("raises alarms over metrics that exist, each with a summary and a severity", async () => {
    const { series } = await seriesNames();
    const rules = alerts.split(/^ +- alert: /m).slice(1);
    for (const rule of rules) {
      const expression = /expr: (?:>-\n)?([\s\S]*?)\n {8}(?:for|labels):/.exec(rule)?.[1] ?? "";
      const asked = listMetrics(expression);
      expect(asked.length, rule).toBeGreaterThan(0);
      expect(
        asked.filter((name) => !series.has(name)),
        rule,
      ).toEqual([]);
      expect(rule).toMatch(/severity: (warning|critical)/);
      expect(rule).toMatch(/summary: ".+"/);
    }
  });

  test("shows metrics that exist on a dashboard whose panels do not overlap", async () => {
    const { series, text } = await seriesNames();
    const { panels, templating } = JSON.parse(read("deploy/grafana-dashboard.json")) as Dashboard;
    const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    const listed = templating.list.flatMap(
      ({ definition = "" }) => /label_values\((\w+)/.exec(definition)?.[1] ?? [],
    );
    expect(listed).toHaveLength(1);
    expect(listed.filter((name) => !series.has(name))).toEqual([]);
    for (const expression of expressions) {
      const asked = listMetrics(expression);
      expect(asked.length, expression).toBeGreaterThan(0);
      expect(
        asked.filter((name) => !series.has(name)),
        expression,
      ).toEqual([]);
      for (const [, name, label = ""] of expression.matchAll(/(\w+)\{[^}]*?(\w+="\w+")\}/g))
        expect(text).toMatch(new RegExp(`^${name}\\{.*${label}`, "m"));
    }
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });
});

describe("docs/ovirt.md", () => {
  test("grants and lists exactly what is read of an engine's database", () => {
    const ovirt = read("docs/ovirt.md");
    const granted = /GRANT SELECT ON([\s\S]*?)TO vnic_graph;/.exec(ovirt)?.[1] ?? "";
    expect((granted.match(/\w+/g) ?? []).toSorted()).toEqual(Object.keys(ENGINE_COLUMNS).toSorted());
    for (const [table, columns] of Object.entries(ENGINE_COLUMNS)) {
      expect(ovirt).toContain(`| \`${table}\` | ${columns.map((name) => `\`${name}\``).join(", ")} |`);
    }
  });
});

describe("docs/ovirt.md's SQL", () => {
  test("makes a role that may read what is needed, and write nothing", async () => {
    const engine = await createEngineDatabase({ grants: [] });
    try {
      await expect(checkEngine(engine.dataSource)).rejects.toThrow("lacks SELECT on");
      const sql = /^CREATE ROLE[\s\S]*?^```/m.exec(read("docs/ovirt.md"))![0].replace("```", "");
      await engine.asEngine(
        sql
          .replace("CREATE ROLE vnic_graph LOGIN PASSWORD 'choose-one'", "ALTER ROLE vnic_graph LOGIN")
          .replaceAll(/\bvnic_graph\b/g, engine.role)
          .replace("DATABASE engine", `DATABASE ${new URL(engine.url).pathname.slice(1)}`),
      );
      expect(await checkEngine(engine.dataSource)).toMatchObject({ readOnly: true, roleMayWrite: false });
    } finally {
      await engine.drop();
    }
  });
});

interface Dashboard {
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
  readonly panels: readonly {
    readonly id: number;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets?: readonly { readonly expr: string }[];
  }[];
}
