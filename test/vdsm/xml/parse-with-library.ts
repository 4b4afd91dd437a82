import { XMLParser, XMLValidator } from "fast-xml-parser";

/** An element as the library's tree has it: attributes with `@`, children by name. */
type Tree = Readonly<Record<string, unknown>>;

/** Reads the MAC, alias, target, network and link of each vNIC of a domain with a library; `null`: not well-formed. */
export function parseNicsWithLibrary(xml: string): readonly (readonly (string | null)[])[] | null {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- it moved to a package that nothing else here needs
  if (XMLValidator.validate(xml) !== true) return null;
  const { domain } = parser.parse(xml) as { domain?: Tree | string };
  if (typeof domain !== "object" || domain["devices"] === undefined) return null;
  const devices = domain["devices"];
  const metadata = toTrees((domain["metadata"] as Tree | undefined)?.["vm"]).flatMap((vm) =>
    toTrees(vm["device"]),
  );
  return toTrees((devices as Tree)["interface"]).map((element) => {
    const mac = readAttribute(element, "mac", "@address");
    const own = metadata.findLast((device) => mac !== null && same(device["@mac_address"], mac));
    return [
      mac,
      readAttribute(element, "alias", "@name"),
      readAttribute(element, "target", "@dev"),
      readAttribute(element, "source", "@bridge") ??
        toText(own?.["network"]) ??
        readAttribute(element, "source", "@network"),
      readAttribute(element, "link", "@state"),
    ];
  });
}

function same(left: unknown, right: string): boolean {
  return toText(left)?.toLowerCase() === right.toLowerCase();
}

function readAttribute(element: Tree, child: string, attribute: string): string | null {
  return toText(toTrees(element[child])[0]?.[attribute]);
}

function toText(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function toTrees(value: unknown): readonly Tree[] {
  const list: readonly unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value];
  return list.map((each) => (typeof each === "object" && each !== null ? (each as Tree) : {}));
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  htmlEntities: true,
});
