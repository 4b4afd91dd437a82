import fc from "fast-check";
import { expect, test } from "vitest";
import { formatIdSuffix } from "../../src/exports/dns-names.js";
import { parseExportRequest } from "../../src/exports/export-request.js";
import { writeExport } from "../../src/exports/write-export.js";
import { createLoaders } from "../../src/loaders/loaders.js";
import { uuid } from "../support/builders/ids.js";
import { createMemoryReadStore } from "../support/builders/memory-read-store.js";
import { vmRow } from "../support/builders/rows.js";

/** Exports VMs with these names, the first of them with the address 10.0.0.0. */
async function exportNamed(format: string, names: readonly string[]): Promise<string> {
  const store = createMemoryReadStore();
  for (const [at, name] of names.entries()) {
    store.vms.push(vmRow(at, { name, ips: [`10.0.0.${at}`], interfacesKnown: false }));
  }
  let text = "";
  for await (const piece of writeExport(
    (job) => job(createLoaders(store)),
    parseExportRequest(format, {}, () => ({})),
  ))
    text += piece;
  return text;
}

interface Inventory {
  readonly _meta: { readonly hostvars: Readonly<Record<string, { readonly ansible_host: string }>> };
  readonly vnic_graph: { readonly hosts: readonly string[] };
}

/** Lists the address and the names of each VM in an export. */
const LIST_NAMES: Readonly<Record<string, (text: string) => readonly (readonly string[])[]>> = {
  "ansible-inventory": (text) => {
    const { _meta, vnic_graph } = JSON.parse(text) as Inventory;
    expect(vnic_graph.hosts).toHaveLength(new Set(vnic_graph.hosts).size);
    return vnic_graph.hosts.map((host) => [_meta.hostvars[host]!.ansible_host, host]);
  },
  hosts: (text) => listLines(text).map((line) => line.split(/[\t ]/)),
  zone: (text) =>
    listLines(text).map((line) => {
      const [owner, , , , address] = line.split(" ");
      return [address!, owner!];
    }),
  netbox: (text) =>
    listLines(text)
      .slice(1)
      .map((line) => {
        const [address, , name] = line.split(",");
        return [address!.replace("/32", ""), ...(name === "" ? [] : [name!])];
      }),
};

function listLines(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line !== "");
}

const suffix = (at: number) => formatIdSuffix(uuid(1, at));
const plain = fc.oneof(
  fc.constantFrom(
    "web",
    "Web",
    "a.b",
    "web.example.org",
    "localhost",
    "all",
    "{{ x }}",
    "{{x}}",
    "{{ X }}",
    " ",
  ),
  fc.string({ maxLength: 8 }),
);
/** Names of all kinds, and such as are made here for one of the VMs. */
const name = fc
  .tuple(plain, fc.array(fc.nat({ max: 7 }), { maxLength: 2 }))
  .map(([text, ats]) => text + ats.map(suffix).join(""));

test.each(Object.entries(LIST_NAMES))(
  "as %s, each VM has its own address under a name that no other VM has, whatever VMs are called",
  async (format, listNames) => {
    await fc.assert(
      fc.asyncProperty(fc.array(name, { maxLength: 8 }), async (names) => {
        const listed = listNames(await exportNamed(format, names));
        expect(listed.map(([address]) => address).toSorted()).toEqual(names.map((_, at) => `10.0.0.${at}`));
        const all = listed.flatMap(([, ...own]) => own);
        expect(all).toHaveLength(new Set(all).size);
      }),
      { numRuns: 300, examples: [[["web", "web", `web${suffix(1)}`]], [["{{x}}", `x${suffix(0)}`]]] },
    );
  },
);

test("a VM that is called as an inventory would call a second one of a name takes nothing from that one", async () => {
  const { _meta } = JSON.parse(
    await exportNamed("ansible-inventory", ["web", "web", `web${suffix(1)}`]),
  ) as Inventory;
  const addresses = Object.entries(_meta.hostvars).map(([host, vars]) => [host, vars.ansible_host]);
  expect(addresses).toEqual([
    ["web", "10.0.0.0"],
    [`web${suffix(1)}`, "10.0.0.1"],
    [`web${suffix(1)}${suffix(2)}`, "10.0.0.2"],
  ]);
});
