import { instantStore } from "./instant-store.js";
import { everyNth, Payloads } from "../payloads.js";
import { PolledHost } from "../polled-host.js";
import { cutChunks } from "../tape-host.js";
import { computeMedian } from "../median.js";

/** CPU per VM of reading a fleet's answers, and of parsing the same bytes alone. */
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
 * body stands beside it. Parts of the fleet follow one another, so that a million VMs need no more memory than ten
 * thousand.
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
    // Twice unmeasured at first, for the compiler.
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
  /** The counters of another moment than at the pass before, all else equal. */
  readonly same: Buffer;
  readonly sameFrame: readonly Buffer[];
  /** One VM in a hundred with another address, twice. */
  readonly changedFrames: readonly [readonly Buffer[], readonly Buffer[]];
}

class FleetPart {
  private constructor(private readonly hosts: readonly PolledBody[]) {}

  static async of(payloads: Payloads, numbers: readonly number[]): Promise<FleetPart> {
    const store = instantStore();
    const hosts: PolledBody[] = [];
    for (const number of numbers) {
      const host = new PolledHost(number, store);
      const formatBody = (sample: number, version: number) =>
        payloads.body(number, sample, everyNth(100, version));
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

  /** One after the other, each first in its turn. */
  async measure(round: number): Promise<{ parse: number; unchanged: number; onePercent: number }> {
    const cost = { parse: 0, unchanged: 0, onePercent: 0 };
    const parse = async () => {
      cost.parse = await cpuMicros(() => {
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
    return cpuMicros(async () => {
      for (const { host } of this.hosts) await host.pass();
    });
  }
}

/** Of all threads, so that garbage is paid for by who made it. */
async function cpuMicros(work: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

const VMS_PER_HOST = 100;
const HOSTS_AT_ONCE = 100;
