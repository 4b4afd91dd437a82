import { PythonFloat } from "../wire/python-json.js";
import { computeHash64, Random } from "./random.js";
import type { Presence, SimulatedVm } from "./vm.js";

/** What a record needs from the host that reports it. */
export interface RecordContext {
  /** The number of the sample. Statistics change with it. */
  readonly sample: number;
  /** A text that changes when vdsmd restarts, and changes every `hash`. */
  readonly boot: string;
  readonly displayAddress: string;
}

/**
 * Creates the record of one VM in `Host.getAllVmStats` as VDSM does: numbers as strings, keys in the order of a
 * captured answer.
 */
export function createVmRecord(
  vm: SimulatedVm,
  presence: Presence,
  teller: RecordContext,
): Record<string, unknown> {
  const record =
    presence.status === "Down" ? createDownRecord(vm, presence) : createLiveRecord(vm, presence, teller);
  return { ...record, ...vm.raw };
}

/** Formats VDSM's clock at a tick: 2^31 - 1 plus the host's monotonic milliseconds. */
export function formatStatusTime(tick: number): string {
  return String(2_147_483_647 + 1_000 * tick);
}

function createDownRecord(vm: SimulatedVm, presence: Presence) {
  return {
    statusTime: formatStatusTime(presence.since),
    status: "Down",
    vmId: vm.id,
    exitCode: presence.exit?.code ?? 0,
    exitReason: presence.exit?.reason ?? 1,
    exitMessage: presence.exit?.message ?? "",
    timeOffset: "0",
  };
}

function createLiveRecord(vm: SimulatedVm, presence: Presence, teller: RecordContext) {
  const random = new Random(vm.id);
  const memoryKb = 1_048_576 * random.pick([1, 2, 4, 8]);
  const vcpus = random.pick([1, 2, 4]);
  return {
    status: presence.status,
    vmId: vm.id,
    vmName: vm.name,
    vmType: "kvm",
    kvmEnable: "true",
    acpiEnable: "true",
    elapsedTime: String(random.drawInt(10_000, 9_999_999) + teller.sample),
    monitorResponse: "0",
    clientIp: "",
    timeOffset: "0",
    cpuUser: (random.draw() * 40 + (teller.sample % 17)).toFixed(2),
    cpuSys: (random.draw() * 8 + (teller.sample % 3)).toFixed(2),
    cpuUsage: String(random.drawInt(1e12, 9e13) + teller.sample * 30_000_000),
    cpuActual: true,
    vcpuCount: String(vcpus),
    vcpuQuota: "-1",
    vcpuPeriod: 100_000,
    ioTune: [],
    network: createNetworkFields(vm, presence, random, teller.sample),
    disks: { sda: createDiskFields(random, teller.sample) },
    balloonInfo: {
      balloon_max: String(memoryKb),
      balloon_min: String(memoryKb),
      balloon_target: String(memoryKb),
      balloon_cur: String(memoryKb),
    },
    displayInfo: [
      {
        type: "vnc",
        port: String(5_900 + random.drawInt(0, 99)),
        tlsPort: "-1",
        ipAddress: teller.displayAddress,
      },
    ],
    hash: hashDevices(vm, teller.boot),
    vmJobs: {},
    ...(presence.postCopy ? {} : createGuestFields(vm, vcpus, memoryKb, teller.sample)),
    ...(presence.status === "Migration Source" ? { migrationProgress: (teller.sample * 7) % 100 } : {}),
    statusTime: formatStatusTime(presence.since),
  };
}

/** Hashes a VM's devices. The hash also changes with every start of vdsmd, and never with the guest. */
function hashDevices(vm: SimulatedVm, boot: string): string {
  const devices = vm.nics.map((nic) => [nic.id, nic.mac, nic.network, nic.linkActive].join("/"));
  return computeHash64([boot, vm.id, ...devices].join()).toString();
}

/** Creates the counters. They are empty just after a start, because rates need two samples. Virtual functions have none. */
function createNetworkFields(vm: SimulatedVm, presence: Presence, random: Random, sample: number) {
  const first = random.drawInt(0, 900);
  if (presence.status === "WaitForLaunch") return {};
  const entries = vm.nics
    .map((nic, at) => ({ nic, name: `vnet${first + at}` }))
    .filter(({ nic }) => nic.device === "bridge")
    .map(({ nic, name }) => [
      name,
      {
        macAddr: nic.mac,
        name,
        speed: "1000",
        state: "unknown",
        rxErrors: "0",
        rxDropped: "0",
        txErrors: "0",
        txDropped: "0",
        rx: String(random.drawInt(1e9, 9e11) + sample * 1_514),
        tx: String(random.drawInt(1e9, 9e11) + sample * 1_100),
        sampleTime: new PythonFloat(random.drawInt(400_000, 500_000) / 100 + sample * 15),
      },
    ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function createDiskFields(random: Random, sample: number) {
  return {
    truesize: "2147483648",
    apparentsize: "21474836480",
    imageID: random.drawUuid(),
    readRate: "0.0",
    writeRate: "8192.0",
    readBytes: String(512_000_000 + sample * 512),
    writtenBytes: String(128_000_000 + sample * 4_096),
    readOps: String(20_123 + sample),
    writeOps: String(9_021 + sample),
    readLatency: "0",
    writeLatency: "1200000",
    flushLatency: "900000",
  };
}

/** Creates the guest's report. Without an agent VDSM sends its own defaults, and nothing about the network. */
function createGuestFields(vm: SimulatedVm, vcpus: number, memoryKb: number, sample: number) {
  const memory = {
    memUsage: String(20 + (sample % 9)),
    username: vm.os === "windows" ? "Administrator@CORP" : "None",
    session: "Unknown",
  };
  if (vm.agent === "none" || vm.agent === "starting") {
    return { ...memory, username: "Unknown", guestCPUCount: -1, guestIPs: "", guestFQDN: "", appsList: [] };
  }
  return {
    ...memory,
    guestCPUCount: vcpus,
    memoryStats: {
      swap_out: "0",
      majflt: "0",
      mem_free: String(Math.floor(memoryKb * 0.7)),
      swap_in: "0",
      pageflt: String(sample),
      mem_total: String(memoryKb - 33_996),
      mem_unused: String(Math.floor(memoryKb * 0.4)),
      mem_buffers: "0",
      mem_cached: "300000",
    },
    guestIPs: vm.guestIPs ?? undefined,
    guestFQDN: vm.fqdn ?? undefined,
    guestName: vm.fqdn ?? vm.name,
    guestTimezone: { offset: 0, zone: "UTC" },
    ...(vm.os === "windows" ? WINDOWS : LINUX),
    netIfaces: vm.agent === "running" ? (vm.netIfaces ?? undefined) : undefined,
  };
}

const LINUX = {
  disksUsage: [{ path: "/", total: "21464350720", used: "3221225472", fs: "xfs" }],
  guestOs: "5.14.0-503.el9.x86_64",
  guestOsInfo: {
    type: "linux",
    arch: "x86_64",
    kernel: "5.14.0-503.el9.x86_64",
    distribution: "CentOS Stream",
    version: "9",
    codename: "",
  },
  appsList: ["kernel-5.14.0-503.el9.x86_64", "qemu-guest-agent-9.0.0"],
};

const WINDOWS = {
  disksUsage: [{ path: "c:\\", total: "53317988352", used: "21474836480", fs: "NTFS" }],
  guestOs: "Win 2019",
  guestOsInfo: {
    type: "windows",
    arch: "x86_64",
    kernel: "",
    distribution: "",
    version: "10.0.17763",
    codename: "Windows Server 2019 Standard",
  },
  appsList: [
    "Microsoft Visual C++ 2019 X64 Minimum Runtime - 14.29.30139",
    "QEMU guest agent",
    "Virtio-win-guest-tools",
    "Microsoft Edge",
    "VirtIO-win driver set (NetKVM, viostor, vioscsi, Balloon)",
  ],
};
