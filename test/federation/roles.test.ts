import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Role } from "../../src/model/roles.js";
import { createIdentity, type Scope } from "../../src/server/identity/identity.js";
import { loadTokenFile } from "../../src/server/identity/token-file.js";
import { createToken } from "../../src/server/identity/token-lines.js";
import { rememberingLog } from "../server/running.js";
import { temporaryFile } from "../server/temporary.js";
import type { TestDatabase } from "../support/databases/database.js";
import { GATEWAYS, composeSupergraph, type Answer, type OpenGateway } from "./gateways.js";
import { addressOf, createSiteDatabase, startGuests, startInventory } from "./site.js";
import { id } from "../support/builders/ids.js";

let database: TestDatabase;

beforeAll(async () => {
  database = await createSiteDatabase(3);
});

afterAll(async () => {
  await database.drop();
});

const FROM_INVENTORY = "{ inventoryVms(first: 2) { costCentre guestInfo { ips } } }";
const FROM_US = "{ vms(first: 1) { nodes { name costCentre } } }";

describe.each(GATEWAYS)("%s", (_name, open) => {
  test("with a token of the roles router and reader joins in both directions", async () => {
    const [joined, ours] = await through(open, ["router", "reader"], [FROM_INVENTORY, FROM_US]);
    expect(joined).toEqual({ data: { inventoryVms: [vm(1), vm(2)] }, errors: [] });
    expect(ours).toEqual({
      data: { vms: { nodes: [{ name: "vm-0001", costCentre: `centre of ${id(1)}` }] } },
      errors: [],
    });
  });

  test("with a reader's token is refused entities, and loses nothing of the inventory", async () => {
    const [joined, ours] = await through(open, ["reader"], [FROM_INVENTORY, FROM_US]);
    expect(joined!.data).toEqual({ inventoryVms: [vm(1, null), vm(2, null)] });
    expect(joined!.errors.join()).not.toBe("");
    expect(ours!.errors).toEqual([]);
  });

  test("with a router's token alone joins, but is refused our own lists", async () => {
    const [joined, ours] = await through(open, ["router"], [FROM_INVENTORY, FROM_US]);
    expect(joined).toEqual({ data: { inventoryVms: [vm(1), vm(2)] }, errors: [] });
    expect(JSON.stringify(ours!.data)).not.toContain("vm-0001");
    expect(ours!.errors.join()).not.toBe("");
  });

  test("with a token of a scope sees that scope's guests and no other's", async () => {
    const scope = { namePatterns: ["vm-0002"], hostIds: [], vmIds: [] };
    const [joined] = await through(open, ["router"], [FROM_INVENTORY], scope);
    expect(joined).toEqual({ data: { inventoryVms: [vm(1, null), vm(2)] }, errors: [] });
  });
});

test("without a token nothing is told, not even the schema", async () => {
  const guests = await startGuests("whole", database, { identity: await createIdentityOf(["router"]) });
  const { status } = await guests.server.post("{ _service { sdl } }");
  expect(status).toBe(401);
  await guests.stop();
});

test("a reader's token gets 403 for entities and for the subgraph's schema", async () => {
  const { token, line } = createToken({ name: "reader", roles: ["reader"], expiresAt: null });
  const file = await loadTokenFile(await temporaryFile(line), rememberingLog().log);
  const guests = await startGuests("whole", database, { identity: createIdentity([file]) });
  const headers = { authorization: `Bearer ${token}` };
  for (const query of ["{ _service { sdl } }", "{ _entities(representations: []) { __typename } }"]) {
    const { status, body } = await guests.server.post(query, { headers });
    expect([status, body.errors?.[0]?.extensions.code]).toEqual([403, "FORBIDDEN"]);
  }
  await guests.stop();
});

function vm(number: number, guestInfo: object | null = { ips: [addressOf(number)] }) {
  return { costCentre: `centre of ${id(number)}`, guestInfo };
}

async function through(
  open: OpenGateway,
  roles: readonly Role[],
  queries: readonly string[],
  scope: Scope | null = null,
): Promise<Answer[]> {
  const { token, line } = createToken({ name: "gateway", roles, expiresAt: null, scope });
  const file = await loadTokenFile(await temporaryFile(line), rememberingLog().log);
  const guests = await startGuests("whole", database, { identity: createIdentity([file]) });
  const inventory = await startInventory("whole");
  const gateway = await open(composeSupergraph([inventory, guests]), token);
  try {
    const answers: Answer[] = [];
    for (const query of queries) answers.push(await gateway.ask(query));
    return answers;
  } finally {
    await gateway.stop();
    await guests.stop();
    await inventory.stop();
  }
}

async function createIdentityOf(roles: readonly Role[]) {
  const { line } = createToken({ name: "somebody", roles, expiresAt: null });
  return createIdentity([await loadTokenFile(await temporaryFile(line), rememberingLog().log)]);
}
