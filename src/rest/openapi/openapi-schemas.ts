import { STATUS_WORDS } from "../elements/status-words.js";

/** The parts of answers as JSON schemas; oVirt writes numbers and truth as text, and so do we. */
export const SCHEMAS = {
  Api: object({ product_info: object({ name: text("The product.") }, ["name"]), link: list("Link") }, [
    "link",
  ]),
  Vms: object({ vm: list("Vm") }, ["vm"]),
  Vm: object(
    {
      href: reference("Where it is."),
      id: id("The VM's id, as in oVirt."),
      name: text("The VM's name."),
      status: text("oVirt's word for the VM's state.", STATUS_WORDS),
      fqdn: text("The guest's own name; absent if it tells none."),
      host: object({ id: id("The host that runs it.") }, ["id"]),
      guest_info: ref("GuestInfo"),
      reported_devices: ref("ReportedDevices"),
      nics: ref("Nics"),
      link: list("Link"),
    },
    ["href", "id", "name", "status", "link"],
  ),
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
      network: object({ name: text("The network that it is on.") }, ["name"]),
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
