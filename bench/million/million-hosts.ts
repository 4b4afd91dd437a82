import { createServer, type AddressInfo } from "node:net";
import { FaultScript } from "../../src/simulator/wire/faults.js";
import { HostEndpoint } from "../../src/simulator/wire/host-endpoint.js";
import { formatLoopback, parseLoopback } from "../../src/simulator/wire/loopback.js";
import { EncodedJson } from "../../src/simulator/wire/python-json.js";
import { listen } from "../../src/simulator/wire/vdsm-server.js";
import { VdsmFaultError } from "../../src/simulator/wire/verbs.js";
import type { HostsTask } from "./million-messages.js";
import { formatAddress, changeEveryNth, Payloads, formatVmId } from "../support/payloads.js";

/**
 * Runs simulated hosts in a process of their own. Their answers are made before, so that a cycle costs them little more
 * than sending. Counters and, if asked for, addresses are written into the bytes.
 */
process.once("message", (task: HostsTask) => void run(task));

async function run({ firstHost, hosts, vmsPerHost, isPlain = false }: HostsTask): Promise<void> {
  const payloads = new Payloads(vmsPerHost);
  const answers = Array.from(
    { length: hosts },
    (_, at) => new PreparedHost(payloads, firstHost + at, isPlain),
  );
  const ends = answers.map((host) => new HostEndpoint(host, new FaultScript(), null, FIRST_BYTES_MS));
  const server = createServer((socket) => {
    const end = ends[parseLoopback(socket.localAddress ?? "") - firstHost];
    // One socket listens for all of 127.0.0.0/8. That is possible only by listening on all addresses, so others are
    // refused here.
    if (end === undefined || !(socket.remoteAddress ?? "").startsWith("127.")) socket.destroy();
    else end.accept(socket);
  });
  await listen(server, 0, "0.0.0.0");
  let changes = 0;
  process.on("message", () => {
    for (const host of answers) host.change(changes);
    changes += 1;
    process.send?.("changed");
  });
  const { port } = server.address() as AddressInfo;
  process.send?.(answers.map((_, at) => `${formatLoopback(firstHost + at)}:${port}`));
}

/** A host with a prepared answer about all its VMs. */
class PreparedHost {
  /** The list of records, without the reply around it. */
  private readonly records: Buffer;
  private readonly counters: number[] = [];
  /** For each VM that may change, the positions of the digit of its address that shows its version. */
  private readonly versions: number[][] = [];
  private polls = 0;

  constructor(
    private readonly payloads: Payloads,
    private readonly number: number,
    private readonly isPlain: boolean,
  ) {
    const body = payloads.body(number, 0, changeEveryNth(1, 0));
    this.records = Buffer.from(body.subarray(body.indexOf("["), -1));
    for (let at = this.records.indexOf(COUNTER); at >= 0; at = this.records.indexOf(COUNTER, at + 1)) {
      this.counters.push(at + COUNTER.length);
    }
    for (let at = 0; at < CHANGING; at += 1) this.versions.push(this.versionsOf(at));
  }

  answer(verb: string, params: Readonly<Record<string, unknown>>): unknown {
    switch (verb) {
      case "Host.getAllVmStats":
        return this.allVmStats();
      case "Host.dumpxmls":
        return this.domains(params["vmList"]);
      case "Host.getCapabilities":
        return { software_version: "4.50", hostname: `host-${this.number}.bench.test` };
      default:
        throw new VdsmFaultError(-32601, "The method does not exist or is not available");
    }
  }

  /** Changes the address of one VM: each time of another VM, until all that may change have changed. */
  change(changes: number): void {
    const version = 1 + (Math.floor(changes / CHANGING) % 9);
    for (const at of this.versions[changes % CHANGING]!) this.records[at] = DIGIT_0 + version;
  }

  private allVmStats(): EncodedJson {
    this.polls += 1;
    for (const at of this.counters) {
      this.records.write(String(FIRST_COUNT + ((at + 15 * this.polls) % FIRST_COUNT)), at, "latin1");
    }
    const text = this.records.toString("latin1");
    return new EncodedJson(this.isPlain ? text.replace('"vm-', '"vé-') : text);
  }

  private domains(wanted: unknown): unknown {
    const ids = new Set(Array.isArray(wanted) ? (wanted as unknown[]) : []);
    const domains: Record<string, string> = {};
    for (let at = 0; at < this.payloads.vmsPerHost; at += 1) {
      const number = this.number * this.payloads.vmsPerHost + at;
      const id = formatVmId(number);
      if (ids.has(id)) domains[id] = this.payloads.domain(number);
    }
    return domains;
  }

  private versionsOf(at: number): number[] {
    const number = this.number * this.payloads.vmsPerHost + at;
    const address = formatAddress(number, 0);
    const end = this.records.indexOf(formatVmId(number + 1));
    const found: number[] = [];
    // An address may be the beginning of another one: 10.0.1.2 is in 10.0.1.20, too.
    for (
      let from = this.records.indexOf(address);
      from >= 0;
      from = this.records.indexOf(address, from + 1)
    ) {
      const next = this.records[from + address.length] ?? 0;
      if (next < DIGIT_0 || next > DIGIT_9) found.push(from + "10.".length);
      if (end >= 0 && from > end) break;
    }
    if (found.length === 0) throw new Error(`VM ${number} has no address that may change`);
    return found;
  }
}

/** The VMs of a host that change by turns. */
const CHANGING = 10;

const COUNTER = '"rx": "';
/** The first value of counters. It always has ten digits, as in the prepared answer. */
const FIRST_COUNT = 2_000_000_000;

const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

/** All hosts are connected at once, and this process has one core. */
const FIRST_BYTES_MS = 120_000;
