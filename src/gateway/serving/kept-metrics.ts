import { Counter, Gauge, type Registry } from "prom-client";
import type { KeptAnswerFigures } from "../../fast/kept-answers.js";
import type { TreeMemoryFigures } from "../../store/memory/tree-memory.js";

/** Creates the metrics of kept answers. */
export function createAnswerMetrics(registers: Registry[]): (figures: KeptAnswerFigures | null) => void {
  return createMemoryMetrics(registers, "vnic_graph_kept_answers", {
    asked: "GraphQL requests for which a kept answer was looked for, by whether there was one.",
    evicted: "Kept answers that made room for others.",
    bytes: "Memory of the kept answers.",
  });
}

/** Creates the metrics of kept VMs. */
export function createTreeMetrics(registers: Registry[]): (figures: TreeMemoryFigures | null) => void {
  const setMemory = createMemoryMetrics(registers, "vnic_graph_kept_vms", {
    asked: "Reads of VMs that looked for kept ones first, by whether all that was asked for was kept.",
    evicted: "Kept VMs that made room for others.",
    bytes: "Memory of the kept VMs and of the texts made of them.",
  });
  const count = new Gauge({ name: "vnic_graph_kept_vms", help: "VMs that are kept.", registers });
  const age = new Gauge({
    name: "vnic_graph_kept_vms_age_seconds",
    help: "How long ago all that is kept was known to hold; absent while nothing kept is given.",
    labelNames: [],
    registers,
  });
  return (figures) => {
    setMemory(figures);
    count.set(figures?.vms ?? 0);
    if (figures?.ageMs == null) age.remove();
    else age.set(figures.ageMs / 1_000);
  };
}

/** The figures that every memory has: counts since the start of the process, and its present size. */
type MemoryFigures = Pick<KeptAnswerFigures, "hits" | "misses" | "evictions" | "bytes">;

/**
 * Creates the metrics of a memory. A scrape sets the counters to the memory's own counts, so that nothing is counted
 * twice.
 */
function createMemoryMetrics(
  registers: Registry[],
  name: string,
  help: { readonly asked: string; readonly evicted: string; readonly bytes: string },
): (figures: MemoryFigures | null) => void {
  const asked = new Counter({
    name: `${name}_asked_total`,
    help: help.asked,
    labelNames: ["result"],
    registers,
  });
  const evictions = new Counter({ name: `${name}_evicted_total`, help: help.evicted, registers });
  const bytes = new Gauge({ name: `${name}_bytes`, help: help.bytes, registers });
  return (figures) => {
    asked.reset();
    evictions.reset();
    asked.inc({ result: "hit" }, figures?.hits ?? 0);
    asked.inc({ result: "miss" }, figures?.misses ?? 0);
    evictions.inc(figures?.evictions ?? 0);
    bytes.set(figures?.bytes ?? 0);
  };
}
