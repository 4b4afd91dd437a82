import { registerEnumType } from "type-graphql";
import { VM_STATUS } from "../../model/guest/vm-status.js";
import type { IpFamily } from "../../model/address/cidr.js";
import type { MissingReason } from "../../model/guest/missing-interface.js";
import type { StaleReason, VmOrder } from "../../loaders/rows.js";

/** oVirt's VM states; each value is its number in the tables. */
export const VmStatus = VM_STATUS;

/** oVirt's host states that a gateway can know; each value is its number in the tables. */
export const HostStatus = {
  UNASSIGNED: 0,
  DOWN: 1,
  MAINTENANCE: 2,
  UP: 3,
  NON_RESPONSIVE: 4,
  ERROR: 5,
  INSTALLING: 6,
  INSTALL_FAILED: 7,
  REBOOT: 8,
  PREPARING_FOR_MAINTENANCE: 9,
  NON_OPERATIONAL: 10,
  PENDING_APPROVAL: 11,
  INITIALIZING: 12,
  CONNECTING: 13,
  INSTALLING_OS: 14,
  KDUMPING: 15,
} as const;

/** The orders in which VMs can be listed. */
export const VmOrderEnum = {
  NAME_ASC: "NAME_ASC",
  NAME_DESC: "NAME_DESC",
  ID_ASC: "ID_ASC",
  HOST_ASC: "HOST_ASC",
  HOST_DESC: "HOST_DESC",
  STATUS_ASC: "STATUS_ASC",
  STATUS_DESC: "STATUS_DESC",
  LAST_CHANGE_ASC: "LAST_CHANGE_ASC",
  LAST_CHANGE_DESC: "LAST_CHANGE_DESC",
  PRIMARY_ADDRESS_ASC: "PRIMARY_ADDRESS_ASC",
  PRIMARY_ADDRESS_DESC: "PRIMARY_ADDRESS_DESC",
} as const satisfies {
  [order in VmOrder]: order;
};

/** Why guest data is not current. */
export const StaleReasonEnum = {
  AGENT_ABSENT: "AGENT_ABSENT",
  AGENT_SILENT: "AGENT_SILENT",
  REPORT_INVALID: "REPORT_INVALID",
  VM_MISSING: "VM_MISSING",
  HOST_UNREACHABLE: "HOST_UNREACHABLE",
  HOST_RECOVERING: "HOST_RECOVERING",
  HOST_FAILED: "HOST_FAILED",
  REFRESH_OVERDUE: "REFRESH_OVERDUE",
} as const satisfies { [reason in StaleReason]: reason };

/** The families of addresses; each value is its version. */
export const IpFamilyEnum = { IPV4: 4, IPV6: 6 } as const satisfies Record<string, IpFamily>;

/** How a guest reports its addresses. */
export const GuestSourceEnum = { NET_IFACES: "NET_IFACES", GUEST_IPS: "GUEST_IPS" } as const;

/** Why a guest shows no interface with a vNIC's MAC. */
export const MissingReasonEnum = {
  VM_DOWN: "VM_DOWN",
  NO_AGENT: "NO_AGENT",
  NO_DEVICES: "NO_DEVICES",
  BOND_MEMBER: "BOND_MEMBER",
  MAC_DIFFERS: "MAC_DIFFERS",
  IGNORED_BY_NAME: "IGNORED_BY_NAME",
  NOT_REPORTED: "NOT_REPORTED",
} as const satisfies { [reason in MissingReason]: reason };

/** What a text can be taken for. */
export const FindKindEnum = {
  ADDRESS: "ADDRESS",
  CIDR: "CIDR",
  MAC: "MAC",
  ID: "ID",
  NAME: "NAME",
} as const;

/** Returns the number if the enum has it, else `unknown`, so that a newer engine's state does not become an error. */
export function findKnownStatus(
  numbers: Readonly<Record<string, number>>,
  status: number,
  unknown: number,
): number {
  return Object.values(numbers).includes(status) ? status : unknown;
}

registerEnumType(VmStatus, {
  name: "VmStatus",
  description: "The state of a VM, in oVirt's words, as its host last reported it.",
  valuesConfig: {
    UNASSIGNED: { description: "No state was ever set." },
    DOWN: { description: "Not running, or gone from its host and reported by no other." },
    UP: { description: "Running." },
    POWERING_UP: { description: "Started; the guest is not known to be up yet." },
    PAUSED: { description: "Paused." },
    MIGRATING_FROM: { description: "Running, and on its way to another host." },
    MIGRATING_TO: { description: "Arriving at a host." },
    UNKNOWN: {
      description: "Not known, such as while its host does not answer; also any state that has no name here.",
    },
    NOT_RESPONDING: { description: "Running, but its monitor does not answer the host." },
    WAIT_FOR_LAUNCH: { description: "About to be started on a host." },
    REBOOT_IN_PROGRESS: { description: "Rebooting." },
    SAVING_STATE: { description: "Writing its memory to disk, to be suspended." },
    RESTORING_STATE: { description: "Reading its memory from disk." },
    SUSPENDED: { description: "Suspended to disk." },
    IMAGE_ILLEGAL: { description: "Cannot run: an image is unusable." },
    IMAGE_LOCKED: { description: "Cannot run now: an image is in use by a storage task." },
    POWERING_DOWN: { description: "Shutting down." },
  },
});

registerEnumType(HostStatus, {
  name: "HostStatus",
  description:
    "The state of a host, in oVirt's words. A gateway that polls hosts itself gives UNASSIGNED, UP, " +
    "NON_RESPONSIVE, ERROR and INITIALIZING only; the others come from an engine's database.",
  valuesConfig: {
    UNASSIGNED: { description: "Never asked yet, or a state that has no name here." },
    DOWN: { description: "Down." },
    MAINTENANCE: { description: "Set aside for maintenance; it runs no VMs." },
    UP: { description: "Answered when it was last asked." },
    NON_RESPONSIVE: { description: "Did not answer when it was last asked." },
    ERROR: { description: "Answered when it was last asked, but with an error or not readably." },
    INSTALLING: { description: "Being installed." },
    INSTALL_FAILED: { description: "Installation failed." },
    REBOOT: { description: "Rebooting." },
    PREPARING_FOR_MAINTENANCE: { description: "Moving its VMs away for maintenance." },
    NON_OPERATIONAL: { description: "Answers, but lacks something that its cluster needs." },
    PENDING_APPROVAL: { description: "Waiting to be accepted." },
    INITIALIZING: { description: "Starting or recovering: it answers, but does not report its VMs yet." },
    CONNECTING: { description: "Being connected to." },
    INSTALLING_OS: { description: "Its operating system is being installed." },
    KDUMPING: { description: "Crashed, and writing a dump." },
  },
});

registerEnumType(VmOrderEnum, {
  name: "VmOrder",
  description: "An order of VMs. Every order ends in the id, so that no two VMs have the same place.",
  valuesConfig: {
    NAME_ASC: { description: "By name, from A to Z." },
    NAME_DESC: { description: "By name, from Z to A." },
    ID_ASC: { description: "By id." },
    HOST_ASC: { description: "By the name of the host, from A to Z; VMs that run on none come last." },
    HOST_DESC: { description: "By the name of the host, from Z to A; VMs that run on none come last." },
    STATUS_ASC: {
      description: "By state, in the order of oVirt's numbers: DOWN, UP, POWERING_UP, PAUSED, …",
    },
    STATUS_DESC: { description: "By state, in the opposite order." },
    LAST_CHANGE_ASC: {
      description:
        "By the time of the last change, the oldest first; VMs without one come last. Not with SOURCE=engine.",
    },
    LAST_CHANGE_DESC: {
      description:
        "By the time of the last change, the newest first; VMs without one come last. Not with SOURCE=engine.",
    },
    PRIMARY_ADDRESS_ASC: {
      description:
        "By `guestInfo.primaryAddress` as a number, IPv4 before IPv6; VMs without one come last. With SOURCE=engine for 200,000 VMs at most.",
    },
    PRIMARY_ADDRESS_DESC: {
      description:
        "By `guestInfo.primaryAddress` as a number, IPv6 before IPv4; VMs without one come last. With SOURCE=engine for 200,000 VMs at most.",
    },
  },
});

registerEnumType(StaleReasonEnum, {
  name: "StaleReason",
  description:
    "Why the data of a guest is not what the guest says now. What it said last is served until it speaks again.",
  valuesConfig: {
    AGENT_ABSENT: {
      description: "The guest has reported nothing since the VM started: no guest agent, or not up yet.",
    },
    AGENT_SILENT: { description: "The guest's agent used to report and does not any more." },
    REPORT_INVALID: {
      description: "The host's report of this VM could not be read, or not whole; `staleDetail` says what.",
    },
    VM_MISSING: { description: "The host did not report the VM when it was last asked." },
    HOST_UNREACHABLE: { description: "The VM's host does not answer." },
    HOST_RECOVERING: { description: "The VM's host is starting and does not report its VMs yet." },
    HOST_FAILED: { description: "The VM's host answered with an error or not readably." },
    REFRESH_OVERDUE: { description: "The VM's host was not asked for longer than it should have been." },
  },
});

registerEnumType(IpFamilyEnum, {
  name: "IpFamily",
  description: "A family of addresses. An IPv4 address that is mapped into IPv6 (`::ffff:10.1.2.3`) is IPv4.",
  valuesConfig: { IPV4: { description: "IPv4." }, IPV6: { description: "IPv6." } },
});

registerEnumType(FindKindEnum, {
  name: "FindKind",
  description: "What a text is taken for.",
  valuesConfig: {
    ADDRESS: { description: "An IPv4 or IPv6 address." },
    CIDR: { description: "A network prefix." },
    MAC: { description: "A hardware address." },
    ID: { description: "The UUID of a VM, a vNIC or a host." },
    NAME: { description: "A part of a name." },
  },
});

registerEnumType(GuestSourceEnum, {
  name: "GuestSource",
  description: "How a guest's agent reports its addresses, in VDSM's words.",
  valuesConfig: {
    NET_IFACES: { description: "By interface: names, MACs and addresses of each." },
    GUEST_IPS: { description: "As one list of addresses, without interfaces: an old agent." },
  },
});

registerEnumType(MissingReasonEnum, {
  name: "MissingReason",
  description: "Why a guest shows no interface with a vNIC's MAC. New reasons may come.",
  valuesConfig: {
    VM_DOWN: { description: "The VM does not run." },
    NO_AGENT: { description: "The guest reports nothing: no agent, or not up yet." },
    NO_DEVICES: { description: "The guest's agent reports addresses without interfaces." },
    BOND_MEMBER: { description: "It is in a bond, which gives all its members one MAC." },
    MAC_DIFFERS: { description: "The guest uses another MAC, on the interface that is `probableInterface`." },
    IGNORED_BY_NAME: {
      description:
        "The guest shows it under a name that is left out here (GUEST_NIC_IGNORE). Told of the present alone, and not with " +
        "SOURCE=engine: an engine does not keep what it left out.",
    },
    NOT_REPORTED: {
      description:
        "The guest shows no interface that it could be. Of the past, and with SOURCE=engine, also one under a name that is left out.",
    },
  },
});
