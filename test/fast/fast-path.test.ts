import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKeptAnswers } from "../../src/fast/kept-answers.js";
import type { AnswerKeeper, KeptAnswer } from "../../src/server/graphql/kept-answer.js";
import type { KnownViewer } from "../../src/server/identity/identity.js";
import { advanceAddressIndex } from "../../src/store/changes/spans/span-indexer.js";
import { createLooks } from "../../src/store/memory/look.js";
import { createTreeMemory } from "../../src/store/memory/tree-memory.js";
import type { ReadSnapshot, VmScope } from "../../src/store/types.js";
import type { TreeReads } from "../../src/store/vm-tree.js";
import { addVms, changeIps, changeVm, storedVm } from "../store/changes/log-fixtures.js";
import { HOST_A, HOST_B, id, mac } from "../support/builders/ids.js";
import { HOSTS, INTERVAL_MS, writePass } from "../support/builders/passes.js";
import { toGuestInterfaceOf, toStoredNic, vmState } from "../support/builders/stored.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { eventually } from "../support/eventually.js";
import { asked, askedAboutMany, VMS, type Asked } from "./support/random-operations.js";
import { dropTimes, serveStore, type Viewers } from "./support/serve-store.js";

/** The VM with many interfaces. */
const MANY = 100;
const VIEWERS: Viewers = {
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
      newVms: numbers.map((number) =>
        vmState(number, {
          ownerId: hostId,
          ips: `10.0.0.${number}`,
          ignoredMacs: number % 5 === 0 ? mac(number % 4) : null,
        }),
      ),
      upsertedNics: numbers.flatMap((number) => [
        toStoredNic(number, number, { macAddress: mac(number), name: 'nic "1"' }),
        // One MAC on several VMs, and names in no order.
        toStoredNic(VMS + number, number, { macAddress: mac(number % 4), name: "a\u{1F600}" }),
      ]),
      insertedInterfaces: numbers.flatMap((number) => [
        toGuestInterfaceOf(number, {
          name: "eth1",
          macAddress: mac(number),
          ipv4Addresses: [`10.0.0.${number}`, `10.1.0.${number}`, `10.2.0.${number % 5}`],
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
    newVms: [vmState(MANY, { ownerId: HOST_A, ips: "" })],
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
function start(
  openReads: ((viewer: Pick<KnownViewer, "scope">) => TreeReads) | null,
  answers?: AnswerKeeper,
) {
  return serveStore(database.store, VIEWERS, openReads, answers);
}

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
    expect(reads / operations).toBeGreaterThan(0.15);
    expect(memory.figures.hits / operations).toBeGreaterThan(0.15);
    expect(answers.figures.hits / operations).toBeGreaterThan(0.15);
  });

  test("does so for random questions about what is found in many VMs, about a text, and about a host", async () => {
    const [plain, fast] = [await start(null), await start((viewer) => countReads(database, viewer))];
    const answers = createKeptAnswers<KeptAnswer>({ maxBytes: 10_000_000 });
    const again = await start((viewer) => countReads(database, viewer), answers);
    await fc.assert(
      fc.asyncProperty(
        askedAboutMany,
        fc.constantFrom("all", "scoped", "router"),
        async (question, viewer) => {
          const expected = await plain.ask(question, viewer);
          for (const { ask } of [fast, fast, again, again, again])
            expect(await ask(question, viewer)).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    );
  });

  const vm =
    "id name nics { name guestInterface { name } primaryAddress { address } } " +
    "guestInfo { staleReason networkDevices { name } primaryAddress(family: IPV6) { address reason device { name } vmNic { name } } }";
  const QUESTIONS = [
    {
      query: `query P($id: ID!, $net: String, $within: CIDR) { vm(id: $id) {
        guestInfo { primaryAddress(family: IPV4, network: $net, within: $within) { address reason } } } }`,
      variables: { id: id(3), net: "net-1", within: "10.0.0.0/16" },
    },
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

  test("answers hosts with their first VMs by two statements that see one state", async () => {
    const { ask } = await start((viewer) => countReads(database, viewer));
    const query = `{ hosts { id name status polled a: vms(first: 3) { ${vm} } b: vms(first: 3) { id } } }`;
    const given = { query, variables: {}, headers: {} };
    const plain = await (await start(null)).ask(given, "all");
    database.statements();
    expect(await ask(given, "all")).toEqual(plain);
    const { data } = JSON.parse(plain.body) as { data: { hosts: { a: unknown[] }[] } };
    expect(data.hosts.map(({ a }) => a.length)).toEqual([3, 3, 0]);
    expect(listVerbs()).toEqual(["START", "SELECT", "SELECT", "COMMIT"]);
  });

  test("answers a host with its first VMs by two statements as well", async () => {
    const { ask } = await start((viewer) => countReads(database, viewer));
    const query = `query H($id: ID!) { host(id: $id) { name vms(first: 2) { ${vm} } } }`;
    for (const host of [HOST_B, id(999)]) {
      const given = { query, variables: { id: host }, headers: {} };
      const plain = await (await start(null)).ask(given, "all");
      database.statements();
      expect(await ask(given, "all")).toEqual(plain);
      expect(listVerbs()).toEqual(["START", "SELECT", ...(host === HOST_B ? ["SELECT"] : []), "COMMIT"]);
    }
  });

  const LISTS: readonly (readonly [question: string, reads: readonly string[]])[] = [
    [
      `guestAddresses(first: 3) { nodes { address vm { ${vm} } device { name } vmNic { name } } }`,
      ["page", "VMs"],
    ],
    ["guestAddresses { pageInfo { endCursor } nodes { address } }", ["page"]],
    [
      `addressConflicts(within: "10.2.0.0/24") { nodes { address kind vmCount holders { vm { ${vm} } device { name } } } }`,
      [...Array<string>(3).fill("page"), "VMs"],
    ],
    [
      `macConflicts { edges { cursor node { macAddress vmNics { name vm { ${vm} } } } } }`,
      ["page", "vNICs", "VMs"],
    ],
    [
      `drift(first: 5) { nodes { kind vm { ${vm} } vmNic { name } device { name macAddress } } }`,
      ["page", "VMs"],
    ],
    [
      `find(text: "${mac(3)}") { kind vms { nodes { ${vm} } } vmNics { name vm { ${vm} } } hosts { name } }`,
      ["page", "vNICs", "VMs"],
    ],
    [`find(text: "vm-000") { kind vms { nodes { ${vm} } } hosts { name polled } }`, ["page", "hosts"]],
  ];

  test.each(LISTS)("answers %s by the statements of one state, one for all VMs: %j", async (field, reads) => {
    const { ask } = await start((viewer) => countReads(database, viewer));
    const { ask: askPlain } = await start(null);
    for (const viewer of ["all", "scoped"]) {
      const given = { query: `{ ${field} }`, variables: {}, headers: {} };
      const plain = await askPlain(given, viewer);
      const isEmpty = /"(?:nodes|edges)":\[\]/.test(plain.body);
      if (viewer === "all") expect(isEmpty).toBe(false);
      for (let time = 0; time < 2; time += 1) {
        database.statements();
        expect(await ask(given, viewer)).toEqual(plain);
        if (!isEmpty) expect(listVerbs()).toEqual(["START", ...reads.map(() => "SELECT"), "COMMIT"]);
      }
    }
  });

  test("answers a text whose VMs alone are asked for by one statement", async () => {
    const { ask } = await start((viewer) => countReads(database, viewer));
    const given = {
      query: `{ find(text: "10.0.0.5") { kind vms { nodes { ${vm} } } } }`,
      variables: {},
      headers: {},
    };
    const plain = await (await start(null)).ask(given, "all");
    database.statements();
    expect(await ask(given, "all")).toEqual(plain);
    expect(listVerbs()).toEqual(["SELECT"]);
  });

  test.each<[string, string, (trees: TreeReads) => TreeReads]>([
    [
      "are too many",
      "{ hosts { vms { name } } }",
      (trees) => ({ ...trees, readHostTrees: () => Promise.resolve(((reads += 1), null)) }),
    ],
    [
      "have one with more interfaces than are written at once, asked with a variable",
      `query H($net: String) { hosts { vms {
        guestInfo { primaryAddress(network: $net) { address } networkDevices { name } } } } }`,
      (trees) => trees,
    ],
    [
      "have one with more interfaces than are written at once",
      "{ hosts { vms { guestInfo { networkDevices { name } } } } }",
      (trees) => trees,
    ],
  ])(
    "leaves hosts whose VMs %s to execution, and reads nothing in vain the next time",
    async (_, query, change) => {
      const given = { query, variables: {}, headers: {} };
      const plain = await (await start(null)).ask(given, "all");
      const { ask } = await start((viewer) => change(countReads(database, viewer)));
      reads = 0;
      for (let time = 0; time < 3; time += 1) expect(await ask(given, "all")).toEqual(plain);
      expect(reads).toBe(1);
    },
  );

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

  test("shows at once why a vNIC is missing of a VM that is kept, though the log does not tell of names that are ignored", async () => {
    const looks = createLooks(database.dataSource);
    const memory = createTreeMemory({ maxBytes: 1_000_000, look: looks });
    const { ask } = await start(({ scope }) => memory.wrap(countReads(database, { scope }), scope));
    const askWhy = async () => {
      const query = `{ vmNics(macAddress: "${mac(210)}") { vm { id } missingReason probableInterface { name } } }`;
      const { body } = await ask({ query, variables: {}, headers: {} }, "all");
      return JSON.parse(body) as unknown;
    };
    const vm = storedVm(210, { ownerId: HOST_A });
    await addVms(database.store, [vm]);
    await writePass(database.store, HOST_A, {
      upsertedNics: [toStoredNic(210, 210, { macAddress: mac(210) })],
      insertedInterfaces: [toGuestInterfaceOf(210, { name: "eth0", macAddress: mac(211) })],
    });
    const missing = (missingReason: string, name: string | null) => ({
      data: {
        vmNics: [{ vm: { id: id(210) }, missingReason, probableInterface: name === null ? null : { name } }],
      },
    });
    for (let time = 0; time < 3; time += 1) expect(await askWhy()).toEqual(missing("MAC_DIFFERS", "eth0"));
    await changeVm(database.store, vm, { ignoredMacs: mac(210) });
    expect(await askWhy()).toEqual(missing("IGNORED_BY_NAME", null));
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
    "hosts with lists of two lengths": [
      { query: "{ hosts { name few: vms(first: 1) { id } vms(first: 2) { name } } }" },
      { query: "{ hosts { name few: vms(first: 1) { id } vms(first: 2) { name } } }" },
    ],
    "hosts without their VMs": [
      { query: "{ hosts { name polled } }" },
      { query: "{ hosts { name polled } }" },
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
        throw createNotAvailableError();
      });
    const { ask } = await start(failing);
    database.statements();
    for (const [field, query] of [
      ["vm", `{ vm(id: "${id(1)}") { name } }`],
      ["hosts", "{ hosts { vms { name } } }"],
    ] as const) {
      for (let time = 0; time < 2; time += 1) {
        const failed = await ask({ query, variables: {}, headers: {} }, "all");
        expect(failed.status).toBe(503);
        expect(JSON.parse(failed.body)).toMatchObject({
          data: { [field]: null },
          errors: [{ path: [field], extensions: { code: "NOT_AVAILABLE" } }],
        });
      }
    }
    expect(database.statements()).toEqual([]);
  });

  test("answers a failure to read a list of what is found as execution does, without reading again", async () => {
    const { failing, takeFailures } = createFailing(createNotAvailableError);
    const openSnapshot = openChanged(({ reads: all }) => ({
      reads: { ...all, readDrift: failing, countDrift: failing },
    }));
    const { ask: askPlain } = await serveStore({ openSnapshot }, VIEWERS, null);
    const { ask } = await serveStore({ openSnapshot }, VIEWERS, (viewer) => countReads(database, viewer));
    const given = { query: "{ drift { nodes { vm { name } } } }", variables: {}, headers: {} };
    const plain = await askPlain(given, "all");
    expect(JSON.parse(plain.body)).toMatchObject({ data: { drift: null }, errors: [{ path: ["drift"] }] });
    takeFailures();
    for (let time = 0; time < 2; time += 1) {
      expect(await ask(given, "all")).toEqual(plain);
      expect(takeFailures()).toBe(1);
    }
  });

  test.each([
    ["its VMs cannot be read", false, 2],
    ["nothing of it can be read", true, 1],
  ])(
    "answers find as execution does if %s, and reads nothing again in vain",
    async (_, failsHosts, tries) => {
      const extensions = { code: "OVERLOADED", http: { status: 503 } };
      const { failing, takeFailures } = createFailing(() =>
        Object.assign(new Error("too many searches"), { extensions }),
      );
      const hosts = failsHosts ? { readHosts: failing } : {};
      const openSnapshot = openChanged(({ reads: all, createTreeReads }) => ({
        reads: { ...all, readVmsPage: failing, ...hosts },
        createTreeReads: () => ({ ...createTreeReads(), readTreesPage: failing }),
      }));
      const { ask: askPlain } = await serveStore({ openSnapshot }, VIEWERS, null);
      const { ask } = await serveStore({ openSnapshot }, VIEWERS, (viewer) => countReads(database, viewer));
      const query = '{ find(text: "host") { kind vms { nodes { name } } hosts { name } } }';
      const given = { query, variables: {}, headers: {} };
      const plain = await askPlain(given, "all");
      const { data } = JSON.parse(plain.body) as { data: { find: { hosts: unknown[] | null } } };
      expect(data.find.hosts === null).toBe(failsHosts);
      takeFailures();
      expect(await ask(given, "all")).toEqual(plain);
      // Only where something of it can be read, it is read by execution.
      expect(takeFailures()).toBe(failsHosts ? 2 * tries : tries);
    },
  );

  test("gives the page of a list whose count fails, as execution does, and counts once", async () => {
    const { failing, takeFailures } = createFailing(createNotAvailableError);
    const openSnapshot = openChanged(({ reads: all }) => ({ reads: { ...all, countDrift: failing } }));
    const { ask } = await serveStore({ openSnapshot }, VIEWERS, (viewer) => countReads(database, viewer));
    const given = { query: "{ drift { totalCount nodes { kind } } }", variables: {}, headers: {} };
    for (let time = 0; time < 2; time += 1) {
      const { data } = JSON.parse((await ask(given, "all")).body) as {
        data: { drift: { nodes: unknown[] } };
      };
      expect(data.drift).toMatchObject({ totalCount: null });
      expect(data.drift.nodes.length).toBeGreaterThan(0);
      expect(takeFailures()).toBe(1);
    }
  });
});

/** Creates a read that fails, and what returns how often it did since the last call. */
function createFailing(createError: () => Error) {
  let failures = 0;
  return {
    failing: (): Promise<never> => {
      failures += 1;
      return Promise.reject(createError());
    },
    takeFailures: (): number => {
      const count = failures;
      failures = 0;
      return count;
    },
  };
}

/** Returns what opens the store's snapshots with some of their parts changed. */
function openChanged(change: (snapshot: ReadSnapshot) => Partial<ReadSnapshot>) {
  return (scope: VmScope | null): ReadSnapshot => {
    const snapshot = database.store.openSnapshot(scope);
    return { ...snapshot, ...change(snapshot) };
  };
}

function createNotAvailableError(): Error {
  const extensions = { code: "NOT_AVAILABLE", http: { status: 503 } };
  return Object.assign(new Error("the database is away"), { extensions });
}

/** Lists the first words of the statements since the last look. */
function listVerbs(): string[] {
  const verbs = database.statements().map((sql) => /^\s*(\w+)/.exec(sql)?.[1] ?? "");
  return verbs.map((verb) => (verb === "WITH" ? "SELECT" : verb));
}

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
  const trees = store.createTreeReadsFor(viewer.scope);
  const wrapRead =
    <Args extends unknown[], Answer>(read: (...args: Args) => Promise<Answer>) =>
    async (...args: Args): Promise<Answer> => {
      before();
      return read(...args);
    };
  return {
    readTreesByIds: wrapRead((...args: Parameters<TreeReads["readTreesByIds"]>) =>
      trees.readTreesByIds(...args),
    ),
    readTreesPage: wrapRead((...args: Parameters<TreeReads["readTreesPage"]>) =>
      trees.readTreesPage(...args),
    ),
    readNicTrees: wrapRead((...args: Parameters<TreeReads["readNicTrees"]>) => trees.readNicTrees(...args)),
    ...(trees.isLongPage && { isLongPage: trees.isLongPage }),
    ...(trees.readHostTrees && { readHostTrees: wrapRead(trees.readHostTrees) }),
  };
}
