import { beforeEach, expect, test } from "vitest";
import { PassLog } from "../../src/refresher/pass-log.js";
import { HOST_A, HOST_B } from "../support/builders/ids.js";
import { configuredHost, passResult as result } from "../support/builders/passes.js";

let lines: string[];
let log: PassLog;

beforeEach(() => {
  lines = [];
  const write = (level: string) => (_fields: object, message: string) =>
    void lines.push(`${level}: ${message}`);
  log = new PassLog({
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  });
});

const failed = (kind: string, hostId = HOST_A) =>
  result({ host: configuredHost(hostId), outcome: "failed", failure: { kind, message: `${kind}!` } });

test.each([
  [result(), "debug: pass done, nothing changed"],
  [result({ changedVms: 1 }), "info: pass done"],
  [
    result({ outcome: "superseded" }),
    "info: pass superseded: somebody else had this host or one of its VMs meanwhile",
  ],
  [failed("unreachable"), "warn: pass failed"],
  [failed("internal"), "error: pass failed"],
  [failed("aborted"), "debug: pass stopped"],
])("one line a pass: %#", (told, line) => {
  log.write(told);
  expect(lines).toEqual([line]);
});

test("an outage of the database is told once, and ends when no host's pass fails by it any more", () => {
  for (let pass = 0; pass < 3; pass += 1)
    for (const hostId of [HOST_A, HOST_B]) log.write(failed("database", hostId));
  log.write(failed("timeout"));
  log.write(result());
  expect(lines).not.toContain("info: passes can use the database again");
  for (const hostId of [HOST_B, HOST_A]) log.write(result({ host: configuredHost(hostId) }));
  expect(lines).toEqual([
    "error: passes cannot use the database; they are tried again until they can",
    "warn: pass failed",
    "info: host answers again",
    "debug: pass done, nothing changed",
    "info: passes can use the database again",
    "debug: pass done, nothing changed",
    "debug: pass done, nothing changed",
  ]);
});

test("an outage is over too if another gateway writes some of the hosts from then on", () => {
  for (const hostId of [HOST_A, HOST_B]) log.write(failed("database", hostId));
  const host = configuredHost(HOST_A);
  log.write(result({ host, outcome: "deferred", deferral: "busy" }));
  log.write(result({ host: configuredHost(HOST_B) }));
  expect(lines).not.toContain("info: passes can use the database again");
  log.write(result({ host, outcome: "deferred", deferral: "fresh" }));
  log.write(result({ host: configuredHost(HOST_B) }));
  expect(lines).toContain("info: passes can use the database again");
});

test("a pass that is superseded again and again is told once, and again after one that was not", () => {
  for (const outcome of ["superseded", "superseded", "deferred", "superseded", "done", "superseded"] as const)
    log.write(result({ outcome }));
  expect(lines.filter((line) => line.startsWith("info"))).toEqual([
    "info: pass superseded: somebody else had this host or one of its VMs meanwhile",
    "info: pass superseded: somebody else had this host or one of its VMs meanwhile",
  ]);
});

test("a host that must rest is told once, and once that it need no more", () => {
  for (const restMs of [0, 4_000, 9_000, 0, 0]) log.write(result({ restMs }));
  expect(lines.filter((line) => !line.startsWith("debug"))).toEqual([
    "warn: host's answers take more of this process than one host may; it is polled less often",
    "info: host is polled at all its turns again",
  ]);
});

test("a host that is back is told by one line, also where nothing changed meanwhile", () => {
  for (const told of [result(), failed("timeout"), failed("timeout"), result(), result()]) log.write(told);
  expect(lines).toEqual([
    "debug: pass done, nothing changed",
    "warn: pass failed",
    "warn: pass failed",
    "info: host answers again",
    "debug: pass done, nothing changed",
    "debug: pass done, nothing changed",
  ]);
});

test("a host that was removed elsewhere is told once, and again after it was polled meanwhile", () => {
  const removed = result({ outcome: "removed" });
  for (const told of [removed, removed, result(), removed]) log.write(told);
  expect(lines).toEqual([
    "info: pass skipped: the host was removed elsewhere",
    "debug: pass done, nothing changed",
    "info: pass skipped: the host was removed elsewhere",
  ]);
});

test("a host that does not tell vNICs is told once, and again after it did", () => {
  const without = result({ inventoryFailure: "busy" });
  for (const told of [without, without, failed("timeout"), without, result(), without]) log.write(told);
  expect(lines.filter((line) => line.includes("NICs"))).toEqual([
    "warn: host does not report its VMs' NICs; the stored ones stay, and it is asked at every pass",
    "info: host reports its VMs' NICs again",
    "warn: host does not report its VMs' NICs; the stored ones stay, and it is asked at every pass",
  ]);
});

test("nothing is remembered of a host that is polled no more", () => {
  for (const told of [result({ inventoryFailure: "busy" }), result({ outcome: "removed" })]) {
    log.write(told);
    log.forget(HOST_A);
    log.write(told);
  }
  expect(lines.filter((line) => line.includes("NICs"))).toHaveLength(2);
  expect(lines.filter((line) => line.includes("removed"))).toHaveLength(2);
});
