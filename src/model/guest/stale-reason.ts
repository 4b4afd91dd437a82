/** Why the guest data of a VM is not current, as the read side sees it (failing hosts included). */
export type StaleReason =
  | "AGENT_ABSENT"
  | "AGENT_SILENT"
  | "REPORT_INVALID"
  | "VM_MISSING"
  | "HOST_UNREACHABLE"
  | "HOST_RECOVERING"
  | "HOST_FAILED"
  | "REFRESH_OVERDUE";
