import type { FastifyRequest } from "fastify";
import type { DocumentNode, OperationDefinitionNode } from "graphql";
import { countCharacters } from "../../model/text-pieces.js";
import type { Limits } from "../../model/limits.js";
import type { AdmitOperation } from "./admit-operation.js";
import { BoundedCache } from "./bounded-cache.js";
import type { CheckedOperation, OperationCheck } from "./cost/check-operation.js";
import { createPause } from "./pause.js";
import type { FastData, FastOperation, FastPath, ReadFailure, Variables } from "./fast-path.js";
import { TRACE_HEADER } from "./kept-answer.js";
import type { RequestParameters } from "./request/documents.js";
import type { RequestState } from "./request-state.js";

/** What a client sends to name an operation. */
interface OperationKey {
  readonly source: string;
  readonly operationName: string | null;
}

/** An operation that Apollo has parsed, and found to be valid. */
interface ValidOperation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly name: string | null;
  readonly hash: string;
}

/** Learns that an operation is valid, and returns it with its plan; `null`: it has none. */
export type LearnOperation = (key: OperationKey, valid: ValidOperation) => KnownOperation | null;

/**
 * Answers an operation that was learnt and admitted, unless that was tried before; `null`: it has to be executed.
 */
export type AnswerLearnt = (
  known: KnownOperation,
  variables: Variables,
  state: RequestState,
) => Promise<FastData | ReadFailure | null>;

/** Learns the content type of Apollo's good answers to requests with this Accept header. */
export type LearnForm = (accept: string | undefined, contentType: string) => void;

/** The data of a good answer, and its form. */
export interface FastBody extends FastData {
  readonly contentType: string;
}

/** Answers what can be answered fast; `null`: Apollo has to answer. */
export type AnswerFast = (
  request: FastifyRequest,
  parameters: RequestParameters,
  state: RequestState,
) => Promise<FastBody | ReadFailure | null>;

/** An operation with its plan, and what it costs by the size of its variables. */
export interface KnownOperation extends ValidOperation {
  readonly plan: FastOperation;
  readonly costs: Map<string, Cost>;
  /** Its size in memory, counted in characters. */
  readonly weight: number;
}

/** The ways in which the fast path answers. */
export interface FastAnswers {
  readonly learn: LearnOperation;
  readonly learnForm: LearnForm;
  readonly answer: AnswerFast;
  readonly answerLearnt: AnswerLearnt;
}

interface Cost extends Pick<CheckedOperation, "cost" | "introspectionCost"> {
  readonly measuredAt: number;
}

/**
 * Creates the fast answers. Apollo parses and validates an operation the first time, and its plan then answers it
 * (`answerLearnt`). From then on its text alone shows that it is valid, and Apollo is not needed (`answer`).
 * 1. Apollo comes first where anything is unusual: GET, an Accept header that is new, extensions. The plan answers then, too.
 * 2. Apollo executes what has no plan, wrong variables, whatever is over a limit, and what a router wants a trace of.
 * 3. Limits, cost and the wait for room are the same as in Apollo, by the same code.
 * 4. If reading fails, Apollo formats the error, without reading again.
 */
export function createFastAnswers(
  fastPath: FastPath,
  limits: Limits,
  { check, admit }: { readonly check: OperationCheck; readonly admit: AdmitOperation },
): FastAnswers {
  const known = new BoundedCache<KnownOperation>(limits.cachedCharacters, ({ weight }) => weight);
  const forms = new BoundedCache<string>(MOST_FORMS, () => 1);

  const learn: LearnOperation = (key, valid) => {
    const text = formatKey(key);
    const found = known.find(text);
    if (found !== undefined) return found;
    const plan = fastPath.plan(valid.document, valid.operation);
    if (plan === null) return null;
    const learnt = { ...valid, plan, costs: new Map(), weight: text.length + PLAN_WEIGHT };
    known.keep(text, learnt);
    return learnt;
  };

  const answerByPlan = async (
    { plan }: KnownOperation,
    variables: Variables,
    state: RequestState,
  ): Promise<FastData | ReadFailure | null> => {
    const { viewer, notes, deadline } = state.visit;
    if (viewer === null) return null;
    const answered = await plan.answer(variables, {
      ...{ viewer, most: limits.cost },
      check: deadline.check,
      getSignal: () => deadline.signal,
      pause: createPause(deadline.check),
    });
    if (answered === null || "failure" in answered) return answered;
    if (countCharacters(answered.data) > limits.answerBytes / 2) return null;
    notes.rows = answered.objects;
    return answered;
  };

  const answer: AnswerFast = async ({ method, headers }, parameters, state) => {
    // Only execution makes the trace that a router may ask for.
    const contentType =
      headers[TRACE_HEADER] === undefined ? forms.find(formatForm(headers.accept)) : undefined;
    const { query, operationName, variables = {}, extensions } = parameters;
    if (method !== "POST" || contentType === undefined || typeof query !== "string") return null;
    if (operationName != null && typeof operationName !== "string") return null;
    if (extensions != null || !isRecord(variables) || !Object.keys(parameters).every(isKnownParameter))
      return null;
    const found = known.find(formatKey({ source: query, operationName: operationName ?? null }));
    if (found === undefined) return null;
    state.visit.notes.hash = found.hash;
    try {
      await admit(state, {
        kind: found.operation.operation,
        name: found.name,
        check: () => findCost(found, variables, check),
      });
    } catch {
      // Apollo then asks for admission again, gets the same refusal, and formats it.
      return null;
    }
    state.isPlanTried = true;
    const answered = await answerByPlan(found, variables, state);
    return answered === null || "failure" in answered ? answered : { ...answered, contentType };
  };

  const answerLearnt: AnswerLearnt = async (learnt, variables, state) => {
    if (state.isPlanTried) return null;
    state.isPlanTried = true;
    // Execution stops at the deadline as well, and says so in the form of the graph.
    return answerByPlan(learnt, variables, state).catch(() => null);
  };

  const learnForm: LearnForm = (accept, contentType) => {
    if ((accept ?? "").length <= LONGEST_FORM) forms.keep(formatForm(accept), contentType);
  };
  return { learn, learnForm, answer, answerLearnt };
}

/** Size of a plan and its document in memory, besides the text; counted in characters. */
const PLAN_WEIGHT = 1_000;

/** The most Accept headers that are remembered; clients of one kind send the same. */
const MOST_FORMS = 100;
const LONGEST_FORM = 300;

/** Formats the key of an Accept header. An absent header has a key that no text has. */
function formatForm(accept: string | undefined): string {
  return JSON.stringify(accept ?? null);
}

/** Formats the key of an operation. Its name comes first, with its length, so that no two operations have one key. */
function formatKey({ source, operationName }: OperationKey): string {
  return operationName === null ? `-${source}` : `${operationName.length} ${operationName}${source}`;
}

function isKnownParameter(name: string): boolean {
  return name === "query" || name === "operationName" || name === "variables" || name === "extensions";
}

function isRecord(value: unknown): value is Variables {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Finds what an operation costs. A measured cost is used for a second, since hosts and VMs come and go. */
function findCost(
  { document, operation, plan, costs }: KnownOperation,
  variables: Variables,
  check: OperationCheck,
): Cost {
  const size = plan.describeSize(variables);
  const now = performance.now();
  const found = size === null ? undefined : costs.get(size);
  if (found !== undefined && now - found.measuredAt < COST_HOLDS_MS) return found;
  const { cost, introspectionCost } = check(document, operation, variables);
  const measured = { cost, introspectionCost, measuredAt: now };
  if (size !== null) {
    if (costs.size >= MOST_SIZES) costs.clear();
    costs.set(size, measured);
  }
  return measured;
}

const COST_HOLDS_MS = 1_000;
const MOST_SIZES = 50;
