import type { FastifyReply } from "fastify";
import { countCharacters, type TextPieces } from "../../model/text-pieces.js";
import type { AnswerMemory } from "./answer-memory.js";
import { PiecesStream, SLICE_BYTES } from "./pieces-stream.js";

/** Sends a text in pieces: at once, or slice by slice if it is large. */
export function sendPieces(reply: FastifyReply, pieces: TextPieces, memory: AnswerMemory): FastifyReply {
  const isLarge = countCharacters(pieces) > SLICE_BYTES;
  return reply.send(
    isLarge ? new PiecesStream(pieces, memory, reply.raw) : memory.encodeWhole(pieces, reply.raw),
  );
}
