import fc from "fast-check";

/** The id of the VM with this number. */
export function formatVmIdAt(number: number): string {
  return `0a4f1c2e-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

/** A record as VDSM sends it, shorter; `undefined` leaves a key out. */
export function vmRecord(
  number: number,
  changes: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    status: "Up",
    vmId: formatVmIdAt(number),
    vmName: `vm-${number}`,
    cpuUser: "25.37",
    cpuActual: true,
    vcpuPeriod: 100_000,
    ioTune: [],
    network: { vnet0: { name: "vnet0", rx: "663985782612", sampleTime: 4956.81 } },
    disks: { sda: { truesize: "2147483648", readRate: "0.0" } },
    hash: "1835191094677147234",
    vmJobs: {},
    guestCPUCount: -1,
    guestIPs: "",
    guestFQDN: `vm-${number}.example.test`,
    netIfaces: [
      { hw: null, inet: ["127.0.0.1"], inet6: ["::1"], name: "lo" },
      { hw: "00:1a:4a:16:17:08", inet: ["10.1.3.132"], inet6: [], name: "eth0" },
    ],
    ...changes,
  };
}

/** The body of an answer, as Python writes it. */
export function answer(records: readonly unknown[]): Buffer {
  return Buffer.from(formatBody(records.map((record) => spelled(record, ", ", ": ", true))));
}

function formatBody(records: readonly string[]): string {
  return `{"jsonrpc": "2.0", "id": "779f0ce5-4fe7-465d-a47b-50b2389479d4", "result": [${records.join(", ")}]}`;
}

function spelled(value: unknown, comma: string, colon: string, isAscii: boolean): string {
  const inner = (member: unknown) => spelled(member, comma, colon, isAscii);
  if (Array.isArray(value)) return `[${value.map(inner).join(comma)}]`;
  if (typeof value === "object" && value !== null) {
    const members = value instanceof Members ? value.list : Object.entries(value);
    const told = members.filter(([, member]) => member !== undefined);
    return `{${told.map(([key, member]) => `${inner(key)}${colon}${inner(member)}`).join(comma)}}`;
  }
  const text = JSON.stringify(value);
  return isAscii ? text.replace(/[\u007f-\uffff]/g, escaped) : text;
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Members in an order of their own, repeated keys included. */
class Members {
  constructor(readonly list: readonly (readonly [string, unknown])[]) {}
}

/** Texts that imitate what surrounds them, or that a byte-wise reader may trip over. */
const anyText = fc.oneof(
  fc.constantFrom(
    '"netIfaces": [',
    '"}, {"vmId": "',
    "\\",
    '\\"',
    "]}",
    "\0",
    "\u2028",
    "\ud800",
    "é",
    "💥",
    "\x7f",
    "",
  ),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({ maxLength: 12 }),
);

const anyInterface = fc.record(
  {
    name: fc.option(anyText),
    hw: fc.oneof(fc.constantFrom("00:1a:4a:16:17:08", null), anyText),
    inet: fc.array(fc.oneof(fc.constant("10.0.0.1"), anyText), { maxLength: 2 }),
    inet6: fc.array(anyText, { maxLength: 2 }),
  },
  { requiredKeys: [] },
);

const anyValue = fc.oneof(
  anyText,
  fc.jsonValue({ maxDepth: 3 }),
  fc.array(fc.record({ status: anyText, vmId: anyText, netIfaces: fc.jsonValue({ maxDepth: 1 }) }), {
    maxLength: 2,
  }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

const readKey = fc.oneof(
  fc.tuple(
    fc.constant("status"),
    fc.constantFrom("Up", "Down", "WaitForLaunch", "Migration Destination", 7, ""),
  ),
  fc.tuple(fc.constant("netIfaces"), fc.oneof(fc.array(anyInterface, { maxLength: 3 }), anyValue)),
  fc.tuple(fc.constant("exitReason"), fc.nat(9)),
  fc.tuple(fc.constantFrom("vmName", "hash", "guestIPs", "guestFQDN", "exitReason"), anyValue),
  fc.tuple(fc.constant("vmId"), fc.oneof({ weight: 9, arbitrary: fc.nat(5).map(formatVmIdAt) }, anyValue)),
);

const otherKey = fc.tuple(
  fc.oneof(fc.constantFrom("cpuUser", "disks", "network", "__proto__", "vmid", "vmIdx", "status "), anyText),
  anyValue,
);

/** A usual record with some members changed, repeated, added, moved; ids from a handful, so that VMs come back. */
const anyRecord = fc
  .tuple(fc.nat(5), fc.boolean(), fc.array(fc.oneof(readKey, otherKey), { maxLength: 3 }), fc.nat())
  .map(([number, isUpper, extra, turn]) => {
    const id = isUpper ? formatVmIdAt(number).toUpperCase() : formatVmIdAt(number);
    const members = [...Object.entries(vmRecord(number, { vmId: id })), ...extra];
    const at = turn % members.length;
    return new Members([...members.slice(at), ...members.slice(0, at)]);
  });

const plainRecord = fc
  .tuple(fc.nat(5), fc.constantFrom({}, { status: "Paused" }, { netIfaces: undefined }))
  .map(([number, changes]) => vmRecord(number, changes));

const oddRecord = fc.constantFrom<unknown>(null, 7, "vm", [], {}, true, [[]], [{}], new Members([["", ""]]));

const anyRecords = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.uniqueArray(plainRecord, { maxLength: 5, selector: (record) => record["vmId"] }),
  },
  {
    weight: 3,
    arbitrary: fc.array(fc.oneof({ weight: 20, arbitrary: anyRecord }, oddRecord), { maxLength: 4 }),
  },
);

const anySpelling = fc.tuple(
  fc.oneof({ weight: 4, arbitrary: fc.constant(", ") }, fc.constantFrom(",", " ,", "\n,\t ", ",\r\n", ",,")),
  fc.oneof({ weight: 4, arbitrary: fc.constant(": ") }, fc.constantFrom(":", " : ", ":\n", "")),
  fc.boolean(),
);

/** A key spelled otherwise, in a way that only a parser sees through. */
const anyRespelling = fc.constantFrom<(body: string) => string>(
  (body) => body,
  (body) => body,
  (body) => body.replace('"vmId"', '"\\u0076mId"'),
  (body) => body.replace('"status"', '"st\\u0061tus"'),
  (body) => body.replace('"result": [', '"result" : [ '),
  (body) => `${body} `,
  (body) => body.replace(/\}$/, ', "result": []}'),
  (body) => body.replace(/\}$/, ', "error": null}'),
  (body) => body.replace("25.37", "NaN"),
  (body) => body.replace("100000", "1e5"),
  (body) => body.replace("100000", "01"),
  (body) => body.replace("-1", "-"),
);

const damaged = fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom("none", "byte", "cut", "insert", "drop"));

/** Any body that a host, a foe, or a broken wire may send for an answer. */
export const anyBody: fc.Arbitrary<Buffer> = fc
  .tuple(
    anyRecords,
    anySpelling,
    anyRespelling,
    fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, damaged),
  )
  .map(([records, [comma, colon, isAscii], respell, damage]) => {
    const text = respell(formatBody(records.map((record) => spelled(record, comma, colon, isAscii))));
    const bytes = Buffer.from(text);
    if (damage === null) return bytes;
    const [place, byte, kind] = damage;
    const at = place % bytes.length;
    if (kind === "byte") bytes[at] = byte;
    if (kind === "cut") return bytes.subarray(0, at);
    if (kind === "insert") return Buffer.concat([bytes.subarray(0, at), Buffer.of(byte), bytes.subarray(at)]);
    if (kind === "drop") return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    return bytes;
  });
