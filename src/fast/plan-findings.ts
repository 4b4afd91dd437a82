import { isObjectType } from "graphql";
import { loadRowPage, type RowPageArguments } from "../graph/arguments/pages/row-page.js";
import type { VmTree, VmTreeParts } from "../loaders/rows.js";
import { joinParts, NO_PARTS, NO_VM } from "../loaders/tree-parts.js";
import type { TextPieces } from "../model/text-pieces.js";
import type { FoundVms } from "./finding-fields.js";
import {
  ADDRESS_CONFLICTS,
  DRIFT,
  GUEST_ADDRESSES,
  MAC_CONFLICTS,
  type FindingList,
} from "./finding-lists.js";
import {
  listFieldsOf,
  readInOneState,
  writeAll,
  type AnswerRoot,
  type RootWork,
  type StateReads,
} from "./root-work.js";
import type { PlannedDocument, SelectedField } from "./selections.js";
import { countObject, planObject, type ObjectWriter } from "./write-fields.js";

type PlanList = (field: SelectedField, document: PlannedDocument) => AnswerRoot | null;

/** Plans the answers to lists of what is found in many VMs, by root field. */
export const PLAN_FINDINGS: Readonly<Record<string, PlanList>> = {
  guestAddresses: createPlan(GUEST_ADDRESSES),
  addressConflicts: createPlan(ADDRESS_CONFLICTS),
  macConflicts: createPlan(MAC_CONFLICTS),
  drift: createPlan(DRIFT),
};

/** A page of rows, and the VMs that they name. */
interface FoundPage<Row> {
  readonly page: Awaited<ReturnType<typeof loadRowPage<Row>>>;
  readonly found: FoundVms;
}

/** A part of a page, and what must be read for it. */
interface PlannedPart {
  readonly parts: VmTreeParts;
  /** `true`: it shows something of VMs. */
  readonly showsVms?: boolean;
  readonly write: (
    page: FoundPage<unknown>,
    work: Pick<RootWork, "count" | "pause">,
  ) => Promise<TextPieces> | TextPieces;
}

function createPlan<Row>(list: FindingList<Row>): PlanList {
  return (field, document) => {
    const fields = listFieldsOf(`${list.node}Connection`, field, document);
    if (fields === null) return null;
    const planned: (PlannedPart & { readonly start: string })[] = [];
    for (const each of fields) {
      const part = planPart(each, document, list);
      if (part === null) return null;
      planned.push({ ...part, start: `${planned.length === 0 ? "{" : ","}${JSON.stringify(each.key)}:` });
    }
    const parts = planned.reduce((joined, each) => joinParts(joined, each.parts), NO_PARTS);
    const showsVms = planned.some((each) => each.showsVms === true);
    return (args, work) => {
      const write = async (reads: StateReads): Promise<TextPieces | null> => {
        const page = await loadRowPage(args as RowPageArguments, list.createList(reads.loaders, args));
        const found = showsVms ? await findVms(page.nodes, list, parts, reads) : NO_VMS;
        if (found === null) return null;
        countObject(work.count);
        const pieces: string[] = [];
        for (const { start, write: writePart } of planned) {
          pieces.push(start);
          for (const piece of await writePart({ page, found }, work)) pieces.push(piece);
        }
        pieces.push("}");
        return pieces;
      };
      return document.patience.read(list.node, () => readInOneState(work, write, work.noteFailure));
    };
  };
}

/** Reads the VMs that rows name; `null`: these are too many for one statement. */
async function findVms<Row>(
  rows: readonly Row[],
  { listVmIds = () => [], getMac }: FindingList<Row>,
  parts: VmTreeParts,
  { loaders, trees }: StateReads,
): Promise<FoundVms | null> {
  const macs = getMac === undefined ? [] : rows.map(getMac);
  const nics = await Promise.all(macs.map((mac) => loaders.nicsByMac.load(mac)));
  // They are written without a pause.
  if (nics.some(({ length }) => length > MOST_NICS)) return null;
  const ids = new Set([...rows.flatMap(listVmIds), ...nics.flat().map(({ vmId }) => vmId)]);
  if (ids.size > MOST_VMS) return null;
  const read = ids.size === 0 ? [] : await trees.readTreesByIds([...ids], parts);
  const byId = new Map(read.map((tree) => [tree.vm.id, tree]));
  const byMac = new Map(macs.map((mac, at) => [mac, nics[at] ?? []]));
  return {
    getTree: (vmId) => byId.get(vmId) ?? failAsGone(),
    getNics: (mac) => byMac.get(mac) ?? [],
  };
}

function failAsGone(): VmTree {
  throw new Error("a VM was not found");
}

const NO_VMS: FoundVms = { getTree: failAsGone, getNics: () => [] };

/** Loaders read more in batches, between which others have their turn. */
const MOST_VMS = 1_000;
const MOST_NICS = 100;

function planPart<Row>(
  field: SelectedField,
  document: PlannedDocument,
  list: FindingList<Row>,
): PlannedPart | null {
  switch (field.name) {
    case "__typename":
      return { parts: NO_PARTS, write: () => [JSON.stringify(`${list.node}Connection`)] };
    case "nodes":
      return planNodes(field, document, list);
    case "edges":
      return planEdges(field, document, list);
    case "pageInfo":
      return planPageInfo(field, document);
    // Counting may take too long although the page is good, which execution shows.
    default:
      return null;
  }
}

function planNodes<Row>(
  field: SelectedField,
  document: PlannedDocument,
  list: FindingList<Row>,
): PlannedPart | null {
  const writer = planNode(field, document, list);
  return (
    writer && {
      ...writer,
      write: ({ page, found }, work) =>
        writeAll(page.nodes, (row) => writer.write({ row, found }, NO_VM, work.count), work),
    }
  );
}

function planEdges<Row>(
  field: SelectedField,
  document: PlannedDocument,
  list: FindingList<Row>,
): PlannedPart | null {
  const fields = listFieldsOf(`${list.node}Edge`, field, document);
  if (fields === null) return null;
  type Edge = FoundPage<unknown>["page"]["edges"][number];
  type WriteEdge = (edge: Edge, found: FoundVms, count: RootWork["count"]) => string;
  let [parts, showsVms] = [NO_PARTS, false];
  const writers: WriteEdge[] = [];
  for (const each of fields) {
    const start = `${JSON.stringify(each.key)}:`;
    if (each.name === "node") {
      const writer = planNode(each, document, list);
      if (writer === null) return null;
      parts = joinParts(parts, writer.parts);
      showsVms ||= writer.showsVms;
      writers.push(({ node: row }, found, count) => start + writer.write({ row, found }, NO_VM, count));
    } else if (each.name === "cursor") writers.push(({ cursor }) => start + JSON.stringify(cursor));
    else if (each.name === "__typename") writers.push(() => `${start}"${list.node}Edge"`);
    else return null;
  }
  const writeEdge = (edge: Edge, found: FoundVms, count: RootWork["count"]): string => {
    countObject(count);
    return `{${writers.map((write) => write(edge, found, count)).join(",")}}`;
  };
  return {
    ...{ parts, showsVms },
    write: ({ page, found }, work) =>
      writeAll(page.edges, (edge) => writeEdge(edge, found, work.count), work),
  };
}

function planNode<Row>(
  { selections }: SelectedField,
  document: PlannedDocument,
  { node, ownFields }: FindingList<Row>,
): (ObjectWriter & { readonly showsVms: boolean }) | null {
  const type = document.schema.getType(node);
  const writer = isObjectType(type) ? planObject(selections, type, document) : null;
  if (writer === null) return null;
  const fields = listFieldsOf(node, { selections }, document) ?? [];
  return { ...writer, showsVms: fields.some(({ name }) => !ownFields.has(name)) };
}

function planPageInfo(field: SelectedField, document: PlannedDocument): PlannedPart | null {
  const fields = listFieldsOf("PageInfo", field, document);
  if (fields === null) return null;
  return {
    parts: NO_PARTS,
    write: ({ page: { pageInfo } }, { count }) => {
      countObject(count);
      const values: Readonly<Record<string, unknown>> = { ...pageInfo, __typename: "PageInfo" };
      return [JSON.stringify(Object.fromEntries(fields.map(({ key, name }) => [key, values[name]])))];
    },
  };
}
