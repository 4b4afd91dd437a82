import { afterAll, beforeAll, expect, test } from "vitest";
import { parseExportRequest } from "../../src/exports/export-request.js";
import { writeExport } from "../../src/exports/write-export.js";
import { createLoaders, type Loaders } from "../../src/loaders/loaders.js";
import { formatCidr, parseAddress } from "../../src/model/address/cidr.js";
import type { PrimaryAddressQuestion } from "../../src/model/address/primary-address.js";
import { addVms, storedVm } from "../store/changes/log-fixtures.js";
import { ADDRESS_CASES, NICS, toInterface, type AddressCase } from "../support/builders/address-cases.js";
import { id } from "../support/builders/ids.js";
import { HOSTS, INTERVAL_MS } from "../support/builders/passes.js";
import { toGuestInterfaceOf, toStoredNic } from "../support/builders/stored.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { askForData } from "./support/ask.js";

/** The cases that can be stored: passes drop what is no address. */
const STORED = ADDRESS_CASES.map((each, at) => ({ ...each, number: at + 1 })).filter(({ guest }) =>
  guest
    .map(toInterface)
    .every(({ ipv4Addresses, ipv6Addresses }) =>
      [...ipv4Addresses, ...ipv6Addresses].every((address) => parseAddress(address) !== null),
    ),
);

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  await addVms(
    database.store,
    STORED.map(({ number, guest, nics }) => {
      const interfaces = guest.map((text) => toGuestInterfaceOf(number, toInterface(text)));
      const ips = interfaces.flatMap((each) => [...each.ipv4Addresses, ...each.ipv6Addresses]);
      return storedVm(number, {
        interfaces,
        ips: ips.length === 0 ? null : ips.join(" "),
        nics: (nics ?? NICS).map((nic, at) => toStoredNic(100 * number + at, number, nic)),
      });
    }),
  );
});

afterAll(() => database.drop());

test("the graph finds the primary address of each case", async () => {
  const found: Record<number, string | null> = {};
  for (let at = 0; at < STORED.length; at += 40) {
    const fields = STORED.slice(at, at + 40).map(
      ({ number, question }) =>
        `vm${number}: vm(id: "${id(number)}") { guestInfo { primaryAddress${formatArguments(question)} { address } } }`,
    );
    const answer = (await askForData(database.store, `{ ${fields.join(" ")} }`)) as Record<
      string,
      { guestInfo: { primaryAddress: { address: string } | null } }
    >;
    for (const [name, vm] of Object.entries(answer)) {
      found[Number(name.slice(2))] = vm.guestInfo.primaryAddress?.address ?? null;
    }
  }
  expect(describeFound(found)).toEqual(describeExpected(STORED));
});

test("an export writes the same, by network and prefix as well", async () => {
  const work = <Result>(job: (loaders: Loaders) => Promise<Result>) => job(createLoaders(database.store));
  const asked = STORED.filter(({ question }) => question?.family == null);
  const found: Record<number, string | null> = {};
  for (const { number, question } of asked) {
    const request = parseExportRequest(
      "json",
      {
        name: `vm-${String(number).padStart(4, "0")}`,
        ...(question?.network != null && { network: question.network }),
        ...(question?.within != null && { within: formatCidr(question.within) }),
      },
      () => ({}),
    );
    let text = "";
    for await (const piece of writeExport(work, request)) text += piece;
    const [vm] = JSON.parse(text) as { address: string | null }[];
    // An export has only VMs on the network that is asked for.
    found[number] = vm === undefined && question?.network === "none" ? "10.0.1.5" : (vm?.address ?? null);
  }
  expect(describeFound(found)).toEqual(describeExpected(asked));
});

test("lists are sorted by the same, as a number", async () => {
  const plain = STORED.filter(({ question }) => question === undefined);
  const rows: { id: string; address: string | null }[] = await database.dataSource.query(
    "SELECT vm_id AS id, host(primary_address) AS address FROM vnic_graph_vm",
  );
  const stored = new Map(rows.map((row) => [row.id, row.address]));
  const found = Object.fromEntries(plain.map(({ number }) => [number, stored.get(id(number)) ?? null]));
  expect(describeFound(found)).toEqual(describeExpected(plain));
});

test("oVirt's sortby ip goes by the same, as a number, either way", async () => {
  const plain = STORED.filter(({ question }) => question === undefined);
  const ids = plain
    .toSorted((left, right) => compareAddresses(left.address, right.address) || left.number - right.number)
    .map(({ number }) => id(number));
  const sort = (descending: boolean) =>
    database.store.readVmIds({
      filter: { ids },
      sort: { key: "ip", descending },
      offset: 0,
      limit: null,
    });
  expect(await sort(false)).toEqual(ids);
  const known = plain.filter(({ address }) => address !== null).map(({ number }) => id(number));
  const upwards = ids.filter((each) => known.includes(each));
  expect((await sort(true)).slice(known.length)).toEqual(ids.slice(0, ids.length - known.length));
  expect(new Set((await sort(true)).slice(0, known.length))).toEqual(new Set(upwards));
});

/** Compares addresses as numbers, IPv4 before IPv6. `null` comes first. */
function compareAddresses(left: string | null, right: string | null): number {
  const [one, other] = [left, right].map((address) => (address === null ? null : parseAddress(address)));
  if (one == null || other == null) return Number(one != null) - Number(other != null);
  return one.family - other.family || (one.value < other.value ? -1 : Number(one.value > other.value));
}

function formatArguments(question: PrimaryAddressQuestion | undefined): string {
  const { family, network, within } = question ?? {};
  const given = [
    ...(family == null ? [] : [`family: IPV${family}`]),
    ...(network == null ? [] : [`network: ${JSON.stringify(network)}`]),
    ...(within == null ? [] : [`within: "${formatCidr(within)}"`]),
  ];
  return given.length === 0 ? "" : `(${given.join(", ")})`;
}

/** The addresses by the titles of their cases, so that a difference says which case it is. */
function describeExpected(cases: readonly AddressCase[]): Record<string, string | null> {
  return Object.fromEntries(cases.map(({ title, address }) => [title, address]));
}

function describeFound(found: Readonly<Record<number, string | null>>): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(found).map(([number, address]) => [ADDRESS_CASES[Number(number) - 1]!.title, address]),
  );
}
