/** Why the guest data of a VM are stale, as readers see it; failing hosts are included. */
export type StaleReason =
  | "AGENT_ABSENT"
  | "AGENT_SILENT"
  | "REPORT_INVALID"
  | "VM_MISSING"
  | "HOST_UNREACHABLE"
  | "HOST_RECOVERING"
  | "HOST_FAILED"
  | "REFRESH_OVERDUE";
