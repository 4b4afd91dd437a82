import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { KeptAnswerFigures } from "../../fast/kept-answers.js";
import type { PassResult } from "../../refresher/pass.js";
import { limitPatience } from "../../server/limit-patience.js";
import type { ServedOperation } from "../../server/options.js";
import type { TreeMemoryFigures } from "../../store/memory/tree-memory.js";
import type { FleetFigures } from "../../store/read/fleet-figures.js";
import type { LiveMeter } from "../../server/live/live-meter.js";
import { createAnswerMetrics, createTreeMetrics } from "./kept-metrics.js";
import { createLiveMetrics } from "./live-metrics.js";
import { VERSION } from "../version.js";

/** Figures of other parts, which each scrape asks for; `null` while there is no database. */
export interface MetricSources {
  readonly fleet: () => Promise<FleetFigures> | null;
  /** Whether queries can be answered, as far as database and hosts go; absent: not told. */
  readonly ready?: () => Promise<boolean>;
  readonly pool: () => { readonly total: number; readonly idle: number; readonly waiting: number } | null;
  readonly polling: () => { readonly running: number; readonly waiting: number } | null;
  /** Absent, or `null`, if no answers are kept. */
  readonly answers?: () => KeptAnswerFigures | null;
  /** Absent, or `null`, if no VMs are kept. */
  readonly trees?: () => TreeMemoryFigures | null;
  /** How far the reader of the change log is behind; absent, or `null`, while it does not read. */
  readonly liveLagMs?: () => number | null;
}

/** The metrics of one gateway, in Prometheus' text format. */
export interface Metrics {
  /** Called with the result of every pass. */
  onPass(result: PassResult): void;
  /** Called with the result of every GraphQL request. */
  onOperation(operation: ServedOperation): void;
  /** Is called for what happens to subscriptions. */
  readonly live: LiveMeter;
  print(): Promise<string>;
}

/** Creates the metrics. docs/operations.md says what each means and when to react. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);

  const build = new Gauge({
    name: "vnic_graph_build_info",
    help: "Always 1; the label is the version.",
    labelNames: ["version"],
    registers,
  });
  build.set({ version: VERSION }, 1);
  const polls = new Counter({
    name: "vnic_graph_polls_total",
    help: "Passes over a host that ended, by outcome.",
    labelNames: ["outcome"],
    registers,
  });
  for (const outcome of ["done", "failed", "superseded", "deferred", "removed"]) polls.inc({ outcome }, 0);
  const failures = new Counter({
    name: "vnic_graph_poll_failures_total",
    help: "Passes that failed, by reason.",
    labelNames: ["reason"],
    registers,
  });
  const duration = new Histogram({
    name: "vnic_graph_poll_duration_seconds",
    help: "Time of a pass over a host, from the claim to the commit.",
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const changes = new Counter({
    name: "vnic_graph_guest_interface_changes_total",
    help: "Guest interfaces that were written because a guest reported otherwise, by kind of change.",
    labelNames: ["change"],
    registers,
  });
  const changedVms = new Counter({
    name: "vnic_graph_changed_vms_total",
    help: "VMs of which a reader saw a difference after a pass.",
    registers,
  });
  const rejectedVms = new Counter({
    name: "vnic_graph_rejected_vms_total",
    help: "Reports of VMs that could not be read; their data stayed as it was.",
    registers,
  });
  const operations = new Counter({
    name: "vnic_graph_requests_total",
    help: "GraphQL requests, by HTTP status and by what was decided.",
    labelNames: ["status", "decision"],
    registers,
  });
  const counted = new Map<string, { inc: () => void }>();
  const countOperation = (status: string, decision: string): void => {
    const key = `${status} ${decision}`;
    let counter = counted.get(key);
    if (counter === undefined) counted.set(key, (counter = operations.labels({ status, decision })));
    counter.inc();
  };
  const operationDuration = new Histogram({
    name: "vnic_graph_request_duration_seconds",
    help: "Time of a GraphQL request, from its head to its answer.",
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  });
  const readGauges = readGaugesAtScrape(registers, sources);
  const live = createLiveMetrics(registers, sources.liveLagMs ?? (() => null));

  return {
    live,
    onPass: (result) => {
      polls.inc({ outcome: result.outcome });
      if (result.failure !== null) failures.inc({ reason: result.failure.kind });
      if (result.outcome === "deferred") return;
      duration.observe(result.durationMs / 1_000);
      changes.inc({ change: "added" }, result.added);
      changes.inc({ change: "changed" }, result.changed);
      changes.inc({ change: "removed" }, result.removed);
      changedVms.inc(result.changedVms);
      rejectedVms.inc(result.rejectedVms);
    },
    onOperation: ({ status, decision, durationMs }) => {
      countOperation(String(status), decision);
      operationDuration.observe(durationMs / 1_000);
    },
    print: async () => {
      await readGauges();
      live.read();
      return registry.metrics();
    },
  };
}

/** Gauges of prom-client whose names say that they are counters. The same figures, by type, are there under right names. */
const MISNAMED = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
];

/**
 * Creates the gauges that each scrape reads. Without a database that answers soon, those that come from it are left out instead
 * of being wrong.
 */
function readGaugesAtScrape(
  registers: Registry[],
  { fleet, ready, pool, polling, answers = () => null, trees = () => null }: MetricSources,
): () => Promise<void> {
  const readiness = new Gauge({
    name: "vnic_graph_ready",
    help: "Whether the database answers and the hosts were asked, as /readyz says: 1 if so, 0 if not.",
    registers,
  });
  const hosts = new Gauge({
    name: "vnic_graph_hosts",
    help: "Hosts that are to be polled, by whether their last pass succeeded, and whether anybody polls them.",
    labelNames: ["state"],
    registers,
  });
  const vms = new Gauge({
    name: "vnic_graph_vms",
    help: "VMs as their hosts last reported them.",
    registers,
  });
  const staleness = new Gauge({
    name: "vnic_graph_host_staleness_seconds",
    help: "Time since the last success of the hosts: median, 99th percentile and worst.",
    labelNames: ["statistic"],
    registers,
  });
  const connections = new Gauge({
    name: "vnic_graph_database_connections",
    help: "Connections to the database: used, idle, and requests waiting for one.",
    labelNames: ["state"],
    registers,
  });
  const passes = new Gauge({
    name: "vnic_graph_polls_in_progress",
    help: "Passes of this process: running, and waiting for room to run.",
    labelNames: ["state"],
    registers,
  });
  const readFleet = shareReading(fleet, null);
  const readReady = shareReading(() => ready?.() ?? null, false);
  const setAnswers = createAnswerMetrics(registers);
  const setTrees = createTreeMetrics(registers);
  return async () => {
    setAnswers(answers());
    setTrees(trees());
    const [figures, isReady] = await Promise.all([readFleet(), readReady()]);
    if (isReady === null) readiness.remove();
    else readiness.set(isReady ? 1 : 0);
    for (const gauge of [hosts, vms, staleness, connections, passes]) gauge.reset();
    setEach(passes, "state", { ...polling() });
    const connected = pool();
    if (connected !== null) {
      const { total, idle, waiting } = connected;
      setEach(connections, "state", { used: total - idle, idle, waiting });
    }
    if (figures === null) {
      // After a reset, a gauge without labels would be 0, but the number of VMs is not known.
      vms.remove();
      return;
    }
    const { failingHosts: failing, unpolledHosts: unpolled } = figures;
    setEach(hosts, "state", { failing, unpolled, fine: figures.hosts - failing - unpolled });
    vms.set(figures.vms);
    const { stalenessP50S: p50, stalenessP99S: p99, stalenessMaxS: max } = figures;
    setEach(staleness, "statistic", { p50, p99, max });
  };
}

/** Shares a reading among scrapes, so that they cannot take the connections of a database that hangs. */
function shareReading<Value>(
  read: () => Promise<Value> | null,
  otherwise: Value | null,
): () => Promise<Value | null> {
  let reading: Promise<Value | null> | null = null;
  return () => {
    reading ??= Promise.resolve(read()).finally(() => {
      reading = null;
    });
    return limitPatience(reading, PATIENCE_MS, otherwise);
  };
}

/** A scrape that fails would tell Prometheus, which waits for ten seconds, that the gateway is down. */
const PATIENCE_MS = 2_000;

function setEach<Label extends string>(
  gauge: Gauge<Label>,
  label: Label,
  values: Readonly<Record<string, number | null>>,
): void {
  for (const [name, value] of Object.entries(values)) {
    if (value !== null) gauge.labels({ [label]: name } as Record<Label, string>).set(value);
  }
}
