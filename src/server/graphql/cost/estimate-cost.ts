import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  Kind,
  getDirectiveValues,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  isUnionType,
} from "graphql";
import type { Cohort, EstimateField, FieldEstimate } from "../../../graph/estimates/estimate-field.js";
import { type AnyField, readArguments, isList, estimateSizeByShape, type Values } from "./field-size.js";

/** What an operation can cost. */
export interface Cost {
  /** Objects of the answer, without its root. */
  readonly objects: number;
  /** Plain values, each item of their lists as well. */
  readonly values: number;
  readonly statements: number;
  /** The sum of all: an object is 1, a value a tenth, a statement 20. */
  readonly cost: number;
}

/** What is needed to estimate an operation; it must be known to be small once its fragments are expanded. */
export interface CostInput {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Values;
  readonly estimateField: EstimateField | null;
}

const VALUE_COST = 0.1;
const STATEMENT_COST = 20;

/** The characters of a key that cost as much as one value, since every object of the answer repeats its keys. */
const KEY_CHARACTERS = 40;

const ROOT: Cohort = { count: 1, repeats: 1, owners: 1, portions: 1, page: 1 };

/**
 * Estimates what an operation can cost at most, before anything is read. Introspection is not counted here. `sizes`: of the VM
 * that an answered event is about.
 */
export function estimateCost(
  operation: OperationDefinitionNode,
  input: CostInput,
  sizes: Cohort["sizes"] = null,
): Cost {
  const total = { objects: 0, values: 0, statements: 0, scanned: 0 };
  const readOfGuests = new Map<Cohort, number>();
  const { estimateField } = input;

  const visitSelections = (set: SelectionSetNode, parent: GraphQLCompositeType, parents: Cohort): void => {
    for (const selection of set.selections) {
      if (isLeftOut(selection, input.variables)) continue;
      if (selection.kind === Kind.FIELD) visitField(selection, parent, parents);
      else visitFragment(selection, parent, parents);
    }
  };
  const visitFragment = (
    selection: Exclude<SelectionNode, FieldNode>,
    parent: GraphQLCompositeType,
    parents: Cohort,
  ): void => {
    const fragment =
      selection.kind === Kind.INLINE_FRAGMENT ? selection : input.fragments.get(selection.name.value);
    if (fragment === undefined) return;
    const condition = fragment.typeCondition?.name.value;
    const type = condition === undefined ? parent : input.schema.getType(condition);
    if (!isCompositeType(type)) return;
    const count = isUnionType(parent) ? (parents.byType?.[type.name] ?? parents.count) : parents.count;
    visitSelections(fragment.selectionSet, type, count === parents.count ? parents : { ...parents, count });
  };
  const visitField = (node: FieldNode, parent: GraphQLCompositeType, parents: Cohort): void => {
    const name = node.name.value;
    if (name === "__schema" || name === "__type") return;
    const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
    const keyCost = Math.ceil((node.alias ?? node.name).value.length / KEY_CHARACTERS) - 1;
    total.values += parents.count * keyCost;
    if (field === undefined) {
      total.values += parents.count;
      return;
    }
    const args = readArguments(node, field, input.variables);
    const { cohort, statements, scanned, guestReads } =
      estimateField === null
        ? estimateByShape(parent.name, field, args, parents)
        : estimateField(parent.name, name, args, parents);
    total.statements += statements;
    total.scanned += scanned ?? 0;
    if (guestReads !== undefined) {
      const known = readOfGuests.get(parents) ?? 0;
      total.scanned += Math.max(0, guestReads - known);
      readOfGuests.set(parents, Math.max(known, guestReads));
    }
    const type = getNamedType(field.type);
    if (node.selectionSet === undefined || !isCompositeType(type)) {
      total.values += isList(field) ? cohort.count : parents.count;
      return;
    }
    total.objects += cohort.count;
    visitSelections(node.selectionSet, type, cohort);
  };

  const root = input.schema.getRootType(operation.operation);
  if (root != null) visitSelections(operation.selectionSet, root, { ...ROOT, sizes });
  const { objects, values, statements, scanned } = total;
  const cost = objects + values * VALUE_COST + statements * STATEMENT_COST + scanned;
  return { objects, values, statements, cost };
}

/** Estimates a field of a schema that has no estimates of its own: by page sizes, and 10 for other lists. */
function estimateByShape(typeName: string, field: AnyField, args: Values, parents: Cohort): FieldEstimate {
  const count = parents.count * Math.max(1, estimateSizeByShape(typeName, field, args));
  return { cohort: { ...parents, count, repeats: count, owners: count }, statements: 0 };
}

/** Tells whether @skip or @include leaves a selection out, with these variables. A wrong directive leaves nothing out. */
function isLeftOut(selection: SelectionNode, variables: Values): boolean {
  if (selection.directives === undefined || selection.directives.length === 0) return false;
  try {
    return (
      getDirectiveValues(GraphQLSkipDirective, selection, variables)?.["if"] === true ||
      getDirectiveValues(GraphQLIncludeDirective, selection, variables)?.["if"] === false
    );
  } catch {
    return false;
  }
}
