import { afterEach, beforeEach, expect, test } from "vitest";
import { HostError } from "../../src/vdsm/errors.js";
import { createVdsmClient } from "../../src/vdsm/vdsm-client.js";
import { startLiveSite, type LiveSite } from "./live-site.js";
import { HOST_A, HOST_B } from "../support/builders/ids.js";

let site: LiveSite;

beforeEach(async () => {
  site = await startLiveSite();
});

afterEach(async () => {
  await site.end();
});

const addVm = (name: string, raw: Record<string, unknown>, host = 0) =>
  site.cluster.world.addVm({
    name,
    host: site.cluster.hosts[host]!.name,
    netIfaces: [{ name: "eth0", hw: "52:54:00:00:00:01", inet: ["10.0.0.1"], inet6: [] }],
    raw,
  });
const readVm = async (id: string) => (await site.database.store.readVmsByIds([id]))[0];
const readHost = async (id: string) => (await site.database.store.readHostsByIds([id]))[0];
const linesAbout = (text: string) => site.lines.filter(({ message }) => message.includes(text));

test("a field that cannot be read is told once in the log, at the host and at its VM, and once when it ends", async () => {
  const bad = addVm("bad", { netIfaces: "x" });
  const good = addVm("good", {});
  for (let pass = 0; pass < 3; pass += 1) await site.refresher.refreshHost(HOST_A);
  expect(await readVm(bad.id)).toMatchObject({
    name: "bad",
    status: 1,
    interfacesKnown: false,
    staleReason: "REPORT_INVALID",
    staleDetail: "netIfaces is no list",
  });
  expect(await readVm(good.id)).toMatchObject({ ips: ["10.0.0.1"], staleReason: null, staleDetail: null });
  expect(await readHost(HOST_A)).toMatchObject({
    lastError: null,
    lastWarning: `VM ${bad.id}: netIfaces is no list`,
  });
  expect(linesAbout("report is wrong")).toMatchObject([
    { level: "warn", fields: { hostId: HOST_A, vmId: bad.id, problem: "netIfaces is no list" } },
  ]);

  site.cluster.world.setRaw(bad.id, {});
  for (let pass = 0; pass < 2; pass += 1) await site.refresher.refreshHost(HOST_A);
  expect(await readVm(bad.id)).toMatchObject({ ips: ["10.0.0.1"], staleReason: null, staleDetail: null });
  expect(await readHost(HOST_A)).toMatchObject({ lastWarning: null });
  expect(linesAbout("right again")).toMatchObject([{ level: "info", fields: { vmId: bad.id } }]);
});

test("vNICs that cannot be read are told once in the log and at the host, once when they can; the guest's report counts", async () => {
  const bad = addVm("bad", {});
  const good = addVm("good", {});
  const reason = "its vNICs cannot be read: the host's domain XML of it is damaged, or exceeds a limit";
  site.cluster.world.setNics(bad.id, [{ network: "n".repeat(3_000_000) }]);
  for (let pass = 0; pass < 3; pass += 1) await site.refresher.refreshHost(HOST_A);
  expect(await readVm(bad.id)).toMatchObject({ ips: ["10.0.0.1"], staleReason: null });
  expect(await readHost(HOST_A)).toMatchObject({ lastError: null, lastWarning: `VM ${bad.id}: ${reason}` });
  expect(linesAbout("report is wrong")).toMatchObject([
    { level: "warn", fields: { hostId: HOST_A, vmId: bad.id, problem: reason } },
  ]);
  const readNics = () => site.database.store.readNicsByVms([bad.id, good.id]);
  expect(await readNics()).toMatchObject([{ vmId: good.id }]);

  site.cluster.world.setNics(bad.id, [{ network: "storage" }]);
  for (let pass = 0; pass < 2; pass += 1) await site.refresher.refreshHost(HOST_A);
  expect((await readNics()).find(({ vmId }) => vmId === bad.id)).toMatchObject({ network: "storage" });
  expect(await readHost(HOST_A)).toMatchObject({ lastWarning: null });
  expect(linesAbout("right again")).toMatchObject([{ level: "info", fields: { vmId: bad.id } }]);
});

test("a host that does not answer about vNICs is told at the host until it does", async () => {
  let isSilent = true;
  await site.end();
  site = await startLiveSite(
    {},
    {
      createClient: ({ host, port }) => {
        const client = createVdsmClient({ host, port, tls: null, callTimeoutMs: 5_000 });
        const refuse = () => Promise.reject(new HostError("timeout", "no answer"));
        return { ...client, dumpxmls: (ids, signal) => (isSilent ? refuse() : client.dumpxmls(ids, signal)) };
      },
    },
  );
  addVm("one", {});
  for (let pass = 0; pass < 2; pass += 1) await site.refresher.refreshHost(HOST_A);
  expect(await readHost(HOST_A)).toMatchObject({
    lastError: null,
    lastWarning: "vNICs stay as they were: no answer",
  });
  isSilent = false;
  await site.refresher.refreshHost(HOST_A);
  expect(await readHost(HOST_A)).toMatchObject({ lastWarning: null });
  expect(linesAbout("NICs")).toMatchObject([{ level: "warn" }, { level: "info" }]);
});

test("a VM that two hosts say they run is told at the host whose report does not count", async () => {
  const first = addVm("copy", {});
  const second = addVm("copy-2", { vmId: first.id }, 1);
  for (let pass = 0; pass < 3; pass += 1) {
    await site.refresher.refreshHost(HOST_A);
    await site.refresher.refreshHost(HOST_B);
  }
  expect(second.id).not.toBe(first.id);
  expect(await readVm(first.id)).toMatchObject({ hostId: HOST_B });
  expect(await readHost(HOST_A)).toMatchObject({
    lastWarning: `VM ${first.id}: runs on host ${HOST_B} too, whose report counts`,
  });
  expect(linesAbout("report is wrong").filter(({ fields }) => fields["hostId"] === HOST_A)).toMatchObject([
    { fields: { vmId: first.id } },
  ]);
});
