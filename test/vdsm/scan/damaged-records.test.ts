import fc from "fast-check";
import { expect, test } from "vitest";
import { parseHostReport } from "../../../src/vdsm/scan/scan.js";
import { answer, formatVmIdAt, vmRecord } from "./scan-bodies.js";

/** What a wire, a bug in VDSM or a foe may do to the bytes of one record. */
const anyDamage = fc.array(
  fc.record({
    kind: fc.constantFrom("replace", "insert", "drop", "repeat"),
    place: fc.nat(),
    length: fc.integer({ min: 1, max: 40 }),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom(
          '"',
          "\\",
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          "NaN",
          "-Infinity",
          "1e999",
          '"\\ud800"',
          "}, {",
          '": "',
          "[[[[",
        )
        .map((text) => Buffer.from(text)),
    ),
  }),
  { minLength: 1, maxLength: 4 },
);

function damage(
  record: Buffer,
  damages: readonly { kind: string; place: number; length: number; bytes: Buffer }[],
) {
  let bytes = record;
  for (const { kind, place, length, bytes: inserted } of damages) {
    // The braces around the record belong to the answer.
    const at = 1 + (place % Math.max(1, bytes.length - 2));
    const end = Math.min(bytes.length - 1, at + length);
    const [before, middle, after] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
    if (kind === "replace") bytes = Buffer.concat([before, inserted, bytes.subarray(at + inserted.length)]);
    if (kind === "insert") bytes = Buffer.concat([before, inserted, middle, after]);
    if (kind === "drop") bytes = Buffer.concat([before, after]);
    if (kind === "repeat") bytes = Buffer.concat([before, middle, middle, after]);
  }
  return bytes;
}

test("damage to one record changes no other VM, refuses no answer, and lets no VM seem to be gone unnoticed", () => {
  const records = Array.from({ length: 12 }, (_, at) => answer([vmRecord(at, { vmName: `vm "${at}" é` })]));
  const start = records[0]!.indexOf("[{") + 1;
  const texts = records.map((record) => record.subarray(start, -2));
  const head = records[0]!.subarray(0, start);
  const comma = Buffer.from(", ");
  const formatBody = (parts: readonly Buffer[]) =>
    Buffer.concat([
      head,
      ...parts.flatMap((part, at) => (at === 0 ? [part] : [comma, part])),
      Buffer.from("]}"),
    ]);
  const known = parseHostReport(formatBody(texts)).vms;

  fc.assert(
    fc.property(fc.nat(texts.length - 1), anyDamage, (victim, damages) => {
      const damaged = damage(texts[victim]!, damages);
      // What remains may by chance be the id of another VM, of which there are two records then.
      const claimed = listIds(formatBody([damaged]));
      fc.pre(known.every(({ vmId }, at) => at === victim || !claimed.includes(vmId)));
      const body = formatBody(texts.map((text, at) => (at === victim ? damaged : text)));
      if (victim === texts.length - 1 && isLikeCut(body)) return;
      const { vms, rejected } = parseHostReport(body);
      const others = vms.filter(
        ({ vmId }) => known.some((vm) => vm.vmId === vmId) && vmId !== formatVmIdAt(victim),
      );
      expect(others).toEqual(known.filter((_, at) => at !== victim));
      const isThere = vms.some(({ vmId }) => vmId === formatVmIdAt(victim));
      const isAnother = vms.length > others.length + (isThere ? 1 : 0);
      expect(isThere || isAnother || rejected.length > 0).toBe(true);
    }),
    { numRuns: 1_500 },
  );
});

test("what is said of damage is never a host's own words, and never a key of its own", () => {
  const readProblems = (member: string) => {
    const text = answer([vmRecord(1)])
      .toString()
      .replace('"vmName"', `${member}, "vmName"`);
    const { vms, rejected } = parseHostReport(Buffer.from(text));
    return [rejected.length, ...vms.map(({ problems }) => problems)];
  };
  expect(readProblems('"vnic-graph\\u003a damage": "is all wrong"')).toEqual([0, []]);
  expect(readProblems('"vnic-graph: damage": "is all wrong"')).toEqual([0, []]);
  expect(readProblems(`"\\u0061${"b".repeat(9_000_000)}": 1`)).toEqual([0, []]);
  const large = `"vm\\u004eame": "${"b".repeat(9_000_000)}"`;
  expect(readProblems(large)).toEqual([0, [{ field: "vmName", reason: "is too large to be read" }]]);
});

/** The ids of the VMs that an answer tells; none if it is refused. */
function listIds(body: Buffer): readonly string[] {
  try {
    return parseHostReport(body).vms.map(({ vmId }) => vmId);
  } catch {
    return [];
  }
}

/**
 * Whether damage made the last record take the list's own brackets for its end. No byte then tells the answer from one that
 * was cut behind a record, and a cut answer is refused.
 */
function isLikeCut(body: Buffer): boolean {
  try {
    parseHostReport(body);
    return false;
  } catch (error) {
    return (error as Error).message.endsWith(`is not JSON at its byte ${body.length}`);
  }
}
