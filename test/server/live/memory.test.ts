import { expect, test } from "vitest";
import { addVms, changeAllIps, storedVm } from "../../store/changes/log-fixtures.js";
import { collectGarbage } from "../../support/garbage.js";
import { eventually } from "../../support/eventually.js";
import { startLiveServer } from "./live-server.js";

const FOLLOW = "subscription { guestNetworkChanged { kind cursor vm { name guestInfo { ips } } } }";
const VMS = 200;
const PASSES = 15;

test("an event that was sent leaves nothing behind, however many there are", async () => {
  const { server, database } = await startLiveServer();
  let vms = Array.from({ length: VMS }, (_, at) => storedVm(at + 1, { interfaces: [] }));
  await addVms(database.store, vms);
  const leaving = new AbortController();
  const response = await fetch(`${server.url}/graphql/stream?query=${encodeURIComponent(FOLLOW)}`, {
    headers: { accept: "text/event-stream" },
    signal: leaving.signal,
  });
  let events = 0;
  const reading = (async () => {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      events += Buffer.from(chunk).toString().split("event: next").length - 1;
    }
  })().catch(() => undefined);
  const changeAll = async (round: number) => {
    for (let pass = 1; pass <= PASSES; pass += 1) {
      const ips = `10.${round}.0.${pass}`;
      const before = events;
      await changeAllIps(database.store, vms, ips);
      vms = vms.map((vm) => ({ ...vm, ips }));
      await eventually(() => {
        expect(events).toBeGreaterThanOrEqual(before + VMS);
      });
    }
    collectGarbage();
    return { heap: process.memoryUsage().heapUsed, events };
  };
  await eventually(() => {
    expect(events).toBe(VMS);
  });
  await changeAll(1);
  const [first, last] = [await changeAll(2), await changeAll(3)];
  leaving.abort();
  await reading;
  // An event that was kept would take some thousands.
  expect((last.heap - first.heap) / (last.events - first.events)).toBeLessThan(1_000);
});
