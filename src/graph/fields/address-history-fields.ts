import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from "type-graphql";
import type { AddressSpan as Span } from "../../loaders/rows.js";
import {
  formatSpanCursor,
  loadAddressHistory,
  type AddressHistoryPage,
} from "../arguments/past/address-history.js";
import { DEFAULT_PAGE, MAX_PAGE } from "../arguments/arguments.js";
import type { GraphContext } from "../context.js";
import { AddressHistoryConnection, AddressHistoryEdge, AddressSpan } from "../types/history-types.js";
import { PageInfo } from "../types/list-types.js";
import { Vm } from "../types/object-types.js";
import { DateTimeScalar, IPScalar, MACScalar } from "../types/scalars.js";

/** Answers who had an address when. */
@Resolver()
export class AddressHistoryQueries {
  @Query(() => AddressHistoryConnection, {
    nullable: true,
    description:
      "Who had an address, or which addresses a MAC had, and when: the latest first, page by page. Exact up to now, from when " +
      "changes are kept. Empty: nobody had it. Null only beside an error, such as while the index of addresses is made.",
  })
  addressHistory(
    @Ctx() { loaders }: GraphContext,
    @Arg("address", () => IPScalar, {
      nullable: true,
      description: "Only this address. Null: any, and `macAddress` is needed.",
    })
    address: string | null | undefined,
    @Arg("macAddress", () => MACScalar, {
      nullable: true,
      description:
        "Only addresses of guests' interfaces with this MAC. Null: of any, and `address` is needed.",
    })
    macAddress: string | null | undefined,
    @Arg("from", () => DateTimeScalar, {
      nullable: true,
      description:
        "Only what lasted beyond this time. With the same time as `from` and `to`: who had it then. Null: from the start.",
    })
    from: Date | null | undefined,
    @Arg("to", () => DateTimeScalar, {
      nullable: true,
      description: "Only what began by this time. Null: up to now.",
    })
    to: Date | null | undefined,
    @Arg("first", () => Int, {
      nullable: true,
      defaultValue: DEFAULT_PAGE,
      description: `So many spans at most, from 1 to ${MAX_PAGE}; null means ${DEFAULT_PAGE}.`,
    })
    first: number | null,
    @Arg("after", () => String, {
      nullable: true,
      description: "Only spans behind this cursor, which began earlier. Null: from the latest.",
    })
    after?: string | null,
  ) {
    const which = { address: address ?? null, macAddress: macAddress ?? null };
    const page = { from: from ?? null, to: to ?? null, first, after: after ?? null };
    return loadAddressHistory(loaders, { ...which, ...page });
  }
}

/** The fields of a page of spans. */
@Resolver(() => AddressHistoryConnection)
export class AddressHistoryConnectionFields {
  @FieldResolver(() => [AddressSpan], { description: "The page's spans, without their cursors." })
  nodes(@Root() page: AddressHistoryPage) {
    return page.spans;
  }

  @FieldResolver(() => [AddressHistoryEdge], { description: "The page's spans with their cursors." })
  edges(@Root() page: AddressHistoryPage) {
    return page.spans;
  }

  @FieldResolver(() => PageInfo, { description: "Where the page stands in the list." })
  pageInfo(@Root() { spans, hasNextPage, isContinued }: AddressHistoryPage): Pick<PageInfo, keyof PageInfo> {
    const [first, last] = [spans.at(0), spans.at(-1)];
    return {
      hasNextPage,
      hasPreviousPage: isContinued,
      startCursor: first === undefined ? null : formatSpanCursor(first),
      endCursor: last === undefined ? null : formatSpanCursor(last),
    };
  }
}

/** The fields of an edge: one row of a page, with its cursor. */
@Resolver(() => AddressHistoryEdge)
export class AddressHistoryEdgeFields {
  @FieldResolver(() => AddressSpan, { description: "The span." })
  node(@Root() span: Span) {
    return span;
  }

  @FieldResolver(() => String, {
    description: "The span's place, to be passed as `after`. Opaque; it stays good while the span is kept.",
  })
  cursor(@Root() span: Span) {
    return formatSpanCursor(span);
  }
}

/** Links from a span. */
@Resolver(() => AddressSpan)
export class AddressSpanFields {
  @FieldResolver(() => Vm, {
    nullable: true,
    description: "The VM, as it is now. Null: it is not stored any more; `vmId` is known all the same.",
  })
  vm(@Root() { vmId }: Span, @Ctx() { loaders }: GraphContext) {
    return loaders.vmById.load(vmId);
  }
}

/** All these resolvers. */
export const ADDRESS_HISTORY_FIELDS = [
  AddressHistoryQueries,
  AddressHistoryConnectionFields,
  AddressHistoryEdgeFields,
  AddressSpanFields,
] as const;
