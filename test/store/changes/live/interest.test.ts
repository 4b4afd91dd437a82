import { expect, test } from "vitest";
import { parseCidr } from "../../../../src/model/address/cidr.js";
import type { GuestInterest } from "../../../../src/store/changes/live/guest-event.js";
import { isVmWanted } from "../../../../src/store/changes/live/interest.js";
import { toVersion } from "../../../../src/store/changes/versions/vm-version.js";
import { HOST_A, HOST_B, id } from "../../../support/builders/ids.js";
import { toStoredNic } from "../../../support/builders/stored.js";
import { storedVm } from "../log-fixtures.js";

const ALL: GuestInterest = {
  vmIds: null,
  namePattern: null,
  hostId: null,
  network: null,
  within: null,
  kinds: null,
};

const VM = toVersion(
  storedVm(1, {
    name: "Web",
    nics: [
      toStoredNic(1, 1, { network: "Lab-Ä" }),
      toStoredNic(1, 2, { network: "\u0394\u039F\u039A\u039F\u03A3" }),
    ],
  }),
);

test.each<[string, Partial<GuestInterest>, boolean]>([
  ["nothing in particular", {}, true],
  ["its id", { vmIds: [id(1)] }, true],
  ["another id", { vmIds: [id(2)] }, false],
  ["a pattern of its name", { namePattern: "W*" }, true],
  ["one in another case", { namePattern: "w*" }, false],
  ["its host", { hostId: HOST_A }, true],
  ["another host", { hostId: HOST_B }, false],
  ["its network", { network: "Lab-Ä" }, true],
  ["its network in another case", { network: "lab-ä" }, true],
  ["a network with the other lower case of a sigma", { network: "\u03B4\u03BF\u03BA\u03BF\u03C3" }, true],
  ["a part of its network's name", { network: "lab" }, false],
  ["a prefix of its address", { within: parseCidr("10.0.0.0/8") }, true],
  ["another prefix", { within: parseCidr("192.0.2.0/24") }, false],
  ["its network and another host", { network: "Lab-Ä", hostId: HOST_B }, false],
])("a subscriber who asks for %s hears of the VM if it meets that", (_, asked, isHeard) => {
  expect(isVmWanted(VM, { ...ALL, ...asked })).toBe(isHeard);
});
