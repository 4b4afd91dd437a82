import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

/** Keeps some megabytes alive, makes garbage that lives for a while, and prints the largest heap in megabytes. */
const PROGRAM = `
  const { boundHeapGrowth } = await import("./src/gateway/heap-growth.ts");
  if (process.argv[1] === "bounded") boundHeapGrowth();
  const create = (count) => Array.from({ length: count }, (_, at) => ({ at, text: "x" + at }));
  const alive = create(150_000);
  let kept = [];
  let peak = 0;
  for (let round = 0; round < 100; round++) {
    kept.push(create(20_000));
    if (kept.length > 20) kept = [];
    peak = Math.max(peak, process.memoryUsage().heapUsed);
  }
  console.log(Math.round(peak / 1_048_576), alive.length);
`;

function measurePeak(word: string): number {
  const { stdout } = spawnSync(
    process.execPath,
    ["--max-old-space-size=4096", "--import", "tsx", "--input-type=module", "--eval", PROGRAM, word],
    { encoding: "utf8" },
  );
  return Number(stdout.split(" ")[0]);
}

test("a process whose heap's growth is bounded holds far less garbage", () => {
  const bounded = measurePeak("bounded");
  expect(bounded).toBeGreaterThan(10);
  expect(bounded).toBeLessThan(0.8 * measurePeak("free"));
});
