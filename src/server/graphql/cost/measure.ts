import {
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
  Kind,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  getNamedType,
  isCompositeType,
  isObjectType,
  isInterfaceType,
} from "graphql";
import type { FragmentDefinitionNode, SelectionNode } from "graphql";
import {
  type AnyField,
  readArguments,
  estimateSizeByShape,
  type Values,
  readVariables,
} from "./field-size.js";

/** Sizes of an operation with its fragments expanded; infinite if fragments form a circle. */
export interface Measure {
  /** Selections below each other, outside introspection. */
  readonly depth: number;
  readonly aliases: number;
  readonly directives: number;
  readonly fields: number;
  readonly rootFields: number;
  /** Objects that introspection gives; a scalar counts a tenth. It has a budget of its own. */
  readonly introspectionCost: number;
}

/** What is needed to measure an operation. */
export interface MeasureInput {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Values;
}

const NOTHING: Measure = {
  depth: 0,
  aliases: 0,
  directives: 0,
  fields: 0,
  rootFields: 0,
  introspectionCost: 0,
};
const ENDLESS: Measure = { ...NOTHING, depth: Infinity, fields: Infinity };
const SCALAR_COST = 0.1;

/** Measures an operation in one pass: each fragment once, however often it is spread. */
export function measure(operation: OperationDefinitionNode, input: MeasureInput): Measure {
  const root = input.schema.getRootType(operation.operation);
  if (root == null) return NOTHING;
  const walk = new Walk({ ...input, variables: readVariables(operation, input.variables) });
  const total = walk.measureSelections(operation.selectionSet, root);
  return {
    ...total,
    directives: total.directives + (operation.directives?.length ?? 0),
    rootFields: walk.countRootFields(operation.selectionSet),
  };
}

class Walk {
  readonly #memo = new Map<string, Measure>();
  readonly #rootMemo = new Map<string, number>();

  constructor(private readonly input: MeasureInput) {}

  measureSelections(set: SelectionSetNode, parent: GraphQLCompositeType): Measure {
    let total = NOTHING;
    for (const selection of set.selections) total = sum(total, this.#measureSelection(selection, parent));
    return total;
  }

  countRootFields(set: SelectionSetNode): number {
    let count = 0;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) count++;
      else if (selection.kind === Kind.INLINE_FRAGMENT) count += this.countRootFields(selection.selectionSet);
      else count += this.#countRootFieldsOfFragment(selection.name.value);
    }
    return count;
  }

  #countRootFieldsOfFragment(name: string): number {
    const known = this.#rootMemo.get(name);
    if (known !== undefined) return known;
    this.#rootMemo.set(name, Infinity);
    const fragment = this.input.fragments.get(name);
    const count = fragment === undefined ? 0 : this.countRootFields(fragment.selectionSet);
    this.#rootMemo.set(name, count);
    return count;
  }

  #measureSelection(selection: SelectionNode, parent: GraphQLCompositeType): Measure {
    const directives = selection.directives?.length ?? 0;
    if (selection.kind === Kind.FIELD) return this.#measureField(selection, parent, directives);
    const inner =
      selection.kind === Kind.INLINE_FRAGMENT
        ? this.measureSelections(
            selection.selectionSet,
            this.#findType(selection.typeCondition?.name.value, parent),
          )
        : this.#measureFragment(selection.name.value, parent);
    return { ...inner, directives: inner.directives + directives };
  }

  #measureFragment(name: string, parent: GraphQLCompositeType): Measure {
    const fragment = this.input.fragments.get(name);
    if (fragment === undefined) return NOTHING;
    const known = this.#memo.get(name);
    if (known !== undefined) return known;
    this.#memo.set(name, ENDLESS);
    const type = this.#findType(fragment.typeCondition.name.value, parent);
    const measured = this.measureSelections(fragment.selectionSet, type);
    this.#memo.set(name, measured);
    return measured;
  }

  #measureField(node: FieldNode, parent: GraphQLCompositeType, directives: number): Measure {
    const own: Measure = {
      ...NOTHING,
      depth: 1,
      aliases: node.alias === undefined ? 0 : 1,
      directives,
      fields: 1,
    };
    const field = this.#findDefinition(parent, node.name.value);
    const type = field === undefined ? undefined : getNamedType(field.type);
    if (field === undefined || node.selectionSet === undefined || !isCompositeType(type)) {
      return parent.name.startsWith("__") ? { ...own, introspectionCost: SCALAR_COST } : own;
    }
    const inner = this.measureSelections(node.selectionSet, type);
    const isIntrospected = isIntrospection(node.name.value) || parent.name.startsWith("__");
    return addBelow(
      own,
      inner,
      isIntrospected ? this.#estimateSize(node, field, parent) : null,
      isIntrospection(node.name.value),
    );
  }

  #estimateSize(node: FieldNode, field: AnyField, parent: GraphQLCompositeType): number {
    return Math.max(
      1,
      estimateSizeByShape(parent.name, field, readArguments(node, field, this.input.variables)),
    );
  }

  #findDefinition(parent: GraphQLCompositeType, name: string): AnyField | undefined {
    if (name === "__schema") return SchemaMetaFieldDef;
    if (name === "__type") return TypeMetaFieldDef;
    return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
  }

  #findType(name: string | undefined, otherwise: GraphQLCompositeType): GraphQLCompositeType {
    const type = name === undefined ? undefined : this.input.schema.getType(name);
    return isCompositeType(type) ? type : otherwise;
  }
}

function isIntrospection(name: string): boolean {
  return name === "__schema" || name === "__type";
}

/**
 * Adds what is selected below a field to the field's own sizes. `times`: how many objects introspection gives here,
 * `null` outside of it.
 */
function addBelow(own: Measure, inner: Measure, times: number | null, isEntry: boolean): Measure {
  const counted = {
    ...own,
    aliases: own.aliases + inner.aliases,
    directives: own.directives + inner.directives,
    fields: own.fields + inner.fields,
    introspectionCost: times === null ? inner.introspectionCost : times * (1 + inner.introspectionCost),
  };
  return isEntry ? counted : { ...counted, depth: 1 + inner.depth };
}

function sum(a: Measure, b: Measure): Measure {
  return {
    depth: Math.max(a.depth, b.depth),
    aliases: a.aliases + b.aliases,
    directives: a.directives + b.directives,
    fields: a.fields + b.fields,
    rootFields: 0,
    introspectionCost: a.introspectionCost + b.introspectionCost,
  };
}
