import fc from "fast-check";
import { GraphQLError } from "graphql";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseVmFilter } from "../../../src/graph/arguments/filters/parse-vm-filter.js";
import { createReader } from "../../../src/store/read/reader.js";
import type { VmFilter, VmScope } from "../../../src/store/types.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";
import { formatId, largeId } from "../../support/databases/large-ids.js";
import { VM_ORDERS } from "../../support/reads/vm-orders.js";

/** More than are looked up by their ids. Their vNICs are more than are compared with the VMs of a page. */
const VMS = 2_400;

/** Names of interfaces and networks, each on half as many VMs as the one before, with letters whose cases depend on the language. */
const NAMES = ["eth0", "ETH1", "BIND%", "k_ı", "\u212Aİ", "ſtraß", "Docker\\0", "ΣΑς"];

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  const names = (count: number) =>
    `(ARRAY['${NAMES.join("','")}'])[1 + least(ln(${count * VMS} / n) / ln(2), ${NAMES.length - 1})::int]`;
  const [vm, vmOfRow] = [formatId("1", "n"), formatId("1", `n % ${VMS} + 1`)];
  const [vms, rows, nics] = [VMS, 2 * VMS, 4 * VMS].map((count) => `generate_series(1, ${count}) n`);
  await change(
    `INSERT INTO vds_static (vds_id, vds_name, host_name, port)
     SELECT ${formatId("a", "n")}, 'Host' || n, 'k' || n || '.example', 54321 FROM generate_series(1, 40) n`,
    `INSERT INTO vm_static (vm_guid, vm_name) SELECT ${vm}, 'Vm-' || n FROM ${vms}`,
    `INSERT INTO vm_dynamic (vm_guid, status, run_on_vds, vm_fqdn)
     SELECT ${vm}, CASE WHEN n % 3 > 0 THEN 0 WHEN n % 2 = 0 THEN 4 WHEN n % 12 = 3 THEN 2 ELSE 1 END, CASE WHEN n % 41 > 0 THEN ${formatId("a", "n % 41")} END, 'K' || n || '.Example' FROM ${vms}`,
    `INSERT INTO vnic_graph_vm (vm_id, changed_at) SELECT ${vm}, now() - n * interval '1 second' FROM ${vms}`,
    `INSERT INTO vm_interface (id, vm_guid, name) SELECT ${formatId("2", "n")}, ${vmOfRow}, 'nic1' FROM ${nics}`,
    `INSERT INTO vnic_graph_nic (nic_id, vm_id, network) SELECT ${formatId("2", "n")}, ${vmOfRow}, ${names(4)} FROM ${nics}`,
    `INSERT INTO vm_guest_agent_interfaces (vm_id, interface_name) SELECT ${vmOfRow}, ${names(2)} FROM ${rows}`,
  );
}, 60_000);

afterAll(() => database.drop());

/** Changes the tables as a pass does, of which nobody keeps a log here. */
async function change(...statements: readonly string[]): Promise<void> {
  const connection = database.dataSource.createQueryRunner();
  await connection.query("SET session_replication_role = replica");
  for (const statement of statements) await connection.query(statement);
  await connection.query("SET session_replication_role = DEFAULT");
  await connection.query("ANALYZE");
  await connection.release();
}

const anyPart = fc.constantFrom(
  ...[
    "e",
    "ETH",
    "h1",
    "zz",
    "bind",
    "%",
    "_",
    "\\",
    "k",
    "K",
    "\u212A",
    "ı",
    "I",
    "i",
    "İ",
    "ſ",
    "s",
    "S",
    "ß",
  ],
  ...["σ", "ς", "99", "7", "12", ".exam", "VM-", "host3", "eth7"],
);
const anyText = fc.oneof(
  { weight: 4, arbitrary: anyPart.map((contains) => ({ contains })) },
  { weight: 1, arbitrary: anyPart.map((startsWith) => ({ startsWith })) },
  { weight: 1, arbitrary: anyPart.map((eq) => ({ eq })) },
  {
    weight: 1,
    arbitrary: fc.tuple(anyPart, anyPart).map(([contains, startsWith]) => ({ contains, startsWith })),
  },
);
const anyCondition = fc
  .tuple(
    fc.constantFrom("interfaceName", "interfaceName", "network", "network", "fqdn", "name", "host"),
    anyText,
  )
  .map(([key, text]) => ({ [key]: text }));
const anyOther = fc.constantFrom(
  { stale: true },
  { status: [1] },
  { status: [0] },
  { status: [4, 13] },
  { status: [2, 4] },
  { not: { status: [1] } },
  { not: { status: [4, 1, 4] } },
  { not: { status: [0] } },
  { not: { status: [0, 1] } },
  { not: { or: [{ status: [1] }, { status: [0] }] } },
  { hasAddress: false },
  { nicMacAddress: "00:1a:4a:00:00:01" },
  { id: largeId("1", 77) },
);
const anyInner = fc.oneof({ weight: 5, arbitrary: anyCondition }, { weight: 1, arbitrary: anyOther });
const anyFilter: fc.Arbitrary<object> = fc.oneof(
  { weight: 4, arbitrary: anyCondition },
  { weight: 2, arbitrary: fc.array(anyInner, { minLength: 1, maxLength: 3 }).map((or) => ({ or })) },
  { weight: 2, arbitrary: fc.array(anyInner, { minLength: 1, maxLength: 3 }).map((and) => ({ and })) },
  { weight: 1, arbitrary: anyCondition.map((not) => ({ not })) },
  { weight: 1, arbitrary: anyOther },
  {
    weight: 1,
    arbitrary: fc
      .tuple(anyCondition, anyCondition, anyInner)
      .map(([not, one, other]) => ({ not, or: [one, other] })),
  },
);
const anyScope = fc.constantFrom<VmScope | null>(null, null, {
  namePatterns: ["Vm-1*"],
  hostIds: [largeId("a", 3)],
  vmIds: [largeId("1", 2_000)],
});

/** Parses a filter. One that can find nothing is refused, and another one is tried. */
function parseUnlessRefused(input: object): VmFilter {
  try {
    return parseVmFilter(input);
  } catch (error) {
    fc.pre(!(error instanceof GraphQLError));
    throw error;
  }
}

const IDS = Array.from({ length: VMS }, (_, at) => largeId("1", at + 1));

test.each([
  ["few different names", []],
  [
    "more of them than are compared",
    [
      `INSERT INTO vm_guest_agent_interfaces (vm_id, interface_name) SELECT ${formatId("1", "n")}, 'veTH' || n FROM generate_series(1, 1200) n`,
      `UPDATE vnic_graph_nic SET network = 'LAN' || network || nic_id WHERE nic_id > '${largeId("2", 7_000)}'`,
    ],
  ],
])(
  "a filter by parts of names finds what it finds among all ids, with %s",
  async (_, changes) => {
    await change(...changes);
    const found = { none: 0, few: 0, many: 0 };
    await fc.assert(
      fc.asyncProperty(
        anyFilter,
        anyScope,
        fc.constantFrom(...VM_ORDERS),
        fc.nat(),
        async (input, scope, order, place) => {
          const reads = createReader(database.dataSource, scope);
          const filter = parseUnlessRefused(input);
          // Where ids are given, each condition is looked at for each VM.
          const all = await reads.readVmsPage({
            filter: { ...filter, ids: IDS },
            limit: VMS,
            after: null,
            order,
          });
          found[all.length === 0 ? "none" : all.length > 2_000 ? "many" : "few"] += 1;
          const from = all[place % (all.length + 1)] ?? null;
          const at = from === null ? 0 : all.indexOf(from) + 1;
          expect(await reads.countVms(filter)).toBe(all.length);
          // As REST's searches do.
          const listed = { sort: { key: "id", descending: false }, offset: at, limit: 20 } as const;
          const byId = all.map(({ id }) => id).sort();
          expect(await reads.readVmIds({ filter, ...listed })).toEqual(byId.slice(at, at + 20));
          const ids = async (page: object) =>
            (await reads.readVmsPage({ filter, order, limit: 20, after: null, ...page })).map(({ id }) => id);
          expect(await ids({})).toEqual(all.slice(0, 20).map(({ id }) => id));
          expect(await ids({ after: from })).toEqual(all.slice(at, at + 20).map(({ id }) => id));
          expect(await ids({ fromEnd: true })).toEqual(all.slice(-20).map(({ id }) => id));
        },
      ),
      { numRuns: 100 },
    );
    expect(Math.min(...Object.values(found))).toBeGreaterThan(3);
  },
  120_000,
);
