import { Ctx, FieldResolver, Int, Resolver, Root } from "type-graphql";
import type { VmOrder, VmRow } from "../../loaders/rows.js";
import type { GraphContext } from "../context.js";
import { formatCursor } from "../arguments/pages/cursor.js";
import { PageInfo, VmConnection, VmEdge } from "../types/list-types.js";
import { Vm } from "../types/object-types.js";
import type { VmPage } from "../arguments/pages/vm-page.js";

interface Edge {
  readonly node: VmRow;
  readonly order: VmOrder;
}

/** The fields of a page of VMs. */
@Resolver(() => VmConnection)
export class VmConnectionFields {
  @FieldResolver(() => [Vm], { description: "The page's VMs, without their cursors." })
  nodes(@Root() page: VmPage) {
    return page.rows;
  }

  @FieldResolver(() => [VmEdge], { description: "The page's VMs with their cursors." })
  edges(@Root() { rows, order }: VmPage): Edge[] {
    return rows.map((node) => ({ node, order }));
  }

  @FieldResolver(() => PageInfo, { description: "Where the page stands in the list." })
  pageInfo(@Root() { rows, order, hasNextPage, hasPreviousPage }: VmPage): Pick<PageInfo, keyof PageInfo> {
    const [first, last] = [rows.at(0), rows.at(-1)];
    return {
      hasNextPage,
      hasPreviousPage,
      startCursor: first === undefined ? null : formatCursor(first, order),
      endCursor: last === undefined ? null : formatCursor(last, order),
    };
  }

  @FieldResolver(() => Int, {
    nullable: true,
    description:
      "How many VMs the filter finds in all. Counted only when asked for, and that costs a statement. Null only beside " +
      "an error, such as that counting took too long: the page is good all the same.",
  })
  totalCount(@Root() page: VmPage, @Ctx() { loaders }: GraphContext) {
    return loaders.countVms(page.filter);
  }
}

/** The fields of an edge: one row of a page, with its cursor. */
@Resolver(() => VmEdge)
export class VmEdgeFields {
  @FieldResolver(() => Vm, { description: "The VM." })
  node(@Root() edge: Edge) {
    return edge.node;
  }

  @FieldResolver(() => String, {
    description:
      "The VM's place, to be passed as `after` or `before` in the same order. Opaque; it stays good when VMs come and go.",
  })
  cursor(@Root() edge: Edge) {
    return formatCursor(edge.node, edge.order);
  }
}
