/**
 * Returns `true` for names of interfaces that software for containers and VMs creates: bridges, their gateways, and devices
 * with addresses of services. Nobody outside can reach the guest by their addresses.
 */
export function isContainerInterface(name: string): boolean {
  return CONTAINER_NAMES.test(name);
}

/** The pattern of these names, without regard to case. PostgreSQL and JavaScript read it in the same way. */
export const CONTAINER_PATTERN = `^(?:${[
  // Docker, Podman, containerd, LXC, Incus, libvirt.
  "docker\\d*|docker_gwbridge|br-[0-9a-f]{12}",
  "podman\\d*|cni-podman\\d+|nerdctl\\d+|lxcbr\\d+|lxdbr\\d+|incusbr\\d+|virbr\\d+(?:-nic)?",
  // Kubernetes and its network plugins.
  "cni\\d+|cbr\\d+|kube-bridge|kube-ipvs\\d+|kube-dummy-if|nodelocaldns|dummy\\d+",
  "flannel[.-].*|cali.*|vxlan\\.calico|tunl\\d+|cilium_.*|lxc(?:[0-9a-f]{8,}|_health)|weave|datapath|vethwe-.*",
  "ovn-k8s-mp\\d+|br-int|genev_sys_.*|ovs-system|antrea-gw\\d+|azure\\d+|eni[0-9a-f]{11}",
  // Ends of links into containers.
  "veth.*",
  // Hyper-V's, VirtualBox' and VMware's own networks on Windows.
  "vEthernet \\((?:WSL.*|Default Switch|nat|DockerNAT|Ethernet \\(WSL\\))\\)",
  "VirtualBox Host-Only.*|VMware Network Adapter VMnet.*",
].join("|")})$`;

const CONTAINER_NAMES = new RegExp(CONTAINER_PATTERN, "i");
