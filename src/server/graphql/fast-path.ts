import type { DocumentNode, OperationDefinitionNode } from "graphql";
import type { KnownViewer } from "../identity/identity.js";

/** Answers some operations without executing them field by field. The server works without it. */
export interface FastPath {
  /** Plans a valid operation; `null`: it has to be executed. */
  plan(document: DocumentNode, operation: OperationDefinitionNode): FastOperation | null;
}

/** An operation that was planned. */
export interface FastOperation {
  /** Describes all that decides what the variables make the operation cost; `null`: it may depend on anything. */
  describeSize(variables: Variables): string | null;
  /** Answers it: its data as JSON, what reading failed with, or `null`: it has to be executed. */
  answer(
    variables: Variables,
    work: {
      readonly viewer: KnownViewer;
      /** An answer of more objects has to be executed. */
      readonly most: number;
      /** Lets others have the event loop, if this answer had it for long. */
      readonly pause: () => Promise<void> | undefined;
    },
  ): Promise<{ readonly data: string; readonly objects: number } | ReadFailure | null>;
}

/** What reading failed with. To read again would only fail again. */
export interface ReadFailure {
  readonly failure: unknown;
}

/** Values of an operation's variables, as they came. */
export type Variables = Readonly<Record<string, unknown>>;
