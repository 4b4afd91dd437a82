import { Counter, Gauge, type Registry } from "prom-client";
import type { KeptAnswerFigures } from "../fast/kept-answers.js";
import type { TreeMemoryFigures } from "../store/memory/tree-memory.js";

/** Answers that are given again. Counters are told as they stand, since nothing is counted twice that way. */
export function createAnswerMetrics(registers: Registry[]): (figures: KeptAnswerFigures | null) => void {
  const asked = new Counter({
    name: "vnic_graph_kept_answers_asked_total",
    help: "GraphQL requests for which a kept answer was looked for, by whether there was one.",
    labelNames: ["result"],
    registers,
  });
  const evictions = new Counter({
    name: "vnic_graph_kept_answers_evicted_total",
    help: "Kept answers that made room for others.",
    registers,
  });
  const bytes = new Gauge({
    name: "vnic_graph_kept_answers_bytes",
    help: "Memory of the kept answers.",
    registers,
  });
  return (figures) => {
    asked.reset();
    evictions.reset();
    asked.inc({ result: "hit" }, figures?.hits ?? 0);
    asked.inc({ result: "miss" }, figures?.misses ?? 0);
    evictions.inc(figures?.evictions ?? 0);
    bytes.set(figures?.bytes ?? 0);
  };
}

/** VMs that were read and are given again. */
export function createTreeMetrics(registers: Registry[]): (figures: TreeMemoryFigures | null) => void {
  const asked = new Counter({
    name: "vnic_graph_kept_vms_asked_total",
    help: "Reads of VMs that looked for kept ones first, by whether all that was asked for was kept.",
    labelNames: ["result"],
    registers,
  });
  const evictions = new Counter({
    name: "vnic_graph_kept_vms_evicted_total",
    help: "Kept VMs that made room for others.",
    registers,
  });
  const bytes = new Gauge({
    name: "vnic_graph_kept_vms_bytes",
    help: "Memory of the kept VMs and of the texts made of them.",
    registers,
  });
  const count = new Gauge({ name: "vnic_graph_kept_vms", help: "VMs that are kept.", registers });
  const age = new Gauge({
    name: "vnic_graph_kept_vms_age_seconds",
    help: "How long ago all that is kept was known to hold; absent while nothing kept is given.",
    labelNames: [],
    registers,
  });
  return (figures) => {
    asked.reset();
    evictions.reset();
    asked.inc({ result: "hit" }, figures?.hits ?? 0);
    asked.inc({ result: "miss" }, figures?.misses ?? 0);
    evictions.inc(figures?.evictions ?? 0);
    bytes.set(figures?.bytes ?? 0);
    count.set(figures?.vms ?? 0);
    if (figures?.ageMs == null) age.remove();
    else age.set(figures.ageMs / 1_000);
  };
}
