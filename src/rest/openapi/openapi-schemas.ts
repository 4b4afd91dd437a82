import { STATUS_WORDS } from "../elements/status-words.js";

const HOST = {
  href: describeReference("Where it is."),
  id: describeId("The host's id."),
  name: describeText("The host's name."),
  address: describeText("Its name or address on the network."),
  port: describeText("VDSM's port."),
  status: describeText("oVirt's word for the host's state."),
};

const NAMED = {
  href: describeReference("Where it is."),
  id: describeId("Its id; of a cluster or template that is not known, all zeros."),
  name: describeText("Its name; unknown if that is not known."),
  link: describeList("Link"),
};

/** The parts of answers as JSON schemas. Like oVirt, we write numbers and booleans as text. */
export const SCHEMAS = {
  Api: describeObject(
    {
      product_info: describeObject(
        {
          name: describeText("The product."),
          version: describeObject(
            {
              full_version: describeText("The version of oVirt's API that is spoken."),
              major: describeText("Its first number."),
              minor: describeText("Its second number."),
              build: describeText("Its third number."),
              revision: describeText("Always 0."),
            },
            ["full_version", "major", "minor"],
          ),
        },
        ["name", "version"],
      ),
      link: describeList("Link"),
    },
    ["product_info", "link"],
  ),
  Vms: describeObject({ vm: describeList("Vm") }, ["vm"]),
  Vm: describeObject(
    {
      href: describeReference("Where it is."),
      id: describeId("The VM's id, as in oVirt."),
      name: describeText("The VM's name."),
      status: describeText("oVirt's word for the VM's state.", STATUS_WORDS),
      fqdn: describeText("The guest's own name; absent if it reports none."),
      description: describeText("What the engine's users call it; absent if not known."),
      creation_time: describeText("When it was made; 1970 if that is not known."),
      os: describeObject(
        { type: describeText("oVirt's word for the operating system; other if not known.") },
        ["type"],
      ),
      host: referTo("HostReference"),
      cluster: referTo("NamedReference"),
      template: referTo("NamedReference"),
      original_template: referTo("NamedReference"),
      tags: referTo("Tags"),
      statistics: referTo("Statistics"),
      affinity_labels: referTo("AffinityLabels"),
      guest_info: referTo("GuestInfo"),
      reported_devices: referTo("ReportedDevices"),
      nics: referTo("Nics"),
      link: describeList("Link"),
    },
    ["href", "id", "name", "status", "creation_time", "os", "cluster", "template", "link"],
  ),
  Hosts: describeObject({ host: describeList("Host") }, ["host"]),
  Host: describeObject(HOST, ["href", "id", "name", "address", "port", "status"]),
  HostReference: describeObject(HOST, ["href", "id"]),
  Clusters: describeObject({ cluster: describeList("Named") }, ["cluster"]),
  Templates: describeObject({ template: describeList("Named") }, ["template"]),
  Networks: describeObject({ network: describeList("Named") }, ["network"]),
  Named: describeObject(NAMED, ["href", "id", "name"]),
  NamedReference: describeObject(NAMED, ["href", "id"]),
  Tags: createEmptyList("tag"),
  Statistics: createEmptyList("statistic"),
  AffinityLabels: createEmptyList("affinity_label"),
  AffinityGroups: createEmptyList("affinity_group"),
  GuestInfo: describeObject(
    {
      ips: referTo("Ips"),
      primary_address: referTo("PrimaryAddress"),
      fqdn: describeText("The guest's own name."),
      network_devices: describeObject({ network_device: describeList("NetworkDevice") }, ["network_device"]),
      stale: describeText("Whether this is what the guest said last, not what it says now.", [
        "true",
        "false",
      ]),
      stale_reason: describeText("Why it is stale."),
    },
    ["stale"],
  ),
  NetworkDevice: describeObject(
    { name: describeText("The interface's name in the guest."), mac: referTo("Mac"), ips: referTo("Ips") },
    ["ips"],
  ),
  Nics: describeObject({ nic: describeList("Nic") }, ["nic"]),
  Nic: describeObject(
    {
      href: describeReference("Where it is."),
      id: describeId("The vNIC's id, as in oVirt."),
      name: describeText("The vNIC's name in oVirt."),
      linked: describeText("Whether its cable is in.", ["true", "false"]),
      plugged: describeText("Whether the VM has the device; absent if not known.", ["true", "false"]),
      mac: referTo("Mac"),
      network: referTo("NamedReference"),
      statistics: referTo("Statistics"),
      interface_name: describeText("Its name in the guest."),
      ipv4: referTo("Addresses"),
      ipv6: referTo("Addresses"),
      primary_address: referTo("PrimaryAddress"),
      reported_devices: referTo("ReportedDevices"),
      vm: referTo("VmReference"),
      link: describeList("Link"),
    },
    ["href", "id", "name", "linked", "vm", "link"],
  ),
  ReportedDevices: describeObject({ reported_device: describeList("ReportedDevice") }, ["reported_device"]),
  ReportedDevice: describeObject(
    {
      href: describeReference("Where it is."),
      id: describeId("Stays while the interface's name and MAC do."),
      name: describeText("The interface's name in the guest."),
      description: describeText("What it is.", ["guest reported data"]),
      type: describeText("What kind it is.", ["network"]),
      mac: referTo("Mac"),
      ips: referTo("Ips"),
      vm: referTo("VmReference"),
    },
    ["href", "id", "description", "type", "vm"],
  ),
  Ips: describeObject({ ip: describeList("Ip") }, ["ip"]),
  Ip: describeObject(
    { address: describeText("IPv4 or IPv6."), version: describeText("Which.", ["v4", "v6"]) },
    ["address", "version"],
  ),
  PrimaryAddress: describeObject(
    {
      address: describeText("The address by which to reach the guest, IPv4 or IPv6."),
      version: describeText("Which.", ["v4", "v6"]),
      reason: describeText("Why this one, in words."),
    },
    ["address", "version", "reason"],
  ),
  Addresses: describeObject({ address: { type: "array", items: describeText("An address.") } }, ["address"]),
  Mac: describeObject({ address: describeText("Lower case, with colons.") }, ["address"]),
  VmReference: describeObject({ href: describeReference("Where it is."), id: describeId("The VM's id.") }, [
    "href",
    "id",
  ]),
  Link: describeObject({ href: describeReference("Where it is."), rel: describeText("What it is.") }, [
    "href",
    "rel",
  ]),
  Fault: describeObject(
    { reason: describeText("A few words."), detail: describeText("What is wrong, and what to do.") },
    ["reason", "detail"],
  ),
} as const;

/** A reference to one of {@link SCHEMAS}. */
export function referTo(name: string): { readonly $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

/** Creates the schema of a list that is always empty. Clients ask for it, but nothing is known of its elements. */
function createEmptyList(item: string): Schema {
  return describeObject({ [item]: { type: "array", maxItems: 0, items: {} } }, [item]);
}

type Schema = Readonly<Record<string, unknown>>;

function describeObject(properties: Readonly<Record<string, Schema>>, required: readonly string[]): Schema {
  return { type: "object", properties, required, additionalProperties: false };
}

function describeList(name: string): Schema {
  return { type: "array", items: referTo(name) };
}

function describeText(description: string, words?: readonly string[]): Schema {
  return { type: "string", description, ...(words !== undefined && { enum: words }) };
}

/** Describes an id, which XML writes as an attribute. */
function describeId(description: string): Schema {
  return { ...describeText(description), format: "uuid", xml: { attribute: true } };
}

function describeReference(description: string): Schema {
  return { ...describeText(description), format: "uri-reference", xml: { attribute: true } };
}
