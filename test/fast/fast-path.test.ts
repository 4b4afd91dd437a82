import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFastPath } from "../../src/fast/fast-path.js";
import { createKeptAnswers } from "../../src/fast/kept-answers.js";
import { buildGraphSchema } from "../../src/graph/schema.js";
import { createLoaders } from "../../src/loaders/loaders.js";
import { failReads } from "../../src/loaders/batches/wrap-reads.js";
import { OWN_NAMES } from "../../src/model/subgraph-names.js";
import type { AnswerKeeper, KeptAnswer } from "../../src/server/graphql/kept-answer.js";
import { createIdentity, type KnownViewer } from "../../src/server/identity/identity.js";
import type { ServedRequest } from "../../src/server/options.js";
import { advanceAddressIndex } from "../../src/store/changes/spans/span-indexer.js";
import { createLooks } from "../../src/store/memory/look.js";
import { createTreeMemory } from "../../src/store/memory/tree-memory.js";
import type { TreeReads } from "../../src/store/vm-tree.js";
import { addVms, changeIps, storedVm } from "../store/changes/log-fixtures.js";
import { HOST_A, HOST_B, id, mac } from "../support/builders/ids.js";
import { HOSTS, INTERVAL_MS, writePass } from "../support/builders/passes.js";
import { toGuestInterfaceOf, toStoredNic, vmState } from "../support/builders/stored.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { eventually } from "../support/eventually.js";
import { rememberingLog, served } from "../server/running.js";

const VMS = 12;
/** The VM with many interfaces. */
const MANY = 100;
const VIEWERS: Readonly<Record<string, Omit<KnownViewer, "name">>> = {
  all: { roles: new Set(["reader", "router"]), scope: null },
  scoped: {
    roles: new Set(["reader", "router"]),
    scope: { namePatterns: ["vm-1*"], hostIds: [HOST_B], vmIds: [] },
  },
  router: { roles: new Set(["router"]), scope: null },
};

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  await database.store.registerHosts(HOSTS, INTERVAL_MS);
  for (const hostId of [HOST_A, HOST_B]) {
    const numbers = Array.from({ length: VMS }, (_, at) => at + 1).filter(
      (number) => (number % 3 === 0) === (hostId === HOST_B),
    );
    await writePass(database.store, hostId, {
      newVms: numbers.map((number) => vmState(number, { ownerId: hostId, ips: `10.0.0.${number}` })),
      upsertedNics: numbers.flatMap((number) => [
        toStoredNic(number, number, { macAddress: mac(number), name: 'nic "1"' }),
        // One MAC on several VMs, and names in no order.
        toStoredNic(VMS + number, number, { macAddress: mac(number % 4), name: "a\u{1F600}" }),
      ]),
      insertedInterfaces: numbers.flatMap((number) => [
        toGuestInterfaceOf(number, {
          name: "eth1",
          macAddress: mac(number),
          ipv4Addresses: [`10.0.0.${number}`, `10.1.0.${number}`],
        }),
        toGuestInterfaceOf(number, { name: null, macAddress: null }),
        toGuestInterfaceOf(number, {
          name: 'br"\u2028',
          macAddress: mac(number),
          ipv6Addresses: [`2001:db8::${number.toString(16)}`],
        }),
      ]),
    });
  }
  await writePass(database.store, HOST_A, {
    newVms: [vmState(MANY, { ownerId: HOST_A })],
    upsertedNics: [toStoredNic(MANY, MANY, { macAddress: mac(MANY) })],
    insertedInterfaces: Array.from({ length: 150 }, (_, at) =>
      toGuestInterfaceOf(MANY, { name: `eth${at}`, macAddress: at % 2 === 0 ? mac(MANY) : null }),
    ),
  });
});
afterAll(() => database.drop());
/** So that answers can say where they stand in the log. */
beforeAll(async () => {
  while ((await advanceAddressIndex(database.dataSource)) === "more");
});

/** Starts a server with the fast path or without it, and what asks it. */
async function start(
  openReads: ((viewer: Pick<KnownViewer, "scope">) => TreeReads) | null,
  answers?: AnswerKeeper,
) {
  const { log, lines } = rememberingLog();
  const schema = buildGraphSchema({ federation: "whole" });
  const fastPath = openReads && createFastPath(schema, { names: OWN_NAMES, openReads });
  const server = await served({
    log,
    schema,
    ...(fastPath !== null && { fastPath }),
    ...(answers !== undefined && { answers }),
    inlineTrace: true,
    contextFor: (viewer: KnownViewer, request: ServedRequest) => {
      const snapshot = database.store.openSnapshot(viewer.scope);
      request.onEnd(() => void snapshot.close());
      const { readFailure } = request;
      const reads =
        readFailure === undefined ? snapshot.reads : failReads(snapshot.reads, readFailure.failure);
      const loaders = createLoaders(reads, { throwIfExpired: request.check });
      return { viewer, hostAdmin: null, followGuests: null, followHosts: null, loaders };
    },
    identity: createIdentity([
      {
        identify: ({ authorization = "" }) => {
          const name = authorization.replace("Bearer ", "");
          return Promise.resolve(VIEWERS[name] === undefined ? null : { name, ...VIEWERS[name] });
        },
      },
    ]),
  });
  const ask = async (asked: Asked, viewer: string) => {
    const { method = "POST" } = asked;
    const given = { query: asked.query, variables: asked.variables, ...asked.more };
    const search = Object.entries(given).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
    const url = `${server.url}/graphql${method === "POST" ? "" : `?${new URLSearchParams(search)}`}`;
    const response = await fetch(url, {
      method,
      headers: { "content-type": "application/json", authorization: `Bearer ${viewer}`, ...asked.headers },
      ...(method === "POST" && { body: JSON.stringify(given) }),
    });
    const line = lines.findLast(({ msg }) => msg === "request") ?? {};
    const body = await response.text();
    return {
      status: response.status,
      headers: omit(Object.fromEntries(response.headers), ["date", "x-request-id", "keep-alive"]),
      body: maskRequest(body),
      line: omit(line, ["requestId", "ms", "time"]),
    };
  };
  return { ask };
}

function omit(record: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}

/** A trace holds the times that fields took. */
function dropTimes<Answer extends { readonly body: string; readonly headers: object }>(answer: Answer) {
  const body = answer.body.replace(/"ftv1":"[^"]+"/, '"ftv1":"…"');
  return body === answer.body ? answer : { ...answer, body, headers: null };
}

function maskRequest(body: string): string {
  return body.replaceAll(/request [0-9a-f-]{36}/g, "request …");
}

interface Asked {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  /** POST if it is absent. */
  readonly method?: string;
  /** What else is in the body. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** Fields of each type: those that are answered from rows, with what they lead to, and some that are not. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, string | null>>>> = {
  Vm: { id: null, name: null, status: null, nics: "VmNic", guestInfo: "GuestInfo", host: "Host" },
  GuestInfo: {
    networkDevices: "NetworkDevice",
    fqdn: null,
    ips: null,
    lastReportedAt: null,
    lastChangedAt: null,
    stale: null,
    staleReason: null,
    staleSince: null,
    staleDetail: null,
    source: null,
  },
  VmNic: {
    id: null,
    name: null,
    macAddress: null,
    network: null,
    linked: null,
    plugged: null,
    vm: "Vm",
    guestInterface: "NetworkDevice",
    guestInterfaces: "NetworkDevice",
    missingReason: null,
  },
  NetworkDevice: {
    name: null,
    macAddress: null,
    ipv4Addresses: null,
    ipv6Addresses: null,
    vmNic: "VmNic",
  },
  Host: { name: null },
  VmConnection: { nodes: "Vm", edges: "VmEdge", pageInfo: "PageInfo", totalCount: null },
  VmEdge: { node: "Vm", cursor: null },
  PageInfo: { hasNextPage: null, hasPreviousPage: null, startCursor: null, endCursor: null },
};
/** Fields that lead to execution; rare, or nearly all operations would be executed. */
const RARE: readonly string[] = ["host", "missingReason", "totalCount"];

function selectionsOf(type: string, depth: number): fc.Arbitrary<string> {
  const fields = Object.entries(FIELDS[type] ?? {}).filter(
    ([name, inner]) => (depth > 0 || inner === null) && !RARE.includes(name),
  );
  const field = fc.constantFrom(...fields).chain(([name, inner]) => {
    const alias = fc.option(fc.constantFrom("a: ", "b: ", "__proto__: "), { nil: "", freq: 6 });
    const set = inner === null ? fc.constant("") : selectionsOf(inner, depth - 1);
    return fc
      .tuple(alias, set)
      .map(([key, text]) => `${key === "" ? "" : `${key.slice(0, -2)}${name}: `}${name} ${text}`);
  });
  const other = fc.constantFrom("__typename", "... { __typename }", `... on ${type} { t: __typename }`);
  const rare = fc.constantFrom("__typename @skip(if: false)", "__typename @include(if: true)", "__typename");
  return fc
    .array(
      fc.oneof(
        { weight: 12, arbitrary: field },
        { weight: 2, arbitrary: other },
        { weight: 1, arbitrary: rare },
      ),
      {
        minLength: 1,
        maxLength: 4,
      },
    )
    .map((texts) => `{ ${texts.join(" ")} }`);
}

const number = fc.integer({ min: 0, max: VMS + 2 });
const ids = number.map((each) => id(each));
const someId = fc.oneof(
  { weight: 8, arbitrary: ids },
  { weight: 1, arbitrary: ids.map((each) => each.toUpperCase()) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>("x", "", 7, null, ["a"], "é") },
);
const page = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: VMS + 2 }) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, 0, -1, 501, "5", 1.5) },
);
const order = fc.constantFrom<unknown>(
  undefined,
  null,
  "NAME_DESC",
  "ID_ASC",
  "STATUS_ASC",
  "HOST_DESC",
  "LAST_CHANGE_ASC",
  "NO",
);

const roots: fc.Arbitrary<{ query: string; variables: Record<string, unknown> }> = fc.oneof(
  fc.tuple(selectionsOf("Vm", 4), someId).map(([set, value]) => ({
    query: `query Q($id: ID!) { vm(id: $id) ${set} }`,
    variables: { id: value },
  })),
  fc.tuple(selectionsOf("Vm", 3), ids).map(([set, value]) => ({
    query: `query Q{ one: vm(id: ${JSON.stringify(value)}) ${set} }`,
    variables: {},
  })),
  fc.tuple(selectionsOf("VmConnection", 5), page, order, fc.boolean()).map(([set, size, by, isLast]) => ({
    query: `query Q($size: Int, $by: VmOrder) { vms(${isLast ? "last" : "first"}: $size, orderBy: $by) ${set} }`,
    variables: { size, by },
  })),
  fc.tuple(selectionsOf("VmConnection", 4), number, fc.boolean()).map(([set, n, byName]) => ({
    query: `query Q($filter: VmFilter) { vms(filter: $filter) ${set} }`,
    variables: { filter: byName ? { name: { contains: String(n) } } : { ip: `10.0.0.${n}` } },
  })),
  fc.tuple(selectionsOf("VmNic", 4), number, fc.constantFrom("MAC!", "MAC")).map(([set, n, type]) => ({
    query: `query Q($mac: ${type}) { vmNics(macAddress: $mac) ${set} }`,
    variables: { mac: n === 0 ? null : mac(n).toUpperCase() },
  })),
  fc
    .tuple(selectionsOf("Vm", 4), fc.array(someId, { maxLength: 6 }), fc.boolean())
    .map(([set, keys, isMixed]) => ({
      query: `query Q($keys: [_Any!]!) { _entities(representations: $keys) { ... on Vm ${set} } }`,
      variables: {
        keys: keys.map((each, at) => ({ __typename: isMixed && at === 3 ? "VmNic" : "Vm", id: each })),
      },
    })),
);

const asked: fc.Arbitrary<Asked> = fc
  .tuple(
    roots,
    fc.constantFrom<Record<string, string>>(
      {},
      {},
      { accept: "application/json" },
      { accept: "application/graphql-response+json" },
      { accept: "text/plain" },
    ),
    fc.constantFrom<Pick<Asked, "method" | "more">>(
      ...[{}, {}, {}],
      { method: "GET" },
      { method: "HEAD" },
      { more: { extensions: { client: "a" } } },
      { more: { operationName: "Q" } },
    ),
  )
  .map(([root, headers, way]) => ({ ...root, headers, ...way }));

describe("the fast path", () => {
  test("gives the same status, headers, bytes and audit line as execution, for random operations and viewers", async () => {
    const [plain, fast] = [await start(null), await start((viewer) => countReads(database, viewer))];
    const memory = createTreeMemory({ maxBytes: 10_000_000, look: createLooks(database.dataSource) });
    const warm = await start(({ scope }) => memory.wrap(countReads(database, { scope }), scope));
    const answers = createKeptAnswers<KeptAnswer>({ maxBytes: 10_000_000 });
    const again = await start(({ scope }) => memory.wrap(countReads(database, { scope }), scope), answers);
    reads = 0;
    let operations = 0;
    await fc.assert(
      fc.asyncProperty(asked, fc.constantFrom("all", "scoped", "router"), async (question, viewer) => {
        const expected = await plain.ask(question, viewer);
        expect(await fast.ask(question, viewer)).toEqual(expected);
        // The first time Apollo parsed it; now the operation is known.
        expect(await fast.ask(question, viewer)).toEqual(expected);
        for (let time = 0; time < 3; time += 1) expect(await warm.ask(question, viewer)).toEqual(expected);
        for (let time = 0; time < 3; time += 1) expect(await again.ask(question, viewer)).toEqual(expected);
        operations += 1;
      }),
      { numRuns: 300 },
    );
    await memory.stop();
    expect(reads / operations).toBeGreaterThan(0.25);
    expect(memory.figures.hits / operations).toBeGreaterThan(0.25);
    expect(answers.figures.hits / operations).toBeGreaterThan(0.25);
  });

  const vm =
    "id name nics { name guestInterface { name } } guestInfo { staleReason networkDevices { name } }";
  const QUESTIONS = [
    { query: `{ vms(first: 3) { pageInfo { endCursor } nodes { ${vm} } } }`, variables: {} },
    { query: `query V($id: ID!) { vm(id: $id) { ${vm} } }`, variables: { id: id(3) } },
    {
      query: `query M($mac: MAC!) { vmNics(macAddress: $mac) { name vm { ${vm} } } }`,
      variables: { mac: mac(3) },
    },
    {
      query: `query E($keys: [_Any!]!) { _entities(representations: $keys) { ... on Vm { ${vm} } } }`,
      variables: { keys: [1, 2, 3].map((number) => ({ __typename: "Vm", id: id(number) })) },
    },
  ];

  test("answers a page, a VM, vNICs by MAC and entities by one statement each, also the first time, by GET and with extensions", async () => {
    const { ask } = await start((viewer) => countReads(database, viewer));
    const { ask: askPlain } = await start(null);
    for (const question of QUESTIONS) {
      for (const way of [{}, {}, { method: "GET" }, { more: { extensions: { client: "a" } } }]) {
        const given = { ...question, headers: {}, ...way };
        const plain = await askPlain(given, "all");
        database.statements();
        expect(await ask(given, "all")).toEqual(plain);
        expect(database.statements()).toHaveLength(1);
      }
    }
  });

  test("sends a large answer in slices, with the same bytes and length as execution, however it is asked for", async () => {
    const memory = createTreeMemory({ maxBytes: 10_000_000, look: createLooks(database.dataSource) });
    const answers = createKeptAnswers<KeptAnswer>({ maxBytes: 10_000_000 });
    const { ask } = await start(({ scope }) => memory.wrap(countReads(database, { scope }), scope), answers);
    const { ask: askPlain } = await start(null);
    const DEVICE = "name macAddress ipv4Addresses ipv6Addresses vmNic { id name macAddress linked plugged }";
    const devices = Array.from({ length: 15 }, (_, at) => `d${at}: networkDevices { ${DEVICE} }`);
    const query = `query L { vms(first: ${VMS}) { nodes { name guestInfo { ${devices.join(" ")} } } } }`;
    for (const way of [{}, { method: "GET" }, { method: "HEAD" }]) {
      for (const coding of ["identity", "gzip"]) {
        const given = { query, variables: {}, headers: { "accept-encoding": coding }, ...way };
        const plain = await askPlain(given, "all");
        if (coding === "identity") expect(Number(plain.headers["content-length"])).toBeGreaterThan(65_536);
        for (let time = 0; time < 3; time += 1) expect(await ask(given, "all")).toEqual(plain);
      }
    }
    expect(answers.figures.hits).toBeGreaterThan(0);
    await memory.stop();
  });

  test("answers them without a statement where they are kept, also what was never asked of these VMs before", async () => {
    const clock = { ms: 0 };
    const now = () => clock.ms;
    const looks = createLooks(database.dataSource);
    const memory = createTreeMemory({ maxBytes: 1_000_000, look: looks, now, wallNow: now });
    const { ask } = await start(({ scope }) => memory.wrap(countReads(database, { scope }), scope));
    const askAll = async () => {
      for (const question of QUESTIONS) await ask({ ...question, headers: {} }, "all");
    };
    // A look begins while answers are read, and shows that they hold.
    await eventually(async () => {
      clock.ms += 60;
      const { hits } = memory.figures;
      await askAll();
      expect(memory.figures.hits).toBe(hits + QUESTIONS.length);
    });
    const other = {
      query: `query O($id: ID!) { vm(id: $id) { name } }`,
      variables: { id: id(2) },
      headers: {},
    };
    const first = await ask(other, "all");
    // The clock stands still, so that no look is due; one that is under way ends.
    await eventually(async () => {
      database.statements();
      await askAll();
      expect(await ask(other, "all")).toEqual(first);
      expect(database.statements()).toEqual([]);
    });
    await memory.stop();
  });

  test("gives a small answer of kept VMs again as it was, while all of them are the same, and at once when others change", async () => {
    const clock = { ms: 0 };
    const now = () => clock.ms;
    const memory = createTreeMemory({
      maxBytes: 1_000_000,
      look: createLooks(database.dataSource),
      now,
      wallNow: now,
    });
    const answers = createKeptAnswers<KeptAnswer>({
      maxBytes: 1_000_000,
      now,
      onDrop: () => {
        memory.doubt();
      },
    });
    const { ask } = await start(({ scope }) => memory.wrap(countReads(database, { scope }), scope), answers);
    const askFor = (number: number) =>
      ask(
        {
          query: "query V($id: ID!) { vm(id: $id) { name guestInfo { ips } } }",
          variables: { id: id(number) },
          headers: {},
        },
        "all",
      );
    const isGivenAgain = async (number: number) => {
      const { hits } = answers.figures;
      await askFor(number);
      return answers.figures.hits > hits;
    };
    const settle = () =>
      eventually(async () => {
        // Longer than a moment, in which any answer would be given again.
        clock.ms += 1_000;
        for (const number of [201, 202]) await askFor(number);
        clock.ms += 60;
        expect([await isGivenAgain(201), await isGivenAgain(202)]).toEqual([true, true]);
      });
    const vms = [201, 202].map((number) => storedVm(number, { ownerId: HOST_A }));
    await addVms(database.store, vms);
    await settle();
    const before = [await askFor(201), await askFor(202)];
    await changeIps(database.store, vms[1]!, "10.9.9.9");
    answers.drop();
    // Nobody knows yet what changed, so both are asked for again.
    const after = await askFor(202);
    expect(JSON.parse(after.body)).toMatchObject({ data: { vm: { guestInfo: { ips: ["10.9.9.9"] } } } });
    await settle();
    expect([(await askFor(201)).body, (await askFor(202)).body]).toEqual([before[0]?.body, after.body]);
    await memory.stop();
  });

  const NAMED = `query Q { vm(id: "${id(1)}") { name } }`;
  const ENTITIES =
    "query E($keys: [_Any!]!) { _entities(representations: $keys) { ... on Vm { nics { name vm { nics { id } } } } } }";
  const keysOf = (numbers: readonly number[]) => ({
    keys: numbers.map((number) => ({ __typename: "Vm", id: id(number) })),
  });
  const SEQUENCES: Readonly<Record<string, readonly Partial<Asked>[]>> = {
    "a form that cannot be answered": [
      {},
      { headers: { accept: "text/html" } },
      { headers: { accept: "text/html" } },
    ],
    "a form that cannot be answered, of a request that is wrong": [
      {},
      { headers: { accept: "text/html" }, more: { operationName: 5 } },
      { headers: { accept: "text/html" } },
    ],
    "a name that is no text": [{}, { more: { operationName: 5 } }, { more: { operationName: {} } }],
    "a name that no operation has": [{}, { more: { operationName: "R" } }],
    "a text that begins with the name": [{ more: { operationName: "Q" } }, { query: `Q\n${NAMED}` }],
    "a comment that is the name": [{ query: `# x\n${NAMED}` }, { more: { operationName: "# x" } }],
    "a list with its place among the changes": [
      { query: "{ changeCursor vms(first: 3) { nodes { id } } }" },
      { query: "{ changeCursor vms(first: 3) { nodes { id } } }" },
      { query: "{ changeCursor }" },
    ],
    "a trace for a router": [{}, { headers: { "apollo-federation-include-trace": "ftv1" } }],
    "entities that are all the same": [
      { query: ENTITIES, variables: keysOf([1, 2, 3, 4, 5, 6, 7, 8]) },
      { query: ENTITIES, variables: keysOf([1, 1, 1, 1, 1, 1, 1, 1]) },
      { query: ENTITIES, variables: keysOf([1, 2, 3, 4, 5, 6, 7, 8]) },
    ],
    "a VM with more interfaces than are written at once": [
      { query: `{ vm(id: "${id(MANY)}") { guestInfo { networkDevices { name vmNic { name } } } } }` },
      { query: `{ vm(id: "${id(MANY)}") { guestInfo { networkDevices { name vmNic { name } } } } }` },
    ],
  };

  test.each(Object.entries(SEQUENCES))("answers %s as execution does", async (_name, sequence) => {
    const [plain, fast] = [await start(null), await start((viewer) => countReads(database, viewer))];
    for (const each of sequence) {
      const question = { query: NAMED, variables: {}, headers: {}, ...each };
      const [expected, answered] = [await plain.ask(question, "all"), await fast.ask(question, "all")];
      expect(dropTimes(answered)).toEqual(dropTimes(expected));
    }
  });

  test("answers a failure to read as execution does, without reading again", async () => {
    const failing = () =>
      wrapTrees(database, () => {
        throw Object.assign(new Error("the database is away"), {
          extensions: { code: "NOT_AVAILABLE", http: { status: 503 } },
        });
      });
    const { ask } = await start(failing);
    const question = { query: `{ vm(id: "${id(1)}") { name } }`, variables: {}, headers: {} };
    database.statements();
    for (let time = 0; time < 2; time += 1) {
      const failed = await ask(question, "all");
      expect(failed.status).toBe(503);
      expect(JSON.parse(failed.body)).toMatchObject({
        data: { vm: null },
        errors: [{ path: ["vm"], extensions: { code: "NOT_AVAILABLE" } }],
      });
    }
    expect(database.statements()).toEqual([]);
  });
});

let reads = 0;

function countReads(from: TestDatabase, viewer: Pick<KnownViewer, "scope">): TreeReads {
  return wrapTrees(from, () => (reads += 1), viewer);
}

/** Returns the tree reads of a viewer, with something done before each. */
function wrapTrees(
  { store }: TestDatabase,
  before: () => void,
  viewer: Pick<KnownViewer, "scope"> = { scope: null },
): TreeReads {
  const trees = store.createTreeReadsFor!(viewer.scope);
  return {
    readTreesByIds: async (...args) => {
      before();
      return trees.readTreesByIds(...args);
    },
    readTreesPage: async (...args) => {
      before();
      return trees.readTreesPage(...args);
    },
    readNicTrees: async (...args) => {
      before();
      return trees.readNicTrees(...args);
    },
  };
}
