import { readFileSync } from "node:fs";
import { buildSchema, parse, type OperationDefinitionNode } from "graphql";
import { describe, expect, test } from "vitest";
import { planObjectsOf } from "../../src/fast/root-work.js";
import { listFields } from "../../src/fast/selections.js";
import { createLists } from "../../src/store/parsed-lists.js";
import type { VmTree } from "../../src/store/vm-tree.js";
import { id, mac } from "../support/builders/ids.js";
import { toGuestInterfaceOf, toStoredNic } from "../support/builders/stored.js";

const schema = buildSchema(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8"));

/** Plans how the objects of an operation's first field are written. */
function plan(typeName: "Vm" | "VmNic", text: string) {
  const operation = parse(text).definitions[0] as OperationDefinitionNode;
  const document = { schema, fragments: new Map() };
  const [field] = listFields([operation.selectionSet], schema.getQueryType()!, document)!;
  const planned = planObjectsOf(typeName, field!, document);
  if (planned === null) throw new Error("there is no plan");
  return planned;
}

/** A VM whose lists are parsed when they are read, and the number of times that they were. */
function createTree() {
  const parsed = { times: 0 };
  const nic = toStoredNic(1, 1, { macAddress: mac(1) });
  const interfaces = [toGuestInterfaceOf(1, { macAddress: mac(1), name: "eth0" })];
  const lists = createLists("a text", id(1), () => {
    parsed.times += 1;
    return { interfaces, nics: [{ ...nic, network: null, linked: null, plugged: null } as never] };
  });
  const vm = { id: id(1), name: "vm-1", status: 1, hostId: null, interfacesKnown: true, nicsKnown: true };
  const tree: VmTree = { vm, row: null, own: null, lists };
  return { tree, parsed };
}

describe("what is parsed of a VM to write an answer", () => {
  test.each([
    ["Vm", "{ vm(id: 1) { nics { guestInterface { name } } } }"],
    ["VmNic", `{ vmNics(macAddress: "${mac(1)}") { guestInterface { name } vm { name } } }`],
  ] as const)("is put away once the text is made: %s", (typeName, text) => {
    const { tree, parsed } = createTree();
    const written = plan(typeName, text).write(
      typeName === "Vm" ? (tree) : (tree.lists.nics[0]),
      tree,
      { objects: 0, most: 100 },
    );
    expect(written).toContain('{"name":"eth0"}');
    expect(parsed.times).toBe(1);
    // Had it been kept, it would not be parsed again.
    expect(tree.lists.interfaces).toHaveLength(1);
    expect(parsed.times).toBe(2);
  });
});
