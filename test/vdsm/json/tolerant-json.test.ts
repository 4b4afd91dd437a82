import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConnectionFailureError } from "../../../src/vdsm/wire/connection-failure.js";
import { hasTooManyValues, parseTolerantJson, UNREADABLE } from "../../../src/vdsm/json/tolerant-json.js";
import { parseCapabilities } from "../../../src/vdsm/records/vm-inventory.js";
import { parseHostReport } from "../../../src/vdsm/scan/scan.js";
import { readReplyId, readResult } from "../../../src/vdsm/wire/reply.js";
import { answer, formatVmIdAt, vmRecord } from "../scan/scan-bodies.js";

const parse = (json: string) => parseTolerantJson(Buffer.from(json));

test("beside a value that is no JSON, any JSON is read as by itself", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      expect(parse(`[NaN, ${JSON.stringify(value)}]`)).toEqual([
        UNREADABLE,
        JSON.parse(JSON.stringify(value)),
      ]);
    }),
  );
});

test.each(["NaN", "-Infinity", "01", "1.", ".5", "-", "+1", "1e", "nul", "True", "0x1"])(
  "%s is no value, and throws no error on the way",
  (token) => {
    expect(parse(`{"a": ${token}, "b": 1}`)).toEqual({ a: UNREADABLE, b: 1 });
  },
);

describe("what would take long to be parsed", () => {
  const many = {
    "texts with wrong escapes": `[${'"\\x",'.repeat(1_100_000)}1]`,
    "what is no number": `[${"NaN,".repeat(1_100_000)}1]`,
    "lists in lists": "[".repeat(1_100_000) + "]".repeat(1_100_000),
    objects: `[${"{},".repeat(1_100_000)}1]`,
  };

  test.each(Object.entries(many))("is not parsed: %s", (_, json) => {
    expect(hasTooManyValues(Buffer.from(json))).toBe(true);
    const reply = (member: string) => Buffer.from(`{"jsonrpc": "2.0", "x": 1, ${member}}`);
    expect(() => readResult(reply(`"result": ${json}`))).toThrow(/more values than are parsed/);
    expect(readReplyId(reply(`"id": ${json}`))).toBeNull();
    expect(() => parseHostReport(reply(`"error": {"code": 5, "message": ${json}}`))).toThrow(
      /an error without a code/,
    );

    const text = answer([vmRecord(1), vmRecord(2)]).toString();
    const { vms } = parseHostReport(
      Buffer.from(text.replace(/"netIfaces": \[\{.*?\}\]/, `"netIfaces": ${json}`)),
    );
    expect(vms).toMatchObject([
      {
        vmId: formatVmIdAt(1),
        vmName: "vm-1",
        status: "Up",
        netIfaces: null,
        problems: [{ field: "netIfaces", reason: "is too large to be read" }],
      },
      { vmId: formatVmIdAt(2), netIfaces: [{ name: "lo" }, { name: "eth0" }], problems: [] },
    ]);
  });

  // V8 takes seconds for some hundreds of one length.
  test("is a key that is longer than any real one: its member is left out, however deep it is", () => {
    const long = (last: string) => `"${"k".repeat(20_000)}${last}"`;
    expect(parse(`{"a": 1, ${long("1")}: {"b": [1, "}"]}, "c": [{${long("2")}: 2, "d": 3}]}`)).toEqual({
      a: 1,
      c: [{ d: 3 }],
    });
    expect(parse(`{"a": "${"k".repeat(20_000)}", "${"k".repeat(1_000)}": 1}`)).toEqual({
      a: "k".repeat(20_000),
      ["k".repeat(1_000)]: 1,
    });

    const { vms } = parseHostReport(
      Buffer.from(
        answer([vmRecord(1), vmRecord(2)])
          .toString()
          .replace('"netIfaces"', `${long("")}: 0, "netIfaces"`),
      ),
    );
    expect(vms).toMatchObject(
      [1, 2].map((vm) => ({ vmId: formatVmIdAt(vm), netIfaces: [{ name: "lo" }, { name: "eth0" }] })),
    );
  });

  test("may be a long text of a host, of which the beginning counts", () => {
    const long = "\u202e".repeat(3_000_000);
    expect(new ConnectionFailureError("fault", `error 5: ${long}`).message).toBe("error 5:");
    expect(parseCapabilities({ hostname: "h".repeat(8_000_000) }).hostname).toHaveLength(512);
  });
});
