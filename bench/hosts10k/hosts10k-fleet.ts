import { startFleet } from "../../src/simulator/fleet/fleet.js";
import type { FleetTask, Gaps } from "./hosts10k-messages.js";

/** Runs the simulated hosts in a process of their own. They note when each was polled, which is what is measured. */
process.once("message", (task: FleetTask) => void run(task));

async function run({ hosts, vmsPerHost, changedPerCycle }: FleetTask): Promise<void> {
  const fleet = await startFleet({ hosts, vmsPerHost, seed: 1, changedPerCycle });
  const seen = new Uint32Array(hosts);
  const lastMs = new Float64Array(hosts).fill(Number.NaN);
  let gaps: number[] = [];
  let polls = 0;
  let sinceMs = performance.now();
  let isWarm = false;
  setInterval(() => {
    const nowMs = performance.now();
    let fewest = WARM_POLLS;
    for (let host = 0; host < hosts; host += 1) {
      fewest = Math.min(fewest, fleet.polls[host]!);
      const count = fleet.polls[host]!;
      const isNew = count !== seen[host]!;
      if (!isNew) continue;
      for (let poll = seen[host]!; poll < count; poll += 1) {
        if (!Number.isNaN(lastMs[host]!)) gaps.push(nowMs - lastMs[host]!);
        lastMs[host] = nowMs;
      }
      polls += count - seen[host]!;
      seen[host] = count;
    }
    if (!isWarm && fewest === WARM_POLLS) {
      isWarm = true;
      process.send?.("warm");
    }
  }, SAMPLE_MS);

  process.on("message", (message: "begin" | "end") => {
    if (message === "begin") {
      gaps = [];
      polls = 0;
      sinceMs = performance.now();
      return;
    }
    const endMs = performance.now();
    // A host that is no longer polled has no more gaps, so the time since its last poll counts, too.
    const open = [...lastMs].map((ms) => endMs - (Number.isNaN(ms) ? 0 : ms));
    const answer: Gaps = {
      gaps: Float64Array.from(gaps),
      open: Float64Array.from(open),
      polls,
      forMs: endMs - sinceMs,
    };
    process.send?.(answer, () => {
      process.exit(0);
    });
  });
  process.send?.({ addresses: fleet.addresses });
}

/** Polls of each host before the measurement: then all are known, connected and in turn. */
const WARM_POLLS = 3;

/** The precision of the gaps. */
const SAMPLE_MS = 20;
