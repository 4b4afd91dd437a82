import { beforeAll, expect, test } from "vitest";
import { parseExportRequest } from "../../src/exports/export-request.js";
import { writeExport } from "../../src/exports/write-export.js";
import { createLoaders, type Loaders } from "../../src/loaders/loaders.js";
import { mac, uuid } from "../support/builders/ids.js";
import { createMemoryReadStore } from "../support/builders/memory-read-store.js";
import { guestInterfaceRow, nicRow, vmRow } from "../support/builders/rows.js";

const store = createMemoryReadStore();

/** Adds a VM whose vNICs are on these networks, and have an address each. */
function addVm(
  number: number,
  networks: readonly string[],
  addresses: readonly string[],
  to: typeof store = store,
): void {
  const vmId = uuid(1, number);
  to.vms.push(vmRow(number, { ips: addresses }));
  for (const [at, network] of networks.entries()) {
    const nic = number * 10 + at;
    to.nics.push(nicRow(nic, vmId, { network }));
    const address = addresses[at] ?? "";
    to.interfaces.push(
      guestInterfaceRow(vmId, {
        name: `eth${at}`,
        macAddress: mac(nic),
        ...(address.includes(":") ? { ipv6Addresses: [address] } : { ipv4Addresses: [address] }),
      }),
    );
  }
}

beforeAll(() => {
  addVm(1, ["red", "blue", "green"], ["10.0.0.1", "192.168.0.1", "2001:db8::1"]);
  addVm(2, ["red"], ["169.254.10.1"]);
  addVm(3, ["red"], ["fe80::3"]);
  addVm(4, ["red"], ["::ffff:10.0.0.4"]);
});

async function runExport(
  format: string,
  given: Readonly<Record<string, string>> = {},
  from = store,
): Promise<string> {
  const work = <Result>(job: (loaders: Loaders) => Promise<Result>) => job(createLoaders(from));
  const request = parseExportRequest(format, given, () => ({}));
  let text = "";
  for await (const piece of writeExport(work, request)) text += piece;
  return text;
}

test.each([
  [{}, "10.0.0.1"],
  [{ network: "blue" }, "192.168.0.1"],
  [{ within: "192.168.0.0/16" }, "192.168.0.1"],
  [{ network: "blue", within: "10.0.0.0/8" }, "10.0.0.1"],
  [{ family: "IPV6" }, "2001:db8::1"],
  [{ family: "ipv4", network: "blue" }, "192.168.0.1"],
  [{ family: "IPV6", within: "::/0" }, "2001:db8::1"],
])("an export by %j has the address that is asked for, in every format", async (given, address) => {
  const [vm] = JSON.parse(await runExport("json", given)) as { address: string }[];
  expect(vm?.address).toBe(address);
  expect((await runExport("hosts", given)).split("\n")[0]).toBe(`${address}\tvm-0001`);
  expect(await runExport("prometheus-sd", given)).toContain(
    `"${address.includes(":") ? `[${address}]` : address}:9100"`,
  );
});

test.each(["ansible-inventory", "prometheus-sd", "hosts", "zone", "netbox"])(
  "other tools get no address that ends with its link, as %s",
  async (format) => {
    const text = await runExport(format);
    expect(text).toContain("10.0.0.1");
    expect(text).not.toMatch(/169\.254|fe80|vm-000[23]/);
  },
);

test("other tools get an address from another network where that on the one that is asked for ends with its link", async () => {
  const given = { network: "storage" };
  const other = createMemoryReadStore();
  addVm(5, ["management", "storage"], ["10.0.1.5", "fe80::5"], other);
  expect(await runExport("hosts", given, other)).toBe("10.0.1.5\tvm-0005\n");
  const [listed] = JSON.parse(await runExport("json", given, other)) as { address: string }[];
  expect(listed?.address).toBe("fe80::5");
});

test("other tools get no address of a bridge of containers from a guest that tells its addresses alone", async () => {
  const other = createMemoryReadStore();
  other.vms.push(vmRow(6, { ips: ["169.254.3.4", "172.17.0.1"], interfacesKnown: false }));
  expect(await runExport("hosts", {}, other)).toBe("");
  const [listed] = JSON.parse(await runExport("json", {}, other)) as { address: string }[];
  expect(listed?.address).toBe("169.254.3.4");
});

test("lists have addresses that end with their link", async () => {
  const text = await runExport("csv");
  expect(text).toContain(",169.254.10.1,red,");
  expect(text).toContain(",fe80::3,red,");
});

test.each([
  ["ansible-inventory", '"ansible_host":"10.0.0.4"'],
  ["prometheus-sd", '"10.0.0.4:9100"'],
  ["hosts", "\n10.0.0.4\tvm-0004\n"],
  ["zone", "\nvm-0004 300 IN A 10.0.0.4\n"],
  ["netbox", "\n10.0.0.4/32,"],
  ["csv", ",::ffff:10.0.0.4,red,"],
])(
  "an address that is mapped into IPv6 is IPv4 for tools that send packets to it, as %s",
  async (format, text) => {
    expect(await runExport(format)).toContain(text);
  },
);
