import { getArgumentValues, isObjectType } from "graphql";
import {
  buildTargetFilter,
  loadTargetHosts,
  loadTargetNics,
  parseFindText,
  type FindTarget,
} from "../graph/arguments/filters/find-text.js";
import { toVmPageArguments, type VmListArguments } from "../graph/arguments/pages/vm-list-arguments.js";
import type { Loaders } from "../loaders/loaders.js";
import type { TreeReads } from "../loaders/rows.js";
import type { TextPieces } from "../model/text-pieces.js";
import { planBareHosts } from "./plan-hosts.js";
import { planPage } from "./plan-page.js";
import {
  listFieldsOf,
  planObjectsOf,
  readInOneState,
  writeAll,
  type AnswerRoot,
  type RootWork,
} from "./root-work.js";
import type { PlannedDocument, SelectedField } from "./selections.js";
import { countObject, planLeaf } from "./write-fields.js";

/** The reads of a part: `loaders` is `null` where the part reads nothing but one page of VMs. */
interface PartReads {
  readonly loaders: Loaders | null;
  readonly trees: TreeReads;
}

/** Writes a part of what a text led to; `null`: it has to be executed. */
type WritePart = (target: FindTarget, reads: PartReads, work: RootWork) => Promise<TextPieces | null>;

/** Plans the answers to `find`; `null` if it asks for a field that is not known here. */
export function planFind(field: SelectedField, document: PlannedDocument): AnswerRoot | null {
  const fields = listFieldsOf("FindResult", field, document);
  if (fields === null) return null;
  const planned: { readonly start: string; readonly write: WritePart }[] = [];
  for (const each of fields) {
    const write = planPart(each, document);
    if (write === null) return null;
    planned.push({ start: `${planned.length === 0 ? "{" : ","}${JSON.stringify(each.key)}:`, write });
  }
  const reading = fields.filter(({ name }) => !isOwn(name));
  const isOneRead = reading.length === 0 || (reading.length === 1 && reading[0]?.name === "vms");
  return async ({ text }, work) => {
    const target = parseFindText(String(text));
    countObject(work.count);
    const writeParts = async (reads: PartReads): Promise<TextPieces | null> => {
      // The statements are sent one behind the other, without a wait between them.
      const written = await Promise.allSettled(planned.map(({ write }) => write(target, reads, work)));
      const read = written.filter((_, at) => !isOwn(fields[at]?.name ?? ""));
      if (!isOneRead) noteCommonFailure(read, work);
      const pieces: string[] = [];
      for (const [at, settled] of written.entries()) {
        if (settled.status === "rejected") throw settled.reason;
        const part = settled.value;
        if (part === null) return null;
        pieces.push(planned[at]?.start ?? "");
        for (const piece of part) pieces.push(piece);
      }
      pieces.push("}");
      return pieces;
    };
    if (isOneRead) return writeParts({ loaders: null, trees: work.reads });
    return document.patience.read(String(text), () => readInOneState(work, writeParts));
  };
}

/** Notes a failure of the database that all parts have: each of them would fail in execution, too. */
function noteCommonFailure(
  parts: readonly PromiseSettledResult<unknown>[],
  { noteFailure }: Pick<RootWork, "noteFailure">,
): void {
  const failures = parts.flatMap((part) => (part.status === "rejected" ? [part.reason as unknown] : []));
  const codes = new Set(failures.map(findCode));
  const isOfDatabase = codes.has("DEADLINE_EXCEEDED") || codes.has("OVERLOADED");
  if (failures.length === parts.length && codes.size === 1 && isOfDatabase) noteFailure(failures[0]);
}

function findCode(error: unknown): unknown {
  return (error as { readonly extensions?: { readonly code?: unknown } }).extensions?.code;
}

function isOwn(name: string): boolean {
  return name === "kind" || name === "__typename";
}

function planPart(field: SelectedField, document: PlannedDocument): WritePart | null {
  switch (field.name) {
    case "__typename":
      return () => Promise.resolve(['"FindResult"']);
    case "kind":
      return planKind(document);
    case "vms":
      return planVms(field, document);
    case "vmNics":
      return planNics(field, document);
    case "hosts":
      return planHosts(field, document);
    default:
      return null;
  }
}

function findField({ schema }: PlannedDocument, name: string) {
  const type = schema.getType("FindResult");
  return isObjectType(type) ? type.getFields()[name] : undefined;
}

function planKind(document: PlannedDocument): WritePart | null {
  const field = findField(document, "kind");
  const write = field && planLeaf(field.type);
  return write == null ? null : ({ kind }) => Promise.resolve([write(kind)]);
}

function planVms(field: SelectedField, document: PlannedDocument): WritePart | null {
  const [answerPage, list] = [planPage(field, document), findField(document, "vms")];
  if (answerPage === null || list === undefined) return null;
  return (target, { trees }, { variables, count, pause }) => {
    const asked = getArgumentValues(list, field.node, variables) as Pick<
      VmListArguments,
      keyof VmListArguments
    >;
    return answerPage(toVmPageArguments(asked, buildTargetFilter(target)), { reads: trees, count, pause });
  };
}

function planNics(field: SelectedField, document: PlannedDocument): WritePart | null {
  const writer = planObjectsOf("VmNic", field, document);
  if (writer === null) return null;
  return async (target, { loaders, trees }, work) => {
    const nics = loaders && (await loadTargetNics(loaders, target));
    if (nics === null || nics.length > MOST_NICS) return null;
    const ids = [...new Set(nics.map(({ vmId }) => vmId))];
    const read = ids.length === 0 ? [] : await trees.readTreesByIds(ids, writer.parts);
    const byId = new Map(read.map((tree) => [tree.vm.id, tree]));
    if (ids.some((id) => !byId.has(id))) return null;
    return writeAll(
      nics,
      (nic) => {
        const tree = byId.get(nic.vmId);
        return tree === undefined ? "null" : writer.write(nic, tree, work.count);
      },
      work,
    );
  };
}

function planHosts(field: SelectedField, document: PlannedDocument): WritePart | null {
  const write = planBareHosts(field, document);
  if (write === null) return null;
  return async (target, { loaders }, { count }) =>
    loaders && [write(await loadTargetHosts(loaders, target), count)];
}

/** The highest number of vNICs. The loaders read more of them in batches. */
const MOST_NICS = 500;
