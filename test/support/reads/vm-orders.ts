/** All orders in which VMs can be listed. */
export const VM_ORDERS = [
  "NAME_ASC",
  "NAME_DESC",
  "ID_ASC",
  "HOST_ASC",
  "HOST_DESC",
  "STATUS_ASC",
  "STATUS_DESC",
  "LAST_CHANGE_ASC",
  "LAST_CHANGE_DESC",
  "PRIMARY_ADDRESS_ASC",
  "PRIMARY_ADDRESS_DESC",
] as const;
