import { afterEach, beforeEach, expect, test } from "vitest";
import { askForData } from "../graph/support/ask.js";
import { HOST_A } from "../support/builders/ids.js";
import { startLiveSite, type LiveSite } from "./live-site.js";

let site: LiveSite;

beforeEach(async () => {
  site = await startLiveSite();
});

afterEach(async () => {
  await site.end();
});

const [UPLINK, HIDDEN] = ["52:54:00:00:00:01", "52:54:00:00:00:02"];
const eth0 = { name: "eth0", hw: UPLINK, inet: ["10.0.0.1"], inet6: [] };
const veth = (hw: string, name = "veth0") => ({ name, hw, inet: [], inet6: [] });

function addVm(netIfaces: (typeof eth0)[]) {
  const vm = site.cluster.world.addVm({ name: "web", host: site.cluster.hosts[0]!.name, netIfaces });
  site.cluster.world.setNics(vm.id, [{ mac: UPLINK }, { mac: HIDDEN }]);
  return vm;
}

const pass = () => site.refresher.refreshHost(HOST_A);
const readReasons = async () => {
  const data = (await askForData(
    site.database.store,
    "{ vms { nodes { nics { missingReason } } } drift { nodes { kind device { name } } } }",
  )) as { vms: { nodes: { nics: { missingReason: string | null }[] }[] }; drift: { nodes: unknown[] } };
  return [data.vms.nodes[0]!.nics.map(({ missingReason }) => missingReason), data.drift.nodes];
};
const NOT_SHOWN = { kind: "NIC_NOT_SHOWN", device: null };

test("a vNIC that the guest shows under an ignored name is said to be ignored, and is no drift", async () => {
  const vm = addVm([eth0]);
  await pass();
  expect(await readReasons()).toEqual([[null, "NOT_REPORTED"], [NOT_SHOWN]]);

  site.cluster.world.setInterfaces(vm.id, [eth0, veth(HIDDEN.toUpperCase())]);
  await pass();
  expect(await readReasons()).toEqual([[null, "IGNORED_BY_NAME"], []]);
  expect(await site.database.store.readVmChanges([vm.id], ALL)).toHaveLength(1);

  site.cluster.world.setInterfaces(vm.id, [eth0]);
  await pass();
  expect(await readReasons()).toEqual([[null, "NOT_REPORTED"], [NOT_SHOWN]]);
});

test("what does not fit changes with addresses alone, where these tell what is no member of a bond", async () => {
  const named = (name: string, inet: string[] = []) => ({ name, hw: UPLINK, inet, inet6: [] });
  const vm = addVm([named("bond0"), named("left"), named("right")]);
  await pass();
  expect(await readReasons()).toEqual([[null, "BOND_MEMBER"], []]);
  site.cluster.world.setInterfaces(vm.id, [named("bond0"), named("left"), named("right", ["10.0.0.1"])]);
  await pass();
  expect(await readReasons()).toEqual([[null, "NOT_REPORTED"], [NOT_SHOWN]]);
});

test("nothing is written while ignored interfaces come and go that no vNIC is behind", async () => {
  const vm = addVm([eth0, veth(HIDDEN)]);
  for (let each = 0; each < 2; each += 1) await pass();
  const write = async (names: readonly string[]) => {
    site.cluster.world.setInterfaces(vm.id, [
      eth0,
      ...names.map((name, at) => veth(`52:54:00:00:01:0${at}`, name)),
      veth(HIDDEN, "vethff"),
    ]);
    site.database.statements();
    await pass();
    return site.database
      .statements()
      .filter((sql) => /(?:UPDATE|INSERT INTO) vnic_graph_(?:vm|drift)/.test(sql));
  };
  for (const names of [["veth1"], ["veth1", "veth2"], []]) expect(await write(names)).toEqual([]);
  expect((await readReasons())[0]).toEqual([null, "IGNORED_BY_NAME"]);
});

test("what is known of it stays while the agent is silent, and ends with the VM's run", async () => {
  const vm = addVm([eth0, veth(HIDDEN)]);
  await pass();
  site.cluster.world.setInterfaces(vm.id, null);
  site.cluster.world.setAgent(vm.id, "silent");
  await pass();
  expect((await readReasons())[0]).toEqual([null, "IGNORED_BY_NAME"]);
  site.cluster.world.setStatus(vm.id, "Down");
  await pass();
  expect((await readReasons())[0]).toEqual(["VM_DOWN", "VM_DOWN"]);
});

const ALL = { from: null, to: null, after: null, limit: 10 };
