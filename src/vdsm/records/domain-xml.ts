import { normalizeUuid } from "../../model/uuid.js";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { parseAliasId } from "./device-list.js";
import { isRecord, readScalar } from "./record.js";
import type { ReportedNic } from "./types.js";

/** Parses the vNICs of a libvirt domain in document order, or `null` if the text is no domain that can be read whole. */
export function parseDomainXml(xml: string): readonly ReportedNic[] | null {
  const domain = parseDomain(xml);
  if (domain === null) return null;
  const devices = domain["devices"];
  // A domain without devices reads as text; one that has none of ours has no vNICs.
  if (!isRecord(devices)) return devices === "" ? [] : null;
  const known = readMetadata(domain["metadata"]);
  return toList(devices["interface"])
    .filter(isRecord)
    .map((element) => parseNic(element, known));
}

/**
 * Returns `false` for XML that would hold up the parser, in one pass over it and before anything is parsed: more elements
 * than any domain has, or an element with more attributes.
 */
function isWithinBounds(xml: string): boolean {
  let elements = 0;
  let attributes = 0;
  let isInTag = false;
  for (let at = 0; at < xml.length; at += 1) {
    const code = xml.charCodeAt(at);
    if (code === OPEN) {
      elements += 1;
      attributes = 0;
      isInTag = xml.charCodeAt(at + 1) !== EXCLAMATION;
    } else if (code === CLOSE) {
      isInTag = false;
    } else if (code === EQUALS && isInTag) {
      attributes += 1;
    }
    if (elements > MAX_ELEMENTS || attributes > MAX_ATTRIBUTES) return false;
  }
  return true;
}

type Element = Readonly<Record<string, unknown>>;

function parseDomain(xml: string): Element | null {
  // Libvirt declares no document type; whoever does wants entities expanded.
  if (xml.length > MAX_XML_LENGTH || xml.includes("<!DOCTYPE") || !isWithinBounds(xml)) return null;
  try {
    // The parser alone reads a cut document as far as it goes, and vNICs would seem to be gone.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- it moved to a package that nothing else here needs
    if (XMLValidator.validate(xml) !== true) return null;
    const document: unknown = parser.parse(xml);
    const domain = isRecord(document) ? document["domain"] : null;
    return isRecord(domain) ? domain : null;
  } catch {
    return null;
  }
}

function parseNic(element: Element, known: ReadonlyMap<string, Metadata>): ReportedNic {
  const macAddr = readAttribute(element["mac"], "@address");
  const metadata = known.get((macAddr ?? "").toLowerCase());
  const source = element["source"];
  return {
    id: parseAliasId(readAttribute(element["alias"], "@name")) ?? metadata?.id ?? null,
    name: readAttribute(element["target"], "@dev"),
    macAddr,
    network: metadata?.network ?? readBridge(source) ?? readAttribute(source, "@network"),
    linkActive: readAttribute(element["link"], "@state") !== "down",
  };
}

interface Metadata {
  readonly id: string | null;
  readonly network: string | null;
}

/** Reads oVirt's metadata of the domain. Only here is the network of a virtual function. */
function readMetadata(metadata: unknown): Map<string, Metadata> {
  const found = new Map<string, Metadata>();
  if (!isRecord(metadata)) return found;
  for (const device of toList(metadata["vm"])
    .filter(isRecord)
    .flatMap((vm) => toList(vm["device"]))) {
    const mac = readAttribute(device, "@mac_address");
    if (mac === null || !isRecord(device)) continue;
    found.set(mac.toLowerCase(), {
      id: normalizeUuid(device["deviceId"]),
      network: readScalar(device["network"]),
    });
  }
  return found;
}

/** Reads the bridge. A vNIC without a network is on a bridge that stands for none. */
function readBridge(source: unknown): string | null {
  const bridge = readAttribute(source, "@bridge");
  return bridge === ";vdsmdummy;" ? null : bridge;
}

function readAttribute(element: unknown, name: string): string | null {
  const [first] = toList(element);
  return isRecord(first) ? readScalar(first[name]) : null;
}

/** Returns a list of an element that may be there once or several times. */
function toList(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** Real domains have some 10 kB; one with hundreds of disks stays below a tenth of this. */
const MAX_XML_LENGTH = 4_194_304;

/** Start tags, end tags and the like. A domain with a hundred disks and their chains of snapshots has some 10,000. */
const MAX_ELEMENTS = 100_000;

/** Libvirt's richest element has about twenty. */
const MAX_ATTRIBUTES = 256;

const OPEN = 0x3c;
const CLOSE = 0x3e;
const EQUALS = 0x3d;
const EXCLAMATION = 0x21;

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  // Without it, numeric references stay as they are.
  htmlEntities: true,
  // A disk's chain of snapshots nests once a link.
  maxNestedTags: 512,
});
