import type { SimulatedNic, SimulatedVm } from "./vm.js";

/** Formats the libvirt domain of a VM as `Host.dumpxmls` gives it: with enough to find every NIC, and oVirt's metadata. */
export function formatDomainXml(vm: SimulatedVm): string {
  const interfaces = vm.nics.map(formatInterfaceXml).join("");
  return (
    `<domain type='kvm' id='7'><name>${escapeXml(vm.name)}</name><uuid>${vm.id}</uuid>` +
    `<metadata xmlns:ovirt-tune='http://ovirt.org/vm/tune/1.0' xmlns:ovirt-vm='http://ovirt.org/vm/1.0'>` +
    `<ovirt-vm:vm xmlns:ovirt-vm='http://ovirt.org/vm/1.0'>` +
    `<ovirt-vm:clusterVersion>4.7</ovirt-vm:clusterVersion>${vm.nics.map(formatMetadataXml).join("")}` +
    `</ovirt-vm:vm></metadata><memory unit='KiB'>1048576</memory><vcpu placement='static'>2</vcpu>` +
    `<os><type arch='x86_64' machine='pc-q35-rhel9.0.0'>hvm</type></os><devices>` +
    `<disk type='block' device='disk'><target dev='sda' bus='scsi'/><alias name='ua-${vm.id}'/></disk>` +
    `${interfaces}<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/>` +
    `<alias name='channel0'/></channel></devices></domain>`
  );
}

/**
 * Creates the NICs of a VM as `Host.getVMFullList` up to 4.3 reports them. The keys have the order of a captured
 * answer.
 */
export function createLegacyDevices(vm: SimulatedVm): readonly Record<string, unknown>[] {
  return vm.nics.map((nic, at) => ({
    type: "interface",
    device: nic.device,
    macAddr: nic.mac,
    network: nic.network,
    nicModel: nic.model,
    name: nic.device === "bridge" ? `vnet${at}` : undefined,
    alias: `ua-${nic.id}`,
    deviceId: nic.deviceId,
    linkActive: nic.linkActive,
    specParams: { inbound: {}, outbound: {} },
    filter: "vdsm-no-mac-spoofing",
    filterParameters: [],
    bootOrder: "2",
    custom: {},
    portMirroring: [],
    address: { type: "pci", domain: "0x0000", bus: "0x02", slot: `0x0${at.toString(16)}`, function: "0x0" },
    vmid: vm.id,
  }));
}

function formatInterfaceXml(nic: SimulatedNic, at: number): string {
  const link = `<link state='${nic.linkActive ? "up" : "down"}'/>`;
  const alias = `<alias name='ua-${nic.id}'/>`;
  if (nic.device === "hostdev") {
    return (
      `<interface type='hostdev' managed='no'><mac address='${nic.mac}'/><driver name='vfio'/>` +
      `<source><address type='pci' domain='0x0000' bus='0x5e' slot='0x02' function='0x${at % 8}'/></source>` +
      `${link}${alias}</interface>`
    );
  }
  return (
    `<interface type='bridge'><mac address='${nic.mac}'/><source bridge='${escapeXml(nic.network)}'/>` +
    `<target dev='vnet${at}'/><model type='${nic.model}'/>${link}${alias}</interface>`
  );
}

/** Formats oVirt's metadata. Only the metadata have the network of a virtual function, since its XML has no bridge. */
function formatMetadataXml(nic: SimulatedNic): string {
  return (
    `<ovirt-vm:device devtype='interface' mac_address='${nic.mac}'>` +
    `<ovirt-vm:network>${escapeXml(nic.network)}</ovirt-vm:network>` +
    `<ovirt-vm:custom/></ovirt-vm:device>`
  );
}

function escapeXml(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&apos;" };
  return text.replace(/[&<>']/g, (character) => entities[character] ?? character);
}
