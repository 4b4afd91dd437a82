import { spawnSync } from "node:child_process";

/** An element as any parser sees it. */
export interface Tree {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
  readonly children: readonly Tree[];
}

/** Whether there is a parser on this machine that shares nothing with our writer: Python's expat. */
export const hasOtherParser = spawnSync("python3", ["-c", "import xml.etree.ElementTree"]).status === 0;

/** The document as expat reads it; throws if it is not well-formed. */
export function parseTreeByExpat(xml: string): Tree {
  const { status, stdout, stderr } = spawnSync("python3", ["-c", SCRIPT], { input: xml, encoding: "utf8" });
  if (status !== 0) throw new Error(`not well-formed: ${stderr}`);
  return JSON.parse(stdout) as Tree;
}

/** The tree that an answer in JSON must have in XML. */
export function treeOfJson(name: string, value: unknown): Tree {
  if (typeof value === "string") return { name, attributes: {}, text: value, children: [] };
  const entries = Object.entries(value as Record<string, unknown>);
  return {
    name,
    attributes: Object.fromEntries(entries.filter(([key]) => ATTRIBUTES.has(key))) as Record<string, string>,
    text: "",
    children: entries
      .filter(([key]) => !ATTRIBUTES.has(key))
      .flatMap(([key, child]) =>
        (Array.isArray(child) ? child : [child]).map((each) => treeOfJson(key, each)),
      ),
  };
}

const ATTRIBUTES = new Set(["id", "href", "rel"]);

const SCRIPT = `
import sys, json, xml.etree.ElementTree as tree
def read(e):
    children = [read(c) for c in e]
    return {"name": e.tag, "attributes": e.attrib, "text": "" if children else e.text or "", "children": children}
json.dump(read(tree.fromstring(sys.stdin.buffer.read())), sys.stdout)`;
