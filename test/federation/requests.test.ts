import { afterAll, beforeAll, expect, test } from "vitest";
import { loadConfig } from "../../src/config.js";
import type { TestDatabase } from "../support/databases/database.js";
import { createSiteDatabase, startGuests } from "./site.js";
import type { Subgraph } from "./subgraph.js";
import { id } from "../support/builders/ids.js";
import { toStoredNic } from "../support/builders/stored.js";

const ALL = 5_000;

let database: TestDatabase;
let guests: Subgraph;

beforeAll(async () => {
  database = await createSiteDatabase(ALL);
  guests = await startGuests("contribute", database);
});

afterAll(async () => {
  await guests.stop();
  await database.drop();
});

async function ask(query: string, variables: Record<string, unknown>) {
  database.statements();
  const { status, body } = await guests.server.post(query, { variables });
  return { status, body, statements: database.statements().length };
}

test("5,000 vNICs in one body cost three statements", async () => {
  const keys = Array.from({ length: ALL }, (_, index) => ({
    __typename: "VmNic",
    id: toStoredNic(index + 1, index + 1).id,
  }));
  const query = `query ($keys: [_Any!]!) { _entities(representations: $keys) {
    __typename ... on VmNic { guestInterface { name } guestInterfaces { name ipv4Addresses } } } }`;
  const { status, body, statements } = await ask(query, { keys });
  expect([status, statements]).toEqual([200, 3]);
  expect(JSON.stringify(body.data).match(/"guestInterface":\{"name":"eth0"\}/g)).toHaveLength(ALL);
});

test("5,000 keys of which one is malformed and one unknown give null for these two alone", async () => {
  const keys = Array.from({ length: ALL }, (_, index) => ({ __typename: "Vm", id: id(index + 1) }));
  keys[17] = { __typename: "Vm", id: "not-a-uuid" };
  keys[18] = { __typename: "Vm", id: id(0xffffff) };
  const query = `query ($keys: [_Any!]!) { _entities(representations: $keys) {
    __typename ... on Vm { guestInfo { ips } } } }`;
  const { status, body, statements } = await ask(query, { keys });
  const entities = body.data!["_entities"] as unknown[];
  expect([status, statements, body.errors]).toEqual([200, 1, undefined]);
  expect(entities.flatMap((entity, at) => (entity === null ? [at] : []))).toEqual([17, 18]);
});

test("thirty fetches that a gateway merged with aliases are one request and three statements", async () => {
  const numbers = Array.from({ length: 30 }, (_, index) => index + 1);
  const query = `query Merged(${numbers.map((number) => `$keys${number}: [_Any!]!`).join(" ")}) {
    ${numbers.map((number) => `_${number}_entities: _entities(representations: $keys${number}) { __typename ...Guest }`).join("\n")} }
    fragment Guest on Vm { guestInfo { networkDevices { __typename name vmNic { id } } } }`;
  const variables = Object.fromEntries(
    numbers.map((number) => [`keys${number}`, [{ __typename: "Vm", id: id(number) }]]),
  );
  const { status, body, statements } = await ask(query, variables);
  expect([status, body.errors, statements]).toEqual([200, undefined, 3]);
  expect(JSON.stringify(body.data).match(/eth0/g)).toHaveLength(30);
});

test("traces are off unless FEDERATION_TRACE switches them on", () => {
  expect(loadConfig({}).federationTrace).toBe(false);
  expect(loadConfig({ FEDERATION_TRACE: "on" }).federationTrace).toBe(true);
});
