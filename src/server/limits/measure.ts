import {
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
  Kind,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  getNamedType,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
  isInterfaceType,
} from "graphql";
import type { FragmentDefinitionNode, SelectionNode } from "graphql";
import { fieldCount, type Variables } from "./page-size.js";

/** What an operation would be at most, fragments expanded; infinite where fragments go in a circle. */
export interface Measure {
  /** Selections below each other, outside introspection. */
  readonly depth: number;
  readonly aliases: number;
  readonly directives: number;
  readonly fields: number;
  readonly rootFields: number;
  /** Objects of the answer by page sizes; a scalar counts a tenth. */
  readonly cost: number;
  /** The same for introspection, which has a budget of its own. */
  readonly introspectionCost: number;
}

/** How many entries a list without a page size is counted as; `undefined` is {@link DEFAULT_LIST_SIZE}. */
export type ListSizeOf = (typeName: string, fieldName: string) => number | undefined;

/** What is needed to measure an operation. */
export interface MeasureInput {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Variables;
  readonly listSizeOf: ListSizeOf;
}

const NOTHING: Measure = {
  depth: 0,
  aliases: 0,
  directives: 0,
  fields: 0,
  rootFields: 0,
  cost: 0,
  introspectionCost: 0,
};
const ENDLESS: Measure = { ...NOTHING, depth: Infinity, fields: Infinity, cost: Infinity };
const SCALAR_COST = 0.1;

/** Measures an operation in one pass: each fragment once a type and kind of parent, however often it is spread. */
export function measure(operation: OperationDefinitionNode, input: MeasureInput): Measure {
  const root = input.schema.getRootType(operation.operation);
  if (root == null) return NOTHING;
  const walk = new Walk(input);
  const whole = walk.selections(operation.selectionSet, root, false);
  return {
    ...whole,
    directives: whole.directives + (operation.directives?.length ?? 0),
    rootFields: walk.rootFields(operation.selectionSet),
  };
}

class Walk {
  readonly #memo = new Map<string, Measure>();
  readonly #rootMemo = new Map<string, number>();

  constructor(private readonly input: MeasureInput) {}

  /** `paged`: the parent was given a page size, so its own lists are that page and count once. */
  selections(set: SelectionSetNode, parent: GraphQLCompositeType, paged: boolean): Measure {
    let total = NOTHING;
    for (const selection of set.selections) total = sum(total, this.#selection(selection, parent, paged));
    return total;
  }

  rootFields(set: SelectionSetNode): number {
    let count = 0;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) count++;
      else if (selection.kind === Kind.INLINE_FRAGMENT) count += this.rootFields(selection.selectionSet);
      else count += this.#rootFieldsOfFragment(selection.name.value);
    }
    return count;
  }

  #rootFieldsOfFragment(name: string): number {
    const known = this.#rootMemo.get(name);
    if (known !== undefined) return known;
    this.#rootMemo.set(name, Infinity);
    const fragment = this.input.fragments.get(name);
    const count = fragment === undefined ? 0 : this.rootFields(fragment.selectionSet);
    this.#rootMemo.set(name, count);
    return count;
  }

  #selection(selection: SelectionNode, parent: GraphQLCompositeType, paged: boolean): Measure {
    const directives = selection.directives?.length ?? 0;
    if (selection.kind === Kind.FIELD) return this.#field(selection, parent, paged, directives);
    const inner =
      selection.kind === Kind.INLINE_FRAGMENT
        ? this.selections(
            selection.selectionSet,
            this.#typeNamed(selection.typeCondition?.name.value, parent),
            paged,
          )
        : this.#fragment(selection.name.value, parent, paged);
    return { ...inner, directives: inner.directives + directives };
  }

  #fragment(name: string, parent: GraphQLCompositeType, paged: boolean): Measure {
    const fragment = this.input.fragments.get(name);
    if (fragment === undefined) return NOTHING;
    const key = `${name} ${String(paged)}`;
    const known = this.#memo.get(key);
    if (known !== undefined) return known;
    this.#memo.set(key, ENDLESS);
    const type = this.#typeNamed(fragment.typeCondition.name.value, parent);
    const measured = this.selections(fragment.selectionSet, type, paged);
    this.#memo.set(key, measured);
    return measured;
  }

  #field(node: FieldNode, parent: GraphQLCompositeType, paged: boolean, directives: number): Measure {
    const own: Measure = {
      ...NOTHING,
      depth: 1,
      aliases: node.alias === undefined ? 0 : 1,
      directives,
      fields: 1,
    };
    const field = this.#definition(parent, node.name.value);
    const type = field === undefined ? undefined : getNamedType(field.type);
    if (field === undefined || node.selectionSet === undefined || !isCompositeType(type)) {
      return { ...own, cost: SCALAR_COST };
    }
    const { variables, listSizeOf } = this.input;
    const size = fieldCount(node, field, variables);
    const isList = isListType(isNonNullType(field.type) ? field.type.ofType : field.type);
    const times = size ?? (isList && !paged ? (listSizeOf(parent.name, field.name) ?? DEFAULT_LIST_SIZE) : 1);
    const inner = this.selections(node.selectionSet, type, size !== null && !isList);
    return below(own, inner, times, isIntrospection(node.name.value));
  }

  #definition(parent: GraphQLCompositeType, name: string): GraphQLField<unknown, unknown> | undefined {
    if (name === "__schema") return SchemaMetaFieldDef;
    if (name === "__type") return TypeMetaFieldDef;
    return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
  }

  #typeNamed(name: string | undefined, otherwise: GraphQLCompositeType): GraphQLCompositeType {
    const type = name === undefined ? undefined : this.input.schema.getType(name);
    return isCompositeType(type) ? type : otherwise;
  }
}

/** What a list without page size and without a known size is counted as. */
export const DEFAULT_LIST_SIZE = 10;

function isIntrospection(name: string): boolean {
  return name === "__schema" || name === "__type";
}

function below(own: Measure, inner: Measure, times: number, introspection: boolean): Measure {
  const cost = times === 0 ? 0 : times * (1 + inner.cost);
  const counted = {
    ...own,
    aliases: own.aliases + inner.aliases,
    directives: own.directives + inner.directives,
    fields: own.fields + inner.fields,
  };
  if (introspection) return { ...counted, introspectionCost: cost };
  return { ...counted, depth: 1 + inner.depth, cost, introspectionCost: inner.introspectionCost };
}

function sum(a: Measure, b: Measure): Measure {
  return {
    depth: Math.max(a.depth, b.depth),
    aliases: a.aliases + b.aliases,
    directives: a.directives + b.directives,
    fields: a.fields + b.fields,
    rootFields: 0,
    cost: a.cost + b.cost,
    introspectionCost: a.introspectionCost + b.introspectionCost,
  };
}
