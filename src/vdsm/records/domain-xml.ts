import { shortenKey } from "../../model/kept/short-key.js";
import { normalizeUuid } from "../../model/uuid.js";
import { decodeXml } from "../xml/decode-xml.js";
import { scanXml, type XmlBounds, type XmlListener } from "../xml/scan-xml.js";
import type { XmlTag } from "../xml/xml-tag.js";
import { dropNoNetwork, parseAliasId } from "./device-list.js";
import type { ReportedNic } from "./types.js";

/** Parses the vNICs of a libvirt domain in document order; `null` if the text is not a complete domain. */
export function parseDomainXml(xml: string): readonly ReportedNic[] | null {
  const domain = new DomainListener();
  // A document that was cut off is refused as a whole. If its first part were used, vNICs would seem to be gone.
  if (!scanXml(xml, BOUNDS, domain) || !domain.hasDevices) return null;
  const transient = new Set(domain.interfaces.filter(isTransient).map(getMacKey));
  return domain.interfaces
    .filter((element) => !isStandby(element) || !transient.has(getMacKey(element)))
    .map((element) => toNic(element, domain.metadata));
}

/**
 * What an `<interface>` says of a vNIC. A property is `undefined` until its element was met; the first such element
 * counts.
 */
interface InterfaceElement {
  type: string | null;
  mac?: string | null;
  alias?: string | null;
  target?: string | null;
  bridge?: string | null;
  network?: string | null;
  link?: string | null;
  teaming?: string | null;
  virtualPort?: string | null;
}

/** What oVirt's metadata says of a vNIC. Only they have the network of a virtual function. */
interface Metadata {
  id: string | null;
  network: string | null;
}

/** Collects two parts of a domain: `devices/interface/*` and `metadata/vm/device/*`. */
class DomainListener implements XmlListener {
  readonly interfaces: InterfaceElement[] = [];
  /** By alias, and by MAC in lower case. */
  readonly metadata = new Map<string, Metadata>();
  hasDevices = false;
  wantsText = false;
  private section = "";
  private isOurs = false;
  private device: Metadata | null = null;
  private field: keyof Metadata | null = null;
  private value = "";

  open(name: string, tag: XmlTag, depth: number): void {
    if (depth === 1) this.section = name === "domain" ? "" : "foreign";
    else if (depth === 2 && this.section !== "foreign") this.openSection(name);
    else if (depth === 3) this.openDevice(name, tag);
    else if (depth === 4 && this.isOurs) this.openPart(name, tag);
    else if (depth === 5 && this.device !== null) this.openField(name);
  }

  addText(raw: string): void {
    this.value += raw;
  }

  close(depth: number): void {
    if (depth === 3) this.isOurs = false;
    else if (depth === 4) this.device = null;
    else if (depth === 5 && this.field !== null) this.closeField();
  }

  private openSection(name: string): void {
    this.section = name;
    this.hasDevices ||= name === "devices";
  }

  private openDevice(name: string, tag: XmlTag): void {
    this.isOurs =
      (this.section === "devices" && name === "interface") || (this.section === "metadata" && name === "vm");
    if (this.isOurs && name === "interface") this.interfaces.push({ type: tag.findAttribute("type") });
  }

  private openPart(name: string, tag: XmlTag): void {
    if (this.section === "metadata") {
      const mac = name === "device" ? tag.findAttribute("mac_address") : null;
      if (mac === null) return;
      this.device = { id: null, network: null };
      this.metadata.set(getMacKey({ mac }), this.device);
      // Two vNICs of one team have the same MAC.
      const alias = tag.findAttribute("alias");
      if (alias !== null) this.metadata.set(shortenKey(alias), this.device);
      return;
    }
    const element = this.interfaces[this.interfaces.length - 1];
    if (element === undefined) return;
    if (name === "source" && element.bridge === undefined) {
      element.bridge = tag.findAttribute("bridge");
      element.network = tag.findAttribute("network");
      return;
    }
    const part = PARTS.get(name);
    if (part !== undefined && element[part.key] === undefined)
      element[part.key] = tag.findAttribute(part.attribute);
  }

  private openField(name: string): void {
    this.field = name === "deviceId" ? "id" : name === "network" ? "network" : null;
    this.wantsText = this.field !== null;
    this.value = "";
  }

  private closeField(): void {
    const value = decodeXml(this.value).trim();
    if (this.device !== null && this.field !== null) {
      this.device[this.field] = this.field === "id" ? normalizeUuid(value) : value === "" ? null : value;
    }
    this.field = null;
    this.wantsText = false;
  }
}

/** Tells whether this is the virtual function of a team, which is unplugged while the VM migrates. */
function isTransient({ teaming }: InterfaceElement): boolean {
  return teaming === "transient";
}

/**
 * Tells whether this interface stands in for a virtual function with its MAC. The engine makes it, and has no vNIC for it: its
 * alias is the id of a vNIC profile, and so the same in all VMs that use that one.
 */
function isStandby({ teaming }: InterfaceElement): boolean {
  return teaming === "persistent";
}

function getMacKey({ mac }: Pick<InterfaceElement, "mac">): string {
  return shortenKey((mac ?? "").toLowerCase());
}

function toNic(element: InterfaceElement, known: ReadonlyMap<string, Metadata>): ReportedNic {
  const macAddr = element.mac ?? null;
  const metadata = known.get(shortenKey(element.alias ?? "")) ?? known.get(getMacKey(element));
  return {
    id: isStandby(element) ? null : (parseAliasId(element.alias ?? null) ?? metadata?.id ?? null),
    name: element.target ?? null,
    macAddr,
    network: findNetwork(element, metadata?.network ?? null),
    linkActive: element.link?.toLowerCase() !== "down",
  };
}

/**
 * Finds the network of a vNIC. A plain bridge has its name. When a running VM's vNIC gets another network, VDSM writes the former one
 * into the metadata. They count where the bridge has a name of its own: that of Open vSwitch or of a network of libvirt's.
 */
function findNetwork(element: InterfaceElement, inMetadata: string | null): string | null {
  const { type, virtualPort, bridge = null, network = null } = element;
  const isPlain = type === "bridge" && virtualPort === undefined && !OVS_BRIDGE.test(bridge ?? "");
  const first = isPlain ? (bridge ?? inMetadata) : inMetadata;
  const found = first ?? bridge ?? network;
  return dropNoNetwork(found);
}

/** Bridges of Open vSwitch, for VDSM's own networks and for OVN's. */
const OVS_BRIDGE = /^(?:vdsmbr_.*|br-int)$/;

/** The elements and attributes that hold the values of a vNIC, besides its source. */
const PARTS: ReadonlyMap<string, { readonly key: keyof InterfaceElement; readonly attribute: string }> =
  new Map([
    ["mac", { key: "mac", attribute: "address" }],
    ["alias", { key: "alias", attribute: "name" }],
    ["target", { key: "target", attribute: "dev" }],
    ["link", { key: "link", attribute: "state" }],
    ["teaming", { key: "teaming", attribute: "type" }],
    ["virtualport", { key: "virtualPort", attribute: "type" }],
  ]);

const BOUNDS: XmlBounds = {
  // Real domains have some 10 kB. One with hundreds of disks has less than a tenth of this.
  maxLength: 4_194_304,
  // A domain with a hundred disks and their chains of snapshots has some 5,000.
  maxElements: 100_000,
  // Libvirt's richest element has about twenty.
  maxAttributes: 256,
  // Each snapshot in the chain of a disk nests one level deeper.
  maxDepth: 512,
};
