import { cpus, totalmem } from "node:os";
import { type HostileResult, runHostile } from "./hostile-run.js";
import { formatTable } from "../../src/commands/table.js";

/** The time without any answer after which a server counts as killed. */
const LIMIT_MS = 20_000;

const SERVERS = { ours: "vnic-graph's server", apollo: "Apollo Server as it comes" } as const;

/**
 * Sends the hostile requests to our server and to Apollo's with its defaults. Prints a table, and JSON in the last
 * line.
 */
export async function benchHostile(): Promise<void> {
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? "?"}, ${memory} GB`);
  console.log(
    `One request at a time, honest ones beside and after each; ${LIMIT_MS / 1_000} s without an answer is a kill; heap 2 GB\n`,
  );
  const ours = await runHostile("ours", LIMIT_MS);
  const apollo = await runHostile("apollo", LIMIT_MS);
  const names = Object.keys(ours.categories);
  const row = (name: string, result: HostileResult): string[] => [
    name,
    ...names.map((each) => {
      const { passed, total } = result.categories[each] ?? { passed: 0, total: 0 };
      return `${passed}/${total}`;
    }),
    String(result.killed),
    `${result.worstStallMs.toFixed(0)} ms`,
    result.peakBytes === null ? "?" : `${(result.peakBytes / 2 ** 20).toFixed(0)} MB`,
  ];
  console.log(
    formatTable(
      ["", ...names, "killed", "worst stall", "peak RSS"],
      [row(SERVERS.ours, ours), row(SERVERS.apollo, apollo)],
    ),
  );
  for (const [name, { faults }] of Object.entries({ ours, apollo })) {
    for (const [fault, titles] of Object.entries(faults)) {
      if (titles.length > 0) console.log(`\n${name} ${fault} (${titles.length}):\n  ${titles.join("\n  ")}`);
    }
  }
  console.log(JSON.stringify({ ours: listFigures(ours), apollo: listFigures(apollo) }));
}

function listFigures({ faults, worstStallMs, ...figures }: HostileResult): object {
  const counts = Object.entries(faults).map(([fault, titles]) => [fault, titles.length]);
  return { ...figures, worstStallMs: Math.round(worstStallMs), faults: Object.fromEntries(counts) as object };
}
