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
import type { TreeReads } from "../loaders/rows.js";
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
    describeSize: createSizeDescription(schema, operation),
    answer: async (variables, { reads, pause }) => {
      const args = coerceArguments(schema, operation, { query, field, variables });
      if (args === null) return null;
      const count = { objects: 0 };
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
      failed = { failure: error };
      throw error;
    }
  };
  return {
    failed: () => failed,
    reads: {
      readTreesByIds: (ids, parts) => note(reads.readTreesByIds(ids, parts)),
      readTreesPage: (page, parts) => note(reads.readTreesPage(page, parts)),
      readNicTrees: (macs, limit, parts) => note(reads.readNicTrees(macs, limit, parts)),
    },
  };
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

/** What a text means decides nothing of its size; an enum's name, a number and the length of a list may. */
function createSizeDescription(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
): FastPlan["describeSize"] {
  const readers = variableDefinitions.map(({ variable, type }) => {
    const typed = typeFromAST(schema, type as never);
    const named = getNamedType(typed);
    const isOpen = isInputObjectType(named);
    const isExact = isEnumType(named);
    return { name: variable.name.value, isOpen, isExact };
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
  if (typeof value === "string") return isExact ? value.slice(0, MOST_CHARACTERS) : "text";
  if (typeof value !== "object" || value === null) return String(value);
  if (!Array.isArray(value)) return null;
  const kinds = new Set<string>();
  for (const each of value as readonly unknown[]) {
    if (typeof each === "string" && !isExact) kinds.add("text");
    else if (isVmKey(each)) kinds.add("Vm");
    else return null;
  }
  return `${value.length}${[...kinds].join()}`;
}

const MOST_CHARACTERS = 40;

function isVmKey(value: unknown): boolean {
  return typeof value === "object" && value !== null && "__typename" in value && value.__typename === "Vm";
}
