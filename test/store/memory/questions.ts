import type { VmScope } from "../../../src/store/types.js";
import type { TreeReads, VmTree, VmTreeParts } from "../../../src/store/vm-tree.js";
import { HOST_A, HOST_B } from "../../support/builders/ids.js";

/** A question to reads of VMs, and what of the answer was asked for. */
export type TreeQuestion = (reads: TreeReads, parts: VmTreeParts) => Promise<unknown>;

/** All parts that may be asked for. */
export const ALL_PARTS: readonly VmTreeParts[] = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => ({
  row: (bits & 1) !== 0,
  interfaces: (bits & 2) !== 0,
  nics: (bits & 4) !== 0,
}));

/** Who asks. */
export const SCOPES: readonly (VmScope | null)[] = [
  null,
  { namePatterns: ["w*"], hostIds: [], vmIds: [] },
  { namePatterns: ["?b"], hostIds: [HOST_B.toUpperCase()], vmIds: [] },
];

/** Questions of every kind about these VMs; `macs` are those of their vNICs. */
export function listQuestions(vmIds: readonly string[], macs: readonly string[]): TreeQuestion[] {
  const page = { limit: 10, after: null, filter: {}, order: "NAME_ASC" } as const;
  const pages = [
    page,
    { ...page, limit: 1, after: { name: "db", id: vmIds[0]! } },
    { ...page, limit: 2, fromEnd: true },
    { ...page, order: "NAME_DESC" } as const,
    { ...page, order: "ID_ASC" } as const,
    { ...page, order: "STATUS_ASC" } as const,
    { ...page, order: "HOST_DESC" } as const,
    { ...page, order: "LAST_CHANGE_ASC" } as const,
    { ...page, filter: { nameContains: "w" } },
    { ...page, filter: { statuses: [1, 4] } },
    { ...page, filter: { hostId: HOST_A } },
    { ...page, filter: { ids: vmIds.slice(1) } },
    { ...page, filter: { ip: "10.0.0.3" } },
  ];
  const byIds = [...vmIds.map((id) => [id]), vmIds, ["00000000-0000-4000-8000-0000000000ff", vmIds[0]!]];
  return [
    ...byIds.map(
      (ids): TreeQuestion =>
        async (reads, parts) =>
          sort((await reads.readTreesByIds(ids, parts)).map((tree) => show(tree, parts))),
    ),
    ...pages.map(
      (each): TreeQuestion =>
        async (reads, parts) =>
          (await reads.readTreesPage(each, parts)).map((tree) => show(tree, parts)),
    ),
    ...[macs, macs.slice(0, 1)].map(
      (some): TreeQuestion =>
        async (reads, parts) =>
          sort(
            (await reads.readNicTrees(some, 20, parts)).map(({ nic, tree }) => ({
              ...nic,
              tree: show(tree, parts),
            })),
          ),
    ),
  ];
}

/** What was asked for: more may be there. The order of vNICs means nothing. */
function show({ vm, row, lists: { interfaces, nics } }: VmTree, parts: VmTreeParts) {
  return {
    vm: { ...vm, orderKey: null },
    ...(parts.row && { row: { ...row, orderKey: null } }),
    ...(parts.interfaces && { interfaces }),
    ...(parts.nics && { nics: sort([...nics]) }),
  };
}

function sort<Each extends { readonly id?: string; readonly vm?: { readonly id: string } }>(
  list: readonly Each[],
): Each[] {
  const key = (each: Each) => JSON.stringify([each.id, each.vm?.id]);
  return list.toSorted((one, other) => (key(one) < key(other) ? -1 : 1));
}
