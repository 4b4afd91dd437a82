import type { DocumentNode, OperationDefinitionNode } from "graphql";
import type { TextPieces } from "../../model/text-pieces.js";
import type { KnownViewer } from "../identity/identity.js";

/** Answers some operations without executing them field by field. The server works without it. */
export interface FastPath {
  /** Plans a valid operation; `null`: it has to be executed. */
  plan(document: DocumentNode, operation: OperationDefinitionNode): FastOperation | null;
}

/** An operation that was planned. */
export interface FastOperation {
  /** Returns a key of the variables: with equal keys the operation costs the same. `null`: no such key is known. */
  describeSize(variables: Variables): string | null;
  /** Answers it. Gives the data as JSON, or the error with which reading failed; `null`: it has to be executed. */
  answer(
    variables: Variables,
    work: {
      readonly viewer: KnownViewer;
      /** An answer of more objects has to be executed. */
      readonly most: number;
      /** Throws when the request is over. */
      readonly check: () => void;
      /** Returns the signal that aborts when the request is over. */
      readonly getSignal: () => AbortSignal;
      /** Pauses for other requests if this answer has run for long; `undefined`: no pause is due. */
      readonly pause: () => Promise<void> | undefined;
    },
  ): Promise<FastData | ReadFailure | null>;
}

/** The data of an answer, as JSON. */
export interface FastData {
  readonly data: TextPieces;
  readonly objects: number;
  /** Tells whether the same question has the same answer now; `null`: it has to be answered again. */
  readonly stillHolds: (() => boolean) | null;
}

/** The error with which reading failed. Reading is not tried again, since it would only fail again. */
export interface ReadFailure {
  readonly failure: unknown;
}

/** Values of an operation's variables, as they came. */
export type Variables = Readonly<Record<string, unknown>>;
