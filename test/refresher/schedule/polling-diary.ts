import type { PassOutcome, StartSchedule } from "../../../src/refresher/schedule/schedule.js";
import type { HostSchedule } from "../../../src/refresher/schedule/schedule.js";
import type { ConfiguredHost } from "../../../src/store/types.js";
import { configuredHost } from "../../support/builders/passes.js";

/** Hosts that are only counted. */
export function hostsNamed(count: number): ConfiguredHost[] {
  return Array.from({ length: count }, (_, at) => configuredHost(`host-${at}`));
}

/** Who polled which host, in order; passes are real as to their time and nothing else. */
export class PollingDiary {
  private entries: { readonly replica: string; readonly hostId: string }[] = [];

  /** Starts a replica's schedule, which writes here. */
  start(
    replica: string,
    start: StartSchedule<PassOutcome>,
    options: { readonly hosts: readonly ConfiguredHost[]; readonly intervalMs: number },
  ): HostSchedule<PassOutcome> {
    return start({
      ...options,
      concurrency: 32,
      now: () => performance.now(),
      random: Math.random,
      run: async ({ id }) => {
        this.note(replica, id);
        await new Promise((resolve) => setTimeout(resolve, 5));
        return { failure: null };
      },
    });
  }

  note(replica: string, hostId: string): void {
    this.entries.push({ replica, hostId });
  }

  /** Begins anew. */
  clear(): void {
    this.entries = [];
  }

  /** Hosts that the replica polled since the last clear. */
  by(replica: string): Set<string> {
    return new Set(this.entries.filter((entry) => entry.replica === replica).map(({ hostId }) => hostId));
  }

  get length(): number {
    return this.entries.length;
  }

  /**
   * Resolves once every host was polled twice in a row by one replica, and each replica has some hosts. No other
   * replica polls a host in between.
   */
  async settled(hosts: readonly ConfiguredHost[], replicas: readonly string[]): Promise<void> {
    this.clear();
    await until(() => {
      const last = new Map<string, string[]>();
      for (const { replica, hostId } of this.entries) {
        last.set(hostId, [...(last.get(hostId) ?? []), replica].slice(-2));
      }
      const owners = hosts.map(({ id }) => last.get(id) ?? []);
      const isShared = owners.every((row) => row.length === 2 && new Set(row).size === 1);
      const polling = new Set(owners.map(([owner]) => owner));
      return isShared && polling.size === replicas.length && replicas.every((name) => polling.has(name));
    });
  }

  /** Resolves once every host was polled by this replica since now. */
  async allBy(replica: string, hosts: readonly ConfiguredHost[]): Promise<void> {
    this.clear();
    await until(() => {
      const polled = this.by(replica);
      return hosts.every(({ id }) => polled.has(id));
    });
  }
}

/** Looks again and again until it is so; fails after a time that no healthy machine needs. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 120_000;
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) throw new Error(`never so: ${isSo.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Log lines, as messages alone. */
export function collectingLog() {
  const lines: string[] = [];
  const write = (_: object, message: string) => {
    lines.push(message);
  };
  return { lines, debug: () => undefined, info: write, warn: write, error: write };
}
