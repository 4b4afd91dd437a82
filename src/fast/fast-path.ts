import "reflect-metadata";
import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from "graphql";
import { mayAsk } from "../graph/root-guard.js";
import type { ReadSnapshot, TreeReads, VmScope } from "../loaders/rows.js";
import { OWN_NAMES, type SubgraphNames } from "../model/subgraph-names.js";
import type { Role } from "../model/roles.js";
import {
  planOperation,
  type FastAnswer,
  type FastFailure,
  type FastPlan,
  type FastWork,
} from "./plan-operation.js";

/** The roles and the scope of a viewer. */
interface Asker {
  readonly roles: ReadonlySet<Role>;
  readonly scope: VmScope | null;
}

/** Plans operations, and answers them with what their viewers may see. */
export interface FastPath {
  /** Plans a valid operation; `null`: it has to be executed. */
  plan(document: DocumentNode, operation: OperationDefinitionNode): FastOperation | null;
}

/** A planned operation. */
export interface FastOperation extends Pick<FastPlan, "describeSize"> {
  /** Answers the operation; `null`: it has to be executed. */
  answer(
    variables: Readonly<Record<string, unknown>>,
    work: Omit<FastWork, "reads" | "openState"> & { readonly viewer: Asker },
  ): Promise<FastAnswer | FastFailure | null>;
}

/**
 * Creates the fast path of a schema; `null` if the schema uses other names than ours. Without it all answers are the same,
 * only slower.
 */
export function createFastPath(
  schema: GraphQLSchema,
  {
    names,
    openReads,
    openState,
  }: {
    readonly names: SubgraphNames;
    readonly openReads: (viewer: Asker) => TreeReads | null;
    /** Opens reads that all see one state; `null`: there is no database yet. */
    readonly openState: (viewer: Asker) => ReadSnapshot | null;
  },
): FastPath | null {
  if (JSON.stringify(names) !== JSON.stringify(OWN_NAMES)) return null;
  return {
    plan: (document, operation) => {
      const plan = planOperation(schema, document, operation);
      if (plan === null) return null;
      return {
        describeSize: (variables) => plan.describeSize(variables),
        answer: async (variables, { viewer, ...work }) => {
          const reads = mayAsk(viewer, plan.rootField) ? openReads(viewer) : null;
          return reads === null
            ? null
            : plan.answer(variables, { ...work, reads, openState: () => openState(viewer) });
        },
      };
    },
  };
}
