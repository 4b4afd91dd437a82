import fc from "fast-check";
import {
  type GraphQLObjectType,
  execute,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  isUnionType,
  Kind,
  parse,
  validate,
} from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFieldEstimator } from "../../../../src/graph/estimates/estimate-field.js";
import { buildGraphSchema } from "../../../../src/graph/schema.js";
import { createLoaders } from "../../../../src/loaders/loaders.js";
import { DEFAULT_LIMITS } from "../../../../src/model/limits.js";
import { ALL_ROLES } from "../../../../src/model/roles.js";
import { measureAnswer } from "../../../../src/server/graphql/cost/answer-size.js";
import { estimateCost } from "../../../../src/server/graphql/cost/estimate-cost.js";
import { advanceAddressIndex } from "../../../../src/store/changes/spans/span-indexer.js";
import { readListCounts, type ListCounts } from "../../../../src/store/read/list-counts.js";
import { createDatabase, type TestDatabase } from "../../../support/databases/database.js";
import { HOST_A, HOST_B, id } from "../../../support/builders/ids.js";
import { HOSTS, INTERVAL_MS, writePass } from "../../../support/builders/passes.js";
import { toGuestInterfaceOf, toStoredNic, vmState } from "../../../support/builders/stored.js";

const RUNS = 250;
const SEED = 20_261_126;
const VMS = 40;

const schema = buildGraphSchema({ federation: "whole" });
const mac = (number: number, at: number) => `56:6f:00:00:${hex(number)}:${hex(at)}`;
const hex = (number: number) => number.toString(16).padStart(2, "0");

let database: TestDatabase;
let counts: ListCounts;

/** Uneven, as real fleets are: one host has most VMs, some VMs have many interfaces or addresses, or none, some share MACs. */
beforeAll(async () => {
  database = await createDatabase();
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  for (const hostId of [HOST_A, HOST_B]) {
    const numbers = Array.from({ length: VMS }, (_, at) => at + 1).filter(
      (number) => (number % 8 === 0) === (hostId === HOST_B),
    );
    const nics = (number: number) => Array.from({ length: number % 4 }, (_, at) => at);
    const interfaces = (number: number) =>
      Array.from({ length: number % 10 === 0 ? 30 : number % 3 }, (_, at) => at);
    await writePass(database.store, hostId, {
      newVms: numbers.map((number) =>
        vmState(number, { ownerId: hostId, ips: "10.0.0.1" + " 10.1.0.1".repeat(number % 6) }),
      ),
      upsertedNics: numbers.flatMap((number) =>
        nics(number).map((at) =>
          toStoredNic(number * 10 + at, number, {
            name: `nic${at}`,
            macAddress: mac(number % 5 === 0 ? 0 : number, at),
          }),
        ),
      ),
      insertedInterfaces: numbers.flatMap((number) =>
        interfaces(number).map((at) =>
          toGuestInterfaceOf(number, {
            name: `eth${at}`,
            macAddress: mac(number, at % 4),
            ipv4Addresses: Array.from({ length: at % 5 === 0 ? number : 1 }, (_, n) => `10.1.${at}.${n + 1}`),
            ipv6Addresses: Array.from({ length: at % 3 }, (_, n) => `2001:db8::${hex(at)}${hex(n)}`),
          }),
        ),
      ),
      interfaceOrders: numbers.map((number) => ({
        vmId: id(number),
        names: interfaces(number).map((at) => `eth${at}`),
      })),
    });
  }
  counts = await readListCounts(database.dataSource);
  while ((await advanceAddressIndex(database.dataSource)) === "more");
});
afterAll(() => database.drop());

/** Draws numbers and aliases for one operation. */
interface Draw {
  (below: number): number;
  readonly alias: () => string;
}

function createDraw(numbers: readonly number[]): Draw {
  let at = 0;
  let aliases = 0;
  const draw = (below: number): number => (below === 0 ? 0 : numbers[at++ % numbers.length]! % below);
  return Object.assign(draw, { alias: () => `a${aliases++}` });
}

/** Writes a selection of random fields of a type; `depth` levels of objects at most. */
function writeSelection(type: GraphQLObjectType, depth: number, draw: Draw): string {
  const fields = Object.values(type.getFields()).filter(({ name }) => name !== "_service");
  const objects = fields.filter(({ type: field }) => isCompositeType(getNamedType(field)));
  const scalars = fields.filter((field) => !objects.includes(field) && field.args.length === 0);
  const chosen = new Set([
    scalars[draw(scalars.length)],
    ...(depth === 0 ? [] : [1, 2].map(() => objects[draw(objects.length)])),
  ]);
  const parts = [...chosen].flatMap((field) => {
    if (field === undefined) return [];
    const args = writeArguments(`${type.name}.${field.name}`, draw);
    const given = args === null ? field.args.filter((each) => each.type.toString().endsWith("!")) : [];
    if (given.length > 0) return [];
    const inner = getNamedType(field.type);
    if (isUnionType(inner)) {
      const members = inner
        .getTypes()
        .map((each) => `... on ${each.name} ${writeSelection(each, depth - 1, draw)}`);
      return [`${draw.alias()}: ${field.name}${args ?? ""} { ${members.join(" ")} }`];
    }
    if (isInterfaceType(inner)) {
      const members = schema
        .getPossibleTypes(inner)
        .map((each) => `... on ${each.name} ${writeSelection(each, depth - 1, draw)}`);
      return [`${draw.alias()}: ${field.name}${args ?? ""} { __typename ${members.join(" ")} }`];
    }
    const below = isObjectType(inner) ? ` ${writeSelection(inner, depth - 1, draw)}` : "";
    return [`${draw.alias()}: ${field.name}${args ?? ""}${below}`];
  });
  return `{ __typename ${parts.join(" ")} }`;
}

/** Arguments that find something; `null` for none. */
function writeArguments(place: string, draw: Draw): string | null {
  const some = (): number => 1 + draw(VMS);
  const first = ["", "(first: null)", "(first: 1)", "(first: 7)", "(first: 500)"][draw(5)];
  const last = ["(last: 3)", "(last: 500, orderBy: HOST_DESC)", "(orderBy: PRIMARY_ADDRESS_ASC)"][draw(9)];
  switch (place) {
    case "Query.vms":
    case "FindResult.vms":
      return last ?? first ?? "";
    case "Host.vms":
      return first ?? "";
    case "Vm.guestHistory":
      return first ?? "";
    case "Query.addressHistory":
      return `(address: "10.0.0.1"${(first ?? "").replace("(", ", ").replace(")", "")})`;
    case "Query.vm":
      return `(id: "${id(some())}")`;
    case "Query.vmNic":
      return `(id: "${id(0x10000 + some() * 10)}")`;
    case "Query.guestAddresses":
    case "Query.addressConflicts":
    case "Query.macConflicts":
    case "Query.drift":
      return first ?? "";
    case "Query.guestNetworkStats":
      return `(by: ${["HOST", "NETWORK", "FAMILY", "STALE_REASON"][draw(4)]})`;
    case "Query.host":
      return `(id: "${draw(2) === 0 ? HOST_A : HOST_B}")`;
    case "Query.find":
      return `(text: "${["10.0.0.1", "10.0.0.0/8", mac(draw(2) * some(), 0), id(some()), HOST_A, "vm", "host"][draw(7)]}")`;
    case "Query.vmNics":
      if (draw(3) === 0) return `(macAddresses: ["${mac(0, 0)}", "${mac(some(), 1)}", "${mac(0, 1)}"])`;
      return `(macAddress: "${mac(draw(2) * some(), draw(3))}")`;
    case "Query._entities": {
      const keys = Array.from({ length: 1 + draw(30) }, () =>
        draw(3) === 0
          ? `{ __typename: "VmNic", id: "${id(0x10000 + some() * 10)}" }`
          : `{ __typename: "Vm", id: "${id(some())}" }`,
      );
      return `(representations: [${keys.join(", ")}])`;
    }
    default:
      return null;
  }
}

/** Estimates an operation and runs it. */
async function compare(query: string) {
  const document = parse(query);
  expect(validate(schema, document), query).toEqual([]);
  const operation = document.definitions.find((each) => each.kind === Kind.OPERATION_DEFINITION)!;
  const estimate = estimateCost(operation, {
    schema,
    fragments: new Map(),
    variables: {},
    estimateField: createFieldEstimator(() => counts),
  });
  database.statements();
  const { data, errors } = await execute({
    schema,
    document,
    contextValue: {
      loaders: createLoaders(database.store),
      viewer: { name: "test", roles: new Set(ALL_ROLES) },
      hostAdmin: null,
    },
  });
  expect(errors, query).toBeUndefined();
  const statements = database.statements().length;
  const { objects } = await measureAnswer(data, () => undefined);
  return { estimate, objects, values: countValues(data), statements };
}

/** Counts all plain values of an answer. */
function countValues(value: unknown): number {
  if (typeof value !== "object" || value === null || value instanceof Date) return 1;
  return Object.values(value).reduce<number>((sum, inner) => sum + countValues(inner), 0);
}

test(`an estimate is never below the objects, values and statements of the answer: ${RUNS} random operations`, async () => {
  const queryType = schema.getQueryType()!;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat({ max: 1_000_000 }), { minLength: 60, maxLength: 60 }),
      async (numbers) => {
        const draw = createDraw(numbers);
        const query = writeSelection(queryType, 5, draw);
        const { estimate, objects, values, statements } = await compare(query);
        expect(estimate.objects, `objects of ${query}`).toBeGreaterThanOrEqual(objects);
        expect(estimate.values, `values of ${query}`).toBeGreaterThanOrEqual(values);
        expect(estimate.statements, `statements of ${query}`).toBeGreaterThanOrEqual(statements);
      },
    ),
    { numRuns: RUNS, seed: SEED },
  );
});

const WITH_EVERYTHING = `
  id name status host { name }
  guestInfo { ips fqdn stale networkDevices { name macAddress ipv4Addresses ipv6Addresses } }
  nics { id name macAddress guestInterface { name ipv4Addresses } }`;

test.each([
  ["a page of VMs", "{ vms(first: 30) { nodes { id name } pageInfo { hasNextPage } } }"],
  ["VMs with everything", `{ vms(first: 500) { nodes { ${WITH_EVERYTHING} } } }`],
  ["hosts with all of their VMs", "{ hosts { name vms(first: null) { name guestInfo { ips } } } }"],
  [
    "entities with everything",
    `{ _entities(representations: [${Array.from({ length: VMS }, (_, at) => `{ __typename: "Vm", id: "${id(at + 1)}" }`).join(", ")}]) { ... on Vm { ${WITH_EVERYTHING} } } }`,
  ],
])("an estimate is at most three times the objects that an honest query gives: %s", async (_title, query) => {
  const { estimate, objects, statements } = await compare(query);
  expect(estimate.objects).toBeGreaterThanOrEqual(objects);
  expect(estimate.objects).toBeLessThanOrEqual(3 * objects);
  expect(estimate.statements).toBeLessThanOrEqual(statements + 6);
});

test("lists are counted in one statement, and it is an upper bound for any VMs", async () => {
  database.statements();
  const read = await readListCounts(database.dataSource);
  expect(database.statements()).toHaveLength(1);
  expect(read).toMatchObject({ hosts: HOSTS.length, vms: VMS });
  expect(read.vmsPerHost).toEqual([
    { length: 35, lists: 1 },
    { length: 5, lists: 1 },
  ]);
  expect(read.interfacesPerVm[0]).toEqual({ length: 30, lists: 4 });
  expect(read.ipv4PerVm[0]).toEqual({ length: 6 * 40 + 24, lists: 1 });
  expect(read.ipv6PerVm[0]).toEqual({ length: 30, lists: 4 });
  expect(read.ipsPerVm[0]).toEqual({ length: 6, lists: 6 });
});

test("a list of nothing, or that is asked for nothing, costs its question all the same", () => {
  const estimate = createFieldEstimator(() => ({
    ...counts,
    hosts: 0,
    vms: 0,
    vmsPerHost: [],
    nicsPerVm: [],
    nicsPerMac: [],
    interfacesPerVm: [],
    ipv4PerVm: [],
    ipv6PerVm: [],
    ipsPerVm: [],
  }));
  const cost = (query: string) => {
    const document = parse(query);
    const [operation] = document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
    return estimateCost(operation!, { schema, fragments: new Map(), variables: {}, estimateField: estimate })
      .objects;
  };
  expect(cost("{ hosts { vms(first: 0) { nics { id } } } }")).toBe(3);
  expect(cost("{ vms(first: 0) { nodes { nics { id } } } }")).toBe(3);
  expect(isListType(getNullableType(schema.getQueryType()!.getFields()["hosts"]!.type))).toBe(true);
});

describe("guests with a hundred interfaces of twenty addresses", () => {
  const ofAll = (length: number) => [{ length, lists: 500 }];
  const estimate = createFieldEstimator(() => ({
    ...counts,
    vms: 500,
    nicsPerVm: ofAll(4),
    interfacesPerVm: ofAll(100),
    ipv4PerVm: ofAll(1_000),
    ipv6PerVm: ofAll(1_000),
    ipsPerVm: ofAll(2_000),
  }));

  test.each([
    ["guestInfo { primaryAddress { address } }", 65_000],
    ["nics { missingReason }", 65_000],
    ["nics { guestInterface { name } }", 65_000],
    ['guestInfo(at: "2026-01-01T00:00:00Z") { stale }', 65_000],
    ["guestInfo { networkDevices { name } }", 100_000],
    ["guestInfo { ips }", 100_000],
    ["guestInfo { networkDevices { ipv4Addresses } }", 140_000],
  ])("what is read for %s counts, shown or not", (fields, least) => {
    const cost = estimateWith(estimate, `{ vms(first: 500) { nodes { ${fields} } } }`);
    expect(cost).toBeGreaterThanOrEqual(least);
    expect(cost).toBeLessThanOrEqual(4 * least);
  });

  test("is read once for all fields of the same vNICs, in fragments, too", () => {
    const one = estimateWith(estimate, "{ vms(first: 500) { nodes { nics { missingReason } } } }");
    const fields = "missingReason guestInterface { name } ... on VmNic { primaryAddress { address } }";
    const three = estimateWith(estimate, `{ vms(first: 500) { nodes { nics { ${fields} } } } }`);
    // An interface and an address of each of 2,000 vNICs, and a value of each of these.
    expect(three - one).toBeLessThan(10_000);
  });
});

describe("ten thousand guests with 2 to 20 interfaces of two addresses", () => {
  const ofEach = (times: number) =>
    Array.from({ length: 19 }, (_, at) => ({ length: times * (20 - at), lists: 527 }));
  const estimate = createFieldEstimator(() => ({
    ...counts,
    vms: 10_000,
    nicsPerVm: [
      { length: 4, lists: 2_500 },
      { length: 2, lists: 7_500 },
    ],
    interfacesPerVm: ofEach(1),
    ipv4PerVm: ofEach(1),
    ipv6PerVm: ofEach(1),
    ipsPerVm: ofEach(2),
  }));
  const ask = (type: string, fields: string) => {
    const keys = Array.from({ length: 5_000 }, (_, at) => `{ __typename: "${type}", id: "${id(at + 1)}" }`);
    return `{ _entities(representations: [${keys.join(", ")}]) { ... on ${type} { ${fields} } } }`;
  };

  test.each([
    ["VmNic", "guestInterface { name ipv4Addresses ipv6Addresses } primaryAddress { address } missingReason"],
    ["Vm", "guestInfo { primaryAddress { address } stale } nics { id name macAddress missingReason }"],
    ["Vm", "guestInfo { ips networkDevices { vmNic { id } } }"],
    ["Vm", "guestInfo { primaryAddress { address } networkDevices { name macAddress } } nics { id name }"],
  ])("a supergraph may ask for 5,000 of them: %s { %s }", (type, fields) => {
    expect(estimateWith(estimate, ask(type, fields))).toBeLessThan(DEFAULT_LIMITS.cost);
  });

  test.each([
    `{ addressConflicts(first: 100) { nodes { address kind holders { vm { id name } device { name } vmNic { name } } } } }`,
    `{ vms(first: 500) { nodes { ${WITH_EVERYTHING} } } }`,
  ])("a page may ask for everything: %s", (query) => {
    expect(estimateWith(estimate, query)).toBeLessThan(DEFAULT_LIMITS.cost);
  });
});

function estimateWith(estimateField: ReturnType<typeof createFieldEstimator>, query: string): number {
  const document = parse(query);
  const [operation] = document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
  return estimateCost(operation!, { schema, fragments: new Map(), variables: {}, estimateField }).cost;
}
