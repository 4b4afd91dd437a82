import { getArgumentValues, type GraphQLObjectType, isUnionType } from "graphql";
import { parseId } from "../graph/arguments/arguments.js";
import { parseMacs } from "../graph/arguments/nics-by-macs.js";
import { compareByName } from "../model/compare-by-name.js";
import type { VmTree } from "../loaders/rows.js";
import { isUuid } from "../model/uuid.js";
import { planFind } from "./plan-find.js";
import { PLAN_FINDINGS } from "./plan-findings.js";
import { planHost, planHosts } from "./plan-hosts.js";
import { planConnection } from "./plan-page.js";
import { planObjectsOf, writeAll, type AnswerRoot, type Arguments } from "./root-work.js";
import type { PlannedDocument, SelectedField } from "./selections.js";

/** Plans the answers to a root field that is known here; `null` for others. */
export function planRoot(field: SelectedField, document: PlannedDocument): AnswerRoot | null {
  const plan = Object.hasOwn(ROOTS, field.name) ? ROOTS[field.name] : undefined;
  return plan?.(field, document) ?? null;
}

/** Coerces a root field's arguments; throws the error that execution would return. */
export function readRootArguments(
  { name, node }: SelectedField,
  query: GraphQLObjectType,
  variables: Readonly<Record<string, unknown>>,
): Arguments {
  const field = query.getFields()[name];
  return field === undefined ? {} : getArgumentValues(field, node, variables);
}

type PlanRoot = (field: SelectedField, document: PlannedDocument) => AnswerRoot | null;

const ROOTS: Readonly<Record<string, PlanRoot>> = {
  vm: (field, document) => {
    const writer = planObjectsOf("Vm", field, document);
    if (writer === null) return null;
    return async ({ id }, { reads, count }) => {
      const [tree] = await reads.readTreesByIds([parseId("id", String(id))], writer.parts);
      return [tree === undefined ? "null" : writer.write(tree, tree, count)];
    };
  },
  vms: planConnection,
  hosts: planHosts,
  host: planHost,
  find: planFind,
  ...PLAN_FINDINGS,
  vmNics: (field, document) => {
    const writer = planObjectsOf("VmNic", field, document);
    if (writer === null) return null;
    return async ({ macAddress, macAddresses }, { reads, count, pause }) => {
      const one = macAddress as string | null | undefined;
      const many = macAddresses as readonly string[] | null | undefined;
      const macs = parseMacs(one ?? null, many ?? null);
      // Each vNIC brings all data of its VM, which would be repeated for each vNIC of one VM.
      if (macs.length > MOST_MACS) return null;
      const found = await reads.readNicTrees(macs, MOST_NICS + 1, writer.parts);
      if (found.length > MOST_NICS) return null;
      const sorted = found.sort((left, right) => compareByName(left.nic, right.nic));
      try {
        return await writeAll(sorted, ({ nic, tree }) => writer.write(nic, tree, count), { count, pause });
      } finally {
        // If a VM is kept, its parsed lists would take more memory than all else of it. Several of these vNICs may be of one VM.
        for (const { tree } of found) tree.lists.putAway();
      }
    };
  },
  _entities: (field, document) => {
    const union = document.schema.getType("_Entity");
    const writer = isUnionType(union) ? planObjectsOf("Vm", field, document) : null;
    if (writer === null) return null;
    return async ({ representations }, { reads, count, pause }) => {
      const ids = listVmIds(representations);
      if (ids === null) return null;
      const found = new Map<string, VmTree>();
      const wanted = [...new Set(ids)].filter(isUuid);
      // More would need several statements, which must see one state.
      if (wanted.length > MOST_ENTITIES) return null;
      if (wanted.length > 0) {
        for (const tree of await reads.readTreesByIds(wanted, writer.parts)) found.set(tree.vm.id, tree);
      }
      const write = (id: string): string => {
        const tree = found.get(id);
        return tree === undefined ? "null" : writer.write(tree, tree, count);
      };
      return writeAll(ids, write, { count, pause });
    };
  },
};

/** The highest number of vNICs. The loaders read more of them in batches. */
const MOST_NICS = 500;
const MOST_MACS = 10;
const MOST_ENTITIES = 5_000;

/** Lists the ids of representations, in lower case; `null` unless all of them are VMs with an id. */
function listVmIds(representations: unknown): string[] | null {
  const ids: string[] = [];
  for (const each of representations as readonly unknown[]) {
    const { __typename: name, id } = (each ?? {}) as { readonly __typename?: unknown; readonly id?: unknown };
    if (name !== "Vm" || typeof id !== "string") return null;
    ids.push(id.toLowerCase());
  }
  return ids;
}
