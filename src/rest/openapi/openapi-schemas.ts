import { STATUS_WORDS } from "../elements/status-words.js";

const HOST = {
  href: reference("Where it is."),
  id: id("The host's id."),
  name: text("The host's name."),
  address: text("Its name or address on the network."),
  port: text("VDSM's port."),
  status: text("oVirt's word for the host's state."),
};

const NAMED = {
  href: reference("Where it is."),
  id: id("Its id; of a cluster or template that is not known, all zeros."),
  name: text("Its name; unknown if that is not known."),
  link: list("Link"),
};

/** The parts of answers as JSON schemas; oVirt writes numbers and truth as text, and so do we. */
export const SCHEMAS = {
  Api: object(
    {
      product_info: object(
        {
          name: text("The product."),
          version: object(
            {
              full_version: text("The version of oVirt's API that is spoken."),
              major: text("Its first number."),
              minor: text("Its second number."),
              build: text("Its third number."),
              revision: text("Always 0."),
            },
            ["full_version", "major", "minor"],
          ),
        },
        ["name", "version"],
      ),
      link: list("Link"),
    },
    ["product_info", "link"],
  ),
  Vms: object({ vm: list("Vm") }, ["vm"]),
  Vm: object(
    {
      href: reference("Where it is."),
      id: id("The VM's id, as in oVirt."),
      name: text("The VM's name."),
      status: text("oVirt's word for the VM's state.", STATUS_WORDS),
      fqdn: text("The guest's own name; absent if it tells none."),
      description: text("What the engine's users call it; absent if not known."),
      creation_time: text("When it was made; 1970 if that is not known."),
      os: object({ type: text("oVirt's word for the operating system; other if not known.") }, ["type"]),
      host: ref("HostReference"),
      cluster: ref("NamedReference"),
      template: ref("NamedReference"),
      original_template: ref("NamedReference"),
      tags: ref("Tags"),
      statistics: ref("Statistics"),
      affinity_labels: ref("AffinityLabels"),
      guest_info: ref("GuestInfo"),
      reported_devices: ref("ReportedDevices"),
      nics: ref("Nics"),
      link: list("Link"),
    },
    ["href", "id", "name", "status", "creation_time", "os", "cluster", "template", "link"],
  ),
  Hosts: object({ host: list("Host") }, ["host"]),
  Host: object(HOST, ["href", "id", "name", "address", "port", "status"]),
  HostReference: object(HOST, ["href", "id"]),
  Clusters: object({ cluster: list("Named") }, ["cluster"]),
  Templates: object({ template: list("Named") }, ["template"]),
  Networks: object({ network: list("Named") }, ["network"]),
  Named: object(NAMED, ["href", "id", "name"]),
  NamedReference: object(NAMED, ["href", "id"]),
  Tags: createEmptyList("tag"),
  Statistics: createEmptyList("statistic"),
  AffinityLabels: createEmptyList("affinity_label"),
  AffinityGroups: createEmptyList("affinity_group"),
  GuestInfo: object(
    {
      ips: ref("Ips"),
      fqdn: text("The guest's own name."),
      network_devices: object({ network_device: list("NetworkDevice") }, ["network_device"]),
      stale: text("Whether this is what the guest said last, not what it says now.", ["true", "false"]),
      stale_reason: text("Why it is stale."),
    },
    ["stale"],
  ),
  NetworkDevice: object(
    { name: text("The interface's name in the guest."), mac: ref("Mac"), ips: ref("Ips") },
    ["ips"],
  ),
  Nics: object({ nic: list("Nic") }, ["nic"]),
  Nic: object(
    {
      href: reference("Where it is."),
      id: id("The vNIC's id, as in oVirt."),
      name: text("The vNIC's name in oVirt."),
      linked: text("Whether its cable is in.", ["true", "false"]),
      plugged: text("Whether the VM has the device; absent if not known.", ["true", "false"]),
      mac: ref("Mac"),
      network: ref("NamedReference"),
      statistics: ref("Statistics"),
      interface_name: text("Its name in the guest."),
      ipv4: ref("Addresses"),
      ipv6: ref("Addresses"),
      reported_devices: ref("ReportedDevices"),
      vm: ref("VmReference"),
      link: list("Link"),
    },
    ["href", "id", "name", "linked", "vm", "link"],
  ),
  ReportedDevices: object({ reported_device: list("ReportedDevice") }, ["reported_device"]),
  ReportedDevice: object(
    {
      href: reference("Where it is."),
      id: id("Stays while the interface's name and MAC do."),
      name: text("The interface's name in the guest."),
      description: text("What it is.", ["guest reported data"]),
      type: text("What kind it is.", ["network"]),
      mac: ref("Mac"),
      ips: ref("Ips"),
      vm: ref("VmReference"),
    },
    ["href", "id", "description", "type", "vm"],
  ),
  Ips: object({ ip: list("Ip") }, ["ip"]),
  Ip: object({ address: text("IPv4 or IPv6."), version: text("Which.", ["v4", "v6"]) }, [
    "address",
    "version",
  ]),
  Addresses: object({ address: { type: "array", items: text("An address.") } }, ["address"]),
  Mac: object({ address: text("Lower case, with colons.") }, ["address"]),
  VmReference: object({ href: reference("Where it is."), id: id("The VM's id.") }, ["href", "id"]),
  Link: object({ href: reference("Where it is."), rel: text("What it is.") }, ["href", "rel"]),
  Fault: object({ reason: text("A few words."), detail: text("What is wrong, and what to do.") }, [
    "reason",
    "detail",
  ]),
} as const;

/** A reference to one of {@link SCHEMAS}. */
export function ref(name: string): { readonly $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

/** Of these nothing is known: the list is there, because clients ask for it, and it is empty. */
function createEmptyList(item: string): Schema {
  return object({ [item]: { type: "array", maxItems: 0, items: {} } }, [item]);
}

type Schema = Readonly<Record<string, unknown>>;

function object(properties: Readonly<Record<string, Schema>>, required: readonly string[]): Schema {
  return { type: "object", properties, required, additionalProperties: false };
}

function list(name: string): Schema {
  return { type: "array", items: ref(name) };
}

function text(description: string, words?: readonly string[]): Schema {
  return { type: "string", description, ...(words !== undefined && { enum: words }) };
}

/** What XML writes as an attribute is marked so. */
function id(description: string): Schema {
  return { ...text(description), format: "uuid", xml: { attribute: true } };
}

function reference(description: string): Schema {
  return { ...text(description), format: "uri-reference", xml: { attribute: true } };
}
