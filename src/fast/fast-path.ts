import "reflect-metadata";
import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from "graphql";
import { mayAsk } from "../graph/root-guard.js";
import type { TreeReads, VmScope } from "../loaders/rows.js";
import { OWN_NAMES, type SubgraphNames } from "../model/subgraph-names.js";
import type { Role } from "../model/roles.js";
import {
  planOperation,
  type FastAnswer,
  type FastFailure,
  type FastPlan,
  type FastWork,
} from "./plan-operation.js";

/** Who asks. */
interface Asker {
  readonly roles: ReadonlySet<Role>;
  readonly scope: VmScope | null;
}

/** Plans operations, and answers them with what their askers may see. */
export interface FastPath {
  /** Plans a valid operation; `null`: it has to be executed. */
  plan(document: DocumentNode, operation: OperationDefinitionNode): FastOperation | null;
}

/** A planned operation. */
export interface FastOperation extends Pick<FastPlan, "describeSize"> {
  /** Answers it; `null`: it has to be executed. */
  answer(
    variables: Readonly<Record<string, unknown>>,
    work: Omit<FastWork, "reads"> & { readonly viewer: Asker },
  ): Promise<FastAnswer | FastFailure | null>;
}

/**
 * Creates the fast path of a schema. It can be left out: all answers stay the same, and come later. `null` where the schema has
 * other names than ours.
 */
export function createFastPath(
  schema: GraphQLSchema,
  {
    names,
    openReads,
  }: { readonly names: SubgraphNames; readonly openReads: (viewer: Asker) => TreeReads | null },
): FastPath | null {
  if (JSON.stringify(names) !== JSON.stringify(OWN_NAMES)) return null;
  return {
    plan: (document, operation) => {
      const plan = planOperation(schema, document, operation);
      if (plan === null) return null;
      return {
        describeSize: (variables) => plan.describeSize(variables),
        answer: async (variables, { viewer, ...work }) => {
          const reads = mayAsk(viewer, plan.place) ? openReads(viewer) : null;
          return reads === null ? null : plan.answer(variables, { reads, ...work });
        },
      };
    },
  };
}
