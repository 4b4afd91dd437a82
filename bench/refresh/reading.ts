import { createInstantStore } from "./instant-store.js";
import { changeEveryNth, Payloads } from "../support/payloads.js";
import { PolledHost } from "../support/polled-host.js";
import { cutChunks } from "../support/tape-host.js";
import { computeMedian } from "../support/median.js";

/** CPU per VM for reading a fleet's answers, and for parsing the same bytes alone. */
export interface Reading {
  readonly vms: number;
  readonly bytesPerVm: number;
  readonly parseMicros: number;
  readonly unchangedMicros: number;
  readonly onePercentMicros: number;
  /** Medians of the ratios of each round. */
  readonly unchangedVsParse: number;
  readonly onePercentVsParse: number;
}

/**
 * Measures passes over hosts of 100 VMs each, from the bytes of a frame to the decision. `JSON.parse` of the frame's
 * body is measured for comparison. Parts of the fleet follow one another, so that a million VMs need no more memory
 * than ten thousand.
 */
export async function measureReading(vms: number, rounds: number): Promise<Reading> {
  const payloads = new Payloads(VMS_PER_HOST);
  const sums = Array.from({ length: rounds }, () => ({ parse: 0, unchanged: 0, onePercent: 0 }));
  let bytes = 0;
  const hosts = Math.ceil(vms / VMS_PER_HOST);
  for (let first = 0; first < hosts; first += HOSTS_AT_ONCE) {
    const numbers = Array.from({ length: Math.min(HOSTS_AT_ONCE, hosts - first) }, (_, at) => first + at);
    const part = await FleetPart.of(payloads, numbers);
    bytes += part.bytes;
    // The first two rounds are warm-ups for the compiler.
    for (let round = first === 0 ? -2 : 0; round < rounds; round += 1) {
      const cost = await part.measure(round);
      const sum = sums[round];
      if (sum === undefined) continue;
      sum.parse += cost.parse;
      sum.unchanged += cost.unchanged;
      sum.onePercent += cost.onePercent;
    }
  }
  const count = hosts * VMS_PER_HOST;
  return {
    vms: count,
    bytesPerVm: bytes / count,
    parseMicros: computeMedian(sums.map(({ parse }) => parse)) / count,
    unchangedMicros: computeMedian(sums.map(({ unchanged }) => unchanged)) / count,
    onePercentMicros: computeMedian(sums.map(({ onePercent }) => onePercent)) / count,
    unchangedVsParse: computeMedian(sums.map(({ parse, unchanged }) => unchanged / parse)),
    onePercentVsParse: computeMedian(sums.map(({ parse, onePercent }) => onePercent / parse)),
  };
}

interface PolledBody {
  readonly host: PolledHost;
  /** The same data as at the pass before, with the counters of a later moment. */
  readonly same: Buffer;
  readonly sameFrame: readonly Buffer[];
  /** Two answers in which one VM in a hundred has another address. */
  readonly changedFrames: readonly [readonly Buffer[], readonly Buffer[]];
}

class FleetPart {
  private constructor(private readonly hosts: readonly PolledBody[]) {}

  static async of(payloads: Payloads, numbers: readonly number[]): Promise<FleetPart> {
    const store = createInstantStore();
    const hosts: PolledBody[] = [];
    for (const number of numbers) {
      const host = new PolledHost(number, store);
      const formatBody = (sample: number, version: number) =>
        payloads.body(number, sample, changeEveryNth(100, version));
      host.load(cutChunks(formatBody(0, 0)));
      await host.pass();
      const same = formatBody(1, 0);
      const changedFrames = [cutChunks(formatBody(2, 1)), cutChunks(formatBody(3, 2))] as const;
      hosts.push({ host, same, sameFrame: cutChunks(same), changedFrames });
    }
    return new FleetPart(hosts);
  }

  get bytes(): number {
    return this.hosts.reduce((sum, { same }) => sum + same.length, 0);
  }

  /** Measures the kinds one after the other. Each is first in one of the rounds. */
  async measure(round: number): Promise<{ parse: number; unchanged: number; onePercent: number }> {
    const cost = { parse: 0, unchanged: 0, onePercent: 0 };
    const parse = async () => {
      cost.parse = await measureCpuMicros(() => {
        for (const { same } of this.hosts) JSON.parse(same.toString());
      });
    };
    const unchanged = async () => {
      await this.passes(({ sameFrame }) => sameFrame);
      cost.unchanged = await this.passes(({ sameFrame }) => sameFrame);
    };
    const onePercent = async () => {
      cost.onePercent = await this.passes(({ changedFrames }) => changedFrames[round & 1]!);
    };
    const order = round % 2 === 0 ? [parse, unchanged, onePercent] : [unchanged, onePercent, parse];
    for (const measure of order) await measure();
    return cost;
  }

  private async passes(frameOf: (body: PolledBody) => readonly Buffer[]): Promise<number> {
    for (const body of this.hosts) body.host.load(frameOf(body));
    return measureCpuMicros(async () => {
      for (const { host } of this.hosts) await host.pass();
    });
  }
}

/** Measures the CPU of all threads, so that collecting garbage counts for the work that made it. */
async function measureCpuMicros(work: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

const VMS_PER_HOST = 100;
const HOSTS_AT_ONCE = 100;
