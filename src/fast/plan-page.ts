import { formatCursor } from "../graph/arguments/pages/cursor.js";
import { parseVmList } from "../graph/arguments/filters/parse-vm-filter.js";
import type { VmFilterInput } from "../graph/arguments/filters/vm-filter.js";
import { toVmPageArguments, type VmListArguments } from "../graph/arguments/pages/vm-list-arguments.js";
import { planVmPage, type VmPage, type VmPageArguments } from "../graph/arguments/pages/vm-page.js";
import type { VmTree, VmTreeParts } from "../loaders/rows.js";
import type { TextPieces } from "../model/text-pieces.js";
import { listFieldsOf, planObjectsOf, writeAll, type AnswerRoot, type RootWork } from "./root-work.js";
import type { PlannedDocument, SelectedField } from "./selections.js";
import { joinParts, NO_PARTS } from "../loaders/tree-parts.js";
import { countObject, type ObjectCount } from "./write-fields.js";

/** Writes a part of a page. */
type WritePart = (page: VmPage<VmTree>, work: PageWork) => Promise<TextPieces> | TextPieces;

/** A part of a page, and what must be read for it. */
interface PlannedPart {
  readonly parts: VmTreeParts;
  readonly write: WritePart;
}

/** Plans the answers to a list of VMs; `null` if it asks for a field that is not known here. */
export function planConnection(field: SelectedField, document: PlannedDocument): AnswerRoot | null {
  const answerPage = planPage(field, document);
  if (answerPage === null) return null;
  return (args, work) => {
    const { filter, ids, ...asked } = args as Pick<VmListArguments, keyof VmListArguments> & {
      readonly filter?: VmFilterInput | null;
      readonly ids?: readonly string[] | null;
    };
    return answerPage(toVmPageArguments(asked, parseVmList(filter ?? null, ids ?? null)), work);
  };
}

/** Answers with a page of VMs by one read, as JSON; `null`: it has to be executed. */
export type AnswerPage = (asked: VmPageArguments, work: PageWork) => Promise<TextPieces | null>;

/** What a page needs. */
export type PageWork = Pick<RootWork, "reads" | "count" | "pause">;

/** Plans how pages of VMs are answered; `null` if a field is not known here. */
export function planPage(field: SelectedField, document: PlannedDocument): AnswerPage | null {
  const fields = listFieldsOf("VmConnection", field, document);
  if (fields === null) return null;
  const planned: (PlannedPart & { readonly start: string })[] = [];
  for (const each of fields) {
    const part = planPart(each, document);
    if (part === null) return null;
    planned.push({ ...part, start: `${JSON.stringify(each.key)}:` });
  }
  const parts = planned.reduce((joined, each) => joinParts(joined, each.parts), NO_PARTS);
  return async (asked, work) => {
    const { question, toPage } = planVmPage(asked);
    if (work.reads.isLongPage?.(question) === true) return null;
    const page = toPage(await work.reads.readTreesPage(question, parts));
    countObject(work.count);
    const pieces: string[] = [];
    for (const { start, write } of planned) {
      pieces.push(pieces.length === 0 ? "{" : ",", start);
      for (const piece of await write(page, work)) pieces.push(piece);
    }
    pieces.push("}");
    return pieces;
  };
}

function planPart(field: SelectedField, document: PlannedDocument): PlannedPart | null {
  const { name } = field;
  if (name === "__typename") return { parts: NO_PARTS, write: () => ['"VmConnection"'] };
  if (name === "nodes") {
    const writer = planObjectsOf("Vm", field, document);
    if (writer === null) return null;
    const write: WritePart = ({ rows }, { count, pause }) =>
      writeAll(rows, (tree) => writer.write(tree, tree, count), { count, pause });
    return { parts: writer.parts, write };
  }
  if (name === "edges") return planEdges(field, document);
  return name === "pageInfo" ? planPageInfo(field, document) : null;
}

function planEdges(field: SelectedField, document: PlannedDocument): PlannedPart | null {
  const fields = listFieldsOf("VmEdge", field, document);
  if (fields === null) return null;
  let parts = NO_PARTS;
  const writers: ((tree: VmTree, page: VmPage<VmTree>, count: ObjectCount) => string)[] = [];
  for (const each of fields) {
    const start = `${JSON.stringify(each.key)}:`;
    if (each.name === "node") {
      const writer = planObjectsOf("Vm", each, document);
      if (writer === null) return null;
      parts = joinParts(parts, writer.parts);
      writers.push((tree, _page, count) => start + writer.write(tree, tree, count));
    } else if (each.name === "cursor") {
      writers.push(({ vm }, { order }) => start + JSON.stringify(formatCursor(vm, order)));
    } else if (each.name === "__typename") {
      writers.push(() => `${start}"VmEdge"`);
    } else return null;
  }
  const writeEdge = (tree: VmTree, page: VmPage<VmTree>, count: ObjectCount): string => {
    countObject(count);
    return `{${writers.map((write) => write(tree, page, count)).join(",")}}`;
  };
  return {
    parts,
    write: (page, { count, pause }) =>
      writeAll(page.rows, (tree) => writeEdge(tree, page, count), { count, pause }),
  };
}

function planPageInfo(field: SelectedField, document: PlannedDocument): PlannedPart | null {
  const fields = listFieldsOf("PageInfo", field, document);
  if (fields === null || fields.some(({ name }) => !Object.hasOwn(PAGE_INFO, name))) return null;
  return {
    parts: NO_PARTS,
    write: (page, { count }) => {
      countObject(count);
      return [
        JSON.stringify(Object.fromEntries(fields.map((each) => [each.key, PAGE_INFO[each.name]?.(page)]))),
      ];
    },
  };
}

const PAGE_INFO: Readonly<Record<string, (page: VmPage<VmTree>) => unknown>> = {
  __typename: () => "PageInfo",
  hasNextPage: (page) => page.hasNextPage,
  hasPreviousPage: (page) => page.hasPreviousPage,
  startCursor: ({ rows, order }) => formatRowCursor(rows.at(0), order),
  endCursor: ({ rows, order }) => formatRowCursor(rows.at(-1), order),
};

function formatRowCursor(tree: VmTree | undefined, order: VmPage["order"]): string | null {
  return tree === undefined ? null : formatCursor(tree.vm, order);
}
