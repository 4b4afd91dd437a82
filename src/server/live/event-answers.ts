import { execute, type ExecutionResult, type GraphQLError } from "graphql";
import type { Limits } from "../../model/limits.js";
import { shortenKey } from "../../model/kept/short-key.js";
import { startDeadline } from "../admission/deadline.js";
import { createCostRooms, type CostRooms } from "../admission/places/cost-rooms.js";
import { createPlaces, type Places } from "../admission/places/places.js";
import { createRequestScope, formatError, type RequestScope } from "../errors.js";
import { PACED_COST } from "../graphql/admit-operation.js";
import type { Pacer, Turns } from "../graphql/cost/turns.js";
import { attachStop, createStop } from "../graphql/request-state.js";
import type { ServerOptions } from "../options.js";
import { estimateEventCost } from "./event-cost.js";
import { serve, type LiveAnswer, type LiveCaller } from "./live-context.js";
import type { LiveQuestion } from "./question.js";

/** Who waits for answers to the events of a subscription. */
export interface EventAsker {
  readonly question: LiveQuestion;
  readonly caller: LiveCaller;
  /** What an answer can cost at most, whatever VM its event is about. */
  readonly cost: number;
  /** The same for all whose answers are the same ({@link formatAnswerKey}). */
  readonly key: string;
  /** Aborted when the subscriber has gone. */
  readonly signal: AbortSignal;
}

/** Answers an event, which is the root value of its answer. Subscribers who ask the same of it share one answer. */
export type AnswerEvent = (event: object, asker: EventAsker) => Promise<LiveAnswer>;

/** What all answers share. */
interface AnswerParts {
  readonly options: ServerOptions;
  readonly limits: Limits;
  readonly turns: Turns;
  /** Rooms and places for events alone. In those of requests, one change for a thousand subscribers would block all requests. */
  readonly places: Places;
  readonly rooms: CostRooms;
  readonly pacer: Pacer;
}

/** An answer on its way, with those who wait for it. */
interface SharedAnswer {
  readonly askers: Set<AbortSignal>;
  readonly made: Promise<LiveAnswer>;
}

/**
 * Creates the function that answers events. Each answer has a place and a deadline of its own. One that costs much, with the
 * lists that its VM has, has room among others of its kind, and is made in turns with them, as answers of requests are. If all
 * who wait for it have gone, it is not made.
 */
export function createEventAnswers(options: ServerOptions, given: Limits, turns: Turns): AnswerEvent {
  // The number of subscriptions is bounded, so the number that wait here is bounded, too.
  const limits = { ...given, waiting: Infinity };
  const parts: AnswerParts = {
    ...{ options, limits, turns },
    places: createPlaces(limits),
    rooms: createCostRooms(limits),
    pacer: turns.createPacer(),
  };
  const shared = new WeakMap<object, Map<string, SharedAnswer>>();
  return (event, asker) => {
    const answers = shared.get(event) ?? new Map<string, SharedAnswer>();
    shared.set(event, answers);
    const { key } = asker;
    const known = answers.get(key);
    if (known !== undefined) {
      known.askers.add(asker.signal);
      return known.made;
    }
    const askers = new Set([asker.signal]);
    const isWanted = (): boolean => {
      const isLeft = [...askers].some(({ aborted }) => !aborted);
      // Who asks from now on gets an answer of its own.
      if (!isLeft) answers.delete(key);
      return isLeft;
    };
    const made = answerEvent(event, asker, isWanted, parts);
    answers.set(key, { askers, made });
    return made;
  };
}

/** Formats what an answer depends on besides its event. Each subscription does it once. */
export function formatAnswerKey(
  { query, operationName, values }: LiveQuestion,
  { viewer: { roles, scope } }: LiveCaller,
): string {
  return shortenKey(JSON.stringify([query, operationName, values, [...roles].sort(), scope]));
}

/** Answers an event in a place, in turns of the event loop, and within a deadline. */
async function answerEvent(
  event: object,
  asker: EventAsker,
  isWanted: () => boolean,
  { options, limits, turns, places, rooms, pacer }: AnswerParts,
): Promise<LiveAnswer> {
  const { question, caller } = asker;
  const { document, operationName, values } = question;
  const isLight = asker.cost <= PACED_COST && rooms.find(asker.cost) === null;
  const cost = isLight ? asker.cost : Math.min(asker.cost, estimateEventCost(event, question, options));
  const { schema, log } = options;
  const { places: room, weight } = rooms.find(cost) ?? { places, weight: 1 };
  const release = await room.enter(new AbortController().signal, weight, caller.viewer.name);
  const turn = pacer.pass(undefined, EVENT_OBJECTS);
  if (turn !== undefined) await turn;
  if (!isWanted()) {
    release();
    return {};
  }
  const own = cost > PACED_COST ? turns.createPacer() : null;
  const deadline = startDeadline(limits.deadlineMs);
  const { signal, check } = deadline;
  const request = { signal, check, ...(own !== null && { whenIdle: own.whenIdle }) };
  const answering = serve(caller, request, options, async (context) => {
    const contextValue = attachStop(context, createStop({ deadline }, { find: () => own }, limits));
    const result = await execute({
      ...{ schema, document, operationName, rootValue: event, variableValues: values, contextValue },
    });
    return formatAnswer(result, createRequestScope(caller.requestId, log));
  });
  try {
    return await deadline.race(answering);
  } finally {
    deadline.clear();
    release();
  }
}

/** The weight of an event's answer in turns, in objects: making it takes some tenths of a millisecond. */
const EVENT_OBJECTS = 32;

function formatAnswer({ data, errors }: ExecutionResult, scope: RequestScope): LiveAnswer {
  const format = (error: GraphQLError) => formatError(error.toJSON(), error, scope);
  return {
    ...(data === undefined ? {} : { data }),
    ...(errors === undefined ? {} : { errors: errors.map(format) }),
  };
}
