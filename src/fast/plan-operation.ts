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
import type { ReadSnapshot, StillHolds, TreeReads } from "../loaders/rows.js";
import type { TextPieces } from "../model/text-pieces.js";
import { checkTrees, type RunRead } from "./checked-reads.js";
import { Patience } from "./patience.js";
import { planRoot, readRootArguments } from "./plan-roots.js";
import type { AnswerRoot, Arguments } from "./root-work.js";
import { listFields, type PlannedDocument } from "./selections.js";

/** The values of an operation's variables, as the client sent them. */
type Variables = Readonly<Record<string, unknown>>;

/** An operation that is answered without executing it field by field. */
export interface FastPlan {
  /** The root field, such as `Query.vm`. */
  readonly rootField: string;
  /** Describes the variables as far as the operation's cost depends on them; `null`: it may depend on anything in them. */
  describeSize(variables: Variables): string | null;
  /** Answers the operation with one read, or with several of one state. `null`: it has to be executed, for example because variables are wrong. */
  answer(variables: Variables, work: FastWork): Promise<FastAnswer | FastFailure | null>;
}

/** What an answer needs. */
export interface FastWork {
  readonly reads: TreeReads;
  /** Opens reads that all see one state; `null`: there is no database. */
  readonly openState: () => ReadSnapshot | null;
  /** Throws when the request is over. */
  readonly check: () => void;
  /** Returns the signal that aborts when the request is over. */
  readonly getSignal: () => AbortSignal;
  /** The highest number of objects. A larger answer has to be executed, which produces the right error. */
  readonly most: number;
  readonly pause: () => Promise<void> | undefined;
}

/** An answer's data, as JSON, and how many objects are in it. */
export interface FastAnswer {
  readonly data: TextPieces;
  readonly objects: number;
  /** Tells whether the same question has the same answer now; `null`: it has to be answered again. */
  readonly stillHolds: StillHolds | null;
}

/** A read failed. Reading again would fail again. */
export interface FastFailure {
  readonly failure: unknown;
}

/**
 * Plans an operation of a valid document; `null`: it has to be executed. An operation is planned if it has one root field,
 * which leads to VMs, and asks only for values in the rows of VMs, hosts and what is found in them.
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
  const open = { isNeeded: false };
  const document: PlannedDocument = {
    schema,
    fragments: new Map(fragments.map((each) => [each.name.value, each])),
    variables: null,
    patience: new Patience(),
    onOpenArguments: () => (open.isNeeded = true),
  };
  const [field, ...others] = listFields([operation.selectionSet], query, document) ?? [];
  // Several root fields would need several statements, which must see one state.
  if (field === undefined || others.length > 0) return null;
  const planned = planRoot(field, document);
  if (planned === null) return null;
  // Arguments below the root are bound to their values. If these come with each request, it is planned anew: microseconds.
  const answerRoot: AnswerRoot = open.isNeeded
    ? async (args, work) =>
        (await planRoot(field, { ...document, variables: work.variables })?.(args, work)) ?? null
    : planned;
  const start = `{${JSON.stringify(field.key)}:`;
  return {
    rootField: `${query.name}.${field.name}`,
    describeSize: createSizeDescription(schema, operation, field.name),
    answer: async (variables, { reads, most, ...work }) => {
      const coerced = coerceArguments(schema, operation, { query, field, variables });
      if (coerced === null) return null;
      const count = { objects: 0, work: 0, most };
      const noted = noteReads(reads);
      try {
        const pieces = await answerRoot(coerced.args, {
          ...work,
          reads: noted.reads,
          noteFailure: noted.noteFailure,
          variables: coerced.variables,
          count,
        });
        if (pieces === null) return null;
        return { data: [start, ...pieces, "}"], objects: count.objects, stillHolds: noted.findCheck() };
      } catch {
        // Execution reports the error of the right field.
        return noted.getFailure() ?? null;
      }
    },
  };
}

/** The same reads, with what became of them. */
interface NotedReads {
  readonly reads: TreeReads;
  /** Notes the failure of another read. */
  readonly noteFailure: (error: unknown) => void;
  /** Returns the failure of a read, if there was one. */
  readonly getFailure: () => FastFailure | null;
  /** Returns the check whether all that was read still holds; `null`: nobody knows. */
  readonly findCheck: () => StillHolds | null;
}

function noteReads(reads: TreeReads): NotedReads {
  let failed: FastFailure | null = null;
  let count = 0;
  const noteFailure = (error: unknown): void => void (failed = { failure: error });
  const note: RunRead = async (read) => {
    count += 1;
    try {
      return await read();
    } catch (error) {
      // If the complete answer takes too long, execution may still answer a part.
      if (!isTooLong(error)) noteFailure(error);
      throw error;
    }
  };
  return {
    reads: checkTrees(reads, note),
    noteFailure,
    getFailure: () => failed,
    // The check is about the last read. Nothing plans several of them yet.
    findCheck: () => (count === 1 ? (reads.findCheck?.() ?? null) : null),
  };
}

function isTooLong(error: unknown): boolean {
  const { extensions } = error as { readonly extensions?: { readonly code?: unknown } };
  return extensions?.code === "DEADLINE_EXCEEDED";
}

function coerceArguments(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  asked: {
    readonly query: GraphQLObjectType;
    readonly field: Parameters<typeof readRootArguments>[0];
    readonly variables: Variables;
  },
): { readonly args: Arguments; readonly variables: Arguments } | null {
  const { coerced } = getVariableValues(schema, variableDefinitions, asked.variables, { maxErrors: 1 });
  if (coerced === undefined) return null;
  try {
    return { args: readRootArguments(asked.field, asked.query, coerced), variables: coerced };
  } catch {
    return null;
  }
}

/**
 * Creates the function that describes variables as far as the cost depends on them. The cost does not depend on the content
 * of a text, but may depend on an enum's name, a number and the length of a list. The cost of representations of entities
 * depends on which of them are equal, so it is computed each time.
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
