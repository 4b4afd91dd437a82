import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConnectionFailureError } from "../../src/vdsm/wire/connection-failure.js";
import { parseHostReport } from "../../src/vdsm/records/host-report.js";
import { readReplyId } from "../../src/vdsm/wire/reply.js";
import { errorText, resultText, VM_ID, VM_STATS } from "./fixtures/wire.js";

const ID = "45244148-789d-5958-b9c0-27a7a04546a1";
const OTHER_VM = "497dea00-9a08-49f3-82f4-da141c460a1d";

function reportOf(...vms: readonly unknown[]) {
  return parseHostReport(Buffer.from(resultText(ID, JSON.stringify(vms))));
}

function failureOf(text: string | Buffer): ConnectionFailureError {
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
          { name: "lo", hw: "00:00:00:00:00:00", inet: ["127.0.0.1"], inet6: ["::1"] },
          {
            name: "eth0",
            hw: "00:1a:4a:16:17:08",
            inet: ["10.35.17.8"],
            inet6: ["fe80::21a:4aff:fe16:1708"],
          },
        ],
        guestIPs: "",
        guestFQDN: "vm-900.example.test",
      },
    ]);
  });

  test("tells an absent list of interfaces from an empty one", () => {
    const { vms } = reportOf({ vmId: VM_ID, status: "Up" }, { vmId: OTHER_VM, status: "Up", netIfaces: [] });
    expect(vms.map(({ netIfaces }) => netIfaces)).toEqual([null, []]);
  });

  test.each([
    ["an upper-case id", { vmId: VM_ID.toUpperCase() }, { vmId: VM_ID }],
    ["a number for a name", { vmName: 42 }, { vmName: "42" }],
    ["a number for a hash", { hash: 17 }, { hash: "17" }],
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
      "an address of null",
      { netIfaces: [{ inet: [null, ""] }] },
      { netIfaces: [{ name: null, hw: null, inet: [""], inet6: [] }] },
    ],
    [
      "undeclared keys",
      { netIfaces: [{ mtu: 9000, extra: {} }], constructor: 1 },
      { netIfaces: [{ name: null, hw: null, inet: [], inet6: [] }] },
    ],
    ["half a surrogate pair and NUL", { vmName: "a\ud800\u0000" }, { vmName: "a\ud800\u0000" }],
  ])("reads %s", (_, given, expected) => {
    expect(reportOf({ vmId: VM_ID, status: "Up", ...given })).toMatchObject({
      vms: [expected],
      rejected: [],
    });
  });

  test.each([
    ["no object", 7, null, "no object"],
    ["null", null, null, "no object"],
    ["no id", { status: "Up" }, null, "vmId"],
    ["an id that is no UUID", { vmId: "x", status: "Up" }, null, "vmId"],
    ["no status", { vmId: OTHER_VM }, OTHER_VM, "status is missing"],
    ["a status of objects", { vmId: OTHER_VM, status: {} }, OTHER_VM, "status is no text"],
    ["a name of lists", { vmId: OTHER_VM, status: "Up", vmName: [] }, OTHER_VM, "vmName is no text"],
    [
      "interfaces in words",
      { vmId: OTHER_VM, status: "Up", netIfaces: "eth0" },
      OTHER_VM,
      "netIfaces is no list",
    ],
    ["an interface of null", { vmId: OTHER_VM, status: "Up", netIfaces: [null] }, OTHER_VM, "no object"],
    [
      "addresses in words",
      { vmId: OTHER_VM, status: "Up", netIfaces: [{ inet: "1.2.3.4" }] },
      OTHER_VM,
      "no list",
    ],
    [
      "an address of numbers",
      { vmId: OTHER_VM, status: "Up", netIfaces: [{ inet6: [1] }] },
      OTHER_VM,
      "no text",
    ],
    [
      "too many interfaces",
      { vmId: OTHER_VM, status: "Up", netIfaces: Array(4_097).fill({}) },
      OTHER_VM,
      "4097 entries",
    ],
    [
      "too many addresses",
      { vmId: OTHER_VM, status: "Up", netIfaces: [{ inet: Array(4_097).fill("") }] },
      OTHER_VM,
      "4097 addresses",
    ],
    [
      "too long a name",
      { vmId: OTHER_VM, status: "Up", vmName: "a".repeat(1_025) },
      OTHER_VM,
      "1025 characters",
    ],
    [
      "too long an address",
      { vmId: OTHER_VM, status: "Up", netIfaces: [{ inet: ["1".repeat(1_025)] }] },
      OTHER_VM,
      "1025 characters",
    ],
  ])("rejects a VM with %s, and that one alone", (_, bad, vmId, reason) => {
    const { vms, rejected } = reportOf(bad, { vmId: VM_ID, status: "Up" });
    expect(vms.map((vm) => vm.vmId)).toEqual([VM_ID]);
    expect(rejected).toEqual([{ vmId, reason: expect.stringContaining(reason) as string }]);
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
      expect(reportOf(...order).vms).toMatchObject([{ vmId: VM_ID, status: "Up", vmName: null }]);
    }
  });

  test("does not reject a VM that it could read once, and rejects one once", () => {
    const bad = { vmId: OTHER_VM };
    expect(reportOf({ vmId: VM_ID }, { vmId: VM_ID, status: "Up" }, bad, bad, 1, 2)).toMatchObject({
      vms: [{ vmId: VM_ID }],
      rejected: [{ vmId: OTHER_VM }, { vmId: null }, { vmId: null }],
    });
  });

  test("is not deceived by __proto__ keys", () => {
    const text = `[{"__proto__": {"vmId": "${VM_ID}", "status": "Up"}}, {"vmId": "${OTHER_VM}", "__proto__": {"status": "Up"}}]`;
    const { vms, rejected } = parseHostReport(Buffer.from(resultText(ID, text)));
    expect(vms).toEqual([]);
    expect(rejected.map(({ vmId }) => vmId)).toEqual([null, OTHER_VM]);
    expect(({} as Record<string, unknown>)["vmId"]).toBeUndefined();
  });

  test.each([
    ["truncated JSON", resultText(ID, `[${VM_STATS}`), "protocol"],
    ["NaN", resultText(ID, "[NaN]"), "protocol"],
    ["no list", resultText(ID, "{}"), "protocol"],
    ["no reply", "[1]", "protocol"],
    ["neither result nor error", `{"id": "${ID}"}`, "protocol"],
    ["an error without a code", `{"id": "${ID}", "error": "bad"}`, "protocol"],
    ["code 99", errorText(ID, 99, "Recovering from crash or Initializing"), "recovering"],
    ["another code", errorText(ID, 16, "Unexpected exception"), "fault"],
    ["a code without a message", `{"id": "${ID}", "error": {"code": 16}}`, "fault"],
  ])("is none when the answer has %s", (_, text, kind) => {
    const failure = failureOf(text);
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
        const { vms, rejected } = reportOf(bad, alone, good, { ...good, vmId: OTHER_VM, netIfaces: [alone] });
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
        expect(["protocol", "fault", "recovering"]).toContain(failureOf(bytes).kind);
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
