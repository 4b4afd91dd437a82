import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDomainXml } from "../../../src/vdsm/records/domain-xml.js";
import { decodeXml } from "../../../src/vdsm/xml/decode-xml.js";
import { scanXml } from "../../../src/vdsm/xml/scan-xml.js";
import { parseNicsWithLibrary } from "./parse-with-library.js";

const BOUNDS = { maxLength: 10_000, maxElements: 5, maxAttributes: 3, maxDepth: 3 };

/** Reads a document into lines: `depth name text-or-attribute`. */
function listEvents(xml: string, bounds = BOUNDS): readonly string[] | null {
  const events: string[] = [];
  const isRead = scanXml(xml, bounds, {
    wantsText: true,
    open: (name, tag, depth) => events.push(`${depth} <${name} a=${tag.findAttribute("a")}>`),
    addText: (raw) => events.push(decodeXml(raw)),
    close: (depth) => events.push(`${depth} end`),
  });
  return isRead ? events : null;
}

describe("a document", () => {
  test("is told in its order: elements without prefixes, attributes, text", () => {
    const xml = `<?xml version="1.0"?>\n<!-- > -->\n<x:r  a = 'b>"&#38;lt;' ><y n:a="1"/>t&amp;<![CDATA[&amp;<]]></x:r >\n`;
    expect(listEvents(xml)).toEqual([`1 <r a=b>"&lt;>`, "2 <y a=1>", "2 end", "t&", "&amp;<", "1 end"]);
  });

  test.each([
    "",
    "text",
    "<a>",
    "</a>",
    "<a/><b/>",
    "<a/>x",
    "x<a/>",
    "<a></b>",
    "<a></ab>",
    "<ab></a>",
    "<a b></a>",
    "<a b=c></a>",
    "<a b='c></a>",
    "<a b='c'd='e'/>",
    "<a/ >",
    "<1a/>",
    "< a/>",
    "<a><!--</a>",
    "<a><![CDATA[</a>",
    "<a><!ENTITY></a>",
    "<!DOCTYPE a><a/>",
    "<![CDATA[x]]><a/>",
    "<a><?x</a>",
  ])("a document that is not well-formed, such as %s, is refused", (xml) => {
    expect(listEvents(xml)).toBeNull();
  });

  test.each([
    { bound: "length", within: `<a>${"x".repeat(9_993)}</a>`, beyond: `<a>${"x".repeat(9_994)}</a>` },
    { bound: "elements", within: `<a>${"<b/>".repeat(4)}</a>`, beyond: `<a>${"<b/>".repeat(5)}</a>` },
    { bound: "attributes", within: "<a b='' c='' d=''/>", beyond: "<a b='' c='' d='' e=''/>" },
    { bound: "depth", within: "<a><b><c/></b></a>", beyond: "<a><b><c><d/></c></b></a>" },
  ])("beyond its bound of $bound is refused", ({ within, beyond }) => {
    expect(listEvents(within)).not.toBeNull();
    expect(listEvents(beyond)).toBeNull();
  });

  test("has the five references of XML and numbers of characters; anything else stays as it stands", () => {
    expect(decodeXml("&lt;&gt;&amp;&quot;&apos;&#65;&#x1F600;")).toBe(`<>&"'A😀`);
    expect(decodeXml("&nbsp; &#0; &#xD800; &#x110000; &lt &;")).toBe(
      "&nbsp; &#0; &#xD800; &#x110000; &lt &;",
    );
  });
});

const text = fc.stringMatching(/^[ -~]{0,12}$/).map((value) => value.trim());
const escaped = text.map((value) =>
  value.replace(/[&<>'"]/g, (character) => `&#${character.codePointAt(0)};`).replace(/A/g, "&#x41;"),
);
const space = fc.constantFrom(" ", "\n  ", "\t");
const attribute = (name: string) =>
  fc
    .tuple(space, escaped, fc.constantFrom("'", '"'))
    .map(([gap, value, quote]) => `${gap}${name}=${quote}${value}${quote}`);
const noise = fc.constantFrom(
  "",
  "\n",
  "<!-- <interface> -->",
  "<?pi x='>'?>",
  "<other a='>' b=\"/>\"><mac address='no'/></other>",
  "<interface-x/>",
  "words",
);
const mac = fc.constantFrom("00:1a:4a:16:17:08", "00:1A:4A:16:17:09", "56:6f:aa:00:00:01");
const part = fc.oneof(
  mac.map((address) => `<mac address='${address}'/>`),
  attribute("name").map((name) => `<alias${name}/>`),
  attribute("dev").map((dev) => `<target${dev}></target>`),
  fc.tuple(attribute("bridge"), attribute("other")).map(([bridge, other]) => `<source${other}${bridge}/>`),
  attribute("network").map((network) => `<source${network}/>`),
  fc.constantFrom("<link state='down'/>", "<link state='up'/>"),
  noise,
);
const vnic = fc
  .array(part, { maxLength: 7 })
  .map((parts) => `<interface type='bridge'>${parts.join("")}</interface>`);
const device = fc
  .tuple(mac, escaped)
  .map(
    ([address, network]) =>
      `<o:device mac_address='${address}'><o:network>${network}</o:network><o:custom/></o:device>`,
  );
const domain = fc
  .tuple(fc.array(device, { maxLength: 3 }), fc.array(fc.oneof(vnic, noise), { maxLength: 5 }), noise)
  .map(
    ([devices, vnics, between]) =>
      `<domain>${between}<metadata xmlns:o='urn:o'><o:vm>${devices.join("")}</o:vm></metadata>${between}` +
      `<devices><disk/>${vnics.join("")}</devices></domain>`,
  );

describe("a domain", () => {
  test("of any content gives the vNICs that a parser for all of XML finds", () => {
    let read = 0;
    fc.assert(
      fc.property(domain, (xml) => {
        const expected = parseNicsWithLibrary(xml);
        expect(expected).not.toBeNull();
        const nics = parseDomainXml(xml);
        read += nics?.length ?? 0;
        expect(nics?.map(({ macAddr, name, network }) => [macAddr, name, network])).toEqual(
          expected?.map(([address, , target, network]) => [address, target, network]),
        );
        expect(nics?.map(({ linkActive }) => linkActive)).toEqual(
          expected?.map(([, , , , link]) => link !== "down"),
        );
      }),
      { numRuns: 2_000 },
    );
    expect(read).toBeGreaterThan(1_000);
  });

  test("of any content, cut or spoilt at any place, is refused wherever a parser for all of XML refuses it for its tags", () => {
    fc.assert(
      fc.property(domain, fc.nat(), (xml, at) => {
        const cut = xml.slice(0, at % xml.length);
        expect(parseDomainXml(cut)).toBeNull();
        const crossed = xml.replace("</devices>", "</device>");
        expect(parseNicsWithLibrary(crossed)).toBeNull();
        expect(parseDomainXml(crossed)).toBeNull();
      }),
      { numRuns: 1_000 },
    );
  });
});
