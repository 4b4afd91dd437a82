import { domainXml, legacyDevices } from "./domain-xml.js";
import { Random } from "./random.js";
import type { Presence, SimulatedVm } from "./vm.js";
import { statusTime, vmRecord } from "./vm-record.js";

/** Whatever answers the verbs of one host; the wire server asks nothing else of a world. */
export interface VerbAnswers {
  /** The result, or throws a {@link VdsmFault}. */
  answer(verb: string, params: Readonly<Record<string, unknown>>): unknown;
}

/** A JSON-RPC error that a verb ends with. */
export class VdsmFault extends Error {
  override readonly name = "VdsmFault";

  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** A host of the world: its name, its release, and the state of its vdsmd. */
export interface SimulatedHost {
  readonly name: string;
  /** `4.3` tells NICs in `Host.getVMFullList` and does not know `Host.dumpxmls`. */
  readonly release: "4.3" | "4.5";
  /** vdsmd has just started: every verb ends with code 99. */
  recovering: boolean;
  /** Restarts of vdsmd so far; each gives every VM another `hash`. */
  restarts: number;
  /** Calls so far; statistics move with each. */
  samples: number;
}

type Params = Readonly<Record<string, unknown>>;
type View = readonly { readonly vm: SimulatedVm; readonly presence: Presence }[];

/** Answers the verbs of one host from what `view` says its VMs are at that moment. */
export function verbsOf(host: SimulatedHost, view: () => View): VerbAnswers {
  const record = ({ vm, presence }: View[number]) =>
    vmRecord(vm, presence, {
      sample: host.samples,
      boot: `${host.name}/${host.restarts}`,
      displayAddress: "192.0.2.11",
    });
  const short = ({ vm, presence }: View[number]) => ({
    vmId: vm.id,
    status: presence.status,
    statusTime: statusTime(presence.since),
  });
  const legacy = host.release === "4.3";

  const verbs: Record<string, (params: Params) => unknown> = {
    "Host.ping2": () => true,
    "Host.getCapabilities": () => capabilitiesOf(host),
    "Host.getAllVmStats": () => view().map(record),
    "VM.getStats": (params) => [record(only(view(), params))],
    "Host.getVMList": (params) => {
      const listed = chosen(view(), params);
      return legacy && params["onlyUUID"] !== false ? listed.map(({ vm }) => vm.id) : listed.map(short);
    },
    "Host.getVMFullList": (params) =>
      chosen(view(), params).map((each) => (legacy ? fullRecord(each) : short(each))),
  };
  if (!legacy) {
    verbs["Host.dumpxmls"] = (params) =>
      Object.fromEntries(chosen(view(), params).map(({ vm }) => [vm.id, domainXml(vm)]));
  }

  return {
    answer(verb, params) {
      host.samples += 1;
      if (host.recovering) throw new VdsmFault(99, "Recovering from crash or Initializing");
      const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
      if (run === undefined) {
        throw new VdsmFault(-32601, `The method does not exist or is not available: {'method': '${verb}'}`);
      }
      return run(params);
    },
  };
}

function only(view: View, params: Params): View[number] {
  const id = params["vmID"];
  if (typeof id !== "string") throw new VdsmFault(-32603, "Internal JSON-RPC error: {'reason': 'vmID'}");
  const found = view.find(({ vm }) => vm.id === id);
  if (found === undefined) throw new VdsmFault(1, `Virtual machine does not exist: {'vmId': '${id}'}`);
  return found;
}

/** An absent or empty `vmList` means all; unknown ids are left out without a word. */
function chosen(view: View, params: Params): View {
  const wanted = params["vmList"];
  if (!Array.isArray(wanted) || wanted.length === 0) return view;
  return view.filter(({ vm }) => wanted.includes(vm.id));
}

function fullRecord({ vm, presence }: View[number]) {
  return {
    vmId: vm.id,
    vmName: vm.name,
    status: presence.status,
    statusTime: statusTime(presence.since),
    arch: "x86_64",
    vmType: "kvm",
    kvmEnable: "true",
    acpiEnable: "true",
    memSize: 1024,
    smp: "2",
    display: "qxl",
    guestDiskMapping: {},
    custom: {},
    devices: legacyDevices(vm),
  };
}

function capabilitiesOf(host: SimulatedHost) {
  const legacy = host.release === "4.3";
  const levels = legacy ? ["4.1", "4.2", "4.3"] : ["4.2", "4.3", "4.4", "4.5", "4.6", "4.7"];
  return {
    software_version: legacy ? "4.30" : "4.50",
    software_revision: legacy ? "46" : "5.1",
    uuid: new Random(host.name).uuid(),
    hostname: host.name,
    cpuModel: "Intel(R) Xeon(R) Gold 6230",
    supportedENGINEs: legacy ? ["4.1", "4.2", "4.3"] : ["4.2", "4.3", "4.4", "4.5"],
    clusterLevels: levels,
    vmTypes: ["kvm"],
    kvmEnabled: "true",
    networks: { ovirtmgmt: { iface: "ovirtmgmt", bridged: true, mtu: "1500" } },
    lastClientIface: "ovirtmgmt",
  };
}
