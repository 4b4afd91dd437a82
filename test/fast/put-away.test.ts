import "reflect-metadata";
import { readFileSync } from "node:fs";
import { buildSchema, parse, type OperationDefinitionNode } from "graphql";
import { describe, expect, test } from "vitest";
import { Patience } from "../../src/fast/patience.js";
import { planRoot, readRootArguments } from "../../src/fast/plan-roots.js";
import type { RootWork } from "../../src/fast/root-work.js";
import { listFields } from "../../src/fast/selections.js";
import { createLists } from "../../src/store/parsed-lists.js";
import type { VmTree } from "../../src/store/vm-tree.js";
import { id, mac } from "../support/builders/ids.js";
import { toGuestInterfaceOf, toStoredNic } from "../support/builders/stored.js";

const schema = buildSchema(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8"));

/** Answers the only field of an operation from one VM. */
async function answer(text: string, tree: VmTree): Promise<string> {
  const operation = parse(text).definitions[0] as OperationDefinitionNode;
  const document = {
    ...{ schema, fragments: new Map(), variables: null, patience: new Patience() },
    onOpenArguments: () => undefined,
  };
  const query = schema.getQueryType()!;
  const [field] = listFields([operation.selectionSet], query, document)!;
  const reads = {
    readTreesByIds: () => Promise.resolve([tree]),
    readNicTrees: () => Promise.resolve(tree.lists.nics.map((nic) => ({ nic, tree }))),
  };
  const work = { reads, count: { objects: 0, most: 100 }, pause: () => null } as unknown as RootWork;
  const pieces = await planRoot(field!, document)!(readRootArguments(field!, query, {}), work);
  return pieces!.join("");
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
    `{ vm(id: "${id(1)}") { nics { guestInterface { name } } } }`,
    `{ vmNics(macAddress: "${mac(1)}") { guestInterface { name } vm { name } } }`,
  ])("is put away once the text is made: %s", async (text) => {
    const { tree, parsed } = createTree();
    expect(await answer(text, tree)).toContain('{"name":"eth0"}');
    expect(parsed.times).toBe(1);
    // Had it been kept, it would not be parsed again.
    expect(tree.lists.interfaces).toHaveLength(1);
    expect(parsed.times).toBe(2);
  });
});
