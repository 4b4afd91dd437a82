import { expect, test } from "vitest";
import { startAddressIndex } from "../../src/gateway/database/span-indexing.js";
import type { IndexStep } from "../../src/store/changes/change-log.js";
import { eventually } from "../support/eventually.js";

interface Line {
  readonly level: "warn" | "info";
  readonly text: string;
}

function createLines() {
  const lines: Line[] = [];
  const add =
    (level: Line["level"]) =>
    (...logged: unknown[]) =>
      void lines.push({ level, text: String(logged.at(-1)) });
  return { lines, log: { warn: add("warn"), info: add("info") } };
}

test("the start goes on when the first step has said where the log stands, and not before", async () => {
  let endStep: (step: IndexStep) => void = () => undefined;
  const firstStep = new Promise<IndexStep>((resolve) => (endStep = resolve));
  let isStarted = false;
  const starting = startAddressIndex({ advanceAddressIndex: () => firstStep }, createLines().log).then(
    (index) => {
      isStarted = true;
      return index;
    },
  );
  await new Promise((resolve) => setImmediate(resolve));
  expect(isStarted).toBe(false);
  endStep("current");
  await (await starting).stop();
});

test("a first step that fails holds up no start; failures are a line, and their end is one", async () => {
  const { lines, log } = createLines();
  let asked = 0;
  const index = await startAddressIndex(
    {
      advanceAddressIndex: () => {
        asked += 1;
        return asked < 3 ? Promise.reject(new Error("no rights")) : Promise.resolve("current");
      },
    },
    log,
    1,
  );
  await eventually(() => {
    expect(asked).toBeGreaterThan(4);
  });
  await index.stop();
  expect(lines).toEqual([
    { level: "warn", text: "the index of addresses does not follow the log; it is tried again" },
    { level: "info", text: "the index of addresses follows the log again" },
  ]);
});
