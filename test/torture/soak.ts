import { setTimeout as sleep } from "node:timers/promises";
import type { DataSource } from "typeorm";
import { startGenerations, type GenerationHost } from "../faults/support/generations.js";
import { Invariants } from "../faults/support/invariants.js";
import { createDataSource } from "../../src/store/postgres/data-source.js";
import { createStore } from "../../src/store/store.js";
import { startRefresher } from "../../src/refresher/refresher.js";
import type { Fault } from "../../src/simulator/wire/faults.js";
import { Random } from "../../src/simulator/world/random.js";

/** How long hosts are to fail at random. */
export interface SoakOptions {
  readonly durationMs: number;
  readonly seed: number;
  readonly databaseUrl: string;
  /** For a look at what is stored, beside the refresher's own connections. */
  readonly dataSource: DataSource;
  /** Told once a minute how it goes. */
  readonly report?: (line: string) => void;
}

/** What came of it. */
export interface SoakResult {
  readonly passes: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly looks: number;
  readonly violations: readonly string[];
  /** Everything that did not reach anybody who waits for it. */
  readonly uncaught: readonly string[];
  /** Open sockets, timers and the like: after the first tenth of the time, and at its end. */
  readonly handles: readonly [number, number];
  /** Bytes in use after a collection, at the same two times; `null` where collections cannot be asked for. */
  readonly heapBytes: readonly [number, number] | null;
  /** Hosts that were not at their last generation after the faults had ended. */
  readonly behind: readonly string[];
}

/**
 * Hosts change, and fail in every way there is, at random, while they are polled. What is stored is looked at all the
 * time.
 */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { dataSource, durationMs, report = () => undefined } = options;
  const random = new Random(options.seed);
  const fleet = await startGenerations({ hosts: 5, vmsPerHost: 8 });
  const own = await createDataSource(options.databaseUrl).initialize();
  const uncaught: string[] = [];
  const catches = (error: unknown) => {
    uncaught.push(String(error));
  };
  process.on("uncaughtException", catches).on("unhandledRejection", catches);
  const failures: Record<string, number> = {};
  let passes = 0;
  const refresher = startRefresher({
    store: createStore(own),
    createClient: (host) => fleet.createClient(host, { callTimeoutMs: 500, connectTimeoutMs: 300 }),
    hosts: fleet.hosts.map(({ configured }) => configured),
    intervalMs: 1_000,
    ignoreNames: [],
    log: { debug: NOTHING, info: NOTHING, warn: NOTHING, error: NOTHING },
    onPass: ({ outcome, failure }) => {
      passes += 1;
      const kind = failure?.kind ?? outcome;
      failures[kind] = (failures[kind] ?? 0) + 1;
    },
    // Back-off ends within three seconds, so that hosts are asked, and fail, often.
    random: () => random.draw() / 20,
  });
  const invariants = new Invariants(dataSource, fleet, 5_000);
  const violations: string[] = [];
  let looks = 0;
  let early: readonly [number, number | null] | null = null;
  const startedMs = performance.now();
  for (let told = 0; performance.now() - startedMs < durationMs;) {
    await disturb(random.pick(fleet.hosts as [GenerationHost, ...GenerationHost[]]), random);
    await sleep(random.drawInt(0, 40));
    const found = await invariants.violations();
    for (const violation of found) report(violation);
    violations.push(...found);
    looks += 1;
    const elapsedMs = performance.now() - startedMs;
    if (elapsedMs > durationMs / 10) early ??= resources();
    if (elapsedMs > told + 60_000) {
      told = elapsedMs;
      report(
        `${Math.round(elapsedMs / 1_000)} s: ${passes} passes, ${looks} looks, ${violations.length} violations`,
      );
    }
  }
  for (const host of fleet.hosts) {
    host.server.faults.clear();
    await host.server.switchOff();
    await host.server.switchOn();
    host.next();
  }
  const behind = await laggards(fleet.hosts, invariants);
  violations.push(...(await invariants.violations()));
  const late = resources();
  await refresher.stop();
  await fleet.stop();
  await own.destroy();
  process.off("uncaughtException", catches).off("unhandledRejection", catches);
  const [handles, heap] = early ?? late;
  return {
    ...{ passes, failures, looks, violations, uncaught, behind },
    handles: [handles, late[0]],
    heapBytes: heap === null || late[1] === null ? null : [heap, late[1]],
  };
}

/** One thing happens to one host. */
async function disturb(host: GenerationHost, random: Random): Promise<void> {
  const { server } = host;
  const ways: readonly [() => unknown, ...(() => unknown)[]] = [
    () => {
      host.next();
    },
    () => {
      host.next();
    },
    () => server.faults.failNext(random.pick(CALL_FAULTS), "Host.getAllVmStats"),
    () => server.faults.failNext({ kind: "reset", atByte: random.drawInt(0, 20_000) }, "Host.getAllVmStats"),
    () => server.faults.failNext(random.pick(CONNECTION_FAULTS)),
    () => {
      server.dropConnections();
    },
    async () => {
      await server.switchOff();
      await sleep(random.drawInt(0, 300));
      await server.switchOn();
    },
    () => {
      server.faults.clear();
    },
  ];
  await random.pick(ways)();
}

const CALL_FAULTS: readonly [Fault, ...Fault[]] = [
  { kind: "hang" },
  { kind: "silence" },
  { kind: "drip", everyMs: 5 },
  { kind: "wrong-id" },
  { kind: "garbage" },
  { kind: "malformed-json" },
  { kind: "recovering" },
  { kind: "error", code: 1100 },
  { kind: "result", result: { not: "a list" } },
  { kind: "oversize", bytes: 100_000_000 },
];

const CONNECTION_FAULTS: readonly [Fault, ...Fault[]] = [
  { kind: "slow-tls" },
  { kind: "mute" },
  { kind: "close-before-connected" },
];

/** Hosts that are not at their last generation, once all are or the time is up. */
async function laggards(hosts: readonly GenerationHost[], invariants: Invariants): Promise<string[]> {
  for (const deadline = performance.now() + 120_000; ;) {
    const behind: string[] = [];
    for (const host of hosts) {
      if ((await invariants.stored(host)) !== host.generation) behind.push(host.name);
    }
    if (behind.length === 0 || performance.now() > deadline) return behind;
    await sleep(50);
  }
}

function resources(): readonly [number, number | null] {
  const collect = globalThis.gc;
  collect?.();
  return [
    process.getActiveResourcesInfo().filter((kind) => kind !== "Timeout" && kind !== "Immediate").length,
    collect === undefined ? null : process.memoryUsage().heapUsed,
  ];
}

const NOTHING = (): void => undefined;
