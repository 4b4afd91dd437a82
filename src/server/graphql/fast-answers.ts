import type { FastifyRequest } from "fastify";
import type { DocumentNode, OperationDefinitionNode } from "graphql";
import type { Limits } from "../../model/limits.js";
import type { AdmitOperation } from "./admit-operation.js";
import { BoundedCache } from "./bounded-cache.js";
import type { CheckedOperation, OperationCheck } from "./cost/check-operation.js";
import { TURN_MS } from "./cost/turns.js";
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

/** Learns that an operation is valid. */
export type LearnOperation = (key: OperationKey, valid: ValidOperation) => void;

/** Learns the content type of Apollo's good answers to requests with this Accept header. */
export type LearnForm = (accept: string | undefined, contentType: string) => void;

/** A good answer. */
export interface FastBody extends Pick<FastData, "stillHolds"> {
  readonly contentType: string;
  readonly body: string;
}

/** Answers what can be answered fast; `null`: Apollo has to answer. */
export type AnswerFast = (
  request: FastifyRequest,
  parameters: RequestParameters,
  state: RequestState,
) => Promise<FastBody | ReadFailure | null>;

/** An operation with its plan, and what it costs by the size of its variables. */
interface Known extends ValidOperation {
  readonly plan: FastOperation;
  readonly costs: Map<string, Cost>;
  /** Its size in memory, counted in characters. */
  readonly weight: number;
}

interface Cost extends Pick<CheckedOperation, "cost" | "introspectionCost"> {
  readonly measuredAt: number;
}

/**
 * Creates the fast answers to operations that were asked before. Apollo parses and validates an operation the first
 * time. From then on its text alone shows that it is valid, and its plan answers it.
 * 1. Apollo answers all that is unusual: an Accept header that is new, extensions, wrong variables, whatever is over a
 *    limit.
 * 2. Limits, cost and the wait for room are the same as in Apollo, by the same code.
 * 3. If reading fails, Apollo formats the error, without reading again.
 */
export function createFastAnswers(
  fastPath: FastPath,
  limits: Limits,
  { check, admit }: { readonly check: OperationCheck; readonly admit: AdmitOperation },
): { readonly learn: LearnOperation; readonly learnForm: LearnForm; readonly answer: AnswerFast } {
  const known = new BoundedCache<Known>(limits.cachedCharacters, ({ weight }) => weight);
  const forms = new BoundedCache<string>(MOST_FORMS, () => 1);

  const learn: LearnOperation = (key, valid) => {
    const text = formatKey(key);
    if (known.find(text) !== undefined) return;
    const plan = fastPath.plan(valid.document, valid.operation);
    if (plan !== null)
      known.keep(text, { ...valid, plan, costs: new Map(), weight: text.length + PLAN_WEIGHT });
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
    const { viewer, notes, deadline } = state.visit;
    if (found === undefined || viewer === null) return null;
    notes.hash = found.hash;
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
    const pause = createPause(deadline.check);
    const answered = await found.plan.answer(variables, { viewer, most: limits.cost, pause });
    if (answered === null || "failure" in answered) return answered;
    const { data, objects, stillHolds } = answered;
    if (data.length > limits.answerBytes / 2) return null;
    notes.rows = objects;
    return { contentType, body: `{"data":${data}}\n`, stillHolds };
  };
  const learnForm: LearnForm = (accept, contentType) => {
    if ((accept ?? "").length <= LONGEST_FORM) forms.keep(formatForm(accept), contentType);
  };
  return { learn, learnForm, answer };
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
  { document, operation, plan, costs }: Known,
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

/**
 * Creates the function that pauses an answer for other requests, whenever it has run for {@link TURN_MS}. After a pause
 * it throws if the request is over.
 */
function createPause(checkDeadline: () => void): () => Promise<void> | undefined {
  let startedAt = performance.now();
  return () => {
    if (performance.now() - startedAt < TURN_MS) return undefined;
    return new Promise<void>((resolve) => {
      setImmediate(resolve);
    }).then(() => {
      startedAt = performance.now();
      checkDeadline();
    });
  };
}
