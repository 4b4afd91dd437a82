import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConnectionFailureError } from "../../src/vdsm/wire/connection-failure.js";
import { parseHostReport } from "../../src/vdsm/scan/scan.js";
import { readReplyId } from "../../src/vdsm/wire/reply.js";
import { errorText, resultText, VM_ID, VM_STATS } from "./fixtures/wire.js";

const ID = "45244148-789d-5958-b9c0-27a7a04546a1";
const OTHER_VM = "497dea00-9a08-49f3-82f4-da141c460a1d";

function createReport(...vms: readonly unknown[]) {
  return parseHostReport(Buffer.from(resultText(ID, JSON.stringify(vms))));
}

function readFailure(text: string | Buffer): ConnectionFailureError {
  try {
    parseHostReport(Buffer.from(text));
  } catch (error) {
    if (error instanceof ConnectionFailureError) return error;
    throw error;
  }
  throw new Error("was read");
}

describe("the report of a host", () => {
  test("has what the guest said, word for word", () => {
    const { vms, rejected } = parseHostReport(Buffer.from(resultText(ID, `[${VM_STATS}]`)));
    expect(rejected).toEqual([]);
    expect(vms).toEqual([
      {
        vmId: VM_ID,
        vmName: "vm-900",
        status: "Up",
        hash: "-8563275283466411123",
        exitReason: null,
        netIfaces: [
          { name: "lo", hw: "00:00:00:00:00:00", inet: ["127.0.0.1"], inet6: ["::1"], problems: [] },
          {
            name: "eth0",
            hw: "00:1a:4a:16:17:08",
            inet: ["10.35.17.8"],
            inet6: ["fe80::21a:4aff:fe16:1708"],
            problems: [],
          },
        ],
        guestIPs: null,
        guestFQDN: "vm-900.example.test",
        pauseCode: null,
        monitorResponse: 0,
        problems: [],
      },
    ]);
  });

  test("tells an absent list of interfaces from an empty one", () => {
    const { vms } = createReport(
      { vmId: VM_ID, status: "Up" },
      { vmId: OTHER_VM, status: "Up", netIfaces: [] },
    );
    expect(vms.map(({ netIfaces }) => netIfaces)).toEqual([null, []]);
  });

  test("names each text that is no address of its family, and reads the others", () => {
    const inet = ["10.0.0.1/24", "10.0.0.2", "fe80::1", "10.0.0.3,10.0.0.4", "10.0.0.1/24", "\u202ex\0"];
    const inet6 = ["fe80::1%eth0", "fe80::2%a%b", "10.0.0.5", "y".repeat(60)];
    const { vms } = createReport({ vmId: VM_ID, status: "Up", netIfaces: [{ inet, inet6 }] });
    expect(vms).toMatchObject([{ netIfaces: [{ inet: ["10.0.0.2"], inet6: ["fe80::1%eth0"] }] }]);
    expect(vms[0]?.netIfaces?.[0]?.problems).toEqual([
      { field: "inet of netIfaces[0]", reason: 'has "10.0.0.1/24", no IPv4 address' },
      { field: "inet of netIfaces[0]", reason: 'has "fe80::1", no IPv4 address' },
      { field: "inet of netIfaces[0]", reason: 'has "10.0.0.3,10.0.0.4", no IPv4 address' },
      { field: "inet of netIfaces[0]", reason: 'has "x", no IPv4 address' },
      { field: "inet6 of netIfaces[0]", reason: 'has "fe80::2%a%b", no IPv6 address' },
      { field: "inet6 of netIfaces[0]", reason: 'has "10.0.0.5", no IPv6 address' },
      { field: "inet6 of netIfaces[0]", reason: `has "${"y".repeat(45)}…", no IPv6 address` },
    ]);
  });

  test("keeps no more of what is wrong than anybody needs, however many interfaces are wrong", () => {
    const inet = Array.from({ length: 30 }, (_, at) => `no${at}`);
    const netIfaces = Array.from({ length: 10_000 }, (_, at) => ({ name: `veth${at}`, inet }));
    const [vm] = createReport({ vmId: VM_ID, status: "Up", netIfaces }).vms;
    const counts = vm!.netIfaces!.map(({ problems }) => problems.length);
    expect([counts[0], counts[499], counts[500], counts.at(-1)]).toEqual([20, 20, 0, 0]);
    expect(vm?.problems).toEqual([]);
  });

  test("names a status that nobody knows, and keeps it", () => {
    expect(createReport({ vmId: VM_ID, status: 1.5 }).vms).toMatchObject([
      { status: "1.5", problems: [{ field: "status", reason: 'is "1.5", which is not known' }] },
    ]);
  });

  test.each([
    ["an upper-case id", { vmId: VM_ID.toUpperCase() }, { vmId: VM_ID }],
    ["a number for a name", { vmName: 42 }, { vmName: "42" }],
    ["a number for a hash", { hash: 17 }, { hash: "17" }],
    ["a pause code", { status: "Paused", pauseCode: "EIO" }, { status: "Paused", pauseCode: "EIO" }],
    ["an exit reason", { exitReason: 4 }, { exitReason: 4 }],
    ["an exit reason as text", { exitReason: "4" }, { exitReason: 4 }],
    ["an exit reason that is none", { exitReason: { a: 1 } }, { exitReason: null }],
    ["an empty exit reason", { exitReason: " " }, { exitReason: null }],
    ["an exit reason that no column holds", { exitReason: 2 ** 31 }, { exitReason: null }],
    ["netIfaces of null", { netIfaces: null }, { netIfaces: null }],
    [
      "a NIC without anything",
      { netIfaces: [{}] },
      { netIfaces: [{ name: null, hw: null, inet: [], inet6: [] }] },
    ],
    [
      "hw of null",
      { netIfaces: [{ hw: null, name: "sit0" }] },
      { netIfaces: [{ name: "sit0", hw: null, inet: [], inet6: [] }] },
    ],
    [
      "hardware of other lengths than a MAC's, as tunnels have it",
      { netIfaces: [{ hw: "0a:00:00:01" }, { hw: "fd-00-00-00-00-00-00-00-00-00-00-00-00-00-00-01" }] },
      { netIfaces: [{ hw: "0a:00:00:01" }, { hw: expect.any(String) as string }], problems: [] },
    ],
    [
      "an address of null",
      { netIfaces: [{ inet: [null, "", " 10.0.0.1\n"] }] },
      { netIfaces: [{ name: null, hw: null, inet: ["10.0.0.1"], inet6: [] }] },
    ],
    ["a status in another spelling", { status: " UP " }, { status: "Up", problems: [] }],
    ["a status without its blank", { status: "MigrationDestination" }, { status: "Migration Destination" }],
    [
      "undeclared keys",
      { netIfaces: [{ mtu: 9000, extra: {} }], constructor: 1 },
      { netIfaces: [{ name: null, hw: null, inet: [], inet6: [] }] },
    ],
    ["half a surrogate pair and NUL", { vmName: "a\ud800\u0000" }, { vmName: "a\ud800\u0000" }],
  ])("reads %s", (_, given, expected) => {
    expect(createReport({ vmId: VM_ID, status: "Up", ...given })).toMatchObject({
      vms: [expected],
      rejected: [],
    });
  });

  test.each([
    ["no object", 7, null, "no object"],
    ["null", null, null, "no object"],
    ["no id", { status: "Up" }, null, "vmId"],
    ["an id that is no UUID", { vmId: "x", status: "Up" }, null, "vmId"],
  ])("rejects a record with %s, and that one alone", (_, bad, vmId, reason) => {
    const { vms, rejected } = createReport(bad, { vmId: VM_ID, status: "Up" });
    expect(vms.map((vm) => vm.vmId)).toEqual([VM_ID]);
    expect(rejected).toEqual([{ vmId, reason: expect.stringContaining(reason) as string }]);
  });

  const none = { name: null, hw: null, inet: [], inet6: [] };
  test.each([
    ["no status", { status: undefined }, { status: null }, "status", "is missing"],
    ["a status of objects", { status: {} }, { status: null }, "status", "is no text"],
    ["a name of lists", { vmName: [] }, { vmName: null }, "vmName", "is no text"],
    ["interfaces in words", { netIfaces: "eth0" }, { netIfaces: null }, "netIfaces", "is no list"],
    ["an object of interfaces", { netIfaces: {} }, { netIfaces: null }, "netIfaces", "is no list"],
    [
      "an interface of null",
      { netIfaces: [null, {}] },
      { netIfaces: [none] },
      "netIfaces[0]",
      "is no object",
    ],
    [
      "a name of an interface in numbers of a list",
      { netIfaces: [{ name: [1], hw: "00:1a:4a:16:17:08" }] },
      { netIfaces: [{ ...none, name: undefined, hw: "00:1a:4a:16:17:08" }] },
      "name of netIfaces[0]",
      "is no text",
    ],
    [
      "a MAC that is an object",
      { netIfaces: [{ name: "eth0", hw: { a: 1 } }] },
      { netIfaces: [{ ...none, name: "eth0", hw: undefined }] },
      'hw of netIfaces["eth0"]',
      "is no text",
    ],
    [
      "a MAC that is none",
      { netIfaces: [{ name: "eth0", hw: "unknown" }] },
      { netIfaces: [{ ...none, name: "eth0", hw: undefined }] },
      'hw of netIfaces["eth0"]',
      'has "unknown", no MAC',
    ],
    [
      "addresses in words",
      { netIfaces: [{ inet: "1.2.3.4", inet6: ["::2"] }] },
      { netIfaces: [{ ...none, inet: null, inet6: ["::2"] }] },
      "inet of netIfaces[0]",
      "is no list",
    ],
    [
      "an address of numbers",
      { netIfaces: [{ inet6: [1, "::2"] }] },
      { netIfaces: [{ ...none, inet6: ["::2"] }] },
      "inet6 of netIfaces[0]",
      "no text",
    ],
    [
      "nothing but addresses of numbers, which is no empty list",
      { netIfaces: [{ inet: [1, 2], inet6: ["", null] }] },
      { netIfaces: [{ ...none, inet: null, inet6: [] }] },
      "inet of netIfaces[0]",
      "no text",
    ],
    [
      "interfaces of which none is an object, which is no empty list",
      { netIfaces: [[{ name: "eth0" }]] },
      { netIfaces: null },
      "netIfaces[0]",
      "is no object",
    ],
    [
      "a list of addresses with something else in it",
      { guestIPs: "10.0.0.1 10.0.0.2|10.0.0.3" },
      { guestIPs: "10.0.0.1 10.0.0.2|10.0.0.3", netIfaces: null },
      "guestIPs",
      '10.0.0.2|10.0.0.3", no address',
    ],
    [
      "too long a name",
      { vmName: "a".repeat(256) },
      { vmName: "a".repeat(255) },
      "vmName",
      "256 characters; the first 255 are kept",
    ],
    [
      "too long a name of letters that take two places each",
      { vmName: "\u{1f600}".repeat(300) },
      { vmName: "\u{1f600}".repeat(255) },
      "vmName",
      "300 characters; the first 255 are kept",
    ],
    [
      "too long a name of an interface",
      { netIfaces: [{ name: "b".repeat(3_000_000), inet: ["10.0.0.1"] }] },
      { netIfaces: [{ ...none, name: "b".repeat(1_024), inet: ["10.0.0.1"] }] },
      `name of netIfaces["${"b".repeat(45)}…"]`,
      "3000000 characters",
    ],
    [
      "too long a domain name",
      { guestFQDN: "a".repeat(1_025) },
      { guestFQDN: null },
      "guestFQDN",
      "1025 characters",
    ],
    [
      "too long a list of addresses",
      { guestIPs: "1 ".repeat(40_000) },
      { guestIPs: null },
      "guestIPs",
      "80000",
    ],
    [
      "too long an address",
      { netIfaces: [{ inet: ["1".repeat(1_025), "10.0.0.1"] }] },
      { netIfaces: [{ ...none, inet: ["10.0.0.1"] }] },
      "inet of netIfaces[0]",
      "too long",
    ],
  ])("reads what it can of a record with %s, and names the field", (_, bad, expected, field, reason) => {
    const good = { vmName: "vm", hash: "1", guestFQDN: "vm.example.test" };
    const { vms, rejected } = createReport(
      { vmId: OTHER_VM, status: "Up", ...good, ...bad },
      { vmId: VM_ID, status: "Up" },
    );
    expect(rejected).toEqual([]);
    expect(vms).toMatchObject([
      { vmId: OTHER_VM, status: "Up", ...good, ...expected },
      { vmId: VM_ID, status: "Up", problems: [] },
    ]);
    const problems = [vms[0]!, ...(vms[0]!.netIfaces ?? [])].flatMap((each) => each.problems);
    expect(problems).toEqual([{ field, reason: expect.stringContaining(reason) as string }]);
  });

  test.each([
    [
      "NaN in a key that is not read",
      '"netIfaces": [{"name": "eth0", "mtu": NaN, "inet": ["10.0.0.1"]}]',
      { problems: [], netIfaces: [{ name: "eth0", inet: ["10.0.0.1"] }] },
    ],
    ["Infinity in a key that is not read", '"cpuUser": -Infinity, "memUsage": Infinity', { problems: [] }],
    [
      "NaN for a name",
      '"vmName": NaN',
      { vmName: null, problems: [{ field: "vmName", reason: "is no text" }] },
    ],
    [
      "a number beyond a double for a name",
      '"vmName": 1e999',
      { vmName: null, problems: [{ field: "vmName", reason: "is no text" }] },
    ],
    [
      "Infinity among addresses",
      '"netIfaces": [{"inet": [Infinity, "10.0.0.1"]}]',
      { netIfaces: [{ inet: ["10.0.0.1"], problems: [{ field: "inet of netIfaces[0]" }] }] },
    ],
    ["a number that is none", '"vcpuCount": 01, "cpuUser": 1., "x": -, "y": nul', { problems: [] }],
    [
      "an escape that is none",
      '"vmName": "a\\x\\u12g\\n", "guestFQDN": "f"',
      { vmName: "a\ufffd\ufffd12g\n", guestFQDN: "f" },
    ],
    ["a raw control character", '"vmName": "a\tb\u0001"', { vmName: "a\tb\u0001" }],
    ["repeated keys", '"vmName": "first", "vmName": "last"', { vmName: "last", problems: [] }],
    [
      "a value nested deep beside NaN",
      `"netIfaces": [{"name": "eth0", "x": ${"[".repeat(5_000)}NaN${"]".repeat(5_000)}}]`,
      { netIfaces: [{ name: "eth0" }], problems: [] },
    ],
    [
      "a value nested deep",
      `"netIfaces": ${"[".repeat(100_000)}${"]".repeat(100_000)}`,
      { netIfaces: null, problems: [{ field: "netIfaces[0]", reason: "is no object" }] },
    ],
    [
      "__proto__ beside NaN",
      '"__proto__": {"vmName": "no"}, "cpuUser": NaN, "vmName": NaN',
      { vmName: null },
    ],
  ])("reads a record with %s", (_, members, expected) => {
    const text = `[{"vmId": "${OTHER_VM}", "status": "Up", ${members}}, ${VM_STATS}]`;
    const { vms, rejected } = parseHostReport(Buffer.from(resultText(ID, text)));
    expect(rejected).toEqual([]);
    expect(vms).toMatchObject([
      { vmId: OTHER_VM, status: "Up", ...expected },
      { vmId: VM_ID, problems: [] },
    ]);
    expect(({} as Record<string, unknown>)["vmName"]).toBeUndefined();
  });

  test("has no guestIPs where none of them is an address, and tells twenty of them", () => {
    const record = {
      vmId: VM_ID,
      status: "Up",
      guestIPs: Array.from({ length: 30 }, (_, at) => `no${at}`).join(" "),
    };
    const [vm] = createReport(record).vms;
    expect(vm).toMatchObject({ guestIPs: null });
    expect(vm?.problems).toHaveLength(20);
  });

  test("finds nothing wrong with guestIPs beside interfaces, where they do not count", () => {
    const record = { status: "Up", netIfaces: [], guestIPs: ["10.0.0.1"] };
    expect(createReport({ vmId: VM_ID, ...record }).vms).toMatchObject([{ guestIPs: null, problems: [] }]);
  });

  test("names the field that is too large, and reads the others", () => {
    const netIfaces = [{ name: "x".repeat(9_000_000) }];
    const { vms } = createReport({ vmId: OTHER_VM, netIfaces, status: "Up", vmName: "vm" });
    expect(vms).toMatchObject([
      {
        vmName: "vm",
        status: "Up",
        netIfaces: null,
        problems: [{ field: "netIfaces", reason: "is too large to be read" }],
      },
    ]);
  });

  test("has a VM that is told twice once, the livelier record, in either order", () => {
    const down = { vmId: VM_ID, status: "Down" };
    const arriving = { vmId: VM_ID, status: "Migration Destination" };
    const up = { vmId: VM_ID.toUpperCase(), status: "Up" };
    for (const order of [
      [down, arriving, up],
      [up, arriving, down],
      [arriving, up, { ...up, vmName: "later" }],
    ]) {
      expect(createReport(...order).vms).toMatchObject([{ vmId: VM_ID, status: "Up", vmName: null }]);
    }
  });

  test("prefers the record of a VM that could be read, and has a VM that could not once", () => {
    const bad = { vmId: OTHER_VM };
    expect(createReport({ vmId: VM_ID }, { vmId: VM_ID, status: "Up" }, bad, bad, 1, 2)).toMatchObject({
      vms: [
        { vmId: VM_ID, status: "Up", problems: [] },
        { vmId: OTHER_VM, status: null },
      ],
      rejected: [{ vmId: null }, { vmId: null }],
    });
  });

  test("is not deceived by __proto__ keys", () => {
    const text = `[{"__proto__": {"vmId": "${VM_ID}", "status": "Up"}}, {"vmId": "${OTHER_VM}", "__proto__": {"status": "Up"}}]`;
    const { vms, rejected } = parseHostReport(Buffer.from(resultText(ID, text)));
    expect(vms).toMatchObject([{ vmId: OTHER_VM, status: null }]);
    expect(rejected.map(({ vmId }) => vmId)).toEqual([null]);
    expect(({} as Record<string, unknown>)["vmId"]).toBeUndefined();
  });

  test.each([
    ["truncated JSON", resultText(ID, `[${VM_STATS}`), "protocol"],
    ["NaN", resultText(ID, "NaN"), "protocol"],
    ["no list", resultText(ID, "{}"), "protocol"],
    ["no reply", "[1]", "protocol"],
    ["neither result nor error", `{"id": "${ID}"}`, "protocol"],
    ["an error without a code", `{"id": "${ID}", "error": "bad"}`, "protocol"],
    ["code 99", errorText(ID, 99, "Recovering from crash or Initializing"), "recovering"],
    ["another code", errorText(ID, 16, "Unexpected exception"), "fault"],
    ["a code without a message", `{"id": "${ID}", "error": {"code": 16}}`, "fault"],
  ])("is none when the answer has %s", (_, text, kind) => {
    const failure = readFailure(text);
    expect(failure.kind).toBe(kind);
    expect(failure.message).not.toContain("vm-900");
  });

  test("reads UTF-8, and survives bytes that are none", () => {
    const body = (name: Buffer) =>
      Buffer.concat([
        Buffer.from(`{"result": [{"vmId": "${VM_ID}", "status": "Up", "vmName": "`),
        name,
        Buffer.from(`"}]}`),
      ]);
    expect(parseHostReport(body(Buffer.from("Büro"))).vms[0]?.vmName).toBe("Büro");
    expect(parseHostReport(body(Buffer.from([0xff]))).vms[0]?.vmName).toBe("\ufffd");
  });

  test("comes out of any JSON in place of any field without a crash, and never spoils the neighbour", () => {
    const good = JSON.parse(VM_STATS) as Record<string, unknown>;
    const field = fc.constantFrom(...Object.keys(good), "exitReason", "__proto__");
    fc.assert(
      fc.property(field, fc.jsonValue(), fc.jsonValue(), (key, value, alone) => {
        const bad = { ...good, vmId: OTHER_VM };
        Object.defineProperty(bad, key, { value, enumerable: true, configurable: true });
        const { vms, rejected } = createReport(bad, alone, good, {
          ...good,
          vmId: OTHER_VM,
          netIfaces: [alone],
        });
        expect(vms.some(({ vmId }) => vmId === VM_ID)).toBe(true);
        for (const vm of vms) expect(vm.netIfaces === null || Array.isArray(vm.netIfaces)).toBe(true);
        for (const { reason } of rejected) expect(reason).not.toBe("");
      }),
      { numRuns: 3_000 },
    );
  });

  test("comes out of any bytes as a report or as a failure", () => {
    const anything = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.json().map((json) => Buffer.from(json)),
    );
    fc.assert(
      fc.property(anything, (bytes) => {
        expect(["protocol", "fault", "recovering"]).toContain(readFailure(bytes).kind);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("the id of a reply", () => {
  test.each([
    ["VDSM's order", resultText(ID, "true"), ID],
    ["another order", `{ "result": true, "id": "${ID}" }`, ID],
    ["an event", `{"jsonrpc": "2.0", "method": "|net|host_conn|no_id", "params": {}}`, null],
    ["an id of null", `{"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": ""}}`, null],
    ["a list", "[]", null],
  ])("is found in %s", (_, text, id) => {
    expect(readReplyId(Buffer.from(text))).toBe(id);
  });

  test("of an answer that is cut is still its call's", () => {
    expect(readReplyId(Buffer.from(`{"jsonrpc": "2.0", "id": "${ID}", "result": [`))).toBe(ID);
  });
});
