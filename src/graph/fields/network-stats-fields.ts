import { Arg, Ctx, FieldResolver, Query, Resolver, Root } from "type-graphql";
import type { NetworkStatsKey } from "../../loaders/rows.js";
import { parseVmList } from "../arguments/filters/parse-vm-filter.js";
import { VmFilterInput } from "../arguments/filters/vm-filter.js";
import { loadNetworkStats, type ShownStatsRow } from "../arguments/network-stats.js";
import type { GraphContext } from "../context.js";
import { IpFamilyEnum, StaleReasonEnum } from "../types/enums.js";
import {
  GuestNetworkStats,
  GuestNetworkStatsKeyEnum,
  GuestNetworkStatsRow,
} from "../types/network-stats-types.js";
import { Host } from "../types/object-types.js";

/** Guests' networks in figures. */
@Resolver()
export class NetworkStatsQueries {
  @Query(() => GuestNetworkStats, {
    nullable: true,
    description:
      "How many VMs, vNICs, addresses and conflicts there are, by a key. Counted anew at each question, in one look through all " +
      "tables. As stored last. Null only beside an error: NOT_AVAILABLE with SOURCE=engine where guests have far more interfaces than a request can look at.",
  })
  guestNetworkStats(
    @Ctx() { loaders }: GraphContext,
    @Arg("by", () => GuestNetworkStatsKeyEnum, { description: "By what they are counted." })
    by: NetworkStatsKey,
    @Arg("filter", () => VmFilterInput, { nullable: true, description: "Which VMs; null means all." })
    filter?: VmFilterInput | null,
  ) {
    return loadNetworkStats(loaders, parseVmList(filter ?? null, null), by);
  }
}

/** The key of a group. */
@Resolver(() => GuestNetworkStatsRow)
export class NetworkStatsRowFields {
  @FieldResolver(() => Host, {
    nullable: true,
    description: "The host, by HOST. Null: no host runs these VMs, or the groups are not by host.",
  })
  host(@Root() { hostId }: ShownStatsRow, @Ctx() { loaders }: GraphContext) {
    return hostId === null ? null : loaders.hostById.load(hostId);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description: "The network's name, by NETWORK. Null: not known, or the groups are not by network.",
  })
  network(@Root() row: ShownStatsRow) {
    return row.network;
  }

  @FieldResolver(() => IpFamilyEnum, {
    nullable: true,
    description:
      "The family, by FAMILY; a mapped address is an IPv4 address. Null: no address, or not by family.",
  })
  family(@Root() row: ShownStatsRow) {
    return row.family;
  }

  @FieldResolver(() => StaleReasonEnum, {
    nullable: true,
    description: "The reason, by STALE_REASON. Null: not stale, or the groups are not by that.",
  })
  staleReason(@Root() row: ShownStatsRow) {
    return row.staleReason;
  }
}

/** All these resolvers. */
export const NETWORK_STATS_FIELDS = [NetworkStatsQueries, NetworkStatsRowFields] as const;
