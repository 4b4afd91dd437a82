import { formatDomainXml, createLegacyDevices } from "../world/domain-xml.js";
import { EncodedJson, formatPythonJson } from "./python-json.js";
import { Random } from "../world/random.js";
import type { Presence, SimulatedVm } from "../world/vm.js";
import { formatStatusTime } from "../world/vm-record.js";

/** Answers the verbs of one host. The wire server needs nothing else of a world. */
export interface VerbAnswers {
  /** Returns the result of a verb, or throws a {@link VdsmFaultError}. */
  answer(verb: string, params: Readonly<Record<string, unknown>>): unknown;
}

/** The JSON-RPC error with which a verb ends. */
export class VdsmFaultError extends Error {
  override readonly name = "VdsmFaultError";

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
  /** `4.3` reports NICs in `Host.getVMFullList`, and does not have `Host.dumpxmls`. */
  readonly release: "4.3" | "4.5";
  /** `true` if vdsmd has just started: every verb ends with code 99. */
  recovering: boolean;
  /** The number of restarts of vdsmd. Each changes every VM's `hash`. */
  restarts: number;
}

type Params = Readonly<Record<string, unknown>>;

/** The VMs on one host. */
export type HostView = readonly { readonly vm: SimulatedVm; readonly presence: Presence }[];

/** The sources of a host's answers. */
export interface HostFacts {
  readonly view: () => HostView;
  readonly record: (vm: SimulatedVm, presence: Presence) => Record<string, unknown>;
  /** Returns a number that changes when an answer changes. */
  readonly version: () => number;
}

/** Creates the answers to the verbs of one host. Each call uses the present facts. */
export function createVerbs(host: SimulatedHost, { view, record, version }: HostFacts): VerbAnswers {
  const toShortRecord = ({ vm, presence }: HostView[number]) => ({
    vmId: vm.id,
    status: presence.status,
    statusTime: formatStatusTime(presence.since),
  });
  const legacy = host.release === "4.3";

  const verbs: Record<string, (params: Params) => unknown> = {
    "Host.ping2": () => true,
    "Host.getCapabilities": () => createCapabilities(host),
    "Host.getAllVmStats": memoizeByVersion(version, () =>
      view().map(({ vm, presence }) => record(vm, presence)),
    ),
    "VM.getStats": (params) => {
      const { vm, presence } = findVm(view(), params);
      return [record(vm, presence)];
    },
    "Host.getVMList": (params) => {
      const listed = filterVms(view(), params);
      return legacy && params["onlyUUID"] !== false
        ? listed.map(({ vm }) => vm.id)
        : listed.map(toShortRecord);
    },
    "Host.getVMFullList": (params) =>
      filterVms(view(), params).map((each) => (legacy ? createFullRecord(each) : toShortRecord(each))),
  };
  if (!legacy) {
    verbs["Host.dumpxmls"] = (params) => {
      const found = new Map(filterVms(view(), params).map(({ vm }) => [vm.id, formatDomainXml(vm)]));
      const wanted: unknown = params["vmList"];
      const lacking = Array.isArray(wanted) ? wanted.map(String).find((id) => !found.has(id)) : undefined;
      // A key that VDSM's map of VMs does not have.
      if (lacking !== undefined)
        throw new VdsmFaultError(-32603, `Internal JSON-RPC error: {'reason': "'${lacking}'"}`);
      return Object.fromEntries(found);
    };
  }

  return {
    answer(verb, params) {
      if (host.recovering) throw new VdsmFaultError(99, "Recovering from crash or Initializing");
      const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
      if (run === undefined) {
        throw new VdsmFaultError(
          -32601,
          `The method does not exist or is not available: {'method': '${verb}'}`,
        );
      }
      return run(params);
    },
  };
}

/** Composes an answer once between two changes. It is the largest answer, and the most frequent one. */
function memoizeByVersion(version: () => number, compose: () => unknown): () => EncodedJson {
  let latest: { version: number; answer: EncodedJson } | null = null;
  return () => {
    if (latest?.version !== version()) {
      latest = { version: version(), answer: new EncodedJson(formatPythonJson(compose())) };
    }
    return latest.answer;
  };
}

function findVm(view: HostView, params: Params): HostView[number] {
  const id = params["vmID"];
  if (typeof id !== "string") throw new VdsmFaultError(-32603, "Internal JSON-RPC error: {'reason': 'vmID'}");
  const found = view.find(({ vm }) => vm.id === id);
  if (found === undefined) throw new VdsmFaultError(1, `Virtual machine does not exist: {'vmId': '${id}'}`);
  return found;
}

/** Filters the VMs of a `vmList`. An absent or empty list means all VMs; unknown ids are ignored. */
function filterVms(view: HostView, params: Params): HostView {
  const wanted = params["vmList"];
  if (!Array.isArray(wanted) || wanted.length === 0) return view;
  const ids = new Set<unknown>(wanted);
  return view.filter(({ vm }) => ids.has(vm.id));
}

function createFullRecord({ vm, presence }: HostView[number]) {
  return {
    vmId: vm.id,
    vmName: vm.name,
    status: presence.status,
    statusTime: formatStatusTime(presence.since),
    arch: "x86_64",
    vmType: "kvm",
    kvmEnable: "true",
    acpiEnable: "true",
    memSize: 1024,
    smp: "2",
    display: "qxl",
    guestDiskMapping: {},
    custom: {},
    devices: createLegacyDevices(vm),
  };
}

function createCapabilities(host: SimulatedHost) {
  const legacy = host.release === "4.3";
  const levels = legacy ? ["4.1", "4.2", "4.3"] : ["4.2", "4.3", "4.4", "4.5", "4.6", "4.7"];
  return {
    software_version: legacy ? "4.30" : "4.50",
    software_revision: legacy ? "46" : "5.1",
    uuid: new Random(host.name).drawUuid(),
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
