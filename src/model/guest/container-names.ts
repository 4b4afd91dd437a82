/**
 * Returns `true` for names of interfaces that software for containers and VMs creates: bridges, their gateways, and devices
 * with addresses of services.
 */
export function isContainerInterface(name: string): boolean {
  return isInsideGuest(name) || DUMMY.test(name);
}

/**
 * Returns `true` for those of these interfaces by whose addresses nobody outside can reach the guest: all but dummies. Software
 * for containers puts addresses of services on a dummy, but so does a host that is reached by routing put its own one there, as
 * on `lo`.
 */
export function isInsideGuest(name: string): boolean {
  return INSIDE_NAMES.test(name);
}

/** The pattern of the names inside a guest, without regard to case. PostgreSQL and JavaScript read it in the same way. */
export const INSIDE_PATTERN = `^(?:${[
  // Docker, Home Assistant's on it, systemd-nspawn, Podman, containerd, LXC, Incus, libvirt.
  "hassio|v[ez]-.+",
  // Nomad, balenaOS, LXD's fans.
  "nomad|balena\\d+|supervisor\\d+|resin-dns|lxdfan\\d+|fan-\\d+",
  "docker\\d*|docker_gwbridge|br-[0-9a-f]{12}",
  "podman\\d*|cni-podman\\d+|nerdctl\\d+|lxcbr\\d+|lxdbr\\d+|incusbr\\d+|virbr\\d+(?:-nic)?",
  // VirtualBox, VMware, Multipass, Waydroid, and libvirt's ends of links into nested VMs.
  "vboxnet\\d+|vmnet\\d+|mpqemubr\\d+|waydroid\\d+|vnet\\d+",
  // Kubernetes and its network plugins.
  "cni\\d+|cbr\\d+|kube-bridge|kube-ipvs\\d+|kube-dummy-if|nodelocaldns",
  "flannel[.-].*|cali.*|vxlan(?:-v6)?\\.calico|(?:wireguard|wg-v6|bpfin|bpfout)\\.cali|tunl\\d+|cilium_.*|lxc(?:[0-9a-f]{8,}|_health)|weave|datapath|vethwe-.*",
  "ovn-k8s-mp\\d+|ovn0|br-int|genev_sys_.*|ovs-system|antrea-gw\\d+|azure\\d+|eni[0-9a-f]{11}",
  // Ends of links into pods: of Azure's, of Google's, of OVN-Kubernetes'.
  "azv[0-9a-f]{11}|gke[0-9a-f]{11}|[0-9a-f]{15}",
  // Ends of links into containers.
  "veth.*",
  // Hyper-V's, VirtualBox' and VMware's own networks on Windows.
  "vEthernet \\((?:WSL.*|Default Switch|Standardswitch|nat|DockerNAT|HNS Internal.*|Ethernet \\(WSL\\))\\)",
  "VirtualBox Host-Only.*|VMware Network Adapter VMnet.*",
].join("|")})$`;

/** The default addresses of docker0 and virbr0. They tell such a bridge where a guest reports addresses without interfaces. */
export const USUAL_BRIDGE_ADDRESSES: readonly string[] = ["172.17.0.1", "192.168.122.1"];

const INSIDE_NAMES = new RegExp(INSIDE_PATTERN, "i");
const DUMMY = /^dummy\d+$/i;
