import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StoredVm } from "../../../src/store/types.js";
import type { TestDatabase } from "../../support/databases/database.js";
import { cleanDatabase } from "../clean-database.js";
import { HOST_A, HOST_B, HOST_C, id } from "../../support/builders/ids.js";
import { writePass } from "../../support/builders/passes.js";
import { toGuestInterfaceOf, toStoredNic, vmState } from "../../support/builders/stored.js";

const byId = (vms: readonly StoredVm[]) => vms.toSorted((left, right) => (left.id < right.id ? -1 : 1));

describe("VMs that passes ask for", () => {
  let database: TestDatabase;
  cleanDatabase((given) => {
    database = given;
  });

  test("are the same whether passes ask one by one or all at once", async () => {
    const { store } = database;
    await writePass(store, HOST_A, {
      newVms: [
        vmState(1),
        vmState(2, { incomingId: HOST_B }),
        vmState(3, { ownerId: HOST_B, contenderId: HOST_A }),
        vmState(4, { ownerId: null }),
      ],
      insertedInterfaces: [
        toGuestInterfaceOf(1),
        toGuestInterfaceOf(1),
        toGuestInterfaceOf(2),
        toGuestInterfaceOf(4),
      ],
      upsertedNics: [toStoredNic(1, 1), toStoredNic(2, 3)],
    });
    const ask = (hostId: string | null, vmIds: string[]) =>
      hostId === null ? store.readVms(vmIds) : store.readHostVms(hostId, vmIds);
    const host = fc.option(fc.constantFrom(HOST_A, HOST_B, HOST_C), { nil: null });
    const question = fc.tuple(host, fc.uniqueArray(fc.constantFrom(id(1), id(2), id(3), id(4), id(5))));
    await fc.assert(
      fc.asyncProperty(fc.array(question, { minLength: 2, maxLength: 6 }), async (questions) => {
        const alone = [];
        for (const [hostId, vmIds] of questions) alone.push(byId(await ask(hostId, vmIds)));
        const together = await Promise.all(questions.map(([hostId, vmIds]) => ask(hostId, vmIds)));
        expect(together.map(byId)).toEqual(alone);
      }),
      { numRuns: 100 },
    );
    expect(await store.readHostVms(HOST_B, [])).toHaveLength(2);
  });

  test("cost three calls of seven statements for a hundred passes at once", async () => {
    const { store } = database;
    await writePass(store, HOST_A, { newVms: [vmState(1)] });
    database.statements();
    await Promise.all(Array.from({ length: 100 }, () => store.readHostVms(HOST_A, [id(1)])));
    expect(database.statements().length).toBe(3 * STATEMENTS_OF_A_CALL);
  });
});

/** The transaction's begin, isolation and commit; which VMs, the VMs, their interfaces, their vNICs. */
const STATEMENTS_OF_A_CALL = 7;
