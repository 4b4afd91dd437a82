import { expect, test } from "vitest";
import { runVnicGraph } from "../support/processes/process.js";

test("examples/federation starts three servers, joins them in one answer, and stops", async () => {
  const run = runVnicGraph([], {}, ["examples/federation/run.mjs"]);
  expect([await run.ended, run.output()]).toEqual([0, expect.stringContaining('"data"')]);
  const { data } = JSON.parse(run.output().slice(run.output().indexOf('{\n  "data"'))) as {
    data: { inventory: readonly object[] };
  };
  const [web] = data.inventory;
  expect(web).toMatchObject({
    name: "web-01",
    owner: "shop",
    guestInfo: { networkDevices: [{ vmNic: { switchPort: "rack 1, port 7" } }, { vmNic: {} }] },
    ports: [{ switchPort: "rack 1, port 7" }, { switchPort: "rack 1, port 8" }],
  });
  expect(data.inventory.at(-1)).toEqual({ name: "web-00", owner: "nobody", guestInfo: null, ports: [] });
});
