import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTwoSources, guestMac, type TwoSources } from "../graph/support/two-sources.js";
import { HOST_A } from "../support/builders/ids.js";
import { HOSTS, writePass } from "../support/builders/passes.js";
import { startGatewayProcess, type RunningGateway } from "../support/processes/gateway.js";

/** Gateways over the same VMs: with the whole graph, with a graph that only contributes, and over an engine's database. */
const SETTINGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "FEDERATION=contribute": { FEDERATION: "contribute" },
  "FEDERATION=contribute under other names": {
    FEDERATION: "contribute",
    FEDERATION_PREFIX: "Guest",
    FEDERATION_ENTITIES: "Vm=VirtualMachine.uuid, VmNic=Nic",
  },
  "SOURCE=engine": { SOURCE: "engine" },
};

let both: TwoSources;
const gateways = new Map<string, RunningGateway>();

beforeAll(async () => {
  both = await createTwoSources();
  // A gateway is ready once all hosts have been asked.
  for (const { id } of HOSTS) await writePass(both.database.store, id, {});
  for (const [name, settings] of Object.entries(SETTINGS)) {
    const { url } = settings["SOURCE"] === "engine" ? both.engine : both.database;
    gateways.set(name, await startGatewayProcess({ DATABASE_URL: url, ...settings }));
  }
});
afterAll(async () => {
  for (const gateway of gateways.values()) await gateway.stop();
  await both.drop();
});

function exportFiltered(name: string, format: string, filter: unknown) {
  const text = typeof filter === "string" ? filter : JSON.stringify(filter);
  return gateways.get(name)!.get(`/export/${format}?filter=${encodeURIComponent(text)}`);
}

describe.each(Object.keys(SETTINGS))("an export with a filter: %s", (name) => {
  test.each([
    [{ name: { eq: "WEB" } }, ["web"]],
    [{ nameContains: "b" }, ["Db", "web"]],
    [{ ip: "10.0.2.5" }, ["Db"]],
    [{ address: { eq: "10.0.3.5" } }, ["mapped"]],
    [{ address: { inCidr: "10.0.0.0/8", family: "IPV4" } }, ["Db", "mapped", "web"]],
    [{ guestMacAddress: guestMac(3) }, ["mapped"]],
    [{ nicMacAddress: guestMac(1).toUpperCase() }, ["web"]],
    [{ network: { eq: "red" } }, ["mapped", "web"]],
    [{ hostId: HOST_A, status: ["UP"] }, ["Db", "mapped", "mute", "web"]],
    [{ or: [{ nameContains: "mute" }, { ip: "10.0.1.5" }] }, ["mute", "web"]],
    [{ and: [{ network: { eq: "red" } }, { not: { nameContains: "web" } }] }, ["mapped"]],
    [{ hasAddress: false }, ["mute"]],
    [{ ids: [] }, null],
  ] as const)("%j", async (filter, names) => {
    const { status, text } = await exportFiltered(name, "json", filter);
    if (names === null) {
      expect([status, text.includes('Field \\"ids\\" is not defined by type \\"VmFilter\\"')]).toEqual([
        400,
        true,
      ]);
      return;
    }
    expect([status, text]).toEqual([200, expect.anything()]);
    const found = (JSON.parse(text) as { readonly name: string }[]).map((vm) => vm.name);
    expect(found.toSorted((left, right) => left.localeCompare(right))).toEqual(names);
  });

  test.each(["csv", "ndjson", "ansible-inventory", "prometheus-sd", "hosts", "zone", "netbox"])(
    "as %s, which has the VM that it finds and no other",
    async (format) => {
      const { status, text } = await exportFiltered(name, format, { ip: "10.0.1.5" });
      expect([status, text.includes("10.0.1.5"), text.includes("10.0.2.5")]).toEqual([200, true, false]);
    },
  );

  test("has null for addresses that are not known, as the graph has", async () => {
    const { text } = await exportFiltered(name, "json", { nameContains: "m" });
    const found = (JSON.parse(text) as { readonly name: string; readonly addresses: unknown }[]).map(
      (vm) => [vm.name, vm.addresses] as const,
    );
    expect(Object.fromEntries(found)).toEqual({ mapped: ["::ffff:10.0.3.5"], mute: null });
  });

  test("is refused with what is wrong with it", async () => {
    const { status, code, text } = await exportFiltered(name, "json", "{");
    expect([status, code, text.includes("filter: it is no JSON")]).toEqual([400, "BAD_USER_INPUT", true]);
  });

  test("by what the source may not keep is answered, or refused before anything is sent", async () => {
    const { status, code, text } = await exportFiltered(name, "json", { onTwoHosts: true });
    if (name === "SOURCE=engine") {
      expect([status, code, text.includes("onTwoHosts: an engine's database keeps one host")]).toEqual([
        503,
        "NOT_AVAILABLE",
        true,
      ]);
    } else expect([status, JSON.parse(text)]).toEqual([200, []]);
  });
});
