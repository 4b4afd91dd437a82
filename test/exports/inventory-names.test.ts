import { expect, test } from "vitest";
import { FORMATS, type ExportedVm } from "../../src/exports/formats.js";

const INVENTORY = FORMATS["ansible-inventory"];
const vm: ExportedVm = {
  id: "00000000-0000-4000-8000-000000000001",
  name: "web",
  uniqueName: "web",
  status: "UP",
  host: null,
  fqdn: null,
  address: "10.0.0.1",
  network: null,
  mac: null,
  addresses: ["10.0.0.1"],
  dns: null,
};

test.each([
  ["web", "web"],
  ["web 1", "web 1"],
  ["{{ lookup('pipe', 'id') }}", "lookup-pipe-id-00000000-000000000001"],
  ["a{% if x %}", "a-if-x-00000000-000000000001"],
  ["localhost", "localhost-00000000-000000000001"],
  ["127.0.0.1", "127-0-0-1-00000000-000000000001"],
  ["all", "all-00000000-000000000001"],
  ["vnic_graph", "vnic-graph-00000000-000000000001"],
  ["   ", "vm-00000000-000000000001"],
  ["a\r\nb\u001b[2J", "a-b-2j-00000000-000000000001"],
  ["a\u0085b", "a-b-00000000-000000000001"],
  [
    "\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
  ],
])(
  "a VM called %j is the host %j of an inventory, where it is described and where it is listed",
  (name, host) => {
    const named = { ...vm, name, uniqueName: name };
    expect(Object.keys(JSON.parse(`{${INVENTORY.formatVm(named)}}`) as object)).toEqual([host]);
    expect(JSON.parse(INVENTORY.last.formatVm(named))).toBe(host);
  },
);
