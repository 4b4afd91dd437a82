import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  Kind,
  type SelectionSetNode,
} from "graphql";

import type { Patience } from "./patience.js";

/** A document that is valid for the schema. */
export interface PlannedDocument {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** The values of the operation's variables, coerced by the schema; `null`: not known yet. */
  readonly variables: Readonly<Record<string, unknown>> | null;
  /** Of the operation: which of its questions are executed for a while. */
  readonly patience: Patience;
  /** Called for each field below the root whose arguments need variables that are not known yet. */
  readonly onOpenArguments: () => void;
}

/** A field of an answer: its key, and all selections of it in the document. */
export interface SelectedField {
  readonly key: string;
  readonly name: string;
  readonly node: FieldNode;
  readonly selections: readonly SelectionSetNode[];
}

/**
 * Lists the fields that selections ask of an object, as execution would: expands fragments, merges fields with the same
 * key, and keeps the order in which keys first appear. `null` if a directive decides at run time.
 */
export function listFields(
  sets: readonly SelectionSetNode[],
  type: GraphQLObjectType,
  { schema, fragments }: PlannedDocument,
): readonly SelectedField[] | null {
  const fields = new Map<string, { node: FieldNode; selections: SelectionSetNode[] }>();
  const addField = (node: FieldNode): void => {
    const key = (node.alias ?? node.name).value;
    const field = fields.get(key) ?? { node, selections: [] };
    if (node.selectionSet !== undefined) field.selections.push(node.selectionSet);
    fields.set(key, field);
  };
  const add = (set: SelectionSetNode): boolean =>
    set.selections.every((selection) => {
      if (selection.directives !== undefined && selection.directives.length > 0) return false;
      if (selection.kind === Kind.FIELD) {
        addField(selection);
        return true;
      }
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
      if (fragment === undefined) return false;
      return !applies(fragment.typeCondition?.name.value, type, schema) || add(fragment.selectionSet);
    });
  if (!sets.every(add)) return null;
  return [...fields].map(([key, { node, selections }]) => ({ key, name: node.name.value, node, selections }));
}

function applies(condition: string | undefined, type: GraphQLObjectType, schema: GraphQLSchema): boolean {
  if (condition === undefined || condition === type.name) return true;
  const other = schema.getType(condition);
  return isAbstractType(other) && schema.isSubType(other, type);
}
