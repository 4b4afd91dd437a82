import { describe, expect, test } from "vitest";
import type { Decision, Ownership, Sighting } from "../../../src/refresher/plan/ownership.js";
import { decideOwnership } from "../../../src/refresher/plan/ownership.js";
import { VM_STATUS } from "../../../src/model/guest/vm-status.js";
import { HOST_A, HOST_B, HOST_C } from "../../support/builders/ids.js";

type Standing = Ownership & { readonly status: number };

const { UP, DOWN, PAUSED, POWERING_UP, MIGRATING_FROM, MIGRATING_TO, WAIT_FOR_LAUNCH, UNKNOWN } = VM_STATUS;
const absent: Sighting = { kind: "absent" };
const rejected: Sighting = { kind: "rejected" };
const says = (status: number, exitReason: number | null = null): Sighting => ({
  kind: "reported",
  status,
  exitReason,
});
const postCopySource: Sighting = {
  kind: "reported",
  status: PAUSED,
  exitReason: null,
  isPostCopySource: true,
};
const standing = (overrides: Partial<Standing> = {}): Standing => ({
  ownerId: HOST_A,
  incomingId: null,
  contenderId: null,
  missedPasses: 0,
  status: UP,
  ...overrides,
});
const nobody = standing({ ownerId: null, status: DOWN });

/** The decision in short: its verdict and what of the ownership is not the default. */
function short({ verdict, ownership }: Decision): string {
  const { ownerId, incomingId, contenderId, missedPasses } = ownership;
  const parts = [`owner ${letter(ownerId)}`];
  if (incomingId !== null) parts.push(`incoming ${letter(incomingId)}`);
  if (contenderId !== null) parts.push(`contender ${letter(contenderId)}`);
  if (missedPasses > 0) parts.push(`missed ${missedPasses}`);
  return `${verdict}: ${parts.join(", ")}`;
}

function letter(id: string | null): string {
  return id === null ? "-" : id.charAt(0).toUpperCase();
}

describe("a VM that nobody owns", () => {
  test.each<[string, Standing | null, Sighting, string]>([
    ["a new one goes to who reports it", null, says(UP), "own: owner B"],
    ["even its destination, until a better claim comes", null, says(MIGRATING_TO), "own: owner B"],
    ["a new one that has ended is known, and nobody's", null, says(DOWN, 1), "down: owner -"],
    ["one that starts goes to who reports it", nobody, says(POWERING_UP), "own: owner B"],
    ["the record of one that has ended says nothing new", nobody, says(DOWN, 1), "ignore: owner -"],
    ["an unreadable report gives no claim", nobody, rejected, "ignore: owner -"],
    [
      "absence gives up what hopes there were",
      standing({ ownerId: null, incomingId: HOST_B }),
      absent,
      "ignore: owner -",
    ],
  ])("%s", (_name, stored, sighting, expected) => {
    expect(short(decideOwnership(stored, HOST_B, sighting))).toBe(expected);
  });
});

describe("the owner", () => {
  test.each<[string, Standing, Sighting, string]>([
    ["reports", standing({ missedPasses: 1 }), says(PAUSED), "own: owner A"],
    ["reports a state that nobody knows", standing(), says(UNKNOWN), "own: owner A"],
    [
      "sends: its destination stays known",
      standing({ incomingId: HOST_B }),
      says(MIGRATING_FROM),
      "own: owner A, incoming B",
    ],
    [
      "is Up: whatever migration there was is over",
      standing({ incomingId: HOST_B }),
      says(UP),
      "own: owner A",
    ],
    [
      "is Up while another says so too",
      standing({ contenderId: HOST_B }),
      says(UP),
      "own: owner A, contender B",
    ],
    [
      "sends an unreadable report: it is there at least",
      standing({ missedPasses: 1 }),
      rejected,
      "invalid: owner A",
    ],
    ["misses it once", standing({ incomingId: HOST_B }), absent, "missing: owner A, incoming B, missed 1"],
    [
      "misses it twice, a destination is ready",
      standing({ missedPasses: 1, incomingId: HOST_B }),
      absent,
      "handed-over: owner B",
    ],
    [
      "misses it twice, a contender may be long dead",
      standing({ missedPasses: 1, contenderId: HOST_B }),
      absent,
      "down: owner -",
    ],
    ["misses it twice", standing({ missedPasses: 1 }), absent, "down: owner -"],
    ["says it was shut down", standing(), says(DOWN, 1), "down: owner -"],
    [
      "says it was shut down while a destination waits",
      standing({ incomingId: HOST_B }),
      says(DOWN, 1),
      "down: owner -",
    ],
    ["says it migrated away", standing({ incomingId: HOST_B }), says(DOWN, 4), "handed-over: owner B"],
    ["says it migrated away, nobody knows where", standing(), says(DOWN, 4), "missing: owner A, missed 1"],
    ["says so again", standing({ missedPasses: 1 }), says(DOWN, 4), "down: owner -"],
    ["says Down without a reason", standing(), says(DOWN), "down: owner -"],
    [
      "says Down without a reason while a destination waits",
      standing({ incomingId: HOST_B }),
      says(DOWN),
      "handed-over: owner B",
    ],
    [
      "has the guest at the destination already",
      standing({ status: MIGRATING_FROM, incomingId: HOST_B }),
      postCopySource,
      "handed-over: owner B",
    ],
    [
      "has the guest elsewhere, nobody knows where",
      standing({ status: MIGRATING_FROM }),
      postCopySource,
      "own: owner A",
    ],
    [
      "cannot hand over to itself",
      standing({ incomingId: HOST_A, missedPasses: 1 }),
      absent,
      "down: owner -",
    ],
  ])("%s", (_name, stored, sighting, expected) => {
    expect(short(decideOwnership(stored, HOST_A, sighting))).toBe(expected);
  });
});

describe("another host", () => {
  test.each<[string, Standing, Sighting, string]>([
    [
      "says Up: it takes over from a source",
      standing({ status: MIGRATING_FROM, incomingId: HOST_B }),
      says(UP),
      "own: owner B",
    ],
    [
      "says Up while the owner's last word was Up: one of them is wrong",
      standing(),
      says(UP),
      "own: owner B, contender A",
    ],
    [
      "lost that argument and may not take it back",
      standing({ contenderId: HOST_B }),
      says(UP),
      "ignore: owner A, contender B",
    ],
    [
      "may, once the owner misses the VM",
      standing({ contenderId: HOST_B, missedPasses: 1 }),
      says(UP),
      "own: owner B, contender A",
    ],
    [
      "may, once the owner is no longer Up",
      standing({ contenderId: HOST_B, status: PAUSED }),
      says(UP),
      "own: owner B",
    ],
    [
      "may not join an argument of two as a third",
      standing({ contenderId: HOST_C }),
      says(UP),
      "ignore: owner A, contender C",
    ],
    [
      "says anything else: the argument is over",
      standing({ contenderId: HOST_B }),
      says(PAUSED),
      "ignore: owner A",
    ],
    ["receives", standing(), says(MIGRATING_TO), "ignore: owner A, incoming B"],
    [
      "was the source, and does not get the guest back",
      standing({ status: MIGRATING_TO }),
      postCopySource,
      "ignore: owner A",
    ],
    [
      "receives what another receives already",
      standing({ incomingId: HOST_C }),
      says(MIGRATING_TO),
      "ignore: owner A, incoming C",
    ],
    ["failed to receive", standing({ incomingId: HOST_B }), says(DOWN, 5), "ignore: owner A"],
    ["waits for a launch", standing({ incomingId: HOST_B }), says(WAIT_FOR_LAUNCH), "ignore: owner A"],
    [
      "no longer reports it",
      standing({ incomingId: HOST_B, contenderId: HOST_B }),
      absent,
      "ignore: owner A",
    ],
    ["sends an unreadable report", standing({ incomingId: HOST_B }), rejected, "ignore: owner A, incoming B"],
    [
      "runs it, paused, while the owner is a mere destination",
      standing({ status: MIGRATING_TO }),
      says(PAUSED),
      "own: owner B",
    ],
    [
      "powers it up after the owner missed it",
      standing({ missedPasses: 1 }),
      says(POWERING_UP),
      "own: owner B",
    ],
    ["powers it up while the owner is Up", standing(), says(POWERING_UP), "ignore: owner A"],
  ])("%s", (_name, stored, sighting, expected) => {
    expect(short(decideOwnership(stored, HOST_B, sighting))).toBe(expected);
  });
});
