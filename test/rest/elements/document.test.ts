import { XMLParser } from "fast-xml-parser";
import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDocument, formatList } from "../../../src/rest/elements/document.js";
import { hasOtherParser, parseTreeByExpat } from "../xml-tree.js";

/** Texts of all that UTF-16 can hold, halves of characters and controls included. */
const texts = fc.string({ unit: fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code)) });

test("any text survives XML but for the characters that it has no way to write", () => {
  const parser = new XMLParser({ parseTagValue: false, trimValues: false, ignoreAttributes: false });
  fc.assert(
    fc.property(texts, (text) => {
      const xml = formatDocument({ root: "vm", element: { name: text } }, "xml");
      const { vm } = parser.parse(xml) as { vm: { name: string } };
      expect(vm.name).toBe(replaced(text));
    }),
  );
});

test.skipIf(!hasOtherParser)("another parser reads the same texts", () => {
  const samples = [...fc.sample(texts, 500), "\u0000\ud800x\udc00", "]]>", "<![CDATA[", "&lt;", " ", "\t\n"];
  const xml = formatDocument(
    { root: "vms", element: { vm: samples.map((name) => ({ id: name, name })) } },
    "xml",
  );
  const read = parseTreeByExpat(xml).children.map((vm) => vm.children[0]?.text);
  expect(read).toEqual(samples.map(replaced));
});

test("JSON is the element itself, and lists of none are there", () => {
  expect(formatDocument({ root: "vms", element: { vm: [] } }, "json")).toBe('{"vm":[]}');
  expect(formatDocument({ root: "vms", element: { vm: [] } }, "xml")).toMatch(/^<\?xml .*\?>\s*<vms\/>\s*$/);
});

test.each(["xml", "json"] as const)(
  "a list in pieces keeps none of them while it waits for the next one: %s",
  async (format) => {
    const pieces = [[{ id: "1" }, { id: "2" }], [{ id: "3" }]];
    const give = async function* () {
      for (const piece of pieces) yield await Promise.resolve(piece);
    };
    let text = "";
    for await (const part of formatList({ root: "vms", item: "vm", pieces: give() }, format)) text += part;
    expect(text.match(/(?<=id"?[=:]")\d/g)).toEqual(["1", "2", "3"]);
    expect(pieces).toEqual([[], []]);
  },
);

/** What must come back; to every parser, a carriage return is the end of a line. */
function replaced(text: string): string {
  return Array.from(text)
    .map((character) => {
      const code = character.codePointAt(0)!;
      const isAllowed = [0x9, 0xa, 0xd].includes(code) || (code >= 0x20 && code <= 0xd7ff) || code >= 0xe000;
      return isAllowed && code !== 0xfffe && code !== 0xffff ? character : "\ufffd";
    })
    .join("")
    .replaceAll(/\r\n?/g, "\n");
}
