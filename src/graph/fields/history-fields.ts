import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from "type-graphql";
import { loadHost, showDifferences } from "../../loaders/past/differences.js";
import type { VmChange, VmRow } from "../../loaders/rows.js";
import { DEFAULT_PAGE, MAX_PAGE } from "../arguments/arguments.js";
import {
  formatChangeCursor,
  loadGuestHistory,
  type GuestHistoryPage,
} from "../arguments/past/guest-history.js";
import type { GraphContext } from "../context.js";
import { GuestNetworkDifference } from "../types/difference-types.js";
import { GuestHistoryConnection, GuestHistoryEdge, GuestNetworkChange } from "../types/history-types.js";
import { PageInfo } from "../types/list-types.js";
import { Host, Vm } from "../types/object-types.js";
import { DateTimeScalar } from "../types/scalars.js";

/** The past of a VM. */
@Resolver(() => Vm)
export class VmHistoryFields {
  @FieldResolver(() => GuestHistoryConnection, {
    nullable: true,
    description:
      "What changed of the VM and its guest, the newest change first, page by page; empty if nothing did. Complete up to " +
      "now. A viewer sees changes from times at which the VM was in the viewer's scope, if it is now. Null only beside an error.",
  })
  guestHistory(
    @Root() vm: VmRow,
    @Ctx() { loaders }: GraphContext,
    @Arg("first", () => Int, {
      nullable: true,
      defaultValue: DEFAULT_PAGE,
      description: `So many changes at most, from 1 to ${MAX_PAGE}; null means ${DEFAULT_PAGE}.`,
    })
    first: number | null,
    @Arg("after", () => String, {
      nullable: true,
      description: "Only changes behind this cursor, which are older ones. Null: from the newest.",
    })
    after?: string | null,
    @Arg("from", () => DateTimeScalar, {
      nullable: true,
      description: "Only changes at this time or later. Null: from the oldest that is kept.",
    })
    from?: Date | null,
    @Arg("to", () => DateTimeScalar, {
      nullable: true,
      description: "Only changes before this time. Null: up to now.",
    })
    to?: Date | null,
  ) {
    const asked = { first, after: after ?? null, from: from ?? null, to: to ?? null };
    return loadGuestHistory(loaders, vm.id, asked);
  }
}

/** The fields of a page of changes. */
@Resolver(() => GuestHistoryConnection)
export class GuestHistoryConnectionFields {
  @FieldResolver(() => [GuestNetworkChange], { description: "The page's changes, without their cursors." })
  nodes(@Root() page: GuestHistoryPage) {
    return page.changes;
  }

  @FieldResolver(() => [GuestHistoryEdge], { description: "The page's changes with their cursors." })
  edges(@Root() page: GuestHistoryPage) {
    return page.changes;
  }

  @FieldResolver(() => PageInfo, { description: "Where the page stands in the list." })
  pageInfo(@Root() { changes, hasNextPage, isContinued }: GuestHistoryPage): Pick<PageInfo, keyof PageInfo> {
    const [first, last] = [changes.at(0), changes.at(-1)];
    return {
      hasNextPage,
      hasPreviousPage: isContinued,
      startCursor: first === undefined ? null : formatChangeCursor(first),
      endCursor: last === undefined ? null : formatChangeCursor(last),
    };
  }
}

/** The fields of an edge: one row of a page, with its cursor. */
@Resolver(() => GuestHistoryEdge)
export class GuestHistoryEdgeFields {
  @FieldResolver(() => GuestNetworkChange, { description: "The change." })
  node(@Root() change: VmChange) {
    return change;
  }

  @FieldResolver(() => String, {
    description:
      "The change's place, to be passed as `after`. Opaque; it stays good while the change is kept.",
  })
  cursor(@Root() change: VmChange) {
    return formatChangeCursor(change);
  }
}

/** Links from a change. */
@Resolver(() => GuestNetworkChange)
export class GuestNetworkChangeFields {
  @FieldResolver(() => [GuestNetworkDifference], {
    description: "What changed, each thing by itself. Never empty.",
  })
  differences(@Root() { before, after }: VmChange) {
    return showDifferences(before, after);
  }

  @FieldResolver(() => Host, {
    nullable: true,
    description:
      "The host whose report showed the change, as it is now. Null only if it is not stored any more.",
  })
  reportedBy(@Root() { hostId }: VmChange, @Ctx() { loaders }: GraphContext) {
    return loadHost(loaders, hostId);
  }
}

/** All these resolvers. */
export const HISTORY_FIELDS = [
  VmHistoryFields,
  GuestHistoryConnectionFields,
  GuestHistoryEdgeFields,
  GuestNetworkChangeFields,
] as const;
