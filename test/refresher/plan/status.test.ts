import { expect, test } from "vitest";
import { readEndedStatus, readRunningStatus } from "../../../src/refresher/plan/status.js";
import { VM_STATUS } from "../../../src/model/guest/vm-status.js";
import { downRecord, reportedVm } from "../../support/builders/reported.js";

test.each([
  ["Up", "0", VM_STATUS.UP],
  ["Up", "-1", VM_STATUS.NOT_RESPONDING],
  ["Powering up", "-1", VM_STATUS.NOT_RESPONDING],
  ["Paused", "-1", VM_STATUS.PAUSED],
  ["Migration Source", "-1", VM_STATUS.MIGRATING_FROM],
  [null, "-1", VM_STATUS.POWERING_DOWN],
])("a VM that is %j and whose monitorResponse is %s is in state %i", (status, monitorResponse, expected) => {
  const reported = reportedVm({ status, monitorResponse: Number(monitorResponse) });
  expect(readRunningStatus(reported, VM_STATUS.POWERING_DOWN)).toBe(expected);
});

test.each([
  ["its last record says that its state was saved", downRecord(5), VM_STATUS.UP, VM_STATUS.SUSPENDED],
  ["its last record says otherwise", downRecord(1), VM_STATUS.SAVING_STATE, VM_STATUS.DOWN],
  [
    "its last record gives no reason, and it was being saved",
    downRecord(null),
    VM_STATUS.SAVING_STATE,
    VM_STATUS.SUSPENDED,
  ],
  ["it is gone, and it was being saved", null, VM_STATUS.SAVING_STATE, VM_STATUS.SUSPENDED],
  ["it is gone", null, VM_STATUS.UP, VM_STATUS.DOWN],
])("a VM that ended is suspended or down: %s", (_, reported, before, expected) => {
  expect(readEndedStatus(reported, before)).toBe(expected);
});
