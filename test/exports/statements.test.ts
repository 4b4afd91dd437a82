import { afterAll, beforeAll, expect, test } from "vitest";
import { writeExport } from "../../src/exports/write-export.js";
import { FORMATS, type FormatName } from "../../src/exports/formats.js";
import { createLoaders } from "../../src/loaders/loaders.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { formatId } from "../support/databases/large-ids.js";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  const vm = formatId("1", "n");
  for (const statement of [
    `INSERT INTO vm_static (vm_guid, vm_name) SELECT ${vm}, 'vm-' || n FROM generate_series(1, 1201) n`,
    `INSERT INTO vm_dynamic (vm_guid, status, vm_ip) SELECT ${vm}, 1, '10.0.0.1' FROM generate_series(1, 1201) n`,
    `INSERT INTO vnic_graph_vm (vm_id) SELECT ${vm} FROM generate_series(1, 1201) n`,
  ])
    await database.dataSource.query(statement);
});

afterAll(() => database.drop());

/** One for each piece of 500 VMs, and two for each 100 of them, for their interfaces and their vNICs. */
const OF_ALL_VMS = 3 + 2 * 13;

/** Formats in which names must be unique read all names first, in one. */
const STATEMENTS: Readonly<Record<FormatName, number>> = {
  csv: OF_ALL_VMS,
  json: OF_ALL_VMS,
  ndjson: OF_ALL_VMS,
  "ansible-inventory": OF_ALL_VMS,
  "prometheus-sd": OF_ALL_VMS,
  hosts: OF_ALL_VMS + 1,
  zone: OF_ALL_VMS + 1,
  netbox: OF_ALL_VMS + 1,
};

test.each(Object.keys(FORMATS) as FormatName[])(
  "an export of 1,201 VMs as %s asks the database by the hundred",
  async (format) => {
    const request = { format, filter: {}, primary: {}, port: 9100 } as Parameters<typeof writeExport>[1];
    let records = 0;
    database.statements();
    const pieces = writeExport(
      (job) => job(createLoaders(database.store)),
      request,
      (count) => (records += count),
    );
    while ((await pieces.next()).done !== true);
    expect([records, database.statements().length]).toEqual([1_201, STATEMENTS[format]]);
  },
);
