import { getArgumentValues, isObjectType } from "graphql";
import { MAX_PAGE, parseId, parsePageSize } from "../graph/arguments/arguments.js";
import { findKnownStatus, HostStatus } from "../graph/types/enums.js";
import type { HostRow, HostTrees, VmTree, VmTreeParts } from "../loaders/rows.js";
import { isLargeTree, joinParts, NO_PARTS } from "../loaders/tree-parts.js";
import { compareByName } from "../model/compare-by-name.js";
import type { TextPieces } from "../model/text-pieces.js";
import {
  listFieldsOf,
  planObjectsOf,
  writeAll,
  type AnswerRoot,
  type Arguments,
  type RootWork,
} from "./root-work.js";
import type { PlannedDocument, SelectedField } from "./selections.js";
import { countObject, planLeaf, type ObjectCount } from "./write-fields.js";

/** The fields with a host's own values, the same as those of its resolvers. */
const HOST_FIELDS: Readonly<Record<string, (host: HostRow) => unknown>> = {
  id: ({ id }) => id,
  name: ({ name }) => name,
  address: ({ address }) => address,
  status: ({ status }) => findKnownStatus(HostStatus, status, HostStatus.UNASSIGNED),
  lastSuccessAt: ({ lastSuccessAt }) => lastSuccessAt,
  lastError: ({ lastError }) => lastError,
  lastWarning: ({ lastWarning }) => lastWarning,
  polled: ({ polled }) => polled,
};

/** How a host's field is written, and what must be read of its VMs. */
interface PlannedPart {
  readonly parts: VmTreeParts;
  readonly write: (host: HostTrees, work: RootWork) => Promise<TextPieces> | TextPieces;
}

/** Plans the answers to a list of hosts with their VMs; `null` if it asks for no VMs, or for a field that is not known here. */
export function planHosts(field: SelectedField, document: PlannedDocument): AnswerRoot | null {
  const answerHosts = planHostsWithVms(field, document);
  if (answerHosts === null) return null;
  return async (_, work) => {
    const hosts = await answerHosts(null, work);
    if (hosts === null) return null;
    const pieces = ["["];
    for (const host of hosts) {
      if (pieces.length > 1) pieces.push(",");
      for (const piece of host) pieces.push(piece);
    }
    pieces.push("]");
    return pieces;
  };
}

/** Plans the answers to a host with its VMs; `null` as for {@link planHosts}. */
export function planHost(field: SelectedField, document: PlannedDocument): AnswerRoot | null {
  const answerHosts = planHostsWithVms(field, document);
  if (answerHosts === null) return null;
  return async ({ id }, work) => {
    const hosts = await answerHosts([parseId("id", String(id))], work);
    return hosts && (hosts[0] ?? ["null"]);
  };
}

/** Plans how hosts with VMs are written by name: all, or those with the ids. */
function planHostsWithVms(
  field: SelectedField,
  document: PlannedDocument,
): ((hostIds: readonly string[] | null, work: RootWork) => Promise<readonly TextPieces[] | null>) | null {
  const fields = listFieldsOf("Host", field, document);
  const readLimit = fields && planLimit(fields, document);
  if (fields === null || readLimit === null) return null;
  const planned: (PlannedPart & { readonly start: string })[] = [];
  for (const each of fields) {
    const part = each.name === "vms" ? planVms(each, document) : planOwnField(each, document);
    if (part === null) return null;
    planned.push({ ...part, start: `${planned.length === 0 ? "{" : ","}${JSON.stringify(each.key)}:` });
  }
  const parts = planned.reduce((joined, each) => joinParts(joined, each.parts), NO_PARTS);
  return async (hostIds, work) => {
    const limit = readLimit(work.variables);
    const key = hostIds?.[0] ?? "";
    const leaveToExecution = (): null => document.patience.note(key);
    if (limit === null || document.patience.isExecuted(key)) return null;
    const hosts = await work.reads.readHostTrees?.(limit, parts, hostIds);
    if (hosts == null) return leaveToExecution();
    const written: TextPieces[] = [];
    // Sorts as the loader does. A database may sort by its language.
    for (const host of [...hosts].sort((one, other) => compareByName(one.host, other.host))) {
      // A VM is written without a pause. Each object of a large one shall wait for its turn.
      if (host.trees.some(isLargeTree)) return leaveToExecution();
      countObject(work.count);
      const pieces: string[] = [];
      for (const { start, write } of planned) {
        pieces.push(start);
        for (const piece of await write(host, work)) pieces.push(piece);
      }
      pieces.push("}");
      written.push(pieces);
      const paused = work.pause();
      if (paused !== undefined) await paused;
    }
    return written;
  };
}

/** Plans how a list of hosts is written without their VMs; `null` if it asks for a field that is not known here. */
export function planBareHosts(
  field: SelectedField,
  document: PlannedDocument,
): ((hosts: readonly HostRow[], count: ObjectCount) => string) | null {
  const fields = listFieldsOf("Host", field, document);
  const planned: { readonly start: string; readonly write: (host: HostRow) => string }[] = [];
  for (const each of fields ?? []) {
    const write = planOwnValue(each, document);
    if (write === null) return null;
    planned.push({ start: `${planned.length === 0 ? "{" : ","}${JSON.stringify(each.key)}:`, write });
  }
  if (fields === null) return null;
  return (hosts, count) => {
    countObject(count, hosts.length);
    return `[${hosts.map((host) => `${planned.map(({ start, write }) => start + write(host)).join("")}}`).join(",")}]`;
  };
}

/**
 * Plans how the limit of the hosts' lists is read; `null` if there is no list. The limit is `null` if there are several, since each
 * would need a statement.
 */
function planLimit(
  fields: readonly SelectedField[],
  { schema }: PlannedDocument,
): ((variables: Arguments) => number | null) | null {
  const host = schema.getType("Host");
  const list = isObjectType(host) ? host.getFields()["vms"] : undefined;
  const nodes = fields.filter(({ name }) => name === "vms").map(({ node }) => node);
  if (list === undefined || nodes.length === 0) return null;
  return (variables) => {
    const limits = nodes.map((node) => {
      const { first } = getArgumentValues(list, node, variables);
      return parsePageSize(first as number | null | undefined, MAX_PAGE);
    });
    return new Set(limits).size === 1 ? (limits[0] ?? null) : null;
  };
}

function planVms(field: SelectedField, document: PlannedDocument): PlannedPart | null {
  const writer = planObjectsOf("Vm", field, document);
  if (writer === null) return null;
  return {
    parts: writer.parts,
    write: ({ trees }, { count, pause }) =>
      writeAll(sortTrees(trees), (tree) => writer.write(tree, tree, count), { count, pause }),
  };
}

function sortTrees(trees: readonly VmTree[]): VmTree[] {
  return [...trees].sort((one, other) => compareByName(one.vm, other.vm));
}

function planOwnField(field: SelectedField, document: PlannedDocument): PlannedPart | null {
  const write = planOwnValue(field, document);
  return write && { parts: NO_PARTS, write: ({ host }) => [write(host)] };
}

function planOwnValue(
  { name }: SelectedField,
  { schema }: PlannedDocument,
): ((host: HostRow) => string) | null {
  if (name === "__typename") return () => '"Host"';
  const type = schema.getType("Host");
  const field = isObjectType(type) ? type.getFields()[name] : undefined;
  const read = Object.hasOwn(HOST_FIELDS, name) ? HOST_FIELDS[name] : undefined;
  const write = field && planLeaf(field.type);
  return read === undefined || write == null ? null : (host) => write(read(host));
}
