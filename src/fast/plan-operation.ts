import {
  type DocumentNode,
  getNamedType,
  getVariableValues,
  type GraphQLObjectType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  typeFromAST,
} from "graphql";
import type { TreeReads, VmTree } from "../loaders/rows.js";
import { isLargeTree } from "../loaders/tree-parts.js";
import { planRoot, readRootArguments } from "./plan-roots.js";
import { listFields, type PlannedDocument } from "./selections.js";

/** Values of an operation's variables, as they came. */
type Variables = Readonly<Record<string, unknown>>;

/** An operation that is answered without executing it field by field. */
export interface FastPlan {
  /** The root field, as `Query.vm`. */
  readonly place: string;
  /** Describes all that decides what the variables make the operation cost; `null`: it may depend on anything. */
  describeSize(variables: Variables): string | null;
  /** Answers the operation with one statement. `null`: it has to be executed, such as for variables that are wrong. */
  answer(variables: Variables, work: FastWork): Promise<FastAnswer | FastFailure | null>;
}

/** What an answer is made with. */
export interface FastWork {
  readonly reads: TreeReads;
  /** An answer of more objects has to be executed, which says what is wrong with it. */
  readonly most: number;
  readonly pause: () => Promise<void> | undefined;
}

/** An answer's data, as JSON, and how many objects are in it. */
export interface FastAnswer {
  readonly data: string;
  readonly objects: number;
}

/** Reading failed; to read again would only fail again. */
export interface FastFailure {
  readonly failure: unknown;
}

/**
 * Plans an operation of a document that is valid. It is answered fast if it has one root field, which leads to VMs, and asks
 * for nothing but what a VM's own rows tell. `null`: it has to be executed.
 */
export function planOperation(
  schema: GraphQLSchema,
  { definitions }: DocumentNode,
  operation: OperationDefinitionNode,
): FastPlan | null {
  const query = schema.getQueryType();
  if (query == null || operation.operation !== OperationTypeNode.QUERY) return null;
  if (operation.directives !== undefined && operation.directives.length > 0) return null;
  const fragments = definitions.filter((each) => each.kind === Kind.FRAGMENT_DEFINITION);
  const document: PlannedDocument = {
    schema,
    fragments: new Map(fragments.map((each) => [each.name.value, each])),
  };
  const [field, ...others] = listFields([operation.selectionSet], query, document) ?? [];
  // Several would be several statements, which must see one state.
  if (field === undefined || others.length > 0) return null;
  const answerRoot = planRoot(field, document);
  if (answerRoot === null) return null;
  const start = `{${JSON.stringify(field.key)}:`;
  return {
    place: `${query.name}.${field.name}`,
    describeSize: createSizeDescription(schema, operation, field.name),
    answer: async (variables, { reads, most, pause }) => {
      const args = coerceArguments(schema, operation, { query, field, variables });
      if (args === null) return null;
      const count = { objects: 0, most };
      const noted = noteFailure(reads);
      try {
        const text = await answerRoot(args, { reads: noted.reads, count, pause });
        return text === null ? null : { data: `${start}${text}}`, objects: count.objects };
      } catch {
        // Execution says what is wrong in the words of the field at which it is.
        return noted.failed() ?? null;
      }
    },
  };
}

/** Returns the same reads, and what tells which of them failed. */
function noteFailure(reads: TreeReads): { readonly reads: TreeReads; failed(): FastFailure | null } {
  let failed: FastFailure | null = null;
  const note = async <Answer>(read: Promise<Answer>): Promise<Answer> => {
    try {
      return await read;
    } catch (error) {
      // What takes too long as a whole may be answered in part.
      failed = isTooLong(error) ? null : { failure: error };
      throw error;
    }
  };
  return {
    failed: () => failed,
    reads: {
      readTreesByIds: async (ids, parts) => checkSizes(await note(reads.readTreesByIds(ids, parts))),
      readTreesPage: async (page, parts) => checkSizes(await note(reads.readTreesPage(page, parts))),
      readNicTrees: async (macs, limit, parts) => {
        const found = await note(reads.readNicTrees(macs, limit, parts));
        checkSizes(found.map(({ tree }) => tree));
        return found;
      },
    },
  };
}

function isTooLong(error: unknown): boolean {
  const { extensions } = error as { readonly extensions?: { readonly code?: unknown } };
  return extensions?.code === "DEADLINE_EXCEEDED";
}

class LargeTreeError extends Error {
  override readonly name = "LargeTreeError";
}

function checkSizes(trees: VmTree[]): VmTree[] {
  // A VM is written without a pause. A large one is executed, where each of its objects can wait for its turn.
  if (trees.some(isLargeTree)) throw new LargeTreeError("a VM has too much to be written at once");
  return trees;
}

function coerceArguments(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  asked: {
    readonly query: GraphQLObjectType;
    readonly field: Parameters<typeof readRootArguments>[0];
    readonly variables: Variables;
  },
): Readonly<Record<string, unknown>> | null {
  const { coerced } = getVariableValues(schema, variableDefinitions, asked.variables, { maxErrors: 1 });
  if (coerced === undefined) return null;
  try {
    return readRootArguments(asked.field, asked.query, coerced);
  } catch {
    return null;
  }
}

/**
 * What a text means decides nothing of its size; an enum's name, a number and the length of a list may. What representations of
 * entities cost depends on which of them are the same, so they are measured each time.
 */
function createSizeDescription(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  root: string,
): FastPlan["describeSize"] {
  if (root === "_entities") return () => null;
  const readers = variableDefinitions.map(({ variable, type }) => {
    const named = getNamedType(typeFromAST(schema, type as never));
    return { name: variable.name.value, isOpen: isInputObjectType(named), isExact: isEnumType(named) };
  });
  return (variables) => {
    let text = "";
    for (const { name, isOpen, isExact } of readers) {
      const value = variables[name];
      const size = isOpen && value != null ? null : describeValue(value, isExact);
      if (size === null) return null;
      text += `${size} `;
    }
    return text;
  };
}

function describeValue(value: unknown, isExact: boolean): string | null {
  if (typeof value === "string") return isExact ? JSON.stringify(value.slice(0, MOST_CHARACTERS)) : "text";
  if (typeof value !== "object" || value === null) return String(value);
  const isTexts = Array.isArray(value) && !isExact && value.every((each) => typeof each === "string");
  return isTexts ? `${value.length} texts` : null;
}

const MOST_CHARACTERS = 40;
