import type { FastifyReply, FastifyRequest } from "fastify";
import type { Visit } from "../admission/visit.js";
import { listRetryHeaders } from "../errors.js";
import type { AnswerMemory } from "../sending/answer-memory.js";
import { sendPieces } from "../sending/send-pieces.js";
import { isWhole, toWholeBody, weighBody, type Answer } from "./answer.js";
import { type AnswerKeeper, formatQuestion, type KeptAnswer } from "./kept-answer.js";
import type { ReadBody } from "./request/request-reader.js";

/** Finds a recent answer to the same question, or says how to keep the one to come; `null`: nothing is kept. */
export function findKept(
  answers: AnswerKeeper,
  request: FastifyRequest,
  { viewer, notes }: Visit,
  { chunks }: ReadBody,
): { readonly kept: KeptAnswer | null; readonly keep: (answer: Answer) => void } | null {
  if (viewer === null || request.method === "HEAD") return null;
  const key = formatQuestion(request, viewer, chunks);
  const kept = answers.find(key);
  if (kept !== null) return { kept, keep: keepNothing };
  const keepForMoment = answers.begin(key);
  return {
    kept,
    keep: ({ status, headers, body, codes, kind, stillHolds }) => {
      if (kind !== "query" || codes.length > 0 || status !== 200) return;
      const isSmall = typeof body === "string" && Buffer.byteLength(body) <= MOST_CHECKED_BYTES;
      const isChecked = isSmall && stillHolds !== null;
      if (!isChecked && keepForMoment === null) return;
      const bytes = weighBody(body);
      const answer = { body, headers, notes: { ...notes, decision: "answered" }, timesGiven: 0 };
      if (isChecked) answers.keepWhile(key, { answer, bytes, stillHolds });
      else keepForMoment?.(answer, bytes);
    },
  };
}

/**
 * Larger answers are kept only while many ask for them: making one of kept VMs costs little beside sending it, and would cost
 * much memory.
 */
const MOST_CHECKED_BYTES = 4 * 1024;

function keepNothing(): void {
  // The answer is kept already.
}

/** Gives a kept answer again. */
export function sendKept(
  reply: FastifyReply,
  kept: KeptAnswer,
  visit: Visit,
  memory: AnswerMemory,
): FastifyReply {
  Object.assign(visit.notes, kept.notes);
  reply.headers(kept.headers);
  const { body } = kept;
  if (isWhole(body)) return reply.send(body);
  kept.timesGiven += 1;
  if (kept.timesGiven < TIMES_WITHOUT_BYTES) return sendPieces(reply, body, memory);
  kept.body = toWholeBody(body);
  return reply.send(kept.body);
}

/**
 * The bytes of a long answer are kept if so many ask for it. Before, it shares its text with the VMs that it is made of. Else bytes
 * would come and go with all that two people ask for, and the system would get back little of them.
 */
const TIMES_WITHOUT_BYTES = 4;

/** Sends an answer that was made for this request. */
export function sendAnswer(
  reply: FastifyReply,
  { status, headers, body, codes }: Answer,
  { notes }: Visit,
  memory: AnswerMemory,
): FastifyReply {
  notes.decision = codes[0] ?? "answered";
  reply.code(status).headers(headers).headers(listRetryHeaders(status, notes.decision));
  // Node leaves out the body of an answer to HEAD, but its length is announced.
  return isWhole(body) || reply.request.method === "HEAD"
    ? reply.send(toWholeBody(body))
    : sendPieces(reply, body, memory);
}
