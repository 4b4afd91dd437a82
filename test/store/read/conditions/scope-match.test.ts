import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isInScope } from "../../../../src/store/read/conditions/scope-match.js";
import { createVmScopeSql } from "../../../../src/store/read/conditions/scope.js";
import { SqlParameters } from "../../../../src/store/postgres/sql.js";
import { HOST_A, HOST_B, id } from "../../../support/builders/ids.js";
import { createDatabase, type TestDatabase } from "../../../support/databases/database.js";

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const pattern = fc
  .array(fc.constantFrom(...Array.from("ab*?%_\\é😀.")), { maxLength: 8 })
  .map((parts) => parts.join(""));
const name = fc
  .array(fc.constantFrom(...Array.from("ab%_\\é😀.\n*")), { maxLength: 8 })
  .map((parts) => parts.join(""));
const scope = fc.record({
  namePatterns: fc.array(pattern, { maxLength: 3 }),
  hostIds: fc.subarray([HOST_A, HOST_B.toUpperCase()]),
  vmIds: fc.subarray([id(1), id(2)]),
});
const vm = fc.record({
  id: fc.constantFrom(id(1), id(3)),
  name,
  hostId: fc.constantFrom(HOST_A, HOST_B, null),
});

test("a scope means the same for a VM of the past as the database's condition means for one of the present", async () => {
  await fc.assert(
    fc.asyncProperty(scope, fc.array(vm, { minLength: 20, maxLength: 20 }), async (each, vms) => {
      const parameters = new SqlParameters();
      const [ids, names, hosts] = [
        vms.map((one) => one.id),
        vms.map((one) => one.name),
        vms.map((one) => one.hostId),
      ].map((values) => parameters.add(values));
      const rows = await database.dataSource.query<{ seen: boolean | null }[]>(
        `SELECT ${createVmScopeSql(each).isVm(parameters)} AS seen
         FROM unnest(${ids}::uuid[], ${names}::text[], ${hosts}::uuid[]) WITH ORDINALITY
           AS g(vm_guid, vm_name, run_on_vds, place)
         CROSS JOIN LATERAL (SELECT g.vm_guid, g.vm_name) AS s CROSS JOIN LATERAL (SELECT g.run_on_vds) AS d
         ORDER BY g.place`,
        parameters.values,
      );
      expect(vms.map((one) => isInScope(each, one))).toEqual(rows.map(({ seen }) => seen === true));
    }),
    { numRuns: 200 },
  );
});

test("a hostile pattern takes no time", () => {
  const namePatterns = ["*a".repeat(100) + "b"];
  const hidden = { id: id(1), name: "a".repeat(255), hostId: null };
  expect(isInScope({ namePatterns, hostIds: [], vmIds: [] }, hidden)).toBe(false);
});
