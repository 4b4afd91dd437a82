import { describe, expect, test } from "vitest";
import { findGuestState } from "../../src/engine-store/guest-state.js";
import { VM_STATUS } from "../../src/model/guest/vm-status.js";

const UP_HOST = 3;

describe("how current an engine's rows are", () => {
  test.each([
    ["a running VM that reported", VM_STATUS.UP, UP_HOST, 77, true, true, null],
    ["a running VM that reported none", VM_STATUS.UP, UP_HOST, 1, false, true, null],
    ["a running VM that never reported", VM_STATUS.UP, UP_HOST, 0, false, false, "AGENT_ABSENT"],
    [
      "a restarted VM with rows of its last run",
      VM_STATUS.POWERING_UP,
      UP_HOST,
      0,
      true,
      true,
      "AGENT_SILENT",
    ],
    ["a stopped VM without rows", VM_STATUS.DOWN, null, 0, false, true, null],
    ["a stopped VM with rows of its last run", VM_STATUS.DOWN, null, 0, true, true, null],
    ["a VM with a locked image", VM_STATUS.IMAGE_LOCKED, null, 0, true, true, null],
    ["a suspended VM with rows", VM_STATUS.SUSPENDED, null, 0, true, true, null],
    ["a suspended VM without rows", VM_STATUS.SUSPENDED, null, 0, false, true, null],
    ["a VM whose host is lost", VM_STATUS.UNKNOWN, 4, 0, true, true, "HOST_UNREACHABLE"],
    ["a VM on a host that the engine connects to", VM_STATUS.UP, 13, 77, true, true, "HOST_UNREACHABLE"],
    ["a VM on a host that starts", VM_STATUS.UP, 12, 77, true, true, "HOST_RECOVERING"],
    ["a VM on a host that lacks something, but is asked", VM_STATUS.UP, 10, 77, true, true, null],
    ["a migrating VM", VM_STATUS.MIGRATING_FROM, UP_HOST, 77, true, true, null],
    ["a VM without a state", VM_STATUS.UNASSIGNED, null, 0, false, false, "AGENT_ABSENT"],
  ] as const)("%s", (_, status, hostStatus, nicsHash, hasInterfaces, interfacesKnown, staleReason) => {
    expect(findGuestState({ status, hostStatus, nicsHash, hasInterfaces })).toEqual({
      interfacesKnown,
      staleReason,
    });
  });
});
