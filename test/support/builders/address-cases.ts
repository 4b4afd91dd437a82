import { parseCidr } from "../../../src/model/address/cidr.js";
import type {
  AddressedInterface,
  AddressedNic,
  PrimaryAddressQuestion,
} from "../../../src/model/address/primary-address.js";

/** `name mac addresses…`; a name with blanks has them as `~`, and `-` stands for none. */
export function toInterface(text: string): AddressedInterface {
  const [name = "-", mac = "-", ...addresses] = text.split(" ");
  return {
    name: name === "-" ? null : name.replaceAll("~", " "),
    macAddress: mac === "-" ? null : (MACS[mac] ?? mac),
    ipv4Addresses: addresses.filter((each) => !each.includes(":")),
    ipv6Addresses: addresses.filter((each) => each.includes(":")),
  };
}

/** The MACs of the VM's vNICs, which an interface is written with. */
export const MACS: Readonly<Record<string, string>> = { m1: "56:6f:aa:00:00:01", m2: "56:6f:aa:00:00:02" };
export const NICS: readonly AddressedNic[] = [
  { name: "nic1", macAddress: MACS["m1"]!, network: "ovirtmgmt" },
  { name: "nic2", macAddress: MACS["m2"]!, network: "storage" },
];
const LO = "lo 00:00:00:00:00:00 127.0.0.1 ::1";
export const DOCKER = "docker0 02:42:36:73:6e:d8 172.17.0.1";

export interface AddressCase {
  readonly title: string;
  readonly guest: readonly string[];
  readonly question?: PrimaryAddressQuestion;
  readonly nics?: readonly AddressedNic[];
  readonly address: string | null;
}

export const ADDRESS_CASES: readonly AddressCase[] = [
  { title: "one address", guest: ["eth0 m1 10.0.0.5"], address: "10.0.0.5" },
  { title: "nothing", guest: [], address: null },
  { title: "loopback alone", guest: [LO], address: null },
  { title: "loopback of another name and number", guest: ["lo0 - 127.1.2.3 ::1"], address: null },
  { title: "an interface without addresses", guest: ["eth0 m1"], address: null },
  { title: "docker0 first", guest: [DOCKER, "ens3 m1 10.0.7.1 fe80::7"], address: "10.0.7.1" },
  { title: "docker0 alone", guest: [LO, DOCKER], address: null },
  {
    title: "docker's bridges of user networks",
    guest: ["br-0a1b2c3d4e5f - 172.18.0.1", "eth0 m1 10.0.0.5"],
    address: "10.0.0.5",
  },
  {
    title: "docker_gwbridge of a swarm",
    guest: ["docker_gwbridge - 172.19.0.1", DOCKER, "eth0 m1 10.0.0.5"],
    address: "10.0.0.5",
  },
  {
    title: "podman's bridge before the vNIC",
    guest: ["cni-podman0 - 10.88.0.1", "eth0 m1 10.0.0.5"],
    address: "10.0.0.5",
  },
  { title: "podman 4", guest: ["podman0 - 10.88.0.1"], address: null },
  {
    title: "libvirt's bridge of a nested host",
    guest: ["virbr0 52:54:00:00:00:01 192.168.122.1", "ens3 m1 10.0.0.5"],
    address: "10.0.0.5",
  },
  {
    title: "libvirt's bridge while DHCP is silent",
    guest: ["virbr0 - 192.168.122.1", "ens3 m1 fe80::1"],
    address: "fe80::1",
  },
  { title: "LXD's bridge", guest: ["lxdbr0 - 10.114.44.1 fd42::1"], address: null },
  {
    title: "Kubernetes with flannel",
    guest: ["cni0 - 10.244.1.1", "flannel.1 - 10.244.1.0", "ens3 m1 192.168.1.20"],
    address: "192.168.1.20",
  },
  {
    title: "Kubernetes with Calico",
    guest: ["tunl0 - 10.244.3.192", "cali1a2b3c4d5e6 - fe80::ecee:eeff:feee:eeee", "ens3 m1 192.168.1.21"],
    address: "192.168.1.21",
  },
  {
    title: "Kubernetes with Cilium",
    guest: ["cilium_host - 10.0.1.7", "lxc_health - fe80::1", "ens3 m1 192.168.1.22"],
    address: "192.168.1.22",
  },
  {
    title: "addresses of services on kube-ipvs0",
    guest: ["kube-ipvs0 - 10.96.0.1 10.96.0.10", "ens3 m1 192.168.1.23"],
    address: "192.168.1.23",
  },
  {
    title: "the cache of DNS on a node",
    guest: ["nodelocaldns - 169.254.20.10", "ens3 m1 192.168.1.24"],
    address: "192.168.1.24",
  },
  {
    title: "OVN's br-ex with the vNIC's MAC and an address of its own before it",
    guest: ["br-ex m1 169.254.169.2 10.0.0.9", "ens3 m1"],
    address: "10.0.0.9",
  },
  {
    title: "OVN's management port",
    guest: ["ovn-k8s-mp0 - 10.128.0.2", "br-ex m1 10.0.0.9"],
    address: "10.0.0.9",
  },
  {
    title: "a bridge that took the vNIC's address and MAC",
    guest: ["ens3 m1", "br0 m1 10.0.0.5"],
    address: "10.0.0.5",
  },
  { title: "a bond over two vNICs", guest: ["eth0 m1", "eth1 m1", "bond0 m1 10.0.0.5"], address: "10.0.0.5" },
  {
    title: "a VLAN on the vNIC",
    guest: ["eth0 m1 fe80::1", "eth0.100 m1 10.100.0.5"],
    address: "10.100.0.5",
  },
  {
    title: "a team with a MAC of its own",
    guest: ["team0 02:00:00:00:00:01 10.0.0.5", "eth0 m1"],
    address: "10.0.0.5",
  },
  { title: "CLAT before IPv6", guest: ["clat - 192.0.0.4", "wlan0 m1 2001:db8::5"], address: "2001:db8::5" },
  {
    title: "CLAT's IPv4 on the vNIC itself",
    guest: ["eth0 m1 192.0.0.2 2001:db8::5"],
    address: "2001:db8::5",
  },
  { title: "all of 192.0.0.0/29", guest: ["eth0 m1 192.0.0.0 192.0.0.7"], address: null },
  { title: "the address after 192.0.0.0/29", guest: ["eth0 m1 192.0.0.8"], address: "192.0.0.8" },
  { title: "IPv6 alone", guest: [LO, "eth0 m1 fe80::1 2001:db8::5"], address: "2001:db8::5" },
  { title: "IPv4 before IPv6 of one scope", guest: ["eth0 m1 2001:db8::5 10.0.0.5"], address: "10.0.0.5" },
  {
    title: "an address that the machine gave itself before DHCP answered",
    guest: ["eth0 m1 169.254.10.1", "eth1 m2 10.0.0.6"],
    address: "10.0.0.6",
  },
  {
    title: "an address of its own and one of DHCP on one interface",
    guest: ["eth0 m1 169.254.10.1 10.0.0.5"],
    address: "10.0.0.5",
  },
  { title: "link-local alone", guest: ["eth0 m1 fe80::1"], address: "fe80::1" },
  {
    title: "IPv4 link-local before IPv6 link-local",
    guest: ["eth0 m1 fe80::1 169.254.1.1"],
    address: "169.254.1.1",
  },
  {
    title: "unique-local before link-local IPv4",
    guest: ["eth0 m1 169.254.1.1 fd00::5"],
    address: "fd00::5",
  },
  { title: "shared before unique-local", guest: ["eth0 m1 fd00::5 100.64.0.5"], address: "100.64.0.5" },
  {
    title: "global IPv6 before shared IPv4",
    guest: ["eth0 m1 100.64.0.5 2001:db8::5"],
    address: "2001:db8::5",
  },
  {
    title: "the last shared address",
    guest: ["eth0 m1 100.127.255.255", "eth1 m2 100.128.0.0"],
    address: "100.128.0.0",
  },
  {
    title: "an overlay's address in the guest",
    guest: ["tailscale0 - 100.101.102.103 fd7a:115c:a1e0::1", "eth0 m1 10.0.0.5"],
    address: "10.0.0.5",
  },
  {
    title: "a tunnel's address before the vNIC's",
    guest: ["wg0 - 10.8.0.2", "eth0 m1 10.0.0.5"],
    address: "10.0.0.5",
  },
  {
    title: "a tunnel's address where the vNIC has a link-local one alone",
    guest: ["wg0 - 10.8.0.2", "eth0 m1 fe80::1"],
    address: "10.8.0.2",
  },
  {
    title: "a shared address of the vNIC before a global one of a tunnel",
    guest: ["wg0 - 10.8.0.2", "eth0 m1 100.64.0.5"],
    address: "100.64.0.5",
  },
  {
    title: "a routed host with its address on lo",
    guest: ["lo - 127.0.0.1 10.1.1.6 ::1 2001:db8:10::6", "ens3 m1 fe80::8", "ens4 m2 fe80::88"],
    address: "10.1.1.6",
  },
  {
    title: "a routed host, in IPv6",
    guest: ["lo - 127.0.0.1 10.1.1.6 2001:db8:10::6", "ens3 m1 fe80::8"],
    question: { family: 6 },
    address: "2001:db8:10::6",
  },
  {
    title: "a virtual address of a load balancer on lo, before a bond with a MAC of its own",
    guest: ["lo - 127.0.0.1 10.0.0.100", "bond0 02:11:22:33:44:55 10.0.0.5", "eth0 m1", "eth1 m2"],
    address: "10.0.0.5",
  },
  {
    title: "a service's address on dummy0, before a bridge with a MAC of its own",
    guest: ["dummy0 3e:9a:11:22:33:44 10.96.0.10", "br0 02:11:22:33:44:55 10.0.0.5", "ens3 m1 fe80::8"],
    address: "10.0.0.5",
  },
  {
    title: "a routed host's address on dummy0 before that of a tunnel",
    guest: ["wg0 - 10.8.0.2", "dummy0 3e:9a:11:22:33:44 10.1.1.6", "ens3 m1 fe80::8"],
    address: "10.1.1.6",
  },
  {
    title: "a routed host's address on lo before those of a virtual router and an overlay",
    guest: [
      "vrrp.51 00:00:5e:00:01:33 10.0.0.50",
      "vxlan100 3e:9a:11:22:33:44 172.30.0.1",
      "lo - 127.0.0.1 10.1.1.6",
      "ens3 m1 fe80::8",
    ],
    address: "10.1.1.6",
  },
  {
    title: "a firewall's zone with a MAC of its own, which begins as a tunnel does",
    guest: ["lo - 127.0.0.1 10.0.0.100", "green0 02:11:22:33:44:55 10.0.0.5", "eth0 m1"],
    address: "10.0.0.5",
  },
  {
    title: "a link into a pod of OVN-Kubernetes",
    guest: ["0f3a9b6e2c1d4e5 0a:58:0a:80:00:01 10.128.0.1", "br-ex m1 192.168.1.30"],
    address: "192.168.1.30",
  },
  {
    title: "a virtual address of a load balancer on lo",
    guest: ["lo - 127.0.0.1 10.0.0.100", "eth0 m1 10.0.0.5"],
    address: "10.0.0.5",
  },
  {
    title: "a second address of keepalived after the own one",
    guest: ["eth0 m1 10.0.0.50 10.0.0.10"],
    address: "10.0.0.50",
  },
  {
    title: "two IPv6 addresses that are set by hand: the first one",
    guest: ["eth0 m1 2001:db8::100 2001:db8::5 fe80::7"],
    address: "2001:db8::100",
  },
  {
    title: "two vNICs, the first by name first, whatever the order of the report",
    guest: ["eth1 m2 10.0.2.5", "eth0 m1 10.0.1.5"],
    address: "10.0.1.5",
  },
  {
    title: "the named network first",
    guest: ["eth0 m1 10.0.1.5", "eth1 m2 10.0.2.5"],
    question: { network: "storage" },
    address: "10.0.2.5",
  },
  {
    title: "the named network, where its vNIC has no address",
    guest: ["eth0 m1 10.0.1.5", "eth1 m2"],
    question: { network: "storage" },
    address: "10.0.1.5",
  },
  {
    title: "a network that no vNIC is on",
    guest: ["eth0 m1 10.0.1.5"],
    question: { network: "none" },
    address: "10.0.1.5",
  },
  {
    title: "IPv4 where both are",
    guest: ["eth0 m1 10.0.0.5 2001:db8::5"],
    question: { family: 4 },
    address: "10.0.0.5",
  },
  {
    title: "IPv6 where both are",
    guest: ["eth0 m1 10.0.0.5 2001:db8::5"],
    question: { family: 6 },
    address: "2001:db8::5",
  },
  {
    title: "IPv4 of an IPv6-only guest",
    guest: ["eth0 m1 2001:db8::5"],
    question: { family: 4 },
    address: null,
  },
  {
    title: "within a prefix",
    guest: ["eth0 m1 10.0.1.5", "eth1 m2 192.168.2.5"],
    question: { within: parseCidr("192.168.0.0/16") },
    address: "192.168.2.5",
  },
  {
    title: "within a prefix that holds none",
    guest: ["eth0 m1 10.0.1.5"],
    question: { within: parseCidr("192.168.0.0/16") },
    address: null,
  },
  {
    title: "within /0 of the other family",
    guest: ["eth0 m1 10.0.1.5"],
    question: { within: parseCidr("::/0") },
    address: null,
  },
  {
    title: "within one address",
    guest: ["eth0 m1 10.0.1.5 10.0.1.6"],
    question: { within: parseCidr("10.0.1.6/32") },
    address: "10.0.1.6",
  },
  {
    title: "loopback is never it, also where it is asked for",
    guest: [LO],
    question: { within: parseCidr("127.0.0.0/8") },
    address: null,
  },
  {
    title: "a mapped address within an IPv4 prefix",
    guest: ["eth0 m1 ::ffff:10.0.1.5"],
    question: { within: parseCidr("10.0.0.0/8") },
    address: "::ffff:10.0.1.5",
  },
  {
    title: "a mapped address within all of IPv6, which it was reported as",
    guest: ["eth0 m1 ::ffff:10.0.1.5"],
    question: { within: parseCidr("::/0") },
    address: "::ffff:10.0.1.5",
  },
  { title: "a mapped loopback address", guest: ["eth0 m1 ::ffff:127.0.0.1"], address: null },
  {
    title: "an address made from the MAC before those that the guest replaces",
    guest: ["eth0 m1 2001:db8::91ac:1b2c:3d4e:5f60 2001:db8::546f:aaff:fe00:1"],
    address: "2001:db8::546f:aaff:fe00:1",
  },
  {
    title: "an address set by hand before those that the guest replaces",
    guest: ["eth0 m1 2001:db8::91ac:1b2c:3d4e:5f60 2001:db8::5"],
    address: "2001:db8::5",
  },
  {
    title: "the MAC of the vNIC in capitals and with dashes",
    guest: [DOCKER, "Ethernet 56-6F-AA-00-00-01 10.0.0.5", "wg0 - 10.8.0.2"],
    address: "10.0.0.5",
  },
  { title: "a guest that changed its MAC", guest: ["eth0 02:11:22:33:44:55 10.0.5.1"], address: "10.0.5.1" },
  {
    title: "a guest that changed the MAC of one of two vNICs",
    guest: ["eth0 02:11:22:33:44:55 10.0.5.1", "eth1 m2 10.0.2.5"],
    address: "10.0.2.5",
  },
  {
    title: "WSL's switch on Windows",
    guest: ["vEthernet~(WSL) 00:15:5d:00:00:01 172.28.0.1", "Ethernet~Instance~0 m1 10.0.0.5"],
    address: "10.0.0.5",
  },
  {
    title: "VirtualBox' and VMware's own networks on Linux, and a team with a MAC of its own",
    guest: [
      "vboxnet0 0a:00:27:00:00:00 192.168.56.1",
      "vmnet8 00:50:56:c0:00:08 172.16.1.1",
      "ens3 m1",
      "team0 02:11:22:33:44:55 10.0.0.5",
    ],
    address: "10.0.0.5",
  },
  {
    title: "Calico with IPv6 and WireGuard on a bond with a MAC of its own",
    guest: [
      "vxlan-v6.calico 66:00:00:00:00:01 fd00:1::192",
      "wireguard.cali - 10.244.3.193",
      "wg-v6.cali - fd00:1::193",
      "bond0 02:11:22:33:44:55 10.0.0.5",
    ],
    address: "10.0.0.5",
  },
  {
    title: "VirtualBox' own network on Windows",
    guest: ["VirtualBox~Host-Only~Network - 192.168.56.1", "Ethernet m1 10.0.0.5"],
    address: "10.0.0.5",
  },
  {
    title: "Windows' loopback adapter",
    guest: ["Loopback~Pseudo-Interface~1 - 127.0.0.1 ::1", "Ethernet m1 169.254.3.4"],
    address: "169.254.3.4",
  },
  {
    title: "a vNIC without a MAC",
    guest: ["eth0 m1 10.0.0.5"],
    nics: [{ name: "nic1", macAddress: null, network: null }],
    address: "10.0.0.5",
  },
  { title: "vNICs that are not known", guest: [DOCKER, "eth0 m1 10.0.0.5"], nics: [], address: "10.0.0.5" },
  { title: "an interface without a name and MAC", guest: ["- - 10.0.0.5"], address: "10.0.0.5" },
  {
    title: "texts that are no addresses",
    guest: ["eth0 m1 10.0.0 10.0.0.5/24 x 10.0.0.6"],
    address: "10.0.0.6",
  },
  {
    title: "groups, reserved and unspecified addresses",
    guest: ["eth0 m1 224.0.0.1 255.255.255.255 0.0.0.0 :: ff02::1"],
    address: null,
  },
  {
    title: "Teredo's IPv6, where the vNIC has IPv4",
    guest: [
      "Ethernet~2 m1 10.0.0.5 fe80::1",
      "Teredo~Tunneling~Pseudo-Interface 00:00:00:00:00:00:00:e0 2001:0:53aa:64c::1",
    ],
    address: "10.0.0.5",
  },
  {
    title: "6to4 before an address of its site, both on the vNIC",
    guest: ["Ethernet m1 2002:c000:204::c000:204 fd00::5"],
    address: "fd00::5",
  },
  {
    title: "6to4 before one of the provider on the vNIC",
    guest: ["vtnet0 m1 fe80::1 2002:c000:204::5 2001:db8::5"],
    address: "2001:db8::5",
  },
  {
    title: "6to4 alone",
    guest: ["Ethernet m1 fe80::1", "6TO4~Adapter - 2002:c000:204::c000:204"],
    question: { family: 6 },
    address: "2002:c000:204::c000:204",
  },
  {
    title: "ISATAP",
    guest: ["isatap.{8E5A1C9A} 00:00:00:00:00:00:00:e0 fe80::5efe:10.0.0.5", "Ethernet m1 fe80::1"],
    question: { family: 6 },
    address: "fe80::1",
  },
  {
    title: "Windows' hotspot and loopback adapter with a service's address",
    guest: [
      "Local~Area~Connection*~1 12:34:56:78:9a:bc 192.168.137.1",
      "Loopback 02:00:4c:4f:4f:50 10.0.0.100",
      "Ethernet~2 m1 10.0.0.5",
    ],
    address: "10.0.0.5",
  },
  {
    title: "Windows' switch to the outside, which took the vNIC's address",
    guest: [
      "vEthernet~(nat) 00:15:5d:00:00:02 172.20.80.1",
      "Ethernet m1",
      "vEthernet~(External) m1 10.0.0.5",
    ],
    address: "10.0.0.5",
  },
  {
    title: "a routed host with its address on dummy0",
    guest: ["lo 00:00:00:00:00:00 127.0.0.1 ::1", "ens3 m1 fe80::8", "dummy0 3e:9a:11:22:33:44 10.1.1.6"],
    address: "10.1.1.6",
  },
  {
    title: "a load balancer's address on dummy0",
    guest: ["dummy0 3e:9a:11:22:33:44 10.0.0.100", "eth0 m1 10.0.0.5"],
    address: "10.0.0.5",
  },
  {
    title: "a VPN's tunnel before a bond with a MAC of its own",
    guest: ["tun0 - 10.8.0.2", "bond0 02:11:22:33:44:55 10.0.0.5", "ens3 m1"],
    address: "10.0.0.5",
  },
  {
    title: "WireGuard's tunnel with zeros as its MAC before a bridge with a MAC of its own",
    guest: ["wg0 00:00:00:00:00:00 10.8.0.2", "br0 02:11:22:33:44:55 100.64.0.5", "ens3 m1"],
    address: "100.64.0.5",
  },
  {
    title: "a bond of VLANs, and the bond itself without an address",
    guest: ["eth0 m1", "eth1 m1", "bond0 m1", "bond0.100 m1 10.100.0.5", "bond0.200 m1 fe80::1"],
    address: "10.100.0.5",
  },
  {
    title: "accelerated networking: a second device with the vNIC's MAC",
    guest: ["enP1s1 m1", "eth0 m1 10.0.0.5 fe80::1"],
    address: "10.0.0.5",
  },
  {
    title: "Azure's bridge that took the vNIC's address",
    guest: ["azure0 m1 10.240.0.4", "eth0 m1", "azv1a2b3c4d5e6 aa:aa:aa:aa:aa:aa"],
    address: "10.240.0.4",
  },
  {
    title: "EKS: a second vNIC's address beside ends of links to pods",
    guest: ["eni1a2b3c4d5e6 - fe80::1", "eth1 m2 10.0.2.77", "eth0 m1 10.0.1.5"],
    address: "10.0.1.5",
  },
  {
    title: "macOS",
    guest: [
      "lo0 - 127.0.0.1 ::1 fe80::1",
      "en0 m1 fe80::1 10.0.0.5",
      "awdl0 2a:2a:2a:2a:2a:2a fe80::2",
      "utun0 - fe80::3",
      "bridge100 3e:22:fb:00:00:64 192.168.64.1",
    ],
    address: "10.0.0.5",
  },
  {
    title: "CLAT of Android",
    guest: ["v4-rmnet_data0 - 192.0.0.4", "rmnet_data0 - 2001:db8:1:2:3:4:5:6"],
    nics: [],
    address: "2001:db8:1:2:3:4:5:6",
  },
  {
    title: "ipvlan on the vNIC, and a macvlan",
    guest: ["ens3 m1 10.0.0.5", "ipvl0 m1 10.0.0.77", "macvlan0 92:00:00:00:00:01 10.0.0.78"],
    address: "10.0.0.5",
  },
  {
    title: "OpenStack's own networks on a node",
    guest: [
      "br-int - fe80::1",
      "br-ex 0a:00:00:00:00:01 172.24.4.1",
      "genev_sys_6081 - fe80::2",
      "ens3 m1 10.0.0.5",
    ],
    address: "10.0.0.5",
  },
  {
    title: "ten vNICs, by their numbers",
    guest: ["eth9 m1 10.0.10.5", "eth1 m2 10.0.2.5"],
    nics: [
      { name: "nic10", macAddress: MACS["m1"]!, network: null },
      { name: "nic2", macAddress: MACS["m2"]!, network: null },
    ],
    address: "10.0.2.5",
  },
  {
    title: "IPoIB",
    guest: ["ib0 80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:1d:ab:12 10.0.0.5"],
    address: "10.0.0.5",
  },
  {
    title: "podman's own networks",
    guest: ["podman1 - 10.89.0.1", "veth0 - fe80::1", "eth0 m1 10.0.0.5"],
    address: "10.0.0.5",
  },
  {
    title: "Kubernetes with Cilium's tunnel and ends of links to pods",
    guest: [
      "cilium_net - fe80::1",
      "cilium_host - 10.0.0.134",
      "cilium_vxlan - fe80::2",
      "lxc1a2b3c4d5e6f - fe80::3",
      "ens192 m1 192.168.1.30",
    ],
    address: "192.168.1.30",
  },
  {
    title: "Kubernetes with flannel in both families",
    guest: [
      "flannel.1 - 10.42.0.0",
      "flannel-v6.1 - 2001:cafe:42::",
      "cni0 - 10.42.0.1 2001:cafe:42::1",
      "ens3 m1 fd00::30",
    ],
    address: "fd00::30",
  },
  {
    title: "MicroK8s",
    guest: ["vxlan.calico 66:9e:00:00:00:01 10.1.100.0", "ens3 m1 10.0.0.5"],
    address: "10.0.0.5",
  },
  { title: "Weave", guest: ["weave 1a:2b:3c:00:00:01 10.32.0.1", "datapath - fe80::1"], address: null },
  {
    title: "Antrea",
    guest: ["antrea-gw0 2a:00:00:00:00:01 10.10.0.1", "ens3 m1 100.64.1.5"],
    address: "100.64.1.5",
  },
  {
    title: "a bridge on a VLAN of a bond of two vNICs",
    guest: ["ens3 m1", "ens4 m1", "bond0 m1", "bond0.20 m1", "br20 m1 10.20.0.5"],
    address: "10.20.0.5",
  },
  {
    title: "a bond with VLANs on two networks, the storage's first in the report",
    guest: ["bond0 m1", "bond0.30 m1 10.30.0.5", "bond0.20 m1 10.20.0.5"],
    address: "10.30.0.5",
  },
  {
    title: "a nested hypervisor with the management's bridge",
    guest: ["vnet0 fe:6f:aa:00:00:09 fe80::9", "ovirtmgmt m1 10.0.0.5", "ens3 m1"],
    address: "10.0.0.5",
  },
  {
    title: "a nested Proxmox VE",
    guest: [
      "tap100i0 5e:00:00:00:00:01",
      "fwbr100i0 3a:00:00:00:00:01",
      "vmbr0 m1 10.0.0.5 fe80::1",
      "ens18 m1",
    ],
    address: "10.0.0.5",
  },
  {
    title: "Open vSwitch on an OpenStack node",
    guest: ["ovs-system - ", "br-int 4e:00:00:00:00:01", "br-tun 5a:00:00:00:00:01", "br-ex m1 203.0.113.5"],
    address: "203.0.113.5",
  },
  {
    title: "CLAT under its other name",
    guest: ["clat4 - 192.0.0.1", "ens3 m1 2001:db8:64::5 fe80::1"],
    address: "2001:db8:64::5",
  },
  {
    title: "IPv6 alone with a translator in the guest",
    guest: ["nat64 - 192.168.255.1 2001:db8:1::c0a8:ff01", "ens3 m1 2001:db8::5 fe80::1"],
    address: "2001:db8::5",
  },
  {
    title: "the IPv4 of a translator, where IPv4 is asked for",
    guest: ["nat64 - 192.168.255.1", "clat - 192.0.0.1", "ens3 m1 2001:db8::5"],
    question: { family: 4 },
    address: "192.168.255.1",
  },
  {
    title: "IPv6 that embeds IPv4 without a prefix",
    guest: ["sit0 - ::10.0.0.5", "ens3 m1 fe80::1"],
    address: "fe80::1",
  },
  {
    title: "link-local addresses alone on two vNICs",
    guest: ["eth1 m2 fe80::2", "eth0 m1 fe80::1"],
    address: "fe80::1",
  },
  {
    title: "Windows with a second adapter that waits for DHCP",
    guest: [
      "Loopback~Pseudo-Interface~1 - 127.0.0.1 ::1",
      "Ethernet m1 169.254.7.8 fe80::7",
      "Ethernet~2 m2 10.0.2.5 fe80::8",
    ],
    address: "10.0.2.5",
  },
  {
    title: "Windows with WSL's newer switch and the default one",
    guest: [
      "vEthernet~(WSL~(Hyper-V~firewall)) 00:15:5d:00:00:01 172.28.0.1",
      "vEthernet~(Default~Switch) 00:15:5d:00:00:02 172.20.0.1",
    ],
    address: null,
  },
  {
    title: "Tailscale on Windows",
    guest: ["Tailscale - 100.101.102.103 fd7a:115c:a1e0::1", "Ethernet m1 192.168.1.5"],
    address: "192.168.1.5",
  },
  {
    title: "Tailscale, where it is asked for by its range",
    guest: ["eth0 m1 192.168.1.5", "tailscale0 - 100.101.102.103"],
    question: { within: parseCidr("100.64.0.0/10") },
    address: "100.101.102.103",
  },
  {
    title: "a VPN's interface with a MAC before a bond with a MAC of its own",
    guest: ["ztks54inm2 7e:2d:00:00:00:01 10.147.17.5", "bond0 02:11:22:33:44:55 10.0.0.5", "ens3 m1"],
    address: "10.0.0.5",
  },
  {
    title: "a bridged VPN before a bridge with a MAC of its own",
    guest: ["tap0 00:ff:12:00:00:01 10.8.0.2", "br0 02:11:22:33:44:55 192.168.5.5"],
    address: "192.168.5.5",
  },
  {
    title: "a VPN's adapter on Windows, and a team with a MAC of its own",
    guest: ["OpenVPN~TAP-Windows6 00:ff:12:00:00:01 10.8.0.2", "NIC~Team 02:11:22:33:44:55 10.0.0.5"],
    address: "10.0.0.5",
  },
  {
    title: "an agent that reports no MACs, a VPN first",
    guest: ["wg0 - 10.8.0.2", "vtnet0 - 10.0.0.5"],
    address: "10.0.0.5",
  },
  { title: "CARP's address behind the own one", guest: ["vtnet0 m1 10.0.0.2 10.0.0.1"], address: "10.0.0.2" },
  {
    title: "VRRP's interface with a virtual MAC first",
    guest: ["vrrp.51 00:00:5e:00:01:33 10.0.0.1", "eth0 m1 10.0.0.2"],
    address: "10.0.0.2",
  },
  {
    title: "a card passed through beside another vNIC",
    guest: ["ens5f0v1 m2 10.0.2.5", "eth0 m1 fe80::1"],
    address: "10.0.2.5",
  },
  {
    title: "a card passed through and a virtual one with one MAC, by the second's network",
    guest: ["eth0 m1 10.0.1.5", "eth1 m2 10.0.2.5"],
    nics: [
      { name: "nic1", macAddress: MACS["m1"]!, network: "ovirtmgmt" },
      { name: "nic2", macAddress: MACS["m2"]!, network: "fast" },
      { name: "nic3", macAddress: MACS["m2"]!, network: "standby" },
    ],
    question: { network: "standby" },
    address: "10.0.2.5",
  },
  {
    title: "macvlan for containers before the vNIC",
    guest: ["macvlan-shim 92:00:00:00:00:01 10.0.0.99", "eth0 m1 10.0.0.5"],
    address: "10.0.0.5",
  },
  {
    title: "vNICs' MACs in capitals, the guest's as Cisco writes them",
    guest: [DOCKER, "wg0 - 10.8.0.2", "eth0 566f.aa00.0001 10.0.0.5"],
    nics: [{ name: "nic1", macAddress: "56:6F:AA:00:00:01", network: null }],
    address: "10.0.0.5",
  },
  {
    title: "the named network in another case, as filters find it",
    guest: ["eth0 m1 10.0.1.5", "eth1 m2 10.0.2.5"],
    question: { network: "STORAGE" },
    address: "10.0.2.5",
  },
  {
    title: "two networks whose names differ only in case",
    guest: ["eth0 m1 10.0.1.5", "eth1 m2 10.0.2.5"],
    nics: [
      { name: "nic1", macAddress: MACS["m1"]!, network: "Red" },
      { name: "nic2", macAddress: MACS["m2"]!, network: "red" },
    ],
    question: { network: "red" },
    address: "10.0.2.5",
  },
  {
    title: "a bridge of containers is never it, also where its prefix is asked for",
    guest: ["virbr1 52:54:00:00:00:02 192.168.100.1", "ens3 m1 10.0.0.5"],
    question: { within: parseCidr("192.168.100.0/24") },
    address: null,
  },
  {
    title: "IPv4 within all mapped addresses",
    guest: ["eth0 m1 2001:db8::5 10.0.0.5"],
    question: { within: parseCidr("::ffff:0:0/96") },
    address: "10.0.0.5",
  },
  {
    title: "within a prefix of IPv6 that has the guest's temporary and its own address",
    guest: ["eth0 m1 10.0.0.5 2001:db8:1::91ac:1b2c:3d4e:5f60 2001:db8:1::5 2001:db8:2::5"],
    question: { within: parseCidr("2001:db8:1::/64") },
    address: "2001:db8:1::5",
  },
  {
    title: "one address on an interface and on the bridge above it",
    guest: ["ens3 m1 10.0.0.5", "br0 m1 10.0.0.5"],
    address: "10.0.0.5",
  },
  {
    title: "docker with IPv6 while DHCP is silent",
    guest: ["docker0 - 172.17.0.1 fd00:d0c::1", "ens3 m1 fe80::1"],
    address: "fe80::1",
  },
  {
    title: "a tunnel of VXLAN that the guest made",
    guest: ["vxlan100 0a:00:00:00:00:01 10.99.0.1", "ens3 m1 10.0.0.5"],
    address: "10.0.0.5",
  },
  {
    title: "a server behind a load balancer on Windows",
    guest: ["Loopback~Pseudo-Interface~1 - 127.0.0.1 10.0.0.100", "Ethernet m1 10.0.0.5"],
    address: "10.0.0.5",
  },
  {
    title: "Incus in both families",
    guest: ["incusbr0 - 10.158.0.1 fd42:1::1", "enp5s0 m1 fd00::5"],
    address: "fd00::5",
  },
  {
    title: "Home Assistant's bridge and links into containers of systemd-nspawn while DHCP is silent",
    guest: [
      "hassio 02:42:0a:00:00:09 172.30.32.1",
      "ve-web - 192.168.7.1",
      "vz-lan - 10.9.9.1",
      "end0 m1 fe80::9",
    ],
    address: "fe80::9",
  },
  {
    title: "Nomad's, balenaOS' and LXD's bridges while DHCP is silent",
    guest: [
      "nomad 02:11:22:33:44:55 172.26.64.1",
      "balena0 02:42:0a:00:00:07 10.114.101.1",
      "supervisor0 02:42:0a:00:00:08 10.114.104.1",
      "resin-dns - 10.114.102.1",
      "lxdfan0 00:16:3e:00:00:01 240.8.0.1",
      "fan-250 - 250.8.0.1",
      "ens3 m1 fe80::1",
    ],
    address: "fe80::1",
  },
  {
    title: "a second address with a label",
    guest: ["eth0 m1 10.0.0.50", "eth0:1 m1 10.0.0.10"],
    address: "10.0.0.50",
  },
  {
    title: "a server behind LVS with its service's address on lo:0",
    guest: ["lo:0 - 10.0.0.100", "eth0 m1 10.0.0.5"],
    address: "10.0.0.5",
  },
];
