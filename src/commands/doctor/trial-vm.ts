import { randomUUID } from "node:crypto";
import { NO_CHANGES } from "../../refresher/plan/plan-builder.js";
import { UNKNOWN_INTERFACE } from "../../store/read/interface-columns.js";
import type {
  ConfiguredHost,
  GuestInterface,
  HostChanges,
  Nic,
  PassFindings,
  StoredVm,
  VmState,
} from "../../store/types.js";

/** A host that does not exist. It is stored only in a rehearsal. */
export const TRIAL_HOST: ConfiguredHost = {
  id: randomUUID(),
  name: "doctor",
  host: "doctor.invalid",
  port: 1,
};

/** What a pass would write. */
export interface TrialPass {
  readonly changes: HostChanges;
  readonly findings: PassFindings;
}

/** A VM's life in three passes: it appears, everything in it changes, and its parts disappear. */
export interface TrialVm {
  readonly id: string;
  readonly nicId: string;
  readonly created: TrialPass;
  readonly changed: TrialPass;
  readonly removed: TrialPass;
}

/** Creates the three passes. */
export function createTrialVm(): TrialVm {
  const id = randomUUID();
  const nicId = randomUUID();
  const state: VmState = {
    id,
    name: "doctor's VM",
    status: 1,
    ownerId: TRIAL_HOST.id,
    incomingId: null,
    contenderId: null,
    ips: "192.0.2.1",
    fqdn: "doctor.invalid",
    inventoryHash: null,
    silence: null,
    staleDetail: null,
    missedPasses: 0,
    ignoredMacs: null,
  };
  const nic: Nic = { id: nicId, vmId: id, name: "nic1", macAddress: MAC, network: "doctor's", linked: true };
  const device: GuestInterface = {
    ...UNKNOWN_INTERFACE,
    vmId: id,
    name: "eth0",
    macAddress: MAC,
    ipv4Addresses: ["192.0.2.1"],
    ipv6Addresses: [],
  };
  const later = { ...device, ipv4Addresses: ["192.0.2.2"] };
  const order = (names: readonly string[]) => [{ vmId: id, names }];
  const first: StoredVm = { ...state, interfaces: [device], nics: [nic] };
  const second: StoredVm = {
    ...first,
    status: 0,
    ips: "192.0.2.2",
    interfaces: [later],
    nics: [{ ...nic, linked: false }],
  };
  const third: StoredVm = { ...second, ips: null, interfaces: [], nics: [] };
  return {
    id,
    nicId,
    created: createPass(null, first, {
      newVms: [state],
      insertedInterfaces: [device],
      interfaceOrders: order(["eth0"]),
      upsertedNics: [nic],
    }),
    changed: createPass(first, second, {
      changedVms: [{ before: state, after: { ...state, status: 0, ips: "192.0.2.2" } }],
      updatedInterfaces: [{ before: device, after: later }],
      upsertedNics: [{ ...nic, linked: false }],
    }),
    removed: createPass(second, third, {
      changedVms: [
        { before: { ...state, status: 0, ips: "192.0.2.2" }, after: { ...state, status: 0, ips: null } },
      ],
      deletedInterfaces: [later],
      interfaceOrders: order([]),
      deletedNics: [{ id: nicId, vmId: id }],
    }),
  };
}

/** A MAC that no vendor uses. */
const MAC = "02:00:5e:10:00:01";

function createPass(before: StoredVm | null, after: StoredVm, values: Partial<HostChanges>): TrialPass {
  return {
    changes: { ...NO_CHANGES, ...values },
    findings: { vmCount: 1, durationMs: 1, visibleChanges: [{ before, after }] },
  };
}
